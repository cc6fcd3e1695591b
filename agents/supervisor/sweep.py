"""Deletes what ``agents.supervisor.retention`` gives up: old raw logs and old trash. Off the event loop.

Seldom, and at once when a disk is full. Transcripts, specs and journals stay. Before anything goes, the checkpoint
that replaces it is on the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from agents.model import AgentId, Stream
from agents.runtime.directory import AgentDirectory, link_durably, write_durably
from agents.runtime.rawlog import RawLog
from agents.status.untrusted import one_line
from agents.supervisor import decisions
from agents.supervisor.decisions import Beginning
from agents.supervisor.retention import Ended, Held, Limits, Trashed, expired, for_room, too_old, trims
from agents.supervisor.services import Clock
from agents.supervisor.unit import Unit

log = logging.getLogger(__name__)

#: Seconds between two sweeps, and between two looks at the clock (it stands still while the machine sleeps).
EVERY_S = 3600.0
LOOK_S = 60.0

#: Seconds between two attempts to make room: what is freed is noticed by those who wait for it first.
PRESS_S = 2.0

_QUOTA = os.strerror(errno.EDQUOT)

_LIVE_STREAMS = (Stream.OUT, Stream.ERR)

Notice = Callable[[str, str], None]  # level, text


class Sweep:
    """Owned by the supervisor. ``units`` are the agents there are now."""

    def __init__(
        self, state: Path, units: Callable[[], Iterable[Unit]], clock: Clock, limits: Limits, notice: Notice
    ) -> None:
        self._state = state
        self._trash = state / "trash"
        self._units = units
        self._clock = clock
        self._limits = limits
        self._notice = notice
        self._pressed = asyncio.Event()
        self._is_quota = False
        self._is_urgent = False
        self._one_at_a_time = asyncio.Lock()

    def press(self, problem: str) -> None:
        """Ask for room: something could not be written, because of ``problem``."""
        self._is_quota = self._is_quota or problem == _QUOTA
        self._pressed.set()

    async def relieve(self) -> None:
        """Make room whenever it is asked for, and as long as anybody waits for it, until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._pressed.wait()
            if self._pressed.is_set() or any(unit.disk for unit in self._units()):
                self._pressed.clear()
                await self.make_room()
            await asyncio.sleep(PRESS_S)

    async def run(self) -> None:
        """Sweep now and every hour, until cancelled."""
        due = self._clock.monotonic()
        while True:
            if self._clock.monotonic() >= due:
                due = self._clock.monotonic() + EVERY_S
                await self.once()
            await asyncio.sleep(LOOK_S)

    async def once(self) -> None:
        """Delete what is too old or too much; tell once what that was."""
        async with self._one_at_a_time:
            await self._once()

    async def _once(self) -> None:
        try:
            await self._sweep_ended()
            for unit in tuple(self._units()):
                if _is_settled(unit) and unit.is_live:
                    await self._trim_live(unit)
            await self._empty_trash()
        except OSError as error:
            self._notice("warning", f"old logs could not be deleted: {error}; it is tried again in an hour")

    # -- ended agents

    async def _sweep_ended(self) -> None:
        units, ended = await self._ended()
        gone: dict[str, int] = {}
        for one in too_old(ended, self._limits, self._clock.wall()):
            await self._drop(units[one], gone)
        if gone:
            days, limit = self._limits.ended_s / 86400, _size(self._limits.ended_bytes)
            self._notice(
                "info",
                f"deleted {_size(sum(gone.values()))} of raw logs of ended agents ({_listed(list(gone))}): kept are "
                f"{days:g} days and up to {limit} in all; their transcripts stay",
            )

    async def make_room(self) -> None:
        """On a full disk, delete raw logs of ended agents, the oldest first; tell whose."""
        async with self._one_at_a_time:
            is_quota, self._is_quota = self._is_quota, False
            free = 0 if is_quota else (await asyncio.to_thread(shutil.disk_usage, self._state)).free
            if free >= self._limits.room_bytes:
                return  # it was another problem, or is over
            units, ended = await self._ended()
            gone: dict[str, int] = {}
            self._is_urgent = True
            try:
                for one in for_room(ended, self._limits.room_bytes - free):
                    try:
                        await self._drop(units[one], gone)
                    except OSError as error:
                        log.info("%s: its raw logs stay: %s", one, error)
            finally:
                self._is_urgent = False
        if gone:
            size, names = _size(sum(gone.values())), _listed(list(gone))
            self._notice(
                "warning", f"the disk is full: deleted {size} of raw logs of ended agents ({names}); transcripts stay"
            )

    async def _ended(self) -> tuple[dict[AgentId, Unit], list[Ended]]:
        units = {unit.id: unit for unit in self._units() if _has_ended(unit)}
        sizes = await asyncio.to_thread(_sizes, [unit.directory for unit in units.values()])
        return units, [Ended(agent, unit.replica.vitals.changed_at, sizes[agent]) for agent, unit in units.items()]

    async def _drop(self, unit: Unit, gone: dict[str, int]) -> None:
        """Delete all raw logs of an ended agent, unless it was resumed meanwhile; note the bytes freed."""
        if not await _secure(unit):
            return
        logs = [RawLog(unit.directory.path, stream) for stream in Stream]
        size = sum(raw.size - raw.start for raw in logs)
        await self._record(unit, size, "full disk" if self._is_urgent else "ended", unit.intake.end_here())
        if not _has_ended(unit):
            return
        # From here on whoever resumes it writes behind what is deleted.
        seals = [raw.seal() for raw in logs]
        freed = await asyncio.to_thread(_trim, list(zip(logs, seals, strict=True)))
        if freed:
            gone[unit.name] = freed

    # -- live agents

    async def _trim_live(self, unit: Unit) -> None:
        covered = unit.intake.covered
        logs = [RawLog(unit.directory.path, stream) for stream in _LIVE_STREAMS]
        held = await asyncio.to_thread(_held, logs, (covered.out, covered.err))
        starts = trims(held, self._limits)
        size = sum(start - log.start for start, log in zip(starts, held, strict=True))
        if size == 0 or not await _secure(unit):
            return
        await self._record(unit, size, "too long")
        freed = await asyncio.to_thread(_trim, list(zip(logs, starts, strict=True)))
        unit.notice(
            "info",
            f"deleted the oldest {_size(freed)} of its raw log: of a running agent at most "
            f"{_size(self._limits.live_bytes)} are kept; its transcript stays",
        )

    async def _record(self, unit: Unit, size: int, why: str, begin: Beginning | None = None) -> None:
        """Bring into its journal what goes, before it goes. Raises OSError."""
        record = decisions.dropped(self._clock.wall(), size, why, begin or Beginning())
        try:
            unit.recorder.record(record, sync=True)
            await unit.recorder.durable()
        except OSError:
            if not self._is_urgent:
                raise
            # There is no room to say it first: it is said with what this frees. The checkpoint makes it harmless.
            unit.recorder.record(record, sync=False)

    # -- the trash

    async def _empty_trash(self) -> None:
        trash = await asyncio.to_thread(_trashed, self._trash)
        names = expired(trash, self._limits, self._clock.wall())
        if names:
            await asyncio.to_thread(_remove, [self._trash / name for name in names])
            count = f"{len(names)} removed agent{'s' if len(names) > 1 else ''}"
            self._notice(
                "info", f"{count} lay in the trash for {self._limits.trash_s / 86400:g} days and went for good"
            )


def _is_settled(unit: Unit) -> bool:
    return not unit.catching_up and not unit.broken


def _has_ended(unit: Unit) -> bool:
    return not unit.catching_up and not unit.is_live


async def _secure(unit: Unit) -> bool:
    """Bring its transcript and its checkpoint onto the disk; tell whether that covers what may go.

    An adapter that failed has no checkpoint to offer; once its agent has ended nothing more can be learned from it.
    """
    covered, behind = unit.intake.covered, unit.intake.is_behind
    if unit.broken:
        return not unit.is_live
    if covered.seq == 0 or (not unit.is_live and (behind or covered.seq < unit.intake.next_seq)):
        return False
    await asyncio.to_thread(_keep_checkpoint, unit.directory)
    return True


# ---------------------------------------------------------------- in a thread


def _keep_checkpoint(directory: AgentDirectory) -> None:
    """Have a second name for the newest checkpoint, durably: a link takes no room, and the next one is another file."""
    for path in (directory.transcript_file, directory.checkpoint_file):
        if path.exists():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    try:
        link_durably(directory.checkpoint_file, directory.kept_checkpoint_file)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without links
        write_durably(directory.kept_checkpoint_file, directory.checkpoint_file.read_bytes())


def _sizes(directories: Iterable[AgentDirectory]) -> dict[AgentId, int]:
    """Return the bytes of raw logs of each agent."""
    found = {}
    for directory in directories:
        logs = [RawLog(directory.path, stream) for stream in Stream]
        found[directory.path.name] = sum(raw.size - raw.start for raw in logs)
    return found


def _held(logs: Iterable[RawLog], needed: Iterable[int]) -> list[Held]:
    return [Held(raw.start, raw.size, end) for raw, end in zip(logs, needed, strict=True)]


def _trim(cuts: Iterable[tuple[RawLog, int]]) -> int:
    return sum(raw.trim(offset) for raw, offset in cuts)


def _trashed(trash: Path) -> list[Trashed]:
    """Return what lies in the trash; its names end with when it was put there."""
    if not trash.exists():
        return []
    found = []
    for path in trash.iterdir():
        moment = path.name.rpartition("-")[2]
        found.append(Trashed(path.name, float(moment) if moment.isdecimal() else path.stat().st_ctime))
    return found


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        log.info("deleted from the trash: %s", path)


# ---------------------------------------------------------------- words


def _listed(names: list[str]) -> str:
    shown = ", ".join(one_line(name) for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _size(count: int) -> str:
    for unit, one in (("GB", 1000**3), ("MB", 1000**2), ("KB", 1000)):
        if count >= one:
            return f"{count / one:.3g} {unit}"
    return f"{count} bytes"

"""Deletes what ``agents.supervisor.retention`` gives up: old raw logs and old trash. Seldom, and off the event loop.

Transcripts, specs and journals stay. Before anything goes, the checkpoint that replaces it is on the disk.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from agents.model import AgentId, Stream
from agents.runtime.directory import AgentDirectory, write_durably
from agents.runtime.rawlog import RawLog
from agents.status.untrusted import one_line
from agents.supervisor import decisions
from agents.supervisor.decisions import Beginning
from agents.supervisor.retention import Ended, Held, Limits, Trashed, expired, too_old, trims
from agents.supervisor.services import Clock
from agents.supervisor.unit import Unit

log = logging.getLogger(__name__)

#: Seconds between two sweeps, and between two looks at the clock (it stands still while the machine sleeps).
EVERY_S = 3600.0
LOOK_S = 60.0

_LIVE_STREAMS = (Stream.OUT, Stream.ERR)

Notice = Callable[[str, str], None]  # level, text


class Sweep:
    """Owned by the supervisor. ``units`` are the agents there are now."""

    def __init__(
        self, state: Path, units: Callable[[], Iterable[Unit]], clock: Clock, limits: Limits, notice: Notice
    ) -> None:
        self._trash = state / "trash"
        self._units = units
        self._clock = clock
        self._limits = limits
        self._notice = notice

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
        units = {unit.id: unit for unit in self._units() if _has_ended(unit)}
        sizes = await asyncio.to_thread(_sizes, [unit.directory for unit in units.values()])
        ended = [Ended(agent, unit.replica.vitals.changed_at, sizes[agent]) for agent, unit in units.items()]
        gone: dict[str, int] = {}
        for agent in too_old(ended, self._limits, self._clock.wall()):
            unit = units[agent]
            freed = await self._drop(unit, sizes[agent])
            if freed:
                gone[unit.name] = freed
        if gone:
            days, limit = self._limits.ended_s / 86400, _size(self._limits.ended_bytes)
            self._notice(
                "info",
                f"deleted {_size(sum(gone.values()))} of raw logs of ended agents ({_listed(list(gone))}): kept are "
                f"{days:g} days and up to {limit} in all; their transcripts stay",
            )

    async def _drop(self, unit: Unit, size: int) -> int:
        """Delete all raw logs of an ended agent, unless it was resumed meanwhile; return the bytes freed."""
        if not await _secure(unit):
            return 0
        await self._record(unit, size, "ended", unit.intake.end_here())
        if not _has_ended(unit):
            return 0
        # From here on whoever resumes it writes behind what is deleted.
        logs = [RawLog(unit.directory.path, stream) for stream in Stream]
        seals = [raw.seal() for raw in logs]
        return await asyncio.to_thread(_trim, list(zip(logs, seals, strict=True)))

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
        unit.recorder.record(decisions.dropped(self._clock.wall(), size, why, begin or Beginning()), sync=True)
        await unit.recorder.durable()

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
    state = directory.checkpoint_file.read_bytes()
    if directory.transcript_file.exists():
        with directory.transcript_file.open("rb") as transcript:
            os.fsync(transcript.fileno())
    write_durably(directory.kept_checkpoint_file, state)


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

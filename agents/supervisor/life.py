"""Runs one unit: launch or adoption, then rounds of reading, writing and looking, until the daemon ends.

Everything it waits for has an end; between rounds it sleeps until something happens or a deadline is due.
"""

from __future__ import annotations

import asyncio
import logging

from agents.events import BlocksChanged, LogGrew
from agents.model import Block
from agents.supervisor import decisions, ruling
from agents.supervisor.hold import Hold
from agents.supervisor.looking import Looking
from agents.supervisor.mending import Mending
from agents.supervisor.switching import Switching
from agents.supervisor.unit import Unit

log = logging.getLogger(__name__)

#: Seconds between two tellings of transcript changes to those who watch, at least; more for long blocks, since a
#: block that grows is told whole each time. A fixed 50 ms would hold back every event of an agent that speaks as often.
TELL_S = 0.01
TELL_CHARACTERS_PER_S = 1_000_000

#: Seconds between two tellings of log sizes: each is a repaint of the pane that shows the log. While they may tell of
#: the echo of a key, which a terminal and its program may answer in parts, only as long as to be bounded.
TELL_SIZES_S = 0.1
TELL_ECHO_S = 0.003

#: Blocks in one event.
TELL_BLOCKS = 50

#: Seconds until a full disk is tried again.
DISK_RETRY_S = 1.0


class Life:
    """Owned by the supervisor, one per unit."""

    def __init__(self, unit: Unit, tasks: asyncio.TaskGroup) -> None:
        self.unit = unit
        self.hold = Hold(unit, self._read)
        self._looking = Looking(unit, tasks)
        self._switching = Switching(unit, self.hold)
        self._mending = Mending(unit)
        self._is_launch_wanted = False
        self._tell_at = self._told_sizes_at = 0.0
        self._told_sizes = self._told_cells = (0, 0)
        self._type_at: float | None = None  # when a message that waits may be typed
        self._save_at: float | None = None  # when a checkpoint that could not be written is tried again

    # -- what the supervisor orders

    async def run(self, *, launch: bool) -> None:
        """Launch or adopt, then keep up until cancelled."""
        unit = self.unit
        with unit.firewall("taking it over"):
            self._is_launch_wanted = launch
            self._looking.refresh_branch()
            if not launch:
                await self.hold.adopt()
            unit.changed()
        while True:
            due = None
            with unit.firewall("keeping up with it"):
                await self._round()
                due = self._next_alarm(unit.services.clock.monotonic())
            await asyncio.sleep(0)  # waiting for what is there already would let nobody else have a turn
            await self._sleep(due)

    def want_launch(self) -> None:
        """Start a process as soon as possible."""
        self._is_launch_wanted = True
        self.unit.replica.vitals.launching(self.unit.made.incarnation + 1, self.unit.services.clock.wall())
        self.unit.changed()
        self.unit.wake()

    def queue_first(self, prompt: str) -> int:
        """Record the message a new agent begins with; return its turn. Raises OSError."""
        unit = self.unit
        unit.catching_up = False
        turn, now = unit.made.next_turn, unit.services.clock.wall()
        unit.recorder.record(decisions.queued(now, turn, prompt), sync=True, hold=f"queued:{turn}")
        return turn

    def save(self) -> None:
        """Save what a next daemon would have to replay."""
        with self.unit.firewall("saving it"):
            if not self.unit.catching_up:
                self._save()

    def close(self) -> None:
        """Save and let go; the agent goes on."""
        unit = self.unit
        self.save()
        self.hold.tether.drop()
        self.hold.rehearsal.close()
        unit.recorder.close()
        unit.intake.transcript.close()

    # -- the loop

    async def _sleep(self, due: float | None) -> None:
        now = self.unit.services.clock.monotonic()
        try:
            async with asyncio.timeout(None if due is None else max(0.001, due - now)):
                await self.unit.woken.wait()
        except TimeoutError:
            pass
        self.unit.woken.clear()

    def _next_alarm(self, now: float) -> float | None:
        unit = self.unit
        alarms = [unit.view.recheck, self._looking.step(now), self._mending.step(now)]
        if unit.adapter is not None and unit.is_live:
            alarms.append(unit.adapter.next_deadline())
        if unit.made.want and unit.is_live:
            alarms.append(self.hold.ending.step(now))
        if unit.disk:
            alarms.append(now + DISK_RETRY_S)
        alarms.append(self._type_at or None)
        alarms.append(self._next_telling())
        return min((alarm for alarm in alarms if alarm is not None), default=None)

    async def _round(self) -> None:
        unit = self.unit
        if self._is_launch_wanted:
            self._is_launch_wanted = False
            await self.hold.launch()
        await self._read()
        if self.hold.is_lost:
            await self.hold.recover()
            await self._read()
        if unit.is_live:
            self._tick()
            self._switching.step()
            if self.hold.tether.link is not None:
                await self._write()
        elif self.hold.settle_end():
            self._looking.refresh_branch()
            self._save()
        if self._switching.is_due():
            self.want_launch()
        if unit.turn_over:
            unit.turn_over = False
            self._looking.turn_ended(unit.services.clock.monotonic())
            self._save()
        if self._save_at is not None and unit.services.clock.monotonic() >= self._save_at:
            self._save()
        self._tell()
        unit.changed(lazy=not unit.stirred)
        unit.stirred = False
        self.hold.heeding.settle()

    # -- in

    async def _read(self) -> None:
        """Take all marks there are, a slice at a time; of all agents that catch up one at a time takes one."""
        has_more = True
        while has_more:
            if self.unit.catching_up:
                async with self.unit.services.lane:
                    with self.hold.rehearsal.marked():
                        has_more = self._slice()
            else:
                has_more = self._slice()
            if has_more:
                await asyncio.sleep(0)

    def _slice(self) -> bool:
        """Take some marks and what follows from them; tell whether there are more."""
        unit, intake = self.unit, self.unit.intake
        has_more = intake.slice()
        self._store()
        if intake.checkpoint_due:
            self._save()
        if has_more:
            self._tell()
            unit.changed(lazy=not unit.stirred)
        return has_more

    def _tick(self) -> None:
        unit = self.unit
        if unit.adapter is None or unit.catching_up:
            return
        for _ in range(100):
            due = unit.adapter.next_deadline()
            if due is None or due > unit.services.clock.monotonic():
                return
            unit.intake.tick()
            if unit.adapter.next_deadline() == due:
                return

    def _store(self) -> None:
        unit = self.unit
        try:
            unit.intake.store()
            unit.on_disk("its transcript", "")
        except OSError as error:
            unit.on_disk("its transcript", error.strerror or str(error))
        try:
            if unit.recorder.held_back:
                unit.recorder.retry()
        except OSError as error:
            unit.on_disk("its journal", error.strerror or str(error))

    def _save(self) -> None:
        self._save_at = None
        try:
            self.unit.intake.checkpoint()
            self.unit.on_disk("its checkpoint", "")
        except OSError as error:
            self._save_at = self.unit.services.clock.monotonic() + DISK_RETRY_S
            self.unit.on_disk("its checkpoint", error.strerror or str(error))

    # -- out

    async def _write(self) -> None:
        unit = self.unit
        self.hold.step()
        adapter = unit.adapter
        if adapter is None or unit.catching_up:
            return
        may_prompt = not unit.made.want and self._may_type()
        if may_prompt and unit.made.waiting and unit.made.baseline is None and adapter.ready():
            await self._looking.baseline()
        try:
            ruling.rule(unit)
            unit.outflow.pump(adapter, unit.replica.conversation, may_prompt=may_prompt)
            unit.on_disk("what it is told", "")
        except OSError as error:
            unit.on_disk("what it is told", error.strerror or str(error))

    def _may_type(self) -> bool:
        """Tell whether its hooks have nothing against a message now; if only later, see to it that it is then."""
        unit = self.unit
        types_at = unit.types_at if unit.made.waiting else 0.0
        self._type_at = types_at
        return types_at is not None and types_at <= unit.services.clock.monotonic()

    def _tell(self) -> None:
        """Tell those who watch what is new."""
        unit, services = self.unit, self.unit.services
        if not services.watched.is_watched(unit.id):
            unit.intake.fresh.clear()
            return
        now = services.clock.monotonic()
        if unit.intake.fresh and now >= self._tell_at:
            fresh, unit.intake.fresh = unit.intake.fresh, {}
            self._tell_at = now + max(TELL_S, sum(map(_length, fresh.values())) / TELL_CHARACTERS_PER_S)
            blocks = unit.shown([fresh[n] for n in sorted(fresh)])
            for begin in range(0, len(blocks), TELL_BLOCKS):
                services.bus.publish(BlocksChanged(unit.id, blocks[begin : begin + TELL_BLOCKS]))
        self._tell_sizes(now)

    def _tell_sizes(self, now: float) -> None:
        """Tell how long the logs are; another size of the terminal at once, with where in the output it began."""
        vitals, bus = self.unit.replica.vitals, self.unit.services.bus
        cells = self.unit.cells
        if cells != self._told_cells:
            self._told_cells = cells
            bus.publish(LogGrew(self.unit.id, min(vitals.sized_at, vitals.out_size), vitals.err_size, *cells))
        sizes = (vitals.out_size, vitals.err_size)
        if sizes != self._told_sizes and now >= self._tell_sizes_at:
            self._told_sizes, self._told_sizes_at = sizes, now
            bus.publish(LogGrew(self.unit.id, *sizes, *cells))

    @property
    def _tell_sizes_at(self) -> float:
        """Return when new sizes may be told: soon when they may tell of an echo, else when those of all agents are."""
        if self.hold.heeding.may_echo:
            return self._told_sizes_at + TELL_ECHO_S
        # One wake of the window for all its panes.
        return (self._told_sizes_at // TELL_SIZES_S + 1) * TELL_SIZES_S

    def _next_telling(self) -> float | None:
        """Return when what is held back may be told, ``None`` when nothing is."""
        unit = self.unit
        if not unit.services.watched.is_watched(unit.id):
            return None
        sizes = (unit.replica.vitals.out_size, unit.replica.vitals.err_size)
        due = [self._tell_at] if unit.intake.fresh else []
        due += [self._tell_sizes_at] if sizes != self._told_sizes else []
        return min(due, default=None)


def _length(block: Block) -> int:
    return len(block.text) + (0 if block.tool is None else len(block.tool.output))

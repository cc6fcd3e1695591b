"""What every unit is handed by the supervisor: values and narrow protocols, gathered once by the composition root."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from agents.adapters.registry import Family
from agents.events import Event
from agents.model import AgentId, Block
from agents.runtime.lease import Leases
from agents.runtime.places import Places
from agents.spec import Kind
from agents.supervisor.intents import Steps
from agents.supervisor.rulebook import Rulebook
from agents.supervisor.syncing import Syncer
from agents.supervisor.versions import Versions


class Clock(Protocol):
    """Time, as something that can be handed in."""

    def wall(self) -> float:
        """Return epoch seconds."""

    def monotonic(self) -> float:
        """Return seconds on the clock of the marks (CLOCK_MONOTONIC: excludes suspend)."""


class SystemClock:
    """The machine's clocks."""

    def wall(self) -> float:
        """Return epoch seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds on the clock of the marks."""
        return time.monotonic()


class Pulse(Protocol):
    """Since when the daemon runs without a break."""

    @property
    def unbroken_since(self) -> float:
        """Return the monotonic time before which silence does not count."""


class Room(Protocol):
    """Who makes room on a full disk."""

    def press(self, problem: str) -> None:
        """Ask for room: something could not be written, because of ``problem``."""


class Bus(Protocol):
    """Where changes are told."""

    def touch(self, agent: AgentId, *, lazy: bool = False) -> None:
        """Say that an agent's row may differ."""

    def grew(self, agent: AgentId) -> None:
        """Say that nothing but the sizes of an agent's logs differs."""

    def publish(self, event: Event) -> None:
        """Tell an event at once."""


class Index(Protocol):
    """The search index, as far as units feed it."""

    def put(self, agent: AgentId, blocks: tuple[Block, ...]) -> None:
        """Index new or revised blocks soon."""

    def drop(self, agent: AgentId) -> None:
        """Forget an agent."""


class Watched(Protocol):
    """Who looks at what."""

    def is_watched(self, agent: AgentId) -> bool:
        """Tell whether a client follows the transcript and the log of an agent."""


@dataclass(frozen=True, slots=True)
class Services:
    """The supervisor's side of every unit.

    ``environ`` is what agents inherit, ``kinds`` finds a kind by name, ``hook`` begins the command that reports a hook
    (the event follows).
    """

    places: Places
    families: Mapping[str, Family]
    leases: Leases
    bus: Bus
    index: Index
    watched: Watched
    steps: Steps
    clock: Clock
    pulse: Pulse
    room: Room
    lane: asyncio.Lock  # held for a slice of a replay: a hundred of them in one round of the loop would hold up all
    syncer: Syncer
    rules: Rulebook
    environ: Mapping[str, str]
    kinds: Callable[[str], Kind | None]
    hook: tuple[str, ...] = ()
    versions: Versions = field(default_factory=Versions)

"""What is thought of an agent at one moment: its verdict, its health, what it asks; live and in a replay alike.

Pure: the moment is given, nothing is told to anybody. A recording judged by this says what the daemon said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from agents.adapters.contract import Adapter
from agents.model import Capability, Evidence, Health, Lifecycle, Request, Trouble, Turn
from agents.spec import Kind
from agents.status.reduce import Verdict, reduce
from agents.supervisor import health
from agents.supervisor.conversation import Conversation
from agents.supervisor.vitals import Vitals


class View(msgspec.Struct):
    """What the adapter said when it was last asked; rows are made of this and never ask it themselves.

    ``recheck`` is when time alone may change it (the agent's clock), ``None`` for never; from ``silent_from`` on it is
    called silent, unless its processes work.
    """

    verdict: Verdict = Verdict()
    requests: tuple[Request, ...] = ()
    capabilities: frozenset[Capability] = frozenset()
    health: Health = Health.OK
    health_since: float = 0.0
    trouble: Trouble | None = None
    is_starting: bool = False
    recheck: float | None = None
    silent_from: float | None = None


class Moment(msgspec.Struct, frozen=True):
    """When is judged and what else is known then: ``now`` on the agent's clock, ``wall`` epoch seconds.

    Silence before ``quiet_since`` does not count; ``still_at`` is when its processes were last found at rest (a
    recording knows of none); ``disk_error`` says why something of it cannot be written.
    """

    now: float
    wall: float
    is_live: bool = True
    quiet_since: float = 0.0
    still_at: float = math.inf
    disk_error: str = ""


class Judge:
    """Owned by one unit or one replay; remembers only which turn was shown last."""

    def __init__(self) -> None:
        self._before = Turn.UNKNOWN

    def look(  # noqa: PLR0913, PLR0917 (all there is to know of an agent, gathered in one place)
        self,
        adapter: Adapter,
        kind: Kind,
        vitals: Vitals,
        talk: Conversation,
        evidence: Sequence[Evidence],
        at: Moment,
        former: View,
    ) -> View:
        """Return what is thought at a moment; ``former`` is what was thought before."""
        verdict = reduce(evidence, at.now, self._before)
        if not verdict.settling:
            self._before = verdict.turn
        found = adapter.capabilities()
        trouble = adapter.trouble() if at.is_live else None
        silence = _health(kind, vitals, talk, verdict.turn, at, trouble)
        state = silence.health
        running = vitals.lifecycle is Lifecycle.RUNNING
        return View(
            verdict=verdict,
            requests=tuple(adapter.requests()) if at.is_live else (),
            capabilities=found,
            health=state,
            health_since=former.health_since if state is former.health else at.wall,
            trouble=trouble,
            # A program that takes raw keys has no handshake to wait for.
            is_starting=running and Capability.INPUT not in found and not talk.opened,
            recheck=min((t for t in (verdict.recheck, silence.recheck) if t is not None), default=None),
            silent_from=silence.silent_from,
        )


def _health(  # noqa: PLR0913, PLR0917 (as above)
    kind: Kind, vitals: Vitals, talk: Conversation, turn: Turn, at: Moment, trouble: Trouble | None
) -> health.Assessment:
    signs = health.Signs(
        turn=turn if at.is_live else Turn.UNKNOWN,
        last_event=max(vitals.monotonic, at.quiet_since),
        tool_open=bool(talk.tools),
        disk_error=at.disk_error,
        told=health.told(trouble),
        still_at=at.still_at,
    )
    return health.assess(signs, at.now, kind.silent_s or health.SILENT_S, kind.silent_tool_s or health.SILENT_TOOL_S)

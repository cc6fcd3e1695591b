"""Write-ahead intents: what is to be written to an agent is on record before it is, and is written exactly once.

The keeper never writes an id twice, so an intent without acknowledgement may be sent again under its id. Which
ones still make sense after an adoption is decided by the unit; this module computes no bytes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Protocol

from agents.adapters.contract import NotPossible
from agents.model import AgentId
from agents.supervisor import decisions
from agents.supervisor.decisions import Decisions, Intent
from agents.supervisor.recorder import Recorder

Again = Callable[[], bytes]  # raises NotPossible when it makes no sense any more

#: Kinds that must survive a power cut: the user's word.
_DURABLE = frozenset({"prompt", "answer"})


class Writer(Protocol):
    """The keeper's connection, as far as orders need it."""

    def write(self, ident: str, data: bytes) -> None:
        """Queue bytes for the agent under an id."""

    def resize(self, rows: int, cols: int) -> None:
        """Tell the terminal its size in cells."""


class Steps(Protocol):
    """Told at every border a crash could fall on; the tests' way to make it fall there."""

    def reached(self, step: str, agent: AgentId, what: str) -> None:
        """``step`` is decided, recorded, written or acknowledged; ``what`` the kind of the intent."""


class NoSteps:
    """Nobody listens."""

    def reached(self, step: str, agent: AgentId, what: str) -> None:
        """Do nothing."""


class Intents:
    """Owned by one unit. ``writer`` is set while the keeper is connected."""

    def __init__(
        self, agent: AgentId, recorder: Recorder, folded: Decisions, steps: Steps, wall: Callable[[], float]
    ) -> None:
        self._agent = agent
        self._recorder = recorder
        self._folded = folded
        self._steps = steps
        self._wall = wall
        self._bytes: dict[str, bytes] = {}  # unacknowledged, to be tried again when the keeper was full
        self._on_way: set[str] = set()  # on record, to be written once the record is on the disk
        self.writer: Writer | None = None

    def name(self, kind: str, what: str | int) -> str:
        """Return the write id of an intent; the same intent of the same process has the same id for ever."""
        return f"{self._folded.incarnation}:{kind}:{what}"

    def known(self, intent_id: str) -> bool:
        """Tell whether it was issued and not settled."""
        return intent_id in self._folded.intents

    def pending(self) -> tuple[Intent, ...]:
        """Return what has not been acknowledged as written, apart from what is on its way to the disk."""
        return tuple(intent for intent in self._folded.intents.values() if intent.id not in self._on_way)

    def issue(self, kind: str, what: str | int, args: dict[str, Any], data: bytes, again: Again | None = None) -> None:
        """Record an intent, and write its bytes once the record is on the disk: nothing overtakes it.

        What would be out of date by then brings ``again``, which is asked anew. Raises OSError when it cannot be
        recorded (nothing is written).
        """
        intent = Intent(self.name(kind, what), kind, self._folded.incarnation, args)
        self._steps.reached("decided", self._agent, kind)
        record = decisions.intent(self._wall(), intent)
        self._recorder.record(record, sync=kind in _DURABLE, hold=f"intent:{intent.id}")
        self._on_way.add(intent.id)
        self._recorder.when_durable(lambda error: self._recorded(intent, data, again, error))

    def _recorded(self, intent: Intent, data: bytes, again: Again | None, error: str) -> None:
        self._on_way.discard(intent.id)
        if not self.known(intent.id):
            return  # its process is gone meanwhile
        if error:
            self.settle(intent.id, f"not recorded: {error}")
            return
        self._steps.reached("recorded", self._agent, intent.kind)
        try:
            data = data if again is None else again()
        except NotPossible:
            self.settle(intent.id, "out of date")
        else:
            self.send(intent, data)

    def send(self, intent: Intent, data: bytes) -> None:
        """Write a recorded intent (again); its id makes that harmless."""
        self._bytes[intent.id] = data
        if self.writer is not None:
            with contextlib.suppress(ConnectionError):  # it is being lost: sent again once there is another
                self.writer.write(intent.id, data)
            self._steps.reached("written", self._agent, intent.kind)

    def resend(self, intent_id: str) -> None:
        """Write once more what the keeper had no room for."""
        intent, data = self._folded.intents.get(intent_id), self._bytes.get(intent_id)
        if intent is not None and data is not None:
            self.send(intent, data)

    def settle(self, intent_id: str, how: str) -> Intent | None:
        """Note that it was ``written``, or why it never will be; return it when it was still open."""
        intent = self._folded.intents.get(intent_id)
        if intent is None:
            return None
        self._steps.reached("acknowledged", self._agent, intent.kind)
        self._bytes.pop(intent_id, None)
        self._recorder.record(decisions.settled(self._wall(), intent_id, how))
        self._recorder.release(f"intent:{intent_id}")
        return intent

"""Carries out the wish that an agent ends: protocol cancel, then the keeper's ladder; or everything killed at once.

The wish itself is recorded state, so it outlives the daemon; this only works towards it. Bounded in time.
"""

from __future__ import annotations

import contextlib
import os
import signal

from agents.adapters.contract import NotPossible
from agents.model import Capability, Turn
from agents.supervisor.tether import LADDER, Tether
from agents.supervisor.unit import Unit

#: Seconds a cancelled turn may take to end before the ladder begins.
CANCEL_S = 2.0

#: Seconds after which a keeper that did not carry out a kill is itself killed, and its tree swept. One that has ten
#: thousand processes to kill on a busy machine is at work, not stuck.
FORCE_S = 15.0

_BUSY = frozenset({Turn.WORKING, Turn.BLOCKED})


class Ending:
    """Owned by one unit's life; ``step`` is called in every round while an end is wanted."""

    def __init__(self, unit: Unit, tether: Tether) -> None:
        self._unit = unit
        self._tether = tether
        self._asked = ""  # what the present keeper was told over the present connection
        self._cancel_until: float | None = None
        self._force_at: float | None = None

    def forget(self) -> None:
        """Begin anew with another connection: the keeper is told again, which it takes as one."""
        self._asked = ""
        self._cancel_until = None
        self._force_at = None

    def step(self, now: float) -> float | None:
        """Do what is due; return when to look again, ``None`` when there is nothing to wait for."""
        want, link = self._unit.made.want, self._tether.link
        if not want or link is None or not self._unit.is_live:
            return None
        if self._asked == want:
            return self._force(now)
        if want == "stop" and self._is_cancelling(now):
            return self._cancel_until
        with contextlib.suppress(ConnectionError):  # it is being lost: asked again over the next one
            link.stop(["kill"] if want == "kill" else list(LADDER))
            self._asked = want
            self._force_at = now + FORCE_S if want == "kill" else None
        return self._force_at

    def _force(self, now: float) -> float | None:
        """Kill a keeper that is stuck; the sweep that follows its loss ends the rest. Only ever after a kill."""
        if self._force_at is None or now < self._force_at:
            return self._force_at
        self._force_at = None
        if self._tether.keeper_pid is not None:
            self._unit.notice("warning", "its keeper does not carry out the kill and is killed itself")
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._tether.keeper_pid, signal.SIGKILL)
        return None

    def _is_cancelling(self, now: float) -> bool:
        """Tell whether to wait for the turn to end by itself, having cancelled it."""
        if self._cancel_until is None:
            self._cancel_until = now + CANCEL_S
            self._cancel()
        return self._unit.view.verdict.turn in _BUSY and now < self._cancel_until

    def _cancel(self) -> None:
        unit = self._unit
        view, adapter = unit.view, unit.adapter
        if adapter is None or view.verdict.turn not in _BUSY or Capability.INTERRUPT not in view.capabilities:
            return
        turn = unit.replica.conversation.started
        token = f"stop-{unit.made.incarnation}-{turn}"
        try:
            data = adapter.interrupt(token)
            unit.intents.issue("interrupt", token, {"turn": turn, "token": token}, data)
        except (NotPossible, OSError) as error:
            unit.notice("info", f"its turn could not be cancelled before it is stopped: {error}")

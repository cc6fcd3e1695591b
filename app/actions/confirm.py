"""Acting on the second press: what must be confirmed, what is lost, for how long the first press counts. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agents.model import LIVE, AgentId, AgentRow, Capability, Turn

#: Seconds within which the second press counts.
CONFIRM_S = 3.0


class Press(msgspec.Struct, frozen=True):
    """What a press means: act now, or tell the user ``warning`` and wait for the second one."""

    is_final: bool
    warning: str = ""


class Confirm:
    """Remembers the last first press; owned by the shell. Time is any clock that goes forward, in seconds."""

    def __init__(self) -> None:
        self._armed: tuple[str, AgentId] | None = None
        self._until = 0.0

    def press(self, command: str, row: AgentRow, key: str, now: float, *, has_shell: bool = False) -> Press:
        """Return what this press of ``command`` (bound to ``key``) on ``row`` means at ``now``.

        ``has_shell``: a shell runs beside it.
        """
        loss = what_is_lost(command, row, has_shell=has_shell)
        armed = self._armed == (command, row.id) and now <= self._until
        if loss is None or armed:
            self._armed = None
            return Press(is_final=True)
        self._armed, self._until = (command, row.id), now + CONFIRM_S
        again = f"{key} again" if key else "again"
        return Press(is_final=False, warning=f"{loss} {again.capitalize()} within {CONFIRM_S:.0f} s does it.")


def what_is_lost(command: str, row: AgentRow, *, has_shell: bool = False) -> str | None:
    """Return what a command destroys, as a sentence; ``None`` when it may act at once."""
    if command == "agent.kill":
        return f"Killing {row.name} ends its processes without a chance to save."
    if command == "agent.remove":
        shell = " and ends the shell beside it" if has_shell else ""
        return f"Removing {row.name} moves its transcript and logs to the trash{shell}."
    at_rest = row.turn in (Turn.IDLE, Turn.DONE)
    if row.lifecycle not in LIVE or (at_rest and Capability.RESUME in row.capabilities and not row.queue):
        return None
    losses = [*_turn_loss(row), *_session_loss(row), *_rest_loss(row)]
    return f"Stopping {row.name} loses {_joined(losses)}."


def _turn_loss(row: AgentRow) -> Sequence[str]:
    if row.requests:
        return ("the open request",)
    if row.turn in (Turn.WORKING, Turn.BLOCKED):
        return ("the running turn",)
    return ()


def _session_loss(row: AgentRow) -> Sequence[str]:
    return () if Capability.RESUME in row.capabilities else ("its session (it cannot be resumed)",)


def _rest_loss(row: AgentRow) -> Sequence[str]:
    found = []
    if row.queue:
        found.append("1 waiting message" if len(row.queue) == 1 else f"{len(row.queue)} waiting messages")
    if row.background:
        plural = "1 background process" if row.background == 1 else f"{row.background} background processes"
        found.append(plural)
    return found


def _joined(parts: Sequence[str]) -> str:
    if not parts:
        return "what it is doing"
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]

"""The walk through the triage queue: who is next, and when it is over. Pure; time is passed in."""

from __future__ import annotations

from collections.abc import Sequence

from agents.model import AgentId, AgentRow

#: What an entry looked like when the user was led to it: another request or state is a new reason to come back.
Seen = tuple[str, str]


class TriageWalk:
    """Remembers what *next* has shown since the walk began; owned by the shell.

    An entry shown and not answered is passed over until all others were shown, then the walk begins again.
    """

    def __init__(self) -> None:
        self._shown: dict[AgentId, Seen] = {}

    @property
    def is_walking(self) -> bool:
        """Tell whether *next* has led anywhere since the last end."""
        return bool(self._shown)

    def next(self, queue: Sequence[AgentRow]) -> AgentRow | None:
        """Return whom to go to, ``None`` when the queue is empty (the walk is over then)."""
        if not queue:
            self.end()
            return None
        fresh = [row for row in queue if self._shown.get(row.id) != _seen(row)]
        if not fresh:
            last = next(reversed(self._shown), None)
            self._shown.clear()
            # Round again: the last one shown is in front of the user already.
            fresh = [row for row in queue if row.id != last] or list(queue)
        chosen = fresh[0]
        self._shown.pop(chosen.id, None)
        self._shown[chosen.id] = _seen(chosen)
        return chosen

    def end(self) -> None:
        """Forget the walk (the user went back, or nothing is left)."""
        self._shown.clear()


def _seen(row: AgentRow) -> Seen:
    return (row.state.value, row.requests[0].key if row.requests else "")

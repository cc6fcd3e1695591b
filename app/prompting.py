"""Writing to an agent, without a widget: may it take a message, how far each one got, what was written before.

Pure; times are not needed.
"""

from __future__ import annotations

import msgspec

from agents.model import LIVE, AgentId, AgentRow, Capability, Lifecycle, QueuedPrompt, Turn
from agents.model import Delivery as How

#: Messages remembered per agent for Up and Down.
HISTORY_LIMIT = 200


def obstacle(row: AgentRow | None, *, connected: bool) -> str:
    """Return why nothing can be written to the agent now, or nothing."""
    if row is None:
        return "This agent is gone."
    if not connected:
        return "Not connected to the daemon; your text is kept."
    if row.lifecycle in (Lifecycle.STARTING, Lifecycle.QUEUED):
        return ""  # it waits in the queue
    if row.lifecycle is Lifecycle.STOPPING:
        return f"{row.name} is stopping."
    if row.lifecycle not in LIVE:
        return f"{row.name} has ended. {_again(row)}"
    if not {Capability.PROMPT, Capability.INPUT} & set(row.capabilities):
        return f"{row.name} takes no messages."
    return ""


def _again(row: AgentRow) -> str:
    if Capability.RESUME in row.capabilities:
        return "Resume it to go on."
    return "Run it again to go on." if Capability.TERMINAL in row.capabilities else "It cannot be resumed."


def takes_prompts(row: AgentRow) -> bool:
    """Tell whether text goes to the agent as a message; else it is typed into its input."""
    return Capability.PROMPT in row.capabilities or Capability.INPUT not in row.capabilities


def steering_obstacle(row: AgentRow | None) -> str:
    """Return why a message cannot be put into the running turn now, or nothing."""
    if row is None:
        return "This agent is gone."
    if row.lifecycle not in LIVE:
        return f"{row.name} is not running"
    if row.turn not in (Turn.WORKING, Turn.BLOCKED):
        return f"{row.name} has no running turn: send it as a message"
    if Capability.STEER not in row.capabilities:
        return f"{row.name} takes nothing into a running turn: send it, it waits for its turn"
    return ""


def on_the_way(row: AgentRow) -> str:
    """Return what is known of the newest message while the program has not shown that it took it."""
    found = row.delivery
    if found is None or row.turn is not Turn.WORKING or found.state is not How.DELIVERED:
        return ""
    return f"turn {found.turn} delivered, not taken yet"


class Delivery(msgspec.Struct, frozen=True):
    """How far a message got, in words, with the role of its icon; ``waits`` can be edited, ``failed`` sent again."""

    words: str
    icon: str
    role: str
    waits: bool = False
    failed: bool = False


_DELIVERY = {
    "queued": Delivery("waits for its turn", "clock", "muted", waits=True),
    "sent": Delivery("sent", "send", "muted"),
    "delivered": Delivery("delivered", "send", "accent"),
    "undelivered": Delivery("not delivered", "cross", "danger", failed=True),
}


def delivery(prompt: QueuedPrompt) -> Delivery:
    """Return how far ``prompt`` got; a reason is part of the words."""
    known = _DELIVERY.get(prompt.state, Delivery(prompt.state, "clock", "muted"))
    if not prompt.reason:
        return known
    return msgspec.structs.replace(known, words=f"{known.words}: {prompt.reason}")


class Memory:
    """What a pane must not forget while it is hidden, per agent. Owned by the composition root, in memory only."""

    def __init__(self) -> None:
        self._kept: dict[AgentId, Kept] = {}

    def of(self, agent: AgentId) -> Kept:
        """Return what is kept of an agent."""
        return self._kept.setdefault(agent, Kept())

    def forget(self, agent: AgentId) -> None:
        """Forget an agent that was removed."""
        self._kept.pop(agent, None)


class Kept(msgspec.Struct):
    """Draft and caret, messages written, where the reader was, which body was in front."""

    draft: str = ""
    caret: int = 0
    written: list[str] = []
    reading: tuple[bool, int, int] | None = None
    shows_log: bool | None = None

    def wrote(self, text: str) -> None:
        """Remember a message for Up."""
        if text in self.written:
            self.written.remove(text)
        self.written.append(text)
        del self.written[:-HISTORY_LIMIT]


class History:
    """One walk through what was written: Up goes back, Down returns to the draft it began with."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._at: int | None = None
        self._draft = ""

    def back(self, present: str) -> str | None:
        """Return the message before, ``None`` at the oldest."""
        if self._at is None:
            self._at, self._draft = len(self._kept.written), present
        if self._at == 0:
            return None
        self._at -= 1
        return self._kept.written[self._at]

    def forth(self) -> str | None:
        """Return the message after, at the end the draft; ``None`` when no walk has begun."""
        if self._at is None:
            return None
        self._at += 1
        if self._at >= len(self._kept.written):
            self._at = None
            return self._draft
        return self._kept.written[self._at]

    def reset(self) -> None:
        """End the walk: the text was changed or sent."""
        self._at = None

"""What a conversation with Claude Code remembers: the saved state of the adapter, values only."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import msgspec

from agents.adapters.framing import Splitter
from agents.adapters.resting import Resting
from agents.model import Mode, PlanEntry, Request, ToolCall, Usage

#: Tool calls, requests and owed replies kept at once; a program that goes beyond is broken or hostile.
MAX_TOOLS: Final = 512
MAX_REQUESTS: Final = 32
MAX_REPLIES: Final = 256

#: Oddities told per incarnation; the raw log has all of them.
NOTE_LIMIT: Final = 20

#: The modes of ``set_permission_mode`` that are offered; the program announces none.
MODES: Final = (
    Mode("default", "Ask", "Asks before it edits a file or runs a command"),
    Mode("acceptEdits", "Accept edits", "Edits files without asking, asks for the rest"),
    Mode("plan", "Plan", "Reads and plans, changes nothing"),
)


class Phase(StrEnum):
    """How far the handshake of this incarnation is."""

    DOWN = "down"
    INITIALIZE = "initialize"
    CONFIGURE = "configure"
    READY = "ready"
    FAILED = "failed"


class Pending(msgspec.Struct):
    """A control request of ours that was written and has no answer; ``value`` is what it asked for."""

    subtype: str
    value: str = ""


class OpenTurn(msgspec.Struct):
    """The running turn; number 0 is one the program began on its own. Times: monotonic and epoch seconds."""

    number: int
    uuid: str
    since: float
    wall: float
    spoke: bool = False
    changed: bool = False
    cancelling: bool = False
    activity: str = ""


class OpenRequest(msgspec.Struct):
    """A ``can_use_tool`` that waits for the user: what is needed to answer it."""

    request: Request
    request_id: str
    tool: str
    since: float
    input: dict[str, Any] = {}
    suggestions: list[Any] = []


class ReplyDue(msgspec.Struct):
    """An answer the protocol owes and no user decides."""

    key: str
    data: bytes


class Spent(msgspec.Struct):
    """Usage so far; the program counts dollars per session, which a new session begins anew."""

    usage: Usage = Usage()
    cost_before: float = 0.0
    cost_now: float | None = None


class State(msgspec.Struct):
    """All of it. What ``fresh`` does not carry over belongs to one incarnation of the program."""

    version: int
    incarnation: int = 0
    phase: Phase = Phase.DOWN
    closed: bool = False  # the program closed its output while it lives
    out: Splitter = msgspec.field(default_factory=Splitter)
    inp: Splitter = msgspec.field(default_factory=Splitter)
    complaint: bytes = b""  # the last of what it wrote to stderr
    deadline: float | None = None
    pending: dict[str, Pending] = {}
    has_begun: bool = False  # the program has this session on its disk
    mode: str | None = None
    turn: OpenTurn | None = None
    resting: Resting | None = None
    requests: list[OpenRequest] = []
    replies: dict[str, ReplyDue] = {}
    owed: int = 0  # replies owed so far, for keys that are never used twice
    tools: dict[str, ToolCall] = {}
    plans: dict[str, tuple[PlanEntry, ...]] = {}  # of tool calls that have no result yet
    message: str = ""  # the message that is being streamed
    noted: dict[str, int] = {}
    spent: Spent = msgspec.field(default_factory=Spent)

    def fresh(self, incarnation: int) -> State:
        """Return the state in which the next process of the same agent begins."""
        begin = Phase.INITIALIZE
        return State(self.version, incarnation, begin, has_begun=self.has_begun, spent=self.spent)

"""What a conversation with Claude Code remembers: the saved state of the adapter, values only."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import msgspec

from agents.adapters.framing import Splitter
from agents.adapters.resting import Resting
from agents.model import Mode, Model, PlanEntry, Request, ToolCall, Trouble, Usage
from agents.spec import Kind, Spec

#: Tool calls, requests and owed replies kept at once; a program that goes beyond is broken or hostile.
MAX_TOOLS: Final = 512
MAX_REQUESTS: Final = 32
MAX_REPLIES: Final = 256

#: Models, subagents and messages put into one turn that are kept; the program announces a handful.
MAX_MODELS: Final = 64
MAX_SUBAGENTS: Final = 64
MAX_STEERED: Final = 64

#: Steps of a plan, and calls of planning tools that wait for their result.
MAX_STEPS: Final = 200

#: The modes of ``set_permission_mode`` that are offered; the program announces none.
MODES: Final = (
    Mode("default", "Ask", "Asks before it edits a file or runs a command"),
    Mode("acceptEdits", "Accept edits", "Edits files without asking, asks for the rest"),
    Mode("plan", "Plan", "Reads and plans, changes nothing"),
    Mode("auto", "Auto", "A model decides what needs no asking"),
    Mode("dontAsk", "Never ask", "Denies what is not allowed already"),
)

#: Offered only where the launch allowed it: the program refuses it otherwise.
BYPASS: Final = Mode("bypassPermissions", "Bypass", "Does everything without asking")
BYPASS_ALLOWED_BY: Final = frozenset({"--dangerously-skip-permissions", "--allow-dangerously-skip-permissions"})


class Phase(StrEnum):
    """How far the handshake of this incarnation is."""

    DOWN = "down"
    INITIALIZE = "initialize"
    CONFIGURE = "configure"
    READY = "ready"
    FAILED = "failed"


class Launch(msgspec.Struct, frozen=True):
    """What an adapter was made of, and the session it is about."""

    kind: Kind
    spec: Spec
    session_id: str

    @property
    def mode(self) -> str | None:
        """Return the mode a session begins in, ``None`` for the program's own choice."""
        return self.spec.mode or self.kind.mode


class Pending(msgspec.Struct):
    """A control request of ours that was written and has no answer; ``value`` is what it asked for."""

    subtype: str
    value: str = ""


class OpenTurn(msgspec.Struct):
    """The running turn; number 0 is one the program began on its own. Times: monotonic and epoch seconds.

    ``waiting`` are the messages put into it that no result has covered: those that came too late for it run as a
    turn of their own right behind it, which to the user is the same turn. ``is_taken`` and ``has_begun`` tell what
    the program itself said of its message: that it has it, that it works on it.
    """

    number: int
    uuid: str
    since: float
    wall: float
    waiting: list[str] = []
    is_taken: bool = False
    has_begun: bool = False
    spoke: bool = False
    changed: bool = False
    cancelling: bool = False
    activity: str = ""
    fault: str = ""  # the code of the error the program told instead of an answer


class OpenRequest(msgspec.Struct):
    """What waits for the user, a ``can_use_tool`` or the form of a server: what is needed to answer it."""

    request: Request
    request_id: str
    tool: str
    since: float
    input: dict[str, Any] = {}
    suggestions: list[Any] = []
    form: dict[str, Any] | None = None  # of an elicitation, empty when it brings none


class ReplyDue(msgspec.Struct):
    """An answer the protocol owes and no user decides."""

    key: str
    data: bytes


class Planning(msgspec.Struct):
    """What a planning tool was asked: the whole plan, or the words of one step."""

    entries: list[PlanEntry] | None = None
    subject: str = ""


class Spent(msgspec.Struct):
    """Usage so far, and the session's total in dollars as the program counts it."""

    usage: Usage = Usage()
    total: float | None = None


class Limit(msgspec.Struct):
    """A limit of the plan as the program last told it; ``until`` is in epoch seconds."""

    status: str
    name: str
    until: float | None = None


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
    session: str | None = None  # the one the program changed to by itself
    has_begun: bool = False  # the program has this session on its disk
    mode: str | None = None
    models: tuple[Model, ...] = ()
    resolved: dict[str, str] = {}  # what the announced models stand for
    model: str | None = None  # the one it works with, in its own words
    chosen: str | None = None  # the one the user switched to
    turn: OpenTurn | None = None
    resting: Resting | None = None
    trouble: Trouble | None = None
    limit: Limit | None = None
    requests: list[OpenRequest] = []
    replies: dict[str, ReplyDue] = {}
    owed: int = 0  # replies owed so far, for keys that are never used twice
    tools: dict[str, ToolCall] = {}
    nested: dict[str, str] = {}  # the tool calls of subagents, and the calls that made those
    subagents: list[str] = []  # what works in the background, also when no turn runs
    news_at: float | None = None  # when something in the background ended that no turn has taken up yet
    plan: dict[str, PlanEntry] = {}
    planning: dict[str, Planning] = {}  # the calls of planning tools that have no result yet
    message: str = ""  # the message that is being streamed
    noted: dict[str, int] = {}
    spent: Spent = msgspec.field(default_factory=Spent)

    def fresh(self, incarnation: int) -> State:
        """Return the state in which the next process of the same agent begins."""
        return State(
            self.version,
            incarnation,
            Phase.INITIALIZE,
            session=self.session,
            has_begun=self.has_begun,
            chosen=self.chosen,
            plan=self.plan,
            spent=self.spent,
        )

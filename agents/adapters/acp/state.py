"""What an ACP conversation remembers: the saved state of the adapter, values only."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import msgspec

from agents.adapters.framing import Splitter
from agents.adapters.resting import Resting
from agents.model import Cause, Mode, Model, Request, ToolCall, Trouble, Usage

#: Ended tool calls of a turn kept whole, for updates that come late.
LATE_TOOLS: Final = 64

#: Tool calls, requests and owed replies kept at once; agents that go beyond are broken or hostile.
MAX_TOOLS: Final = 512
MAX_REQUESTS: Final = 32
MAX_REPLIES: Final = 256

#: Keys of answered requests remembered, to tell a new request from a repeated one.
CLOSED_KEYS: Final = 256

RpcId = int | str | None


class Phase(StrEnum):
    """How far the handshake of this incarnation is."""

    DOWN = "down"
    INITIALIZE = "initialize"
    AUTHENTICATE = "authenticate"
    OPEN = "open"
    CONFIGURE = "configure"
    READY = "ready"
    FAILED = "failed"


class Pending(msgspec.Struct):
    """A request of ours that was written and has no answer; ``value`` is what it asked for."""

    method: str
    value: str = ""
    extra: str = ""


class Fault(msgspec.Struct):
    """Why a turn or a session failed; ``reason`` is how the turn then ended."""

    text: str
    cause: Cause
    reason: str = "error"
    status: int | None = None
    retry_after: float | None = None
    until: float | None = None  # epoch seconds


class OpenTurn(msgspec.Struct):
    """The running turn. Times: monotonic and epoch seconds. ``said`` is the beginning of its text."""

    number: int
    text: str
    since: float
    wall: float
    spoke: bool = False
    changed: bool = False
    cancelling: bool = False
    activity: str = ""
    taken: bool = False
    said: str = ""
    fault: Fault | None = None


class OpenRequest(msgspec.Struct):
    """A request of the agent that waits for the user. ``form`` is the schema of an elicitation."""

    request: Request
    rpc_id: RpcId
    method: str
    since: float
    turn: int | None = None
    form: dict[str, Any] = {}
    elicitation: str | None = None


class ReplyDue(msgspec.Struct):
    """An answer the protocol owes and no user decides."""

    key: str
    data: bytes


class Choice(msgspec.Struct):
    """One value a configuration option can take."""

    value: str
    name: str
    description: str = ""


class Option(msgspec.Struct):
    """A select configuration option of the session; ``category`` is mode, model or something else."""

    id: str
    category: str
    current: str
    choices: tuple[Choice, ...] = ()


class Known(msgspec.Struct):
    """What the agent said about itself in the handshake."""

    load: bool = False
    resume: bool = False
    fork: bool = False
    auth_methods: dict[str, str] = {}
    agent: str = ""


class Spent(msgspec.Struct):
    """Usage so far: sums over turns, and dollars of ended sessions apart from the running one's."""

    usage: Usage = Usage()
    cost_before: float = 0.0
    cost_now: float | None = None


class State(msgspec.Struct):
    """All of it. What ``fresh`` does not carry over belongs to one incarnation of the program."""

    version: int
    incarnation: int = 0
    phase: Phase = Phase.DOWN
    closed: bool = False  # the agent closed its output while it lives
    out: Splitter = msgspec.field(default_factory=Splitter)
    inp: Splitter = msgspec.field(default_factory=Splitter)
    complaint: bytes = b""  # the last of what it wrote to stderr
    known: Known = msgspec.field(default_factory=Known)
    pending: dict[str, Pending] = {}
    deadline: float | None = None
    tried: list[str] = []  # session methods that failed in this incarnation
    lost: str = ""  # why the earlier session could not be continued in this incarnation
    skipped: list[str] = []  # settings that cannot be made in this incarnation
    session_id: str | None = None
    began: float | None = None  # epoch second at which the session began, if we saw it
    held_until: float | None = None  # the session is not opened before that (monotonic)
    prompted: bool = False  # something was said in this session
    modes: tuple[Mode, ...] = ()
    mode: str | None = None
    options: list[Option] = []
    models: tuple[Model, ...] = ()
    model: str | None = None
    trouble: Trouble | None = None
    loaded: bool = False  # a session was loaded and nothing was said in it yet: history may still come
    turn: OpenTurn | None = None
    resting: Resting | None = None
    requests: list[OpenRequest] = []
    replies: dict[str, ReplyDue] = {}
    owed: int = 0  # replies owed so far, for keys that are never used twice
    tools: dict[str, ToolCall] = {}
    closed_keys: dict[str, int] = {}
    noted: dict[str, int] = {}
    spent: Spent = msgspec.field(default_factory=Spent)

    def fresh(self, incarnation: int) -> State:
        """Return the state in which the next process of the same agent begins."""
        return State(
            self.version,
            incarnation,
            Phase.INITIALIZE,
            session_id=self.session_id,
            began=self.began,
            prompted=self.prompted,
            closed_keys=self.closed_keys,
            spent=self.spent,
        )

    @property
    def loading(self) -> bool:
        """Tell whether ``session/load`` is not answered yet."""
        return any(p.method == "session/load" for p in self.pending.values())

    @property
    def replaying(self) -> bool:
        """Tell whether the agent is repeating history; some answer ``session/load`` before they are through with it."""
        return self.loaded or self.loading

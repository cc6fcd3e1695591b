"""What a conversation with Codex remembers: the saved state of the adapter, values only."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import msgspec

from agents.adapters.framing import Splitter
from agents.adapters.resting import Resting
from agents.model import Model, Request, ToolCall, Trouble, Usage

#: Items, requests, owed replies and threads kept at once; a program that goes beyond is broken or hostile.
MAX_ITEMS: Final = 512
MAX_REQUESTS: Final = 32
MAX_REPLIES: Final = 256
MAX_THREADS: Final = 64

RpcId = int | str


class Phase(StrEnum):
    """How far the handshake of this incarnation is."""

    DOWN = "down"
    INITIALIZE = "initialize"
    ACCOUNT = "account"
    OPEN = "open"
    HISTORY = "history"
    CONFIGURE = "configure"
    READY = "ready"
    FAILED = "failed"


class Pending(msgspec.Struct):
    """A request of ours that was written and has no answer; ``value`` is what it asked for."""

    method: str
    value: str = ""


class OpenTurn(msgspec.Struct):
    """The running turn; number 0 is one the program began on its own. Times: monotonic and epoch seconds.

    ``id`` is the program's own, empty until it told it.
    """

    number: int
    id: str
    since: float
    wall: float
    taken: bool = False
    spoke: bool = False
    changed: bool = False
    cancelling: bool = False
    activity: str = ""


class OpenRequest(msgspec.Struct):
    """A request of the program that waits for the user: what is needed to answer it."""

    request: Request
    rpc_id: RpcId
    method: str
    since: float
    thread: str
    params: dict[str, Any] = {}
    decisions: dict[str, Any] = {}  # option id -> what goes on the line for it
    blocking: bool = True


class ReplyDue(msgspec.Struct):
    """An answer the protocol owes and no user decides."""

    key: str
    data: bytes


class Tokens(msgspec.Struct):
    """What one thread spent: ``before`` is not ours or was counted before the program began anew, ``now`` its total."""

    before: dict[str, int] = {}
    now: dict[str, int] = {}


class Window(msgspec.Struct):
    """One limit of the account: how much of it is used up, and when it is reset (epoch seconds)."""

    used: float
    resets: float


class Settings(msgspec.Struct):
    """What the program said a thread runs with."""

    approval: str = ""
    sandbox: dict[str, Any] = {}
    collaboration: str = "default"
    model: str | None = None


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
    greeted: bool = False  # ``initialized`` was written
    pending: dict[str, Pending] = {}
    thread: str | None = None
    prompted: bool = False  # something was said in this thread, so that it is on the program's disk
    continued: bool = False  # the thread was there before this incarnation
    tried: list[str] = []  # ways to open the thread that failed in this incarnation
    settings: Settings = msgspec.field(default_factory=Settings)
    models: list[Model] = []
    models_page: str | None = ""  # where the list goes on, None once it is whole
    turn: OpenTurn | None = None
    resting: Resting | None = None
    waits: list[str] = []  # what the program says the thread waits for
    trouble: Trouble | None = None
    limits: list[Window] = []
    requests: list[OpenRequest] = []
    replies: dict[str, ReplyDue] = {}
    owed: int = 0  # replies owed so far, for keys that are never used twice
    tools: dict[str, ToolCall] = {}
    foreign: dict[str, ToolCall] = {}  # open edits of other threads (subagents), for what they ask
    background: list[str] = []  # commands of earlier turns that run on
    stopping: list[str] = []  # commands of an interrupted turn that may run on
    doomed: list[str] = []  # the program's own ids of those that do
    stops: int = 0  # how often it was asked for them, for keys that are never used twice
    told: dict[str, int] = {}  # item -> characters of it that were streamed
    steered: dict[str, str] = {}  # message id -> text that was put into the turn and not taken yet
    noted: dict[str, int] = {}
    tokens: dict[str, Tokens] = {}
    usage: Usage = Usage()

    def fresh(self, incarnation: int) -> State:
        """Return the state in which the next process of the same agent begins."""
        return State(
            self.version,
            incarnation,
            Phase.INITIALIZE,
            thread=self.thread,
            prompted=self.prompted,
            settings=Settings(model=self.settings.model),
            tokens=self.tokens,
            usage=self.usage,
        )

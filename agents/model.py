"""The vocabulary: ids, axes of state, requests, transcript blocks and the fleet row.

Values only. Imports nothing of ours, does no I/O and knows no clock.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum, StrEnum

import msgspec

AgentId = str
RequestKey = str

#: Agent text carried inside one event or row field, in bytes; longer bodies are references.
MAX_INLINE_TEXT = 64 * 1024


class Lifecycle(StrEnum):
    """What the keeper knows about the process."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    EXITED = "exited"
    FAILED = "failed"
    LOST = "lost"


#: Lifecycles in which a process of the agent may be alive.
LIVE = frozenset({Lifecycle.STARTING, Lifecycle.RUNNING, Lifecycle.STOPPING})


class Turn(StrEnum):
    """What the conversation is doing; ``unknown`` is the fallback, never ``idle``."""

    UNKNOWN = "unknown"
    IDLE = "idle"
    WORKING = "working"
    BLOCKED = "blocked"
    SLEEPING = "sleeping"
    DONE = "done"
    ERROR = "error"


class Blocked(StrEnum):
    """Why a turn waits for the user."""

    PERMISSION = "permission"
    QUESTION = "question"
    AUTH = "auth"


class Health(StrEnum):
    """What is wrong around the turn; never decides the turn."""

    OK = "ok"
    STALLED = "stalled"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    AUTH_LOST = "auth_lost"
    PROVIDER_DOWN = "provider_down"
    DISK_FULL = "disk_full"


class Cause(StrEnum):
    """Why a provider or an agent did not do what it was asked (issue 4): one word for every vendor's own."""

    AUTH = "auth"  # the key or the login is refused
    BILLING = "billing"  # no credit
    RATE_LIMIT = "rate_limit"  # too many requests; passes by itself, often at a known time
    QUOTA = "quota"  # the plan's allowance is used up until it is reset
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    NETWORK = "network"  # refused, unreachable, cut
    TIMEOUT = "timeout"  # no answer in time
    CONTEXT_FULL = "context_full"
    MODEL = "model"  # not found, or not for this account
    REFUSAL = "refusal"  # the model would not
    CRASH = "crash"  # the program itself broke
    UNKNOWN = "unknown"


class Trouble(msgspec.Struct, frozen=True):
    """What the agent itself said is wrong with what it depends on.

    ``since`` and ``until`` are epoch seconds; ``until`` is when the provider said it passes. ``retrying`` is true
    while the agent goes on trying by itself, false once it gave up.
    """

    cause: Cause
    detail: str
    since: float
    until: float | None = None
    retrying: bool = False
    attempt: int | None = None
    attempts: int | None = None
    status: int | None = None  # of HTTP


class Rank(IntEnum):
    """Strength of evidence, 1 strongest (status.md, "Evidence")."""

    PROTOCOL = 1
    OSC7501 = 2
    HOOKS = 3
    TITLE = 4
    SCREEN = 5
    PROCESS = 6


class Headline(StrEnum):
    """The one word a row shows; the table lives in ``agents.status.headline``."""

    LOG_IN = "log_in"
    ALLOW = "allow"
    ASKS = "asks"
    FAILED = "failed"
    CHECK = "check"
    DONE = "done"
    SILENT = "silent"
    PARKED = "parked"
    OVERLOADED = "overloaded"
    WORKING = "working"
    STARTING = "starting"
    STOPPING = "stopping"
    IDLE = "idle"
    UNTIL = "until"
    QUEUED = "queued"
    UNKNOWN = "unknown"
    EXITED = "exited"


class Recovery(StrEnum):
    """What can be done about an agent that was cut off by a crash, a log-out or a reboot."""

    RESUME = "resume"  # a new process continues its session
    NEEDS_YOU = "needs_you"  # it can go on, but what it waited for is gone or something is missing
    LOST = "lost"  # it has no session to continue


class Capability(StrEnum):
    """What an agent can do; the UI asks this and never who the agent is."""

    PROMPT = "prompt"  # takes messages
    INTERRUPT = "interrupt"  # the running turn can be cancelled
    ANSWER = "answer"  # asks for permissions as protocol objects
    ALWAYS = "always"  # can remember an allowance
    RESUME = "resume"  # a new process can continue the session
    MODES = "modes"
    MODELS = "models"  # the model can be switched
    FORK = "fork"  # a new agent can begin with a copy of the conversation
    STEER = "steer"  # a message can be put into the running turn
    INPUT = "input"  # takes raw bytes (pty or stdin)
    TERMINAL = "terminal"  # lives on a pty
    TRANSCRIPT = "transcript"  # produces transcript blocks
    TURNS = "turns"  # takes raw bytes, and yet its screen tells when a message was taken and when a turn is over


def has_turns(capabilities: Collection[Capability]) -> bool:
    """Tell whether turns of such an agent begin and end; of any other program only the delivery is known."""
    return Capability.INPUT not in capabilities or Capability.TURNS in capabilities


class Stream(StrEnum):
    """The four recorded byte streams of an agent."""

    OUT = "out"
    ERR = "err"
    IN = "in"
    CTL = "ctl"


class Mark(msgspec.Struct, frozen=True):
    """One stimulus in an agent's single ordered sequence (architecture.md, "Adoption by replay").

    ``offset`` and ``length`` are bytes in the stream's log, global over segments. ``wall`` is seconds
    since the epoch, ``monotonic`` seconds on a clock that excludes suspend, valid within one boot.
    """

    seq: int
    stream: Stream
    offset: int
    length: int
    wall: float
    monotonic: float


class RequestOption(msgspec.Struct, frozen=True):
    """One way to answer; chosen by ``kind`` (allow_once, allow_always, reject_once, reject_always)."""

    id: str
    kind: str
    name: str


class Diff(msgspec.Struct, frozen=True):
    """A file edit as shown to the user; ``old`` is ``None`` for a new file."""

    path: str
    old: str | None
    new: str


class Question(msgspec.Struct, frozen=True):
    """One question of an elicitation, with its choices (empty = free text)."""

    text: str
    choices: tuple[str, ...] = ()
    multiple: bool = False


class Request(msgspec.Struct, frozen=True):
    """Something the agent waits for the user to decide.

    ``key`` identifies it for ever: ``<incarnation>:<rpc id>:<content hash>`` (agents restart ids at 0).
    """

    key: RequestKey
    kind: Blocked
    title: str
    opened_at: float
    tool_kind: str = "other"
    command: str | None = None
    cwd: str | None = None
    detail: str = ""
    diffs: tuple[Diff, ...] = ()
    paths: tuple[str, ...] = ()
    options: tuple[RequestOption, ...] = ()
    questions: tuple[Question, ...] = ()
    tool_call: str | None = None


class Rule(msgspec.Struct, frozen=True):
    """A standing answer to permissions; what is ``None`` or empty says nothing. Times are epoch seconds.

    ``effect`` is allow or deny; ``command`` the first words of the program's argv, ``path`` a glob inside the project.
    """

    id: int
    effect: str
    tool: str | None = None
    command: tuple[str, ...] = ()
    path: str | None = None
    kind: str | None = None
    project: str | None = None
    agent: AgentId | None = None
    team: str | None = None
    expires: float | None = None
    note: str = ""
    created_at: float = 0.0


class PlanEntry(msgspec.Struct, frozen=True):
    """One line of an agent's plan; status pending, in_progress or completed."""

    text: str
    status: str = "pending"
    priority: str = "medium"


class LogRef(msgspec.Struct, frozen=True):
    """Where a body too large for an event lies: bytes of a raw log."""

    stream: Stream
    offset: int
    length: int


class ToolCall(msgspec.Struct, frozen=True):
    """A tool call; status pending, in_progress, completed, failed or cancelled. Times are epoch seconds."""

    id: str
    title: str
    kind: str = "other"
    status: str = "pending"
    command: str | None = None
    output: str = ""
    diffs: tuple[Diff, ...] = ()
    locations: tuple[str, ...] = ()
    started_at: float | None = None
    ended_at: float | None = None


class Decision(msgspec.Struct, frozen=True):
    """How a request ended: outcome allowed, always, denied, answered, cancelled or withdrawn."""

    key: RequestKey
    outcome: str
    title: str
    by: str = ""
    at: float = 0.0
    reason: str = ""


class BlockKind(StrEnum):
    """What a transcript block shows."""

    USER = "user"
    MESSAGE = "message"
    THOUGHT = "thought"
    TOOL = "tool"
    PLAN = "plan"
    PERMISSION = "permission"
    ERROR = "error"
    NOTE = "note"
    TURN = "turn"


class Block(msgspec.Struct, frozen=True, omit_defaults=True):
    """One transcript block, identified by ``n`` within its agent; a higher ``rev`` replaces a lower one.

    ``seq`` is the mark that last changed it. ``ref`` is set when ``text`` was cut at MAX_INLINE_TEXT.
    """

    n: int
    rev: int
    kind: BlockKind
    turn: int
    at: float
    seq: int = 0
    text: str = ""
    tool: ToolCall | None = None
    plan: tuple[PlanEntry, ...] = ()
    decision: Decision | None = None
    replayed: bool = False
    open: bool = False
    ref: LogRef | None = None


class Usage(msgspec.Struct, frozen=True):
    """Tokens and list-price dollars of an agent so far; ``None`` is unknown, never zero."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    context_used: int | None = None
    context_size: int | None = None
    cost: float | None = None


class Mode(msgspec.Struct, frozen=True):
    """A session mode the agent announced."""

    id: str
    name: str
    description: str = ""


class Model(msgspec.Struct, frozen=True):
    """A model the agent announced."""

    id: str
    name: str
    description: str = ""


class SlashCommand(msgspec.Struct, frozen=True):
    """A ``/`` command the agent announced."""

    name: str
    description: str = ""


class Evidence(msgspec.Struct, frozen=True):
    """One claim about ``turn`` (or ``health``): who says what since when, and until when it counts.

    ``since`` and ``expires`` are on the agent's monotonic clock, ``wall`` is epoch seconds for people.
    """

    rank: Rank
    turn: Turn
    since: float
    wall: float
    blocked: Blocked | None = None
    detail: str = ""
    confidence: float = 1.0
    expires: float | None = None
    tool_activity: bool = False  # seen because a tool ran: demotes an earlier ``blocked``
    rule: str = ""  # the rule of a program's file that says so, for titles, notifications and screens


class QueuedPrompt(msgspec.Struct, frozen=True):
    """A message that has not become a turn. ``state``: queued, sent (on its way), delivered, undelivered."""

    turn: int
    text: str
    at: float
    state: str = "queued"
    reason: str = ""


class Delivery(StrEnum):
    """How far a message got, each step a fact of its own.

    ``delivered`` is the keeper's word, ``submitted`` and ``started`` the program's own.
    """

    QUEUED = "queued"  # it waits for its turn
    SENT = "sent"  # on its way to the agent
    DELIVERED = "delivered"  # all its bytes were written into the agent
    SUBMITTED = "submitted"  # the program itself showed that it took it
    STARTED = "started"  # it works on it, or has
    UNDELIVERED = "undelivered"


class TurnDelivery(msgspec.Struct, frozen=True):
    """How far the newest message that left the queue got."""

    turn: int
    state: Delivery


class TurnEnd(msgspec.Struct, frozen=True):
    """How a turn ended: ``reason`` as the protocol says; ``ok`` is false for errors and refusals."""

    turn: int
    reason: str
    ok: bool
    detail: str = ""
    cause: Cause | None = None
    empty: bool = False  # zero output and zero changes, or an error as chat text


class AgentRow(msgspec.Struct, frozen=True):
    """All the fleet knows about one agent; flat, since it is also what ``ls --json`` prints.

    Unknown is ``None`` or ``"unknown"``, never absent. Times are epoch seconds; ``since`` is when the
    headline last changed its meaning.
    """

    id: AgentId
    name: str
    kind: str
    family: str
    project: str
    branch: str | None
    cwd: str
    lifecycle: Lifecycle
    exit_code: int | None
    turn: Turn
    blocked: Blocked | None
    health: Health
    headline: str
    since: float
    unread: int
    cost: float | None
    team: str | None
    labels: tuple[str, ...]
    state: Headline = Headline.UNKNOWN
    rank: int | None = None
    exit_signal: int | None = None
    reason: str = ""
    source: str = "none"
    activity: str = ""
    until: float | None = None
    background: int = 0
    usage: Usage = Usage()
    note: str = ""
    parent: AgentId | None = None
    terminal_of: AgentId | None = None
    slot: int | None = None
    worktree: str | None = None
    mode: str | None = None
    modes: tuple[Mode, ...] = ()
    model: str | None = None
    models: tuple[Model, ...] = ()
    commands: tuple[SlashCommand, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    requests: tuple[Request, ...] = ()
    queue: tuple[QueuedPrompt, ...] = ()
    turn_number: int = 0
    plan: tuple[PlanEntry, ...] = ()
    session_id: str | None = None
    pid: int | None = None
    incarnation: int = 0
    created_at: float = 0.0
    archived: bool = False
    demo: bool = False
    catching_up: bool = False
    snoozed_until: float | None = None
    out_size: int = 0
    err_size: int = 0
    blocks: int = 0
    recovery: Recovery | None = None
    recovery_note: str = ""
    cause: Cause | None = None
    trouble: Trouble | None = None
    delivery: TurnDelivery | None = None


class Incident(msgspec.Struct, frozen=True):
    """One thing that befell several agents: a lost login (``state`` log_in) or a provider they wait for (parked).

    ``vendor`` is whose login or service it is; ``until`` (epoch seconds) when all of them go on, if that is known.
    """

    state: Headline
    vendor: str
    agents: tuple[AgentId, ...]
    names: tuple[str, ...]
    until: float | None = None

"""All that is known of a program in a terminal: what a checkpoint holds. Values only; nothing here decides."""

from __future__ import annotations

from typing import Literal

import msgspec

from agents.adapters.contract import Want
from agents.model import Blocked, Request, Turn
from agents.status.osc7501 import Records
from agents.status.signals import Signals
from agents.vt.modes import Modes
from agents.vt.screen import ScreenState
from agents.vt.stream import Splitter


class Reply(msgspec.Struct, frozen=True):
    """The answer to a query that was not written yet; ``at`` is when it was asked, on the agent's clock."""

    key: str
    data: bytes
    at: float


class Replies(msgspec.Struct):
    """Answers to queries, in order, and how many more may be given soon (``left``, counted at ``left_at``)."""

    waiting: list[Reply] = []
    count: int = 0
    left: float = 0.0
    left_at: float = 0.0
    asked_at: float | None = None


class Asked(msgspec.Struct, frozen=True):
    """An approval as it was read: its request, the hash of what it says, and for each option its id, kind and keys."""

    request: Request
    content: str
    keys: tuple[tuple[str, str, bytes], ...]


class Asks(msgspec.Struct):
    """The approval on the screen, how many there were in this process, and what was pressed about it, if anything.

    ``seen`` and ``rows`` are what the last look read and where, ``since`` when it first was read so: what is still
    being drawn is not open yet. ``is_touched`` tells that a key was pressed since that may have moved its highlight.
    """

    count: int = 0
    seen: str = ""
    rows: tuple[int, int] = (0, 0)
    since: float = 0.0
    is_touched: bool = False
    open: Asked | None = None
    pressed_at: float | None = None
    outcome: str = ""


class Shown(msgspec.Struct):
    """What the last look at the screen showed; ``since`` is when its claim began to hold.

    ``dirty`` is when the program first printed after it, ``None`` when it did not. ``empty_since`` is since when the
    input box was seen empty at every look, ``is_rested`` that this is long enough to type into it.
    """

    at: float = 0.0
    dirty: float | None = None
    turn: Turn = Turn.UNKNOWN
    blocked: Blocked | None = None
    detail: str = ""
    rule: str = ""
    since: float = 0.0
    wall: float = 0.0
    has_box: bool = False
    box: str = ""
    is_empty: bool = False
    is_collapsed: bool = False
    has_dialog: bool = False
    empty_since: float | None = None
    is_rested: bool = False
    is_torn: bool = False


class Step(msgspec.Struct, frozen=True):
    """Bytes the delivery of a message needs written next."""

    key: str
    what: Literal["paste", "enter"]
    data: bytes


class Delivery(msgspec.Struct):
    """A message on its way: ``pasted`` into the program, then ``entered``. ``at`` is when that step was done.

    ``text`` is what was pasted, as far as it is kept (``is_whole``); ``pastes`` and ``enters`` count the steps.
    """

    turn: int
    text: str
    at: float
    size: int
    is_whole: bool = True
    stage: Literal["pasted", "entered"] = "pasted"
    pastes: int = 1
    enters: int = 0
    is_touched: bool = False  # somebody typed since it was pasted
    due: Step | None = None  # the step that is to be done now


class Turns(msgspec.Struct):
    """Which turn runs, if any, by number, and whether the program was seen to work on it (``begun``).

    ``turn`` and what follows is the verdict on what the terminal alone says; ``recheck`` is when time may change it.
    Until ``grace`` a turn that was just submitted is not over, though the program looks as it did before.
    """

    running: int | None = None
    begun: bool = False
    grace: float | None = None
    is_cancelled: bool = False
    is_over: bool = False  # the newest turn came to its end: a program at rest has something to show
    turn: Turn = Turn.UNKNOWN
    blocked: Blocked | None = None
    detail: str = ""
    since: float = 0.0
    recheck: float | None = None


class Typing(msgspec.Struct):
    """What is being typed into the program: a paste that has begun, and the last whole one until it is known whose."""

    open: bytes = b""
    size: int = 0  # of what is open, of which the middle may not be kept
    pasted: bytes = b""
    pasted_size: int = 0


class State(msgspec.Struct):
    """Everything of one program; times are on the agent's clock, ``wall`` epoch seconds."""

    version: int
    screen: ScreenState
    incarnation: int = 0
    alive: bool = False
    open: bool = False
    started: float = 0.0
    now: float = 0.0
    wall: float = 0.0
    last_output: float = 0.0
    splitter: Splitter = msgspec.field(default_factory=Splitter)
    modes: Modes = msgspec.field(default_factory=Modes)
    records: Records = msgspec.field(default_factory=Records)
    signals: Signals = msgspec.field(default_factory=Signals)
    replies: Replies = msgspec.field(default_factory=Replies)
    shown: Shown = msgspec.field(default_factory=Shown)
    asks: Asks = msgspec.field(default_factory=Asks)
    turns: Turns = msgspec.field(default_factory=Turns)
    delivery: Delivery | None = None
    typing: Typing = msgspec.field(default_factory=Typing)
    steps: int = 0  # steps of deliveries and further keys so far: their names
    keys: bytes = b""  # of an interrupt, to be pressed one by one
    key_at: float | None = None  # when the next of them is
    key: Want | None = None  # the one that is due

    def pass_to(self, now: float, wall: float) -> None:
        """Note the time; it never goes back."""
        self.now, self.wall = max(self.now, now), wall

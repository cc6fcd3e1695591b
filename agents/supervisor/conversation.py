"""What the row says about the conversation: a fold over an adapter's facts. Pure; dumped into checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agents.adapters.contract import (
    TYPED,
    CommandsChanged,
    Fact,
    ModelsChanged,
    ModesChanged,
    PlanChanged,
    ProcessEnded,
    ProcessStarted,
    PromptTaken,
    RequestClosed,
    RequestOpened,
    SessionFailed,
    SessionStarted,
    TextAppended,
    ToolCallChanged,
    TurnEnded,
    TurnStarted,
    UsageChanged,
)
from agents.model import Cause, Mode, Model, PlanEntry, RequestKey, SlashCommand, TurnEnd, Usage

#: News that are counted one by one; more show as this many.
MAX_NEWS = 999

#: Outcomes of requests that are remembered for a late second answer.
MAX_OUTCOMES = 256

#: Ended turns of which it is remembered how.
MAX_ENDS = 64

#: Why a turn ended whose process was gone: that says nothing about whether the program had taken the prompt.
PROCESS_ENDED = "process_ended"

_OPEN = frozenset({"pending", "in_progress"})


class Outcome(msgspec.Struct, frozen=True):
    """How a request ended by the agent's own stream, and when (epoch seconds)."""

    outcome: str
    at: float


class Conversation(msgspec.Struct):
    """Owned by one unit, changed only by ``apply``; ``news`` are the marks of what the user may want to see."""

    session_id: str | None = None
    opened: bool = False  # the present incarnation has a session, or has said why not
    failure: str = ""
    hint: str = ""
    started: int = 0
    taken: int = 0  # the newest prompt the program itself showed to have
    begun: int = 0  # the newest turn in which the agent did anything
    ended: int = 0
    is_typed: bool = False  # a turn runs that the user began in the program himself; it has no number
    typed: int = 0  # how many of those ended
    ends: dict[int, TurnEnd] = {}
    empty: bool = False
    detail: str = ""
    cause: Cause | None = None  # of the turn that failed last, until the next one begins
    usage: Usage = Usage()
    modes: tuple[Mode, ...] = ()
    mode: str | None = None
    models: tuple[Model, ...] = ()
    model: str | None = None
    commands: tuple[SlashCommand, ...] = ()
    plan: tuple[PlanEntry, ...] = ()
    tools: dict[str, str] = {}
    news: list[int] = []
    outcomes: dict[RequestKey, Outcome] = {}
    asking: dict[RequestKey, str] = {}  # titles of what is open
    dropped: tuple[int, str] = (-1, "")  # the mark the newest request ended with, and its title
    cut_off: str = ""  # what it was asking when its process ended

    def apply(self, fact: Fact, seq: int, wall: float) -> None:
        """Take one fact that came with mark ``seq``."""
        handler = _HANDLERS.get(type(fact))
        if handler is not None:
            handler(self, fact, seq, wall)

    def unread(self, seen_seq: int) -> int:
        """Return how many news came after mark ``seen_seq``."""
        return sum(1 for seq in self.news if seq > seen_seq)

    def forget_news(self, seen_seq: int) -> None:
        """Drop what was seen."""
        self.news = [seq for seq in self.news if seq > seen_seq]

    @property
    def activity(self) -> str:
        """Return what it does now: its newest open tool call, else its present plan entry."""
        if self.tools:
            return next(reversed(self.tools.values()))
        return next((entry.text for entry in self.plan if entry.status == "in_progress"), "")

    def begin(self, turn: int) -> None:
        """Note that the agent did something in a turn: a prompt it works on is one it has taken."""
        self.begun = max(self.begun, turn)
        self.taken = max(self.taken, turn)

    @property
    def running(self) -> int:
        """Return the number of the running turn, 0 when none of a message runs."""
        return self.started if self.started > self.ended else 0

    def tell(self, seq: int) -> None:
        """Count one more thing the user may want to see."""
        self.news = [*self.news[-MAX_NEWS + 1 :], seq]


def _process(c: Conversation, _fact: Any, _seq: int, _wall: float) -> None:
    c.opened, c.failure, c.hint, c.tools = False, "", "", {}
    c.asking, c.cut_off = {}, ""


def _process_ended(c: Conversation, _fact: Any, seq: int, _wall: float) -> None:
    at, title = c.dropped
    c.cut_off = title if at == seq else ""


def _session(c: Conversation, fact: SessionStarted, _seq: int, _wall: float) -> None:
    c.session_id, c.opened, c.failure, c.hint = fact.session_id, True, "", ""


def _session_failed(c: Conversation, fact: SessionFailed, seq: int, _wall: float) -> None:
    c.opened, c.failure, c.hint = True, fact.text, fact.hint
    c.tell(seq)


def _turn_started(c: Conversation, fact: TurnStarted, _seq: int, _wall: float) -> None:
    c.started = max(c.started, fact.turn)
    c.is_typed = fact.turn == TYPED
    c.tools, c.empty, c.detail, c.cause = {}, False, "", None


def _prompt_taken(c: Conversation, fact: PromptTaken, _seq: int, _wall: float) -> None:
    c.taken = max(c.taken, fact.turn)
    if fact.begun:
        c.begin(fact.turn)


def _turn_ended(c: Conversation, fact: TurnEnded, seq: int, _wall: float) -> None:
    c.is_typed = False
    if fact.turn == TYPED:
        c.typed += 1
    else:
        _number_ended(c, fact)
    c.tools, c.empty, c.detail, c.cause = {}, fact.empty, fact.detail, fact.cause
    c.tell(seq)


def _number_ended(c: Conversation, fact: TurnEnded) -> None:
    c.ended = max(c.ended, fact.turn)
    if fact.reason != PROCESS_ENDED:
        c.begin(fact.turn)
    c.ends[fact.turn] = TurnEnd(fact.turn, fact.reason, fact.ok, fact.detail, fact.cause, fact.empty)
    while len(c.ends) > MAX_ENDS:
        del c.ends[next(iter(c.ends))]


def _text(c: Conversation, fact: TextAppended, _seq: int, _wall: float) -> None:
    if fact.replayed:
        return
    if fact.role == "user":  # an echo: taken, not yet worked on
        c.taken = max(c.taken, c.running)
    else:
        c.begin(c.running)


def _tool(c: Conversation, fact: ToolCallChanged, _seq: int, _wall: float) -> None:
    if fact.replayed:
        return
    c.begin(c.running)
    c.tools.pop(fact.call.id, None)
    if fact.call.status in _OPEN:
        c.tools[fact.call.id] = fact.call.title


def _plan(c: Conversation, fact: PlanChanged, _seq: int, _wall: float) -> None:
    c.plan = fact.entries
    if not fact.replayed:
        c.begin(c.running)


def _opened(c: Conversation, fact: RequestOpened, seq: int, _wall: float) -> None:
    c.asking[fact.request.key] = fact.request.title
    c.begin(c.running)
    c.tell(seq)


def _closed(c: Conversation, fact: RequestClosed, seq: int, wall: float) -> None:
    c.dropped = (seq, c.asking.pop(fact.key, ""))
    c.outcomes[fact.key] = Outcome(fact.outcome, wall)
    while len(c.outcomes) > MAX_OUTCOMES:
        del c.outcomes[next(iter(c.outcomes))]


def _usage(c: Conversation, fact: UsageChanged, _seq: int, _wall: float) -> None:
    c.usage = fact.usage


def _modes(c: Conversation, fact: ModesChanged, _seq: int, _wall: float) -> None:
    c.modes, c.mode = fact.modes, fact.current


def _models(c: Conversation, fact: ModelsChanged, _seq: int, _wall: float) -> None:
    c.models, c.model = fact.models, fact.current


def _commands(c: Conversation, fact: CommandsChanged, _seq: int, _wall: float) -> None:
    c.commands = fact.commands


_HANDLERS: dict[type[Fact], Callable[[Conversation, Any, int, float], None]] = {
    ProcessStarted: _process,
    ProcessEnded: _process_ended,
    SessionStarted: _session,
    SessionFailed: _session_failed,
    TurnStarted: _turn_started,
    PromptTaken: _prompt_taken,
    TurnEnded: _turn_ended,
    TextAppended: _text,
    ToolCallChanged: _tool,
    PlanChanged: _plan,
    RequestOpened: _opened,
    RequestClosed: _closed,
    UsageChanged: _usage,
    ModesChanged: _modes,
    ModelsChanged: _models,
    CommandsChanged: _commands,
}

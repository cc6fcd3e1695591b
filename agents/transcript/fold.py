"""Facts folded into transcript blocks: the same facts always give the same blocks with the same revisions.

No clock, no I/O: times come from marks. Text of agents is made safe to show here (status.md, "untrusted").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final, Self

import msgspec

from agents.adapters.contract import (
    TYPED,
    Fact,
    Noted,
    PlanChanged,
    ProcessEnded,
    ProcessStarted,
    RequestClosed,
    RequestOpened,
    SessionFailed,
    SessionStarted,
    TextAppended,
    ToolCallChanged,
    TurnEnded,
    TurnStarted,
)
from agents.adapters.limits import cut_bytes, fit_diffs, size
from agents.model import (
    MAX_INLINE_TEXT,
    Block,
    BlockKind,
    Decision,
    Diff,
    LogRef,
    Mark,
    PlanEntry,
    RequestKey,
    ToolCall,
)
from agents.status.headline import age, exit_words
from agents.status.untrusted import clean, one_line

#: Ended tool calls of a turn that a late update may still change in place.
LATE_TOOLS: Final = 64

#: Requests and decisions that may still be told more about each other.
LATE_REQUESTS: Final = 64

_OPEN_STATUS: Final = frozenset({"pending", "in_progress"})
_ROLES: Final = {"message": BlockKind.MESSAGE, "thought": BlockKind.THOUGHT, "user": BlockKind.USER}


class _Text(msgspec.Struct):
    """The block that streamed text is being added to; ``first`` to ``last`` is where it lies in the raw log."""

    n: int
    role: str
    message_id: str | None
    replayed: bool
    parts: list[str]
    held: int
    first: Mark
    last: Mark
    cut: Mark | None = None  # with it the text became too long; what follows is only in the raw log

    def add(self, text: str, mark: Mark) -> bool:
        """Add text; tell whether the block's own text changed (it does not once it is full)."""
        self.last = mark
        if self.cut is not None:
            return False
        room = MAX_INLINE_TEXT - self.held
        # Text that does not fit ends the block's own text, even if a later, shorter piece would.
        kept = cut_bytes(text, room)
        self.parts.append(kept)
        if len(kept) == len(text):
            self.held += size(kept)
        else:
            self.held, self.cut = MAX_INLINE_TEXT, mark
        return True

    def text(self) -> str:
        self.parts = ["".join(self.parts)]
        return self.parts[0]

    def ref(self, until: Mark | None) -> LogRef | None:
        """Return where the whole text lies up to ``until``, ``None`` when nothing of it was cut."""
        if until is None or self.cut is None:
            return None
        return LogRef(self.first.stream, self.first.offset, until.offset + until.length - self.first.offset)


class _State(msgspec.Struct):
    """What must survive a checkpoint. ``blocks`` are those that may still change."""

    version: int
    next: int = 0
    turn: int = 0
    turn_at: float = 0.0
    incarnation: int = 0
    seq: int = 0
    own: bool = False
    hidden: int = 0
    blocks: dict[int, Block] = {}
    text: _Text | None = None
    tools: dict[str, int] = {}
    plan: int | None = None
    requests: dict[RequestKey, int] = {}
    decisions: dict[RequestKey, Decision] = {}
    dirty: dict[int, bool] = {}  # ordered set of blocks changed since the last ``take``


class TranscriptFold:
    """Owns one agent's open blocks; lives in its unit. ``feed`` changes it, ``take`` hands out what changed."""

    VERSION: ClassVar[int] = 1

    def __init__(self) -> None:
        self._state = _State(self.VERSION)

    @classmethod
    def after(cls, total: int) -> Self:
        """Begin behind ``total`` blocks that are in the transcript already."""
        fold = cls()
        fold._state.next = total
        return fold

    @property
    def total(self) -> int:
        """Return how many blocks there are so far."""
        return self._state.next

    def feed(self, facts: Sequence[Fact], mark: Mark, at: float | None = None) -> None:
        """Fold the facts that came with ``mark``; ``at`` (epoch seconds) is given when a tick brought them."""
        self._state.seq = mark.seq
        wall = mark.wall if at is None else at
        for fact in facts:
            handler = _HANDLERS.get(type(fact))
            if handler is not None and not self._hides(fact):
                handler(self, fact, mark, wall)
        self._forget_late()

    def decide(self, decision: Decision) -> None:
        """Say who decided a request and why; before or after the fact that closes it."""
        state = self._state
        n = state.requests.get(decision.key)
        block = None if n is None else state.blocks[n]
        if n is None or block is None or block.open:
            state.decisions[decision.key] = decision
            while len(state.decisions) > LATE_REQUESTS:
                del state.decisions[next(iter(state.decisions))]
        elif block.decision is not None:
            told = block.decision
            merged = msgspec.structs.replace(decision, outcome=told.outcome, title=told.title, at=told.at)
            self._revise(n, decision=merged)

    def take(self) -> tuple[Block, ...]:
        """Return the blocks changed since the last call, in order, each in its present revision."""
        state = self._state
        taken = tuple(self._whole(n) for n in sorted(state.dirty))
        state.dirty = {}
        late = {*state.tools.values(), *state.requests.values()}
        state.blocks = {n: block for n, block in state.blocks.items() if block.open or n in late}
        return taken

    def dump(self) -> bytes:
        """Return the whole state."""
        if self._state.text is not None:
            self._state.text.text()
        return msgspec.json.encode(self._state)

    @classmethod
    def load(cls, state: bytes) -> Self:
        """Rebuild from ``dump``; blocks still open count as changed. Raises ValueError for another version."""
        try:
            saved = msgspec.json.decode(state, type=_State)
        except msgspec.DecodeError as error:
            raise ValueError(f"no state of a transcript fold: {error}") from error
        if saved.version != cls.VERSION:
            raise ValueError(f"state of version {saved.version}, this is {cls.VERSION}")
        fold = cls()
        fold._state = saved
        for n, block in saved.blocks.items():
            if block.open:
                saved.dirty[n] = True
        return fold

    # -- blocks

    def _new(self, kind: BlockKind, mark: Mark, wall: float, **fields: Any) -> int:
        """Add a block; whatever text was streaming ends before it."""
        self._end_text()
        state = self._state
        n = state.next
        state.next += 1
        state.blocks[n] = Block(n, 1, kind, state.turn, wall, mark.seq, **fields)
        state.dirty[n] = True
        return n

    def _revise(self, n: int, **fields: Any) -> None:
        state = self._state
        block = state.blocks[n]
        state.blocks[n] = msgspec.structs.replace(block, rev=block.rev + 1, seq=state.seq, **fields)
        state.dirty[n] = True

    def _whole(self, n: int) -> Block:
        text = self._state.text
        block = self._state.blocks[n]
        if text is None or text.n != n:
            return block
        return msgspec.structs.replace(block, text=text.text(), ref=text.ref(text.cut))

    def _end_text(self) -> None:
        text = self._state.text
        if text is None:
            return
        self._state.text = None
        self._revise(text.n, text=text.text(), ref=text.ref(text.last), open=False)

    def _forget_late(self) -> None:
        """Stop expecting news of the oldest closed tool calls and requests; does not depend on ``take``."""
        state = self._state
        for late, limit in ((state.tools, LATE_TOOLS), (state.requests, LATE_REQUESTS)):
            if len(late) > limit:
                closed = [key for key, n in late.items() if not state.blocks[n].open]
                for key in closed[: len(late) - limit]:
                    del late[key]

    def _hides(self, fact: Fact) -> bool:
        """Tell whether a fact is history the agent repeats and this transcript already has."""
        if not getattr(fact, "replayed", False) or not self._state.own:
            return False
        self._state.hidden += 1
        return True

    # -- facts

    def _on_text(self, fact: TextAppended, mark: Mark, wall: float) -> None:
        state = self._state
        shown = clean(fact.text)
        text = state.text
        same = text is not None and (text.role, text.message_id, text.replayed) == (
            fact.role,
            fact.message_id,
            fact.replayed,
        )
        if text is None or not same:
            if not shown.strip():
                return  # blank beginnings make no block
            n = self._new(_ROLES[fact.role], mark, wall, replayed=fact.replayed, open=True)
            text = state.text = _Text(n, fact.role, fact.message_id, fact.replayed, [], 0, mark, mark)
            text.add(shown, mark)
        elif text.add(shown, mark):
            self._revise(text.n)

    def _on_tool(self, fact: ToolCallChanged, mark: Mark, wall: float) -> None:
        state = self._state
        call, cut = _shown(fact.call)
        ref = LogRef(mark.stream, mark.offset, mark.length) if cut else None
        is_open = call.status in _OPEN_STATUS
        n = state.tools.get(call.id)
        if n is not None:
            self._revise(n, tool=call, ref=ref, open=is_open)
        else:
            fields = {"tool": call, "ref": ref, "open": is_open, "replayed": fact.replayed}
            state.tools[call.id] = self._new(BlockKind.TOOL, mark, wall, **fields)

    def _on_plan(self, fact: PlanChanged, mark: Mark, wall: float) -> None:
        entries = tuple(PlanEntry(one_line(e.text, 400), e.status, e.priority) for e in fact.entries)
        if self._state.plan is not None:
            self._revise(self._state.plan, plan=entries)
        elif entries:
            self._state.plan = self._new(BlockKind.PLAN, mark, wall, plan=entries, open=True, replayed=fact.replayed)

    def _on_turn_started(self, fact: TurnStarted, mark: Mark, wall: float) -> None:
        self._close_turn()
        state = self._state
        state.turn, state.turn_at = fact.turn, wall
        state.own, state.tools = True, {}
        if fact.turn == TYPED and not fact.text:
            return  # what was typed is not on record
        shown = clean(fact.text)
        text = cut_bytes(shown, MAX_INLINE_TEXT)
        ref = LogRef(mark.stream, mark.offset, mark.length) if len(text) < len(shown) else None
        self._new(BlockKind.USER, mark, wall, text=text, ref=ref)

    def _on_turn_ended(self, fact: TurnEnded, mark: Mark, wall: float) -> None:
        self._close_turn()
        state = self._state
        turn, state.turn = state.turn, fact.turn
        detail = clean(cut_bytes(fact.detail, MAX_INLINE_TEXT))
        if not fact.ok:
            self._new(BlockKind.ERROR, mark, wall, text=detail or fact.reason)
        took = age(wall - state.turn_at) if turn == fact.turn and state.turn_at else ""
        self._new(BlockKind.TURN, mark, wall, text=_turn_words(fact, took))

    def _close_turn(self) -> None:
        self._end_text()
        state = self._state
        if state.plan is not None:
            self._revise(state.plan, open=False)
            state.plan = None
        for n in state.tools.values():
            if state.blocks[n].open:
                self._revise(n, open=False)

    def _on_opened(self, fact: RequestOpened, mark: Mark, wall: float) -> None:
        request = fact.request
        lines = [request.title, *(q.text for q in request.questions if q.text != request.title)]
        if request.command and request.command not in request.title:
            lines.append(request.command)
        text = cut_bytes(clean("\n".join(lines)), MAX_INLINE_TEXT)
        self._state.requests[request.key] = self._new(BlockKind.PERMISSION, mark, wall, text=text, open=True)

    def _on_closed(self, fact: RequestClosed, _mark: Mark, wall: float) -> None:
        state = self._state
        n = state.requests.get(fact.key)
        if n is None or not state.blocks[n].open:
            return
        title = state.blocks[n].text.partition("\n")[0]
        by = state.decisions.pop(fact.key, None)
        decision = Decision(fact.key, fact.outcome, title, at=wall)
        if by is not None:
            decision = msgspec.structs.replace(decision, by=by.by, reason=clean(by.reason), at=by.at or wall)
        self._revise(n, decision=decision, open=False)

    def _on_session(self, fact: SessionStarted, mark: Mark, wall: float) -> None:
        hidden, self._state.hidden = self._state.hidden, 0
        if not fact.resumed:
            return
        text = "Session continued."
        if hidden:
            text += " The agent repeated its history, which is already shown above."
        self._new(BlockKind.NOTE, mark, wall, text=text)

    def _on_session_failed(self, fact: SessionFailed, mark: Mark, wall: float) -> None:
        lines = [clean(line) for line in (fact.text, fact.hint) if line]
        self._new(BlockKind.ERROR, mark, wall, text=cut_bytes("\n".join(lines), MAX_INLINE_TEXT))

    def _on_noted(self, fact: Noted, mark: Mark, wall: float) -> None:
        if fact.level == "info":
            return  # of use in the raw log and in explain, noise between messages
        kind = BlockKind.ERROR if fact.level == "error" else BlockKind.NOTE
        self._new(kind, mark, wall, text=clean(fact.text))

    def _on_process_started(self, fact: ProcessStarted, mark: Mark, wall: float) -> None:
        self._close_turn()
        self._state.tools = {}
        if self._state.incarnation and fact.incarnation > self._state.incarnation:
            self._new(BlockKind.NOTE, mark, wall, text="A new process continues here.")
        self._state.incarnation = fact.incarnation

    def _on_process_ended(self, fact: ProcessEnded, mark: Mark, wall: float) -> None:
        self._close_turn()
        words = exit_words(fact.code, fact.signal)
        text = f"The process was ended by {words}." if fact.signal is not None else f"The process exited with {words}."
        self._new(BlockKind.NOTE, mark, wall, text=text)


def _turn_words(fact: TurnEnded, took: str) -> str:
    if fact.reason == "cancelled":
        words = "interrupted"
    elif not fact.ok:
        words = "failed"
    else:
        words = "ended without output or changes" if fact.empty else "done"
    return f"{words} after {took}" if took else words


def _shown_diff(diff: Diff) -> Diff:
    return Diff(one_line(diff.path, 1000), None if diff.old is None else clean(diff.old), clean(diff.new))


def _shown(call: ToolCall) -> tuple[ToolCall, bool]:
    """Return a tool call that is safe to show and fits into one event, and whether it was cut."""
    diffs = tuple(_shown_diff(diff) for diff in call.diffs)
    fitted = fit_diffs(diffs, MAX_INLINE_TEXT)
    room = max(MAX_INLINE_TEXT // 8, MAX_INLINE_TEXT - sum(size(d.old or "") + size(d.new) for d in fitted))
    output = clean(call.output)
    kept = cut_bytes(output, room)
    shown = msgspec.structs.replace(
        call,
        title=one_line(call.title, 300),
        command=None if call.command is None else clean(cut_bytes(call.command, MAX_INLINE_TEXT // 8)),
        output=kept,
        diffs=fitted,
    )
    return shown, len(kept) < len(output) or fitted != diffs


_HANDLERS: dict[type[Fact], Callable[[TranscriptFold, Any, Mark, float], None]] = {
    TextAppended: TranscriptFold._on_text,
    ToolCallChanged: TranscriptFold._on_tool,
    PlanChanged: TranscriptFold._on_plan,
    TurnStarted: TranscriptFold._on_turn_started,
    TurnEnded: TranscriptFold._on_turn_ended,
    RequestOpened: TranscriptFold._on_opened,
    RequestClosed: TranscriptFold._on_closed,
    SessionStarted: TranscriptFold._on_session,
    SessionFailed: TranscriptFold._on_session_failed,
    Noted: TranscriptFold._on_noted,
    ProcessStarted: TranscriptFold._on_process_started,
    ProcessEnded: TranscriptFold._on_process_ended,
}

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.adapters.contract import (
    CommandsChanged,
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
    UsageChanged,
)
from agents.model import (
    MAX_INLINE_TEXT,
    Block,
    Blocked,
    BlockKind,
    Decision,
    Diff,
    LogRef,
    Mark,
    PlanEntry,
    Question,
    Request,
    Stream,
    ToolCall,
    Usage,
)
from agents.transcript.fold import LATE_TOOLS, TranscriptFold

WALL = 1000.0


class Feeder:
    """Feeds facts one mark each, ten bytes and one second apart, and keeps the newest revision of every block."""

    def __init__(self, fold: TranscriptFold | None = None) -> None:
        self.fold = fold or TranscriptFold()
        self.blocks: dict[int, Block] = {}
        self.seq = 0

    def mark(self) -> Mark:
        mark = Mark(self.seq, Stream.OUT, self.seq * 10, 10, WALL + self.seq, float(self.seq))
        self.seq += 1
        return mark

    def feed(self, *facts: Fact) -> list[Block]:
        for fact in facts:
            self.fold.feed([fact], self.mark())
        return self.take()

    def take(self) -> list[Block]:
        taken = list(self.fold.take())
        self.blocks.update((block.n, block) for block in taken)
        return taken


@pytest.fixture
def f() -> Feeder:
    return Feeder()


def say(text: str, role: str = "message", message: str | None = None, **more: Any) -> TextAppended:
    return TextAppended(role, text, message, **more)


def call(status: str = "pending", call_id: str = "c1", **more: Any) -> ToolCallChanged:
    return ToolCallChanged(ToolCall(call_id, "Run tests", status=status, **more))


def test_streamed_text_is_one_block_with_rising_revisions(f: Feeder) -> None:
    (block,) = f.feed(say("Hel"))
    assert (block.n, block.kind, block.text, block.open, block.at) == (0, BlockKind.MESSAGE, "Hel", True, WALL)
    (later,) = f.feed(say("lo"), say(" there"))
    assert (later.n, later.text, later.rev, later.seq) == (0, "Hello there", block.rev + 2, 2)
    assert f.fold.total == 1


def test_another_role_message_or_block_ends_a_text(f: Feeder) -> None:
    f.feed(say("hm", "thought"), say("Hi"), say("one", message="m1"), say("two", message="m2"), call(), say("three"))
    kinds = [(b.kind, b.text, b.open) for b in f.blocks.values()]
    assert kinds == [
        (BlockKind.THOUGHT, "hm", False),
        (BlockKind.MESSAGE, "Hi", False),
        (BlockKind.MESSAGE, "one", False),
        (BlockKind.MESSAGE, "two", False),
        (BlockKind.TOOL, "", True),
        (BlockKind.MESSAGE, "three", True),
    ]


def test_what_is_no_news_to_the_transcript_ends_no_text(f: Feeder) -> None:
    f.feed(say("a"), UsageChanged(Usage(1)), CommandsChanged(()), Noted("odd"), say("b"))
    assert [b.text for b in f.blocks.values()] == ["ab"]


def test_blank_beginnings_make_no_block(f: Feeder) -> None:
    assert f.feed(say("\n"), say("  ")) == []
    assert f.feed(say("x"))[0].n == 0


def test_a_turn_from_the_users_words_to_its_end(f: Feeder) -> None:
    f.feed(TurnStarted(1, "fix it"), say("done"), TurnEnded(1, "end_turn", ok=True))
    assert [(b.kind, b.turn, b.text, b.open) for b in f.blocks.values()] == [
        (BlockKind.USER, 1, "fix it", False),
        (BlockKind.MESSAGE, 1, "done", False),
        (BlockKind.TURN, 1, "done after 2 s", False),
    ]


@pytest.mark.parametrize(
    ("end", "texts"),
    [
        (TurnEnded(1, "cancelled", ok=True), ["interrupted after 1 s"]),
        (TurnEnded(1, "error", ok=False, detail="quota\x1b[0m is used up"), ["quota is used up", "failed after 1 s"]),
        (TurnEnded(1, "refusal", ok=False), ["refusal", "failed after 1 s"]),
        (TurnEnded(1, "end_turn", ok=True, empty=True), ["ended without output or changes after 1 s"]),
    ],
)
def test_ends_of_turns_say_reason_and_duration(f: Feeder, end: TurnEnded, texts: list[str]) -> None:
    f.feed(TurnStarted(1, "x"), end)
    blocks = list(f.blocks.values())[1:]
    assert [b.text for b in blocks] == texts
    assert blocks[-1].kind is BlockKind.TURN
    assert [b.kind for b in blocks[:-1]] == [BlockKind.ERROR] * (len(texts) - 1)


def test_an_end_without_a_start_has_no_duration(f: Feeder) -> None:
    (block,) = f.feed(TurnEnded(4, "end_turn", ok=True))
    assert (block.text, block.turn) == ("done", 4)


def test_a_tool_call_changes_in_place(f: Feeder) -> None:
    (opened,) = f.feed(call())
    (again,) = f.feed(call("in_progress"), call("completed", output="3 passed", ended_at=WALL + 5))
    assert (again.n, again.rev, again.open) == (opened.n, opened.rev + 2, False)
    assert again.tool is not None
    assert (again.tool.status, again.tool.output) == ("completed", "3 passed")
    (late,) = f.feed(say("x"), call("completed", output="3 passed, 1 warning"))[:1]
    assert (late.n, late.rev) == (opened.n, again.rev + 1)


def test_the_next_turn_may_use_the_same_tool_ids(f: Feeder) -> None:
    f.feed(TurnStarted(1, "a"), call("completed"), TurnEnded(1, "end_turn", ok=True), TurnStarted(2, "b"), call())
    assert [b.turn for b in f.blocks.values() if b.kind is BlockKind.TOOL] == [1, 2]


def test_the_plan_changes_in_place_within_a_turn(f: Feeder) -> None:
    f.feed(PlanChanged(()), TurnStarted(1, "a"), PlanChanged((PlanEntry("x"),)), say("t"))
    f.feed(PlanChanged((PlanEntry("x\u202e", "completed"), PlanEntry("y"))), TurnEnded(1, "end_turn", ok=True))
    f.feed(TurnStarted(2, "b"), PlanChanged((PlanEntry("z"),)))
    plans = [(b.turn, [e.text for e in b.plan], b.open) for b in f.blocks.values() if b.kind is BlockKind.PLAN]
    assert plans == [(1, ["x", "y"], False), (2, ["z"], True)]


REQUEST = Request("1:0:abc", Blocked.PERMISSION, "npm test", WALL, command="npm test -- -x")


def test_a_permission_shows_what_was_asked_and_who_decided(f: Feeder) -> None:
    (opened,) = f.feed(RequestOpened(REQUEST))
    assert (opened.kind, opened.text, opened.open) == (BlockKind.PERMISSION, "npm test\nnpm test -- -x", True)
    f.fold.decide(Decision(REQUEST.key, "allowed", "npm test", by="lou", at=WALL + 0.5, reason="fine"))
    (closed,) = f.feed(RequestClosed(REQUEST.key, "allowed"))
    assert closed.decision == Decision(REQUEST.key, "allowed", "npm test", "lou", WALL + 0.5, "fine")
    assert not closed.open


def test_who_decided_may_be_told_later_and_does_not_change_the_outcome(f: Feeder) -> None:
    f.feed(RequestOpened(REQUEST), RequestClosed(REQUEST.key, "denied"))
    f.fold.decide(Decision(REQUEST.key, "allowed", "?", by="lou", at=1.0, reason="no"))
    (told,) = f.take()
    assert told.decision == Decision(REQUEST.key, "denied", "npm test", "lou", WALL + 1, "no")


def test_a_decision_known_before_its_request_is_replayed_is_kept_for_it(f: Feeder) -> None:
    f.fold.decide(Decision(REQUEST.key, "allowed", "npm test", by="lou"))
    (closed,) = f.feed(RequestOpened(REQUEST), RequestClosed(REQUEST.key, "allowed"))
    assert closed.decision is not None
    assert (closed.decision.by, closed.decision.at) == ("lou", WALL + 1)
    assert f.feed(RequestClosed(REQUEST.key, "denied"), RequestClosed("unknown", "denied")) == []


def test_a_question_shows_all_it_asks(f: Feeder) -> None:
    questions = (Question("Set it up"), Question("Which DB?"))
    (block,) = f.feed(RequestOpened(Request("k", Blocked.QUESTION, "Set it up", WALL, questions=questions)))
    assert block.text == "Set it up\nWhich DB?"


def test_process_and_session_facts(f: Feeder) -> None:
    f.feed(ProcessStarted(1, 9), SessionStarted("s"), ProcessEnded(7, None), ProcessStarted(2, 10))
    f.feed(SessionStarted("s", resumed=True), ProcessEnded(None, 9), SessionFailed("no", "log in", auth=True))
    f.feed(Noted("a warning", level="warning"), Noted("bad", level="error"), Noted("detail"))
    assert [(b.kind, b.text) for b in f.blocks.values()] == [
        (BlockKind.NOTE, "The process exited with 7."),
        (BlockKind.NOTE, "A new process continues here."),
        (BlockKind.NOTE, "Session continued."),
        (BlockKind.NOTE, "The process was ended by SIGKILL."),
        (BlockKind.ERROR, "no\nlog in"),
        (BlockKind.NOTE, "a warning"),
        (BlockKind.ERROR, "bad"),
    ]


def test_history_of_a_session_begun_elsewhere_is_shown_as_such(f: Feeder) -> None:
    f.feed(ProcessStarted(1, 9), say("old question", "user", replayed=True), say("old answer", replayed=True))
    f.feed(SessionStarted("s", resumed=True), TurnStarted(1, "new"))
    assert [(b.text, b.replayed) for b in f.blocks.values()] == [
        ("old question", True), ("old answer", True), ("Session continued.", False), ("new", False),
    ]  # fmt: skip


def test_history_that_is_already_here_is_not_shown_twice(f: Feeder) -> None:
    f.feed(TurnStarted(1, "q"), say("a"), TurnEnded(1, "end_turn", ok=True), ProcessStarted(2, 9))
    before = f.fold.total
    f.feed(say("q", "user", replayed=True), say("a", replayed=True))
    assert f.fold.total == before
    (note,) = f.feed(SessionStarted("s", resumed=True))
    assert note.text == "Session continued. The agent repeated its history, which is already shown above."


def test_text_of_agents_is_safe_to_show(f: Feeder) -> None:
    nasty = "a\u202eb\x1b[31mc\u200b\x00d\ne"
    f.feed(TurnStarted(1, nasty), say(nasty), call(output=nasty, diffs=(Diff(nasty, nasty, nasty),)))
    shown = msgspec.json.encode(list(f.blocks.values())).decode()
    for bad in ("\u202e", "\\u202e", "\u200b", "\\u001b", "\\u0000", "[31m"):
        assert bad not in shown
    assert "abcd\\ne" in shown


def test_long_text_is_cut_and_points_into_the_raw_log(f: Feeder) -> None:
    f.feed(say("x" * (MAX_INLINE_TEXT - 1)))
    rev = f.blocks[0].rev
    (block,) = f.feed(say("é"), say("y"), say("z"))
    assert (len(block.text), block.rev) == (MAX_INLINE_TEXT - 1, rev + 1)
    (closed,) = f.feed(say("next", message="m2"))[:1]
    assert closed.ref == LogRef(Stream.OUT, 0, 40)
    assert not closed.open


def test_large_tool_output_and_prompts_are_cut_and_point_into_the_raw_log(f: Feeder) -> None:
    f.feed(
        TurnStarted(1, "p" * 100_000), call("completed", output="o" * 100_000, diffs=(Diff("a", None, "n" * 99_999),))
    )
    user, tool = f.blocks.values()
    assert user.ref == LogRef(Stream.OUT, 0, 10)
    assert tool.ref == LogRef(Stream.OUT, 10, 10)
    for block in (user, tool):
        assert len(msgspec.json.encode(block)) < MAX_INLINE_TEXT * 1.2


def test_a_checkpoint_hands_out_what_is_still_open(f: Feeder) -> None:
    f.feed(TurnStarted(1, "q"), call("in_progress"), say("strea"))
    loaded = Feeder(TranscriptFold.load(f.fold.dump()))
    loaded.seq = f.seq
    assert [b.n for b in loaded.take()] == [1, 2]
    (block,) = loaded.feed(say("ming"))
    assert block.text == "streaming"


@pytest.mark.parametrize("state", [b"", b"{}", b'{"version":99}', b"\xff"])
def test_states_of_another_version_are_refused(state: bytes) -> None:
    with pytest.raises(ValueError):
        TranscriptFold.load(state)


def test_a_long_turn_keeps_the_state_small(f: Feeder) -> None:
    for n in range(500):
        f.feed(
            call("completed", f"c{n}", output="x" * 1000), RequestOpened(msgspec.structs.replace(REQUEST, key=f"{n}"))
        )
        f.feed(RequestClosed(f"{n}", "allowed"))
    assert f.fold.total == 1000
    assert len(f.fold.dump()) < 3000 * LATE_TOOLS


FACTS: list[Fact] = [
        TurnStarted(1, "a"), TurnStarted(2, "b"), TurnEnded(1, "end_turn", ok=True), TurnEnded(2, "error", ok=False),
        say("x"), say("\n"), say("y", "thought"), say("z", message="m1"), say("u", "user", replayed=True),
        say("L" * 40_000), call(), call("completed"), call("failed", "c2"),
        ToolCallChanged(ToolCall("c3", "old"), replayed=True), PlanChanged(()), PlanChanged((PlanEntry("p"),)),
        RequestOpened(REQUEST), RequestClosed(REQUEST.key, "allowed"), SessionStarted("s", resumed=True),
        ProcessStarted(1, 2), ProcessStarted(2, 3), ProcessEnded(0, None), Noted("n", level="warning"),
]  # fmt: skip


@given(
    picks=st.lists(st.integers(0, len(FACTS) - 1), max_size=40),
    takes=st.sets(st.integers(0, 40)),
    cut=st.integers(0, 40),
)
@settings(deadline=None, max_examples=200)
def test_blocks_depend_on_the_facts_alone(picks: list[int], takes: set[int], cut: int) -> None:
    """Neither when blocks are taken nor where a checkpoint falls changes number, revision or content."""
    plain, other = Feeder(), Feeder()
    for n, fact in enumerate(FACTS[pick] for pick in picks):
        plain.fold.feed([fact], plain.mark())
        other.fold.feed([fact], other.mark())
        if n == cut:
            other.fold = TranscriptFold.load(other.fold.dump())
        if n in takes:
            before = dict(other.blocks)
            for block in other.take():
                known = before.get(block.n)
                # A revision is one content for ever: stores and clients skip what they already have.
                assert known is None or block.rev > known.rev or block == known
    plain.take()
    other.take()
    assert plain.blocks == other.blocks
    assert list(plain.blocks) == list(range(plain.fold.total))

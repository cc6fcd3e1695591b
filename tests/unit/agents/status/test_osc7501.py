from __future__ import annotations

import base64

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.model import Blocked, Evidence, Rank, Turn
from agents.status import osc7501
from agents.status.osc7501 import Record, Records

WALL = 1_800_000_000.0


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def told(*reports: str) -> Records:
    records = Records()
    for at, body in enumerate(reports):
        assert records.report(body.encode(), float(at), WALL + at), body
    return records


def claim(*reports: str) -> Evidence:
    evidence = told(*reports).evidence(float(len(reports)))
    assert evidence is not None
    return evidence


def refused(body: str | bytes) -> bool:
    records = told("state=working:id=kept")
    before = msgspec.json.encode(records)
    accepted = records.report(body.encode() if isinstance(body, str) else body, 9.0, WALL + 9)
    assert accepted or msgspec.json.encode(records) == before, "a refused report changed a record"
    return not accepted


# ---------------------------------------------------------------- one report


@pytest.mark.parametrize("turn", [Turn.IDLE, Turn.WORKING, Turn.DONE, Turn.BLOCKED, Turn.ERROR])
def test_each_state_is_a_turn(turn: Turn) -> None:
    evidence = claim(f"state={turn.value}")
    assert (evidence.rank, evidence.turn, evidence.since, evidence.wall) == (Rank.OSC7501, turn, 0.0, WALL)
    assert (evidence.expires is not None) == (turn is Turn.WORKING)


def test_a_whole_report() -> None:
    body = f"state=blocked:kind=permission:progress=40:app=claude-code:id=a/b:title={b64('Part')}:msg={b64('Run it?')}"
    assert told(body).summary() == (
        Record(
            state=Turn.BLOCKED,
            id="a/b",
            blocked=Blocked.PERMISSION,
            progress=40,
            app="claude-code",
            title="Part",
            msg="Run it?",
            since=0.0,
            wall=WALL,
        ),
    )
    assert claim(body).detail == "Part: Run it?"


def test_nothing_reported_claims_nothing() -> None:
    assert Records().evidence(5.0) is None
    assert Records().summary() == ()


@pytest.mark.parametrize("body", ["?", "", ":", "state", "app=x", "state=", "state=paused", "STATE=idle", "state=IDLE"])
def test_what_is_no_report_is_refused(body: str) -> None:
    assert refused(body)


def test_malformed_pairs_are_skipped_unknown_keys_ignored_and_the_last_duplicate_wins() -> None:
    (record,) = told(" state = idle : junk :=x:Bad=1:odd=a;b:app=not a name:later=1: state=error : app = pi ").summary()
    assert (record.state, record.app) == (Turn.ERROR, "pi")
    # A malformed duplicate is none: the pair before it stays.
    (record,) = told("state=done:state=a b").summary()
    assert record.state is Turn.DONE


@pytest.mark.parametrize(
    ("value", "kind"), [("permission", "permission"), ("question", "question"), ("auth", "auth"), ("telepathy", None)]
)
def test_a_kind_counts_only_with_blocked(value: str, kind: str | None) -> None:
    blocked = claim(f"state=blocked:kind={value}")
    assert (blocked.turn, blocked.blocked) == (Turn.BLOCKED, Blocked(kind) if kind else None)
    assert claim(f"state=working:kind={value}").blocked is None


@pytest.mark.parametrize(
    ("pair", "progress"),
    [
        ("working:progress=0", 0),
        ("blocked:progress=100", 100),
        ("working:progress=007", 7),
        ("working:progress=101", None),
        ("working:progress=+5", None),
        ("working:progress=5.5", None),
        ("working:progress=-1", None),
        ("working:progress=", None),
        ("done:progress=50", None),
        ("idle:progress=50", None),
        ("error:progress=50", None),
    ],
)
def test_progress(pair: str, progress: int | None) -> None:
    (record,) = told(f"state={pair}").summary()
    assert record.progress == progress


# ---------------------------------------------------------------- limits, each at and one beyond


def name(length: int) -> str:
    return "/".join(["x" * 31] * (length // 32) + ["x" * (length % 32)])


def msg(length: int) -> str:
    return b64("m" * length)


@pytest.mark.parametrize(
    ("at", "beyond"),
    [
        (f"state=idle:{'k' * 16}=1", f"state=idle:{'k' * 17}=1"),
        (f"state=idle:app={'a' * 32}", f"state=idle:app={'a' * 33}"),
        (f"state=idle:id={'x' * 32}", f"state=idle:id={'x' * 33}"),
        (f"state=idle:id={'/'.join('abcdefgh')}", f"state=idle:id={'/'.join('abcdefghi')}"),
        (f"state=idle:id={name(127)}", f"state=idle:id={name(127)}/xx"),
        (f"state=idle:title={msg(192)}", f"state=idle:title={msg(193)}"),
        (f"state=idle:msg={msg(2048)}", f"state=idle:msg={msg(2049)}"),
        (f"state=idle:pad={'x' * 4073}", f"state=idle:pad={'x' * 4074}"),
    ],
)
def test_limits(at: str, beyond: str) -> None:
    assert not refused(at)
    assert refused(beyond)


def test_the_whole_sequence_is_measured_with_its_frame() -> None:
    longest = "state=idle:pad="
    longest += "x" * (4096 - len("\x1b]7501;\x07") - len(longest))
    assert not refused(longest)
    assert refused(longest + "x")


@pytest.mark.parametrize("key", ["title", "msg"])
def test_a_broken_limit_refuses_even_when_it_is_told_again(key: str) -> None:
    assert refused(f"state=idle:{key}={msg(2049)}:{key}={b64('ok')}")
    assert refused(f"state=clear:{key}=Y")


@pytest.mark.parametrize(
    "broken",
    ["", "/", "a//b", "/a", "a/", "a%b", "sub task", "ünïcode", "a:state=idle"[:0] or "é", "a\\b", "a=b", "a,b"],
)
def test_a_broken_id_never_speaks_for_the_whole(broken: str) -> None:
    assert refused(f"state=blocked:id={broken}")
    assert refused(f"state=clear:id={broken}")


def test_300_records_are_256_and_the_ones_updated_last_stay() -> None:
    records = told(*(f"state=working:id=r{n}" for n in range(256)))
    assert records.report(b"state=done:id=r0", 300.0, WALL)  # an update makes no room and none is needed
    assert len(records.records) == 256
    for n in range(256, 300):
        assert records.report(f"state=working:id=r{n}".encode(), 300.0, WALL)
    assert len(records.records) == 256
    assert set(records.records) == {"r0"} | {f"r{n}" for n in range(45, 300)}


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize("value", ["Y", "=====", "YWI==", "Y=WI", "Y=", "YQ=", "_w", "YQ-=", "YWJj="])
@pytest.mark.parametrize("key", ["title", "msg"])
def test_malformed_base64_refuses(key: str, value: str) -> None:
    assert refused(f"state=idle:{key}={value}")


@pytest.mark.parametrize("value", ["YWI=", "YWI"])
def test_padding_is_optional(value: str) -> None:
    assert claim(f"state=idle:msg={value}").detail == "ab"


@pytest.mark.parametrize(
    "text", ["two\nlines", "tab\t", "esc\x1b[31m", "bell\x07", "del\x7f", "c1\u0085", "\x9b31m", "\0"]
)
@pytest.mark.parametrize("key", ["title", "msg"])
def test_a_control_character_refuses(key: str, text: str) -> None:
    assert refused(f"state=idle:{key}={b64(text)}")


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xe2\x82"])
def test_broken_utf8_refuses(raw: bytes) -> None:
    assert refused(f"state=idle:msg={b64(raw)}")


def test_what_deceives_the_eye_is_taken_out() -> None:
    evil = "rm\u202e -rf\u2066 \u200b/\u200d x\ufeff\u2028y\u00ad"
    assert claim(f"state=blocked:msg={b64(evil)}").detail == "rm -rf / xy"
    (record,) = told(f"state=blocked:title={b64(evil)}").summary()
    assert record.title == "rm -rf / xy"
    assert claim(f"state=error:msg={b64(chr(0x2066))}").detail == ""


def test_a_part_is_called_by_its_title_and_the_whole_speaks_for_itself() -> None:
    assert claim(f"state=working:id=a:title={b64('EU')}:msg={b64('deploys')}").detail == "EU: deploys"
    assert claim(f"state=working:title={b64('Deploy')}:msg={b64('step 2')}").detail == "step 2"
    assert claim(f"state=working:title={b64('Deploy')}").detail == "Deploy"


# ---------------------------------------------------------------- records over time


def test_a_report_replaces_its_record_whole() -> None:
    (record,) = told(f"state=working:app=brew:progress=3:msg={b64('one')}", "state=done").summary()
    assert record == Record(state=Turn.DONE, since=1.0, wall=WALL + 1)


def test_work_that_goes_on_began_when_it_began_and_each_block_is_a_new_one() -> None:
    assert claim("state=working", "state=working:progress=5").since == 0.0
    assert claim("state=blocked", "state=blocked").since == 1.0
    assert claim("state=working", "state=blocked", "state=working").since == 2.0


def test_clear_takes_the_record_and_all_below_it() -> None:
    records = told("state=working", "state=working:id=a", "state=done:id=a/b/c", "state=idle:id=ab", "state=clear:id=a")
    assert set(records.records) == {"", "ab"}
    assert records.report(b"state=clear", 9.0, WALL)
    assert records.records == {}
    assert records.evidence(9.0) is None


def test_the_program_is_inherited_from_the_nearest_that_names_one() -> None:
    records = told(
        "state=working:app=deploy", "state=working:id=b:app=cargo", "state=blocked:id=b/t/u", "state=idle:id=x/y"
    )
    assert {record.id: record.app for record in records.summary()} == {
        "": "deploy",
        "b": "cargo",
        "b/t/u": "cargo",
        "x/y": "deploy",
    }
    assert told("state=idle:id=x/y").summary()[0].app == ""


def test_a_prompt_and_an_exit_end_what_goes_on_and_keep_results() -> None:
    states = ["idle", "working", "blocked", "done", "error"]
    records = told(*(f"state={state}:id={state}" for state in states))
    records.process_ended()
    assert set(records.records) == {"idle", "done", "error"}
    records = told(*(f"state={state}:id={state}" for state in states))
    records.prompt_began()
    assert set(records.records) == {"done", "error"}
    records.command_began()
    assert records.records == {}


def test_a_full_reset_ends_all() -> None:
    records = told("state=done", "state=error:id=a")
    records.reset()
    assert records.records == {}


def test_working_is_believed_ten_minutes_after_the_last_output() -> None:
    records = told("state=working")
    assert records.evidence(700.0) == Evidence(
        Rank.OSC7501, Turn.WORKING, 0.0, WALL, confidence=osc7501.CONFIDENCE, expires=1300.0
    )
    # The report itself was output.
    evidence = records.evidence(-50.0)
    assert evidence is not None
    assert evidence.expires == 600.0


# ---------------------------------------------------------------- several records, one turn


@pytest.mark.parametrize(
    ("reports", "turn"),
    [
        (["working", "blocked:id=a", "done:id=b"], Turn.BLOCKED),
        (["idle", "blocked:id=a/b"], Turn.BLOCKED),
        (["working", "error:id=a"], Turn.WORKING),  # a part failed: the whole goes on
        (["done", "working:id=a"], Turn.DONE),  # a part works behind a finished turn
        (["error", "working:id=a"], Turn.ERROR),
        (["working:id=a", "error:id=b"], Turn.WORKING),
        (["done:id=a", "error:id=b", "idle:id=c"], Turn.ERROR),
        (["idle:id=a", "done:id=b"], Turn.DONE),
        (["idle:id=a"], Turn.IDLE),
    ],
)
def test_the_strongest_record_makes_the_turn_in_whatever_order(reports: list[str], turn: Turn) -> None:
    for order in (reports, reports[::-1]):
        assert claim(*(f"state={report}" for report in order)).turn is turn


def test_of_blocked_records_log_ins_come_first_and_of_alike_the_newest() -> None:
    asks = ["blocked:id=q:kind=question", "blocked:id=a:kind=auth", "blocked:id=p:kind=permission", "blocked:id=n"]
    assert [r.id for r in told(*(f"state={ask}" for ask in asks)).summary()] == ["a", "p", "q", "n"]
    assert told("state=blocked:id=a", "state=blocked:id=b", "state=blocked:id=a").summary()[0].id == "a"


# ---------------------------------------------------------------- whatever comes

_PAIRS = st.sampled_from(
    (
        *("state=working", "state=blocked", "state=clear", "state=x", "state", "id=a", "id=a/b", "id=", "kind=auth"),
        *("progress=7", "app=x", "msg=YWI=", "msg=Y", "title=YWI", "junk", "=", f"msg={b64(chr(27))}"),
    )
)
_BODIES = st.one_of(
    st.binary(max_size=5000),
    st.lists(_PAIRS, max_size=6).map(lambda pairs: ":".join(pairs).encode()),
    st.lists(st.binary(max_size=40), max_size=6).map(b":".join).map(lambda tail: b"state=idle:" + tail),
    st.integers(0, 999).map(lambda n: f"state=working:id=r{n}:msg={msg(2048)}".encode()),
)
_STEPS = st.one_of(_BODIES, st.sampled_from(["prompt_began", "command_began", "process_ended", "reset"]))


@settings(max_examples=300)
@given(st.lists(_STEPS, max_size=40), st.integers(0, 40))
def test_whatever_is_reported_nothing_raises_the_state_is_bounded_and_survives_a_dump(
    steps: list[bytes | str], cut: int
) -> None:
    live, saved = Records(), Records()
    for at, step in enumerate(steps):
        if at == cut:
            saved = msgspec.json.decode(msgspec.json.encode(saved), type=Records)
        for records in (live, saved):
            if isinstance(step, bytes):
                records.report(step, float(at), WALL + at)
            else:
                getattr(records, step)()
    assert saved == live
    assert saved.summary() == live.summary()
    assert len(live.records) <= osc7501.MOST_RECORDS
    for record in live.records.values():
        assert len(record.msg.encode()) <= 2048
        assert not set(record.msg + record.title) & set(map(chr, (*range(32), *range(127, 160))))
        assert len(record.id) <= osc7501.LONGEST_ID
    claimed = live.evidence(50.0)
    assert (claimed is None) == (not live.records)

"""What hooks claim: every event, complete and incomplete sets, what a forged one can do, and when a claim is over."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.model import Blocked, Evidence, Rank, Turn
from agents.status.hooks import COMPLETE, EXPIRY_S, REPORTED, Call, evidence, read
from agents.status.reduce import SETTLE_S, reduce

ALL = REPORTED["claude"]
AT = (50.0, 1000.0)


def call(event: str, **payload: Any) -> Call:
    return read(event, payload, AT, 1)


def claim(event: str, typed_at: float = 0.0, **payload: Any) -> Evidence:
    found = evidence(call(event, **payload), "claude", ALL, typed_at)
    assert found is not None
    assert found.rank is Rank.HOOKS
    return found


@pytest.mark.parametrize(
    ("event", "turn"),
    [
        ("UserPromptSubmit", Turn.WORKING),
        ("PostToolUse", Turn.WORKING),
        ("PostToolUseFailure", Turn.WORKING),
        ("PermissionRequest", Turn.BLOCKED),
        ("Stop", Turn.DONE),
        ("StopFailure", Turn.ERROR),
    ],
)
def test_what_each_hook_claims(event: str, turn: Turn) -> None:
    found = claim(event)
    assert (found.turn, found.since, found.wall) == (turn, *AT)
    assert found.blocked is (Blocked.PERMISSION if turn is Turn.BLOCKED else None)
    assert found.tool_activity is event.startswith("PostToolUse")


@pytest.mark.parametrize("source", ["startup", "resume", "clear"])
def test_a_session_begins_at_rest(source: str) -> None:
    assert claim("SessionStart", source=source).turn is Turn.IDLE


@pytest.mark.parametrize("event", ["SessionEnd", "SessionStart", "Notification", "", "stop"])
def test_what_claims_nothing(event: str) -> None:
    assert evidence(call(event, source="compact"), "claude", ALL) is None


def test_nothing_is_believed_without_a_call_or_without_a_known_vocabulary() -> None:
    assert evidence(None, "claude", ALL) is None
    assert evidence(call("Stop"), "", ALL) is None
    assert evidence(call("Stop"), "parrot", ALL) is None


@pytest.mark.parametrize("missing", sorted(COMPLETE["claude"]))
def test_nothing_is_believed_of_an_incomplete_set(missing: str) -> None:
    assert evidence(call("Stop"), "claude", [event for event in ALL if event != missing]) is None


def test_what_is_asked_for_is_complete() -> None:
    assert COMPLETE["claude"] <= set(ALL)


def test_work_expires_two_minutes_after_its_last_hook() -> None:
    assert claim("UserPromptSubmit").expires == AT[0] + EXPIRY_S
    assert claim("PostToolUse", typed_at=AT[1] + 30).expires == AT[0] + EXPIRY_S


@pytest.mark.parametrize("event", ["PermissionRequest", "Stop", "StopFailure"])
def test_what_waits_for_the_user_holds_until_he_may_have_ended_it(event: str) -> None:
    assert claim(event).expires is None
    assert claim(event, typed_at=AT[1] - 1).expires is None, "typed before it"
    assert claim(event, typed_at=AT[1] + 30).expires == AT[0] + 30 + EXPIRY_S


def test_a_stop_is_held_back_since_the_agent_may_go_straight_on() -> None:
    stopped = claim("Stop")
    assert reduce([stopped], AT[0] + 0.1, Turn.WORKING).turn is Turn.WORKING
    assert reduce([stopped], AT[0] + SETTLE_S, Turn.WORKING).turn is Turn.DONE


def test_tool_activity_demotes_a_permission_of_a_stronger_source() -> None:
    asked = Evidence(Rank.OSC7501, Turn.BLOCKED, AT[0] - 1, AT[1] - 1, Blocked.PERMISSION)
    verdict = reduce([asked, claim("PostToolUse")], AT[0] + 0.1, Turn.BLOCKED)
    assert (verdict.turn, verdict.source) == (Turn.WORKING, "hooks")
    assert any("demoted" in reason for reason in verdict.ignored)


def test_the_protocol_is_not_overruled() -> None:
    idle = Evidence(Rank.PROTOCOL, Turn.IDLE, 1.0, 1.0)
    verdict = reduce([idle, claim("PermissionRequest")], AT[0] + 1)
    assert (verdict.turn, verdict.source) == (Turn.IDLE, "protocol")


def test_what_is_asked_is_told_in_a_few_words() -> None:
    assert call("PermissionRequest", tool_name="Bash", tool_input={"command": "npm\n test"}).detail == "Bash: npm test"
    assert (
        call("PermissionRequest", tool_name="Write", tool_input={"file_path": "/x", "content": "y"}).detail
        == "Write: /x"
    )
    assert call("PermissionRequest", tool_name="Odd", tool_input={"command": 3}).detail == "Odd"
    assert call("StopFailure", error="rate_limit").detail == "rate_limit"
    assert claim("StopFailure", error="rate_limit").detail == "rate_limit"
    assert not claim("Stop", tool_name="Bash").detail


def test_texts_are_made_safe() -> None:
    found = call(
        "Permission\x1b[31mRequest\u202e", tool_name="Ba\x07sh", tool_input={"command": "a\x1b]0;x\x07b" * 500}
    )
    assert found.event == "PermissionRequest"
    assert "\x1b" not in found.detail
    assert found.tool == "Bash"
    assert len(found.detail) <= 200


@pytest.mark.parametrize(
    "forged", ["--dangerously-skip-permissions", "-x", "a b", "", "a" * 7, "a" * 65, "a/b/c/d/e", "ab\ncdefgh", 7, None]
)
def test_a_session_that_could_be_more_than_an_id_is_none(forged: Any) -> None:
    assert not call("Stop", session_id=forged).session


def test_a_sessions_id_and_transcript_are_taken() -> None:
    found = call("Stop", session_id="6f1c1d0e-8a54-4d0b-9d0e-51a9b6c2e7f4", transcript_path="/home/me/.claude/x.jsonl")
    assert found.session == "6f1c1d0e-8a54-4d0b-9d0e-51a9b6c2e7f4"
    assert found.transcript == "/home/me/.claude/x.jsonl"


@pytest.mark.parametrize("path", ["relative", "/a\nb", "/" + "x" * 5000, 3, None])
def test_a_path_that_is_none_is_left_out(path: Any) -> None:
    assert not call("Stop", transcript_path=path).transcript


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(event=st.text(), payload=st.dictionaries(st.sampled_from(["tool_name", "tool_input", "session_id", "x"]), _JSON))
def test_nothing_a_hook_says_can_break_it(event: str, payload: dict[str, Any]) -> None:
    evidence(read(event, payload, AT, 1), "claude", ALL)

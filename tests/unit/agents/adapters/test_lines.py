"""What the JSON-line families do alike: strays told within bounds, requests named, closed conversations refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from agents.adapters import lines
from agents.adapters.contract import Noted, NotPossible
from agents.adapters.framing import Garbage
from agents.model import Mark, Stream
from tests.unit.agents.adapters.tape import Tape


def _garbage(text: str = "oops") -> Garbage:
    return Garbage("not JSON", text)


def test_messages_are_read_and_strays_told_in_their_order() -> None:
    mark, _ = Tape().add(Stream.OUT, b"")
    seen: list[tuple[Mapping[str, Any], Mark]] = []

    def read(message: dict[str, Any], at: Mark) -> list[Any]:
        seen.append((message, at))
        return [Noted("read", "")]

    facts = lines.take([{"a": 1}, _garbage(), {"a": 2}], {}, read, mark)

    assert [fact.text for fact in facts if isinstance(fact, Noted)] == [
        "read",
        "a line outside the protocol (not JSON)",
        "read",
    ]
    assert seen == [({"a": 1}, mark), ({"a": 2}, mark)]


def test_a_flood_of_strays_is_told_in_bounds_and_says_so() -> None:
    told: dict[str, int] = {}
    notes = [fact for _ in range(lines.NOTE_LIMIT + 50) for fact in lines.stray(told, _garbage())]
    assert len(notes) == lines.NOTE_LIMIT
    last = notes[-1]
    assert isinstance(last, Noted)
    assert "only in the raw log" in last.text


def test_an_oddity_is_news_once_and_new_kinds_without_end_do_not_grow_the_state() -> None:
    told: dict[str, int] = {}
    assert lines.is_news(told, "x")
    assert not lines.is_news(told, "x")
    for number in range(10_000):
        lines.is_news(told, f"kind {number}")
    assert len(told) <= lines.NOTE_LIMIT * 5 + 1


def test_the_last_line_of_a_complaint_is_its_last_that_says_something() -> None:
    assert lines.last_line(b"first\nsecond \xff\n\n  \n") == "second \N{REPLACEMENT CHARACTER}"
    assert lines.last_line(b"Error: no key\n--\n", lambda line: line.strip("-")) == "Error: no key"
    assert lines.last_line(b"") == ""


@pytest.mark.parametrize(
    ("phase", "closed", "said"),
    [
        ("ready", True, "the agent closed its output and hears nothing any more: stop and resume it"),
        ("down", False, "resume it first"),
        ("failed", False, "log in first"),
        ("opening", False, "its thread is not open yet"),
    ],
)
def test_a_conversation_that_takes_no_orders_names_the_next_step(phase: str, closed: bool, said: str) -> None:
    with pytest.raises(NotPossible, match=said):
        lines.require_open(phase, closed=closed, failed="log in first", who="agent", what="thread")


def test_an_open_conversation_takes_orders() -> None:
    lines.require_open("ready", closed=False, failed="")


def test_request_keys_tell_incarnations_types_and_contents_apart_and_are_safe_in_a_shell() -> None:
    keys = {
        lines.request_key(1, 0, "ls"),
        lines.request_key(2, 0, "ls"),
        lines.request_key(1, "0", "ls"),
        lines.request_key(1, 0, "rm"),
    }
    assert len(keys) == 4
    assert lines.request_key(1, 0, {"a": 1, "b": 2}) == lines.request_key(1, 0, {"b": 2, "a": 1})
    assert lines.request_key(1, "a b;$(x)" * 20).split(":")[1] == ("a_b___x_" * 20)[:40]
    assert lines.id_key(1) != lines.id_key("1")

"""What a request asks in few words, and that a card says nothing twice and leaves nothing out."""

from __future__ import annotations

from typing import Any

import pytest

from agents.model import Blocked, Request
from agents.status.asked import beyond, subject


def asked(title: str, **facts: Any) -> Request:
    return Request(key="1:1:a", kind=facts.pop("kind", Blocked.PERMISSION), title=title, opened_at=0.0, **facts)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (asked("Do you want to proceed?", command="npm test"), "npm test"),
        (asked("Shell command", command="npm test"), "npm test"),
        (asked("Do you want to make this edit to a.txt?"), "make this edit to a.txt?"),
        (asked("Do you want to allow Claude to fetch this content?"), "Claude to fetch this content?"),
        (asked("Would you like to make the following edits?"), "make the following edits?"),
        (asked("Allow execution of [Shell]? "), "execution of [Shell]?"),
        (asked("Apply this change?"), "Apply this change?"),
        (asked("Edit a.txt"), "Edit a.txt"),
        (asked("Allow-list of hosts"), "Allow-list of hosts"),
        (asked("Would you like to go on?", kind=Blocked.QUESTION), "Would you like to go on?"),
        (asked(""), ""),
    ],
)
def test_the_subject_is_the_command_or_the_title_without_its_preamble(request_: Request, words: str) -> None:
    assert subject(request_) == words


def test_a_detail_loses_what_title_and_command_say_and_nothing_else() -> None:
    found = asked(
        "Do you want to proceed?",
        command="cd a &&\n  npm test",
        detail="Bash command\n\n$ cd a &&\n  npm test\nnpm test --force\nDo you want to proceed?\nIt writes a.txt",
    )
    assert beyond(found) == "Bash command\n\nnpm test --force\nIt writes a.txt"


def test_a_command_with_something_hidden_in_it_stays_in_the_detail_too() -> None:
    assert beyond(asked("Run?", command="rm ⟨U+202E⟩x", detail="rm x")) == "rm x"


@pytest.mark.parametrize("detail", ["", "Run?", "\nRun?\n$ ls\n"])
def test_nothing_is_left_where_all_was_said(detail: str) -> None:
    assert beyond(asked("Run?", command="ls", detail=detail)) == ""

"""What an ACP agent answers when it is asked for its sessions, and what of it is believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents.sessions.acp import NotTold, is_answered, question, sessions

REPO = Path("/repo")
HELLO = {"jsonrpc": "2.0", "id": "sessions.1", "result": {"protocolVersion": 1}}


def said(*messages: Any) -> bytes:
    return b"".join(
        (json.dumps(message) if not isinstance(message, str) else message).encode() + b"\n" for message in messages
    )


def listed(*items: Any) -> bytes:
    return said("starting…", HELLO, {"jsonrpc": "2.0", "id": "sessions.2", "result": {"sessions": list(items)}})


def test_it_is_asked_for_the_sessions_of_the_project() -> None:
    hello, ask = (json.loads(line) for line in question(REPO).splitlines())
    assert (hello["id"], hello["method"]) == ("sessions.1", "initialize")
    assert (ask["id"], ask["method"], ask["params"]) == ("sessions.2", "session/list", {"cwd": "/repo"})


def test_only_the_answer_ends_the_wait() -> None:
    whole = listed()
    assert not is_answered(b"")
    assert not is_answered(said(HELLO))
    assert not is_answered(whole[:-20])
    assert not is_answered(said({"id": "sessions.2", "method": "of its own"}))
    assert is_answered(whole)
    assert is_answered(said({"id": "sessions.1", "error": {"message": "no"}}))


def test_sessions_of_the_project_come_newest_first() -> None:
    found = sessions(
        listed(
            {"sessionId": "s-old1", "cwd": "/repo", "title": "Old", "updatedAt": "2026-11-20T10:00:00Z"},
            {"sessionId": "s-new1", "cwd": "/repo", "title": "New\n\u202eone", "updatedAt": "2026-11-21T10:00:00Z"},
            {"sessionId": "s-else", "cwd": "/else"},
        ),
        REPO,
    )
    assert [(session.id, session.title) for session in found] == [("s-new1", "New one"), ("s-old1", "Old")]
    assert found[0].used_at - found[1].used_at == 86400


@pytest.mark.parametrize(
    "item",
    ["x", {}, {"sessionId": 7, "cwd": "/repo"}, {"sessionId": "--evil", "cwd": "/repo"}, {"sessionId": "s-1234"},
     {"sessionId": "s-1234", "cwd": "relative"}],
)  # fmt: skip
def test_what_is_odd_is_left_out(item: Any) -> None:
    assert sessions(listed(item, {"sessionId": "s-good", "cwd": "/repo", "updatedAt": "never", "title": 7}), REPO) == [
        sessions(listed({"sessionId": "s-good", "cwd": "/repo"}), REPO)[0]
    ]


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (b"", "it did not answer"),
        (said(HELLO), "it did not answer"),
        (said(HELLO, {"id": "sessions.2", "error": {"message": "Method not found"}}), "Method not found"),
        (said({"id": "sessions.1", "error": {"message": "Log in first"}}), "Log in first"),
        (said({"id": "sessions.2", "result": {"sessions": 7}}), "it did not answer"),
    ],
)
def test_who_does_not_list_them_says_why(output: bytes, words: str) -> None:
    with pytest.raises(NotTold, match=words):
        sessions(output, REPO)

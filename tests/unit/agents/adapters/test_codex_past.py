"""Threads of Codex that were another's before: what was said in them is shown, and is nobody's news."""

from __future__ import annotations

from typing import Any

from agents.adapters.contract import SessionStarted, TextAppended, ToolCallChanged
from tests.unit.agents.adapters import codex_tape as codex
from tests.unit.agents.adapters.tape import Drive, spec


def adopted() -> tuple[Drive, dict[str, Any]]:
    """Return an agent that continues a thread which was another's, and its question for what was said."""
    drive = codex.fresh(spec(family="codex", session_id="th-1"))
    codex.greet(drive)
    drive.reply(codex.opened_thread())
    (page,) = drive.settle()
    assert (page["method"], page["params"]["threadId"]) == ("thread/turns/list", "th-1")
    return drive, page


def past(*items: dict[str, Any]) -> dict[str, Any]:
    return {"id": "old", "status": "completed", "items": list(items)}


def test_the_past_of_a_thread_is_shown_oldest_first_and_what_is_left_out_is_told() -> None:
    drive, page = adopted()
    asked = {"type": "userMessage", "id": "u", "content": [{"type": "text", "text": "Fix it"}]}
    ran = {"type": "commandExecution", "id": "c", "command": "make", "status": "completed", "aggregatedOutput": "ok"}
    thought = {"type": "reasoning", "id": "r", "summary": [], "content": ["hm"]}
    turns = [past({"type": "agentMessage", "id": "m", "text": "Done"}), past(asked, thought, ran, {"type": "hologram"})]
    facts = drive.says(codex.answer(page["id"], {"data": turns, "nextCursor": "more"}))
    assert codex.notes(facts) == ["of what was said before, the last 2 turns are shown"]
    assert [f.text for f in facts if isinstance(f, TextAppended) and f.replayed] == ["Fix it", "hm", "Done"]
    (call,) = [f for f in facts if isinstance(f, ToolCallChanged)]
    assert (call.replayed, call.call.title, call.call.output, call.call.ended_at) == (True, "Run make", "ok", None)
    assert [f.resumed for f in facts if isinstance(f, SessionStarted)] == [True]


def test_a_past_that_cannot_be_read_keeps_nobody_from_going_on() -> None:
    drive, page = adopted()
    facts = drive.says(codex.answer(page["id"], error="damaged"))
    assert codex.notes(facts) == ["what was said before cannot be shown: damaged"]
    assert drive.adapter.ready()

"""Nothing Claude Code could ever say raises, and a checkpoint at any moment loses nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.adapters.claude.adapter import ClaudeAdapter
from agents.model import Stream
from tests.unit.agents.adapters import claude_tape as claude
from tests.unit.agents.adapters.claude_tape import KIND, opened
from tests.unit.agents.adapters.tape import Drive, prompt, spec

CORPUS = Path(__file__).resolve().parents[3] / "corpus" / "claude"
SPEC = spec(family="claude", fork_of="5d0c9a51-0000-4000-8000-000000000001")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TYPES = [
    *("assistant", "user", "result", "system", "stream_event", "control_request", "control_response"),
    *("control_cancel_request", "rate_limit_event", "command_lifecycle", "conversation_reset", "tool_progress"),
    *("auth_status", "keep_alive", "future"),
]
SUBTYPES = [
    *("init", "api_retry", "status", "compact_boundary", "commands_changed", "background_tasks_changed"),
    *("task_notification", "local_command_output", "informational", "notification", "permission_denied"),
    *("model_refusal_fallback", "success", "error_during_execution", "future"),
]
#: Fields, and values that reach deep into what reads them.
FIELDS: dict[str, list[Any]] = {
    "rate_limit_info": [{"status": "rejected", "resetsAt": 10**400}, {"status": "allowed_warning", "utilization": 2}],
    "compact_metadata": [{"pre_tokens": -1, "post_tokens": True}],
    "tasks": [[{"task_type": "local_agent", "description": 7}], [7]],
    "subagent_retry": [{"attempt": "x", "retry_delay_ms": 1e308}],
    "no_response": [{}],
    "command_uuid": ["u1"],
    "state": ["queued", "started", "cancelled"],
    "user_message_uuids": [["u1"], [7], []],
    "model_usage_since_last_result": [{"m": {"inputTokens": -1, "costUSD": "x"}}, {"m": 7}],
    "modelUsage": [{"m": {"contextWindow": 10**30}}],
    "commands": [[{"name": None}], 7],
    "parent_tool_use_id": ["t1", 7],
    "session_id": ["114276e5-5429-4753-8873-d3392c144356", "-x"],
    "tool_use_id": ["t1"],
    "tool_use_result": [{"isAsync": True}],
    "message": [
        {"content": [{"type": "tool_use", "id": "t2", "name": "Task", "input": {"description": 7}}], "model": 7},
        {"content": [{"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "image"}]}]},
    ],
    "request": [
        {"subtype": "elicitation", "requested_schema": {"properties": {"a": {"enum": 7}}, "required": 7}},
        {"subtype": "can_use_tool", "tool_name": "Bash", "input": {}, "permission_suggestions": [7, {"rules": [7]}]},
    ],
    "response": [{"request_id": "init.1", "subtype": "success", "response": {"models": [{"value": 7}, 7]}}],
    "error": ["authentication_failed"],
    "error_status": [429],
    "retry_delay_ms": [10**400],
    "api_error_status": [429, 10**30],
    "result": ["resets at 25:99 (Nowhere/At_all)"],
    "stop_reason": ["refusal"],
    "is_error": [True],
    "total_cost_usd": [10**400, -1],
    "local_command": ["compact"],
}
MESSAGES = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES)},
    optional={
        "subtype": st.sampled_from(SUBTYPES),
        **{name: st.sampled_from(values) | JSON for name, values in FIELDS.items()},
    },
)


def busy() -> Drive:
    """Return an adapter in the middle of everything."""
    drive = opened(fork_of=SPEC.fork_of)
    prompt(drive)
    drive.says(claude.INIT, claude.tool("t1", "Task", description="Look"), claude.retry())
    drive.write(drive.adapter.steer("quick", "e1-1"))
    drive.says(claude.asks("r1", "Bash", "t1", command="ls"))
    return drive


@given(st.lists(MESSAGES, max_size=8))
@settings(max_examples=100, deadline=None)
def test_no_message_raises_or_breaks_a_checkpoint(messages: list[dict[str, Any]]) -> None:
    drive = busy()
    for message in messages:
        drive.says(message)
        loaded = ClaudeAdapter.load(KIND, SPEC, drive.adapter.dump())
        assert loaded.dump() == drive.adapter.dump()
        drive.settle()
        assert (list(drive.adapter.evidence()), drive.adapter.trouble()) == (list(loaded.evidence()), loaded.trouble())
        drive.adapter.arguments()


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_a_checkpoint_at_any_line_of_a_recording_loses_nothing(path: Path) -> None:
    whole, parted = Drive(ClaudeAdapter(KIND, SPEC)), Drive(ClaudeAdapter(KIND, SPEC))
    for drive in (whole, parted):
        drive.start()
    for raw in path.read_text().splitlines():
        record = json.loads(raw)
        for drive in (whole, parted):
            if record["dir"] == "end":
                drive.ctl("exit", code=record["code"], signal=None)
            else:
                drive.feed(Stream(record["dir"]), record["line"].encode() + b"\n")
        parted.adapter = ClaudeAdapter.load(KIND, SPEC, parted.adapter.dump())
    assert parted.facts == whole.facts
    assert parted.adapter.dump() == whole.adapter.dump()

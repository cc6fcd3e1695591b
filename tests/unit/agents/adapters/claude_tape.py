"""Messages of Claude Code as short as tests need them; the recorded ones are in ``tests/corpus/claude``."""

from __future__ import annotations

from typing import Any

from agents.adapters.claude.adapter import ClaudeAdapter
from agents.model import Turn
from tests.unit.agents.adapters.tape import Drive, kind, spec

Json = dict[str, Any]

KIND = kind(name="claude", family="claude", mode="default", login=("claude", "auth", "login"))

INIT: Json = {"type": "system", "subtype": "init", "permissionMode": "plan", "model": "opus"}


def response(request_id: str, body: Json | None = None, error: str | None = None) -> Json:
    """Answer a control request of ours."""
    if error is not None:
        return {
            "type": "control_response",
            "response": {"subtype": "error", "request_id": request_id, "error": error},
        }
    return {"type": "control_response", "response": {"subtype": "success", "request_id": request_id, "response": body}}


def control(request_id: str, **request: Any) -> Json:
    return {"type": "control_request", "request_id": request_id, "request": request}


def asks(request_id: str, tool_name: str, call: str, *, suggestions: Any = None, **given: Any) -> Json:
    rules = (
        [{"type": "setMode", "mode": "acceptEdits", "destination": "session"}] if suggestions is None else suggestions
    )
    return control(
        request_id,
        subtype="can_use_tool",
        tool_name=tool_name,
        input=given,
        tool_use_id=call,
        permission_suggestions=rules,
    )


def event(body: Json, **more: Any) -> Json:
    return {"type": "stream_event", "event": body, "parent_tool_use_id": None, **more}


def streamed(text: str, message_id: str = "m1", kind: str = "text") -> list[Json]:
    """One message, streamed in two pieces and told as a whole."""
    half = len(text) // 2
    pieces = [{"type": f"{kind}_delta", kind: part} for part in (text[:half], text[half:])]
    whole = {"id": message_id, "content": [{"type": kind, kind: text}], "usage": {"input_tokens": 7}}
    return [
        event({"type": "message_start", "message": {"id": message_id}}),
        *(event({"type": "content_block_delta", "delta": piece}) for piece in pieces),
        {"type": "assistant", "message": whole, "parent_tool_use_id": None},
    ]


def tool(call: str, name: str, **given: Any) -> Json:
    block = {"type": "tool_use", "id": call, "name": name, "input": given}
    return {"type": "assistant", "message": {"id": "m1", "content": [block]}, "parent_tool_use_id": None}


def tool_result(call: str, text: str, *, is_error: bool = False, **more: Any) -> Json:
    block = {"type": "tool_result", "tool_use_id": call, "content": text, "is_error": is_error}
    return {"type": "user", "message": {"role": "user", "content": [block]}, "parent_tool_use_id": None, **more}


def retry(**more: Any) -> Json:
    body = {"attempt": 1, "max_retries": 10, "retry_delay_ms": 2000, "error_status": 429, "error": "rate_limit"}
    return {"type": "system", "subtype": "api_retry", **body, **more}


def result(**more: Any) -> Json:
    return {"type": "result", "subtype": "success", "is_error": False, "terminal_reason": "completed", **more}


def handshake(drive: Drive, incarnation: int = 1, **body: Any) -> None:
    """Take an adapter from a fresh process to an open session; ``body`` is what the program announces."""
    drive.start(incarnation)
    drive.settle()
    drive.says(response(f"init.{incarnation}", body))
    drive.settle()
    drive.says(response(f"configure.{incarnation}", {"mode": "default"}))


def opened(*, login: tuple[str, ...] = KIND.login, announced: Json | None = None, **fields: Any) -> Drive:
    """Return an adapter with an open session."""
    own = kind(name="claude", family="claude", mode="default", login=login)
    drive = Drive(ClaudeAdapter(own, spec(family="claude", **fields)))
    handshake(drive, **(announced or {}))
    return drive


def turn_now(drive: Drive) -> tuple[Turn, str]:
    (evidence,) = drive.adapter.evidence()
    return evidence.turn, evidence.detail


def lifecycle(uuid: str, state: str) -> Json:
    return {"type": "command_lifecycle", "command_uuid": uuid, "state": state}

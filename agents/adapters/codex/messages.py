"""Lines of the app-server protocol (JSON-RPC without its version field), the ids in them, and notes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agents.adapters import lines
from agents.adapters.codex.state import RpcId, State
from agents.adapters.contract import Fact, Noted
from agents.spec import Spec
from agents.status.untrusted import one_line

METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602

_encoder = msgspec.json.Encoder()
_sorted = msgspec.json.Encoder(order="sorted")
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]")
_TURN = re.compile(r"t(\d{1,15})")


def request(rpc_id: str, method: str, params: Mapping[str, Any]) -> bytes:
    """Return the line of a request of ours."""
    return _encoder.encode({"id": rpc_id, "method": method, "params": params}) + b"\n"


def notification(method: str) -> bytes:
    """Return the line of a notification of ours."""
    return _encoder.encode({"method": method}) + b"\n"


def result(rpc_id: RpcId, body: Mapping[str, Any]) -> bytes:
    """Return the line that answers a request of the program."""
    return _encoder.encode({"id": rpc_id, "result": body}) + b"\n"


def error(rpc_id: RpcId, code: int, text: str) -> bytes:
    """Return the line that refuses a request of the program."""
    return _encoder.encode({"id": rpc_id, "error": {"code": code, "message": text}}) + b"\n"


def turn_id(turn: int) -> str:
    """Return the id of the request that submits ``turn``."""
    return f"t{turn}"


def turn_of(rpc_id: str) -> int | None:
    """Return the turn a request of ours submits, ``None`` when it is none."""
    found = _TURN.fullmatch(rpc_id)
    return None if found is None else int(found[1])


def message_id(spec: Spec, name: str) -> str:
    """Return the id of a message of the user, which the program repeats when it takes it."""
    return f"{spec.id}.{name}"


def is_id(value: Any) -> bool:
    """Tell whether ``value`` can be the id of a request."""
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def note_once(state: State, about: str, text: str, value: Any, level: str = "info") -> list[Fact]:
    """Return a note the first time something is seen in an incarnation."""
    return [Noted(text, lines.raw(value), level)] if lines.is_news(state.noted, about) else []


def error_words(body: Any) -> str:
    """Return the plain words of a JSON-RPC error."""
    text = body.get("message") if isinstance(body, dict) else None
    return one_line(text, 500) if isinstance(text, str) and text.strip() else "it gave no reason"


def text_in(values: Any, *keys: str) -> str:
    """Return the first of ``keys`` that holds text."""
    found = (values.get(key) for key in keys) if isinstance(values, dict) else ()
    return next((value for value in found if isinstance(value, str) and value.strip()), "")


def dicts_in(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, none when it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

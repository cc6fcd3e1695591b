"""JSON-RPC messages of ACP as bytes, ids and content hashes. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

import msgspec

from agents.adapters.acp.state import RpcId
from agents.adapters.contract import Noted
from agents.adapters.framing import MAX_RAW
from agents.status.untrusted import one_line

METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
AUTH_REQUIRED: Final = -32000
CANCELLED: Final = -32800

_encoder = msgspec.json.Encoder()
_sorted = msgspec.json.Encoder(order="sorted")
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]")

#: Messages that say nothing; the cause in ``data`` replaces them.
_EMPTY_MESSAGES: Final = frozenset({"internal error", "server error", "error", "unknown error", ""})


def request(rpc_id: str, method: str, params: dict[str, Any]) -> bytes:
    """Return the line of a request of ours."""
    return _encoder.encode({"jsonrpc": "2.0", "id": rpc_id, "method": method, "params": params}) + b"\n"


def notification(method: str, params: dict[str, Any]) -> bytes:
    """Return the line of a notification of ours."""
    return _encoder.encode({"jsonrpc": "2.0", "method": method, "params": params}) + b"\n"


def result(rpc_id: RpcId, body: dict[str, Any]) -> bytes:
    """Return the line that answers a request of the agent."""
    return _encoder.encode({"jsonrpc": "2.0", "id": rpc_id, "result": body}) + b"\n"


def error(rpc_id: RpcId, code: int, message: str) -> bytes:
    """Return the line that refuses a request of the agent."""
    body = {"code": code, "message": message}
    return _encoder.encode({"jsonrpc": "2.0", "id": rpc_id, "error": body}) + b"\n"


def id_key(rpc_id: RpcId) -> str:
    """Return a text that tells ids apart also by type: 1 and "1" are two ids."""
    return _encoder.encode(rpc_id).decode()


def request_key(incarnation: int, rpc_id: RpcId, method: str, params: Any) -> str:
    """Return what identifies a request for ever; safe to type in a shell."""
    digest = hashlib.sha256(_sorted.encode([rpc_id, method, params])).hexdigest()[:12]
    return f"{incarnation}:{_UNFIT.sub('_', str(rpc_id))[:40]}:{digest}"


def raw(value: Any) -> str:
    """Return the beginning of a message as text, for notes."""
    return _encoder.encode(value)[:MAX_RAW].decode("utf-8", "replace")


def note(text: str, value: Any = None, level: str = "info") -> Noted:
    """Return a note that keeps the raw object."""
    return Noted(text, "" if value is None else raw(value), level)


def error_words(body: Any) -> tuple[int, str]:
    """Return code and plain words of a JSON-RPC error: its message and the cause its ``data`` names."""
    if not isinstance(body, dict):
        return 0, one_line(str(body), 500)
    code = body.get("code")
    message = one_line(str(body.get("message") or ""), 500)
    cause = one_line(_cause(body.get("data")), 500)
    if message.lower().rstrip(".") in _EMPTY_MESSAGES:
        words = cause or message or "the agent gave no reason"
    elif cause and cause.lower() not in message.lower():
        words = f"{message}: {cause}"
    else:
        words = message
    return (code if isinstance(code, int) else 0), words


def _cause(data: Any, depth: int = 0) -> str:
    """Return the most telling text inside an error's ``data``."""
    if isinstance(data, str):
        return data
    if depth > 4:  # vendors nest two or three levels; deeper is no sentence for people
        return ""
    if isinstance(data, dict):
        for key in ("message", "details", "detail", "error", "reason", "cause", "data", "title"):
            found = _cause(data.get(key), depth + 1)
            if found:
                return found
    if isinstance(data, list):
        return next((found for item in data if (found := _cause(item, depth + 1))), "")
    return ""

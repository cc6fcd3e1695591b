"""JSON-RPC messages of ACP as bytes, ids and content hashes. Pure."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from agents.adapters import lines
from agents.adapters.acp.state import RpcId
from agents.adapters.contract import Noted
from agents.model import Cause
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


def note(text: str, value: Any = None, level: str = "info") -> Noted:
    """Return a note that keeps the raw object."""
    return Noted(text, "" if value is None else lines.raw(value), level)


class Failure(msgspec.Struct, frozen=True):
    """What a JSON-RPC error says: plain ``words``, the HTTP ``status`` it names, and short ``hints`` of its kind.

    ``cause`` and ``until`` (epoch seconds) are in our own words; our own agent says them.
    """

    code: int
    words: str
    status: int | None = None
    hints: tuple[str, ...] = ()
    retry_after: float | None = None
    cause: Cause | None = None
    until: float | None = None


def failure(body: Any) -> Failure:
    """Return what a JSON-RPC error says; several agents hand on a vendor's whole JSON body as the message."""
    if not isinstance(body, dict):
        return Failure(0, one_line(str(body), 500) or "the agent gave no reason")
    code = body.get("code")
    code = code if isinstance(code, int) and not isinstance(code, bool) else 0
    inner = _unpacked(body.get("message"))
    sources = [body.get("data"), inner]
    named = [value for source in sources for value in _all(source, _STATUS_KEYS)]
    statuses = [value for value in (code, *named) if isinstance(value, int) and 400 <= value < 600]
    hints = [value for source in sources for value in _all(source, _HINT_KEYS) if isinstance(value, str)]
    waits = [value for source in sources for value in _all(source, _WAIT_KEYS) if _is_seconds(value)]
    data = body.get("data")
    own = data if isinstance(data, dict) and data.get("cause") in list(Cause) else {}
    return Failure(
        code,
        _words(body, inner),
        statuses[0] if statuses else None,
        tuple(one_line(hint, 100) for hint in hints[:8]),
        float(waits[0]) if waits else None,
        Cause(own["cause"]) if own else None,
        float(own["until"]) if _is_seconds(own.get("until")) else None,
    )


def error_words(body: Any) -> tuple[int, str]:
    """Return code and plain words of a JSON-RPC error."""
    told = failure(body)
    return told.code, told.words


_STATUS_KEYS: Final = ("status", "statusCode", "status_code", "httpStatus", "code")
_HINT_KEYS: Final = ("errorKind", "kind", "type", "code", "status", "name", "errorName", "reason")
_WAIT_KEYS: Final = ("retryAfter", "retry_after", "retryAfterSeconds")


def _unpacked(message: Any) -> Any:
    if not isinstance(message, str) or not message.lstrip().startswith("{"):
        return None
    try:
        return msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError):
        return None


def _all(value: Any, keys: tuple[str, ...], depth: int = 0) -> list[Any]:
    """Return the values of ``keys`` anywhere inside a small object, outermost first."""
    if not isinstance(value, dict) or depth > 4:
        return []
    found = [value[key] for key in keys if key in value]
    return found + [one for inner in value.values() for one in _all(inner, keys, depth + 1)]


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**31


def _words(body: dict[str, Any], inner: Any) -> str:
    message = one_line(_cause(inner) or str(body.get("message") or ""), 500)
    cause = one_line(_cause(body.get("data")), 500)
    if message.lower().rstrip(".") in _EMPTY_MESSAGES:
        return cause or message or "the agent gave no reason"
    if cause and cause.lower() not in message.lower():
        return f"{message}: {cause}"
    return message


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

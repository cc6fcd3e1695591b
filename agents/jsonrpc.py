"""JSON-RPC 2.0 as it stands on a line: calls, replies, errors and their codes.

Knows no method; opens no socket.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec


class ErrorCode(IntEnum):
    """JSON-RPC error codes; the -32000 range is ours."""

    PARSE = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -32602
    INTERNAL = -32603
    REFUSED = -32001  # the role may not do this
    NOT_FOUND = -32002  # no such agent, request, kind
    AMBIGUOUS = -32003  # several match; ``data.matches`` lists them
    NOT_POSSIBLE = -32004  # the thing cannot be done now; the message says why
    TIMEOUT = -32005
    VERSION = -32006  # the client is newer: ask for ``daemon.handover``


class RpcError(Exception):
    """An error with text for the user; crosses the wire as a JSON-RPC error."""

    def __init__(self, code: ErrorCode, message: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data or {}


class Call(msgspec.Struct, omit_defaults=True):
    """A JSON-RPC request as it stands on the line; ``params`` is decoded per method."""

    method: str
    id: int | str | None = None
    params: msgspec.Raw = msgspec.Raw(b"{}")
    jsonrpc: str = "2.0"


class ErrorBody(msgspec.Struct, omit_defaults=True):
    """A JSON-RPC error object."""

    code: int
    message: str
    data: dict[str, Any] = {}


class Reply(msgspec.Struct):
    """Anything the daemon sends: a response (``id``) or the notification ``event`` (``method``).

    An absent ``result`` or ``params`` is empty and false (msgspec takes no ``Raw | None``).
    """

    id: int | str | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: ErrorBody | None = None
    method: str | None = None
    params: msgspec.Raw = msgspec.Raw()


_encoder = msgspec.json.Encoder()


def encode_call(call_id: int, method: str, params: Any) -> bytes:
    """Return one line: a request for ``method`` with its params struct."""
    body = {"jsonrpc": "2.0", "id": call_id, "method": method, "params": params}
    return _encoder.encode(body) + b"\n"


def encode_result(call_id: int | str | None, result: Any) -> bytes:
    """Return one line: the response to ``call_id``."""
    return _encoder.encode({"jsonrpc": "2.0", "id": call_id, "result": result}) + b"\n"


def encode_error(call_id: int | str | None, error: RpcError) -> bytes:
    """Return one line: the failure of ``call_id``."""
    body = {"code": int(error.code), "message": error.message, "data": error.data}
    return _encoder.encode({"jsonrpc": "2.0", "id": call_id, "error": body}) + b"\n"


def encode_event(numbered: Any) -> bytes:
    """Return one line: the notification ``event``."""
    return _encoder.encode({"jsonrpc": "2.0", "method": "event", "params": numbered}) + b"\n"

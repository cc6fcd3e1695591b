"""Sessions an ACP agent lists itself: what to ask a program on its standard input, and what its answer says.

Pure: whoever asks starts the program, feeds it ``question`` and stops once ``is_answered``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from agents.sessions.saved import MOST, SavedSession, is_id, is_of, title
from agents.status.untrusted import one_line

#: Our ids; the second is the one whose answer ends the conversation.
_HELLO: Final = "sessions.1"
_LIST: Final = "sessions.2"

_CLIENT: Final[dict[str, Any]] = {
    "protocolVersion": 1,
    "clientCapabilities": {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False},
    "clientInfo": {"name": "quarterdeck", "title": "Quarterdeck", "version": "1"},
}


class NotTold(Exception):
    """The program does not list its sessions; the text says why."""


def question(project: Path) -> bytes:
    """Return the lines that shake hands and ask for the sessions of ``project``."""
    asked = {"cwd": str(project)}
    messages = (("initialize", _HELLO, _CLIENT), ("session/list", _LIST, asked))
    lines = [{"jsonrpc": "2.0", "id": key, "method": method, "params": params} for method, key, params in messages]
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def is_answered(output: bytes) -> bool:
    """Tell whether the program's output so far holds all that was asked for, or that it cannot be had."""
    return _answer(output, _LIST) is not None or "error" in (_answer(output, _HELLO) or {})


def sessions(output: bytes, project: Path) -> list[SavedSession]:
    """Return the sessions of ``project`` the program listed, the newest of them. Raises NotTold."""
    answer = _answer(output, _LIST) or _answer(output, _HELLO) or {}
    result = answer.get("result")
    listed = result.get("sessions") if isinstance(result, dict) else None
    if not isinstance(listed, list):
        error = answer.get("error")
        words = one_line(str(error.get("message")), 200) if isinstance(error, dict) else "it did not answer"
        raise NotTold(words)
    found = [session for item in listed if (session := _session(item)) and is_of(session.cwd, project)]
    return sorted(found, key=lambda session: session.used_at, reverse=True)[:MOST]


def _session(item: Any) -> SavedSession | None:
    if not isinstance(item, dict) or not is_id(item.get("sessionId")):
        return None
    cwd, name = item.get("cwd"), item.get("title")
    if not isinstance(cwd, str) or not Path(cwd).is_absolute():
        return None
    return SavedSession(item["sessionId"], title(name) if isinstance(name, str) else "", cwd, _moment(item))


def _moment(item: dict[str, Any]) -> float:
    told = item.get("updatedAt")
    try:
        return datetime.fromisoformat(told).timestamp() if isinstance(told, str) else 0.0
    except (ValueError, OverflowError):
        return 0.0


def _answer(output: bytes, key: str) -> dict[str, Any] | None:
    answers = (message for message in _messages(output) if "method" not in message)
    return next((answer for answer in answers if answer.get("id") == key), None)


def _messages(output: bytes) -> Iterator[dict[str, Any]]:
    for line in output.splitlines():
        try:
            message = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if isinstance(message, dict):
            yield message

"""Messages of the stream-json protocol as bytes, the ids in them, and notes. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agents.adapters import lines
from agents.adapters.claude.state import State
from agents.adapters.contract import Fact, Noted
from agents.spec import Spec

_encoder = msgspec.json.Encoder()
_sorted = msgspec.json.Encoder(order="sorted")
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]")
_TURN_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4000-8000-(\d{12})")
_STEER_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4000-9000-[0-9a-f]{12}")
_SESSION: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def control(request_id: str, request: dict[str, Any]) -> bytes:
    """Return the line of a control request of ours."""
    return _encoder.encode({"type": "control_request", "request_id": request_id, "request": request}) + b"\n"


def success(request_id: str, body: dict[str, Any]) -> bytes:
    """Return the line that answers a control request of the program."""
    response = {"subtype": "success", "request_id": request_id, "response": body}
    return _encoder.encode({"type": "control_response", "response": response}) + b"\n"


def refusal(request_id: str, text: str) -> bytes:
    """Return the line that refuses a control request of the program."""
    response = {"subtype": "error", "request_id": request_id, "error": text}
    return _encoder.encode({"type": "control_response", "response": response}) + b"\n"


def user(text: str, uuid: str) -> bytes:
    """Return the line of a message of the user."""
    message = {"role": "user", "content": [{"type": "text", "text": text}]}
    body = {"type": "user", "message": message, "parent_tool_use_id": None, "session_id": "default", "uuid": uuid}
    return _encoder.encode(body) + b"\n"


def turn_id(spec: Spec, incarnation: int, turn: int) -> str:
    """Return the uuid of the message that is ``turn``.

    The program drops a message whose uuid its session holds already without a word, so agents that share a session
    and processes of one agent must never use the same.
    """
    return f"{_own(spec)}-{incarnation % 0x10000:04x}-4000-8000-{turn:012d}"


def steer_id(spec: Spec, incarnation: int, token: str) -> str:
    """Return the uuid of a message that is put into a running turn; ``token`` is unique for ever."""
    digest = hashlib.sha256(token.encode()).hexdigest()[:12]
    return f"{_own(spec)}-{incarnation % 0x10000:04x}-4000-9000-{digest}"


def _own(spec: Spec) -> str:
    return hashlib.sha256(_encoder.encode([spec.id, spec.created_at])).hexdigest()[:8]


def turn_of(uuid: Any) -> int | None:
    """Return the turn a message of the user is, ``None`` when the message is not one of ours."""
    found = _TURN_ID.fullmatch(uuid) if isinstance(uuid, str) else None
    return None if found is None else int(found[1])


def is_steer(uuid: Any) -> bool:
    """Tell whether a message of the user was put into a running turn by us."""
    return isinstance(uuid, str) and _STEER_ID.fullmatch(uuid) is not None


def session_of(message: Mapping[str, Any]) -> str | None:
    """Return the session a message of the program names; what could not be an argument of it is none."""
    told = message.get("session_id")
    return told if isinstance(told, str) and _SESSION.fullmatch(told) else None


def texts(value: Any) -> list[str]:
    """Return the texts of a list, which may be anything."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def note_once(state: State, about: str, text: str, value: Any, level: str = "info") -> list[Fact]:
    """Return a note the first time something odd is seen in an incarnation."""
    return [Noted(text, lines.raw(value), level)] if lines.is_news(state.noted, about) else []


def text_of(content: Any) -> str:
    """Return the text of a message's or a tool result's content; what is not text is named."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    blocks = [block for block in content if isinstance(block, dict)]
    return "\n".join(_block_text(block) for block in blocks)


def _block_text(block: dict[str, Any]) -> str:
    text = block.get("text")
    return text if isinstance(text, str) else f"[{str(block.get('type') or 'content')[:40]}]"

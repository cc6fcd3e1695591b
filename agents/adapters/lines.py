"""What every family that speaks in JSON lines does alike: lines in, strays told, notes told once, names of requests.

Pure; knows no protocol. What is counted here lies in the families' own states.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from agents.adapters.contract import Fact, Noted, NotPossible
from agents.adapters.framing import MAX_RAW, Frame, Garbage
from agents.model import Mark
from agents.status.untrusted import one_line

#: Oddities told per incarnation; the raw log has all of them.
NOTE_LIMIT: Final = 20

#: Bytes of stderr kept to explain a program that ends before it speaks.
COMPLAINT: Final = 4096

_encoder = msgspec.json.Encoder()
_sorted = msgspec.json.Encoder(order="sorted")
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]")

#: How often an oddity was told in this incarnation; part of a family's state.
Told = dict[str, int]


def take(
    frames: Iterable[Frame], told: Told, read: Callable[[dict[str, Any], Mark], list[Fact]], mark: Mark
) -> list[Fact]:
    """Return the facts of the frames of one mark: ``read`` takes the messages, what is none is told."""
    facts: list[Fact] = []
    for frame in frames:
        facts += stray(told, frame) if isinstance(frame, Garbage) else read(frame, mark)
    return facts


def stray(told: Told, garbage: Garbage) -> list[Fact]:
    """Return the note about a line outside the protocol, none once there were too many."""
    number = told.get("stray", 0) + 1
    told["stray"] = number
    if number > NOTE_LIMIT:
        return []
    more = "; more of them are only in the raw log" if number == NOTE_LIMIT else ""
    return [Noted(f"a line outside the protocol ({garbage.why}){more}", garbage.raw)]


def is_news(told: Told, about: str) -> bool:
    """Tell whether an oddity is seen for the first time in this incarnation, and count it."""
    # The text is the program's own: without a bound on it a flood of new kinds would grow the state.
    if about in told or len(told) > NOTE_LIMIT * 5:
        return False
    told[about] = 1
    return True


def last_line(complaint: bytes, cut: Callable[[str], str] = str) -> str:
    """Return the last line of what a program wrote to stderr; ``cut`` takes away what is no word of it."""
    lines = complaint.decode("utf-8", "replace").splitlines()
    return next((line for raw in reversed(lines) if (line := cut(one_line(raw, 300)))), "")


def require_open(phase: str, *, closed: bool, failed: str, who: str = "program", what: str = "session") -> None:
    """Raise NotPossible with the next step unless a conversation in this phase of its handshake takes orders.

    ``failed`` says why its session could not be opened, ``who`` and ``what`` are the family's own words.
    """
    match phase:
        case "ready" if not closed:
            return
        case "ready":
            raise NotPossible(f"the {who} closed its output and hears nothing any more: stop and resume it")
        case "down":
            raise NotPossible("the agent is not running: resume it first")
        case "failed":
            raise NotPossible(failed)
        case _:
            raise NotPossible(f"its {what} is not open yet")


def id_key(rpc_id: Any) -> str:
    """Return a text that tells ids apart also by type: 1 and "1" are two ids."""
    return _encoder.encode(rpc_id).decode()


def request_key(incarnation: int, request_id: Any, *content: Any) -> str:
    """Return what identifies a request for ever; safe to type in a shell."""
    digest = hashlib.sha256(_sorted.encode([request_id, *content])).hexdigest()[:12]
    return f"{incarnation}:{_UNFIT.sub('_', str(request_id))[:40]}:{digest}"


def raw(value: Any) -> str:
    """Return the beginning of a message as text, for notes."""
    return _encoder.encode(value)[:MAX_RAW].decode("utf-8", "replace")

"""JSON lines out of byte chunks cut anywhere: partial lines are state, garbage is a note, nothing raises.

Pure. Linear in the bytes fed, also for one line of 50 MB that comes in 64 KiB chunks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

#: Longest line kept, bytes. What is longer is no message; it is dropped to protect the daemon's memory.
MAX_LINE: Final = 256 * 1024 * 1024

#: Raw text kept with a note, characters (contract: 4 KiB).
MAX_RAW: Final = 4096

#: Deepest nesting taken, levels: what decodes must also be kept, hashed and validated recursively.
MAX_DEPTH: Final = 200

_ANSI = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_BOM = b"\xef\xbb\xbf"


class Garbage(msgspec.Struct, frozen=True):
    """A line that is no JSON object; ``raw`` is its beginning."""

    why: str
    raw: str


Frame = dict[str, Any] | Garbage


class Splitter(msgspec.Struct):
    """The unfinished line of one stream; part of an adapter's saved state."""

    parts: list[bytes] = []
    held: int = 0
    dropping: bool = False

    def feed(self, data: bytes) -> Iterator[bytes | Garbage]:
        """Yield the lines that ``data`` completes, without their ends; blank ones are left out."""
        lines = data.split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield from self._finish(line)
        self._hold(rest)

    def reset(self) -> bytes:
        """Forget and return the unfinished line (its writer is gone)."""
        rest = b"".join(self.parts)
        self.parts, self.held, self.dropping = [], 0, False
        return rest

    def _finish(self, line: bytes) -> Iterator[bytes | Garbage]:
        too_long = self.dropping or self.held + len(line) > MAX_LINE
        whole = b"".join([*self.parts, line]) if self.parts else line
        self.parts, self.held, self.dropping = [], 0, False
        if too_long:
            yield Garbage(f"a line longer than {MAX_LINE >> 20} MiB was dropped", _raw(whole))
        elif whole.strip():
            yield whole

    def _hold(self, rest: bytes) -> None:
        if not rest:
            return
        if self.dropping or self.held + len(rest) > MAX_LINE:
            # The head stays for the note that comes with the end of the line.
            self.parts = self.parts[:1] or [rest[:MAX_RAW]]
            self.held, self.dropping = len(self.parts[0]), True
            return
        self.parts.append(rest)
        self.held += len(rest)

    def frames(self, data: bytes) -> Iterator[Frame]:
        """Yield what the completed lines hold: JSON objects, or garbage with the reason."""
        for line in self.feed(data):
            if isinstance(line, Garbage):
                yield line
            else:
                yield from parse(line)


def parse(line: bytes) -> Iterator[Frame]:
    """Yield the objects of one line (a batch holds several)."""
    body = line.strip().removeprefix(_BOM).strip(b"\x00 \t\r\n")
    if b"\x1b" in body:
        body = _ANSI.sub(b"", body).strip()
    if body[:1] not in (b"{", b"["):
        yield Garbage("not JSON", _raw(line))
        return
    try:
        value = _decode(body)
    except (ValueError, RecursionError) as error:
        yield Garbage(f"not JSON: {error}", _raw(line))
        return
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _deeper_than(value, MAX_DEPTH):
        yield Garbage(f"JSON nested deeper than {MAX_DEPTH} levels", _raw(line))
        return
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item
        else:
            yield Garbage("JSON, but not an object", _raw(line))


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Agents cut strings inside a character: invalid UTF-8 and half surrogate pairs reach us. The rest
        # of the message is good, so the slow, forgiving path replaces only what is broken.
        return _scrub(json.loads(body.decode("utf-8", "replace"), parse_constant=_reject_constant))


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _reject_constant(name: str) -> Any:
    # json accepts NaN and Infinity, no other JSON reader does: a message with them could not be kept.
    raise ValueError(f"{name} is no JSON value")


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_scrub(item) for item in value]
    if isinstance(value, dict):
        return {_scrub(key): _scrub(item) for key, item in value.items()}
    return value


def _raw(line: bytes) -> str:
    return line[:MAX_RAW].decode("utf-8", "replace")

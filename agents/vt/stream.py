"""Cuts a terminal stream into what the screen shows and what is said beside it, in order; judges nothing.

Pure and incremental: however the bytes are cut into portions, the pieces are the same (neighbouring ``Text`` joined).
Terminals here speak UTF-8: a byte over 0x7f is text or content of a string, never a C1 control, so the 0x9c in ``✳``
ends nothing. Aborted sequences vanish whole: the core must never be left in the middle of one.
"""

from __future__ import annotations

import functools
import re
from typing import Literal

import msgspec

#: Whole sequences, introducer and end included; longer ones are dropped up to their end.
OSC_7501_LIMIT = 4096
STRING_LIMIT = 64 * 1024
CSI_LIMIT = 1024

StringKind = Literal["dcs", "apc", "pm", "sos"]


class Text(msgspec.Struct, frozen=True, tag=True):
    """What is for the core as it is: printables, controls except BEL, plain escapes and styling."""

    data: bytes


class Bell(msgspec.Struct, frozen=True, tag=True):
    """A BEL outside of any string."""


class Csi(msgspec.Struct, frozen=True, tag=True):
    """A control sequence that asks something or changes a mode; controls inside it are in ``raw`` alone."""

    raw: bytes
    private: str
    params: str
    intermediate: str
    final: str


class Osc(msgspec.Struct, frozen=True, tag=True):
    """An operating system command: ``body`` behind ``code;``, all of it where there is no code.

    ``end`` is how it was ended (BEL or ST), for answers end as their query did.
    """

    code: int | None
    body: bytes
    end: bytes = b"\x1b\\"


class Str(msgspec.Struct, frozen=True, tag=True):
    """Any other string, without its introducer and end."""

    kind: StringKind
    body: bytes


class Reset(msgspec.Struct, frozen=True, tag=True):
    """A full reset (RIS, ``ESC c``), which is for the core too."""


Piece = Text | Bell | Csi | Osc | Str | Reset

_INTRODUCERS: dict[StringKind, bytes] = {"dcs": b"\x1bP", "apc": b"\x1b_", "pm": b"\x1b^", "sos": b"\x1bX"}


def written(piece: Piece) -> bytes:
    """Return a piece as bytes that mean the same."""
    match piece:
        case Text(data=data):
            return data
        case Csi(raw=raw):
            return raw
        case Osc(code=code, body=body, end=end):
            return b"\x1b]" + (body if code is None else b"%d;%s" % (code, body)) + end
        case Str(kind=kind, body=body):
            return _INTRODUCERS[kind] + body + b"\x1b\\"
        case Bell():
            return b"\a"
        case Reset():
            return b"\x1bc"


#: Neighbouring text with the control sequences that only style, move and erase, eaten in one step.
_PLAIN = re.compile(rb"(?:\x1b\[[0-9;:]{0,64}+[@-Z`abdefgijkmorsuvwyz-~][^\x07\x1b]*+)++")

#: What sets and resets modes, as programs write it around every frame.
_MODES = re.compile(rb"\x1b\[\?[0-9;]{1,64}+[hl]")
_ESCAPE = re.compile(rb"\x1b[ -/]{0,8}+([0-~])?")
_CSI = re.compile(rb"\x1b\[([\x00-\x17\x19\x1c-?\x7f]*+)([@-~])?")
_CSI_PARTS = re.compile(rb"([<-?]?)([0-9:;]*+)([ -/]*+)")
_CONTROLS = re.compile(rb"[\x00-\x1f\x7f]+")
_OSC_END = re.compile(rb"[\x07\x18\x1a\x1b]")
_STRING_END = re.compile(rb"[\x18\x1a\x1b]")
_NO_CSI = re.compile(rb"[\x18\x1a\x1b\x80-\xff@-~]")
_CODE = re.compile(rb"([0-9]{1,9}+)(?:;|\Z)")

_STRINGS: dict[int, StringKind] = {ord("P"): "dcs", ord("_"): "apc", ord("^"): "pm", ord("X"): "sos"}
_CANCEL = b"\x18\x1a"

#: Finals of control sequences that matter here, with the (private, intermediate) they have then.
_FINALS: dict[str, frozenset[tuple[str, str]]] = {
    "h": frozenset({("", ""), ("?", "")}),
    "l": frozenset({("", ""), ("?", "")}),
    "p": frozenset({("", "!"), ("", "$"), ("?", "$")}),
    "c": frozenset({("", ""), (">", ""), ("=", "")}),
    "n": frozenset({("", ""), ("?", "")}),
    "u": frozenset({("?", ""), (">", ""), ("<", ""), ("=", "")}),
    "t": frozenset({("", "")}),
    "q": frozenset({(">", "")}),
    "m": frozenset({("?", "")}),
    "x": frozenset({("", "")}),
    "S": frozenset({("?", "")}),
}


class Splitter(msgspec.Struct):
    """Owned by whoever reads one terminal; all it remembers is in its fields, so a checkpoint holds it.

    ``pending`` is a sequence without its end; ``discarding`` says which kind too long to keep is being skipped
    (``pending`` then holds at most the ESC that may end it).
    """

    pending: bytes = b""
    discarding: Literal["", "osc", "string", "csi"] = ""

    def feed(self, data: bytes) -> list[Piece]:
        """Return the pieces that are complete with ``data``."""
        pieces: list[Piece] = []
        at = 0
        resume = len(self.pending.rstrip(b"\x1b"))
        if self.pending:
            data, self.pending = self.pending + data, b""
        if self.discarding:
            at = self._discard(data)
            resume = 0
        while 0 <= at < len(data):
            at = self._step(data, at, resume, pieces)
            resume = 0
        return _joined(pieces)

    # ``resume`` below is how much of an unfinished string was looked through before.
    def _step(self, data: bytes, at: int, resume: int, pieces: list[Piece]) -> int:
        """Add what begins at ``at`` and return where the next begins, -1 when the rest waits for more."""
        if data[at] == 0x1B:
            return self._sequence(data, at, resume, pieces)
        if data[at] == 0x07:
            pieces.append(Bell())
            return at + 1
        end = _first(data, at, b"\x1b", b"\x07")
        plain = _PLAIN.match(data, end)
        end = end if plain is None else plain.end()
        pieces.append(Text(data[at:end]))
        return end

    def _sequence(self, data: bytes, at: int, resume: int, pieces: list[Piece]) -> int:
        modes = _MODES.match(data, at)
        if modes is not None:
            pieces.append(_csi(modes[0]))
            return modes.end()
        plain = _PLAIN.match(data, at)
        if plain is not None:
            pieces.append(Text(plain[0]))
            return plain.end()
        if data.startswith(b"\x1b[", at):
            return self._control(data, at, pieces)
        if data[at + 1 : at + 2] == b"]":
            return self._string(data, at, resume, pieces, _OSC_END)
        if data[at + 1 : at + 2] in {b"P", b"_", b"^", b"X"}:
            return self._string(data, at, resume, pieces, _STRING_END)
        return self._escape(data, at, pieces)

    def _escape(self, data: bytes, at: int, pieces: list[Piece]) -> int:
        found = _ESCAPE.match(data, at)
        end = found.end() if found else at + 1
        if found is not None and found[1] is not None:
            if found[0] == b"\x1bc":
                pieces.append(Reset())
            else:
                pieces.append(Text(found[0]))
            return end
        if end == len(data):
            self.pending = data[at:]
            return -1
        return end + 1 if data[end] in _CANCEL else end

    def _control(self, data: bytes, at: int, pieces: list[Piece]) -> int:
        found = _CSI.match(data, at)
        if found is None:  # cannot be: the introducer was seen and everything behind it is optional
            return at + 1
        end = found.end()
        is_long = 2 + len(found[1]) >= CSI_LIMIT
        if found[2] is None and end == len(data):
            self.discarding = "csi" if is_long else ""
            self.pending = b"" if is_long else data[at:]
            return -1
        if found[2] is not None:
            pieces += [] if is_long else [_csi(found[0])]
            return end
        pieces += [] if is_long else _executed(found[1])
        return end + 1 if data[end] in _CANCEL else end

    def _string(self, data: bytes, at: int, resume: int, pieces: list[Piece], ends: re.Pattern[bytes]) -> int:
        start = at + 2
        body_end, after, is_whole = _string_end(data, max(start, resume), ends)
        if after < 0:
            self._keep(data[at:], at_escape=body_end < len(data))
            return -1
        whole = after - at
        if is_whole and whole <= _limit(data[at : at + 16]):
            pieces.append(_string_piece(data[at + 1], data[start:body_end], data[body_end:after]))
        return after

    def _keep(self, begun: bytes, *, at_escape: bool) -> None:
        """Keep a string without its end, or only the memory of one that is too long."""
        if len(begun) < _limit(begun[:16]):
            self.pending = begun
            return
        self.discarding = "osc" if begun[1] == ord("]") else "string"
        self.pending = b"\x1b" if at_escape else b""

    def _discard(self, data: bytes) -> int:
        """Return where what is skipped ends, -1 when it does not yet."""
        if self.discarding == "csi":
            found = _NO_CSI.search(data)
            if found is None:
                return -1
            self.discarding = ""
            return found.start() if data[found.start()] == 0x1B or data[found.start()] >= 0x80 else found.end()
        body_end, after, _ = _string_end(data, 0, _OSC_END if self.discarding == "osc" else _STRING_END)
        if after < 0:
            self.pending = b"\x1b" if body_end < len(data) else b""
            return -1
        self.discarding = ""
        return after


def _string_end(data: bytes, start: int, ends: re.Pattern[bytes]) -> tuple[int, int, bool]:
    """Return where the body ends, where what follows begins (-1: not yet known) and whether the string is whole."""
    found = ends.search(data, start)
    if found is None:
        return len(data), -1, False
    end = found.start()
    if data[end] == 0x07:
        return end, end + 1, True
    if data[end] != 0x1B:
        return end, end + 1, False
    last = end
    while data[last + 1 : last + 2] == b"\x1b":
        last += 1
    if last + 1 == len(data):
        return end, -1, False
    if data[last + 1] == ord("\\"):
        return end, last + 2, True
    return end, last, False


def _string_piece(introducer: int, body: bytes, end: bytes) -> Piece:
    if introducer != ord("]"):
        return Str(_STRINGS[introducer], body)
    code = _CODE.match(body)
    if code is None:
        return Osc(None, body, end[-2:])
    return Osc(int(code[1]), body[code.end() :], end[-2:])


def _limit(begun: bytes) -> int:
    code = _CODE.match(begun, 2) if begun.startswith(b"\x1b]") else None
    return OSC_7501_LIMIT if code is not None and int(code[1]) == 7501 else STRING_LIMIT


def _executed(inside: bytes) -> list[Piece]:
    """Return what is left of an aborted control sequence: the controls that stood in it."""
    executed = b"".join(_CONTROLS.findall(inside)).replace(b"\x07", b"").replace(b"\x7f", b"")
    return [Text(executed)] if executed else []


@functools.lru_cache(maxsize=512)  # a program says the same few again and again, some with every frame
def _csi(raw: bytes) -> Piece:
    """Return a whole control sequence as a piece of its own if it matters here, else as text."""
    parts = _CSI_PARTS.fullmatch(_CONTROLS.sub(b"", raw[2:-1]))
    if parts is None:
        return Text(raw)
    private, params, intermediate = (part.decode() for part in parts.groups())
    final = chr(raw[-1])
    if (private, intermediate) not in _FINALS.get(final, ()):
        return Text(raw)
    return Csi(raw, private, params, intermediate, final)


def _first(data: bytes, at: int, *marks: bytes) -> int:
    """Return where the first of ``marks`` stands behind ``at``, else the end."""
    end = len(data)
    for mark in marks:
        found = data.find(mark, at, end)
        end = found if found >= 0 else end
    return end


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Return ``pieces`` with neighbouring text as one."""
    joined: list[Piece] = []
    run: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, Text):
            run.append(piece.data)
            continue
        if run:
            joined.append(Text(b"".join(run)))
            run = []
        joined.append(piece)
    if run:
        joined.append(Text(b"".join(run)))
    return joined

"""The one door to stdout and stderr: nothing an agent said passes it unclean.

Colour only on a terminal and without NO_COLOR. Raw bytes (``log --raw``, ``attach``) have a door of their own.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from typing import Any, Protocol, TextIO

import msgspec

from agents.status.untrusted import clean

#: SGR codes of the theme's roles, from the sixteen colours every terminal theme keeps readable.
_SGR = {
    "danger": "31",
    "attention": "1;35",
    "warning": "33",
    "success": "32",
    "accent": "36",
    "info": "34",
    "muted": "90",
    "strong": "1",
}

_SUSPECT = re.compile(r"[^\x20-\x7e\n]")

Span = tuple[str, str]


class Bytes(Protocol):
    """Where raw bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take ``data``."""

    def flush(self) -> None:
        """Pass everything on."""


class Output:
    """Owns the two streams of one run of the program."""

    def __init__(self, stdout: TextIO, stderr: TextIO, env: Mapping[str, str]) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._is_plain = bool(env.get("NO_COLOR")) or env.get("TERM") == "dumb"
        self.is_json = False

    @property
    def is_terminal(self) -> bool:
        """Tell whether a person reads stdout on a screen."""
        return self._stdout.isatty()

    @property
    def width(self) -> int | None:
        """Return the columns to fit into, ``None`` when stdout is no terminal."""
        return shutil.get_terminal_size().columns if self.is_terminal else None

    def line(self, *parts: str | Span) -> None:
        """Print one line of stdout; a part is text, or text with a colour role."""
        self._stdout.write(self._styled(parts, self._stdout) + "\n")

    def text(self, text: str, *, error: bool = False) -> None:
        """Print cleaned text as it is, without adding a line's end, in its order with the other stream's."""
        ours, other = (self._stderr, self._stdout) if error else (self._stdout, self._stderr)
        other.flush()
        ours.write(clean(text))

    def error(self, *parts: str | Span) -> None:
        """Print to stderr."""
        self._stdout.flush()
        self._stderr.write(self._styled(parts, self._stderr) + "\n")
        self._stderr.flush()

    def json(self, value: Any) -> None:
        """Print a value as one line of JSON in which every unprintable character is escaped."""
        self._stdout.write(to_json(value) + "\n")

    def raw(self, *, error: bool = False) -> Bytes:
        """Return the byte stream below stdout or stderr, for what must not be changed."""
        stream = self._stderr if error else self._stdout
        stream.flush()
        return stream.buffer

    def flush(self) -> None:
        """Pass everything on."""
        self._stdout.flush()

    def _styled(self, parts: tuple[str | Span, ...], stream: TextIO) -> str:
        is_coloured = stream.isatty() and not self._is_plain
        return "".join(_style(part, is_coloured=is_coloured) for part in parts).rstrip()


def _style(part: str | Span, *, is_coloured: bool) -> str:
    text, role = (part, "") if isinstance(part, str) else part
    text = clean(text)
    code = _SGR.get(role)
    return f"\x1b[{code}m{text}\x1b[0m" if is_coloured and code and text else text


def to_json(value: Any) -> str:
    """Return JSON without a single control, bidirectional or invisible character: all of them are escaped."""
    return _SUSPECT.sub(_escape, msgspec.json.encode(value).decode())


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if character.isprintable():
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))

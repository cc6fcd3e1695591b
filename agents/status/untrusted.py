"""What agents say, made safe to show: no control, bidirectional or invisible characters.

Pure. Used wherever text of an agent reaches a person; never used on bytes that go back to an agent.
"""

from __future__ import annotations

import re

#: C0 except tab and newline, DEL and C1; ANSI sequences go as a whole so that no "[31m" stays behind.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

#: Bidi embeddings, overrides and isolates, marks, zero-width characters, soft hyphen, BOM, line and
#: paragraph separators, tag characters and lone surrogates. Zero-width joiners are kept out too: an
#: emoji that falls apart is better than two commands that look alike.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)

_SPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    """Return ``text`` with line breaks and tabs kept and everything deceptive removed."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _INVISIBLE.sub("", _CONTROL.sub("", _ANSI.sub("", text)))


def one_line(text: str, limit: int = 200) -> str:
    """Return ``text`` cleaned, on one line, of at most ``limit`` characters."""
    line = _SPACE.sub(" ", clean(text[: limit * 8])).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def reveal(text: str) -> str:
    """Return ``text`` with every deceptive character made visible as ``⟨U+202E⟩``, nothing removed.

    For what a person is asked to approve: a command that is shown without a character is another command.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    return _INVISIBLE.sub(_code_point, _CONTROL.sub(_code_point, text))


def _code_point(found: re.Match[str]) -> str:
    return f"⟨U+{ord(found[0]):04X}⟩"

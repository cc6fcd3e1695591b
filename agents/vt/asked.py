"""What programs ask of a terminal beside its screen, in strings (OSC): titles, colours, and what is only written down.

Sources: xterm's ctlseqs (OSC 0, 2, 4, 10 to 12, 52, 104, 110 to 112), iTerm2 (9), rxvt (777), kitty (99). Nothing
here is ever done for a program; whoever shows a note asks first. Keeps no core.
"""

from __future__ import annotations

import re

from agents.vt.rows import Note, NoteKind
from agents.vt.stream import Osc

#: Characters of a title and of a note that are kept; notes that wait for somebody to take them.
TITLE, TEXT, NOTES = 256, 1024, 32

#: Characters of what was to be copied: as long as a string can be.
CLIPBOARD = 64 * 1024

#: Keys of the palette beside 0 to 255.
FOREGROUND, BACKGROUND, CURSOR = -1, -2, -3
_DYNAMIC = {10: FOREGROUND, 11: BACKGROUND, 12: CURSOR}

_COLOUR = re.compile(
    rb"(?:rgb:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})|#([0-9a-fA-F]{3}|[0-9a-fA-F]{6}))"
)
_NOTES: dict[int, NoteKind] = {52: "clipboard", 9: "notification", 99: "notification", 777: "notification"}

#: Printable by their category, and yet nothing to be seen: fillers and joiners.
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0")

#: ``OSC 9;4`` is progress, which the status reads; it is no notification.
_PROGRESS = re.compile(rb"4(?:;|\Z)")


def printable(text: str, limit: int) -> str:
    """Return ``text`` on one line without controls, bidirectional overrides or anything else that is not printed."""
    seen = "".join(character for character in text[: limit * 4] if _is_seen(character))
    shown = " ".join(seen.split())
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


def _is_seen(character: str) -> bool:
    return character.isspace() or (character.isprintable() and character not in _FILLERS)


class Asked:
    """What one program has asked for so far; owned by one grid."""

    def __init__(self) -> None:
        self.title = ""
        self.palette: dict[int, int] = {}
        self._notes: list[Note] = []

    def reset(self) -> None:
        """Forget the colours, as a full reset does; a title stays."""
        self.palette.clear()

    def take_notes(self) -> tuple[Note, ...]:
        """Return what was asked for since this was last called, at most the last few."""
        notes = tuple(self._notes)
        self._notes.clear()
        return notes

    def feed(self, piece: Osc) -> None:
        """Take one string."""
        code, body = piece.code, piece.body
        if code in {0, 2}:
            self.title = printable(body.decode("utf-8", "replace"), TITLE)
        elif code == 4:
            self._set_colours(body.split(b";"))
        elif code in _DYNAMIC:
            self._set_dynamic(code, body.split(b";"))
        elif code == 104:
            self._reset_colours(body)
        elif code in {110, 111, 112}:
            self.palette.pop(_DYNAMIC[code - 100], None)
        elif code in _NOTES and not (code == 9 and _PROGRESS.match(body)):
            self._note(_NOTES[code], body)

    def _set_colours(self, parts: list[bytes]) -> None:
        for index, given in zip(parts[::2], parts[1::2], strict=False):
            colour = _colour(given)
            if colour is not None and index.isdigit() and len(index) <= 3 and int(index) < 256:
                self.palette[int(index)] = colour

    def _set_dynamic(self, code: int, parts: list[bytes]) -> None:
        """Set the colour of ``code`` and, with more than one, those of the codes behind it."""
        for key, given in zip(range(code, 13), parts, strict=False):
            colour = _colour(given)
            if colour is not None:
                self.palette[_DYNAMIC[key]] = colour

    def _reset_colours(self, body: bytes) -> None:
        if not body:
            self.palette = {key: colour for key, colour in self.palette.items() if key < 0}
        for index in body.split(b";"):
            if index.isdigit() and len(index) <= 3:
                self.palette.pop(int(index), None)

    def _note(self, kind: NoteKind, body: bytes) -> None:
        longest = CLIPBOARD if kind == "clipboard" else TEXT
        self._notes.append(Note(kind, printable(body.decode("utf-8", "replace"), longest)))
        del self._notes[:-NOTES]


def _colour(given: bytes) -> int | None:
    """Return ``0xrrggbb`` for a colour as X11 writes it, None for a question or a name."""
    found = _COLOUR.fullmatch(given)
    if found is None:
        return None
    *parts, short = found.groups()
    if short is not None:
        width = len(short) // 3
        parts = [short[at : at + width] for at in range(0, len(short), width)]
    colour = 0
    for part in parts:
        most: int = 16 ** len(part) - 1
        colour = colour << 8 | int(part, 16) * 255 // most
    return colour

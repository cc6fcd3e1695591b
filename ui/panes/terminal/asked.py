"""What a program asked its terminal for and nobody did: said for a while; the clipboard is done once if allowed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

from agents.status.untrusted import clean, one_line
from agents.vt.rows import Note
from ui.panes.terminal.bars import Corner

#: Milliseconds a wish is shown and can be allowed: later it would be another moment's surprise.
SHOWN_MS = 15_000

_REFUSED = "not done"

#: Characters of what would be copied that are shown before.
_EXCERPT = 40


class Asked(QObject):
    """Owned by a terminal pane; says things in its corner. Nothing acts by itself."""

    def __init__(self, corner: Corner) -> None:
        super().__init__(corner)
        self.key = ""
        self._corner = corner
        self._clipboard = ""
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self._forget)

    def take(self, notes: Iterable[Note]) -> None:
        """Say the newest of what was asked for."""
        for note in notes:
            self._corner.say("asked", self._words(note))
            self._timer.start()

    def _words(self, note: Note) -> str:
        self._clipboard = ""  # only what is said can be allowed
        if note.kind == "notification":
            return f"says: {notification(note.text)}"
        self._clipboard = written(note.text)
        if not self._clipboard:
            return f"asked about the clipboard: {_REFUSED}"
        allows = f" ({self.key} allows it once)" if self.key else ""
        return f"asked to copy “{one_line(self._clipboard, _EXCERPT)}”: {_REFUSED}{allows}"

    def allow(self) -> bool:
        """Put on the clipboard what the program wanted there; false when it wants nothing now."""
        text, self._clipboard = self._clipboard, ""
        if not text:
            self._corner.say("asked", "the program asks for nothing now")
        else:
            QGuiApplication.clipboard().setText(text)
            self._corner.say("asked", f"on the clipboard: {one_line(text, 60)}", "success")
        self._timer.start()
        return bool(text)

    def _forget(self) -> None:
        self._clipboard = ""
        self._corner.say("asked", "")


def written(body: str) -> str:
    """Return what OSC 52 would put on the clipboard, nothing for a question or what is no text.

    Source: xterm's ctlseqs, "Manipulate Selection Data": ``selection ; base64``.
    """
    given = body.partition(";")[2]
    try:
        return clean(base64.b64decode(given, validate=True).decode("utf-8"))
    except (binascii.Error, ValueError):
        return ""


def notification(body: str) -> str:
    """Return the words of OSC 9, 99 or 777: the latter two put fields before them."""
    words = body.removeprefix("notify;").replace(";", ": ", 1) if body.startswith("notify;") else body
    return one_line(words, 80)

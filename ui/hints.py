"""The line at the bottom: the keys that act now, and for a few seconds the newest message or why a key did nothing."""

from __future__ import annotations

import html
from collections.abc import Iterable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from agents.status.untrusted import one_line
from app.commands import COMMANDS, Command, Context, Zone
from app.keymap import Keymap, display
from ui.theme import Theme
from ui.tip import tip_of

#: Characters of a message in its tool tip, where all of it is read.
_WHOLE = 4000

#: Milliseconds a message stays.
TOAST_MS = 6000

_NAMES = {
    Zone.ROSTER: "roster",
    Zone.CARD: "permission",
    Zone.TRANSCRIPT: "transcript",
    Zone.COMPOSER: "message",
    Zone.TERMINAL: "terminal",
    Zone.TOOL: "tools",
    Zone.FIELD: "text",
}


def hints(keymap: Keymap, context: Context) -> tuple[tuple[str, str], ...]:
    """Return (keys, word) of what acts in this context, most useful first."""
    usable = [c for c in COMMANDS if c.hint and _acts(c, context)]
    made = []
    for command in sorted(usable, key=lambda c: c.hint):
        keys = keymap.keys_of(command.id, context.zone)
        if keys:
            made.append((keys[0], command.label))
    return tuple(made)


def _acts(command: Command, context: Context) -> bool:
    return (not command.zones or context.zone in command.zones) and command.enabled(context) is None


class HintLine(QWidget):
    """Owns the words at the bottom; told when the context changes."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("hints")
        self._zone = QLabel(self)
        self._keys = QLabel(self)
        self._icon = QLabel(self)
        self._toast = QLabel(self)
        self._toast.setTextFormat(Qt.TextFormat.PlainText)
        self._toast.setAccessibleName("Newest message")
        self._said = ""
        self._shown: tuple[tuple[str, str], ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 3, 10, 4)
        row.setSpacing(6)
        row.addWidget(self._zone)
        row.addSpacing(6)
        row.addWidget(self._keys, 1)
        row.addWidget(self._icon)
        row.addWidget(self._toast)
        self._keys.setMinimumWidth(1)
        self._timer = QTimer(self, singleShot=True, interval=TOAST_MS)
        self._timer.timeout.connect(self.clear_toast)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take colours and fonts from ``theme``."""
        self._theme = theme
        for label in (self._zone, self._keys, self._toast):
            label.setFont(theme.ui(delta=-1))
        self._zone.setStyleSheet(f"color: {theme.accent.name()};")
        self._show_keys()

    def show_hints(self, zone: Zone, found: Iterable[tuple[str, str]], *, is_mac: bool) -> None:
        """Name the zone and the keys that act in it."""
        shown = tuple((display(keys, is_mac=is_mac), word) for keys, word in found)
        if self._zone.text() != _NAMES[zone]:
            self._zone.setText(_NAMES[zone])
        if shown != self._shown:
            self._shown = shown
            self._show_keys()

    def _show_keys(self) -> None:
        """Show as many as fit, whole ones only."""
        room = self._keys.width()
        metrics = QFontMetrics(self._keys.font())
        pieces = []
        for keys, word in self._shown:
            room -= metrics.horizontalAdvance(f"{keys} {word}") + 18
            if room < 0:
                break
            pieces.append(
                f'<span style="color:{self._theme.text.name()}">{html.escape(keys)}</span>&nbsp;'
                f'<span style="color:{self._theme.muted.name()}">{html.escape(word)}</span>'
            )
        self._keys.setText("&nbsp;&nbsp;&nbsp; ".join(pieces))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt: other hints fit now."""
        super().resizeEvent(event)
        self._show_keys()
        self._fit_toast()

    def toast(self, text: str, icon: str = "info", role: str = "muted") -> None:
        """Say something for a few seconds; all of it stays in the tooltip."""
        self._said = one_line(text, 2000)
        self._icon.setPixmap(self._theme.pixmap(icon, role, 16, self.devicePixelRatioF()))
        self._toast.setStyleSheet(f"color: {self._theme.color(role).name()};")
        self._toast.setToolTip(tip_of(text, longest=_WHOLE))
        self._icon.show()
        self._fit_toast()
        self._timer.start()

    @property
    def said(self) -> str:
        """Return the message on show, whole."""
        return self._said

    def clear_toast(self) -> None:
        """Take the message away."""
        self._said = ""
        self._icon.hide()
        self._toast.clear()

    def _fit_toast(self) -> None:
        room = max(80, self.width() // 2)
        metrics = QFontMetrics(self._toast.font())
        self._toast.setText(metrics.elidedText(self._said, Qt.TextElideMode.ElideRight, room))

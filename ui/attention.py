"""The bar on top: how many need you, work, rest; click a count to see only those. And what is wrong with the line."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from agents.status import incidents, recovery
from app.filters import LOOKS, Group, counts, words
from app.fleet import Change, Fleet, What
from ui.theme import Theme

_FLUSH_MS = 100


class AttentionBar(QWidget):
    """Reads the fleet; owns one timer that gathers changes."""

    group_chosen = Signal(object)  # Group
    notices_wanted = Signal()

    def __init__(
        self, fleet: Fleet, theme: Theme, keys_of: Callable[[str], str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("attention")
        self._fleet = fleet
        self._keys_of = keys_of
        self._buttons = {group: self._button(group) for group in Group}
        self._calm = QLabel("No agents yet")
        self._calm.setContentsMargins(10, 4, 0, 4)
        self._calm.setProperty("role", "muted")
        self._demo = QLabel("demo fleet: scripted agents, no account, no network")
        self._demo.setProperty("role", "muted")
        self.notices = QToolButton(self)
        self.notices.setAccessibleName("Messages")
        self.notices.clicked.connect(self.notices_wanted)
        self.banner = QWidget(self)
        self._banner_icon = QLabel(self.banner)
        self._banner_words = QLabel(self.banner)
        self._unread = 0
        self._lay_out()
        self.set_theme(theme)
        self._timer = QTimer(self, singleShot=True, interval=_FLUSH_MS)
        self._timer.timeout.connect(self.refresh)
        self._stop_listening = fleet.listen(self._on_change)

    def dispose(self) -> None:
        """Stop listening to the fleet."""
        self._stop_listening()

    def _button(self, group: Group) -> QPushButton:
        button = QPushButton(self)
        button.setProperty("role", "flat")
        button.setCheckable(True)
        button.clicked.connect(lambda _=False, which=group: self.group_chosen.emit(which))
        button.hide()
        return button

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(0, 4, 8, 4)
        bar.setSpacing(4)
        for button in self._buttons.values():
            bar.addWidget(button)
        bar.addWidget(self._calm)
        bar.addStretch(1)
        bar.addWidget(self._demo)
        bar.addSpacing(8)
        bar.addWidget(self.notices)
        line = QHBoxLayout(self.banner)
        line.setContentsMargins(12, 5, 12, 5)
        line.setSpacing(8)
        line.addWidget(self._banner_icon)
        line.addWidget(self._banner_words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.banner)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        for group, button in self._buttons.items():
            look = LOOKS[group]
            button.setIcon(theme.icon(look.icon, look.role))
        self.banner.setStyleSheet(f"background: {theme.raised.name()}; border-top: 1px solid {theme.border.name()};")
        self._banner_words.setStyleSheet(f"border: none; color: {theme.warning.name()};")
        self._banner_icon.setStyleSheet("border: none;")
        self.refresh()
        self._show_notices()

    def _pixmap(self, icon: str, role: str) -> QPixmap:
        return self._theme.pixmap(icon, role, 16, self.devicePixelRatioF())

    def set_group(self, group: Group | None) -> None:
        """Press the count of the group the roster is filtered by."""
        for which, button in self._buttons.items():
            button.setChecked(which is group)

    def set_unread_notices(self, number: int) -> None:
        """Say how many messages came since they were last read."""
        self._unread = number
        self._show_notices()

    def _show_notices(self) -> None:
        self.notices.setIcon(self._theme.icon("bell", "warning" if self._unread else "muted"))
        self.notices.setText(str(self._unread) if self._unread else "")
        keys = self._keys_of("notices.open")
        self.notices.setToolTip(f"Messages  {keys}".strip())

    def refresh(self) -> None:
        """Show the counts and the connection as they are now."""
        now = time.time()
        found = counts(self._fleet.entries(now), now)
        for group, button in self._buttons.items():
            number = found.get(group, 0)
            text = words(group, number)
            button.setVisible(number > 0 or button.isChecked())
            if button.text() != text:
                button.setText(text)
                button.setAccessibleName(f"{text}, filter")
                button.setToolTip(f"Show only these  {self._keys_of(f'filter.{group}')}".rstrip())
        self._demo.setVisible(any(row.demo for row in self._fleet.rows()))
        self._calm.setVisible(not found and self._fleet.connected)
        self._show_banner(has_rows=bool(found))

    def _show_banner(self, *, has_rows: bool) -> None:
        """Say what is wrong with the line, else who was cut off and how they come back, else what befell several."""
        rows = self._fleet.rows()
        words = ""
        if not self._fleet.connected:
            words = connection_words(self._fleet.connection_detail, has_rows=has_rows)
        elif recovery.is_worth_resuming(rows):
            words = recovery_words(recovery.sentence(rows), self._keys_of("fleet.resume_all"))
        else:
            words = ". ".join(incidents.sentence(found, time.time()) for found in self._fleet.incidents(time.time()))
        self.banner.setVisible(bool(words))
        self._banner_icon.setPixmap(self._pixmap("exclamation" if self._fleet.connected else "offline", "warning"))
        self._banner_words.setText(words)

    def _on_change(self, change: Change) -> None:
        if change.what is What.CONNECTION:
            self.refresh()
        elif change.what in (What.RESET, What.ADDED, What.CHANGED, What.REMOVED) and not self._timer.isActive():
            self._timer.start()


def recovery_words(sentence: str, keys: str) -> str:
    """Return what the banner says after a crash or a reboot."""
    way = f"{keys} brings them back" if keys else "“Resume all” in the palette brings them back"
    return f"Cut off — {sentence}. {way}."


def connection_words(detail: str, *, has_rows: bool) -> str:
    """Return what the banner says while the daemon does not answer."""
    first = detail.strip().split("\n", 1)[0]
    said = first[:1].upper() + first[1:]
    return f"{said} — agents go on; rows show what was last known." if has_rows else said

"""The stage with no pane on it: what would fill it, which programs are there, and the keys for it."""

from __future__ import annotations

import html
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from agents.spec import KindInfo
from app.fleet import Change, Fleet, What
from ui.theme import Theme

_WIDTH = 520


class EmptyStage(QWidget):
    """Reads kinds and rows from the fleet."""

    new_wanted = Signal()
    shown_wanted = Signal()

    def __init__(self, fleet: Fleet, theme: Theme, keys_of: Callable[[str], str]) -> None:
        super().__init__()
        self._fleet = fleet
        self._keys_of = keys_of
        self._title = QLabel(self)
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.RichText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setWordWrap(True)
        self.new = QPushButton(self)
        self.new.setProperty("role", "primary")
        self.new.clicked.connect(self.new_wanted)
        buttons = QHBoxLayout()
        buttons.addWidget(self.new)
        buttons.addStretch(1)
        inner = QVBoxLayout()
        inner.setSpacing(12)
        for part in (self._title, self._text):
            inner.addWidget(part)
        inner.addSpacing(4)
        inner.addLayout(buttons)
        box = QWidget(self)
        box.setLayout(inner)
        box.setFixedWidth(_WIDTH)
        inner.setContentsMargins(0, 0, 0, 0)
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addWidget(box, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self.setAutoFillBackground(True)
        self.set_theme(theme)
        self._stop_listening = fleet.listen(self._on_change)

    def dispose(self) -> None:
        """Stop listening to the fleet."""
        self._stop_listening()

    def set_theme(self, theme: Theme) -> None:
        """Take colours and fonts from ``theme``."""
        self._theme = theme
        palette = self.palette()
        palette.setColor(self.backgroundRole(), theme.window)
        self.setPalette(palette)
        self._title.setFont(theme.ui(delta=5, bold=True))
        self.refresh()

    def refresh(self) -> None:
        """Say what is the case now."""
        has_agents = any(not row.archived for row in self._fleet.rows())
        self._title.setText("No pane is open" if has_agents else "No agents yet")
        self.new.setText(f"New agent   {self._keys_of('agent.new')}".rstrip())
        self._text.setText(self._body(has_agents=has_agents))
        # A layout asks rich text for its height at its narrowest, not at the width it gets.
        self._text.setFixedHeight(self._text.heightForWidth(_WIDTH))

    def _body(self, *, has_agents: bool) -> str:
        key = self._keys_of
        if has_agents:
            steps = [
                (key("agent.open"), "in the roster opens the selected agent here"),
                (key("agent.peek"), "shows it and keeps the keyboard in the roster"),
                (key("agent.toggle"), "shows or hides it; hiding never ends the process"),
                (key("help.keys"), "lists every key"),
            ]
            return self._steps(steps)
        steps = [
            (key("agent.new"), "starts an agent"),
            (key("palette.open"), "finds any command or agent"),
            (key("help.keys"), "lists every key"),
        ]
        return (
            "<p style='margin:0 0 10px 0'>Every agent you start gets a row at the left and a pane here.</p>"
            + self._steps(steps)
            + self._kinds()
            + self._demo()
        )

    def _demo(self) -> str:
        return (
            f'<p style="margin:14px 0 0 0">Just looking? <span style="{self._mono()}">quarterdeck demo</span> '
            "plays a scripted fleet: no account, no key, no network.</p>"
        )

    def _steps(self, steps: list[tuple[str, str]]) -> str:
        muted = self._theme.muted.name()
        lines = (
            f'<tr><td width="110" style="{self._mono()}">{html.escape(keys)}</td>'
            f'<td style="color:{muted}">{html.escape(words)}</td></tr>'
            for keys, words in steps
            if keys
        )
        return f'<table cellspacing="0" cellpadding="2">{"".join(lines)}</table>'

    def _kinds(self) -> str:
        kinds = [kind for kind in self._fleet.kinds if not kind.hidden and not kind.demo]
        if not kinds:
            return ""
        lines = "".join(self._kind(kind) for kind in sorted(kinds, key=lambda kind: not kind.available))
        return (
            f'<p style="margin:14px 0 4px 0"><b>Programs</b></p><table cellspacing="0" cellpadding="2">{lines}</table>'
        )

    def _kind(self, kind: KindInfo) -> str:
        theme = self._theme
        role = theme.success if kind.available else theme.muted
        word = "ready" if kind.available else "missing"
        after = kind.program if kind.available else kind.install or kind.problem
        return (
            f'<tr><td width="110">{html.escape(kind.title or kind.name)}</td>'
            f'<td width="70" style="color:{role.name()}">{word}</td>'
            f'<td style="{self._mono()}">{html.escape(after)}</td></tr>'
        )

    def _mono(self) -> str:
        return f"color:{self._theme.text.name()}; font-family:'{self._theme.font_mono.family()}'; font-size:12px"

    def _on_change(self, change: Change) -> None:
        # Rows of a running fleet change all the time, but then nobody sees this.
        if change.what in (What.RESET, What.ADDED, What.REMOVED, What.CONNECTION):
            self.refresh()

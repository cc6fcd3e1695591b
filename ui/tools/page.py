"""A page of facts about one agent as selectable text: what the tools share."""

from __future__ import annotations

import html
from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QTextOption
from PySide6.QtWidgets import QTextBrowser, QWidget

from ui.theme import Theme

#: The longest name in most tables, and the pixels between a name and its value.
_LONGEST = "lifecycle"
_GAP = 12


class Page(QTextBrowser):
    """Text made from facts; keeps its scroll position when they change."""

    def __init__(self, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setAccessibleName(name)
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.setOpenLinks(False)
        # Selected and copied also without a mouse; a path or a command without a space is wrapped, not cut off.
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDocumentMargin(12)
        self._shown = ""

    def show_html(self, text: str) -> None:
        """Show ``text`` where it differs from what is shown."""
        if text == self._shown:
            return
        bar = self.verticalScrollBar()
        at = bar.value()
        self._shown = text
        self.setHtml(text)
        bar.setValue(at)

    def title(self, text: str) -> str:
        """Return a heading."""
        return f'<p style="margin-top:10px; margin-bottom:4px; font-weight:600">{html.escape(text)}</p>'

    def muted(self, text: str) -> str:
        """Return a quiet paragraph."""
        return f'<p style="margin:2px 0; color:{self.theme.muted.name()}">{html.escape(text)}</p>'

    def facts(self, pairs: Iterable[tuple[str, str]]) -> str:
        """Return names and values; pairs without a value are left out."""
        told = [pair for pair in pairs if pair[1]]
        metrics = QFontMetrics(self.theme.font_ui)
        # As wide as the longest name of any table on the page, so that all values stand below each other.
        width = max(metrics.horizontalAdvance(name) for name in (_LONGEST, *(name for name, _ in told))) + _GAP
        mono = f"font-family:'{self.theme.font_mono.family()}'; font-size:{self.theme.font_mono.pixelSize() - 1}px"
        rows = (
            f'<tr><td width="{width}" style="color:{self.theme.muted.name()}">{html.escape(name)}</td>'
            f'<td style="{mono}">{html.escape(value)}</td></tr>'
            for name, value in told
        )
        return f'<table cellspacing="0" cellpadding="2">{"".join(rows)}</table>'

"""The lines between the parts of the window."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ui.theme import Theme


class Chrome:
    """Makes hairlines and keeps their colour."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        self._parent = parent
        self._theme = theme
        self._lines: list[QWidget] = []

    def line(self) -> QWidget:
        """Return a horizontal line one pixel high."""
        made = QWidget(self._parent)
        made.setFixedHeight(1)
        made.setAutoFillBackground(True)
        self._lines.append(made)
        self._paint(made)
        return made

    def set_theme(self, theme: Theme) -> None:
        """Take the colour of borders from ``theme``."""
        self._theme = theme
        for line in self._lines:
            self._paint(line)

    def _paint(self, line: QWidget) -> None:
        palette = line.palette()
        palette.setColor(line.backgroundRole(), self._theme.border)
        line.setPalette(palette)

"""Draw one line of a log on a cell grid. Knows nothing of scrolling, files or selection logic.

Plain stretches are one call each; characters that are no single cell wide are placed one by one, so that columns
stay where a terminal would put them whatever font steps in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from app.logline import BOLD, DIM, INVERSE, ITALIC, PLAIN, STRIKE, UNDERLINE, Line, Run, Style, cell_width, width
from ui.panes.ansi import Colors, exact, mix
from ui.theme import Theme


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` with something behind them: selection, a hit, the hit the reader is at."""

    start: int
    end: int
    color: QColor


class LinePainter:
    """Fonts, cell size and colours of one zoom level and theme; made anew when either changes."""

    def __init__(self, theme: Theme, delta: int) -> None:
        self._theme = theme
        self._colors = Colors(theme)
        self._fonts = [self._font(flags, delta) for flags in range(4)]
        metrics = QFontMetricsF(self._fonts[0])
        self.cell = metrics.horizontalAdvance("M" * 64) / 64
        self.height = round(metrics.height() * 1.12)
        self.ascent = round((self.height - metrics.height()) / 2 + metrics.ascent())

    def _font(self, flags: int, delta: int) -> QFont:
        return self._theme.mono(delta=delta, bold=bool(flags & 1), italic=bool(flags & 2))

    def draw(self, painter: QPainter, line: Line, chars: tuple[int, int], at: QPointF, spans: list[Span]) -> None:
        """Draw characters ``chars`` of a line with the first of them at ``at`` (left, top)."""
        text = line.text
        first, last = chars
        left = at.x() - column_of(text, first) * self.cell
        for span in spans:
            start, end = max(span.start, first), min(span.end, last)
            if start < end:
                x = left + column_of(text, start) * self.cell
                painter.fillRect(
                    QRectF(x, at.y(), (column_of(text, end) - column_of(text, start)) * self.cell, self.height),
                    span.color,
                )
        for run in _gapless(line, first, last):
            self._run(painter, text, run, left + column_of(text, run.start) * self.cell, at.y())

    def _run(self, painter: QPainter, text: str, run: Run, x: float, top: float) -> None:
        style = run.style
        piece = text[run.start : run.end]
        color, behind = self._pair(style)
        if behind is not None:
            painter.fillRect(QRectF(x, top, width(piece) * self.cell, self.height), behind)
        painter.setFont(self._fonts[(1 if style.flags & BOLD else 0) + (2 if style.flags & ITALIC else 0)])
        painter.setPen(color)
        baseline = top + self.ascent
        for offset, stretch in _stretches(piece):
            painter.drawText(QPointF(x + offset * self.cell, baseline), stretch)
        if style.flags & UNDERLINE:
            painter.drawLine(QPointF(x, baseline + 2.5), QPointF(x + width(piece) * self.cell, baseline + 2.5))
        if style.flags & STRIKE:
            middle = top + self.height / 2
            painter.drawLine(QPointF(x, middle), QPointF(x + width(piece) * self.cell, middle))

    def _pair(self, style: Style) -> tuple[QColor, QColor | None]:
        if style == PLAIN:
            return self._theme.text, None
        behind: QColor | None = None
        if style.bg is not None:
            color, behind = self._colors.on(style.fg, style.bg), exact(style.bg)
        else:
            color = self._theme.text if style.fg is None else self._colors.foreground(style.fg)
        if style.flags & INVERSE:
            color, behind = behind or self._theme.code, color
        if style.flags & DIM:
            color = mix(color, behind or self._theme.code, 0.3)
        return color, behind


def _gapless(line: Line, first: int, last: int) -> Iterator[Run]:
    """Yield runs that cover ``first`` to ``last`` without gaps."""
    position = first
    for run in line.runs:
        if run.end <= position:
            continue
        if run.start >= last:
            break
        if run.start > position:
            yield Run(position, run.start, PLAIN)
            position = run.start
        end = min(run.end, last)
        yield Run(position, end, run.style)
        position = end
    if position < last:
        yield Run(position, last, PLAIN)


def _stretches(text: str) -> Iterator[tuple[int, str]]:
    """Yield (column, text) pieces that may be drawn in one call."""
    if text.isascii():
        yield 0, text
        return
    column = start = start_column = 0
    for index, char in enumerate(text):
        cells = 1 if char < "\u0300" else cell_width(char)
        if cells == 0:
            continue  # combines with what stands before it
        if (char >= "\u2190" or (index and text[start] >= "\u2190")) and index > start:
            yield start_column, text[start:index]
            start, start_column = index, column
        column += cells
    if start < len(text):
        yield start_column, text[start:]


def column_of(text: str, index: int) -> int:
    """Return the columns before character ``index``."""
    return index if text.isascii() else width(text[:index])


def index_at(text: str, column: float) -> int:
    """Return the character whose left edge is nearest to ``column``, between 0 and the length of ``text``."""
    if text.isascii():
        return max(0, min(len(text), round(column)))
    at = 0.0
    for index, char in enumerate(text):
        cells = cell_width(char)
        if cells and column < at + cells / 2:
            return index
        at += cells
    return len(text)

"""Draws one row of a terminal onto a picture: backgrounds by run, text by run, whatever has no cell's width one by one.

Knows nothing of scrolling, selecting or finding: what stands behind text comes as spans. All in device pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import NamedTuple

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from agents.vt.rows import Row, Run
from ui.panes.ansi import readable
from ui.panes.terminal import glyphs
from ui.panes.terminal.metrics import Metrics
from ui.panes.terminal.palette import Colours


class Span(NamedTuple):
    """Columns ``first`` to ``last`` with a colour behind them; text on it is made readable."""

    first: int
    last: int
    color: QColor


class Caret(NamedTuple):
    """The cursor on a row: its column, its shape, and whether the view has the keyboard."""

    col: int
    shape: str
    is_focused: bool


class Look(NamedTuple):
    """All that one row shows; equal looks need no painting. ``ruled`` are columns underlined as a link."""

    row: Row | None
    spans: tuple[Span, ...] = ()
    caret: Caret | None = None
    ruled: tuple[tuple[int, int], ...] = ()
    preedit: str = ""
    note: str = ""
    is_outside: bool = False


class RowPainter:
    """Draws rows with one set of fonts and colours. Owned by a canvas."""

    def __init__(self, metrics: Metrics, colours: Colours) -> None:
        self.metrics = metrics
        self.colours = colours
        self._shapes = glyphs.Shapes(metrics.cell, metrics.height)
        self._font: QFont | None = None  # what the painter of the row at hand has

    def draw(self, painter: QPainter, look: Look, top: int, cols: int) -> None:
        """Draw what ``look`` says over the whole row at ``top``; what is wider than ``cols`` is cut off."""
        metrics = self.metrics
        ground = self.colours.outside if look.is_outside else self.colours.background
        painter.fillRect(0, top, cols * metrics.cell, metrics.height, ground)
        if look.note:
            self._note(painter, look.note, top, cols)
            return
        runs = list(_cut(look.row.runs if look.row is not None else (), look.spans))
        self._backgrounds(painter, runs, look.spans, top)
        self._font = None
        for run, span in runs:
            if run.col < cols:
                self._run(painter, run, span, top)
        for first, last in look.ruled:
            width = (last - first) * metrics.cell
            painter.fillRect(
                first * metrics.cell, top + metrics.underline, width, metrics.line, self.colours.foreground
            )
        if look.preedit and look.caret is not None:
            self._preedit(painter, look.preedit, look.caret.col, top, cols)
        elif look.caret is not None:
            self._caret(painter, look, top)

    # -- backgrounds

    def _backgrounds(
        self, painter: QPainter, runs: list[tuple[Run, Span | None]], spans: tuple[Span, ...], top: int
    ) -> None:
        """Fill what lies behind the text, neighbours of one colour at once."""
        cell, height = self.metrics.cell, self.metrics.height
        start = end = 0
        color: QColor | None = None
        for run, _ in runs:
            behind = self.colours.pair(run.style)[1]
            if behind is not color or run.col != end:
                if color is not None:
                    painter.fillRect(start * cell, top, (end - start) * cell, height, color)
                start, color = run.col, behind
            end = run.col + run.width
        if color is not None:
            painter.fillRect(start * cell, top, (end - start) * cell, height, color)
        for span in spans:
            painter.fillRect(span.first * cell, top, (span.last - span.first) * cell, height, span.color)

    # -- text

    def _run(self, painter: QPainter, run: Run, span: Span | None, top: int) -> None:
        style = run.style
        color = self.colours.pair(style)[0]
        if span is not None:
            color = readable(color, span.color, self.colours.foreground)
        if not style.conceal:
            self._text(painter, run, color, top)
        if style.underline or style.strike or style.overline:
            self._rules(painter, run, color, top)

    def _text(self, painter: QPainter, run: Run, color: QColor, top: int) -> None:
        style, text, metrics = run.style, run.text, self.metrics
        if text.isspace():
            return
        flags = style.bold + 2 * style.italic
        if text.isascii():
            font = metrics.fonts[flags]
            if font is not self._font:
                # Each setting makes the painter forget what it knows of the font.
                painter.setFont(font)
                self._font = font
            painter.setPen(color)
            painter.drawText(run.col * metrics.cell, top + metrics.ascent, text)
            return
        self._font = None
        if len(text) != run.width:
            self._cluster(painter, text, QRect(run.col * metrics.cell, top, run.width * metrics.cell, 0), color, flags)
            return
        # On a selection, and under a cursor, the colour was chosen for what lies behind.
        shape = self.colours.shape(style) if color is self.colours.pair(style)[0] else color
        x = run.col * metrics.cell
        for number, part in enumerate(glyphs.DRAWN.split(text)):
            if number % 2:
                self._shapes.draw(painter, part, x, top, shape)
            elif part:
                self._letters(painter, part, QPoint(x, top), color, flags)
            x += len(part) * metrics.cell

    def _letters(self, painter: QPainter, text: str, at: QPoint, color: QColor, flags: int) -> None:
        """Draw letters of one cell each, those of other fonts one by one."""
        metrics, x, top = self.metrics, at.x(), at.y()
        for is_own, same in groupby(text, metrics.is_own):
            part = "".join(same)
            if not is_own:
                for n, char in enumerate(part):
                    self._cluster(painter, char, QRect(x + n * metrics.cell, top, metrics.cell, 0), color, flags)
            elif not part.isspace():
                self._line(painter, part, QPoint(x, top), color, flags)
            x += len(part) * metrics.cell

    def _line(self, painter: QPainter, text: str, at: QPoint, color: QColor, flags: int) -> None:
        metrics = self.metrics
        # Letters with accents one over the other are higher than a row.
        is_high = max(text) > "\u00ff"
        if is_high:
            painter.save()
            box = QRect(at.x(), at.y(), len(text) * metrics.cell, metrics.height)
            painter.setClipRect(box, Qt.ClipOperation.IntersectClip)
        painter.setFont(metrics.fonts[flags])
        painter.setPen(color)
        painter.drawText(at.x(), at.y() + metrics.ascent, text)
        if is_high:
            painter.restore()

    def _cluster(self, painter: QPainter, text: str, box: QRect, color: QColor, flags: int) -> None:
        """Draw one character with its accents, in whatever font has it, within its cells."""
        metrics = self.metrics
        if glyphs.DRAWN.fullmatch(text):
            self._shapes.draw(painter, text, box.left(), box.top(), color)
            return
        fit = metrics.fit(text, box.width(), flags)
        if fit.is_within:
            painter.setFont(metrics.loose[flags])
            painter.setPen(color)
            painter.drawText(box.left() + fit.left, box.top() + metrics.ascent, text)
            return
        painter.save()
        box.setHeight(metrics.height)
        painter.setClipRect(box, Qt.ClipOperation.IntersectClip)
        painter.setFont(metrics.loose[flags])
        painter.setPen(color)
        painter.translate(box.left() + fit.left, box.top() + metrics.ascent)
        painter.scale(fit.scale, fit.scale)
        painter.drawText(QPoint(0, 0), text)
        painter.restore()

    # -- lines

    def _rules(self, painter: QPainter, run: Run, color: QColor, top: int) -> None:
        metrics, style = self.metrics, run.style
        left, width, line = run.col * metrics.cell, run.width * metrics.cell, metrics.line
        if style.strike:
            painter.fillRect(left, top + metrics.strike, width, line, color)
        if style.overline:
            painter.fillRect(left, top, width, line, color)
        y = top + metrics.underline
        if style.underline == 3:
            self._curl(painter, QRect(left, top, width, metrics.height), y, color)
        elif style.underline == 2:
            lower = min(y + 2 * line, top + metrics.height - line)
            painter.fillRect(left, lower, width, line, color)
            painter.fillRect(left, lower - 2 * line, width, line, color)  # with a gap, also in a low cell
        elif style.underline:
            painter.fillRect(left, y, width, line, color)

    def _curl(self, painter: QPainter, box: QRect, y: int, color: QColor) -> None:
        """Draw a wave whose period is a cell, so that runs side by side go on in each other."""
        metrics = self.metrics
        # Whole pixels: between them a wave looks another in each row, and what was moved differs from what is new.
        high = metrics.line
        middle = min(y + metrics.line, box.bottom() - high)
        path = QPainterPath()
        path.moveTo(box.left(), middle)
        for n in range(box.width() // metrics.cell):
            x = box.left() + n * metrics.cell
            path.quadTo(x + metrics.cell / 4, middle - 2 * high, x + metrics.cell / 2, middle)
            path.quadTo(x + metrics.cell * 3 / 4, middle + 2 * high, x + metrics.cell, middle)
        painter.save()
        painter.setClipRect(box, Qt.ClipOperation.IntersectClip)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.strokePath(path, QPen(color, metrics.line))
        painter.restore()

    # -- what lies over the text

    def _caret(self, painter: QPainter, look: Look, top: int) -> None:
        caret, metrics = look.caret, self.metrics
        assert caret is not None  # noqa: S101  (drawn only where there is one)
        run = _run_at(look.row, caret.col)
        width = (run.width if run is not None and len(run.text) != run.width else 1) * metrics.cell
        box = QRect(caret.col * metrics.cell, top, width, metrics.height)
        color = self.colours.cursor
        if not caret.is_focused:
            painter.setPen(
                QPen(color, metrics.line, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin)
            )
            half = metrics.line / 2
            painter.drawRect(QRectF(box).adjusted(half, half, -half, -half))
        elif caret.shape == "underline":
            high = max(2, metrics.line * 2)
            painter.fillRect(box.left(), top + metrics.height - high, width, high, color)
        elif caret.shape == "bar":
            painter.fillRect(box.left(), top, max(2, round(metrics.cell / 6)), metrics.height, color)
        else:
            painter.fillRect(box, color)
            self._under_block(painter, run, caret.col, top, color)

    def _under_block(self, painter: QPainter, run: Run | None, col: int, top: int, color: QColor) -> None:
        """Draw the character under a block cursor once more, in a colour seen on it."""
        if run is None or run.style.conceal:
            return
        self._font = None
        is_plain = len(run.text) == run.width
        only = Run(col, 1, run.text[col - run.col], run.style) if is_plain else run
        self._text(painter, only, readable(self.colours.background, color, _far(color)), top)

    def _preedit(self, painter: QPainter, text: str, col: int, top: int, cols: int) -> None:
        """Draw what an input method composes over the cells from the cursor on, underlined."""
        metrics, colours = self.metrics, self.colours
        font = QFont(metrics.fonts[0])
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0)
        width = round(QFontMetricsF(font).horizontalAdvance(text)) + metrics.line
        left = max(0, min(col * metrics.cell, cols * metrics.cell - width))
        painter.fillRect(left, top, width, metrics.height, colours.selection)
        painter.setFont(font)
        painter.setPen(readable(colours.foreground, colours.selection, colours.foreground))
        painter.drawText(left, top + metrics.ascent, text)
        painter.fillRect(left, top + metrics.height - metrics.line, width, metrics.line, colours.foreground)

    def _note(self, painter: QPainter, words: str, top: int, cols: int) -> None:
        metrics = self.metrics
        painter.setFont(metrics.fonts[2])
        painter.setPen(_muted(self.colours))
        painter.drawText(0, top + metrics.ascent, words[:cols])


def _muted(colours: Colours) -> QColor:
    muted = QColor(colours.foreground)
    muted.setAlphaF(0.6)
    return muted


def _far(color: QColor) -> QColor:
    return QColor("#000000") if color.lightnessF() > 0.5 else QColor("#ffffff")


def _run_at(row: Row | None, col: int) -> Run | None:
    for run in row.runs if row is not None else ():
        if run.col <= col < run.col + run.width:
            return run
    return None


def _cut(runs: tuple[Run, ...], spans: tuple[Span, ...]) -> Iterator[tuple[Run, Span | None]]:
    """Yield the runs cut at the borders of spans, each with the last span that covers it."""
    if not spans:
        for run in runs:
            yield run, None
        return
    borders = sorted({border for span in spans for border in (span.first, span.last)})
    for run in runs:
        end = run.col + run.width
        cuts = [run.col, *[b for b in borders if run.col < b < end], end]
        if len(run.text) != run.width:
            cuts = [run.col, end]
        for first, last in pairwise(cuts):
            text = run.text[first - run.col : last - run.col] if len(cuts) > 2 else run.text
            covering = [span for span in spans if span.first <= first < span.last]
            yield Run(first, last - first, text, run.style), covering[-1] if covering else None

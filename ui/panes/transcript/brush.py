"""Draws laid-out blocks with a painter that stands at their top. Holds colours and fonts, no blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QAbstractTextDocumentLayout, QColor, QPainter, QPalette, QPen, QTextCharFormat, QTextCursor

from ui.panes.transcript.parts import Fill, Icon, Part, Placed, Words
from ui.panes.transcript.sheet import RIGHT, TIME_ROOM, WIDE, Sheet

Ranges = Iterable[tuple[int, int, QColor]]


class Brush:
    """One sheet's way of drawing. Lives in the GUI thread."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._theme = sheet.theme

    def block(
        self, painter: QPainter, placed: Placed, sight: tuple[int, int], ranges: Callable[[int, Part], Ranges]
    ) -> None:
        """Draw what lies between the heights ``sight``; ``ranges`` tells what stands behind the text of a part."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top, bottom = sight
        for mark in placed.marks:
            self._mark(painter, mark)
        for index, part in enumerate(placed.parts):
            if part.y > bottom or part.y + part.height < top:
                continue
            if part.rows:
                self._rows(painter, part, sight)
            self._part(painter, part, sight, ranges(index, part))

    def _mark(self, painter: QPainter, mark: Fill | Icon | Words) -> None:
        match mark:
            case Fill(rect=rect, color=color, radius=radius, border=border):
                painter.setPen(QPen(border, 1) if border else Qt.PenStyle.NoPen)
                painter.setBrush(color)
                box = QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5) if border else QRectF(rect)
                painter.drawRoundedRect(box, radius, radius)
            case Icon(name=name, role=role, x=x, y=y, size=size):
                ratio = painter.device().devicePixelRatioF()
                painter.drawPixmap(QPoint(x, y), self._theme.pixmap(name, role, size, ratio))
            case Words(text=text, rect=rect, font=font, color=color, align=align):
                painter.setFont(font)
                painter.setPen(color)
                painter.drawText(rect, align | Qt.AlignmentFlag.AlignVCenter, text)

    def _part(self, painter: QPainter, part: Part, sight: tuple[int, int], ranges: Ranges) -> None:
        painter.save()
        painter.translate(part.x, part.y)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, self._theme.text)
        top, bottom = max(-2, sight[0] - part.y), min(part.height + 2, sight[1] - part.y)
        context.clip = QRectF(-2, top, part.width + 4, bottom - top)
        context.selections = [_selection(part, *one) for one in ranges]
        part.document.documentLayout().draw(painter, context)
        painter.restore()

    def _rows(self, painter: QPainter, part: Part, sight: tuple[int, int]) -> None:
        """Draw what stands behind and beside the rows of a diff."""
        fills = {"+": self._theme.diff_added_bg, "-": self._theme.diff_removed_bg}
        layout = part.document.documentLayout()
        block = part.document.begin()
        frame = part.frame
        painter.setFont(self._sheet.small)
        painter.setPen(self._theme.muted)
        line = round(self._sheet.cell * 2.2)
        for row in part.rows:
            following = block.next()
            top = round(part.y + layout.blockBoundingRect(block).top())
            end = layout.blockBoundingRect(following).top() if following.isValid() else part.document.size().height()
            bottom = round(part.y + end)
            if bottom < sight[0]:
                block = following
                continue
            if top > sight[1]:
                break
            if row.sign in fills:
                painter.fillRect(QRect(frame.left() + 1, top - 1, frame.width() - 2, bottom - top), fills[row.sign])
            number = row.new if row.new is not None else row.old
            if number is not None:
                box = QRect(frame.left(), top, part.x - frame.left() - 6, line)
                painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(number))
            block = following

    def time(self, painter: QPainter, words: str, width: int) -> None:
        """Draw the time of a block at the right edge, where there is room for it."""
        if width <= WIDE:
            return
        painter.setFont(self._sheet.small)
        painter.setPen(self._theme.muted)
        box = QRect(width - RIGHT - TIME_ROOM, 0, TIME_ROOM, 22)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)

    def ring(self, painter: QPainter, width: int, height: int) -> None:
        """Draw the focus ring around a block."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.focus, 1.5))
        painter.drawRoundedRect(QRectF(4, -3, width - 8, height + 6), 6, 6)


def _selection(part: Part, start: int, end: int, color: QColor) -> QAbstractTextDocumentLayout.Selection:
    made = QAbstractTextDocumentLayout.Selection()
    last = part.document.characterCount() - 1
    cursor = QTextCursor(part.document)
    cursor.setPosition(min(start, last))
    cursor.setPosition(min(end, last), QTextCursor.MoveMode.KeepAnchor)
    form = QTextCharFormat()
    form.setBackground(color)
    made.cursor = cursor
    made.format = form
    return made

"""Selecting in a terminal by mouse: cells, words, lines, blocks; and copying. Gives nothing to the program."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QClipboard, QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from agents.vt.rows import Row
from app.terminal.selection import Place, Selection, Unit, grown, piece, snapped, text_of, text_on, whole_line, word
from ui.panes.terminal.canvas import TerminalCanvas
from ui.panes.terminal.paint import Span
from ui.panes.terminal.port import Shown

#: Milliseconds between lines while a drag is held beyond the edge.
EDGE_MS = 40

#: Lines one copy holds at most, and how many of them are brought at once.
COPY_LIMIT = 200_000
_PIECE = 500

_UNITS = {1: Unit.CELL, 2: Unit.WORD, 3: Unit.LINE}


class SelectingCanvas(TerminalCanvas):
    """A terminal of which parts can be selected and copied."""

    selection = Selection()
    _origin = Selection()
    _unit = Unit.CELL
    _is_dragging = False
    _clicks = 0
    _clicked_at = (0, QPointF())
    _epoch = 0

    def _set_up(self) -> None:
        super()._set_up()
        self._kept: dict[int, str] = {}
        self._edge = QTimer(self)
        self._edge.setInterval(EDGE_MS)
        self._edge.timeout.connect(self._on_edge)
        self._pointer = QPointF()
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)

    def changed_terminal(self) -> None:
        """Drop what was selected in the former terminal."""
        super().changed_terminal()
        self._edge.stop()
        self._is_dragging = False
        self.selection = Selection()
        self._epoch = self.terminal.epoch if self.terminal is not None else 0

    # -- places

    def _cols(self) -> int:
        return self.terminal.grid.cols if self.terminal is not None else 0

    def _wrap_cols(self) -> int:
        """Return the width at which a full row is taken to go on in the next one; 0 where a program lays out rows."""
        return 0 if self.terminal is None or self.terminal.grid.alternate else self._cols()

    def cell_at(self, point: QPointF) -> tuple[int, int]:
        """Return the row of the view and the column under a point, the nearest ones outside."""
        box, metrics = self.picture_rect(), self._metrics
        rows, cols = self.fitting()
        row = int((point.y() - box.top()) // metrics.line_height)
        col = int((point.x() - box.left()) // metrics.width)
        return min(max(row, 0), rows - 1), min(max(col, 0), min(cols, self._cols() or cols) - 1)

    def place_at(self, point: QPointF, *, is_border: bool = True) -> Place:
        """Return the border between cells nearest to a point, or the cell under it."""
        row, col = self.cell_at(point)
        box, metrics = self.picture_rect(), self._metrics
        if is_border:
            col = min(max(round((point.x() - box.left()) / metrics.width), 0), self._cols())
        line = self.first_line() + row
        if self.terminal is not None:
            line = min(max(line, self.terminal.first), self.terminal.bottom)
        return Place(line, col)

    # -- by mouse

    def press_to_select(self, event: QMouseEvent) -> None:
        """Begin a selection: one click cells, two a word, three a line; Alt a block, Shift draws out what there is."""
        self._clicks = self._count_clicks(event)
        self._unit = _UNITS[self._clicks]
        self._is_dragging = True
        self._pointer = event.position()
        place = self.place_at(event.position(), is_border=self._unit is Unit.CELL)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._clicks == 1 and self.selection:
            self._origin = Selection(self.selection.anchor, self.selection.anchor, self.selection.block)
            self.select(grown(self._origin, place, Unit.CELL, self.row_of, self._wrap_cols()))
            return
        is_block = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier) and self._unit is Unit.CELL
        self._origin = self._taken(place, is_block=is_block)
        self.select(self._origin)

    def _taken(self, place: Place, *, is_block: bool) -> Selection:
        if self._unit is Unit.WORD:
            return word(place, self.row_of, self._wrap_cols())
        if self._unit is Unit.LINE:
            return whole_line(place, self.row_of, self._wrap_cols())
        return Selection(place, place, is_block)

    def _count_clicks(self, event: QMouseEvent) -> int:
        """Return 1 to 3: Qt tells of the second click, the third comes as a first one soon after."""
        at, point = self._clicked_at
        is_near = (event.position() - point).manhattanLength() < QApplication.startDragDistance()
        is_soon = event.timestamp() - at <= QApplication.doubleClickInterval()
        self._clicked_at = (event.timestamp(), event.position())
        return self._clicks % 3 + 1 if is_near and is_soon and self._clicks else 1

    def drag_to_select(self, event: QMouseEvent) -> None:
        """Draw the selection out; beyond the edge, scroll on until the button is let go."""
        self._pointer = event.position()
        height = self.viewport().height()
        if 0 <= self._pointer.y() < height:
            self._edge.stop()
        elif not self._edge.isActive():
            self._edge.start()
        self._draw_out()

    def _draw_out(self) -> None:
        place = self.place_at(self._pointer, is_border=self._unit is Unit.CELL)
        self.select(grown(self._origin, place, self._unit, self.row_of, self._wrap_cols()))

    def _on_edge(self) -> None:
        self.scroll_lines(-1 if self._pointer.y() < 0 else 1)
        self._draw_out()

    def end_selecting(self) -> None:
        """End a drag and offer what is selected to the middle button where there is one."""
        self._is_dragging = False
        self._edge.stop()
        if QGuiApplication.clipboard().supportsSelection():
            self._copy_to(QClipboard.Mode.Selection)

    # -- what is selected

    def select(self, selection: Selection) -> None:
        """Select something else."""
        self.selection = selection
        self._remember()
        self.draw()

    def select_all(self) -> None:
        """Select every line at hand."""
        if self.terminal is not None:
            end = Place(self.terminal.bottom, self._cols())
            self.select(Selection(Place(self.terminal.first, 0), end))

    def selected_text(self) -> str:
        """Return the selected text of the lines at hand."""
        return text_of(self.selection, self.row_of, self._wrap_cols())

    def copy(self) -> None:
        """Put the selected text on the clipboard; nothing selected leaves it as it is."""
        self._copy_to(QClipboard.Mode.Clipboard)

    def _copy_to(self, mode: QClipboard.Mode) -> None:
        """Copy little at once, much of it or what must be read again in a task."""
        terminal, selection = self.terminal, self.selection
        if terminal is None or not selection:
            return
        lines = range(max(selection.lines.start, terminal.first), min(selection.lines.stop, terminal.bottom + 1))
        if len(lines) <= _PIECE and all(terminal.line(number) is not None for number in lines):
            QGuiApplication.clipboard().setText(self.selected_text(), mode)
            return

        self._spawner.spawn(self._copy_much(terminal, selection, lines[-COPY_LIMIT:], mode), "copying")

    async def _copy_much(self, terminal: Shown, selection: Selection, lines: range, mode: QClipboard.Mode) -> None:
        """Bring lines and take their text piece by piece: not all of it need be at hand at once."""
        parts = []
        for start in range(lines.start, lines.stop, _PIECE):
            some = range(start, min(start + _PIECE, lines.stop))
            await terminal.load(start, len(some))
            if not isValid(self) or self.terminal is not terminal:
                return  # it was closed meanwhile
            parts.append(text_on(selection, some, terminal.line, self._wrap_cols()))
            await asyncio.sleep(0)
        QGuiApplication.clipboard().setText("".join(parts).removesuffix("\n"), mode)

    def _remember(self) -> None:
        """Keep the selected text of lines that may still change: those on the screen."""
        self._kept = {}
        if self.terminal is not None:
            self._epoch = self.terminal.epoch
            lines = self.selection.lines
            for number in range(max(lines.start, self.terminal.top), lines.stop):
                self._kept[number] = self._selected_on(number)

    def _selected_on(self, number: int) -> str:
        span = self.selection.on_line(number, self._cols())
        return piece(self.row_of(number), *span).rstrip() if span is not None else ""

    def before_drawing(self) -> None:
        """Drop the selection when its text is no longer what was selected."""
        super().before_drawing()
        terminal = self.terminal
        if terminal is None or not self.selection or self._is_dragging:
            return
        is_changed = terminal.epoch != self._epoch
        if is_changed or any(self._selected_on(number) != text for number, text in self._kept.items()):
            self.selection = Selection()
            self._kept = {}
            return
        for number in [number for number in self._kept if number < terminal.top]:
            del self._kept[number]

    def spans(self, number: int, row: Row) -> list[Span]:
        """Return the selection on a line."""
        spans = super().spans(number, row)
        span = self.selection.on_line(number, self._cols())
        if span is not None:
            spans.append(Span(*snapped(row, *span), self._colours.selection))
        return spans

"""What a terminal in view says to assistive technology: its lines, and the cursor as an offset in them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect
from PySide6.QtGui import QAccessibleInterface

from app.terminal.selection import Place, Selection, cells
from ui.panes.terminal.accessible import Telling, interface_of
from ui.panes.terminal.linking import LinkingCanvas


class SpokenCanvas(LinkingCanvas):
    """A terminal that can be read aloud."""

    def _set_up(self) -> None:
        super()._set_up()
        self._telling = Telling(self, self)
        self.setAccessibleName("terminal")
        self.setAccessibleDescription("What the program shows. Keys go to the program.")

    def accessible_interface(self) -> QAccessibleInterface:
        """Return what Qt asks about this view."""
        return interface_of(self)

    def changed_terminal(self) -> None:
        """Tell nothing of a terminal that is gone."""
        super().changed_terminal()
        self._telling.stop()

    def draw(self) -> None:
        """Tell, a little later, that something may be another."""
        super().draw()
        if self.terminal is not None and self.isVisible():
            self._telling.changed()

    def _lines(self) -> list[list[str]]:
        """Return the cells of each line in view, as far as something stands there."""
        if self.terminal is None:
            return []
        first = self.first_line()
        last = min(first + self.fitting()[0] - 1, self.terminal.bottom)
        lines = [cells(self.row_of(number)) for number in range(first, last + 1)]
        for line in lines:
            while line and line[-1].isspace():
                line.pop()
        return lines

    def accessible_text(self) -> str:
        """Return the lines in view."""
        return "\n".join("".join(line) for line in self._lines())

    def caret_offset(self) -> int:
        """Return where the program's cursor is in the text, -1 when it is not in view."""
        if self.terminal is None or not self.terminal.grid.cursor.visible:
            return -1
        cursor = self.terminal.grid.cursor
        return self._offset(Place(self.terminal.top + cursor.row, cursor.col))

    def _offset(self, place: Place) -> int:
        lines = self._lines()
        row = place.line - self.first_line()
        if not 0 <= row < len(lines):
            return -1
        before = sum(len("".join(line)) + 1 for line in lines[:row])
        return before + len("".join(lines[row][: place.col]))

    def _place(self, offset: int) -> Place:
        lines = self._lines()
        for row, line in enumerate(lines):
            for col, cell in enumerate(line):
                if offset < len(cell):
                    return Place(self.first_line() + row, col)
                offset -= len(cell)
            if offset <= 0:
                return Place(self.first_line() + row, len(line))
            offset -= 1
        return Place(self.first_line() + max(0, len(lines) - 1), len(lines[-1]) if lines else 0)

    def offset_rect(self, offset: int) -> QRect:
        """Return where a character is on the desktop."""
        place = self._place(max(0, offset))
        box = self.cell_rect(place.line, place.col).toAlignedRect()
        return QRect(self.viewport().mapToGlobal(box.topLeft()), box.size())

    def offset_at(self, point: QPoint) -> int:
        """Return the character at a point of the desktop, -1 outside."""
        inner = QPointF(self.viewport().mapFromGlobal(point))
        return self._offset(self.place_at(inner, is_border=False)) if self.picture_rect().contains(inner) else -1

    def select_offsets(self, first: int, last: int) -> None:
        """Select characters of the lines in view."""
        self.select(Selection(self._place(first), self._place(last)) if first < last else Selection())

"""The log pane: what ``LogCanvas`` paints, with selecting, copying and finding by mouse and keys."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QWidget
from shiboken6 import isValid

from app.client.api import Spawner
from app.logdocument import LogSearch
from app.logline import EMPTY, Line
from app.logsearch import Needle
from app.logsource import LogSource
from ui.panes.ansi import mix
from ui.panes.log_canvas import LogCanvas
from ui.panes.logpaint import Span, index_at
from ui.panes.logselect import Place, Selection, cut, word_at
from ui.theme import Theme

#: Lines one copy holds at most.
COPY_LIMIT = 200_000


class LogView(LogCanvas):
    """One raw log to read, select and search. ``found`` tells that the state of the search changed."""

    found = Signal()

    def __init__(self, source: LogSource, spawner: Spawner, theme: Theme, parent: QWidget | None = None) -> None:
        self.search: LogSearch | None = None
        self.selection = Selection()
        self._hit = -1
        self._press: Place | None = None
        super().__init__(source, spawner, theme, parent)

    def close_source(self) -> None:
        """Let go of the source and end a running search."""
        if self.search:
            self.search.cancel()
        super().close_source()

    def spans(self, number: int, line: Line) -> list[Span]:
        """Return hits and selection on a line."""
        spans = []
        if self.search is not None:
            share = 0.55 if number == self._hit else 0.25
            color = mix(self._theme.code, self._theme.attention_fill, share)
            spans += [Span(a, b, color) for a, b in self.search.needle.in_text(line.text)]
        selected = self.selection.on_line(number, len(line.text))
        if selected:
            spans.append(Span(*selected, self._theme.selection))
        return spans

    # -- selecting

    def place_at(self, point: QPoint) -> Place:
        """Return the position in the text nearest to a point of the viewport."""
        first = self.verticalScrollBar().value()
        lines = self.document.lines(first, self._rows() + 1)
        column = (
            point.x() - self._left() + (0 if self._wrap else self.horizontalScrollBar().value())
        ) / self._painter.cell
        row = max(0, point.y()) // self._painter.height
        for number, line in enumerate(lines, first):
            folds = self._folds(line or EMPTY)
            if row < len(folds):
                text = (line or EMPTY).text
                start = folds[row]
                end = folds[row + 1] if row + 1 < len(folds) else len(text)
                return Place(number, start + index_at(text[start:end], column))
            row -= len(folds)
        return self._last_place()

    def _last_place(self) -> Place:
        last = max(0, self.document.count - 1)
        return Place(last, len("".join(self.document.text(last, 1))))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a selection, or extend one with Shift."""
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        place = self.place_at(event.position().toPoint())
        extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._press = self.selection.anchor if extend else place
        self._select(Selection(self._press, place))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Extend the selection; beyond the edge, scroll."""
        if self._press is None:
            return
        point = event.position().toPoint()
        if point.y() < 0:
            self.scroll_lines(-1)
        elif point.y() > self.viewport().height():
            self.scroll_lines(1)
        self._select(Selection(self._press, self.place_at(point)))

    def mouseReleaseEvent(self, _: QMouseEvent) -> None:
        """End the selection and offer it to the middle button where there is one."""
        self._press = None
        clipboard = QGuiApplication.clipboard()
        if self.selection and clipboard.supportsSelection():
            clipboard.setText(self.selected_text(), clipboard.Mode.Selection)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Select the word, address or path."""
        place = self.place_at(event.position().toPoint())
        start, end = word_at("".join(self.document.text(place.line, 1)), place.index)
        self._select(Selection(Place(place.line, start), Place(place.line, end)))

    def select_all(self) -> None:
        """Select everything."""
        self._select(Selection(Place(), self._last_place()))

    def _select(self, selection: Selection) -> None:
        self.selection = selection
        self.viewport().update()

    def selected_text(self) -> str:
        """Return the selected text, at most ``COPY_LIMIT`` lines of it; lines not loaded are empty."""
        if not self.selection:
            return ""
        first = self.selection.begin.line
        count = min(self.selection.end.line - first + 1, COPY_LIMIT)
        texts: list[str] = []
        for start in range(first, first + count, 500):
            texts += self.document.text(start, min(500, first + count - start))
        return cut(texts, self.selection)

    def copy(self) -> None:
        """Put the selected text on the clipboard, loading what is missing first."""
        if not self.selection:
            return
        first, last = self.selection.begin.line, self.selection.end.line

        async def work() -> None:
            await self.document.load(first, min(last - first + 1, COPY_LIMIT))
            QGuiApplication.clipboard().setText(self.selected_text())

        if self.document.source.local:
            QGuiApplication.clipboard().setText(self.selected_text())
        else:
            self._spawner.spawn(work(), "copying from the log")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Extend the selection with Shift, copy, zoom, scroll by pages."""
        if not self._select_key(event) and not self._plain_key(event):
            super().keyPressEvent(event)

    def _plain_key(self, event: QKeyEvent) -> bool:
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        page = self._rows() - 1
        actions: dict[tuple[int, bool], Callable[[], None]] = {
            (Qt.Key.Key_C, True): self.copy,
            (Qt.Key.Key_A, True): self.select_all,
            (Qt.Key.Key_Plus, True): lambda: self.zoom(1),
            (Qt.Key.Key_Equal, True): lambda: self.zoom(1),
            (Qt.Key.Key_Minus, True): lambda: self.zoom(-1),
            (Qt.Key.Key_0, True): lambda: self.zoom(0),
            (Qt.Key.Key_PageUp, False): lambda: self.scroll_lines(-page),
            (Qt.Key.Key_PageDown, False): lambda: self.scroll_lines(page),
            (Qt.Key.Key_Space, False): lambda: self.scroll_lines(page),
            (Qt.Key.Key_Up, False): lambda: self.scroll_lines(-1),
            (Qt.Key.Key_Down, False): lambda: self.scroll_lines(1),
            (Qt.Key.Key_Home, False): self.to_begin,
            (Qt.Key.Key_End, False): self.to_end,
        }
        action = actions.get((event.key(), control))
        if action is None:
            return False
        action()
        return True

    def _select_key(self, event: QKeyEvent) -> bool:
        if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return False
        caret = self.selection.caret
        if not self.selection and caret == Place():
            caret = Place(self.verticalScrollBar().value(), 0)
            self.selection = Selection(caret, caret)
        length = len("".join(self.document.text(caret.line, 1)))
        moved = {
            Qt.Key.Key_Left: Place(caret.line, max(0, caret.index - 1)),
            Qt.Key.Key_Right: Place(caret.line, min(length, caret.index + 1)),
            Qt.Key.Key_Up: Place(max(0, caret.line - 1), caret.index),
            Qt.Key.Key_Down: Place(min(self._last_place().line, caret.line + 1), caret.index),
            Qt.Key.Key_Home: Place(caret.line, 0),
            Qt.Key.Key_End: Place(caret.line, length),
            Qt.Key.Key_PageUp: Place(max(0, caret.line - self._rows()), caret.index),
            Qt.Key.Key_PageDown: Place(min(self._last_place().line, caret.line + self._rows()), caret.index),
        }.get(Qt.Key(event.key()))
        if moved is None:
            return False
        self._select(Selection(self.selection.anchor, moved))
        self.show_line(moved.line)
        return True

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what a mouse user looks for."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = menu.addAction("Copy", self.copy)
        copy.setEnabled(bool(self.selection))
        menu.addAction("Select all", self.select_all)
        menu.addSeparator()
        for words, on, act in (
            ("Wrap long lines", self._wrap, lambda on: self.set_wrap(on=on)),
            ("Line numbers", self._numbers, lambda on: self.set_numbers(on=on)),
        ):
            item = menu.addAction(words)
            item.setCheckable(True)
            item.setChecked(on)
            item.toggled.connect(act)
        menu.addAction("Go to the end and follow", self.to_end)
        menu.popup(event.globalPos())

    # -- finding

    def look_for(self, text: str) -> None:
        """Search for a text from the first visible line on; an empty one ends the search."""
        if self.search is not None:
            self.search.cancel()
            self.search = None
        self._hit = -1
        if text:
            search = self.search = LogSearch(self.document, Needle(text))
            start = self.verticalScrollBar().value()
            self._spawner.spawn(search.run(start, lambda: self._on_search(search)), "searching the log")
        self.viewport().update()
        self.found.emit()

    def _on_search(self, search: LogSearch) -> None:
        if not isValid(self):
            search.cancel()
            return
        if search is not self.search:
            return
        if self._hit < 0 and search.hits:
            self._go_to_hit(search.after(self.verticalScrollBar().value() - 1))
        self.found.emit()

    def find_next(self) -> None:
        """Go to the next hit, around the end."""
        if self.search is not None:
            self._go_to_hit(self.search.after(self._hit))

    def find_previous(self) -> None:
        """Go to the hit before, around the begin."""
        if self.search is not None:
            self._go_to_hit(self.search.before(max(self._hit, 0)))

    @property
    def hit(self) -> int:
        """Return the line of the hit the reader is at, -1 for none."""
        return self._hit

    def _go_to_hit(self, line: int | None) -> None:
        if line is None or self.search is None:
            return
        self._hit = line
        self.show_line(line)
        spans = self.search.needle.in_text("".join(self.document.text(line, 1)))
        if spans and not self._wrap:
            self._show_column(spans[0][0])
        self.found.emit()

    def _show_column(self, column: int) -> None:
        bar = self.horizontalScrollBar()
        x = round(column * self._painter.cell)
        if not bar.value() <= x < bar.value() + bar.pageStep() - 40:
            bar.setRange(0, max(bar.maximum(), x))
            bar.setValue(max(0, x - bar.pageStep() // 3))

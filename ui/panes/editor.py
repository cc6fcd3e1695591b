"""The text field of the composer: grows with its text, Enter sends, Up and Down walk through what was written."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from app.prompting import History, Kept

#: Lines before it scrolls.
MOST_LINES = 10

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Editor(QPlainTextEdit):
    """Plain text only. ``submitted`` carries nothing: the composer reads the text."""

    submitted = Signal()
    last_queued_wanted = Signal()

    def __init__(self, kept: Kept, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sends_on_enter = True
        self._history = History(kept)
        self._walking = False
        self.setProperty("frame", "input")
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.textChanged.connect(self._on_changed)
        self._fit()

    def set_text(self, text: str, caret: int | None = None) -> None:
        """Replace the text; the caret goes to its end or to ``caret``."""
        self.setPlainText(text)
        cursor = self.textCursor()
        cursor.setPosition(len(text) if caret is None else min(caret, len(text)))
        self.setTextCursor(cursor)

    def _fit(self, _: object = None) -> None:
        lines = max(1, min(MOST_LINES, round(self.document().size().height())))
        height = lines * self.fontMetrics().lineSpacing() + 2 * round(self.document().documentMargin()) + 12
        if self.height() != height:
            self.setFixedHeight(height)

    def sizeHint(self) -> QSize:
        """Return the height the text needs."""
        return QSize(200, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width wraps otherwise."""
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Send, break the line, or walk through what was written; everything else is typing."""
        if event.key() in _ENTER:
            self._enter(event)
            return
        if not self._walk(event):
            super().keyPressEvent(event)

    def _enter(self, event: QKeyEvent) -> None:
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        plain = modifiers == Qt.KeyboardModifier.NoModifier
        if modifiers & Qt.KeyboardModifier.ControlModifier or plain is self.sends_on_enter:
            self.submitted.emit()
        else:
            self.insertPlainText("\n")
            self.ensureCursorVisible()

    def _walk(self, event: QKeyEvent) -> bool:
        control = Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_Up and event.modifiers() == control:
            self.last_queued_wanted.emit()
            return True
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if event.key() == Qt.Key.Key_Up and self._at_edge(QTextCursor.MoveOperation.Up):
            return self._show(self._history.back(self.toPlainText()))
        if event.key() == Qt.Key.Key_Down and self._at_edge(QTextCursor.MoveOperation.Down):
            return self._show(self._history.forth())
        return False

    def _at_edge(self, way: QTextCursor.MoveOperation) -> bool:
        return not QTextCursor(self.textCursor()).movePosition(way)

    def _show(self, text: str | None) -> bool:
        if text is None:
            return False
        self._walking = True
        self.set_text(text)
        self._walking = False
        return True

    def _on_changed(self) -> None:
        if not self._walking:
            self._history.reset()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste as plain text."""
        self.insertPlainText(source.text().replace("\r\n", "\n").replace("\r", "\n"))

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Return whether there is text to paste."""
        return source.hasText()

"""What every dock holds for good: room for content that comes and goes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget


class Holder(QWidget):
    """Owns one content at most; tells when somebody can see it."""

    def __init__(self, on_shown: Callable[[], None]) -> None:
        super().__init__()
        self.content: QWidget | None = None
        self._on_shown = on_shown
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def put(self, content: QWidget) -> None:
        """Show ``content``."""
        self.content = content
        self._column.addWidget(content)

    def showEvent(self, event: QShowEvent) -> None:
        """Qt: somebody can see it (QtAds' own signal comes too early: it looks at a geometry not yet set)."""
        super().showEvent(event)
        self._on_shown()

    def drop(self) -> bool:
        """Destroy the content; false when there is none."""
        if self.content is None:
            return False
        content, self.content = self.content, None
        self._column.removeWidget(content)
        content.hide()
        content.deleteLater()
        return True

"""Watches a widget for its first paint that shows everything. Loads Qt: only ``app.bench.paint`` imports this."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget


class FirstPaint(QObject):
    """Owned by who watches; after the paint it writes the time to stdout and calls ``then``."""

    def __init__(self, watched: QWidget, is_whole: Callable[[], bool], then: Callable[[], object]) -> None:
        super().__init__()
        self._watched = watched
        self._is_whole = is_whole
        self._then = then
        watched.installEventFilter(self)

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        """Qt: look for a paint that shows everything."""
        if event.type() == QEvent.Type.Paint and self._is_whole():
            self._watched.removeEventFilter(self)
            QTimer.singleShot(0, self._tell)  # after this paint
        return False

    def _tell(self) -> None:
        sys.stdout.write(f"{time.monotonic_ns()}\n")
        sys.stdout.flush()
        self._then()

"""The window as a program of its own for measuring: says on stdout when the fleet was first painted, and goes on.

Run as ``python -P -m app.bench.paint ROWS VISIBLE`` with the environment of a scene; with ROWS 0 it paints an empty
Qt window (the control). Only subprocesses import this: it loads Qt.
"""

from __future__ import annotations

import os
import sys
import time

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QWidget


class FirstPaint(QObject):
    """Watches one widget; once it was painted with at least ``rows`` agents, says so and calls ``then``."""

    def __init__(self, watched: QWidget, is_whole: object, then: object) -> None:
        super().__init__()
        self._watched = watched
        self._is_whole = is_whole
        self._then = then
        watched.installEventFilter(self)

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        """Qt: look for paints that show everything."""
        if event.type() == QEvent.Type.Paint and self._is_whole():  # type: ignore[operator]
            self._watched.removeEventFilter(self)
            QTimer.singleShot(0, self._tell)  # after this paint
        return False

    def _tell(self) -> None:
        sys.stdout.write(f"{time.monotonic_ns()}\n")
        sys.stdout.flush()
        self._then()  # type: ignore[operator]


def _empty() -> None:
    app = QApplication(["quarterdeck"])
    label = QLabel("empty")
    paint = FirstPaint(label, lambda: True, app.quit)
    label.show()
    app.exec()
    del paint


def _fleet(rows: int, visible: int) -> None:
    # As app.desktop does it; nothing of ours is loaded for the control.
    from app.paths import home_from  # noqa: PLC0415
    from ui import shell as shells  # noqa: PLC0415

    home = home_from(os.environ)
    home.prepare()
    shell = shells.Shell(shells.make_application(), home, os.environ)
    view = shell.window.roster.view
    window = shell.window

    def tile() -> None:
        agents = view.roster.agents()[:visible]
        while agents and window.stage.next_layout(agents) != "grid":
            pass

    paint = FirstPaint(view.viewport(), lambda: len(view.roster.agents()) >= rows, tile)
    shells.run_loop(shell, shell.run)
    del paint


if __name__ == "__main__":
    if int(sys.argv[1]):
        _fleet(int(sys.argv[1]), int(sys.argv[2]))
    else:
        _empty()

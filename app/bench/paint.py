"""The window as a program of its own for measuring: says on stdout when the fleet was first painted, and goes on.

Run as ``python -P -m app.bench.paint ROWS VISIBLE`` with the environment of a scene; with ROWS 0 it paints an empty
Qt window (the control). Imports what it runs when it runs it: the control loads nothing of ours, and the window is
loaded in the order in which ``app.desktop`` does it.
"""

from __future__ import annotations

import os
import sys


def _empty() -> None:
    from PySide6.QtWidgets import QApplication, QLabel  # noqa: PLC0415

    from app.bench.painted import FirstPaint  # noqa: PLC0415

    app = QApplication(["quarterdeck"])
    label = QLabel("empty")
    paint = FirstPaint(label, lambda: True, app.quit)
    label.show()
    app.exec()
    del paint


def _fleet(rows: int, visible: int) -> None:
    import app.desktop  # noqa: F401, PLC0415  (what it loads before Qt)
    from app.paths import home_from  # noqa: PLC0415

    home = home_from(os.environ)
    home.prepare()
    from app.bench.painted import FirstPaint  # noqa: PLC0415
    from ui import shell as shells  # noqa: PLC0415

    shell = shells.Shell(shells.make_application(), home, os.environ)
    window, view = shell.window, shell.window.roster.view

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

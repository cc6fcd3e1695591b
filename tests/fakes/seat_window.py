"""A terminal view in a window of its own on a real display: writes what it would give to its program to a file.

Run as ``python -m tests.fakes.seat_window FOLDER``: ``typed`` holds what was typed, ``pasted`` what was to be pasted,
``place`` where two cells are on the display, written anew with every key. What is typed is shown.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication

from tests.fakes.fed import Fed
from ui import theme as themes
from ui.panes.terminal.view import TerminalView

TEXT = b"chosen words\r\nhttps://example.org/page\r\n"


class Unspawned:
    """Nothing of this window needs a task: what starts one is dropped."""

    def spawn(self, work: object, what: str) -> None:
        raise AssertionError(what)


def main(folder: Path) -> None:
    """Show the window until it is closed."""
    app = QApplication(sys.argv)
    theme = themes.load("dark")
    themes.apply(app, theme)
    view = TerminalView(Unspawned(), theme)  # type: ignore[arg-type]
    view.setWindowTitle("seat")
    view.resize(700, 400)
    fed = Fed(*view.fitting())
    fed.feed(TEXT)

    def add(name: str, data: bytes) -> None:
        with (folder / name).open("ab") as out:
            out.write(data)

    def place(line: int, col: int) -> QPoint:
        return view.viewport().mapToGlobal(view.cell_rect(line, col).center().toPoint())

    def typed(data: bytes) -> None:
        points = [place(0, 0), place(0, 5), place(1, 3)]
        (folder / "place").write_text(" ".join(f"{point.x()} {point.y()}" for point in points))
        add("typed", data)
        fed.feed(data.replace(b"\r", b"\r\n"))
        view.wake()

    view.typed.connect(typed)
    view.paste_wanted.connect(lambda text: add("pasted", text.encode()))
    view.link_activated.connect(lambda target: add("opened", target.encode()))
    view.show()
    view.show_terminal(fed)
    view.setFocus()
    app.exec()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

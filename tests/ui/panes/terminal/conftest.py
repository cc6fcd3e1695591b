"""A terminal view in a window, over a real screen that is fed by hand; what the view asks of others is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.fakes.fed import Fed
from tests.ui.panes.conftest import Clock, Pump, pump, theme
from ui.panes.terminal.view import TerminalView
from ui.theme import Theme

__all__ = ["pump", "theme"]

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


class Desk:
    """A view of a given number of cells and its terminal."""

    def __init__(self, qtbot: QtBot, pump: Pump, theme: Theme, rows: int, cols: int, older: tuple[str, ...]) -> None:
        self.qtbot = qtbot
        self.pump = pump
        self.clock = Clock()
        self.view = TerminalView(pump, theme, clock=self.clock)
        qtbot.addWidget(self.view)
        self.typed: list[bytes] = []
        self.sizes: list[tuple[int, int]] = []
        self.links: list[str] = []
        self.pasted: list[str] = []
        self.view.typed.connect(self.typed.append)
        self.view.sized.connect(lambda rows, cols: self.sizes.append((rows, cols)))
        self.view.link_activated.connect(self.links.append)
        self.view.paste_wanted.connect(self.pasted.append)
        self.fit(rows, cols)
        self.view.show()
        self.view.activateWindow()
        qtbot.waitActive(self.view)
        self.fed = Fed(rows, cols, older)
        self.view.show_terminal(self.fed)
        self.view.setFocus()
        qtbot.waitUntil(self.view.hasFocus, timeout=30_000)
        self.sizes.clear()
        self.typed.clear()

    def fit(self, rows: int, cols: int) -> None:
        """Make the view large enough for so many cells."""
        metrics, view = self.view._metrics, self.view
        extra = view.width() - view.viewport().width()
        bar = view.verticalScrollBar().sizeHint().width()
        view.resize(
            round(cols * metrics.width) + 13 + max(extra, bar if not view.isVisible() else 0),
            round(rows * metrics.line_height) + 9,
        )

    def feed(self, data: bytes | str) -> None:
        """Draw program output and show it."""
        self.fed.feed(data.encode() if isinstance(data, str) else data)
        self.view.refresh()

    def picture(self) -> QImage:
        """Return what the view shows."""
        return self.view.viewport().grab().toImage()

    def box(self, row: int, col: int, width: int = 1) -> QRect:
        """Return where cells of the view lie in its picture."""
        first = self.view.cell_rect(self.view.first_line() + row, col)
        last = self.view.cell_rect(self.view.first_line() + row, col + width - 1)
        return first.united(last).toAlignedRect()

    def colours(self, row: int, col: int, width: int = 1) -> dict[str, int]:
        """Return how often each colour is in some cells."""
        image, box = self.picture().convertToFormat(QImage.Format.Format_RGB32), self.box(row, col, width)
        bits, stride = bytes(image.constBits()), image.bytesPerLine()
        counts: dict[str, int] = {}
        for y in range(box.top(), box.bottom() + 1):
            for x in range(box.left(), box.right() + 1):
                blue, green, red = bits[y * stride + x * 4 : y * stride + x * 4 + 3]
                name = f"#{red:02x}{green:02x}{blue:02x}"
                counts[name] = counts.get(name, 0) + 1
        return counts

    def ground(self, row: int, col: int, width: int = 1) -> str:
        """Return the colour most of some cells has."""
        counts = self.colours(row, col, width)
        return max(counts, key=lambda name: counts[name])

    def inked(self, row: int, col: int) -> bool:
        """Tell whether something is drawn over the background of a cell."""
        return len(self.colours(row, col)) > 1

    # -- the mouse

    def point(self, row: int, col: float) -> QPointF:
        """Return a point in a cell; its whole number is the cell's left border."""
        box = self.view.cell_rect(self.view.first_line() + row, 0)
        return QPointF(box.left() + (col + 0.1) * self.view._metrics.width, box.center().y())

    def mouse(self, kind: str, point: QPointF, button: Any = LEFT, held: Any = None, keys: Any = None) -> None:
        """Send one mouse event to the viewport."""
        types = {
            "press": QMouseEvent.Type.MouseButtonPress,
            "release": QMouseEvent.Type.MouseButtonRelease,
            "double": QMouseEvent.Type.MouseButtonDblClick,
            "move": QMouseEvent.Type.MouseMove,
        }
        if held is None:
            held = NONE if kind == "release" else button
        viewport = self.view.viewport()
        event = QMouseEvent(
            types[kind], point, QPointF(viewport.mapToGlobal(point)), NONE if kind == "move" else button, held,
            keys or Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(viewport, event)

    def drag(self, start: tuple[int, float], end: tuple[int, float], keys: Any = None) -> None:
        """Press, move, let go."""
        self.mouse("press", self.point(*start), keys=keys)
        self.mouse("move", self.point(*end), keys=keys)
        self.mouse("release", self.point(*end), keys=keys)

    def click(self, row: int, col: float, times: int = 1, keys: Any = None) -> None:
        """Click so many times, as Qt tells of it."""
        for n in range(times):
            self.mouse("double" if n == 1 else "press", self.point(row, col), keys=keys)
            self.mouse("release", self.point(row, col), keys=keys)

    def wheel(self, angle: int = 0, pixels: int = 0, keys: Any = None, row: int = 0, col: float = 0) -> None:
        """Turn the wheel: positive is up."""
        point = self.point(row, col)
        event = QWheelEvent(
            point, QPointF(self.view.viewport().mapToGlobal(point)), QPoint(0, pixels), QPoint(0, angle), NONE,
            keys or Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self.view.viewport(), event)

    @property
    def text(self) -> list[str]:
        """Return the lines in view."""
        return self.view.accessible_text().split("\n")


@pytest.fixture
def open_desk(qtbot: QtBot, pump: Pump, theme: Theme) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(rows: int = 10, cols: int = 40, older: tuple[str, ...] = ()) -> Desk:
        made.append(Desk(qtbot, pump, theme, rows, cols, older))
        return made[-1]

    yield make
    for desk in made:
        desk.view.hide()
        assert desk.fed.is_closed


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()

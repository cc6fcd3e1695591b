"""A raw log on screen: follows, holds still, selects, copies, finds; whatever its length."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QImage, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from agents.model import Stream
from agents.runtime.rawlog import RawLog
from app.logline import RGB, Style, show
from app.logsource import LocalLog
from tests.ui.panes.conftest import Pump
from ui import theme as themes
from ui.panes import accessible
from ui.panes.ansi import Colors, exact
from ui.panes.log_view import LogView
from ui.panes.logpaint import LinePainter, column_of, index_at
from ui.panes.logselect import Place, Selection
from ui.theme import contrast


class Log:
    """A view over a file that can be written to."""

    def __init__(self, directory: Path, pump: Pump, theme: Any, data: bytes) -> None:
        self.file = directory / "out.0.log"
        self.file.write_bytes(data)
        self.source = LocalLog(directory, Stream.OUT)
        self.view = LogView(self.source, pump, theme)

    def write(self, data: bytes) -> None:
        with self.file.open("ab") as out:
            out.write(data)
        self.source.look()


@pytest.fixture
def open_log(qtbot: Any, pump: Pump, theme: Any, tmp_path: Path) -> Callable[[bytes], Log]:
    def make(data: bytes) -> Log:
        log = Log(tmp_path, pump, theme, data)
        qtbot.addWidget(log.view)
        log.view.resize(600, 300)
        log.view.show()
        pump.settle()
        return log

    return make


LINES = b"".join(b"line %d\n" % n for n in range(1000))


def first(view: LogView) -> int:
    return view.verticalScrollBar().value()


def wheel(view: LogView, turns: int) -> None:
    point = QPointF(50, 50)
    event = QWheelEvent(
        point, view.viewport().mapToGlobal(point), QPoint(), QPoint(0, turns * 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


def test_follows_the_end(open_log: Any) -> None:
    log = open_log(LINES)
    assert "line 999" in log.view.accessible_text()
    log.write(b"news\n")
    assert log.view.accessible_text().endswith("news")
    assert log.view._badge.isHidden()


def test_scrolling_up_holds_still_and_counts_what_is_new(open_log: Any, qtbot: Any) -> None:
    log = open_log(LINES)
    wheel(log.view, 3)
    assert not log.view.follow
    held = first(log.view)
    shown = log.view.accessible_text()
    log.write(b"a\nb\nc\n")
    assert (first(log.view), log.view.accessible_text()) == (held, shown)
    assert log.view._badge.text() == "3 new below"
    qtbot.mouseClick(log.view._badge, Qt.MouseButton.LeftButton)
    assert log.view.follow
    assert log.view.accessible_text().endswith("a\nb\nc")
    assert log.view._badge.isHidden()


def test_scrolling_back_to_the_end_follows_again(open_log: Any) -> None:
    log = open_log(LINES)
    wheel(log.view, 1)
    wheel(log.view, -5)
    assert log.view.follow


def test_growth_while_hidden_paints_nothing_and_shows_at_once_afterwards(
    open_log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(LINES)
    log.view.hide()
    updates: list[int] = []
    monkeypatch.setattr(log.view.viewport(), "update", lambda *_: updates.append(1))
    log.write(b"while hidden\n")
    assert not updates
    log.view.show()
    assert log.view.accessible_text().endswith("while hidden")


def test_only_visible_lines_are_read(open_log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    log = open_log(b"".join(b"%d some text of a usual length\n" % n for n in range(200_000)))
    asked: list[int] = []
    original = log.view.document.lines
    monkeypatch.setattr(log.view.document, "lines", lambda a, n: asked.append(n) or original(a, n))
    log.view.scroll_lines(-100_000)
    log.view.viewport().repaint()
    assert asked
    assert max(asked) < 40


def test_mouse_selection_is_copied(open_log: Any, qtbot: Any) -> None:
    log = open_log(b"\x1b[31mred\x1b[0m one\nsecond line\nthird\n")
    view, cell, high = log.view, log.view._painter.cell, log.view._painter.height
    start = QPoint(round(10 + 4 * cell), high // 2)
    end = QPoint(round(10 + 6 * cell), high + high // 2)
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view.viewport(), end)
    view.mouseMoveEvent(_moved(end))
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=end)
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "one\nsecond"


def _moved(point: QPoint) -> Any:
    return QMouseEvent(
        QMouseEvent.Type.MouseMove, QPointF(point), QPointF(point), Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip


def test_double_click_takes_a_path_whole(open_log: Any, qtbot: Any) -> None:
    log = open_log(b"see src/app/main.py:12 now\n")
    point = QPoint(round(10 + 10 * log.view._painter.cell), 5)
    qtbot.mouseDClick(log.view.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert log.view.selected_text() == "src/app/main.py:12"


def test_selection_by_keys(open_log: Any, qtbot: Any) -> None:
    log = open_log(b"abc\ndef\nghi\n")
    shift = Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(log.view, Qt.Key.Key_Right, shift)
    qtbot.keyClick(log.view, Qt.Key.Key_Down, shift)
    assert log.view.selected_text() == "abc\nd"
    qtbot.keyClick(log.view, Qt.Key.Key_End, shift)
    assert log.view.selected_text() == "abc\ndef"
    qtbot.keyClick(log.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert log.view.selected_text() == "abc\ndef\nghi"


def test_finds_across_colours_and_walks(open_log: Any, pump: Pump) -> None:
    data = b"".join(b"row %d %s\n" % (n, b"ERR\x1b[31mOR\x1b[0m" if n % 250 == 9 else b"fine") for n in range(1000))
    log = open_log(data)
    log.view.to_begin()
    log.view.look_for("error")
    pump.settle()
    assert list(log.view.search.hits) == [9, 259, 509, 759]
    seen = []
    for step in (log.view.find_next, log.view.find_next, log.view.find_previous, log.view.find_previous):
        seen.append(log.view.hit)
        step()
    assert [*seen, log.view.hit] == [9, 259, 509, 259, 9]
    assert "row 9 ERROR" in log.view.accessible_text()
    log.view.find_previous()
    assert log.view.hit == 759
    log.view.look_for("")
    assert log.view.search is None


def test_wrapping_keeps_the_end_in_sight(open_log: Any) -> None:
    log = open_log(LINES + b"x" * 900 + b"\nend\n")
    assert log.view.horizontalScrollBar().maximum() > 0 or log.view.viewport().repaint() is None
    log.view.set_wrap(on=True)
    assert log.view.horizontalScrollBar().maximum() == 0
    last = log.view.place_at(QPoint(15, log.view.viewport().height() - 2))
    assert last.line == log.view.document.count - 1


def test_zoom_and_numbers(open_log: Any, qtbot: Any) -> None:
    log = open_log(LINES)
    rows = log.view._rows()
    qtbot.keyClick(log.view, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert log.view._rows() < rows
    qtbot.keyClick(log.view, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert log.view._rows() == rows
    log.view.set_numbers(on=True)
    assert log.view._left() > 40


def test_a_long_log_is_read_in_a_task(open_log: Any, pump: Pump) -> None:
    log = open_log(b"x" * 79 + b"\n")
    log.write((b"y" * 79 + b"\n") * 50_000)
    pump.settle()
    assert log.view.document.count == 50_001


def test_what_is_drawn_is_what_is_said(open_log: Any) -> None:
    """Two logs that show the same text draw the same pixels, whatever escape sequences they hold."""
    one, two = open_log(b"ab\x1b]0;t\x07c\x1b[2Kd\n"), None
    image = one.view.grab().toImage()
    one.file.write_bytes(b"abcd\n")
    two = LogView(LocalLog(one.file.parent, Stream.OUT), one.view._spawner, one.view._theme)
    two.resize(one.view.size())
    two.show()
    assert two.grab().toImage() == image
    two.close()


def test_assistive_technology_hears_the_visible_lines(open_log: Any, qapp: QApplication) -> None:
    kept = accessible.install()
    log = open_log(b"hello\nworld\n")
    heard = QAccessible.queryAccessibleInterface(log.view)
    assert heard.role() == QAccessible.Role.Document
    assert heard.text(QAccessible.Text.Name) == "raw log"
    assert heard.text(QAccessible.Text.Value) == "hello\nworld"
    assert kept is not None


@pytest.mark.parametrize("name", ["dark", "light"])
def test_every_colour_can_be_read(qapp: QApplication, name: str) -> None:
    theme = themes.load(name)
    colors = Colors(theme)
    values = [*range(256), RGB | 0x1E1E28, RGB | 0xFFFF00]
    assert min(contrast(colors.foreground(v), theme.code) for v in values) >= 4.5
    pairs = [(colors.on(v, b), exact(b)) for v in (None, *values[:16]) for b in (0, 1, 4, 7, 15, 232, 255)]
    assert min(contrast(a, b) for a, b in pairs) >= 4.5


def test_columns_and_indexes_agree_with_wide_characters() -> None:
    text = "a漢e\u0301b"
    assert [column_of(text, i) for i in range(6)] == [0, 1, 3, 4, 4, 5]
    assert [index_at(text, c) for c in (0, 1, 3, 4, 5, 99)] == [0, 1, 2, 4, 5, 5]


def test_all_styles_are_drawn(theme: Any, qapp: QApplication) -> None:
    image = QImage(400, 30, QImage.Format.Format_RGB32)
    image.fill(theme.code)

    painter = QPainter(image)
    line = show("\x1b[1;3;4;7;9;38;5;200mé漢\x1b[0;41;97mbg\x1b[2mdim".encode())
    assert line.runs[0].style == Style(200, None, 1 | 4 | 8 | 16 | 32)
    LinePainter(theme, 0).draw(painter, line, (0, len(line.text)), QPointF(0, 0), [])
    painter.end()
    assert len({image.pixel(x, 10) for x in range(100)}) > 3


def test_selection_values() -> None:
    selection = Selection(Place(2, 3), Place(1, 1))
    assert selection.on_line(0, 9) is None
    assert selection.on_line(1, 9) == (1, 10)
    assert selection.on_line(2, 9) == (0, 3)


def test_a_view_that_went_away_ends_its_task(qtbot: Any, pump: Pump, theme: Any, tmp_path: Path) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    log = Log(tmp_path, pump, theme, b"x\n")
    log.view.setParent(holder)
    holder.show()
    log.write((b"y" * 79 + b"\n") * 100_000)
    pump.turn()
    log.view.deleteLater()
    qtbot.waitUntil(lambda: not isValid(log.view), timeout=30_000)
    pump.settle()
    assert log.view.document.behind > 0


# ---------------------------------------------------------------- the picture


def screen(view: LogView) -> QImage:
    """Return what is on screen, painted bit by bit as it came."""
    for _ in range(3):  # a line wider than all before brings a scroll bar
        QApplication.processEvents()
    return view.screen().grabWindow(view.winId()).toImage()


def fresh(view: LogView) -> QImage:
    """Return what is on screen once everything is painted anew."""
    view.viewport().update()
    return screen(view)


def say(log: Log, rng: random.Random) -> None:
    lines = rng.choice((1, 2, 3, 7, 11, 40))
    log.write(b"".join(b"\x1b[3%dm%d\x1b[0m says\n" % (rng.randrange(8), rng.randrange(10**6)) for _ in range(lines)))


@pytest.mark.parametrize("seed", range(3))
def test_a_picture_painted_bit_by_bit_is_the_whole_picture(open_log: Any, seed: int) -> None:
    log = open_log(LINES if seed % 2 else b"")
    view, rng = log.view, random.Random(seed)
    acts: list[Callable[[], None]] = [
        *([lambda: say(log, rng)] * 6),
        *([lambda: log.write(b"%d and no end yet " % rng.randrange(1000))] * 3),
        lambda: log.write(b"\x1b]2;only a title\x07"),
        lambda: view.scroll_lines(rng.randrange(-20, 20)),
        lambda: wheel(view, rng.choice((-3, -1, 1))),
        view.to_end,
        lambda: view.set_wrap(on=rng.random() < 0.5),
        lambda: view.set_numbers(on=rng.random() < 0.5),
        lambda: view.horizontalScrollBar().setValue(rng.randrange(100)),
        lambda: view._select(Selection(Place(max(0, first(view)), 1), Place(first(view) + 2, 3))),
        lambda: view.resize(500 + rng.randrange(200), 250 + rng.randrange(100)),
        lambda: view.zoom(rng.choice((-1, 0, 1))),
    ]
    log.write(b"x" * 300 + b"\n")
    for turn in range(90):
        rng.choice(acts)()
        shown = screen(view)
        assert shown == fresh(view), f"turn {turn}"


def test_growth_paints_the_new_lines_only(open_log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    log = open_log(LINES)
    screen(log.view)
    painted: list[int] = []
    original = log.view._paint_line
    monkeypatch.setattr(log.view, "_paint_line", lambda p, n, *rest: painted.append(n) or original(p, n, *rest))
    log.write(b"one\ntwo\n")
    screen(log.view)
    assert painted == [1000, 1001, 1002] or painted == [999, 1000, 1001], painted


def painted_words(view: LogView, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what a view that has no lines says instead."""
    said: list[str] = []

    class Listening(QPainter):
        def drawText(self, *args: Any) -> Any:  # noqa: N802 (an override)
            said.append(str(args[-1]))
            return super().drawText(*args)

    monkeypatch.setattr("ui.panes.log_canvas.QPainter", Listening)
    view.viewport().grab()
    return said


def test_a_deleted_log_says_so_instead_of_that_nothing_was_written(
    open_log: Callable[[bytes], Log], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = open_log(LINES)
    raw = RawLog(tmp_path, Stream.OUT)
    raw.trim(raw.seal())
    log.view.to_begin()
    log.view._repaint()
    assert "deleted" in log.view.accessible_text()
    again = open_log(b"")  # a second file, empty: what a pane finds that is opened later
    log.file.unlink()
    later = LogView(LocalLog(tmp_path, Stream.OUT), again.view._spawner, again.view._theme)
    later.resize(600, 300)
    assert any("was deleted" in words and "transcript" in words for words in painted_words(later, monkeypatch))
    later.close_source()
    later.deleteLater()

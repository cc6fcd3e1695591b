"""The transcript on screen: what is said, where the reader is, what never opens by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from agents.model import BlockKind, Decision, Diff, LogRef, PlanEntry, Stream, ToolCall
from tests.ui.panes.conftest import Daemon, Pump
from ui import theme as themes
from ui.panes.transcript.parts import Fold, Part
from ui.panes.transcript.scroll import PLACED_KEPT
from ui.panes.transcript.setter import duration
from ui.panes.transcript.view import TranscriptView

Show = Callable[[], TranscriptView]


@pytest.fixture
def show(qtbot: Any, pump: Pump, daemon: Daemon, theme: Any) -> Show:
    """Return a function that shows the daemon's blocks."""

    def make() -> TranscriptView:
        view = TranscriptView("a", daemon, pump, theme)
        qtbot.addWidget(view)
        view.resize(800, 500)
        view.show()
        view.open()
        pump.settle()
        return view

    return make


def texts(view: TranscriptView, n: int) -> list[str]:
    placed = view.place(n)
    assert placed is not None
    return [part.text for part in placed.parts]


def said(daemon: Daemon, count: int) -> None:
    for n in range(count):
        daemon.add(BlockKind.MESSAGE, text=f"message {n}\n\nwith a second paragraph")


def visible(view: TranscriptView) -> list[int]:
    return [n for n, _ in view._sight]


def top_of(view: TranscriptView, n: int) -> int:
    return dict(view._sight)[n]


def wheel(view: TranscriptView, turns: int) -> None:
    point = QPointF(50, 50)
    event = QWheelEvent(
        point, view.viewport().mapToGlobal(point), QPoint(), QPoint(0, turns * 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


def mouse(view: TranscriptView, point: QPoint, *, pressed: bool = False) -> None:
    buttons = Qt.MouseButton.LeftButton if pressed else Qt.MouseButton.NoButton
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove, QPointF(point), QPointF(point), Qt.MouseButton.NoButton, buttons,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


def point_in(view: TranscriptView, n: int, index: int, position: int) -> QPoint:
    """Return the point of the viewport where a text position stands."""
    part: Part = view.place(n).parts[index]  # type: ignore[union-attr]
    block = part.document.findBlock(position)
    line = block.layout().lineForTextPosition(position - block.position())
    x = line.cursorToX(position - block.position())
    x = x[0] if isinstance(x, tuple) else x
    rect = part.document.documentLayout().blockBoundingRect(block)
    return QPoint(
        round(part.x + rect.left() + x) + 1, round(top_of(view, n) + part.y + rect.top() + line.y() + line.height() / 3)
    )


# -- what is shown


def test_every_kind_of_block_says_what_it_is(daemon: Daemon, show: Show) -> None:
    daemon.add(BlockKind.USER, text="do it\n  indented")
    daemon.add(BlockKind.THOUGHT, text="hmm\nlonger thought")
    tool = ToolCall("1", "npm test", "execute", "failed", "npm test", "out 1\nout 2", started_at=1.0, ended_at=84.0)
    daemon.add(BlockKind.TOOL, tool=tool)
    daemon.add(BlockKind.PLAN, plan=(PlanEntry("one", "completed"), PlanEntry("two")))
    daemon.add(BlockKind.PERMISSION, text="Push", decision=Decision("k", "denied", "Push", "cli", 0.0, "not now"))
    daemon.add(BlockKind.ERROR, text="it broke\ntry again")
    daemon.add(BlockKind.NOTE, text="a note")
    daemon.add(BlockKind.TURN, text="failed after 2 m")
    daemon.add(BlockKind.MESSAGE, text="cut", ref=LogRef(Stream.OUT, 0, 99))
    view = show()
    assert texts(view, 0) == ["do it\n  indented"]
    assert texts(view, 1) == ["hmm longer thought"]
    assert texts(view, 2) == ["$ npm test", "out 1\nout 2"]
    assert texts(view, 3) == ["Plan   1 of 2", "one", "two"]
    assert texts(view, 4) == ["Push", "“not now”"]
    assert texts(view, 5) == ["it broke", "try again"]
    assert texts(view, 6) == ["a note"]
    assert "The rest of this text is in the raw log." in texts(view, 8)
    words = [mark.text for n in (2, 4, 7) for mark in view.place(n).marks if hasattr(mark, "text")]  # type: ignore[union-attr]
    assert words[0] == "1 m 23 s   failed"
    assert words[1] == "denied by you at the command line"
    assert words[2].startswith("failed after 2 m")


def test_nothing_of_an_agent_is_markup_to_qt(daemon: Daemon, show: Show) -> None:
    evil = "<img src='http://x/y.png'> <b>b</b> &amp; ![p](http://x/y.png)"
    daemon.add(BlockKind.MESSAGE, text=evil)
    daemon.add(BlockKind.USER, text=evil)
    daemon.add(BlockKind.TOOL, tool=ToolCall("1", evil, "other", "failed", output=evil))
    view = show()
    assert texts(view, 0) == ["<img src='http://x/y.png'> <b>b</b> & [image: p]"]
    assert texts(view, 1) == [evil]
    assert texts(view, 2)[1] == evil
    for n in range(3):
        for part in view.place(n).parts:  # type: ignore[union-attr]
            for number in range(part.document.blockCount()):
                formats = part.document.findBlockByNumber(number).textFormats()
                assert not any(piece.format.isImageFormat() for piece in formats)


def test_code_is_coloured_and_can_be_copied(daemon: Daemon, show: Show, qtbot: Any) -> None:
    daemon.add(BlockKind.MESSAGE, text="```python\ndef f():\n    pass\n```")
    view = show()
    part = view.place(0).parts[0]  # type: ignore[union-attr]
    colors = {piece.format.foreground().color().name() for piece in part.document.firstBlock().textFormats()}
    assert view._theme.keyword.name() in colors
    button = view._copy_rect(view.place(0), 0).center() + QPoint(0, top_of(view, 0))  # type: ignore[arg-type]
    mouse(view, button)
    assert view._copy_over == (0, 0)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=button)
    assert QGuiApplication.clipboard().text() == "def f():\n    pass"


def test_a_long_output_is_cut_until_asked_for(daemon: Daemon, show: Show, qtbot: Any) -> None:
    output = "\n".join(f"line {n}" for n in range(500))
    daemon.add(BlockKind.TOOL, tool=ToolCall("1", "make", "execute", "failed", "make", output))
    view = show()
    assert texts(view, 0)[1] == "show 494 lines above"
    assert texts(view, 0)[2].startswith("line 494")
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point_in(view, 0, 1, 3))
    assert texts(view, 0)[1] == output


def test_diffs_carry_signs_and_numbers(daemon: Daemon, show: Show) -> None:
    tool = ToolCall("1", "Edit a.py", "edit", "completed", diffs=(Diff("a.py", "x = 1\n", "x = 2\n"),))
    daemon.add(BlockKind.TOOL, tool=tool)
    view = show()
    assert texts(view, 0) == ["Edit a.py", "- x = 1\n+ x = 2"]
    view.viewport().repaint()


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.44, "0.4 s"), (12.2, "12 s"), (83, "1 m 23 s"), (120, "2 m"), (3900, "1 h 5 m")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


# -- where the reader is


def test_follows_the_end_and_holds_still_when_scrolled_up(daemon: Daemon, show: Show, qtbot: Any) -> None:
    said(daemon, 30)
    view = show()
    assert visible(view)[-1] == 29
    view.transcript.apply([daemon.add(BlockKind.MESSAGE, text="new")])
    assert visible(view)[-1] == 30
    wheel(view, 4)
    held = list(view._sight)
    view.transcript.apply([daemon.add(BlockKind.MESSAGE, text=f"more {n}") for n in range(3)])
    assert view._sight == held
    assert view._badge.text() == "3 new below"
    qtbot.mouseClick(view._badge, Qt.MouseButton.LeftButton)
    assert view.follow
    assert visible(view)[-1] == 33
    assert view._badge.isHidden()


def test_older_pages_come_when_scrolled_to(daemon: Daemon, show: Show, pump: Pump) -> None:
    said(daemon, 400)
    view = show()
    assert view.transcript.block(0) is None
    view.to_begin()
    pump.settle()
    assert texts(view, 0)[0] == "message 0"
    assert view.transcript.block(200) is None


def test_heights_corrected_above_move_nothing(daemon: Daemon, show: Show, pump: Pump) -> None:
    said(daemon, 300)
    view = show()
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum() // 2)
    pump.settle()
    n = visible(view)[1]
    before = top_of(view, n)
    revised = msgspec.structs.replace(daemon.blocks[n - 5], rev=2, text="tall\n\n" * 40)
    view.transcript.apply([revised])
    view.place(n - 5)
    view.refresh()
    assert top_of(view, n) == before


def test_a_streamed_message_keeps_what_is_set_already(daemon: Daemon, show: Show) -> None:
    block = daemon.add(BlockKind.MESSAGE, text="first paragraph\n\nsecond", open=True)
    view = show()
    before = view.place(0).parts  # type: ignore[union-attr]
    view.transcript.apply([msgspec.structs.replace(block, rev=2, text=block.text + " grows\n\nthird")])
    after = view.place(0).parts  # type: ignore[union-attr]
    assert [part.text for part in after] == ["first paragraph", "second grows", "third"]
    assert after[0].document is before[0].document
    assert after[1].document is not before[1].document


def test_an_old_revision_changes_nothing(daemon: Daemon, show: Show) -> None:
    block = daemon.add(BlockKind.MESSAGE, text="new")
    daemon.blocks[0] = block = msgspec.structs.replace(block, rev=5)
    view = show()
    view.transcript.apply([msgspec.structs.replace(block, rev=4, text="old")])
    assert texts(view, 0) == ["new"]


def test_a_hundred_thousand_blocks_set_only_those_in_sight(show: Show, daemon: Daemon, pump: Pump) -> None:
    said(daemon, 100_000)
    view = show()
    assert len(view._placed) < 30
    for _ in range(300):
        view.scroll_by(-400)
        pump.settle()
    assert len(view._placed) <= PLACED_KEPT
    view.verticalScrollBar().setValue(0)
    pump.settle()
    assert visible(view)[0] == 0
    view.to_end()
    pump.settle()
    assert visible(view)[-1] == 99_999


def test_scrolling_by_real_heights_visits_every_block(daemon: Daemon, show: Show, pump: Pump) -> None:
    for n in range(150):
        daemon.add(BlockKind.MESSAGE, text=f"m{n}\n\n" + "para\n\n" * (n * 7 % 23))
    view = show()
    seen = set(visible(view))
    while visible(view)[0] > 0:
        view.scroll_by(-300)
        pump.settle()
        seen |= set(visible(view))
    assert seen == set(range(150))
    assert top_of(view, 0) <= 12


def test_hidden_views_lay_nothing_out(daemon: Daemon, show: Show) -> None:
    said(daemon, 5)
    view = show()
    view.hide()
    view._placed.clear()
    view.transcript.apply([daemon.add(BlockKind.MESSAGE, text="x")])
    assert not view._placed
    view.show()
    assert visible(view)[-1] == 5


def test_a_short_transcript_begins_at_the_top(daemon: Daemon, show: Show) -> None:
    said(daemon, 1)
    view = show()
    assert view._sight[0] == (0, 12)


def test_the_place_of_reading_comes_back(daemon: Daemon, show: Show, pump: Pump) -> None:
    said(daemon, 200)
    view = show()
    view.scroll_by(-1500)
    pump.settle()
    place, sight = view.reading_place(), list(view._sight)
    other = show()
    other.restore_reading(place)
    pump.settle()
    assert other._sight[0] == sight[0]
    assert not other.follow


# -- reading by key


def test_walks_block_by_block_and_through_long_ones(daemon: Daemon, show: Show) -> None:
    daemon.add(BlockKind.MESSAGE, text="short")
    daemon.add(BlockKind.MESSAGE, text="long\n\n" * 60)
    daemon.add(BlockKind.MESSAGE, text="last")
    view = show()
    view.to_begin()
    view.step(1)
    assert view.current == 1
    steps = 0
    while view.current == 1:
        view.step(1)
        steps += 1
    assert steps > 3
    assert view.current == 2
    view.step(1)
    assert view.follow


def test_space_folds_and_unfolds(daemon: Daemon, show: Show, qtbot: Any) -> None:
    daemon.add(BlockKind.THOUGHT, text="one\n\ntwo")
    view = show()
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert texts(view, 0) == ["one", "two"]
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert texts(view, 0) == ["one two"]
    view.unfold()
    assert view.place(0).fold is Fold.OPEN  # type: ignore[union-attr]
    view.fold()
    assert texts(view, 0) == ["one two"]


def test_a_click_on_the_line_of_a_tool_unfolds_it(daemon: Daemon, show: Show, qtbot: Any) -> None:
    daemon.add(BlockKind.TOOL, tool=ToolCall("1", "Read x", "read", "completed", output="content"))
    view = show()
    assert texts(view, 0) == ["Read x"]
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(300, top_of(view, 0) + 8))
    assert texts(view, 0) == ["Read x", "content"]


# -- selecting and links


def test_selection_over_blocks_copies_text_and_markdown(daemon: Daemon, show: Show, qtbot: Any) -> None:
    daemon.add(BlockKind.MESSAGE, text="alpha **beta**")
    daemon.add(BlockKind.MESSAGE, text="- middle `code`")
    daemon.add(BlockKind.MESSAGE, text="gamma delta")
    view = show()
    start, end = point_in(view, 0, 0, 6), point_in(view, 2, 0, 5)
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=start)
    mouse(view, end, pressed=True)
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=end)
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "beta\n- middle `code`\ngamma"
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(view, Qt.Key.Key_C, both)
    assert QGuiApplication.clipboard().text() == "alpha **beta**\n\n- middle `code`\n\ngamma delta"
    view.viewport().repaint()


def test_without_a_selection_the_current_block_is_copied(daemon: Daemon, show: Show) -> None:
    daemon.add(BlockKind.USER, text="one\ntwo")
    view = show()
    view.current = 0
    view.copy()
    assert QGuiApplication.clipboard().text() == "one\ntwo"
    view.copy(markdown=True)
    assert QGuiApplication.clipboard().text() == "> one\n> two"


def test_links_show_their_target_and_open_only_by_click(daemon: Daemon, show: Show, qtbot: Any) -> None:
    daemon.add(BlockKind.MESSAGE, text="see [our docs](https://evil.example/x) now")
    view = show()
    opened: list[str] = []
    view.link_activated.connect(opened.append)
    over = point_in(view, 0, 0, 7)
    mouse(view, over)
    assert view._link == "https://evil.example/x"
    view.viewport().repaint()
    assert not opened
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=over)
    assert opened == ["https://evil.example/x"]
    mouse(view, QPoint(700, 400))
    assert view._link == ""


def test_double_click_selects_a_word(daemon: Daemon, show: Show, qtbot: Any) -> None:
    daemon.add(BlockKind.MESSAGE, text="alpha beta gamma")
    view = show()
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point_in(view, 0, 0, 8))
    assert view.selected_text() == "beta"


# -- finding


def test_finds_in_blocks_that_are_not_here_and_in_folds(daemon: Daemon, show: Show, pump: Pump) -> None:
    said(daemon, 900)
    daemon.blocks[5] = msgspec.structs.replace(daemon.blocks[5], text="the Needle and the needle")
    tool = ToolCall("1", "Read x", "read", "completed", output="a needle in the output")
    daemon.add(BlockKind.TOOL, tool=tool)
    view = show()
    view.look_for("needle")
    pump.settle()
    assert view.search is not None
    assert list(view.search.hits) == [5, 900]
    assert view.hit == 900
    assert "a needle in the output" in texts(view, 900)
    view.find_next()
    pump.settle()
    assert view._hit == (5, 0)
    view.find_next()
    assert view._hit == (5, 1)
    view.find_next()
    assert view.hit == 900
    view.find_previous()
    pump.settle()
    assert view._hit == (5, 1)
    assert 5 in visible(view)


def test_new_blocks_join_a_search(daemon: Daemon, show: Show, pump: Pump) -> None:
    said(daemon, 3)
    view = show()
    view.look_for("needle")
    pump.settle()
    assert view.search is not None
    assert not view.search.hits
    view.transcript.apply([daemon.add(BlockKind.MESSAGE, text="needle")])
    assert list(view.search.hits) == [3]
    view.look_for("")
    assert view.search is None


# -- looks


@pytest.mark.parametrize("name", ["dark", "light"])
def test_themes_and_zoom_can_change_any_time(daemon: Daemon, show: Show, name: str, qtbot: Any) -> None:
    daemon.add(BlockKind.MESSAGE, text="# T\n\n| a |\n|---|\n| b |\n\n> q\n\n---\n\n```py\nx = 1\n```")
    view = show()
    view.set_theme(themes.load(name))
    low = view._extents.total
    qtbot.keyClick(view, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(view, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert view._extents.total > low
    assert not view.grab().toImage().isNull()


def test_says_what_would_be_here(show: Show) -> None:
    view = show()
    assert view.transcript.opened
    assert not view.grab().toImage().isNull()
    assert view.accessible_text() == ""


def test_assistive_technology_hears_the_visible_blocks(daemon: Daemon, show: Show) -> None:
    daemon.add(BlockKind.USER, text="hello")
    daemon.add(BlockKind.MESSAGE, text="hi **there**")
    assert show().accessible_text() == "user: hello\n\nmessage: hi **there**"

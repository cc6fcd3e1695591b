"""What a terminal view gives to its program: keys, composed text, the mouse, focus, pastes; and what it keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QClipboard, QContextMenuEvent, QGuiApplication, QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu

from tests.ui.panes.terminal.conftest import Desk

KEY, MOD = Qt.Key, Qt.KeyboardModifier
SHIFT, CONTROL, ALT = MOD.ShiftModifier, MOD.ControlModifier, MOD.AltModifier
BOTH = SHIFT | CONTROL


def press(desk: Desk, key: Qt.Key, text: str = "", held: Any = MOD.NoModifier) -> None:
    QApplication.sendEvent(desk.view, QKeyEvent(QEvent.Type.KeyPress, key, held, text))


@pytest.mark.parametrize(
    ("key", "text", "held", "sent"),
    [
        (KEY.Key_A, "a", MOD.NoModifier, b"a"),
        (KEY.Key_A, "A", SHIFT, b"A"),
        (KEY.Key_C, "\x03", CONTROL, b"\x03"),
        (KEY.Key_Tab, "\t", MOD.NoModifier, b"\t"),
        (KEY.Key_Backtab, "", SHIFT, b"\x1b[Z"),
        (KEY.Key_Escape, "\x1b", MOD.NoModifier, b"\x1b"),
        (KEY.Key_Up, "", MOD.NoModifier, b"\x1b[A"),
        (KEY.Key_F5, "", MOD.NoModifier, b"\x1b[15~"),
        (KEY.Key_PageUp, "", MOD.NoModifier, b"\x1b[5~"),
        (KEY.Key_X, "x", ALT, b"\x1bx"),
        (KEY.Key_Udiaeresis, "ü", MOD.NoModifier, "ü".encode()),
    ],
)
def test_keys_go_to_the_program(desk: Desk, key: Qt.Key, text: str, held: Any, sent: bytes) -> None:
    press(desk, key, text, held)
    assert desk.typed == [sent]


def test_keys_follow_the_modes_of_the_program(desk: Desk) -> None:
    desk.feed("\x1b[?1h")
    press(desk, KEY.Key_Up)
    desk.feed("\x1b[>1u")
    press(desk, KEY.Key_Escape, "\x1b")
    assert desk.typed == [b"\x1bOA", b"\x1b[27u"]


def test_modifiers_alone_are_nothing(desk: Desk) -> None:
    press(desk, KEY.Key_Shift, "", SHIFT)
    press(desk, KEY.Key_Control, "", CONTROL)
    assert desk.typed == []


def test_tab_does_not_leave_and_shortcuts_do_not_take_keys(desk: Desk) -> None:
    event = QKeyEvent(QEvent.Type.ShortcutOverride, KEY.Key_W, CONTROL, "\x17")
    event.ignore()
    QApplication.sendEvent(desk.view, event)
    assert event.isAccepted()
    press(desk, KEY.Key_Tab, "\t")
    assert desk.view.hasFocus()


def test_typing_shows_the_end(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(rows=5)
    desk.feed("\r\n" * 50 + "end")
    desk.view.to_begin()
    press(desk, KEY.Key_A, "a")
    assert desk.view.follow
    assert desk.text[-1] == "end"


def test_an_echo_is_painted_in_its_own_frame(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[str] = []
    paint = desk.view.viewportEvent

    def watching(event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            painted.append(desk.fed.grid.row(0).text)
        return paint(event)

    monkeypatch.setattr(desk.view, "viewportEvent", watching)
    QApplication.processEvents()
    painted.clear()
    press(desk, KEY.Key_X, "x")
    desk.fed.waiting += b"x"
    desk.view._on_frame()  # with no turn of the loop behind it, in which the frames of other views would come first
    assert painted == ["x"]


def test_the_views_own_keys(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(rows=5)
    desk.feed("\r\n".join(f"line {n}" for n in range(60)))
    press(desk, KEY.Key_PageUp, "", SHIFT)
    assert desk.text[-1] == "line 55"
    press(desk, KEY.Key_Home, "", SHIFT)
    assert desk.text[0] == "line 0"
    press(desk, KEY.Key_PageDown, "", SHIFT)
    assert desk.text[0] == "line 4"
    press(desk, KEY.Key_End, "", SHIFT)
    assert desk.view.follow
    press(desk, KEY.Key_A, "", BOTH)
    press(desk, KEY.Key_C, "", BOTH)
    assert QGuiApplication.clipboard().text().startswith("line 0\nline 1\n")
    press(desk, KEY.Key_Plus, "+", BOTH)
    assert desk.view._zoom == 1
    press(desk, KEY.Key_Minus, "-", CONTROL)
    press(desk, KEY.Key_Minus, "-", CONTROL)
    assert desk.view._zoom == -1
    press(desk, KEY.Key_0, "0", CONTROL)
    assert desk.view._zoom == 0
    assert desk.typed == []


def test_what_undoes_in_shells_and_editors_is_no_zoom(desk: Desk) -> None:
    press(desk, KEY.Key_Underscore, "\x1f", BOTH)
    assert desk.typed == [b"\x1f"]
    assert desk.view._zoom == 0


def test_on_the_alternate_screen_keys_that_scroll_are_the_programs(desk: Desk) -> None:
    desk.feed("\x1b[?1049h")
    press(desk, KEY.Key_PageUp, "", SHIFT)
    press(desk, KEY.Key_End, "", SHIFT)
    assert desk.typed == [b"\x1b[5;2~", b"\x1b[1;2F"]


def test_copy_and_paste_are_where_they_always_were_under_a_russian_layout(desk: Desk) -> None:
    QGuiApplication.clipboard().setText("text")
    event = QKeyEvent(QEvent.Type.KeyPress, 0x41C, BOTH, 55, 0, 0, "М")
    QApplication.sendEvent(desk.view, event)
    assert desk.pasted == ["text"]
    assert desk.typed == []


def test_a_paste_is_asked_for_not_sent(desk: Desk) -> None:
    QGuiApplication.clipboard().setText("rm -rf\n")
    press(desk, KEY.Key_V, "", BOTH)
    assert desk.pasted == ["rm -rf\n"]
    QGuiApplication.clipboard().clear()
    press(desk, KEY.Key_V, "", BOTH)
    press(desk, KEY.Key_Insert, "", SHIFT)
    assert desk.pasted == ["rm -rf\n"]
    assert desk.typed == []


def test_the_middle_button_pastes_what_was_selected(desk: Desk) -> None:
    has_own = QGuiApplication.clipboard().supportsSelection()
    mode = QClipboard.Mode.Selection if has_own else QClipboard.Mode.Clipboard
    QGuiApplication.clipboard().setText("chosen", mode)
    desk.mouse("press", desk.point(0, 0), button=Qt.MouseButton.MiddleButton)
    desk.mouse("release", desk.point(0, 0), button=Qt.MouseButton.MiddleButton)
    assert desk.pasted == ["chosen"]


# -- composing


def test_composed_text_is_shown_then_typed(desk: Desk) -> None:
    desk.feed("\x1b[3;5H")
    event = QInputMethodEvent("かな", [])
    QApplication.sendEvent(desk.view, event)
    assert event.isAccepted()
    assert desk.typed == []
    assert desk.view.preedit == "かな"
    assert len(desk.colours(2, 5)) > 1
    commit = QInputMethodEvent("", [])
    commit.setCommitString("仮名")
    QApplication.sendEvent(desk.view, commit)
    assert desk.typed == ["仮名".encode()]
    assert desk.view.preedit == ""


def test_a_dead_key_types_what_it_makes(desk: Desk) -> None:
    commit = QInputMethodEvent("", [])
    commit.setCommitString("é")
    QApplication.sendEvent(desk.view, commit)
    assert desk.typed == ["é".encode()]


def test_what_is_composed_goes_with_the_focus(desk: Desk) -> None:
    QApplication.sendEvent(desk.view, QInputMethodEvent("x", []))
    desk.view.clearFocus()
    assert desk.view.preedit == ""


def test_an_input_method_is_told_where_the_cursor_is(desk: Desk) -> None:
    desk.feed("\x1b[4;7H")
    box = desk.view.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle)
    at = desk.view.viewport().pos() + desk.box(3, 6).topLeft()
    assert (box.topLeft() - at).manhattanLength() <= 1
    assert desk.view.inputMethodQuery(Qt.InputMethodQuery.ImEnabled) is True
    hints = desk.view.inputMethodQuery(Qt.InputMethodQuery.ImHints)
    assert hints & Qt.InputMethodHint.ImhNoPredictiveText


def test_an_input_method_is_told_when_the_cursor_moves(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(desk.view, "updateMicroFocus", told.append)
    desk.feed("\x1b[4;7H")
    desk.feed("\x1b[41m\x1b[0m")
    assert told == [Qt.InputMethodQuery.ImCursorRectangle]


# -- the mouse


def test_the_mouse_is_the_programs_where_it_wants_it(desk: Desk) -> None:
    desk.feed("\x1b[?1002h\x1b[?1006h")
    desk.drag((2, 3), (4, 7))
    assert desk.typed == [b"\x1b[<0;4;3M", b"\x1b[<32;8;5M", b"\x1b[<0;8;5m"]
    assert not desk.view.selection


def test_moves_are_told_once_a_cell(desk: Desk) -> None:
    desk.feed("\x1b[?1003h\x1b[?1006h")
    for col in (3.0, 3.3, 3.6, 4.0):
        desk.mouse("move", desk.point(1, col), button=Qt.MouseButton.NoButton)
    assert desk.typed == [b"\x1b[<35;4;2M", b"\x1b[<35;5;2M"]


def test_shift_takes_the_mouse_back(desk: Desk) -> None:
    desk.feed("some text\x1b[?1002h\x1b[?1006h")
    desk.drag((0, 0), (0, 4), keys=SHIFT)
    assert desk.typed == []
    assert desk.view.selected_text() == "some"


def test_a_drag_of_the_program_that_leaves_the_view_stays_on_the_screen(desk: Desk) -> None:
    desk.feed("\x1b[?1002h\x1b[?1006h")
    desk.mouse("press", desk.point(0, 0))
    desk.mouse("move", QPointF(9999, 9999))
    desk.mouse("release", QPointF(-50, -50))
    assert desk.typed == [b"\x1b[<0;1;1M", b"\x1b[<32;40;10M", b"\x1b[<0;1;1m"]


def test_the_mouse_is_told_in_pixels_of_the_picture(desk: Desk) -> None:
    desk.feed("\x1b[?1000h\x1b[?1016h")
    desk.mouse("press", desk.point(1, 2))
    cell, height = desk.view._metrics.cell, desk.view._metrics.height
    x, y = (int(part) for part in desk.typed[0][5:-1].split(b";"))
    assert 2 * cell < x <= 3 * cell
    assert height < y <= 2 * height


def test_the_wheel_goes_to_the_program_or_to_its_cursor_keys(desk: Desk) -> None:
    desk.feed("\x1b[?1000h\x1b[?1006h")
    desk.wheel(120, row=1, col=2)
    assert desk.typed == [b"\x1b[<64;3;2M"]
    desk.feed("\x1b[?1000l\x1b[?1049h")
    desk.typed.clear()
    desk.wheel(-120)
    assert desk.typed == [b"\x1b[B" * 3]
    desk.typed.clear()
    desk.feed("\x1b[?1007l")
    desk.wheel(-120)
    assert desk.typed == []


def test_focus_is_told_where_it_is_wanted(desk: Desk) -> None:
    desk.view.clearFocus()
    desk.view.setFocus()
    assert desk.typed == []
    desk.feed("\x1b[?1004h")
    desk.view.clearFocus()
    desk.view.setFocus()
    assert desk.typed == [b"\x1b[O", b"\x1b[I"]


def test_the_right_button_offers_what_can_be_done(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[list[str]] = []
    # The platform of the tests has no popups.
    monkeypatch.setattr(QMenu, "popup", lambda menu, _: shown.append([a.text() for a in menu.actions() if a.text()]))
    point = desk.point(1, 1).toPoint()
    at = desk.view.viewport().mapToGlobal(point)

    def ask(held: Any = MOD.NoModifier) -> None:
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, at, held)
        QApplication.sendEvent(desk.view.viewport(), event)

    ask()
    assert shown.pop() == ["Copy", "Paste", "Select all", "Go to the end and follow"]
    desk.feed("\x1b[?1000h")
    ask()
    assert shown == []
    ask(SHIFT)
    assert len(shown) == 1


def test_without_a_terminal_nothing_happens(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    desk.view.show_terminal(None)
    press(desk, KEY.Key_A, "a")
    desk.click(1, 1)
    desk.wheel(120)
    desk.mouse("move", desk.point(1, 2), button=Qt.MouseButton.NoButton)
    desk.view.copy()
    desk.view.select_all()
    desk.view.look_for("x")
    assert desk.view.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle).isEmpty()
    assert desk.typed == []

"""Qt's events as a terminal's keys. The facts are those of real X servers: layouts us, ru and de typed with xdotool."""

from __future__ import annotations

from typing import Literal

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QMouseEvent, QWheelEvent

from agents.vt.keys import Key, encode
from agents.vt.modes import Modes
from agents.vt.mouse import Mouse
from ui.keys import chord_of
from ui.panes.terminal.typing import Wheel, committed, key_of, mouse_of

K = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
META = Qt.KeyboardModifier.MetaModifier
KEYPAD = Qt.KeyboardModifier.KeypadModifier
ALTGR = Qt.KeyboardModifier.GroupSwitchModifier
NONE = Qt.KeyboardModifier.NoModifier

NUMLOCK = 0x10


def event(key: int, held: Qt.KeyboardModifier = NONE, text: str = "", scan: int = 0, native: int = 0) -> QKeyEvent:
    return QKeyEvent(QKeyEvent.Type.KeyPress, key, held, scan, 0, native, text)


TYPED = [
    # layout us
    (event(K.Key_A, NONE, "a", 38), Key(text="a", base="a"), b"a"),
    (event(K.Key_A, SHIFT, "A", 38), Key(text="A", base="a", shift=True), b"A"),
    (event(K.Key_A, CTRL, "\x01", 38), Key(text="a", base="a", ctrl=True), b"\x01"),
    (event(K.Key_A, CTRL | SHIFT, "\x01", 38), Key(text="A", base="a", ctrl=True, shift=True), b"\x01"),
    (event(K.Key_A, ALT, "a", 38), Key(text="a", base="a", alt=True), b"\x1ba"),
    (event(K.Key_A, CTRL | ALT, "\x01", 38), Key(text="a", base="a", ctrl=True, alt=True), b"\x1b\x01"),
    (event(K.Key_2, CTRL, "\x00", 11), Key(text="2", base="2", ctrl=True), b"\x00"),
    (event(K.Key_At, CTRL | SHIFT, "\x00", 11), Key(text="@", base="2", ctrl=True, shift=True), b"\x00"),
    (event(K.Key_BracketLeft, CTRL, "\x1b", 34), Key(text="[", base="[", ctrl=True), b"\x1b"),
    (event(K.Key_BraceLeft, ALT | SHIFT, "{", 34), Key(text="{", base="[", alt=True, shift=True), b"\x1b{"),
    (event(K.Key_Slash, CTRL, "\x1f", 61), Key(text="/", base="/", ctrl=True), b"\x1f"),
    (event(K.Key_Question, CTRL | SHIFT, "?", 61), Key(text="?", base="/", ctrl=True, shift=True), b"\x7f"),
    (event(K.Key_1, CTRL | ALT, "1", 10), Key(text="1", base="1", ctrl=True, alt=True), b"\x1b1"),
    (event(K.Key_Semicolon, CTRL, ";", 47), Key(text=";", base=";", ctrl=True), b";"),
    (event(K.Key_Space, NONE, " ", 65), Key(name="Space", text=" "), b" "),
    (event(K.Key_Space, CTRL, "\x00", 65), Key(name="Space", text=" ", ctrl=True), b"\x00"),
    (event(K.Key_A, META, "a", 38), Key(text="a", base="a", meta=True), b""),
    (event(K.Key_Return, NONE, "\r", 36), Key(name="Enter"), b"\r"),
    (event(K.Key_Backspace, CTRL, "\x08", 22), Key(name="Backspace", ctrl=True), b"\x08"),
    (event(K.Key_Backtab, SHIFT, "", 23), Key(name="Tab", shift=True), b"\x1b[Z"),
    (event(K.Key_Backtab, NONE, "", 23), Key(name="Tab", shift=True), b"\x1b[Z"),
    (event(K.Key_Escape, NONE, "\x1b", 9), Key(name="Esc"), b"\x1b"),
    (event(K.Key_Up, CTRL), Key(name="Up", ctrl=True), b"\x1b[1;5A"),
    (event(K.Key_F13), Key(name="F13"), b"\x1b[25~"),
    (event(K.Key_F24), Key(name="F24"), b"\x1b[45~"),
    (event(K.Key_Menu), Key(name="Menu"), b"\x1b[29~"),
    # layout ru: Qt tells the layout's character, under Ctrl too
    (event(0x421, NONE, "с", 54), Key(text="с", base="c"), b"\xd1\x81"),
    (event(0x421, CTRL, "с", 54), Key(text="с", base="c", ctrl=True), b"\x03"),
    (event(0x421, CTRL | SHIFT, "С", 54), Key(text="С", base="c", ctrl=True, shift=True), b"\x03"),
    (event(0x424, ALT, "ф", 38), Key(text="ф", base="a", alt=True), b"\x1b\xd1\x84"),
    (event(0x425, CTRL, "х", 34), Key(text="х", base="[", ctrl=True), b"\x1b"),
    (event(0x421, CTRL, "\x03", 0), Key(text="c", base="c", ctrl=True), b"\x03"),  # as other platforms tell it
    (event(K.Key_C, CTRL, "\x03", 0), Key(text="c", base="c", ctrl=True), b"\x03"),
    # layout de: AltGr is no Alt, and letters of the Latin script stay what they are
    (event(K.Key_At, ALTGR, "@", 24), Key(text="@", base="@"), b"@"),
    (event(K.Key_Q, CTRL | ALT, "@", 24), Key(text="@", base="@"), b"@"),  # AltGr as told by remote desktops
    (event(K.Key_Udiaeresis, NONE, "ü", 34), Key(text="ü", base="ü"), b"\xc3\xbc"),
    (event(K.Key_Udiaeresis, CTRL, "ü", 34), Key(text="ü", base="ü", ctrl=True), b"\xc3\xbc"),
    (event(K.Key_Space, ALTGR, "\u00a0", 65), Key(text="\u00a0", base="\u00a0"), b"\xc2\xa0"),
    # the keypad
    (event(K.Key_5, KEYPAD, "5", 84, NUMLOCK), Key(text="5", base="5", keypad=True, numlock=True), b"5"),
    (event(K.Key_Clear, KEYPAD, "", 84), Key(name="Begin", keypad=True), b"\x1b[E"),
    (event(K.Key_Plus, KEYPAD, "+", 86), Key(text="+", base="+", keypad=True), b"+"),
    (event(K.Key_Enter, KEYPAD, "\r", 104), Key(name="Enter", keypad=True), b"\r"),
]


@pytest.mark.parametrize(("pressed", "key", "sent"), TYPED, ids=[f"{key} {sent!r}" for _, key, sent in TYPED])
def test_a_key_press(pressed: QKeyEvent, key: Key, sent: bytes) -> None:
    assert key_of(pressed, is_mac=False) == key
    assert encode(key, Modes()) == sent


@pytest.mark.parametrize(
    "silent",
    [
        event(K.Key_Shift, SHIFT),
        event(K.Key_Control, CTRL),
        event(K.Key_Alt, ALT),
        event(K.Key_AltGr, ALTGR),
        event(K.Key_Meta, META),
        event(K.Key_CapsLock),
        event(K.Key_NumLock),
        event(K.Key_Dead_Acute),
        event(K.Key_Dead_Acute, CTRL | ALT, "", 21),
        event(K.Key_VolumeUp),
        event(K.Key_Print),
        event(K.Key_F25),
        event(K.Key_unknown),
        event(0),
    ],
)
def test_keys_no_program_hears_of(silent: QKeyEvent) -> None:
    assert key_of(silent, is_mac=False) is None


@pytest.mark.parametrize(
    ("pressed", "key"),
    [
        # Qt calls Control Meta there, and Command Control.
        (event(K.Key_C, META, "\x03"), Key(text="c", base="c", ctrl=True, numlock=True)),
        (event(K.Key_C, CTRL, "c"), Key(text="c", base="c", meta=True, numlock=True)),
        (event(K.Key_Up, META | KEYPAD), Key(name="Up", ctrl=True, numlock=True)),
        # Option makes characters, as in Apple's own terminal.
        (event(K.Key_L, ALT, "@"), Key(text="@", base="@", numlock=True)),
        (event(K.Key_B, ALT, "b"), Key(text="b", base="b", alt=True, numlock=True)),
        (event(K.Key_Left, ALT | KEYPAD), Key(name="Left", alt=True, numlock=True)),
    ],
)
def test_on_macos(pressed: QKeyEvent, key: Key) -> None:
    assert key_of(pressed, is_mac=True) == key


def test_what_an_input_method_makes_is_typed_and_nothing_before() -> None:
    composing = QInputMethodEvent("にほ", [])
    assert committed(composing) is None
    made = QInputMethodEvent("", [])
    made.setCommitString("日本")
    assert committed(made) == Key(text="日本")
    dictated = QInputMethodEvent("", [])
    dictated.setCommitString("one\x1b[201~\r\ntwo\n")
    assert committed(dictated) == Key(text="one[201~\rtwo\r")


def test_the_shells_own_chords_are_where_they_always_were() -> None:
    assert chord_of(event(0x417, CTRL | SHIFT, "З", 33)) == "Ctrl+Shift+P"
    assert chord_of(event(0x421, CTRL | SHIFT, "С", 54)) == "Ctrl+Shift+C"
    assert chord_of(event(K.Key_Udiaeresis, CTRL, "ü", 34)) == "Ctrl+Ü"
    assert chord_of(event(0x421, NONE, "с", 54)) == "с"


def mouse(
    kind: QMouseEvent.Type, button: Qt.MouseButton, buttons: Qt.MouseButton, held: Qt.KeyboardModifier = NONE
) -> QMouseEvent:
    return QMouseEvent(kind, QPointF(5, 5), QPointF(5, 5), button, buttons, held)


L, M, R = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NO = Qt.MouseButton.NoButton
DOWN, UP, MOVE = QMouseEvent.Type.MouseButtonPress, QMouseEvent.Type.MouseButtonRelease, QMouseEvent.Type.MouseMove


@pytest.mark.parametrize(
    ("given", "kind", "expected"),
    [
        (mouse(DOWN, L, L), "press", Mouse("press", 1, 2, 7, x=70, y=40)),
        (mouse(DOWN, R, L | R, CTRL), "press", Mouse("press", 3, 2, 7, ctrl=True, x=70, y=40)),
        (mouse(UP, M, NO, SHIFT | ALT), "release", Mouse("release", 2, 2, 7, shift=True, alt=True, x=70, y=40)),
        (mouse(MOVE, NO, NO), "move", Mouse("move", 0, 2, 7, x=70, y=40)),
        (mouse(MOVE, NO, R), "move", Mouse("move", 3, 2, 7, x=70, y=40)),
        (mouse(DOWN, Qt.MouseButton.BackButton, NO), "press", Mouse("press", 8, 2, 7, x=70, y=40)),
        (mouse(DOWN, Qt.MouseButton.ExtraButton9, NO), "press", None),
    ],
)
def test_the_mouse(given: QMouseEvent, kind: Literal["press", "release", "move"], expected: Mouse | None) -> None:
    assert mouse_of(given, kind, (2, 7), is_mac=False, pixel=(70, 40)) == expected


def test_control_clicks_on_macos() -> None:
    found = mouse_of(mouse(DOWN, L, L, META), "press", (0, 0), is_mac=True)
    assert found == Mouse("press", 1, 0, 0, ctrl=True)


def turned(wheel: Wheel, x: int, y: int, held: Qt.KeyboardModifier = NONE) -> list[int]:
    phase = Qt.ScrollPhase.NoScrollPhase
    given = QWheelEvent(QPointF(), QPointF(), QPoint(), QPoint(x, y), NO, held, phase, False)
    return [found.button for found in wheel.turned(given, (0, 0), is_mac=False)]


def test_the_wheel_counts_whole_notches() -> None:
    wheel = Wheel()
    assert turned(wheel, 0, 120) == [4]
    assert turned(wheel, 0, -240) == [5, 5]
    assert turned(wheel, 120, 0) == [6]
    assert turned(wheel, -120, 0) == [7]
    assert turned(wheel, 0, 0) == []


def test_a_touch_pad_adds_up_and_turning_back_begins_anew() -> None:
    wheel = Wheel()
    assert [turned(wheel, 0, 50) for _ in range(5)] == [[], [], [4], [], [4]]
    wheel = Wheel()
    assert turned(wheel, 0, 110) == []
    assert turned(wheel, 0, -60) == []
    assert turned(wheel, 0, -60) == [5]


def test_alt_does_not_turn_the_wheel_to_the_side() -> None:
    assert turned(Wheel(), -120, 0, ALT) == [5]

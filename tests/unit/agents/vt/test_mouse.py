"""What the mouse and the focus send, as data from xterm's ctlseqs ("Mouse Tracking"); clicked into xterm 379."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.vt.modes import DEFAULTS, Modes
from agents.vt.mouse import WHEEL_LINES, Mouse, encode_focus, encode_mouse


def modes(*dec: int, alternate: bool = False) -> Modes:
    return Modes(dec=tuple(sorted({*DEFAULTS, *dec})), alternate=alternate)


PRESS = Mouse("press", 1, row=0, col=0)
RELEASE = Mouse("release", 1, row=3, col=8)
DRAG = Mouse("move", 1, row=3, col=8)
MOVE = Mouse("move", 0, row=0, col=0)
WHEEL = Mouse("wheel", 4, row=3, col=8)
FAR = Mouse("press", 1, row=4, col=223)

CASES = [
    # "X10 compatibility mode": presses of three buttons, without modifiers.
    (PRESS, (9,), b"\x1b[M !!"),
    (Mouse("press", 3, 3, 8), (9,), b'\x1b[M")$'),
    (Mouse("press", 1, 3, 8, alt=True), (9,), b"\x1b[M )$"),
    (RELEASE, (9,), b""),
    (DRAG, (9,), b""),
    (WHEEL, (9,), b""),
    (Mouse("press", 8, 3, 8), (9,), b""),
    # "Normal tracking mode": presses, releases, wheel, modifiers.
    (PRESS, (1000,), b"\x1b[M !!"),
    (RELEASE, (1000,), b"\x1b[M#)$"),
    (Mouse("press", 3, 3, 8), (1000,), b'\x1b[M")$'),
    (WHEEL, (1000,), b"\x1b[M`)$"),
    (Mouse("wheel", 5, 3, 8), (1000,), b"\x1b[Ma)$"),
    (Mouse("wheel", 6, 3, 8), (1000,), b"\x1b[Mb)$"),
    (Mouse("press", 8, 3, 8), (1000,), b"\x1b[M\xa0)$"),
    (Mouse("release", 8, 3, 8), (1000,), b"\x1b[M#)$"),
    (Mouse("press", 1, 3, 8, alt=True), (1000,), b"\x1b[M()$"),
    (Mouse("release", 1, 3, 8, alt=True), (1000,), b"\x1b[M+)$"),
    (Mouse("press", 1, 3, 8, shift=True), (1000,), b"\x1b[M$)$"),
    (Mouse("press", 2, 3, 8, ctrl=True), (1000,), b"\x1b[M1)$"),
    (DRAG, (1000,), b""),
    (MOVE, (1000,), b""),
    # A byte has room for 223 columns.
    (Mouse("press", 1, 4, 170), (1000,), b"\x1b[M \xcb%"),
    (Mouse("press", 1, 4, 222), (1000,), b"\x1b[M \xff%"),
    (FAR, (1000,), b""),
    (Mouse("press", 1, 223, 4), (1000,), b""),
    # "Button-event tracking": drags too. "Any-event tracking": every move.
    (DRAG, (1002,), b"\x1b[M@)$"),
    (MOVE, (1002,), b""),
    (MOVE, (1003,), b"\x1b[MC!!"),
    (DRAG, (1003,), b"\x1b[M@)$"),
    # UTF-8 (1005)
    (FAR, (1000, 1005), b"\x1b[M \xc4\x80%"),
    (Mouse("press", 1, 4, 170), (1003, 1005), b"\x1b[M \xc3\x8b%"),
    (Mouse("press", 8, 3, 8), (1003, 1005), b"\x1b[M\xc2\xa0)$"),
    (Mouse("press", 1, 0, 2014), (1003, 1005), b"\x1b[M \xdf\xbf!"),
    (Mouse("press", 1, 0, 2015), (1003, 1005), b""),
    # SGR (1006): a release says of which button.
    (PRESS, (1002, 1006), b"\x1b[<0;1;1M"),
    (DRAG, (1002, 1006), b"\x1b[<32;9;4M"),
    (RELEASE, (1002, 1006), b"\x1b[<0;9;4m"),
    (Mouse("release", 3, 3, 8), (1002, 1006), b"\x1b[<2;9;4m"),
    (WHEEL, (1002, 1006), b"\x1b[<64;9;4M"),
    (Mouse("wheel", 7, 3, 8), (1002, 1006), b"\x1b[<67;9;4M"),
    (Mouse("press", 8, 3, 8), (1002, 1006), b"\x1b[<128;9;4M"),
    (Mouse("press", 1, 3, 8, alt=True), (1000, 1006), b"\x1b[<8;9;4M"),
    (Mouse("wheel", 5, 3, 8, ctrl=True), (1000, 1006), b"\x1b[<81;9;4M"),
    (Mouse("move", 2, 3, 8, shift=True, ctrl=True, alt=True), (1002, 1006), b"\x1b[<61;9;4M"),
    (MOVE, (1003, 1006), b"\x1b[<35;1;1M"),
    (FAR, (1000, 1006), b"\x1b[<0;224;5M"),
    (Mouse("press", 1, 9999, 9999), (1000, 1006), b"\x1b[<0;10000;10000M"),
    # urxvt (1015)
    (PRESS, (1003, 1015), b"\x1b[32;1;1M"),
    (DRAG, (1003, 1015), b"\x1b[64;9;4M"),
    (RELEASE, (1003, 1015), b"\x1b[35;9;4M"),
    (MOVE, (1003, 1015), b"\x1b[67;1;1M"),
    (FAR, (1000, 1015), b"\x1b[32;224;5M"),
    # SGR pixels (1016)
    (Mouse("press", 1, 0, 0, x=2, y=4), (1002, 1016), b"\x1b[<0;3;5M"),
    (Mouse("release", 1, 5, 10, x=52, y=44), (1002, 1016), b"\x1b[<0;53;45m"),
    (Mouse("press", 1, 0, 0, x=-3, y=-1), (1002, 1016), b"\x1b[<0;1;1M"),
    # Of several the one with the most room is written.
    (PRESS, (1000, 1005, 1006), b"\x1b[<0;1;1M"),
    (PRESS, (1000, 1006, 1015), b"\x1b[<0;1;1M"),
    (Mouse("press", 1, 0, 0, x=7, y=7), (1000, 1006, 1016), b"\x1b[<0;8;8M"),
    # Nobody listens; and what no program could hear of.
    (PRESS, (), b""),
    (PRESS, (1006,), b""),
    (Mouse("press", 99, 0, 0), (1000, 1006), b""),
    (Mouse("press", 0, 0, 0), (1000, 1006), b""),
    (Mouse("press", 1, -1, 0), (1000, 1006), b""),
]


@pytest.mark.parametrize(("event", "dec", "sent"), CASES)
def test_the_mouse_sends(event: Mouse, dec: tuple[int, ...], sent: bytes) -> None:
    assert encode_mouse(event, modes(*dec)) == sent


@pytest.mark.parametrize(
    ("event", "found", "sent"),
    [
        (WHEEL, modes(alternate=True), b"\x1b[A" * WHEEL_LINES),
        (Mouse("wheel", 5, 0, 0), modes(alternate=True), b"\x1b[B" * WHEEL_LINES),
        (Mouse("wheel", 5, 0, 0), modes(1, alternate=True), b"\x1bOB" * WHEEL_LINES),
        (Mouse("wheel", 6, 0, 0), modes(alternate=True), b""),
        (WHEEL, modes(), b""),  # the main screen scrolls by itself
        (PRESS, modes(alternate=True), b""),
        (WHEEL, Modes(dec=(7, 25), alternate=True), b""),  # "Alternate scroll mode" was reset
        (WHEEL, modes(1000, 1006, alternate=True), b"\x1b[<64;9;4M"),
        (WHEEL, modes(9, alternate=True), b""),
    ],
)
def test_on_the_alternate_screen_the_wheel_is_arrow_keys(event: Mouse, found: Modes, sent: bytes) -> None:
    assert encode_mouse(event, found) == sent


def test_focus_is_told_where_it_was_asked_for() -> None:
    assert encode_focus(True, modes(1004)) == b"\x1b[I"
    assert encode_focus(False, modes(1004)) == b"\x1b[O"
    assert encode_focus(True, modes()) == encode_focus(False, modes()) == b""


EVENTS = st.builds(
    Mouse,
    kind=st.sampled_from(["press", "release", "move", "wheel"]),
    button=st.integers(-1, 12),
    row=st.integers(-2, 3000),
    col=st.integers(-2, 3000),
    shift=st.booleans(),
    ctrl=st.booleans(),
    alt=st.booleans(),
    x=st.integers(-9, 99999),
    y=st.integers(-9, 99999),
)


@given(
    event=EVENTS,
    dec=st.sets(st.sampled_from([9, 1000, 1002, 1003, 1005, 1006, 1015, 1016])),
    alternate=st.booleans(),
)
def test_any_event_can_be_written(event: Mouse, dec: set[int], *, alternate: bool) -> None:
    sent = encode_mouse(event, modes(*dec, alternate=alternate))
    assert sent == b"" or sent.startswith(b"\x1b[")

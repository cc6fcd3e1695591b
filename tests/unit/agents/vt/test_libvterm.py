"""Which terminal core is taken, and which is refused by name."""

from __future__ import annotations

import ctypes
import types

import pytest

from agents.vt import libvterm
from agents.vt.libvterm import Core, Refused, load

needed = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there")


@needed
def test_the_systems_core_is_found_once_and_known() -> None:
    assert libvterm.missing() == ""
    assert libvterm.system() is libvterm.system()
    assert libvterm.system().interface in {"0.1", "0.3"}


def test_a_missing_library_names_the_package() -> None:
    with pytest.raises(Refused, match=r"libnone\.so\.0 is not installed; install libnone0"):
        load(("libnone.so.0", "elsewhere/libnone.so"), "libnone0")


def test_a_library_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(Refused, match=r"libc\.so\.6 lacks vterm_new"):
        load(("libc.so.6",), "libvterm0")


def test_an_interface_between_the_known_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    library = types.SimpleNamespace(vterm_state_set_selection_callbacks=None)
    monkeypatch.setattr(ctypes, "PyDLL", lambda name: library)
    with pytest.raises(Refused, match=r"libvterm\.so\.0 is libvterm 0\.2, only 0\.1 and 0\.3 are known"):
        load(("libvterm.so.0",), "libvterm0")


@needed
def test_a_library_that_draws_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Core, "cursor", lambda self: (7, 7))
    with pytest.raises(Refused, match="does not draw as libvterm 0"):
        load(libvterm.NAMES["linux"], "libvterm0")


def test_the_reason_is_told_instead_of_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> libvterm.Library:
        raise Refused("no terminal core: install it")

    monkeypatch.setattr(libvterm, "system", refuse)
    assert libvterm.missing() == "no terminal core: install it"


def test_both_tables_declare_what_is_used_and_one_tells_them_apart() -> None:
    assert set(libvterm.TABLE_0_1) < set(libvterm.TABLE_0_3)
    assert "vterm_build" in libvterm.TABLE_0_3
    assert all(libvterm.TABLE_0_3[name] == declared for name, declared in libvterm.TABLE_0_1.items())


@needed
def test_a_core_tells_its_modes_and_its_region_also_after_answers_nobody_read() -> None:
    core = Core(libvterm.system(), 10, 20)
    core.write(b"\x1b[6n\x1b[c" * 20 + b"\x1b[3;7r\x1b[?6h")
    assert core.region() == (3, 7)
    assert core.is_set(6)
    assert core.is_set(7)
    assert not core.is_set(1047)


@needed
def test_a_cursor_restored_outside_of_a_smaller_screen_is_told_inside_of_it() -> None:
    core = Core(libvterm.system(), 20, 40)
    core.write(b"\x1b[20;40H\x1b7")
    core.resize(3, 5)
    core.write(b"\x1b8")
    row, col = core.cursor()
    assert 0 <= row < 3
    assert 0 <= col < 5
    assert core.cells(row, col) == ""


@pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there")
@pytest.mark.parametrize("scroll", [b"\n", b"\x1b[S", b"\x1b[T", b"\x1bM", b"\x1b[L"])
def test_a_smaller_size_leaves_no_scrolling_part_outside_of_which_the_library_dies(scroll: bytes) -> None:
    core = libvterm.Core(libvterm.system(), 50, 10)
    core.write(b"\x1b[10;50r\x1b[50;1H0123456789")
    core.resize(5, 10)
    assert core.region() == (1, 5)
    core.write(scroll)
    assert len(core.text()) == 5


@needed
@pytest.mark.parametrize("shift", range(4))
def test_much_text_at_once_loses_no_character(shift: int) -> None:
    core = Core(libvterm.system(), 400, 100)
    core.write(("x" * shift + "é漢😀" * 7000).encode())
    shown = "".join(core.text())
    core.close()
    assert "\ufffd" not in shown
    assert set(shown) == set("é漢😀" + "x" * shift)


@needed
def test_a_cursor_that_a_smaller_size_would_leave_above_the_screen_is_moved_in() -> None:
    core = Core(libvterm.system(), 5, 10)
    core.write(b"one\r\ntwo\r\nthree\x1b[H\x1b[4h")
    core.resize(1, 500)
    core.write(b"x")
    assert core.cursor() == (0, 1)
    assert core.text() == ("xthree",)

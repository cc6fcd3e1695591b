"""Before Qt is loaded: the one bad pair of versions and missing libraries, each with the command that mends it."""

from __future__ import annotations

import pytest

from app.libraries import Library
from app.preflight import problem

GL = Library("libEGL.so.1", "libegl1")
XCB = Library("libxcb-cursor.so.0", "libxcb-cursor0", window=True)


def check(python: tuple[int, int], pyside: str, *missing: Library, opens_window: bool = True) -> str:
    return problem(python, pyside, lambda: missing, opens_window=opens_window)


@pytest.mark.parametrize(
    ("python", "pyside"),
    [((3, 11), "6.11.2"), ((3, 12), "6.12.0"), ((3, 13), "6.12.0"), ((3, 13), "6.13.1"), ((3, 11), "6.9.0")],
)
def test_good_pairs(python: tuple[int, int], pyside: str) -> None:
    assert check(python, pyside) == ""


@pytest.mark.parametrize("pyside", ["6.12.0", "6.12.1", "6.13.0", "7.0.0"])
def test_the_bad_pair_is_refused_and_the_fix_named(pyside: str) -> None:
    said = check((3, 11), pyside)
    assert f"PySide6 {pyside} aborts on Python 3.11" in said
    assert "pip install 'PySide6-Essentials==6.11.2'" in said
    assert "3.12" in said


def test_a_missing_pyside_is_named() -> None:
    assert "pip install quarterdeck" in check((3, 13), "")


def test_missing_libraries_are_named_with_their_packages() -> None:
    said = check((3, 13), "6.12.0", GL, XCB)
    assert "libEGL.so.1, libxcb-cursor.so.0" in said
    assert "sudo apt-get install libegl1 libxcb-cursor0" in said


def test_pictures_need_no_window_libraries() -> None:
    assert check((3, 13), "6.12.0", XCB, opens_window=False) == ""
    assert "libxcb" not in check((3, 13), "6.12.0", GL, XCB, opens_window=False)


def test_versions_are_checked_before_libraries_are_loaded() -> None:
    def never() -> tuple[Library, ...]:
        raise AssertionError("not before the version is known to be good")

    assert problem((3, 11), "6.12.0", never, opens_window=True)

"""What must hold before Qt is loaded: a PySide6 that works with this Python, and the libraries Qt links to.

Imports no Qt, since a missing library shows as an ImportError there, or as an abort.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from app.libraries import Library

#: PySide6 from here on aborts after some hundred signal emissions on Python before 3.12.
BROKEN_PYSIDE = (6, 12)
NEEDED_PYTHON = (3, 12)


def problem(
    python: tuple[int, int], pyside: str, missing: Callable[[], Sequence[Library]], *, opens_window: bool
) -> str:
    """Return why the window cannot open and what to do, nothing when it can. ``pyside`` is the installed version."""
    return _versions(python, pyside) or _libraries([lib for lib in missing() if opens_window or not lib.window])


def _versions(python: tuple[int, int], pyside: str) -> str:
    numbers = tuple(int(part) for part in re.findall(r"\d+", pyside)[:2])
    if not numbers:
        return "PySide6 is not installed in this environment. Run: pip install quarterdeck"
    if numbers < BROKEN_PYSIDE or python >= NEEDED_PYTHON:
        return ""
    ours = ".".join(map(str, python))
    return (
        f"PySide6 {pyside} aborts on Python {ours} after a few hundred signals. Run one of:\n"
        "  pip install 'PySide6-Essentials==6.11.2' 'PySide6-QtAds==5.1.1'\n"
        "  or use Python 3.12 or newer"
    )


def _libraries(missing: Sequence[Library]) -> str:
    if not missing:
        return ""
    names = ", ".join(library.name for library in missing)
    packages = " ".join(library.package for library in missing)
    return f"Qt needs system libraries that are not installed ({names}). Run:\n  sudo apt-get install {packages}"

"""Opens what an agent links to, after a click: addresses of the web and of mail, nothing else."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from agents.status.untrusted import one_line
from app.terminal.hyperlinks import SCHEMES

#: Opens a target with the desktop; true when something took it.
Opener = Callable[[str], bool]


def with_desktop(target: str) -> bool:
    """Open a target with the program the desktop has for it."""
    return QDesktopServices.openUrl(QUrl(target))


def follow(target: str, opener: Opener) -> str:
    """Open a target; return why not, or nothing."""
    shown = one_line(target, 200)
    if QUrl(target).scheme().lower() not in SCHEMES:
        return f"Not opened: {shown} is no address of the web."
    return "" if opener(target) else f"No program of this desktop opens {shown}."

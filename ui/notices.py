"""The messages: everything Quarterdeck told you, newest first; Enter goes to the agent it is about."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from agents.events import Noticed
from ui.palette import Entry, Palette
from ui.theme import Theme

LEVELS = {"info": ("info", "info"), "warning": ("exclamation", "warning"), "error": ("cross", "danger")}


class Notices(Palette):
    """A list of messages that can be searched like the palette."""

    agent_chosen = Signal(str)

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent, theme)
        self.setObjectName("notices")

    def open_notices(self, notices: Sequence[Noticed]) -> None:
        """Show ``notices`` (oldest first, as the fleet keeps them)."""
        entries = [self._entry(notice) for notice in reversed(notices)]
        self.open_with(entries, "Messages" if entries else "No messages yet")

    def _entry(self, notice: Noticed) -> Entry:
        icon, role = LEVELS.get(notice.level, LEVELS["info"])
        when = time.strftime("%H:%M", time.localtime(notice.at))
        agent = notice.agent

        def act() -> None:
            if agent:
                self.agent_chosen.emit(agent)

        text = " ".join(notice.text.split())
        return Entry(title=text, act=act, keys=when, icon=icon, role=role, also=notice.level)

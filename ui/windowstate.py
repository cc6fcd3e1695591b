"""What the window remembers of its looks, and the looks of the very first one."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QByteArray, QSize

from app.layout import WindowLayout
from ui.dockstate import decoded

if TYPE_CHECKING:
    from ui.main_window import MainWindow

#: Windows at least this wide show the tools at first, and have wider sides.
WIDE = 1500


def restore(window: MainWindow, layout: WindowLayout) -> None:
    """Make ``window`` look as ``layout`` says; without one, as fits the screen."""
    geometry = decoded(layout.geometry)
    if not geometry or not window.restoreGeometry(QByteArray(geometry)):
        window.resize(first_size(window.screen().availableSize()))
    window.tools.setVisible(window.width() >= WIDE if layout.tools is None else layout.tools)
    kept = list(layout.splitter)
    window.splitter.setSizes(kept if len(kept) == 3 else first_widths(window.width()))
    window.roster.view.set_folded_projects(layout.collapsed)
    window.stage.set_hidden(layout.hidden)
    if layout.project:
        window.stage.project = layout.project
    window.tools.show_tool(layout.tool)
    window.session.terminals.left = layout.left_terminals
    window.agents.new_agent = layout.new_agent
    window.agents.known_projects = layout.projects
    for problem in window.session.layouts.take_problems():
        window.session.fleet.note("warning", problem, time.time())


def begin_with(window: MainWindow, project: str) -> None:
    """Open with the arrangement of one project, and offer it for new agents."""
    agents = window.agents
    window.stage.project = project
    agents.new_agent = msgspec.structs.replace(agents.new_agent, project=project)
    agents.known_projects = tuple(dict.fromkeys([project, *agents.known_projects]))


def layout_of(window: MainWindow) -> WindowLayout:
    """Return what to remember of ``window``."""
    return WindowLayout(
        geometry=base64.b64encode(window.saveGeometry().data()).decode("ascii"),
        splitter=tuple(window.splitter.sizes()),
        collapsed=window.roster.view.folded_projects(),
        hidden=tuple(sorted(window.stage.hidden)),
        tools=not window.tools.isHidden(),
        tool=window.tools.current,
        project=window.stage.project,
        projects=window.agents.known_projects,
        new_agent=window.agents.new_agent,
        left_terminals=window.session.terminals.left,
    )


def first_size(room: QSize) -> QSize:
    """Return the size of the very first window: most of the screen, 1280 by 800 where that fits."""
    width, height = max(1280, room.width() * 4 // 5), max(800, room.height() * 4 // 5)
    return QSize(min(room.width(), width), min(room.height(), height))


def first_widths(width: int) -> list[int]:
    """Return the widths of roster, stage and tools that suit a window of ``width``."""
    return [280, 10_000, 300] if width < WIDE else [340, 10_000, 380]

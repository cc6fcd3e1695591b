"""Commands about the window itself: zones, overlays, tools, theme, full screen."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from PySide6.QtWidgets import QWidget

from agents.model import AgentRow
from agents.status.headline import GLYPHS
from agents.status.untrusted import one_line
from app.commands import BY_ID, COMMANDS, Context, Zone
from ui.attention import AttentionBar
from ui.dialogs.settings import SettingsDialog
from ui.handlers.agent import AgentHandlers
from ui.handlers.base import Bindings, Window
from ui.hints import HintLine
from ui.keyhelp import KeyHelp
from ui.kinds import kind_icon
from ui.palette import Entry, Palette
from ui.zones import Stop, step


class Whole(Window, Protocol):
    """What these commands need besides."""

    attention: AttentionBar
    hints: HintLine
    palette_overlay: Palette
    key_help: KeyHelp
    agents: AgentHandlers

    def stops(self) -> list[Stop]:
        """Return where F6 goes."""

    def context(self) -> Context:
        """Return what decides which commands can act."""

    def run(self, command: str) -> None:
        """Run a command."""

    def open_notices(self) -> None:
        """Show all messages."""

    def close(self) -> bool:
        """Close the window."""


class WindowHandlers:
    """Acts on the window's own parts."""

    def __init__(self, window: Whole) -> None:
        self._window = window
        self._before_full: tuple[bool, bool, bool] | None = None

    def bindings(self) -> Bindings:
        """Return what runs for each command id."""
        window = self._window
        return {
            "zone.next": partial(self._step, 1),
            "zone.previous": partial(self._step, -1),
            "zone.leave": self._leave,
            "palette.open": self._open_palette,
            "help.keys": self._open_help,
            "settings.open": lambda: SettingsDialog(window.widget(), window.theme, window.session.settings).open(),
            "notices.open": window.open_notices,
            "theme.switch": self._switch_theme,
            "stage.maximise": self._maximise,
            "app.quit": self._quit,
            "agent.explain": partial(self._tool, "explain"),
            "tool.details": partial(self._tool, "details"),
            "tool.toggle": self._toggle_tools,
            "tool.next": lambda: window.tools.step(1),
            "tool.previous": lambda: window.tools.step(-1),
        }

    def _step(self, steps: int) -> None:
        window = self._window
        place = window.place()
        if place.zone is Zone.TERMINAL:
            window.session.terminals.was_left()
        step(window.stops(), place, steps)

    def _leave(self) -> None:
        """Go one step out: from a field to its list, from writing to reading, from anything else to the roster."""
        window = self._window
        place = window.place()
        pane = window.pane_of(place.agent) if place.agent else None
        if pane is not None and place.zone is not Zone.TRANSCRIPT and pane.focus_zone(Zone.TRANSCRIPT.value):
            return
        if window.tools.terminal.leave_field():
            return
        if place.zone is Zone.FIELD:
            window.roster.leave_field()
            return
        window.roster.view.setFocus()

    # -- overlays

    def _open_palette(self) -> None:
        window = self._window
        context = window.context()
        entries = [
            Entry(
                title=command.title,
                detail=command.help,
                keys=window.session.keys_of(command.id),
                disabled=command.enabled(context) or "",
                act=partial(window.run, command.id),
                also=command.id,
            )
            for command in COMMANDS
            if command.id != "palette.open" and not command.id.startswith("slot.")
        ]
        agents = [self._agent_entry(row) for row in window.session.fleet.rows() if not row.archived]
        window.palette_overlay.open_with([*agents[:9], *entries, *agents[9:]], "Find a command or an agent")

    def _agent_entry(self, row: AgentRow) -> Entry:
        glyph = GLYPHS[row.state]
        return Entry(
            title=one_line(row.name, 80),
            detail=one_line(row.headline),
            act=partial(self._window.agents.open_row, row),
            keys=f"Alt+{row.slot}" if row.slot else "",
            icon=glyph.name,
            role=glyph.role,
            second=kind_icon(row.kind, row.family),
            also=f"{row.kind} {row.branch or ''} {row.project}",
        )

    def _open_help(self) -> None:
        window = self._window
        context = window.context()
        window.key_help.open_with(
            window.session.keymap, lambda command: BY_ID[command].enabled(context), is_mac=window.session.is_mac
        )

    # -- parts

    def _tool(self, name: str) -> None:
        tools = self._window.tools
        if tools.isVisible() and tools.current == name and self._window.zone() is Zone.TOOL:
            tools.hide()
            self._window.roster.view.setFocus()
            return
        tools.show()
        tools.show_tool(name)
        self._window.refresh_context()

    def _toggle_tools(self) -> None:
        tools = self._window.tools
        tools.setVisible(tools.isHidden())

    def _quit(self) -> None:
        self._window.close()

    def _switch_theme(self) -> None:
        window = self._window
        window.session.settings.set("ui.theme", "light" if window.theme.dark else "dark")

    def _maximise(self) -> None:
        window = self._window
        whole = window.widget()
        parts: tuple[QWidget, ...] = (window.roster, window.tools, window.attention)
        if self._before_full is None:
            self._before_full = (not parts[0].isHidden(), not parts[1].isHidden(), not parts[2].isHidden())
            for part in parts:
                part.hide()
            whole.showFullScreen()
            keys = window.session.keys_of("stage.maximise")
            window.tell(f"{keys} returns")
            return
        for part, was_shown in zip(parts, self._before_full, strict=True):
            part.setVisible(was_shown)
        self._before_full = None
        whole.showNormal()

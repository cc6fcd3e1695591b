"""A terminal of the bench on show in the real window, with the keyboard, ready to be typed into."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

from agents.model import AgentId
from app.bench.tty.window.orders import PROMPT, STEP_S, Order
from app.bench.tty.window.watching import Failed, Watched
from app.commands import Zone
from ui.panes.terminal.view import TerminalView
from ui.shell import Shell

SIZE = (1400, 900)

_PROMPT = re.compile(re.escape(PROMPT) + r"([0-9]+)>")


class Seat:
    """The window, the view that is typed into, and what was ordered."""

    def __init__(self, shell: Shell, order: Order, watched: Watched) -> None:
        self.shell = shell
        self.order = order
        self.watched = watched
        self.window = shell.window

    async def prompt(self) -> int:
        """Return the number of the prompt on the cursor's line once there is one."""
        await until(lambda: self.at_prompt() >= 0, "the shell's prompt")
        return self.at_prompt()

    def at_prompt(self) -> int:
        """Return the number of the prompt the cursor stands behind, -1 where it stands elsewhere.

        What Ctrl+C cut off in the middle of a line stands before it.
        """
        found = _PROMPT.search(self.watched.line())
        return int(found[1]) if found else -1


async def until(fact: Callable[[], object], what: str) -> None:
    """Wait for something in the window. Raises Failed."""
    end = time.monotonic() + STEP_S
    while not fact():
        if time.monotonic() > end:
            raise Failed(f"after {STEP_S:g} s still waiting for: {what}")
        await asyncio.sleep(0.01)


async def seated(shell: Shell, order: Order) -> Seat:
    """Show what is ordered and give the first of it the keyboard."""
    agents = tuple(AgentId(agent) for agent in order.agents)
    await shell.connected()
    await until(lambda: all(shell.fleet.row(agent) for agent in agents), "the agents in the fleet")
    shell.window.resize(*SIZE)
    shell.window.activateWindow()
    stage = shell.window.stage
    for row in shell.fleet.rows():
        if row.id not in agents:
            stage.hide_agent(row.id)
    for agent in reversed(agents):
        stage.show_agent(agent)
    while order.is_tiled and stage.next_layout(agents) != "grid":
        pass
    view = await view_of(shell, agents[0])
    pane = shell.window.pane_of(agents[0])
    if pane is None or not pane.focus_zone(Zone.TERMINAL):
        raise Failed("the pane has no terminal that takes the keyboard")
    await until(view.hasFocus, "the terminal to have the keyboard")
    return Seat(shell, order, Watched(view))


async def view_of(shell: Shell, agent: AgentId) -> TerminalView:
    """Return the view of an agent's terminal once it shows something."""
    found: list[TerminalView] = []

    def shown() -> bool:
        pane = shell.window.stage.pane(agent)
        found[:] = pane.findChildren(TerminalView) if pane is not None else []
        return bool(found) and found[0].isVisible() and found[0].terminal is not None

    await until(shown, f"the terminal of {agent} in the window")
    return found[0]

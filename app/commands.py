"""Every command, declared once: id, words, where it acts, and why it cannot act now.

Palette, key help, tooltips, hint line, docs and the tests derive from ``COMMANDS``. What a command does is in
``app.actions`` (the fleet) and in the shell (windows); nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec

from agents.model import LIVE, AgentRow, Capability, Turn
from app.advice import needs_login
from app.prompting import steering_obstacle

SLOTS = range(1, 10)


class Zone(StrEnum):
    """The part of the window that has the keyboard. ``field`` is any one-line text field; F6 does not stop there."""

    ROSTER = "roster"
    CARD = "card"
    TRANSCRIPT = "transcript"
    COMPOSER = "composer"
    TERMINAL = "terminal"
    TOOL = "tool"
    FIELD = "field"


#: Zones in which letters are text and belong to the widget.
TYPING = frozenset({Zone.COMPOSER, Zone.TERMINAL, Zone.FIELD})


class Context(msgspec.Struct, frozen=True):
    """What the shell knows when a key is pressed; ``agent`` is the one the command would act on."""

    zone: Zone = Zone.ROSTER
    agent: AgentRow | None = None
    is_connected: bool = True
    waiting: int = 0
    marked: int = 0
    is_shown: bool = False
    is_pinned: bool = False
    has_pane: bool = False
    has_filter: bool = False
    has_hidden: bool = False
    has_find: bool = False
    has_back: bool = False
    is_on_project: bool = False
    project: str = ""  # the one a new terminal would begin in
    cut_off: str = ""  # who a crash or a reboot cut off, as one sentence; empty when nobody can be brought back
    undo: str | None = None
    slots: frozenset[int] = frozenset()


Check = Callable[[Context], str | None]


class Command(msgspec.Struct, frozen=True):
    """One command. ``zones`` empty = everywhere; ``hint`` orders it in the hint line, 0 = not shown there."""

    id: str
    title: str
    help: str
    zones: frozenset[Zone] = frozenset()
    enabled: Check = lambda _: None
    hint: int = 0
    short: str = ""

    @property
    def group(self) -> str:
        """Return the noun of the id: what the command is about."""
        return self.id.partition(".")[0]

    @property
    def label(self) -> str:
        """Return the word of the hint line."""
        return self.short or self.title.lower()


def _agent(context: Context) -> str | None:
    return None if context.agent else "select an agent first"


def _daemon(context: Context) -> str | None:
    return None if context.is_connected else "the daemon is not connected; reconnecting"


def _of_agent(check: Callable[[AgentRow], str | None]) -> Check:
    """Return a check for commands that ask the daemon something about the selected agent."""

    def checked(context: Context) -> str | None:
        if context.agent is None:
            return _agent(context)
        return check(context.agent) or _daemon(context)

    return checked


def _can(row: AgentRow, capability: Capability, otherwise: str) -> str | None:
    return None if capability in row.capabilities else f"{row.name} {otherwise}"


def _answer(row: AgentRow) -> str | None:
    if not row.requests:
        return f"{row.name} asks nothing now"
    return _can(row, Capability.ANSWER, "cannot be answered from here: open its pane")


def _always(row: AgentRow) -> str | None:
    if refused := _answer(row):
        return refused
    offered = any(option.kind == "allow_always" for option in row.requests[0].options)
    return None if offered else f"{row.name} offers no “always” for this"


def _interrupt(row: AgentRow) -> str | None:
    if row.lifecycle not in LIVE:
        return f"{row.name} is not running"
    if row.turn not in (Turn.WORKING, Turn.BLOCKED):
        return f"{row.name} has no turn to interrupt"
    return _can(row, Capability.INTERRUPT, "cannot be interrupted: stop it instead")


def _live(row: AgentRow) -> str | None:
    return None if row.lifecycle in LIVE else f"{row.name} is not running"


def _resume(row: AgentRow) -> str | None:
    if row.lifecycle in LIVE:
        return f"{row.name} is still running"
    if Capability.TERMINAL in row.capabilities:
        return None  # without a session to continue its program is run again
    return _can(row, Capability.RESUME, "cannot be resumed: start a new one")


def _ended(row: AgentRow) -> str | None:
    return f"{row.name} is running: stop it first" if row.lifecycle in LIVE else None


def _needs_me(row: AgentRow) -> str | None:
    return None if row.rank is not None else f"{row.name} does not need you now"


def _snooze(context: Context) -> str | None:
    return _daemon(context) if context.marked else _of_agent(_needs_me)(context)


def _modes(row: AgentRow) -> str | None:
    return None if row.modes else f"{row.name} announced no modes"


def _models(row: AgentRow) -> str | None:
    if row.lifecycle not in LIVE:
        return f"{row.name} is not running"
    if refused := _can(row, Capability.MODELS, "cannot switch its model"):
        return refused
    return None if row.models else f"{row.name} announced no models: `quarterdeck model {row.id} NAME` takes any name"


def _fork(row: AgentRow) -> str | None:
    if row.lifecycle not in LIVE:
        return f"{row.name} is not running: resume it first"
    if refused := _can(row, Capability.FORK, "cannot be forked: duplicate it"):
        return refused
    return None if row.session_id else f"{row.name} has no session yet: there is nothing to fork"


def _login(row: AgentRow) -> str | None:
    return None if needs_login(row) else f"{row.name} needs no login as far as is known"


def _switch(row: AgentRow) -> str | None:
    if refused := _can(row, Capability.RESUME, "has no session that could go on elsewhere"):
        return refused
    return None if row.session_id else f"{row.name} has no session yet"


def _message(row: AgentRow) -> str | None:
    return _can(row, Capability.PROMPT, "takes no messages")


def _toggle(context: Context) -> str | None:
    return None if context.marked else _agent(context)


def _shown(context: Context) -> str | None:
    return _agent(context) or (None if context.is_shown else "it is hidden: show it first")


def _pane(context: Context) -> str | None:
    return None if context.has_pane else "no pane is open: open an agent first"


def _terminal(context: Context) -> str | None:
    return None if context.agent or context.project else "select an agent or a project first"


def _in_terminal(context: Context) -> str | None:
    return None if context.zone is Zone.TERMINAL else "no terminal has the keyboard"


def _next(context: Context) -> str | None:
    return None if context.waiting else "nobody needs you"


def _slot(number: int) -> Check:
    return lambda context: None if number in context.slots else f"slot {number} is empty"


_ROSTER = frozenset({Zone.ROSTER})
_LIST = frozenset({Zone.ROSTER, Zone.TRANSCRIPT, Zone.TOOL})
_ACTS = frozenset({Zone.ROSTER, Zone.TRANSCRIPT, Zone.CARD, Zone.TOOL})
_READ = frozenset({Zone.TRANSCRIPT})
_ASKED = frozenset({Zone.ROSTER, Zone.CARD, Zone.TRANSCRIPT})
_NOT_TERMINAL = frozenset(Zone) - {Zone.TERMINAL}
_SCREEN = frozenset({Zone.TERMINAL})


def _always_there() -> tuple[Command, ...]:
    return (
        Command("triage.next", "Next that needs me", "Go to the card of whoever has waited longest.", frozenset(),
                _next, 5, "next"),
        Command("triage.back", "Back from triage", "Return to the widget and caret position from before.", frozenset(),
                lambda c: None if c.has_back else "you have not gone anywhere yet"),
        Command("palette.open", "Command palette", "Find any command or agent by a few letters.", hint=90,
                short="palette"),
        Command("zone.next", "Next zone", "Move the keyboard to the next part of the window.", hint=80,
                short="next zone"),
        Command("zone.previous", "Previous zone", "Move the keyboard to the part before."),
        Command("zone.leave", "Leave the field", "Give up typing and return to reading.",
                frozenset({Zone.COMPOSER, Zone.FIELD, Zone.CARD, Zone.TOOL}), hint=70, short="leave"),
        Command("stage.maximise", "Maximise the stage", "Only panes, full screen on this monitor; again to return."),
        Command("help.keys", "Key help", "Every key that acts, by zone, with why it cannot act now.", hint=95,
                short="keys"),
        Command("settings.open", "Settings", "Change how Quarterdeck looks and behaves."),
        Command("notices.open", "Messages", "Everything Quarterdeck told you, newest first."),
        Command("theme.switch", "Switch light and dark", "Change the theme and keep it."),
        Command("app.quit", "Quit", "Close the window; agents go on."),
    )  # fmt: skip


def _roster() -> tuple[Command, ...]:
    return (
        Command("roster.down", "Down", "Select the next row.", _ROSTER, hint=60, short="move"),
        Command("roster.up", "Up", "Select the row before.", _ROSTER),
        Command("roster.collapse", "Collapse", "Fold the project, or go to its header.", _ROSTER),
        Command("roster.expand", "Expand", "Unfold the project, or go into it.", _ROSTER),
        Command("roster.first", "First row", "Select the first row.", _ROSTER),
        Command("roster.last", "Last row", "Select the last row.", _ROSTER),
        Command("roster.hidden", "Show hidden agents", "List hidden agents in the roster, or fold them again.",
                _ROSTER, lambda c: None if c.has_hidden else "no agent is hidden"),
        Command("roster.filter", "Filter by text", "Show only agents whose name, kind, branch or activity matches.",
                _ROSTER, hint=65, short="filter"),
        Command("roster.compact", "Compact rows", "One line a row, or two."),
        Command("filter.needs_you", "Only who needs you", "Show only agents that wait for you.", _ROSTER),
        Command("filter.working", "Only working", "Show only agents at work.", _ROSTER),
        Command("filter.idle", "Only idle", "Show only agents at rest.", _ROSTER),
        Command("filter.parked", "Only parked", "Show only agents held by a limit or an outage.", _ROSTER),
        Command("filter.unknown", "Only unknown", "Show only agents of which nobody can tell what they do.", _ROSTER),
        Command("filter.ended", "Only ended", "Show only agents whose program ended.", _ROSTER),
        Command("filter.clear", "Clear filters", "Show all agents again.", _ROSTER,
                lambda c: None if c.has_filter else "no filter is set"),
    )  # fmt: skip


def _agents() -> tuple[Command, ...]:
    return (
        Command("agent.new", "New agent", "Choose a program, a project and what it shall do.", enabled=_daemon),
        Command("agent.open", "Open", "Show the pane and put the keyboard into it; on a project, open its layout.",
                _ROSTER, lambda c: None if c.is_on_project else _agent(c), 10, "open"),
        Command("agent.peek", "Peek", "Show the pane and keep the keyboard here.", _ROSTER, _agent, 30, "peek"),
        Command("agent.toggle", "Show or hide", "Hiding removes the pane, never the process.", _LIST, _toggle, 35,
                "hide/show"),
        Command("agent.pin", "Pin", "Keep the pane as a tab at the side of the stage, or take it back.", _LIST,
                _shown),
        Command("request.allow", "Allow once", "Allow what the agent asks, this time.", _ASKED, _of_agent(_answer),
                20, "allow"),
        Command("request.always", "Allow always", "Allow it and let the agent remember the rule.", _ASKED,
                _of_agent(_always), 21, "always"),
        Command("request.deny", "Deny", "Refuse what the agent asks.", _ASKED, _of_agent(_answer), 22, "deny"),
        Command("request.reply", "Reply", "Write to the agent; with an open request, deny it with a reason.",
                _ASKED, _of_agent(_message), 23, "reply"),
        Command("agent.interrupt", "Interrupt", "Cancel the running turn; the agent stays.",
                frozenset(), _of_agent(_interrupt), 50, "interrupt"),
        Command("agent.stop", "Stop", "End the program; at once when idle and resumable, else press again in 3 s.",
                _ACTS, _of_agent(_live)),
        Command("agent.kill", "Kill", "End the whole process tree now; press again in 3 s.", enabled=_of_agent(_live)),
        Command("agent.resume", "Resume", "Continue the session in a new process; run a terminal's program again.",
                _ACTS, _of_agent(_resume), 24, "resume"),
        Command("fleet.resume_all", "Resume all", "Bring back every agent that a crash or a reboot cut off.",
                enabled=lambda c: _daemon(c) or (None if c.cut_off else "no agent was cut off")),
        Command("agent.remove", "Remove", "Forget an ended agent; its files go to the trash. Press again in 3 s.",
                enabled=_of_agent(_ended)),
        Command("agent.rename", "Rename", "Give the agent another name.", _ROSTER, _of_agent(lambda _: None)),
        Command("agent.note", "Note and labels", "Write what you want to remember about the agent.", _ROSTER,
                _of_agent(lambda _: None)),
        Command("agent.archive", "Archive", "Take an ended agent out of the roster; again brings it back.",
                enabled=_of_agent(_ended)),
        Command("agent.switch", "Switch kind", "Go on with the same session in another view or program; says who pays.",
                enabled=_of_agent(_switch)),
        Command("session.adopt", "Adopt a session…", "Continue a session that was held outside Quarterdeck.",
                enabled=_daemon),
        Command("agent.duplicate", "Duplicate", "Start another agent of the same kind in the same project.",
                enabled=lambda c: _agent(c) or _daemon(c)),
        Command("agent.mark", "Mark", "Mark for show/hide, snooze and layouts of several at once.", _ROSTER, _agent),
        Command("agent.snooze", "Snooze", "Out of triage until its state changes or the time is over.", _ACTS,
                _snooze),
        Command("agent.mode", "Session mode", "Switch to another mode the agent announced.",
                enabled=_of_agent(_modes)),
        Command("agent.model", "Model", "Switch to another model the agent announced.", enabled=_of_agent(_models)),
        Command("agent.fork", "Fork", "Begin a new agent with a copy of its conversation.",
                frozenset({Zone.ROSTER, Zone.TRANSCRIPT}), _of_agent(_fork)),
        Command("agent.steer", "Into the running turn", "Put the message into the running turn, not into the queue.",
                frozenset({Zone.COMPOSER}), _of_agent(lambda row: steering_obstacle(row) or None), 16, "steer"),
        Command("agent.copy_login", "Copy the login command", "What to type in a terminal to log its program in.",
                enabled=_of_agent(_login)),
        Command("agent.explain", "Explain", "Why its status is what it is: all evidence, and what was ignored.",
                _ACTS, _agent, 40, "explain"),
        Command("tool.details", "Details", "Directory, session, process, tokens of the agent.", enabled=_agent),
        Command("tool.toggle", "Show or hide tools", "The tools of the focused agent, at the right."),
        Command("tool.next", "Next tool", "The tool to the right.", frozenset({Zone.TOOL}), hint=30, short="next tool"),
        Command("tool.previous", "Previous tool", "The tool to the left.", frozenset({Zone.TOOL})),
    )  # fmt: skip


def _panes() -> tuple[Command, ...]:
    return (
        Command("pane.down", "Down a block", "Read on.", _READ, _pane, 60, "read"),
        Command("pane.up", "Up a block", "Read back.", _READ, _pane),
        Command("pane.collapse", "Fold", "Fold the block under the cursor.", _READ, _pane),
        Command("pane.expand", "Unfold", "Show all of the block under the cursor.", _READ, _pane),
        Command("pane.first", "To the beginning", "Go to the first block.", _READ, _pane),
        Command("pane.last", "To the end", "Go to the newest block and follow it.", _READ, _pane),
        Command("pane.compose", "Write a message", "Put the keyboard into the message field.", _READ | _SCREEN, _pane,
                15, "write"),
        Command("pane.log", "Raw log", "Show the raw log instead of transcript or screen, or go back to it.",
                _READ | _SCREEN, _pane),
        Command("pane.find", "Find in the pane", "Find text in the focused pane.", frozenset(), _pane),
        Command("pane.find_next", "Find next", "The next hit.", _READ,
                lambda c: None if c.has_find else "nothing was searched yet"),
        Command("pane.find_previous", "Find previous", "The hit before.", _READ,
                lambda c: None if c.has_find else "nothing was searched yet"),
        Command("stage.layout", "Layout", "Solo, columns, grid: the next one, for marked agents if any.", _LIST,
                _pane),
        Command("edit.undo", "Undo", "Take back the last hide or snooze.", _LIST,
                lambda c: None if c.undo else "nothing to undo"),
        *(
            Command(f"slot.toggle_{n}", f"Show or hide slot {n}", f"The agent with number {n} in the roster.",
                    _NOT_TERMINAL, _slot(n))
            for n in SLOTS
        ),
    )  # fmt: skip


#: What acts on the terminal that has the keyboard: verb, title, help, place in the hint line.
_ON_SCREEN = (
    ("copy", "Copy", "Copy what is selected in the terminal.", 30),
    ("paste", "Paste", "Paste into the terminal; what could do harm is shown first.", 31),
    ("select_all", "Select all", "Select the screen and all that scrolled off.", 0),
    ("page_up", "Read back a page", "What scrolled off, as far as the log reaches.", 0),
    ("page_down", "Read on a page", "Towards what is printed now.", 0),
    ("last", "To what is printed now", "Back to what is printed now.", 0),
    ("allow", "Allow once", "Do what the program asked for: put its text on the clipboard.", 0),
    ("larger", "Larger text", "Zoom the terminal in.", 0),
    ("smaller", "Smaller text", "Zoom the terminal out.", 0),
    ("normal", "Normal text", "The size of text the settings say.", 0),
)


def _terminals() -> tuple[Command, ...]:
    return (
        Command("terminal.toggle", "Terminal", "A shell beside the agent, in its worktree; again, the way back.",
                frozenset(), _terminal, 45, "terminal"),
        *(
            Command(f"terminal.{name}", title, words, _SCREEN, _in_terminal, hint, title.lower())
            for name, title, words, hint in _ON_SCREEN
        ),
    )  # fmt: skip


#: All commands in the order of the palette; ids are unique (a test checks it).
COMMANDS: tuple[Command, ...] = (*_always_there(), *_agents(), *_panes(), *_terminals(), *_roster())

BY_ID: dict[str, Command] = {command.id: command for command in COMMANDS}

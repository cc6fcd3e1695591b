"""Modes and configuration options of an ACP session: what there is, what is set, what to ask for. Pure.

Agents announce modes as ``modes``, as a configuration option of category ``mode``, or as both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from acp import schema

from agents.adapters.acp.state import Choice, Option, State
from agents.adapters.contract import Fact, ModesChanged
from agents.model import Mode
from agents.status.untrusted import one_line

#: Mark on a pending ``session/set_mode`` that the agent has told its mode since.
TOLD: Final = "told"


def read_modes(state: State, modes: schema.SessionModeState | None) -> list[Fact]:
    """Take the modes of a session response."""
    if modes is None:
        return []
    state.modes = tuple(
        Mode(mode.id, one_line(mode.name, 100), one_line(mode.description or "", 300)) for mode in modes.available_modes
    )
    state.mode = modes.current_mode_id
    return [ModesChanged(state.modes, state.mode)]


def read_options(state: State, options: Sequence[Any] | None) -> list[Fact]:
    """Take the whole list of configuration options; one of category ``mode`` stands for modes not announced."""
    if options is None:
        return []
    state.options = [_option(item) for item in options if isinstance(item, schema.SessionConfigOptionSelect)]
    option = by_category(state, "mode")
    if option is None:
        return []
    before = (state.modes, state.mode)
    if not state.modes or all(mode.id in {c.value for c in option.choices} for mode in state.modes):
        state.modes = tuple(Mode(c.value, c.name, c.description) for c in option.choices)
        state.mode = option.current
    return [ModesChanged(state.modes, state.mode)] if (state.modes, state.mode) != before else []


def _option(item: schema.SessionConfigOptionSelect) -> Option:
    choices: list[Choice] = []
    for entry in item.options:
        members = entry.options if isinstance(entry, schema.SessionConfigSelectGroup) else [entry]
        choices += [Choice(one.value, one_line(one.name, 100), one_line(one.description or "", 300)) for one in members]
    category = item.category if isinstance(item.category, str) else ""
    return Option(item.id, category, item.current_value, tuple(choices))


def by_category(state: State, category: str) -> Option | None:
    """Return the option of a category, or the one with that id."""
    found = (option for option in state.options if category in (option.category, option.id))
    return next(found, None)


def find_mode(state: State, wanted: str) -> str | None:
    """Return the id of the mode called ``wanted`` (by id, else by name in any case)."""
    for mode in state.modes:
        if mode.id == wanted:
            return mode.id
    return next((mode.id for mode in state.modes if mode.name.lower() == wanted.lower()), None)


def find_choice(option: Option, wanted: str) -> str | None:
    """Return the value called ``wanted`` (by value, by the end of a ``provider/model`` value, else by name)."""
    for choice in option.choices:
        if choice.value == wanted:
            return choice.value
    lower = wanted.lower()
    for choice in option.choices:
        if choice.name.lower() == lower or choice.value.lower().rpartition("/")[2] == lower:
            return choice.value
    return None


def mode_request(state: State, mode: str) -> tuple[str, dict[str, Any]]:
    """Return method and params that switch to ``mode``, by whichever way the agent announced it."""
    option = by_category(state, "mode")
    if option is not None and any(choice.value == mode for choice in option.choices):
        return "session/set_config_option", {"sessionId": state.session_id, "configId": option.id, "value": mode}
    return "session/set_mode", {"sessionId": state.session_id, "modeId": mode}


def on_told(state: State, mode: str) -> list[Fact]:
    """Take the mode the agent says it is in now."""
    state.mode = mode
    for pending in state.pending.values():
        if pending.method == "session/set_mode":
            pending.extra = TOLD
    return [ModesChanged(state.modes, mode)]


def set_mode(state: State, mode: str) -> list[Fact]:
    """Record that the agent accepted ``mode``; a later ``current_mode_update`` corrects it."""
    state.mode = mode
    return [ModesChanged(state.modes, mode)]

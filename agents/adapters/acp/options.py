"""Modes, models and configuration options of an ACP session: what there is, what is set, what to ask for. Pure.

Agents announce modes as ``modes``, as a configuration option of category ``mode``, or as both; models likewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from acp import schema

from agents.adapters.acp.state import Choice, Option, State
from agents.adapters.contract import Fact, ModelsChanged, ModesChanged
from agents.model import Mode, Model
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
    return _read_mode_option(state) + _read_model_option(state)


def _read_mode_option(state: State) -> list[Fact]:
    option = by_category(state, "mode")
    if option is None:
        return []
    before = (state.modes, state.mode)
    if not state.modes or all(mode.id in {c.value for c in option.choices} for mode in state.modes):
        state.modes = tuple(Mode(c.value, c.name, c.description) for c in option.choices)
        state.mode = option.current
    return [ModesChanged(state.modes, state.mode)] if (state.modes, state.mode) != before else []


def _read_model_option(state: State) -> list[Fact]:
    option = by_category(state, "model")
    if option is None:
        return []
    models = tuple(Model(choice.value, choice.name, choice.description) for choice in option.choices)
    return _tell_models(state, models, option.current)


def read_models(state: State, told: Any) -> list[Fact]:
    """Take the ``models`` of a session response, which the pinned schema does not have; what is odd is left out."""
    if not isinstance(told, dict) or by_category(state, "model") is not None:
        return []
    available = told.get("availableModels")
    models = tuple(
        Model(
            item["modelId"],
            one_line(_text(item, "name") or item["modelId"], 100),
            one_line(_text(item, "description"), 300),
        )
        for item in (available if isinstance(available, list) else ())
        if isinstance(item, dict) and isinstance(item.get("modelId"), str)
    )
    return _tell_models(state, models, _text(told, "currentModelId") or None)


def _text(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""


def _tell_models(state: State, models: tuple[Model, ...], current: str | None) -> list[Fact]:
    before = (state.models, state.model)
    state.models, state.model = models, current
    return [ModelsChanged(models, current)] if (models, current) != before else []


def find_model(state: State, wanted: str) -> str | None:
    """Return the id of the model called ``wanted`` (by id, by the end of a ``provider/model`` id, else by name)."""
    lower = wanted.lower()
    for model in state.models:
        if model.id == wanted:
            return model.id
    for model in state.models:
        if model.name.lower() == lower or model.id.lower().rpartition("/")[2] == lower:
            return model.id
    return None


def model_request(state: State, model: str) -> tuple[str, dict[str, Any]]:
    """Return method and params that switch to ``model``, by whichever way the agent announced it."""
    option = by_category(state, "model")
    if option is not None:
        return "session/set_config_option", {"sessionId": state.session_id, "configId": option.id, "value": model}
    return "session/set_model", {"sessionId": state.session_id, "modelId": model}


def set_model(state: State, model: str) -> list[Fact]:
    """Record that the agent accepted ``model``; its protocol has no way to read it back."""
    return _tell_models(state, state.models, model)


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

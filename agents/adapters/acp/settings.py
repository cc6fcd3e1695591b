"""Mode and model of a session: set as asked for once it is open, read back, and told where that cannot be. Pure."""

from __future__ import annotations

from typing import Any, Final

from acp import schema

from agents.adapters.acp import messages, options
from agents.adapters.acp.context import Context, Step
from agents.adapters.acp.state import Pending
from agents.adapters.contract import Fact

METHODS: Final = frozenset({"session/set_mode", "session/set_model", "session/set_config_option"})


def due(ctx: Context) -> Step | None:
    """Return the next setting to make: the mode, then the model."""
    state, kind, spec = ctx.state, ctx.kind, ctx.spec
    wanted = spec.mode or kind.mode
    mode = options.find_mode(state, wanted) if wanted else None
    if mode is not None and mode != state.mode and "mode" not in state.skipped:
        return Step(*options.mode_request(state, mode), "mode")
    model = options.find_model(state, spec.model) if spec.model else None
    if model is not None and model != state.model and "model" not in state.skipped:
        return Step(*options.model_request(state, model), "model")
    return None


def impossible(ctx: Context) -> list[Fact]:
    """Return what was asked for and is not offered, for the user."""
    state, kind, spec = ctx.state, ctx.kind, ctx.spec
    texts: list[str] = []
    wanted = spec.mode or kind.mode
    if wanted and options.find_mode(state, wanted) is None:
        offered = ", ".join(mode.id for mode in state.modes) or "none"
        texts.append(
            f"There is no mode “{wanted}” (modes: {offered}); the agent runs in {state.mode or 'its default'}."
        )
    if spec.model and not state.models:
        texts.append(f"The agent offers no way to choose the model; it was not set to “{spec.model}”.")
    elif spec.model and spec.model != state.model and options.find_model(state, spec.model) is None:
        texts.append(f"The agent does not offer the model “{spec.model}”; it runs with {state.model or 'its default'}.")
    return [messages.note(text, level="warning") for text in texts]


def on_mode_set(ctx: Context, pending: Pending, result: Any) -> list[Fact]:
    """Take that the mode was set."""
    state = ctx.state
    schema.SetSessionModeResponse.model_validate(result)
    # The answer does not say the mode: what a current_mode_update told in between is the truth.
    if pending.extra != options.TOLD:
        return options.set_mode(state, pending.value)
    if state.mode == pending.value:
        return []
    state.skipped.append("mode")
    text = f"The agent stays in mode {state.mode}, asked for was {pending.value}."
    return [messages.note(text, level="warning")]


def on_model_set(ctx: Context, pending: Pending, _result: Any) -> list[Fact]:
    """Take that the model was set."""
    return options.set_model(ctx.state, pending.value)


def on_option_set(ctx: Context, pending: Pending, result: Any) -> list[Fact]:
    """Take all configuration options as they are after one was set."""
    state = ctx.state
    model = schema.SetSessionConfigOptionResponse.model_validate(result)
    facts = options.read_options(state, model.config_options)
    for option in state.options:
        if option.id == pending.extra and option.current != pending.value:
            name = "mode" if option is options.by_category(state, "mode") else "model"
            state.skipped.append(name)
            text = f"The agent kept {option.id} at {option.current}, asked for was {pending.value}."
            facts.append(messages.note(text, level="warning"))
    return facts


def refused(ctx: Context, pending: Pending, words: str) -> list[Fact]:
    """Take that the agent does not set it."""
    state = ctx.state
    option = options.by_category(state, "mode")
    is_mode = pending.method == "session/set_mode" or (option is not None and option.id == pending.extra)
    state.skipped.append("mode" if is_mode else "model")
    now = f"it runs in {state.mode or 'its default mode'}" if is_mode else "its model is unchanged"
    text = f"The agent refused {'mode' if is_mode else 'model'} “{pending.value}”: {words}; {now}."
    return [messages.note(text, level="warning")]

"""From a fresh process to a session that takes prompts: initialize, authenticate, open, configure. Pure.

Each step is a ``Want`` until its bytes come back as direction ``in``; its answer decides the next step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from acp import PROTOCOL_VERSION, schema
from pydantic import ValidationError

from agents.adapters.acp import messages, options, usage
from agents.adapters.acp.state import Known, Pending, Phase, State
from agents.adapters.contract import Fact, SessionFailed, SessionStarted, Want
from agents.adapters.resting import Resting
from agents.model import Kind, Mark, Spec, Stream, Turn
from agents.status.untrusted import one_line

#: Seconds without an answer to a step of the handshake after which that is told; it is waited for all the same.
SLOW_STEP_S: Final = 30.0

#: What we say about ourselves. No file system and no terminal: agents work in their own process (and sandbox).
_CLIENT: Final = {
    "protocolVersion": PROTOCOL_VERSION,
    "clientCapabilities": {
        "fs": {"readTextFile": False, "writeTextFile": False},
        "terminal": False,
        "elicitation": {"form": {}},
    },
    "clientInfo": {"name": "quarterdeck", "title": "Quarterdeck", "version": "1"},
}


class Context(msgspec.Struct, frozen=True):
    """What a step of the handshake depends on. ``mark`` is the stimulus being folded."""

    state: State
    kind: Kind
    spec: Spec
    mark: Mark = Mark(0, Stream.CTL, 0, 0, 0.0, 0.0)


# ---------------------------------------------------------------- what is due


def due(ctx: Context) -> list[Want]:
    """Return the step of the handshake that is due and not yet written."""
    step = _step(ctx)
    if step is None:
        return []
    # The setting is part of the name: mode and model may both be set by session/set_config_option.
    name = f"{step.method}.{step.setting}" if step.setting else step.method
    rpc_id = f"{name}.{ctx.state.incarnation}"
    if rpc_id in ctx.state.pending:
        return []
    return [Want(rpc_id, messages.request(rpc_id, step.method, step.params))]


class Step(msgspec.Struct, frozen=True):
    """One request of the handshake; ``setting`` is mode or model while configuring."""

    method: str
    params: dict[str, Any]
    setting: str = ""


def _step(ctx: Context) -> Step | None:
    state, kind = ctx.state, ctx.kind
    match state.phase:
        case Phase.INITIALIZE:
            return Step("initialize", _CLIENT)
        case Phase.AUTHENTICATE:
            return Step("authenticate", {"methodId": kind.auth_method})
        case Phase.OPEN:
            return _opening(ctx)
        case Phase.CONFIGURE:
            return _setting(ctx)
        case _:
            return None


def _opening(ctx: Context) -> Step:
    state, kind, spec = ctx.state, ctx.kind, ctx.spec
    params: dict[str, Any] = {"cwd": spec.cwd, "mcpServers": []}
    known = state.session_id or spec.session_id
    if known is not None and kind.resume:
        # Resuming is first: loading repeats a history that is already in the transcript.
        for method, offered in (("session/resume", state.known.resume), ("session/load", state.known.load)):
            if offered and method not in state.tried:
                return Step(method, {"sessionId": known, **params})
    return Step("session/new", params)


def _setting(ctx: Context) -> Step | None:
    """Return the next setting to make: the mode, then the model."""
    state, kind, spec = ctx.state, ctx.kind, ctx.spec
    wanted = spec.mode or kind.mode
    mode = options.find_mode(state, wanted) if wanted else None
    if mode is not None and mode != state.mode and "mode" not in state.skipped:
        return Step(*options.mode_request(state, mode), "mode")
    option = options.by_category(state, "model")
    if spec.model and option is not None and "model" not in state.skipped:
        value = options.find_choice(option, spec.model)
        if value is not None and value != option.current:
            params = {"sessionId": state.session_id, "configId": option.id, "value": value}
            return Step("session/set_config_option", params, "model")
    return None


# ---------------------------------------------------------------- what was written


def on_written(state: State, rpc_id: str, method: str, params: Mapping[str, Any], mark: Mark) -> None:
    """Take a request of ours that reached the agent (prompts apart)."""
    value = params.get("modeId") or params.get("value") or params.get("sessionId") or ""
    state.pending[rpc_id] = Pending(method, str(value), str(params.get("configId") or ""))
    if state.phase not in (Phase.READY, Phase.FAILED, Phase.DOWN):
        state.deadline = mark.monotonic + SLOW_STEP_S


def on_slow(state: State) -> list[Fact]:
    """Say that a step of the handshake takes long; nothing else follows from it."""
    state.deadline = None
    methods = ", ".join(pending.method for pending in state.pending.values()) or state.phase.value
    text = f"no answer to {methods} for {SLOW_STEP_S:.0f} s; check that this program speaks ACP on stdio"
    return [messages.note(text, level="warning")]


# ---------------------------------------------------------------- what was answered


def on_result(ctx: Context, pending: Pending, result: Any) -> list[Fact]:
    """Take the result of a request of ours (prompts apart)."""
    handler = _RESULTS.get(pending.method)
    if handler is None:
        return []
    try:
        facts = handler(ctx, pending, result if result is not None else {})
    except ValidationError:
        text = f"the answer to {pending.method} was not understood"
        return [messages.note(text, result), *on_error(ctx, pending, {"message": text})]
    _advance(ctx)
    return facts


def on_error(ctx: Context, pending: Pending, error: Any) -> list[Fact]:
    """Take the refusal of a request of ours (prompts apart)."""
    code, words = messages.error_words(error)
    method = pending.method
    if method in ("session/resume", "session/load"):
        return _lost_session(ctx, pending, words)
    if method in ("session/set_mode", "session/set_config_option"):
        return _refused_setting(ctx, pending, words)
    if method in ("initialize", "authenticate", "session/new"):
        return _failed(ctx, method, words, auth=method == "authenticate" or code == messages.AUTH_REQUIRED)
    return [messages.note(f"{method} was refused: {words}", error)]


def _on_initialized(ctx: Context, _pending: Pending, result: Any) -> list[Fact]:
    state, kind = ctx.state, ctx.kind
    model = schema.InitializeResponse.model_validate(result)
    if model.protocol_version != PROTOCOL_VERSION:
        words = f"it speaks ACP version {model.protocol_version}, Quarterdeck speaks {PROTOCOL_VERSION}"
        return _failed(ctx, "initialize", words, auth=False)
    able = model.agent_capabilities or schema.AgentCapabilities()
    sessions = able.session_capabilities
    info = model.agent_info
    state.known = Known(
        load=bool(able.load_session),
        resume=sessions is not None and sessions.resume is not None,
        auth_methods={
            method.id: one_line(f"{method.name}: {method.description}" if method.description else method.name, 300)
            for method in model.auth_methods or []
        },
        agent=one_line(f"{info.title or info.name} {info.version}", 100) if info is not None else "",
    )
    state.phase = Phase.OPEN
    if kind.auth_method is None:
        return []
    if kind.auth_method in state.known.auth_methods:
        state.phase = Phase.AUTHENTICATE
        return []
    offered = ", ".join(state.known.auth_methods) or "none"
    text = f"the kind's auth_method “{kind.auth_method}” is not offered (offered: {offered})"
    return [messages.note(text, level="warning")]


def _on_authenticated(ctx: Context, _pending: Pending, _result: Any) -> list[Fact]:
    state = ctx.state
    state.phase = Phase.OPEN
    return []


def _on_opened(ctx: Context, pending: Pending, result: Any) -> list[Fact]:
    state = ctx.state
    model: Any
    facts: list[Fact] = []
    if pending.method == "session/new":
        model = schema.NewSessionResponse.model_validate(result)
        facts += _say_what_is_lost(ctx)
        if state.session_id is not None:
            usage.on_new_session(state)
        state.session_id, state.prompted = model.session_id, False
    else:
        loaded = pending.method == "session/load"
        model = (schema.LoadSessionResponse if loaded else schema.ResumeSessionResponse).model_validate(result)
        state.session_id, state.prompted = pending.value, True
    state.phase = Phase.CONFIGURE
    facts.append(SessionStarted(state.session_id, resumed=pending.method != "session/new"))
    facts += options.read_modes(state, model.modes)
    facts += options.read_options(state, model.config_options)
    return facts + _say_what_cannot_be_set(ctx)


def _say_what_is_lost(ctx: Context) -> list[Fact]:
    state, kind, spec = ctx.state, ctx.kind, ctx.spec
    earlier = state.session_id or spec.session_id
    if earlier is None or (earlier == state.session_id and not state.prompted):
        return []  # nothing was said in it, so nothing is lost
    why = "it does not offer to continue one" if kind.resume else "its kind starts every process anew"
    if state.tried:
        why = "continuing it failed"
    text = (
        f"The earlier session {one_line(earlier, 80)} is not continued: {why}. A new session begins; what was said "
        "stays in this transcript, but the agent does not remember it."
    )
    return [messages.note(text, level="warning")]


def _say_what_cannot_be_set(ctx: Context) -> list[Fact]:
    state, kind, spec = ctx.state, ctx.kind, ctx.spec
    facts: list[Fact] = []
    wanted = spec.mode or kind.mode
    if wanted and options.find_mode(state, wanted) is None:
        offered = ", ".join(mode.id for mode in state.modes) or "none"
        text = f"There is no mode “{wanted}” (modes: {offered}); the agent runs in {state.mode or 'its default'}."
        facts.append(messages.note(text, level="warning"))
    option = options.by_category(state, "model")
    if spec.model and option is None:
        text = f"The agent offers no way to choose the model; it was not set to “{spec.model}”."
        facts.append(messages.note(text, level="warning"))
    elif spec.model and option is not None and options.find_choice(option, spec.model) is None:
        text = f"The agent does not offer the model “{spec.model}”; it runs with {option.current}."
        facts.append(messages.note(text, level="warning"))
    return facts


def _on_mode_set(ctx: Context, pending: Pending, result: Any) -> list[Fact]:
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


def _on_option_set(ctx: Context, pending: Pending, result: Any) -> list[Fact]:
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


_RESULTS: dict[str, Callable[[Context, Pending, Any], list[Fact]]] = {
    "initialize": _on_initialized,
    "authenticate": _on_authenticated,
    "session/new": _on_opened,
    "session/load": _on_opened,
    "session/resume": _on_opened,
    "session/set_mode": _on_mode_set,
    "session/set_config_option": _on_option_set,
}


def _advance(ctx: Context) -> None:
    """Become ready once no setting is left to be made."""
    state, mark = ctx.state, ctx.mark
    if not state.pending:
        state.deadline = None
    if state.phase is Phase.CONFIGURE and _setting(ctx) is None:
        state.phase = Phase.READY
        state.resting = Resting(Turn.IDLE, mark.monotonic, mark.wall)


def _lost_session(ctx: Context, pending: Pending, words: str) -> list[Fact]:
    state = ctx.state
    state.tried.append(pending.method)
    return [messages.note(f"{pending.method} failed: {words}; trying {_opening(ctx).method}")]


def _refused_setting(ctx: Context, pending: Pending, words: str) -> list[Fact]:
    state = ctx.state
    option = options.by_category(state, "mode")
    is_mode = pending.method == "session/set_mode" or (option is not None and option.id == pending.extra)
    state.skipped.append("mode" if is_mode else "model")
    now = f"it runs in {state.mode or 'its default mode'}" if is_mode else "its model is unchanged"
    text = f"The agent refused {'mode' if is_mode else 'model'} “{pending.value}”: {words}; {now}."
    _advance(ctx)
    return [messages.note(text, level="warning")]


def _failed(ctx: Context, method: str, words: str, *, auth: bool) -> list[Fact]:
    state, mark = ctx.state, ctx.mark
    state.phase = Phase.FAILED
    state.deadline = None
    text = f"{method} failed: {words}"
    hint = login_hint(state) if auth else "See the log for what the program said, then resume."
    turn = Turn.BLOCKED if auth else Turn.ERROR
    state.resting = Resting(turn, mark.monotonic, mark.wall, hint if auth else text, auth=auth)
    return [SessionFailed(text, hint, auth)]


def login_hint(state: State) -> str:
    """Return what the user can do about a missing login."""
    ways = "; ".join(state.known.auth_methods.values())
    return f"Log in to the agent, then resume it. It offers: {ways}" if ways else "Log in to the agent, then resume it."

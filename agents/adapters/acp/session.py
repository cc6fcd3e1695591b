"""From a fresh process to a session that takes prompts: initialize, authenticate, open, configure. Pure.

Each step is a ``Want`` until its bytes come back as direction ``in``; its answer decides the next step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from acp import PROTOCOL_VERSION, schema
from pydantic import ValidationError

from agents.adapters.acp import faults, messages, options, settings, usage
from agents.adapters.acp.context import Context, Step
from agents.adapters.acp.state import Fault, Known, Pending, Phase, State
from agents.adapters.contract import Fact, SessionFailed, SessionStarted, Want
from agents.adapters.resting import Resting
from agents.model import Cause, Mark, Turn
from agents.spec import Kind
from agents.status.untrusted import one_line

#: Seconds without an answer to a step of the handshake after which that is told; it is waited for all the same.
SLOW_STEP_S: Final = 30.0

#: What we say about ourselves. No file system and no terminal: agents work in their own process (and sandbox).
_CLIENT: Final[dict[str, Any]] = {
    "protocolVersion": PROTOCOL_VERSION,
    "clientCapabilities": {
        "fs": {"readTextFile": False, "writeTextFile": False},
        "terminal": False,
        "elicitation": {"form": {}},
    },
    "clientInfo": {"name": "quarterdeck", "title": "Quarterdeck", "version": "1"},
}


# ---------------------------------------------------------------- what is due


def due(ctx: Context) -> list[Want]:
    """Return the step of the handshake that is due and not yet written."""
    step = _step(ctx)
    if step is None or ctx.state.held_until is not None:
        return []
    # The setting is part of the name: mode and model may both be set by session/set_config_option.
    name = f"{step.method}.{step.setting}" if step.setting else step.method
    if step.method in _OPENINGS and "authenticate" in ctx.state.tried:
        name += ".again"  # the same step once more, now logged in: a key is written once
    rpc_id = f"{name}.{ctx.state.incarnation}"
    if rpc_id in ctx.state.pending:
        return []
    return [Want(rpc_id, messages.request(rpc_id, step.method, step.params))]


def _step(ctx: Context) -> Step | None:
    state, kind = ctx.state, ctx.kind
    match state.phase:
        case Phase.INITIALIZE:
            return Step("initialize", _client(kind))
        case Phase.AUTHENTICATE:
            return Step("authenticate", {"methodId": kind.auth_method})
        case Phase.OPEN:
            return _opening(ctx)
        case Phase.CONFIGURE:
            return settings.due(ctx)
        case _:
            return None


def _client(kind: Kind) -> dict[str, Any]:
    capabilities = {**_CLIENT["clientCapabilities"], **faults.client_meta(kind)}
    return {**_CLIENT, "clientCapabilities": capabilities}


def _opening(ctx: Context) -> Step:
    state, kind, spec = ctx.state, ctx.kind, ctx.spec
    params: dict[str, Any] = {"cwd": spec.cwd, "mcpServers": []}
    known = state.session_id or spec.session_id
    if known is not None and kind.resume:
        # Resuming is first: loading repeats a history that is already in the transcript.
        for method, offered in (("session/resume", state.known.resume), ("session/load", state.known.load)):
            if offered and method not in state.tried:
                return Step(method, {"sessionId": known, **params})
    if known is None and spec.fork_of is not None and state.known.fork:
        return Step("session/fork", {"sessionId": spec.fork_of, **params})
    return Step("session/new", params)


# ---------------------------------------------------------------- what was written


def on_written(state: State, rpc_id: str, method: str, params: Mapping[str, Any], mark: Mark) -> None:
    """Take a request of ours that reached the agent (prompts apart)."""
    value = params.get("modeId") or params.get("modelId") or params.get("value") or params.get("sessionId") or ""
    state.pending[rpc_id] = Pending(method, str(value), str(params.get("configId") or ""))
    if state.phase not in (Phase.READY, Phase.FAILED, Phase.DOWN):
        state.deadline = mark.monotonic + SLOW_STEP_S


def on_deadline(state: State) -> list[Fact]:
    """Go on with what was held back, or say that a step of the handshake takes long; nothing else follows."""
    state.deadline = None
    if state.held_until is not None:
        state.held_until = None
        return []
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
    failure = messages.failure(error)
    method, words = pending.method, failure.words
    is_locked = failure.code == messages.AUTH_REQUIRED and method in _OPENINGS
    if is_locked and _can_authenticate(ctx):
        ctx.state.phase = Phase.AUTHENTICATE
        return []
    if method in ("session/resume", "session/load") and not is_locked:
        return _lost_session(ctx, pending, words)
    if method in settings.METHODS:
        facts = settings.refused(ctx, pending, words)
        _advance(ctx)
        return facts
    if method in ("initialize", "authenticate", *_OPENINGS):
        auth = method == "authenticate" or is_locked
        fault = Fault(words, Cause.AUTH) if auth else faults.fault_of(failure)
        return _failed(ctx, method, fault, auth=auth)
    return [messages.note(f"{method} was refused: {words}", error)]


_OPENINGS: Final = ("session/new", "session/fork", "session/load", "session/resume")


def _can_authenticate(ctx: Context) -> bool:
    """Tell whether the kind's way to log in is still to be tried; not before the agent demands it.

    Authenticating may change the user's own settings (Gemini CLI remembers the method).
    """
    state, method = ctx.state, ctx.kind.auth_method
    return method is not None and method in state.known.auth_methods and "authenticate" not in state.tried


def _on_initialized(ctx: Context, _pending: Pending, result: Any) -> list[Fact]:
    state, kind = ctx.state, ctx.kind
    model = schema.InitializeResponse.model_validate(result)
    if model.protocol_version != PROTOCOL_VERSION:
        words = f"it speaks ACP version {model.protocol_version}, Quarterdeck speaks {PROTOCOL_VERSION}"
        return _failed(ctx, "initialize", Fault(words, Cause.UNKNOWN), auth=False)
    able = model.agent_capabilities or schema.AgentCapabilities()
    sessions = able.session_capabilities
    info = model.agent_info
    state.known = Known(
        load=bool(able.load_session),
        resume=sessions is not None and sessions.resume is not None,
        fork=sessions is not None and sessions.fork is not None,
        auth_methods={
            method.id: one_line(f"{method.name}: {method.description}" if method.description else method.name, 300)
            for method in model.auth_methods or []
        },
        agent=one_line(f"{info.title or info.name} {info.version}", 100) if info is not None else "",
    )
    state.phase = Phase.OPEN
    facts = _hold(ctx)
    if kind.auth_method is None or kind.auth_method in state.known.auth_methods:
        return facts
    offered = ", ".join(state.known.auth_methods) or "none"
    text = f"the kind's auth_method “{kind.auth_method}” is not offered (offered: {offered})"
    return [*facts, messages.note(text, level="warning")]


def _hold(ctx: Context) -> list[Fact]:
    """Hold back the opening of a session that the agent would overwrite: quirk ``names_sessions_by_minute``.

    Such an agent begins a file named by the minute before it reads the session; in the minute in which the session
    began that is the session's own file.
    """
    state, mark = ctx.state, ctx.mark
    is_named_so = ctx.kind.quirks.get("names_sessions_by_minute") is True
    if not is_named_so or state.began is None or mark.wall // 60 != state.began // 60:
        return []
    wait = 61.0 - mark.wall % 60
    state.held_until = mark.monotonic + wait
    text = f"Its session is continued in {wait:.0f} s: in the minute in which it began the program would overwrite it."
    return [messages.note(text, level="warning")]


def _on_authenticated(ctx: Context, _pending: Pending, _result: Any) -> list[Fact]:
    state = ctx.state
    state.tried.append("authenticate")
    state.phase = Phase.OPEN
    return []


def _on_opened(ctx: Context, pending: Pending, result: Any) -> list[Fact]:
    state = ctx.state
    model: Any = _OPENED[pending.method].model_validate(result)
    facts: list[Fact] = []
    match pending.method:
        case "session/new":
            facts += _say_what_is_lost(ctx)
            if state.session_id is not None:
                usage.on_new_session(state)
            state.session_id, state.prompted, state.began = model.session_id, False, ctx.mark.wall
        case "session/fork":
            state.session_id, state.prompted, state.began = model.session_id, True, ctx.mark.wall
        case _:
            state.session_id, state.prompted = pending.value, True
    state.loaded = pending.method == "session/load"
    state.phase = Phase.CONFIGURE
    state.trouble = None
    facts.append(SessionStarted(state.session_id, resumed=pending.method in ("session/load", "session/resume")))
    facts += options.read_modes(state, model.modes)
    facts += options.read_options(state, model.config_options)
    facts += options.read_models(state, result.get("models"))
    return facts + settings.impossible(ctx)


_OPENED: Final[dict[str, Any]] = {
    "session/new": schema.NewSessionResponse,
    "session/fork": schema.ForkSessionResponse,
    "session/load": schema.LoadSessionResponse,
    "session/resume": schema.ResumeSessionResponse,
}


def _say_what_is_lost(ctx: Context) -> list[Fact]:
    state, kind, spec = ctx.state, ctx.kind, ctx.spec
    earlier = state.session_id or spec.session_id
    if earlier is None and spec.fork_of is not None:
        text = "The agent does not offer to copy a session: it begins a new one and knows nothing of the other's."
        return [messages.note(text, level="warning")]
    if earlier is None or (earlier == state.session_id and not state.prompted):
        return []  # nothing was said in it, so nothing is lost
    why = "it does not offer to continue one" if kind.resume else "its kind starts every process anew"
    if state.lost:
        why = state.lost
    text = (
        f"The earlier session {one_line(earlier, 80)} is not continued: {why}. A new session begins; what was said "
        "stays in this transcript, but the agent does not remember it."
    )
    return [messages.note(text, level="warning")]


_RESULTS: dict[str, Callable[[Context, Pending, Any], list[Fact]]] = {
    "initialize": _on_initialized,
    "authenticate": _on_authenticated,
    "session/new": _on_opened,
    "session/fork": _on_opened,
    "session/load": _on_opened,
    "session/resume": _on_opened,
    "session/set_mode": settings.on_mode_set,
    "session/set_model": settings.on_model_set,
    "session/set_config_option": settings.on_option_set,
}


def _advance(ctx: Context) -> None:
    """Become ready once no setting is left to be made."""
    state, mark = ctx.state, ctx.mark
    if not state.pending:
        state.deadline = state.held_until
    if state.phase is Phase.CONFIGURE and settings.due(ctx) is None:
        state.phase = Phase.READY
        state.resting = Resting(Turn.IDLE, mark.monotonic, mark.wall)


def _lost_session(ctx: Context, pending: Pending, words: str) -> list[Fact]:
    state = ctx.state
    state.tried.append(pending.method)
    state.lost = f"{pending.method} failed: {one_line(words, 200)}"
    return [messages.note(f"{pending.method} failed: {words}; trying {_opening(ctx).method}")]


def _failed(ctx: Context, method: str, fault: Fault, *, auth: bool) -> list[Fact]:
    state, mark = ctx.state, ctx.mark
    state.phase = Phase.FAILED
    state.deadline = None
    text = f"{method} failed: {fault.text}"
    hint = faults.login_hint(state, ctx.kind) if auth else "See the log for what the program said, then resume."
    turn = Turn.BLOCKED if auth else Turn.ERROR
    state.resting = Resting(turn, mark.monotonic, mark.wall, hint if auth else text, auth=auth)
    faults.failed(state, fault, mark)
    return [SessionFailed(text, hint, auth)]

"""From a fresh process to an open thread: greeting, account, thread, mode, and what there is to choose from. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agents.adapters.codex import messages, modes, stream
from agents.adapters.codex.messages import text_in
from agents.adapters.codex.modes import Pair
from agents.adapters.codex.state import Pending, Phase, State
from agents.adapters.contract import CommandsChanged, Fact, ModelsChanged, Noted, SessionFailed, SessionStarted, Want
from agents.adapters.resting import Resting
from agents.model import Mark, Model, SlashCommand, Turn
from agents.spec import Kind, Spec
from agents.status.untrusted import one_line

#: Seconds after which the handshake counts as slow; it takes half a second.
SLOW_S: Final = 30.0

_CLIENT: Final = {"name": "quarterdeck", "title": "Quarterdeck", "version": "1"}

#: What the program says of a thread it never wrote to its disk: nothing was said in it.
_MISSING: Final = "no rollout found"

#: Turns of a thread that is not ours yet that are shown.
_HISTORY: Final = 100

#: Models asked for at once, and kept at all.
_PAGE: Final = 100
_MOST_MODELS: Final = 500

_COMMANDS: Final = (SlashCommand("compact", "Summarise what was said to make room in the context"),)

_OPENS: Final = {"start": "thread/start", "resume": "thread/resume", "fork": "thread/fork"}
LIST_COMMANDS: Final = "thread/backgroundTerminals/list"
END_COMMAND: Final = "thread/backgroundTerminals/terminate"
_UPDATE: Final = "thread/settings/update"


class Context(msgspec.Struct, frozen=True):
    """What the handshake depends on beside its state."""

    state: State
    kind: Kind
    spec: Spec

    @property
    def thread(self) -> str | None:
        """Return the thread to continue."""
        return self.state.thread or self.spec.session_id

    @property
    def way(self) -> str:
        """Return how the thread is opened: continued, begun as a copy, or begun."""
        tried = self.state.tried
        if self.thread is not None and "resume" not in tried:
            return "resume"
        return "fork" if self.thread is None and self.spec.fork_of is not None else "start"

    @property
    def pair(self) -> Pair:
        """Return the mode to begin with."""
        return modes.find(self.spec.mode) or modes.find(self.kind.mode) or modes.DEFAULT


# ---------------------------------------------------------------- steps


def wants(ctx: Context) -> list[Want]:
    """Return the step that is due; when the thread is open, the next page of the models."""
    state, number = ctx.state, ctx.state.incarnation
    steps: list[tuple[str, str, dict[str, Any]]] = []
    match state.phase:
        case Phase.INITIALIZE:
            capabilities = {"experimentalApi": True, "requestAttestation": False}
            steps = [("initialize", "initialize", {"clientInfo": _CLIENT, "capabilities": capabilities})]
        case Phase.ACCOUNT:
            steps = [("account", "account/read", {})]
        case Phase.OPEN:
            steps = [(f"open-{len(state.tried)}", _OPENS[ctx.way], _opening(ctx))]
        case Phase.HISTORY:
            page = {"limit": _HISTORY, "sortDirection": "desc", "itemsView": "full"}
            steps = [("history", "thread/turns/list", {"threadId": state.thread, **page})]
        case Phase.CONFIGURE:
            switch = modes.switching(ctx.pair, state.settings)
            steps = [("configure", _UPDATE, {"threadId": state.thread, **switch})]
        case Phase.READY:
            steps = [*_stops(state), *_lists(state)]
    greeting = Want(f"initialized.{number}", messages.notification("initialized"))
    due = [greeting] if _owes_greeting(state) else []
    for name, method, params in steps:
        key = f"{name}.{number}"
        due += [] if key in state.pending else [Want(key, messages.request(key, method, params))]
    return due


def _stops(state: State) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what stops the commands that outlived their interrupted turn: they are named first, then ended."""
    own = {"threadId": state.thread}
    asked = [(f"terminals-{state.stops}", LIST_COMMANDS, own)] if state.stopping else []
    return asked + [(f"end-{state.stops}-{one}", END_COMMAND, {**own, "processId": one}) for one in state.doomed]


def _lists(state: State) -> list[tuple[str, str, dict[str, Any]]]:
    if state.models_page is None or len(state.models) >= _MOST_MODELS:
        return []
    more = {"cursor": state.models_page} if state.models_page else {}
    return [(f"models-{len(state.models)}", "model/list", {"limit": _PAGE, **more})]


def _owes_greeting(state: State) -> bool:
    return state.phase not in (Phase.DOWN, Phase.INITIALIZE, Phase.FAILED) and not state.greeted


def _opening(ctx: Context) -> dict[str, Any]:
    state, spec, way = ctx.state, ctx.spec, ctx.way
    params: dict[str, Any] = {"cwd": spec.cwd, **modes.opening(ctx.pair)}
    thread = {"resume": ctx.thread, "fork": spec.fork_of}.get(way)
    if thread is not None:
        params |= {"threadId": thread, "excludeTurns": True}
    model = state.settings.model or spec.model
    if model is not None:
        params["model"] = model
    return params


def on_written(state: State, method: str, rpc_id: str, mark: Mark) -> None:
    """Take a step that reached the program."""
    state.pending[rpc_id] = Pending(method)
    if method == END_COMMAND:
        state.doomed = [one for one in state.doomed if not rpc_id.startswith(f"end-{state.stops}-{one}.")]
    if method == "initialize":
        state.deadline = mark.monotonic + SLOW_S


def on_slow(state: State) -> list[Fact]:
    """Take that the handshake takes long."""
    state.deadline = None
    return [Noted(f"the handshake has taken {SLOW_S:.0f} s and goes on ({state.phase.value})", level="warning")]


# ---------------------------------------------------------------- answers


def on_result(ctx: Context, method: str, result: Any, mark: Mark) -> list[Fact]:
    """Take the answer to a step."""
    state, body = ctx.state, result if isinstance(result, dict) else {}
    match method:
        case "initialize":
            state.phase = Phase.ACCOUNT
            return []
        case "account/read":
            return _on_account(state, body, mark)
        case "thread/turns/list":
            return _on_history(ctx, body, mark)
        case "model/list":
            return _on_models(state, body)
        case "thread/backgroundTerminals/list":
            return _on_commands(state, body)
        case "thread/settings/update" if state.phase is Phase.CONFIGURE:
            return _ready(ctx, mark)
        case "thread/start" | "thread/resume" | "thread/fork":
            return _on_thread(ctx, method, body, mark)
        case _:
            return []


def _on_account(state: State, body: Mapping[str, Any], mark: Mark) -> list[Fact]:
    if body.get("requiresOpenaiAuth") is True and body.get("account") is None:
        state.phase, state.deadline = Phase.FAILED, None
        words, hint = "Codex is not logged in", "Log in with `codex login`, then stop and resume it."
        state.resting = Resting(Turn.BLOCKED, mark.monotonic, mark.wall, f"{words}. {hint}", auth=True)
        return [SessionFailed(words, hint, auth=True)]
    state.phase = Phase.OPEN
    return []


def _on_thread(ctx: Context, method: str, body: Mapping[str, Any], mark: Mark) -> list[Fact]:
    state, thread = ctx.state, text_in(body.get("thread"), "id")[:200]
    if not thread:
        state.phase, state.deadline = Phase.FAILED, None
        return [SessionFailed("the program opened a thread without an id", "Resume it to try again.")]
    is_new = thread != state.thread
    state.thread, state.continued = thread, method == "thread/resume"
    state.prompted = state.prompted or method != "thread/start"
    facts: list[Fact] = [CommandsChanged(_COMMANDS), *modes.read(state, body, "sandbox")]
    facts += [*_models_changed(state), *_unknown_mode(ctx)]
    if is_new and method != "thread/start":  # else our own transcript has what was said
        state.phase = Phase.HISTORY
        return facts
    return facts + _after_history(ctx, mark)


def _on_history(ctx: Context, body: Mapping[str, Any], mark: Mark) -> list[Fact]:
    told = messages.dicts_in(body.get("data"))
    facts = stream.history(ctx.state, told[::-1], mark)
    if body.get("nextCursor"):
        words = f"of what was said before, the last {len(told)} turns are shown"
        facts.insert(0, Noted(words, level="warning"))
    return facts + _after_history(ctx, mark)


def _after_history(ctx: Context, mark: Mark) -> list[Fact]:
    if modes.is_set(ctx.pair, ctx.state.settings):
        return _ready(ctx, mark)
    ctx.state.phase = Phase.CONFIGURE
    return []


def _unknown_mode(ctx: Context) -> list[Fact]:
    wanted = ctx.spec.mode
    if wanted is None or modes.find(wanted) is not None:
        return []
    known = ", ".join(mode.id for mode in modes.MODES)
    text = f"there is no mode “{one_line(wanted, 60)}”: it begins in “{ctx.pair.mode.id}”; modes: {known}"
    return [Noted(text, level="warning")]


def _ready(ctx: Context, mark: Mark) -> list[Fact]:
    state = ctx.state
    state.phase, state.deadline = Phase.READY, None
    state.resting = Resting(Turn.IDLE, mark.monotonic, mark.wall)
    return [SessionStarted(str(state.thread), resumed=state.continued)]


def _on_models(state: State, body: Mapping[str, Any]) -> list[Fact]:
    found = [
        Model(one_line(name, 100), one_line(text_in(item, "displayName") or name, 100), _about(item))
        for item in messages.dicts_in(body.get("data"))
        if item.get("hidden") is not True and (name := text_in(item, "id", "model"))
    ]
    page = body.get("nextCursor")
    state.models += found
    state.models_page = page if isinstance(page, str) and page and found else None
    return _models_changed(state)


def _on_commands(state: State, body: Mapping[str, Any]) -> list[Fact]:
    running = messages.dicts_in(body.get("data"))
    meant = [one for one in running if one.get("itemId") in state.stopping]
    state.doomed = [name for one in meant if (name := text_in(one, "processId"))]
    state.stopping, state.stops = [], state.stops + 1
    return []


def _about(item: Mapping[str, Any]) -> str:
    return one_line(text_in(item, "description"), 300)


def _models_changed(state: State) -> list[Fact]:
    return [ModelsChanged(tuple(state.models), state.settings.model)]


def on_settings(state: State, params: Mapping[str, Any]) -> list[Fact]:
    """Take the settings the thread now has."""
    told = params.get("threadSettings")
    if not isinstance(told, dict):
        return []
    before = state.settings.model
    facts = modes.read(state, told, "sandboxPolicy")
    return facts if state.settings.model == before else [*facts, *_models_changed(state)]


def on_error(ctx: Context, method: str, error: Any, mark: Mark) -> list[Fact]:
    """Take that a step was refused."""
    state, words = ctx.state, messages.error_words(error)
    match method:
        case "thread/resume" if _MISSING in words and not state.prompted and ctx.spec.session_id is None:
            state.tried.append("resume")  # nothing was said in it, so nothing is lost
            return []
        case "model/list":
            state.models_page = None
            return [Noted(f"its models cannot be listed: {words}", level="warning")]
        case "thread/turns/list":
            text = f"what was said before cannot be shown: {words}"
            return [Noted(text, level="warning"), *_after_history(ctx, mark)]
        case "thread/backgroundTerminals/list" | "thread/backgroundTerminals/terminate":
            state.stopping = []
            return [Noted(f"a command of the interrupted turn may still run: {words}", level="warning")]
        case "account/read":  # an older program: a prompt will tell
            state.phase = Phase.OPEN
            return []
        case "thread/settings/update":
            facts: list[Fact] = [Noted(f"the mode was not set: {words}", level="warning")]
            return [*facts, *_ready(ctx, mark)] if state.phase is Phase.CONFIGURE else facts
        case _:
            state.phase, state.deadline = Phase.FAILED, None
            hint = "Run a new agent: this thread is not on the disk of Codex." if _MISSING in words else ""
            return [SessionFailed(f"the program refused {method}: {words}", hint)]

"""The session: the handshake that opens it, its modes and models, and what it changes to by itself. Pure.

Knows what was asked of the program by control requests and what their answers mean; starts no turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agents.adapters.claude import messages, tools
from agents.adapters.claude.state import BYPASS, BYPASS_ALLOWED_BY, MAX_MODELS, MODES, Launch, Pending, Phase, State
from agents.adapters.contract import (
    CommandsChanged,
    Fact,
    ModelsChanged,
    ModesChanged,
    Noted,
    NotPossible,
    SessionFailed,
    SessionStarted,
    Want,
)
from agents.adapters.resting import Resting
from agents.model import Mark, Mode, Model, SlashCommand, Turn
from agents.spec import Spec
from agents.status.untrusted import one_line

#: Seconds after which the handshake counts as slow; it takes half a second.
SLOW_S: Final = 30.0

#: The name under which the program announces whatever model it takes by itself.
DEFAULT_MODEL: Final = "default"


def step(state: State, launch: Launch) -> list[Want]:
    """Return the step of the handshake that is due."""
    match state.phase:
        case Phase.INITIALIZE:
            key, request = f"init.{state.incarnation}", {"subtype": "initialize", "hooks": None}
        case Phase.CONFIGURE:
            request = {"subtype": "set_permission_mode", "mode": launch.mode}
            key = f"configure.{state.incarnation}"
        case _:
            return []
    return [] if key in state.pending else [Want(key, messages.control(key, request))]


def on_asked(state: State, request_id: str, request: Mapping[str, Any], mark: Mark) -> None:
    """Take a control request of ours that reached the program."""
    subtype = str(request.get("subtype"))
    state.pending[request_id] = Pending(subtype, str(request.get("mode") or request.get("model") or ""))
    if subtype == "initialize":
        state.deadline = mark.monotonic + SLOW_S
    elif subtype == "interrupt" and state.turn is not None:
        state.turn.cancelling = True


def on_answer(state: State, response: Mapping[str, Any], launch: Launch, mark: Mark) -> list[Fact]:
    """Take the answer to a control request of ours."""
    pending = state.pending.pop(str(response.get("request_id")), None)
    if pending is None:
        return messages.note_once(state, "late", "an answer to nothing that is open", response)
    failed = response.get("subtype") != "success"
    reason = one_line(str(response.get("error") or "it gave no reason"), 300)
    body = response.get("response")
    body, spec = body if isinstance(body, dict) else {}, launch.spec
    match pending.subtype:
        case "initialize" if failed:
            state.phase, state.deadline = Phase.FAILED, None
            return [SessionFailed(f"the program refused the handshake: {reason}")]
        case "initialize":
            facts: list[Fact] = [CommandsChanged(commands(body)), *_models(state, body, spec)]
            state.phase = Phase.CONFIGURE if launch.mode else Phase.READY
            return facts if state.phase is Phase.CONFIGURE else facts + _opened(state, launch, mark)
        case "set_permission_mode":
            facts = _note("the mode was not changed", reason) if failed else []
            if not failed:
                facts = on_mode(state, tools.text_in(body, "mode") or pending.value, spec)
            return facts + _opened(state, launch, mark) if state.phase is Phase.CONFIGURE else facts
        case "set_model":
            return _note("the model was not changed", reason) if failed else _switched(state, pending, body, spec)
        case _:
            return _note(f"{one_line(pending.subtype, 60)} failed", reason) if failed else []


def _note(what: str, reason: str) -> list[Fact]:
    return [Noted(f"{what}: {reason}", level="warning")]


def _opened(state: State, launch: Launch, mark: Mark) -> list[Fact]:
    state.phase, state.deadline = Phase.READY, None
    state.resting = Resting(Turn.IDLE, mark.monotonic, mark.wall)
    facts: list[Fact] = [SessionStarted(launch.session_id, resumed=state.has_begun)]
    if launch.spec.fork_of is not None and not state.has_begun:
        facts.append(Noted("It begins with a copy of another agent's conversation.", level="notice"))
    return facts


def on_session(state: State, told: str | None, launch: Launch) -> list[Fact]:
    """Take the session a turn runs in: ``/clear`` begins another under an id of the program's own."""
    if told is None or told == launch.session_id:
        return []
    state.session = told
    return [SessionStarted(told)]


def commands(body: Mapping[str, Any]) -> tuple[SlashCommand, ...]:
    """Return the ``/`` commands that were announced."""
    return tuple(
        SlashCommand(one_line(str(item.get("name")), 100), one_line(str(item.get("description") or ""), 300))
        for item in _items(body.get("commands"))
    )


def _items(listed: Any) -> list[dict[str, Any]]:
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


# ---------------------------------------------------------------- modes


def modes(spec: Spec) -> tuple[Mode, ...]:
    """Return the modes that are offered."""
    return (*MODES, BYPASS) if BYPASS_ALLOWED_BY.intersection(spec.argv) else MODES


def on_mode(state: State, mode: str, spec: Spec) -> list[Fact]:
    """Take the mode that was read back."""
    if mode == state.mode:
        return []
    state.mode = one_line(mode, 60)
    return [ModesChanged(modes(spec), state.mode)]


def mode_request(state: State, mode: str, spec: Spec, token: str) -> bytes:
    """Return the request that switches the mode. Raises NotPossible."""
    known = [offered.id for offered in modes(spec)]
    if mode == BYPASS.id and mode not in known:
        flag = "--allow-dangerously-skip-permissions"
        raise NotPossible(f"it was not launched with {flag}: only an agent that was can be told to ask nothing")
    if mode not in known:
        raise NotPossible(f"there is no mode “{mode}”; modes: {', '.join(known)}")
    return messages.control(f"mode.{token}", {"subtype": "set_permission_mode", "mode": mode})


# ---------------------------------------------------------------- models


def _models(state: State, body: Mapping[str, Any], spec: Spec) -> list[Fact]:
    found = [item for item in _items(body.get("models")) if tools.text_in(item, "value")][:MAX_MODELS]
    state.models = tuple(
        Model(
            one_line(item["value"], 100),
            one_line(tools.text_in(item, "displayName") or item["value"], 100),
            one_line(tools.text_in(item, "description"), 300),
        )
        for item in found
    )
    state.resolved = {one_line(item["value"], 100): tools.text_in(item, "resolvedModel")[:100] for item in found}
    return [ModelsChanged(state.models, _shown(state, spec))] if state.models else []


def on_model(state: State, model: str, spec: Spec) -> list[Fact]:
    """Take the model that was read back."""
    model = one_line(model, 100)
    if model == state.model:
        return []
    state.model = model
    return [ModelsChanged(state.models, _shown(state, spec))]


def _switched(state: State, pending: Pending, body: Mapping[str, Any], spec: Spec) -> list[Fact]:
    state.chosen = pending.value or None
    state.model = None  # another name for the same model is told as well
    return on_model(state, tools.text_in(body, "model") or pending.value, spec)


def _shown(state: State, spec: Spec) -> str | None:
    """Return the present model as it is announced, by the name it was chosen by where several stand for it."""
    wanted, told = state.chosen or spec.model, state.model
    if told is None:
        return wanted
    names = [name for name, stands_for in state.resolved.items() if told in (name, stands_for)]
    if wanted in names:
        return wanted
    return DEFAULT_MODEL if DEFAULT_MODEL in names else next(iter(names), told)


def model_request(state: State, model: str, token: str) -> bytes:
    """Return the request that switches the model. Raises NotPossible.

    The program takes any name and fails with the next message; a name that is neither announced nor whole is a slip.
    """
    name = model.strip()
    known = [offered.id for offered in state.models]
    if not name or (known and name not in known and not set("-./:").intersection(name)):
        raise NotPossible(f"there is no model “{name}”; models: {', '.join(known)}, or any by its whole name")
    return messages.control(f"model.{token}", {"subtype": "set_model", "model": name})

"""The ``acp`` family: one agent that speaks the Agent Client Protocol on stdio, as a sans-IO state machine.

Routes the bytes of marks to the parts of the protocol; the parts own what the messages mean. Imports the pinned schema
(heavy), so only the daemon may import this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self

import msgspec

from agents.adapters import checkpoint, lines
from agents.adapters.acp import faults, messages, options, permissions, session, turns, updates
from agents.adapters.acp.context import Context
from agents.adapters.acp.state import Phase, State
from agents.adapters.contract import (
    Adapter,
    Answer,
    Fact,
    NotPossible,
    ProcessEnded,
    ProcessStarted,
    SessionFailed,
    Want,
)
from agents.adapters.framing import Garbage
from agents.adapters.process import Control, ending, launch_failure, read_control
from agents.model import (
    Blocked,
    Capability,
    Evidence,
    Mark,
    Rank,
    Request,
    RequestKey,
    Stream,
    Trouble,
    Turn,
)
from agents.spec import Kind, Spec

_ALWAYS: Final = frozenset(
    {Capability.PROMPT, Capability.INTERRUPT, Capability.ANSWER, Capability.ALWAYS, Capability.TRANSCRIPT}
)


class AcpAdapter(Adapter):
    """One agent's ACP conversation; owned by one unit, lives in the daemon's loop."""

    VERSION: ClassVar[int] = 2

    def __init__(self, kind: Kind, spec: Spec) -> None:
        self._kind = kind
        self._spec = spec
        self._state = State(self.VERSION)

    # -- stimuli

    def feed(self, mark: Mark, data: bytes) -> Sequence[Fact]:
        """Take the bytes of one mark."""
        match mark.stream:
            case Stream.OUT:
                return lines.take(self._state.out.frames(data), self._state.noted, self._from_agent, mark)
            case Stream.IN:
                return lines.take(self._state.inp.frames(data), self._state.noted, self._to_agent, mark)
            case Stream.CTL:
                control = read_control(data)
                return [] if control is None else self._control(control, mark)
            case Stream.ERR:
                self._state.complaint = (self._state.complaint + data)[-lines.COMPLAINT :]
                return []

    def tick(self, now: float) -> Sequence[Fact]:
        """Note a handshake step that takes long, or go on with one that was held back."""
        state = self._state
        if state.deadline is None or now < state.deadline:
            return []
        return session.on_deadline(state)

    def next_deadline(self) -> float | None:
        """Return when the running handshake step counts as slow, or the one that is held back is due."""
        return self._state.deadline

    # -- the process

    def _control(self, control: Control, mark: Mark) -> list[Fact]:
        match control.ev:
            case "start":
                facts = self._gone("its process was replaced", mark)
                self._state = self._state.fresh(control.incarnation)
                return [*facts, ProcessStarted(control.incarnation, control.pid)]
            case "failed":
                self._state.phase = Phase.FAILED
                text, hint = launch_failure(control)
                return [SessionFailed(text, hint)]
            case "eof" if control.stream == "out":
                self._state.closed = True
                return [messages.note("the agent closed its output")]
            case "exit":
                return self._exited(control, mark)
            case _:
                return []

    def _exited(self, control: Control, mark: Mark) -> list[Fact]:
        state = self._state
        how = ending(control)
        facts = self._gone(f"the process {how}", mark)
        if state.phase not in (Phase.READY, Phase.CONFIGURE, Phase.FAILED, Phase.DOWN):
            text = f"the agent {how} before its session was open ({state.phase.value})"
            facts.append(SessionFailed(text, self._complaint()))
        state.phase = Phase.DOWN
        return [*facts, ProcessEnded(control.code, control.signal)]

    def _gone(self, why: str, mark: Mark) -> list[Fact]:
        """Close what only a living process could have ended."""
        state = self._state
        facts = permissions.withdraw_all(state)
        if state.turn is not None:
            facts += turns.cut_off(state, why, self._complaint(), mark)
        if state.resting is not None and state.resting.turn not in (Turn.DONE, Turn.ERROR):
            state.resting = None
        facts += updates.end_tools(state)
        state.replies, state.pending, state.deadline = {}, {}, None
        state.out.reset()
        state.inp.reset()
        return facts

    def _complaint(self) -> str:
        """Return the last line the program wrote to stderr."""
        return lines.last_line(self._state.complaint)

    # -- messages of the agent

    def _from_agent(self, message: dict[str, Any], mark: Mark) -> list[Fact]:
        method = message.get("method")
        if isinstance(method, str):
            if "id" in message and _is_id(message["id"]):
                asked = permissions.Asked(message["id"], method, message.get("params"))
                taken = turns.on_sign(self._state) if method in permissions.OPENED else []
                return [*taken, *permissions.on_request(self._state, asked, mark)]
            return self._notified(method, message.get("params"), mark)
        if "id" in message and ("result" in message or "error" in message):
            return self._answered(message, mark)
        return lines.stray(self._state.noted, Garbage("no JSON-RPC message", lines.raw(message)))

    def _notified(self, method: str, params: Any, mark: Mark) -> list[Fact]:
        state = self._state
        match method:
            case "session/update":
                return self._updated(params, mark)
            case "$/cancel_request" if isinstance(params, dict) and _is_id(params.get("requestId")):
                return permissions.withdraw_id(state, params.get("requestId"))
            case "elicitation/complete" if isinstance(params, dict):
                return permissions.withdraw_elicitation(state, params.get("elicitationId"))
            case _:
                return updates.note_once(state, f"method:{method[:100]}", f"an unknown notification “{method}”", params)

    def _updated(self, params: Any, mark: Mark) -> list[Fact]:
        state = self._state
        facts: list[Fact] = []
        if not state.replaying and updates.is_work(params):
            facts = turns.on_sign(state)
            faults.passed(state)
        update = params.get("update") if isinstance(params, dict) else None
        meta = update.get("_meta") if isinstance(update, dict) else None
        return [*facts, *updates.apply_update(state, params, mark), *faults.on_told(state, self._kind, meta, mark)]

    def _answered(self, message: dict[str, Any], mark: Mark) -> list[Fact]:
        state = self._state
        rpc_id = message["id"]
        pending = state.pending.pop(rpc_id, None) if isinstance(rpc_id, str) else None
        if pending is None:
            return [messages.note("an answer to nothing that is open (late or repeated)", message)]
        error = message.get("error")
        if pending.method == "session/prompt":
            if error is not None:
                return turns.on_error(state, self._kind, pending, error, mark)
            return turns.on_result(state, self._kind, pending, message.get("result"), mark)
        ctx = Context(state, self._kind, self._spec, mark)
        if error is not None:
            return session.on_error(ctx, pending, error)
        return session.on_result(ctx, pending, message.get("result"))

    # -- messages to the agent, seen as they were written

    def _to_agent(self, message: dict[str, Any], mark: Mark) -> list[Fact]:
        state = self._state
        method, rpc_id = message.get("method"), message.get("id")
        params = message.get("params")
        if not isinstance(method, str):
            return permissions.on_answered(state, rpc_id, message.get("result"))
        if not isinstance(params, dict):
            return []
        if method == "session/prompt" and isinstance(rpc_id, str):
            return turns.on_prompt(state, rpc_id, params, mark)
        if method == "session/cancel":
            turns.on_cancel(state)
        elif isinstance(rpc_id, str):
            session.on_written(state, rpc_id, method, params, mark)
        return []

    # -- what is

    def wants(self) -> Sequence[Want]:
        """Return the replies that are owed, then the handshake step that is due."""
        state = self._state
        owed = [Want(reply.key, reply.data) for reply in state.replies.values()]
        return owed + session.due(Context(state, self._kind, self._spec))

    def evidence(self) -> Sequence[Evidence]:
        """Return the one claim of the protocol; none before the session is open and once nobody can speak."""
        state = self._state
        resting = state.resting
        if state.closed and (resting is None or state.phase is not Phase.DOWN):
            return ()
        if state.requests:
            return (self._blocked(),)
        turn = state.turn
        if turn is not None:
            detail = "stopping" if turn.cancelling else updates.activity(state)
            return (Evidence(Rank.PROTOCOL, Turn.WORKING, turn.since, turn.wall, detail=detail),)
        if resting is None:
            return ()
        blocked = Blocked.AUTH if resting.auth else None
        return (Evidence(Rank.PROTOCOL, resting.turn, resting.since, resting.wall, blocked, resting.detail),)

    def _blocked(self) -> Evidence:
        opened = self._state.requests[0]
        request = opened.request
        detail = permissions.waiting_for(opened, self._state)
        return Evidence(Rank.PROTOCOL, Turn.BLOCKED, opened.since, request.opened_at, request.kind, detail)

    def requests(self) -> Sequence[Request]:
        """Return the open requests, oldest first."""
        return [opened.request for opened in self._state.requests]

    def capabilities(self) -> frozenset[Capability]:
        """Return what ACP has, and of resume and modes what this agent announced."""
        able = set(_ALWAYS)
        state = self._state
        # Without a word said there is nothing to continue, so a new process loses nothing either.
        if not state.prompted or (self._kind.resume and (state.known.load or state.known.resume)):
            able.add(Capability.RESUME)
        if state.modes:
            able.add(Capability.MODES)
        if state.models:
            able.add(Capability.MODELS)
        if state.known.fork and state.prompted:
            able.add(Capability.FORK)
        return frozenset(able)

    def ready(self) -> bool:
        """Tell whether the session is open and no turn runs."""
        state = self._state
        return state.phase is Phase.READY and state.turn is None and not state.closed and not self._blocked_by_auth()

    def _blocked_by_auth(self) -> bool:
        return self._state.resting is not None and self._state.resting.auth and self._state.phase is Phase.FAILED

    # -- what the user does

    def prompt(self, turn: int, text: str) -> bytes:
        """Return the request that starts turn ``turn``."""
        self._require_session()
        if self._state.turn is not None:
            raise NotPossible(f"turn {self._state.turn.number} is still running")
        return turns.prompt(self._state, turn, text)

    def answer(self, key: RequestKey, answer: Answer) -> bytes:
        """Return the answer to an open request."""
        return permissions.answer(self._state, key, answer)

    def interrupt(self, token: str) -> bytes:
        """Return ``session/cancel`` and the cancelled outcomes it demands; a notification needs no id."""
        state = self._state
        if state.turn is None and not state.requests:
            raise NotPossible("no turn is running")
        self._require_session()
        cancel = messages.notification("session/cancel", {"sessionId": state.session_id})
        return cancel + permissions.cancel_all(state)

    def set_mode(self, mode: str, token: str) -> bytes:
        """Return the request that switches the mode; its answer is read back into the row."""
        self._require_session()
        found = options.find_mode(self._state, mode)
        if found is None:
            offered = ", ".join(m.id for m in self._state.modes)
            raise NotPossible(f"there is no mode “{mode}”; " + (f"modes: {offered}" if offered else "it has no modes"))
        method, params = options.mode_request(self._state, found)
        return messages.request(f"mode.{token}", method, params)

    def set_model(self, model: str, token: str) -> bytes:
        """Return the request that switches the model, by whichever way the agent announced it."""
        self._require_session()
        found = options.find_model(self._state, model)
        if found is None:
            offered = ", ".join(one.id for one in self._state.models)
            raise NotPossible(
                f"there is no model “{model}”; " + (f"models: {offered}" if offered else "it offers none")
            )
        method, params = options.model_request(self._state, found)
        return messages.request(f"model.{token}", method, params)

    def trouble(self) -> Trouble | None:
        """Return what is wrong around it: requests it tries again, or why its last turn failed."""
        return self._state.trouble

    def _require_session(self) -> None:
        state = self._state
        failed = "its session could not be opened" if state.resting is None else state.resting.detail
        lines.require_open(state.phase, closed=state.closed, failed=failed, who="agent")

    def arguments(self) -> tuple[str, ...]:
        """Return the model that was asked for, where the kind takes it on the command line: quirk ``model_args``."""
        words, model = self._kind.quirks.get("model_args"), self._spec.model
        if model is None or not isinstance(words, list):
            return ()
        return tuple(str(word).replace("{model}", model) for word in words)

    # -- checkpoints

    def dump(self) -> bytes:
        """Return the whole state."""
        return msgspec.json.encode(self._state)

    @classmethod
    def load(cls, kind: Kind, spec: Spec, state: bytes) -> Self:
        """Rebuild from ``dump``."""
        adapter = cls(kind, spec)
        adapter._state = checkpoint.read(state, State, cls.VERSION)
        return adapter


def _is_id(value: Any) -> bool:
    """Tell whether a value can be a JSON-RPC id; floats would not come back as they were."""
    return value is None or isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))

"""The ``codex`` family: Codex's app-server protocol on stdio, as a sans-IO state machine.

Routes the bytes of marks to the parts of the protocol; the parts own what the messages mean.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self

import msgspec

from agents.adapters import checkpoint, lines
from agents.adapters.codex import asks, messages, modes, notices, session, turns
from agents.adapters.codex.state import Pending, Phase, State
from agents.adapters.contract import (
    Adapter,
    Answer,
    Fact,
    Noted,
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

#: What its log puts before every line: when, how bad, and which part of it speaks.
_LOGGED: Final = re.compile(r"^\S+Z\s+(?:ERROR|WARN|INFO)\s+[\w:]+:\s*")

_STEPS: Final = frozenset(
    {
        "initialize",
        "account/read",
        "thread/start",
        "thread/resume",
        "thread/fork",
        "thread/turns/list",
        "thread/settings/update",
        "model/list",
        session.LIST_COMMANDS,
        session.END_COMMAND,
    }
)

#: What a request of the user was for, where the program refuses it.
_REFUSED: Final = {
    "turn/interrupt": "the turn was not interrupted",
    "turn/steer": "the message was not put into the running turn, send it again",
}


class CodexAdapter(Adapter):
    """One agent's conversation with Codex; owned by one unit, lives in the daemon's loop."""

    VERSION: ClassVar[int] = 1

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
        """Note a handshake that takes long."""
        state = self._state
        return session.on_slow(state) if state.deadline is not None and now >= state.deadline else []

    def next_deadline(self) -> float | None:
        """Return when the running handshake counts as slow."""
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
                return [SessionFailed(*launch_failure(control))]
            case "eof" if control.stream == "out":
                self._state.closed = True
                return [Noted("the program closed its output")]
            case "exit":
                return self._exited(control, mark)
            case _:
                return []

    def _exited(self, control: Control, mark: Mark) -> list[Fact]:
        state = self._state
        how = ending(control)
        # Of one that was killed the last words are those of another matter.
        complaint = self._complaint() if control.code else ""
        facts = self._gone(f"the process {how}", mark, complaint)
        if state.phase not in (Phase.READY, Phase.FAILED, Phase.DOWN):
            text = f"the program {how} before its thread was open ({state.phase.value})"
            facts.append(SessionFailed(text, complaint))
        state.phase = Phase.DOWN
        return [*facts, ProcessEnded(control.code, control.signal)]

    def _gone(self, why: str, mark: Mark, complaint: str = "") -> list[Fact]:
        """Close what only a living process could have ended."""
        state = self._state
        facts = turns.cut_off(state, why, complaint, mark)
        facts += asks.withdraw_thread(state) + turns.end_tools(state)
        if state.resting is not None and state.resting.turn not in (Turn.DONE, Turn.ERROR):
            state.resting = None
        state.replies, state.pending, state.deadline = {}, {}, None
        state.stopping, state.doomed = [], []
        state.out.reset()
        state.inp.reset()
        return facts

    def _complaint(self) -> str:
        """Return the last line the program wrote to stderr."""
        return lines.last_line(self._state.complaint, lambda line: _LOGGED.sub("", line))

    # -- messages of the program

    def _from_agent(self, message: dict[str, Any], mark: Mark) -> list[Fact]:
        method, rpc_id, params = message.get("method"), message.get("id"), message.get("params")
        if isinstance(method, str):
            given = params if isinstance(params, dict) else {}
            if isinstance(rpc_id, int | str) and messages.is_id(rpc_id):
                return asks.on_request(self._state, asks.Asked(rpc_id, method, given), mark)
            return notices.on_notice(self._state, method, given, mark)
        if "result" in message or "error" in message:
            return self._answered(message, mark)
        return lines.stray(self._state.noted, Garbage("no message of the protocol", lines.raw(message)))

    def _answered(self, message: dict[str, Any], mark: Mark) -> list[Fact]:
        state = self._state
        rpc_id = message.get("id")
        pending = state.pending.pop(rpc_id, None) if isinstance(rpc_id, str) else None
        if pending is None:
            return messages.note_once(state, "late", "an answer to nothing that is open", message)
        error, result = message.get("error"), message.get("result")
        if pending.method == "turn/start":
            number = messages.turn_of(str(rpc_id)) or 0
            if error is not None:
                return turns.on_refused(state, number, error, mark)
            turns.on_accepted(state, result)
            return []
        if pending.method in _STEPS and not pending.value:
            ctx = self._context()
            if error is not None:
                return session.on_error(ctx, pending.method, error, mark)
            return session.on_result(ctx, pending.method, result, mark)
        return [] if error is None else self._refused(pending, error)

    def _refused(self, pending: Pending, error: Any) -> list[Fact]:
        self._state.steered.pop(pending.value, None)
        what = _REFUSED.get(pending.method, f"{pending.value or pending.method} was not set")
        return [Noted(f"{what}: {messages.error_words(error)}", level="warning")]

    # -- messages to the program, seen as they were written

    def _to_agent(self, message: dict[str, Any], mark: Mark) -> list[Fact]:
        state = self._state
        method, rpc_id, params = message.get("method"), message.get("id"), message.get("params")
        if not isinstance(method, str):
            if isinstance(rpc_id, int | str) and messages.is_id(rpc_id):
                return asks.on_answered(state, rpc_id, message.get("result"))
            return []
        if method == "initialized":
            state.greeted = True
        if isinstance(rpc_id, str) and isinstance(params, dict):
            return self._asked(method, rpc_id, params, mark)
        return []

    def _asked(self, method: str, rpc_id: str, params: dict[str, Any], mark: Mark) -> list[Fact]:
        state = self._state
        name = rpc_id.partition(".")[0]
        number = messages.turn_of(rpc_id)
        if number is not None:
            state.pending[rpc_id] = Pending("turn/start")
            return turns.on_prompt(state, number, turns.text_of(method, params), mark)
        if method in _STEPS and name not in ("mode", "model"):
            session.on_written(state, method, rpc_id, mark)
            return []
        value = f"the {name}"
        if method == "turn/steer":
            value = messages.text_in(params, "clientUserMessageId")
            parts = messages.dicts_in(params.get("input"))
            state.steered[value] = "\n".join(messages.text_in(part, "text") for part in parts)
        elif method == "turn/interrupt" and state.turn is not None:
            state.turn.cancelling = True
        state.pending[rpc_id] = Pending(method, value)
        return []

    # -- what is

    def wants(self) -> Sequence[Want]:
        """Return the replies that are owed, then the handshake step that is due."""
        state = self._state
        if state.closed:
            return []
        return [Want(reply.key, reply.data) for reply in state.replies.values()] + session.wants(self._context())

    def evidence(self) -> Sequence[Evidence]:
        """Return the one claim of the protocol; none before the thread is open and once nobody can speak."""
        state = self._state
        resting, turn = state.resting, state.turn
        if state.closed and (resting is None or state.phase is not Phase.DOWN):
            return ()
        first = next((opened for opened in state.requests if opened.blocking), None)
        if first is not None:
            detail = asks.waiting_for(state, first)
            wall, kind = first.request.opened_at, first.request.kind
            return (Evidence(Rank.PROTOCOL, Turn.BLOCKED, first.since, wall, kind, detail),)
        if turn is not None:
            return (Evidence(Rank.PROTOCOL, Turn.WORKING, turn.since, turn.wall, detail=turns.activity(state)),)
        if resting is None:
            return ()
        blocked = Blocked.AUTH if resting.auth else None
        return (Evidence(Rank.PROTOCOL, resting.turn, resting.since, resting.wall, blocked, resting.detail),)

    def requests(self) -> Sequence[Request]:
        """Return the open requests, oldest first."""
        return [opened.request for opened in self._state.requests]

    def capabilities(self) -> frozenset[Capability]:
        """Return what Codex can do; a thread can be copied once something was said in it."""
        able = {Capability.PROMPT, Capability.INTERRUPT, Capability.ANSWER, Capability.ALWAYS, Capability.TRANSCRIPT}
        able |= {Capability.RESUME, Capability.MODES, Capability.MODELS, Capability.STEER}
        return frozenset(able | {Capability.FORK} if self._state.prompted else able)

    def ready(self) -> bool:
        """Tell whether the thread is open and no turn runs: the program would steer a running one by a prompt."""
        state = self._state
        return state.phase is Phase.READY and state.turn is None and not state.closed

    def trouble(self) -> Trouble | None:
        """Return what the program last said is wrong around it."""
        return self._state.trouble

    # -- what the user does

    def prompt(self, turn: int, text: str) -> bytes:
        """Return the request that starts turn ``turn``."""
        self._require_session()
        if self._state.turn is not None:
            raise NotPossible("a turn is still running")
        name = messages.turn_id(turn)
        method = turns.COMMANDS.get(text.strip())
        if method is not None:
            return messages.request(name, method, {"threadId": self._state.thread})
        return messages.request(name, "turn/start", self._said(text, name))

    def steer(self, text: str, token: str) -> bytes:
        """Return the request that puts ``text`` into the running turn."""
        self._require_session()
        turn = self._state.turn
        if turn is None:
            raise NotPossible("no turn is running: send it as a message of its own")
        if not turn.id:
            raise NotPossible("the turn has not begun yet: try again in a moment")
        name = f"steer.{token}"
        return messages.request(name, "turn/steer", {**self._said(text, name), "expectedTurnId": turn.id})

    def _said(self, text: str, name: str) -> dict[str, Any]:
        said = {"type": "text", "text": text, "text_elements": []}
        own = messages.message_id(self._spec, name)
        return {"threadId": self._state.thread, "clientUserMessageId": own, "input": [said]}

    def answer(self, key: RequestKey, answer: Answer) -> bytes:
        """Return the answer to an open request."""
        return asks.answer(self._state, key, answer)

    def interrupt(self, token: str) -> bytes:
        """Return the request that ends the turn; the program itself takes back what it waits for."""
        self._require_session()
        turn = self._state.turn
        if turn is None:
            raise NotPossible("no turn is running")
        # An empty id stands for a turn that has not told its own yet.
        params = {"threadId": self._state.thread, "turnId": turn.id}
        return messages.request(f"stop.{token}", "turn/interrupt", params)

    def set_mode(self, mode: str, token: str) -> bytes:
        """Return the request that switches the mode from the next turn on; the settings it then has are read back."""
        self._require_session()
        switch = modes.switching(modes.named(mode), self._state.settings)
        params = {"threadId": self._state.thread, **switch}
        return messages.request(f"mode.{token}", "thread/settings/update", params)

    def set_model(self, model: str, token: str) -> bytes:
        """Return the request that switches the model from the next turn on; providers have models it does not list."""
        self._require_session()
        if not model.strip():
            known = ", ".join(one.id for one in self._state.models) or "the provider lists none"
            raise NotPossible(f"which model? {known}")
        params = {"threadId": self._state.thread, "model": model.strip()}
        return messages.request(f"model.{token}", "thread/settings/update", params)

    def _context(self) -> session.Context:
        return session.Context(self._state, self._kind, self._spec)

    def _require_session(self) -> None:
        state = self._state
        lines.require_open(state.phase, closed=state.closed, failed="its thread could not be opened", what="thread")

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

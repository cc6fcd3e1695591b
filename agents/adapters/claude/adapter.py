"""The ``claude`` family: Claude Code's stream-json protocol on stdio, as a sans-IO state machine.

Routes the bytes of marks to the parts of the protocol; the parts own what the messages mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self

import msgspec

from agents.adapters import checkpoint, chosen, lines
from agents.adapters.claude import asks, life, messages, notices, session, stream, turns
from agents.adapters.claude.state import Launch, Phase, State
from agents.adapters.contract import Adapter, Answer, Fact, Noted, NotPossible, ProcessStarted, Want
from agents.adapters.process import Control, read_control
from agents.adapters.resting import Resting
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

#: Seconds in which the program begins a turn of its own with what ended in the background; it takes a tenth of one.
NEWS_S: Final = 3.0

#: A killed process's session can always be continued, and a copy of it begun.
_ABLE: Final = frozenset(
    {
        *(Capability.PROMPT, Capability.INTERRUPT, Capability.ANSWER, Capability.ALWAYS, Capability.TRANSCRIPT),
        *(Capability.RESUME, Capability.FORK, Capability.STEER, Capability.MODES, Capability.MODELS),
    }
)


class ClaudeAdapter(Adapter):
    """One agent's conversation with Claude Code; owned by one unit, lives in the daemon's loop."""

    VERSION: ClassVar[int] = 4
    CARRIES_REASON: ClassVar[bool] = True

    def __init__(self, kind: Kind, spec: Spec) -> None:
        self._kind = kind
        self._spec = spec
        self._state = State(self.VERSION, has_begun=spec.session_id is not None)

    @property
    def session_id(self) -> str:
        """Return the session: the program's own choice, the one to continue, else one known before the launch."""
        return self._state.session or chosen.session_id(self._spec)

    @property
    def _launch(self) -> Launch:
        return Launch(self._kind, self._spec, self.session_id)

    @property
    def _origin(self) -> str | None:
        """Return the session this one begins as a copy of, ``None`` once it is on its own."""
        return None if self._state.has_begun else self._spec.fork_of

    def arguments(self) -> tuple[str, ...]:
        """Return how the next process gets its session (made under our id, copied, or continued) and its model."""
        model = self._state.chosen or self._spec.model
        words = ("--resume", self.session_id) if self._state.has_begun else ("--session-id", self.session_id)
        fork = ("--resume", self._origin, "--fork-session") if self._origin is not None else ()
        return (*fork, *words, *(("--model", model) if model else ()))

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
                life.complain(self._state, data)
                return []

    def tick(self, now: float) -> Sequence[Fact]:
        """Note a handshake that takes long."""
        state = self._state
        if state.deadline is None or now < state.deadline:
            return []
        state.deadline = None
        return [Noted(f"the handshake has taken {session.SLOW_S:.0f} s and goes on", level="warning")]

    def next_deadline(self) -> float | None:
        """Return when the running handshake counts as slow."""
        return self._state.deadline

    def _control(self, control: Control, mark: Mark) -> list[Fact]:
        if control.ev != "start":
            return life.on_control(self._state, control, self._spec.fork_of, mark)
        facts = life.gone(self._state, "its process was replaced", mark)
        self._state = self._state.fresh(control.incarnation)
        return [*facts, ProcessStarted(control.incarnation, control.pid)]

    def _from_agent(self, message: dict[str, Any], mark: Mark) -> list[Fact]:
        state, cwd = self._state, self._spec.cwd
        match message.get("type"):
            case "stream_event":
                return stream.on_stream(state, message)
            case "assistant":
                return stream.on_assistant(state, message, cwd, mark)
            case "user":
                return stream.on_user(state, message, mark)
            case "result":
                return turns.on_result(state, message, self._kind, mark)
            case "control_request":
                return asks.on_request(state, message, cwd, mark)
            case "control_cancel_request":
                return asks.withdraw(state, str(message.get("request_id")))
            case "control_response" if isinstance(message.get("response"), dict):
                return session.on_answer(state, message["response"], self._launch, mark)
            case "system":
                return notices.on_system(state, message, self._launch, mark)
            case kind:
                return notices.on_other(state, str(kind), message, mark)

    def _to_agent(self, message: dict[str, Any], mark: Mark) -> list[Fact]:
        """Take a message of ours, seen as it was written."""
        state = self._state
        match message.get("type"):
            case "user":
                return turns.on_prompt(state, message, mark)
            case "control_response" if isinstance(message.get("response"), dict):
                return asks.on_answered(state, message["response"])
            case "control_request" if isinstance(message.get("request"), dict):
                session.on_asked(state, str(message.get("request_id")), message["request"], mark)
        return []

    # -- what is

    def wants(self) -> Sequence[Want]:
        """Return the replies that are owed, then the handshake step that is due."""
        owed = [Want(reply.key, reply.data) for reply in self._state.replies.values()]
        return owed + session.step(self._state, self._launch)

    def evidence(self) -> Sequence[Evidence]:
        """Return the one claim of the protocol; none before the session is open and once nobody can speak."""
        state = self._state
        resting, turn = state.resting, state.turn
        if state.closed and (resting is None or state.phase is not Phase.DOWN):
            return ()
        if state.requests:
            first = state.requests[0]
            kind, wall, detail = first.request.kind, first.request.opened_at, asks.waiting_for(first)
            return (Evidence(Rank.PROTOCOL, Turn.BLOCKED, first.since, wall, kind, detail),)
        if turn is not None:
            detail = "stopping" if turn.cancelling else stream.activity(state)
            return (Evidence(Rank.PROTOCOL, Turn.WORKING, turn.since, turn.wall, detail=detail),)
        return () if resting is None else self._rest(resting)

    def _rest(self, resting: Resting) -> tuple[Evidence, ...]:
        """Return how things stand between turns; what works in the background is not finished."""
        state = self._state
        if state.subagents:
            detail = f"{state.subagents[-1] or 'a subagent'} in the background"
            return (Evidence(Rank.PROTOCOL, Turn.WORKING, resting.since, resting.wall, detail=detail),)
        blocked = Blocked.AUTH if resting.auth else None
        rest = Evidence(Rank.PROTOCOL, resting.turn, resting.since, resting.wall, blocked, resting.detail)
        if state.news_at is None:
            return (rest,)
        # The program takes up such news by itself at once, unless it has done so in the turn before.
        since = max(resting.since, state.news_at)
        detail = "news from the background"
        return (Evidence(Rank.PROTOCOL, Turn.WORKING, since, resting.wall, detail=detail, expires=since + NEWS_S), rest)

    def requests(self) -> Sequence[Request]:
        """Return the open requests, oldest first."""
        return [opened.request for opened in self._state.requests]

    def capabilities(self) -> frozenset[Capability]:
        """Return what Claude Code can do."""
        return _ABLE

    def trouble(self) -> Trouble | None:
        """Return what the program last said is wrong around it."""
        return self._state.trouble

    def ready(self) -> bool:
        """Tell whether the session is open and no turn runs: the program would fold a message into a running one."""
        state = self._state
        return state.phase is Phase.READY and state.turn is None and not state.closed

    # -- what the user does

    def prompt(self, turn: int, text: str) -> bytes:
        """Return the message that starts turn ``turn``."""
        self._require_session()
        if self._state.turn is not None:
            raise NotPossible("a turn is still running")
        return messages.user(text, messages.turn_id(self._spec, self._state.incarnation, turn))

    def steer(self, text: str, token: str) -> bytes:
        """Return the message that is put into the running turn; it reads it between two tool calls, else after it."""
        self._require_turn()
        return messages.user(text, messages.steer_id(self._spec, self._state.incarnation, token))

    def answer(self, key: RequestKey, answer: Answer) -> bytes:
        """Return the answer to an open request."""
        return asks.answer(self._state, key, answer)

    def interrupt(self, token: str) -> bytes:
        """Return the request that ends the turn, its subagents, and whatever was put into it and waits."""
        if not self._state.subagents:
            self._require_turn()
        self._require_session()
        return messages.control(f"stop.{token}", {"subtype": "interrupt", "cancel_queued": True})

    def set_mode(self, mode: str, token: str) -> bytes:
        """Return the request that switches the mode; its answer is read back into the row."""
        self._require_session()
        return session.mode_request(self._state, mode, self._spec, token)

    def set_model(self, model: str, token: str) -> bytes:
        """Return the request that switches the model; its answer is read back into the row."""
        self._require_session()
        return session.model_request(self._state, model, token)

    def _require_turn(self) -> None:
        self._require_session()
        if self._state.turn is None:
            raise NotPossible("no turn is running")

    def _require_session(self) -> None:
        state = self._state
        lines.require_open(state.phase, closed=state.closed, failed="its session could not be opened")

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

"""The ``claude`` family: Claude Code's stream-json protocol on stdio, as a sans-IO state machine.

Routes the bytes of marks to the parts of the protocol; the parts own what the messages mean.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Final, Self

import msgspec

from agents.adapters.claude import asks, messages, turns
from agents.adapters.claude.state import MODES, NOTE_LIMIT, Pending, Phase, State
from agents.adapters.contract import (
    Adapter,
    Answer,
    CommandsChanged,
    Fact,
    ModesChanged,
    Noted,
    NotPossible,
    ProcessEnded,
    ProcessStarted,
    SessionFailed,
    SessionStarted,
    Want,
)
from agents.adapters.framing import Frame, Garbage
from agents.adapters.process import Control, ending, launch_failure, read_control
from agents.adapters.resting import Resting
from agents.model import (
    Blocked,
    Capability,
    Evidence,
    Kind,
    Mark,
    Rank,
    Request,
    RequestKey,
    SlashCommand,
    Spec,
    Stream,
    Turn,
)
from agents.status.untrusted import one_line

#: Bytes of stderr kept to explain a program that ends before it speaks.
COMPLAINT: Final = 4096

#: Seconds after which the handshake counts as slow; it takes half a second.
SLOW_S: Final = 30.0

#: Names the sessions of agents; any constant does, as long as it never changes.
_SESSIONS: Final = uuid.UUID("6f1c1d0e-8a54-4d0b-9d0e-51a9b6c2e7f4")

#: What the program says when a session id is not as we thought; the next start then takes the other way.
_TAKEN: Final = "is already in use"
_MISSING: Final = "No conversation found"

#: Messages that say nothing the others do not.
_QUIET: Final = frozenset({"command_lifecycle", "keep_alive", "tool_progress"})
_ASIDES: Final = {"rate_limit_event": "the plan's limits changed"}
_QUIET_SYSTEM: Final = frozenset({"hook_started", "hook_response", "hook_progress", "thinking_tokens"})


class ClaudeAdapter(Adapter):
    """One agent's conversation with Claude Code; owned by one unit, lives in the daemon's loop."""

    VERSION: ClassVar[int] = 1
    CARRIES_REASON: ClassVar[bool] = True

    def __init__(self, kind: Kind, spec: Spec) -> None:
        self._kind = kind
        self._spec = spec
        self._state = State(self.VERSION, has_begun=spec.session_id is not None)

    @property
    def session_id(self) -> str:
        """Return the session: the one to continue, else one that follows from what is on the disk before a launch."""
        own = f"{self._spec.id}/{self._spec.created_at!r}/{self._spec.cwd}"
        return self._spec.session_id or str(uuid.uuid5(_SESSIONS, own))

    def arguments(self) -> tuple[str, ...]:
        """Return how the next process gets its session (made under our id, or continued) and its model."""
        model = ("--model", self._spec.model) if self._spec.model else ()
        return ("--resume" if self._state.has_begun else "--session-id", self.session_id, *model)

    # -- stimuli

    def feed(self, mark: Mark, data: bytes) -> Sequence[Fact]:
        """Take the bytes of one mark."""
        match mark.stream:
            case Stream.OUT:
                return self._lines(self._state.out.frames(data), self._from_agent, mark)
            case Stream.IN:
                return self._lines(self._state.inp.frames(data), self._to_agent, mark)
            case Stream.CTL:
                control = read_control(data)
                return [] if control is None else self._control(control, mark)
            case Stream.ERR:
                self._state.complaint = (self._state.complaint + data)[-COMPLAINT:]
                return []

    def tick(self, now: float) -> Sequence[Fact]:
        """Note a handshake that takes long."""
        state = self._state
        if state.deadline is None or now < state.deadline:
            return []
        state.deadline = None
        return [Noted(f"the handshake has taken {SLOW_S:.0f} s and goes on", level="warning")]

    def next_deadline(self) -> float | None:
        """Return when the running handshake counts as slow."""
        return self._state.deadline

    def _lines(
        self, frames: Iterator[Frame], take: Callable[[dict[str, Any], Mark], list[Fact]], mark: Mark
    ) -> list[Fact]:
        facts: list[Fact] = []
        for frame in frames:
            facts += self._stray(frame) if isinstance(frame, Garbage) else take(frame, mark)
        return facts

    def _stray(self, garbage: Garbage) -> list[Fact]:
        told = self._state.noted.get("stray", 0) + 1
        self._state.noted["stray"] = told
        if told > NOTE_LIMIT:
            return []
        more = "; more of them are only in the raw log" if told == NOTE_LIMIT else ""
        return [Noted(f"a line outside the protocol ({garbage.why}){more}", garbage.raw)]

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
        how, complaint = ending(control), self._complaint()
        if _TAKEN in complaint:
            state.has_begun = True
        elif _MISSING in complaint:
            state.has_begun = False
        facts = self._gone(f"the process {how}", mark)
        if state.phase in (Phase.INITIALIZE, Phase.CONFIGURE):
            facts.append(SessionFailed(f"the program {how} before its session was open", self._hint(complaint)))
        state.phase = Phase.DOWN
        return [*facts, ProcessEnded(control.code, control.signal)]

    def _hint(self, complaint: str) -> str:
        if _MISSING in complaint:
            return f"{complaint}. Resume again to begin a new conversation: its transcript was lost."
        return f"{complaint}. Resume again to continue it." if _TAKEN in complaint else complaint

    def _gone(self, why: str, mark: Mark) -> list[Fact]:
        """Close what only a living process could have ended."""
        state = self._state
        facts = turns.cut_off(state, why, self._complaint(), mark)
        facts += asks.withdraw(state) + turns.end_tools(state)
        if state.resting is not None and state.resting.turn not in (Turn.DONE, Turn.ERROR):
            state.resting = None
        state.replies, state.pending, state.deadline = {}, {}, None
        state.out.reset()
        state.inp.reset()
        return facts

    def _complaint(self) -> str:
        """Return the last line the program wrote to stderr."""
        lines = self._state.complaint.decode("utf-8", "replace").splitlines()
        return next((line for raw in reversed(lines) if (line := one_line(raw, 300))), "")

    # -- messages of the program

    def _from_agent(self, message: dict[str, Any], mark: Mark) -> list[Fact]:
        state, cwd = self._state, self._spec.cwd
        match message.get("type"):
            case "stream_event":
                return turns.on_stream(state, message)
            case "assistant":
                return turns.on_assistant(state, message, cwd, mark)
            case "user":
                return turns.on_user(state, message, mark)
            case "result":
                return turns.on_result(state, message, mark)
            case "control_request":
                return asks.on_request(state, message, cwd, mark)
            case "control_cancel_request":
                return asks.withdraw(state, str(message.get("request_id")))
            case "control_response" if isinstance(message.get("response"), dict):
                return self._answered(message["response"], mark)
            case "system":
                return self._told(message, mark)
            case kind:
                return self._aside(str(kind), message)

    def _aside(self, kind: str, message: dict[str, Any]) -> list[Fact]:
        if kind in _QUIET:
            return []
        about = one_line(kind, 60)
        words = _ASIDES.get(kind, f"an unknown message “{about}”")
        return messages.note_once(self._state, f"type:{about}", words, message)

    def _told(self, message: dict[str, Any], mark: Mark) -> list[Fact]:
        state = self._state
        facts: list[Fact] = []
        mode = message.get("permissionMode")
        if isinstance(mode, str):
            facts += self._mode(mode)
        subtype = one_line(str(message.get("subtype")), 60)
        match subtype:
            case "init":
                state.has_begun = True
                turns.on_working(state, mark)
            case "api_retry":
                facts += turns.on_retry(state, message)
            case "status":
                if state.turn is not None and message.get("status") == "requesting":
                    state.turn.activity = ""
            case _ if subtype not in _QUIET_SYSTEM:
                facts += messages.note_once(state, f"system:{subtype}", f"the program says “{subtype}”", message)
        return facts

    def _mode(self, mode: str) -> list[Fact]:
        if mode == self._state.mode:
            return []
        self._state.mode = one_line(mode, 60)
        return [ModesChanged(MODES, self._state.mode)]

    def _answered(self, response: dict[str, Any], mark: Mark) -> list[Fact]:
        state = self._state
        pending = state.pending.pop(str(response.get("request_id")), None)
        if pending is None:
            return messages.note_once(state, "late", "an answer to nothing that is open", response)
        failed = response.get("subtype") != "success"
        reason = one_line(str(response.get("error") or "it gave no reason"), 300)
        body = response.get("response")
        match pending.subtype:
            case "initialize" if failed:
                state.phase, state.deadline = Phase.FAILED, None
                return [SessionFailed(f"the program refused the handshake: {reason}")]
            case "initialize":
                state.phase = Phase.CONFIGURE if self._wanted_mode() else Phase.READY
                facts: list[Fact] = [CommandsChanged(_commands(body))]
                return facts if state.phase is Phase.CONFIGURE else [*facts, *self._opened(mark)]
            case "set_permission_mode":
                told = body.get("mode") if isinstance(body, dict) else None
                mode = told if isinstance(told, str) else pending.value
                facts = [Noted(f"the mode was not changed: {reason}", level="warning")] if failed else self._mode(mode)
                return [*facts, *self._opened(mark)] if state.phase is Phase.CONFIGURE else facts
            case _:
                what = one_line(pending.subtype, 60)
                return [Noted(f"{what} failed: {reason}", level="warning")] if failed else []

    def _opened(self, mark: Mark) -> list[Fact]:
        state = self._state
        state.phase, state.deadline = Phase.READY, None
        state.resting = Resting(Turn.IDLE, mark.monotonic, mark.wall)
        return [SessionStarted(self.session_id, resumed=state.has_begun)]

    # -- messages to the program, seen as they were written

    def _to_agent(self, message: dict[str, Any], mark: Mark) -> list[Fact]:
        state = self._state
        match message.get("type"):
            case "user":
                return turns.on_prompt(state, message, mark)
            case "control_response" if isinstance(message.get("response"), dict):
                return asks.on_answered(state, message["response"])
            case "control_request" if isinstance(message.get("request"), dict):
                self._asked(str(message.get("request_id")), message["request"], mark)
        return []

    def _asked(self, request_id: str, request: dict[str, Any], mark: Mark) -> None:
        state = self._state
        subtype = str(request.get("subtype"))
        state.pending[request_id] = Pending(subtype, str(request.get("mode") or ""))
        if subtype == "initialize":
            state.deadline = mark.monotonic + SLOW_S
        elif subtype == "interrupt" and state.turn is not None:
            state.turn.cancelling = True

    # -- what is

    def wants(self) -> Sequence[Want]:
        """Return the replies that are owed, then the handshake step that is due."""
        state = self._state
        return [Want(reply.key, reply.data) for reply in state.replies.values()] + self._step()

    def _step(self) -> list[Want]:
        state = self._state
        match state.phase:
            case Phase.INITIALIZE:
                key, request = f"init.{state.incarnation}", {"subtype": "initialize", "hooks": None}
            case Phase.CONFIGURE:
                request = {"subtype": "set_permission_mode", "mode": self._wanted_mode()}
                key = f"configure.{state.incarnation}"
            case _:
                return []
        return [] if key in state.pending else [Want(key, messages.control(key, request))]

    def _wanted_mode(self) -> str | None:
        return self._spec.mode or self._kind.mode

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
            detail = "stopping" if turn.cancelling else turns.activity(state)
            return (Evidence(Rank.PROTOCOL, Turn.WORKING, turn.since, turn.wall, detail=detail),)
        if resting is None:
            return ()
        blocked = Blocked.AUTH if resting.auth else None
        return (Evidence(Rank.PROTOCOL, resting.turn, resting.since, resting.wall, blocked, resting.detail),)

    def requests(self) -> Sequence[Request]:
        """Return the open requests, oldest first."""
        return [opened.request for opened in self._state.requests]

    def capabilities(self) -> frozenset[Capability]:
        """Return what Claude Code can do; a killed process's session can always be continued."""
        able = {Capability.PROMPT, Capability.INTERRUPT, Capability.ANSWER, Capability.ALWAYS, Capability.TRANSCRIPT}
        return frozenset({*able, Capability.RESUME, Capability.MODES})

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

    def answer(self, key: RequestKey, answer: Answer) -> bytes:
        """Return the answer to an open request."""
        return asks.answer(self._state, key, answer)

    def interrupt(self, token: str) -> bytes:
        """Return the request that ends the turn; the program itself takes back what it waits for."""
        self._require_session()
        if self._state.turn is None:
            raise NotPossible("no turn is running")
        return messages.control(f"stop.{token}", {"subtype": "interrupt"})

    def set_mode(self, mode: str, token: str) -> bytes:
        """Return the request that switches the mode; its answer is read back into the row."""
        self._require_session()
        if mode not in (known := [m.id for m in MODES]):
            raise NotPossible(f"there is no mode “{mode}”; modes: {', '.join(known)}")
        return messages.control(f"mode.{token}", {"subtype": "set_permission_mode", "mode": mode})

    def _require_session(self) -> None:
        match self._state.phase:
            case Phase.READY if not self._state.closed:
                return
            case Phase.READY:
                raise NotPossible("the program closed its output and hears nothing any more: stop and resume it")
            case Phase.DOWN:
                raise NotPossible("the agent is not running: resume it first")
            case Phase.FAILED:
                raise NotPossible("its session could not be opened")
            case _:
                raise NotPossible("its session is not open yet")

    # -- checkpoints

    def dump(self) -> bytes:
        """Return the whole state."""
        return msgspec.json.encode(self._state)

    @classmethod
    def load(cls, kind: Kind, spec: Spec, state: bytes) -> Self:
        """Rebuild from ``dump``."""
        try:
            saved = msgspec.json.decode(state, type=State)
        except msgspec.DecodeError as error:
            raise ValueError(f"no state of a Claude adapter: {error}") from error
        if saved.version != cls.VERSION:
            raise ValueError(f"state of version {saved.version}, this is {cls.VERSION}")
        adapter = cls(kind, spec)
        adapter._state = saved
        return adapter


def _commands(body: Any) -> tuple[SlashCommand, ...]:
    listed = body.get("commands") if isinstance(body, dict) else None
    found = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return tuple(
        SlashCommand(one_line(str(item.get("name")), 100), one_line(str(item.get("description") or ""), 300))
        for item in found
    )

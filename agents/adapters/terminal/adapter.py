"""The adapter of any program on a pty or pipes.

Sans-IO. On pipes it is process facts only. On a pty it is a terminal: it keeps the screen, answers what the program
asks its terminal, and reads status, turns and approvals from it as far as there are rules for the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import msgspec

from agents.adapters import checkpoint, chosen
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
from agents.adapters.process import Control, ending, launch_failure, read_control
from agents.adapters.terminal import asks, delivery, listening, looking, opening, replies, turns, typing
from agents.adapters.terminal.state import Delivery, State
from agents.model import Capability, Evidence, Mark, Request, RequestKey, Stream, Turn
from agents.spec import Kind, Spec
from agents.status import program as programs
from agents.vt import libvterm
from agents.vt.screen import Screen, ScreenState
from agents.wire import TerminalState

#: Seconds after its start, and after its last query, in which what a program prints is taken in at once: it may ask.
PRESSING_S = 10.0

#: Seconds between two presses of Esc: in one write they would be another key.
PRESS_S = 0.12
_ESCAPE = b"\x1b"


class TerminalAdapter(Adapter):
    """One program without a protocol; owned by one unit."""

    VERSION: ClassVar[int] = 3
    ASKS_ON_SCREEN: ClassVar[bool] = True

    def __init__(self, kind: Kind, spec: Spec) -> None:
        self._kind = kind
        self._spec = spec
        self._program = programs.of(kind, spec.version)
        self._undrawn = 0  # the newest incarnation of which no screen is drawn
        self._screen = Screen(ScreenState(spec.rows, spec.cols))
        self._state = State(self.VERSION, self._screen.state)

    @property
    def _has_screen(self) -> bool:
        """Whether its screen is drawn: without a core nothing is known of it, and a message is typed as into any."""
        return self._spec.pty and not self._is_undrawn(self._state.incarnation) and not libvterm.missing()

    @property
    def _reads_box(self) -> bool:
        return self._program.box is not None and self._has_screen

    def _is_undrawn(self, incarnation: int) -> bool:
        return self._undrawn > 0 and incarnation <= self._undrawn

    def _begin(self, incarnation: int, *, torn: bool = False) -> State:
        """Begin with a program of which nothing was seen, or (``torn``) nothing until now."""
        empty = ScreenState(self._spec.rows, self._spec.cols, torn=torn)
        self._screen = Screen(empty, is_drawn=not self._is_undrawn(incarnation))
        before, self._state = self._state, State(self.VERSION, self._screen.state)
        self._state.pass_to(before.now, before.wall)
        self._state.alive = self._state.open = True
        self._state.started = before.now
        return self._state

    # -- what comes in

    def feed(self, mark: Mark, data: bytes) -> Sequence[Fact]:
        """Take the bytes of one mark."""
        self._state.pass_to(mark.monotonic, mark.wall)
        facts: list[Fact] = []
        if mark.stream is Stream.CTL:
            control = read_control(data)
            facts = [] if control is None else self._control(control)
        elif not self._spec.pty:
            return ()
        elif mark.stream is Stream.IN:
            self._typed(data)
        else:
            self._join()
            listening.heard(self._state, self._screen, self._program, mark, data)
        return [*facts, *self._follow()] if self._spec.pty and self._state.alive else facts

    def tick(self, now: float) -> Sequence[Fact]:
        """Look at the screen, give up what is late, and see what follows."""
        due, state = self.next_deadline(), self._state
        if due is None or now < due:
            return ()
        asks_at = asks.due(state)  # before the time passes: a moment that has come is no longer ahead
        state.pass_to(now, state.wall + max(0.0, now - state.now))
        replies.expire(state.replies, now)
        rest_at = looking.rest_due(state)
        is_look = any(at is not None and now >= at for at in (looking.due(state), asks_at))
        dialog = looking.look(state, self._screen, self._program) if is_look else None
        if rest_at is not None and now >= rest_at and state.shown.empty_since is not None:
            state.shown.is_rested = True
        if state.key_at is not None and now >= state.key_at:
            state.steps, state.key_at = state.steps + 1, None
            state.key, state.keys = Want(f"key:{state.steps}", state.keys[:1]), state.keys[1:]
        return self._follow(dialog, looked=is_look)

    def next_deadline(self) -> float | None:
        """Return when something is to be looked at or given up."""
        state = self._state
        if not state.alive or not self._spec.pty:
            return None
        due = (
            replies.due(state.replies),
            looking.due(state),
            looking.rest_due(state),
            asks.due(state),
            state.turns.recheck,
            state.turns.grace,
            state.key_at,
        )
        first = min((moment for moment in due if moment is not None), default=None)
        # What was put off may be due by now when the reason for that goes: never before what was heard already.
        return None if first is None else max(first, state.now)

    def _follow(self, dialog: programs.DialogReading | None = None, *, looked: bool = False) -> list[Fact]:
        """Judge what the terminal says now, and return what follows from it."""
        state = self._state
        turns.judge(state, looking.evidence(state))
        facts = turns.follow(state)
        facts += delivery.step(state, self._program)
        facts += asks.follow(state, dialog, looked=looked)
        return facts

    def _control(self, control: Control) -> list[Fact]:
        state = self._state
        match control.ev:
            case "start":
                self._begin(control.incarnation).incarnation = control.incarnation
                if control.rows > 0 and control.cols > 0:
                    self._screen.resize(control.rows, control.cols)
                return [ProcessStarted(control.incarnation, control.pid)]
            case "failed":
                text, hint = launch_failure(control)
                return [SessionFailed(text, hint)]
            case "resize" if control.rows > 0 and control.cols > 0:
                self._screen.resize(control.rows, control.cols)
                if state.shown.dirty is None and self._program.reads_screen:
                    state.shown.dirty = state.now
            case "wrote":
                self._wrote(control.id)
            case "stdin_closed":
                state.open = False
            case "exit":
                return self._ended(control)
        return []

    def _ended(self, control: Control) -> list[Fact]:
        state = self._state
        state.alive = state.open = False
        state.replies.waiting = []
        state.records.process_ended()
        facts = [*asks.withdraw(state), *delivery.cut_off(state), *turns.cut_off(state, ending(control))]
        return [*facts, ProcessEnded(control.code, control.signal)]

    def _join(self) -> None:
        """Begin in the middle of a process whose start is no longer in its log: of its screen nothing is known."""
        if self._state.incarnation == 0 and not self._state.alive:
            self._begin(0, torn=True)

    def _typed(self, data: bytes) -> None:
        state = self._state
        if not replies.echoed(state.replies, data):
            state.signals.typed()
            asks.pressed(state, data)
        typing.heard(state.typing, data)

    def _wrote(self, ident: str) -> None:
        """Take the keeper's word that a write of ours is wholly in the program."""
        state = self._state
        incarnation, _, rest = ident.partition(":")
        if incarnation != str(state.incarnation):
            return
        kind, _, what = rest.partition(":")
        match kind:
            case "prompt" if what.isdecimal() and self._reads_box:
                self._begin_delivery(int(what))
            case "want":
                replies.written(state.replies, what)
                delivery.done(state, what)
                if state.key is not None and state.key.key == what:
                    state.key = None
                    self._press_on()
            case "input" if state.delivery is not None:
                state.delivery.is_touched = True
            case "interrupt":
                state.turns.is_cancelled = state.turns.running is not None
                state.keys = self._interrupt[1:]
                self._press_on()
        state.typing.pasted = b""

    @property
    def _interrupt(self) -> bytes:
        """Return the keys that interrupt; each is pressed alone."""
        keys = self._program.keys.interrupt.encode()
        return keys if keys == _ESCAPE * len(keys) else b""

    def _press_on(self) -> None:
        state = self._state
        state.key_at = state.now + PRESS_S if state.keys else None

    def _begin_delivery(self, turn: int) -> None:
        state, typed = self._state, self._state.typing
        text = typed.pasted.decode(errors="replace")
        is_whole = bool(text) and typed.pasted_size == len(typed.pasted)
        state.delivery = Delivery(turn, text, state.now, max(typed.pasted_size, len(typed.pasted)), is_whole)

    # -- what there is to say

    def wants(self) -> Sequence[Want]:
        """Return the answers owed to the program, then what delivers a message."""
        state = self._state
        found = [Want(reply.key, reply.data) for reply in state.replies.waiting]
        if state.key is not None:
            found.append(state.key)
        if state.delivery is not None and state.delivery.due is not None:
            found.append(Want(state.delivery.due.key, state.delivery.due.data))
        return tuple(found)

    def evidence(self) -> Sequence[Evidence]:
        """Return what the terminal says about the turn. What hooks say is the unit's to add."""
        return tuple(looking.evidence(self._state)) if self._spec.pty else ()

    def requests(self) -> Sequence[Request]:
        """Return the approval on the screen, if there is one."""
        asked = self._state.asks.open
        return () if asked is None else (asked.request,)

    def capabilities(self) -> frozenset[Capability]:
        """Return INPUT and PROMPT; on a pty also TERMINAL and INTERRUPT; what its rules allow, and RESUME."""
        able = {Capability.INPUT, Capability.PROMPT}
        if self._spec.pty:
            able |= {Capability.TERMINAL, Capability.INTERRUPT}
        if self._reads_box:
            able.add(Capability.TURNS)
        if self._has_screen and self._program.dialogs:
            able.add(Capability.ANSWER)
            kinds = {option.kind for dialog in self._program.dialogs for option in dialog.options}
            able |= {Capability.ALWAYS} if "allow_always" in kinds else set()
        if chosen.continues(self._kind):
            able.add(Capability.RESUME)
        return frozenset(able)

    def reads_output(self) -> bool:
        """Tell whether it is a terminal of which something is known: there are rules for it, or it told its status.

        Any other is read too, only not as often: its first report may be heard a moment late.
        """
        state = self._state
        tells = bool(self._kind.status or state.records.records or state.signals.claims)
        return self._spec.pty and tells

    def is_pressing(self, now: float) -> bool:
        """Tell whether the program may ask its terminal something, or a message or an answer is on its way."""
        state = self._state
        if not self._spec.pty or not state.alive:
            return False
        asked = state.started if state.replies.asked_at is None else max(state.started, state.replies.asked_at)
        return now < asked + PRESSING_S or state.delivery is not None or asks.is_pressed(state, now)

    def size(self) -> tuple[int, int] | None:
        """Return the size of the terminal, ``None`` on pipes."""
        return (self._screen.state.rows, self._screen.state.cols) if self._spec.pty else None

    def leave_undrawn(self, incarnation: int) -> None:
        """Draw no screen of this process, nor of one before it."""
        self._undrawn = incarnation
        self._screen = Screen(self._screen.state, is_drawn=False)

    def rehearse(self) -> None:
        """Draw the screen as it would be at the next look."""
        if self._has_screen:
            Screen(msgspec.structs.replace(self._screen.state)).snapshot()

    def terminal(self, fed: int) -> TerminalState | None:
        """Return what a view begins with, ``None`` on pipes."""
        return opening.state(self._state, self._screen, fed) if self._spec.pty else None

    def torn_size(self) -> tuple[int, int] | None:
        """Return the size of a screen of which a part is missing, where its rules need it."""
        state = self._state
        if not state.alive or not state.shown.is_torn or not self._program.reads_screen or not self._has_screen:
            return None
        return self.size()

    def arguments(self) -> tuple[str, ...]:
        """Return how the next process gets its session, as the kind says; a plain program gets nothing."""
        return chosen.arguments(self._kind, self._spec)

    def ready(self) -> bool:
        """Tell whether a message can be typed now: its input is read, and where its box can be read, it is free."""
        state = self._state
        if not (state.alive and state.open):
            return False
        if not self._reads_box:
            return True
        is_free = state.delivery is None and state.turns.running is None
        return is_free and state.shown.is_rested and state.turns.turn not in (Turn.WORKING, Turn.BLOCKED)

    # -- what is to be written

    def prompt(self, turn: int, text: str) -> bytes:
        """Return ``text`` as it is typed.

        Where the input box can be read that is the paste alone: Enter follows once the box shows it. A program with an
        editor of its own (quirk ``paste``) gets a paste with Enter behind it, in which line breaks are no Enter key;
        any other one a typed line, of which nothing but its delivery is known.
        """
        self._require_open()
        if self._reads_box:
            if not self.ready():
                raise NotPossible(f"{self._spec.name} takes no message now")
            is_paste = self._state.modes.bracketed
            return typing.pasted(text) if is_paste else typing.plain(text).replace("\n", " ").encode()
        if self._spec.pty and self._kind.quirks.get("paste") is True:
            return typing.pasted(text) + b"\r"
        return text.rstrip("\r\n").encode() + (b"\r" if self._spec.pty else b"\n")

    def answer(self, key: RequestKey, answer: Answer) -> bytes:
        """Return the keys of the answer, if what they answer is on the screen at this very moment."""
        name, asked = self._spec.name, self._state.asks.open
        if Capability.ANSWER not in self.capabilities():
            raise NotPossible(f"{name} has no protocol to ask by: type the answer into it")
        self._require_open()
        if asked is None or asked.request.key != key:
            raise NotPossible(f"{name} does not ask that any more")
        snapshot = self._screen.snapshot()
        reading = None if snapshot is None else programs.read_dialog(self._program, snapshot)
        if reading is None or reading.key != asked.content:
            raise NotPossible(f"the screen of {name} has changed since it asked: look at it and decide anew")
        return asks.keys(asked, asks.choices(self._state, reading), answer, name)

    def interrupt(self, token: str) -> bytes:
        """Return Ctrl+C, or the key of the program, which only a terminal turns into an interrupt."""
        if not self._spec.pty:
            raise NotPossible(f"{self._spec.name} runs on pipes, where no key interrupts it: stop it instead")
        self._require_open()
        if self._kind.status:
            return self._interrupt[:1] or self._program.keys.interrupt.encode()
        return b"\x1b" if self._kind.quirks.get("interrupt") == "escape" else b"\x03"

    def set_mode(self, mode: str, token: str) -> bytes:
        """Raise NotPossible: there are no modes."""
        raise NotPossible(f"{self._spec.name} has no modes")

    # -- checkpoints

    def dump(self) -> bytes:
        """Return the whole state."""
        self._state.screen = self._screen.state
        return msgspec.json.encode(self._state)

    @classmethod
    def load(cls, kind: Kind, spec: Spec, state: bytes) -> Self:
        """Rebuild from ``dump``."""
        adapter = cls(kind, spec)
        adapter._state = checkpoint.read(state, State, cls.VERSION)
        adapter._screen = Screen(adapter._state.screen)
        return adapter

    def _require_open(self) -> None:
        if not self._state.alive:
            raise NotPossible(f"{self._spec.name} is not running")
        if not self._state.open:
            raise NotPossible(f"the input of {self._spec.name} is closed")

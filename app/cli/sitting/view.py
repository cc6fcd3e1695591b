"""One sitting at an agent's terminal: its output is shown, what is typed passes, and a lost daemon is found again.

The agent is never ended from here. What does not fit into this terminal is never printed into it as it is.
"""

from __future__ import annotations

import contextlib
import os
import select
import time
from typing import Final

import msgspec

from agents.events import AgentChanged, AgentRemoved, LogGrew, NumberedEvent
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import LIVE, AgentRow, Stream
from agents.wire import AgentRef, Input, LogBytes, ReadLog, Resize, TerminalState, Watch
from app.cli.output import Bytes
from app.cli.session import Session
from app.cli.sitting import picture, seat
from app.cli.sitting.keys import Keys
from app.cli.sitting.passage import Passage
from app.client.api import ConnectionLost
from app.client.blocking import BlockingClient

#: Bytes shown between two looks at the keyboard, and bytes behind from which on the rest is not printed any more.
CHUNK: Final = 64 * 1024
MOST_BEHIND: Final = 2 * 1024 * 1024

#: Seconds another size may last before it is shown as text, between two drawings of that, and until ours is there.
OTHER_S: Final = 0.3
ASIDE_S: Final = 0.2
SIZED_S: Final = 1.0

_ENTER, _LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


class Sitter(msgspec.Struct, frozen=True):
    """Who sits where: the agent, its name cleaned, our terminal, and what may be done in it."""

    agent: str
    name: str
    keyboard: int
    is_terminal: bool
    is_read_only: bool = False


class View:
    """Owned by one run of ``attach``; in its one thread."""

    def __init__(self, session: Session, sitter: Sitter, out: Bytes) -> None:
        self._session = session
        self._sitter = sitter
        self._out = out
        self._keys = Keys()
        self._passage = Passage()
        self._shown = -1  # bytes of the output that are shown, or passed over
        self._told = 0  # bytes of it there are
        self._cells = (0, 0)  # of the agent's terminal
        self._other_since: float | None = None
        self._is_aside = False  # it is shown as text
        self._redraw_at: float | None = None  # when that is drawn anew
        self._ended = ""

    def run(self) -> str:
        """Return how the agent ended, nothing when the user left."""
        try:
            with seat.resizes() as resized:
                while True:
                    try:
                        with self._session.events() as client:
                            self._sit_down(client)
                            while not self._ended and self._step(client, resized):
                                pass
                            return self._ended
                    except ConnectionLost:
                        self._session.close()  # the next round finds or starts another daemon
        finally:
            self._give_back()

    def _give_back(self) -> None:
        """Leave the terminal as it was found."""
        with contextlib.suppress(OSError):  # it was closed
            self._out.write((_LEAVE if self._is_aside else b"") + self._passage.undo())
            self._out.flush()
        if self._passage.changes_input:
            seat.forget_input(self._sitter.keyboard)

    # -- beginning

    def _sit_down(self, client: BlockingClient) -> None:
        sitter = self._sitter
        client.call("pane.watch", Watch((sitter.agent,)))
        if self._shown < 0:
            self._look_at(client.call("agent.show", AgentRef(sitter.agent)).row)
            if not sitter.is_read_only:
                self._claim(client)
            self._begin(client)
        else:  # another daemon: what is on the screen goes on
            self._show(client, None)
            self._look_at(client.call("agent.show", AgentRef(sitter.agent)).row)

    def _begin(self, client: BlockingClient, *, again: bool = False) -> None:
        """Show the terminal as it is; ``again`` where something else stands on the screen."""
        state = self._opened(client, None if self._sitter.is_read_only or again else SIZED_S)
        if state is None:
            self._shown = 0
            past: LogBytes = client.call("log.read", ReadLog(self._sitter.agent, Stream.OUT, -picture.TAIL, CHUNK))
            self._put(self._passage.past(past.data))
            self._shown = self._told = past.offset + len(past.data)
            return
        self._cells, self._shown = (state.rows, state.cols), state.offset
        self._told = max(self._told, state.offset)
        if not self._fits():
            self._step_aside(client)
            return
        self._draw(client, state, again=again)
        if state.alternate and not self._sitter.is_read_only:
            self._resize(client, narrower=1)  # programs paint anew when the size changes, and only then
            self._resize(client)

    def _draw(self, client: BlockingClient, state: TerminalState, *, again: bool) -> None:
        size, begin = self._size(), picture.tail_at(state)
        order = ReadLog(self._sitter.agent, Stream.OUT, begin, state.offset - begin)
        past: LogBytes = client.call("log.read", order)
        lines = picture.whole_lines(past.data, is_cut=past.offset > state.began)
        self._put(b"\x1b[2J\x1b[H" if again else b"")
        if picture.needs_drawing(state, lines, size) or (again and state.lines is not None):
            self._put(self._passage.live(state.modes) + picture.screen(state, size))
        else:
            self._put(self._passage.past(lines) + self._passage.live(state.modes))

    def _opened(self, client: BlockingClient, patience: float | None) -> TerminalState | None:
        """Return the terminal as it is, once it has our size or that takes too long; None where nobody knows it."""
        if not self._sitter.is_terminal:
            return None
        deadline = time.monotonic() + (patience or 0.0)
        while True:
            try:
                state: TerminalState = client.call("terminal.open", AgentRef(self._sitter.agent))
            except RpcError as error:
                if error.code is not ErrorCode.NOT_POSSIBLE:
                    raise
                return None  # it is being found again: what it says next is shown
            if (state.rows, state.cols) == self._size() or time.monotonic() >= deadline:
                return state
            time.sleep(0.01)

    # -- sizes

    def _size(self) -> tuple[int, int]:
        return seat.size(self._sitter.keyboard)

    def _fits(self) -> bool:
        """Tell whether what is written for its size comes out right here (one column less does)."""
        (rows, cols), own = self._cells, self._size()
        return not self._sitter.is_terminal or (rows == own[0] and own[1] - 1 <= cols <= own[1])

    def _claim(self, client: BlockingClient) -> None:
        """Have it take our size; what it has is not told again."""
        if self._sitter.is_terminal and not self._sitter.is_read_only and self._cells != self._size():
            self._resize(client)

    def _resize(self, client: BlockingClient, narrower: int = 0) -> None:
        rows, cols = self._size()
        with contextlib.suppress(NotNow):
            call_now(client, "agent.resize", Resize(self._sitter.agent, rows, max(1, cols - narrower)))

    def _step_aside(self, client: BlockingClient) -> None:
        """Show it as text, as much as there is room for, while another view has another size."""
        if not self._is_aside:
            self._put(self._passage.undo() + _ENTER)
            self._passage = Passage()
        self._is_aside, self._redraw_at = True, None
        state = self._opened(client, None)
        if state is None:
            return
        way = "read-only" if self._sitter.is_read_only else "any key takes it here"
        notice = f" {self._sitter.name} is {state.rows}×{state.cols} in another view, this is text of it; {way} "
        self._cells, self._shown = (state.rows, state.cols), state.offset
        if self._fits():
            self._come_back(client)
        else:
            self._put(picture.aside(state, self._size(), notice))

    def _come_back(self, client: BlockingClient) -> None:
        self._other_since = None
        if self._is_aside:
            self._is_aside = False
            self._put(b"\x1b[?25h" + _LEAVE)
        else:
            self._put(self._passage.undo())
        self._passage = Passage()
        self._begin(client, again=True)

    # -- one step

    def _step(self, client: BlockingClient, resized: int) -> bool:
        """Wait for one thing and do it; return false when the user leaves."""
        while event := client.next_event(0):
            self._take(client, event)
        is_busy = self._catch_up(client)
        if self._ended:
            return False
        ready = select.poll()
        for descriptor in (self._sitter.keyboard, client.fileno(), resized):
            ready.register(descriptor, select.POLLIN)
        found = {descriptor for descriptor, _ in ready.poll(0.0 if is_busy else self._patience())}
        # Asked anew: a signal that came together with a key is seen only after the poll, and what is typed behind a
        # change of size must find the new one.
        if seat.drained(resized):
            self._claim(client)
            self._note_size()
        if client.fileno() in found:
            return True  # first what the daemon says: when it died, the keys wait for the next one
        if self._sitter.keyboard in found:
            return self._type(client)
        return True

    def _patience(self) -> float | None:
        """Return milliseconds until something is due."""
        due = None if self._other_since is None else self._other_since + OTHER_S
        if self._is_aside:
            due = self._redraw_at
        return None if due is None else max(0.0, due - time.monotonic()) * 1000

    def _take(self, client: BlockingClient, numbered: NumberedEvent) -> None:
        match numbered.event:
            case LogGrew(agent=agent) as grown if agent == self._sitter.agent:
                self._grew(client, grown)
            case AgentChanged(row=row) if row.id == self._sitter.agent:
                self._look_at(row)
                if self._ended:
                    self._show(client, None)
            case AgentRemoved(id=agent) if agent == self._sitter.agent:
                self._ended = "was removed"

    def _grew(self, client: BlockingClient, grown: LogGrew) -> None:
        """Learn how much there is; another size counts from there on, and what lies before is still for the old one."""
        self._told = max(self._told, grown.out)
        cells = (grown.rows, grown.cols)
        if cells != self._cells:
            if self._fits() and not self._is_aside:
                self._show(client, grown.out)
            self._cells = cells
        self._note_size()

    def _note_size(self) -> None:
        """Note since when it does not fit; what is shown as text is drawn anew soon."""
        if self._is_aside and self._redraw_at is None:
            self._redraw_at = time.monotonic() + ASIDE_S
        if self._fits():
            self._other_since = None
        elif self._other_since is None:
            self._other_since = time.monotonic()

    def _catch_up(self, client: BlockingClient) -> bool:
        """Show what there is, as it is or as text; tell whether the daemon was asked: its events may wait unseen."""
        now = time.monotonic()
        if self._is_aside:
            if self._fits():
                self._come_back(client)
            elif self._redraw_at is not None and now >= self._redraw_at:
                self._step_aside(client)
            else:
                return False
        elif self._fits() and self._told - self._shown > MOST_BEHIND:
            self._come_back(client)
        elif self._fits() and self._shown < self._told:
            self._show(client, min(self._told, self._shown + CHUNK))
        elif self._other_since is not None and now >= self._other_since + OTHER_S:
            self._step_aside(client)
        else:
            return False
        return True

    def _look_at(self, row: AgentRow) -> None:
        if row.lifecycle not in LIVE:
            self._ended = row.headline

    def _type(self, client: BlockingClient) -> bool:
        data = b""
        with contextlib.suppress(OSError):  # the terminal was closed
            data = os.read(self._sitter.keyboard, 65536)
        passed, leaves = self._keys.feed(data)
        if passed and not self._sitter.is_read_only:
            self._claim(client)  # whoever types here has the focus
            self._send(client, passed)
        return bool(data) and not leaves

    def _send(self, client: BlockingClient, data: bytes) -> None:
        try:
            call_now(client, "agent.input", Input(self._sitter.agent, data))
        except (NotNow, ConnectionLost) as error:
            # Perhaps lost on the way. Not typed again, since a doubled answer is worse than a missing one: it beeps.
            self._put(b"\a")
            if isinstance(error, ConnectionLost):
                raise

    # -- showing

    def _show(self, client: BlockingClient, end: int | None) -> None:
        """Show the output up to ``end``, or all there is; of very much only the last part."""
        if self._is_aside:
            return
        while end is None or self._shown < end:
            length = CHUNK if end is None else min(CHUNK, end - self._shown)
            part: LogBytes = client.call("log.read", ReadLog(self._sitter.agent, Stream.OUT, self._shown, length))
            if part.size - self._shown > MOST_BEHIND:
                self._shown = part.size - CHUNK
                continue
            self._put(self._passage.live(part.data))
            self._shown = part.offset + len(part.data)
            if not part.data:
                break

    def _put(self, data: bytes) -> None:
        if data:
            with contextlib.suppress(OSError):  # the terminal was closed: its keyboard says so next
                self._out.write(data)
                self._out.flush()


class NotNow(Exception):
    """The agent takes nothing at this moment: it just ended, or a new daemon is still finding it."""


def call_now(client: BlockingClient, method: str, params: msgspec.Struct) -> None:
    """Call. Raises NotNow, RpcError, ConnectionLost."""
    try:
        client.call(method, params)
    except RpcError as error:
        if error.code is not ErrorCode.NOT_POSSIBLE:
            raise
        raise NotNow from error

"""``attach``: an agent's terminal in this terminal. Bytes pass both ways unchanged, except the keys that leave.

The agent is never ended from here: leaving, a closed window or a lost daemon only ends the view.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import termios
import tty
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from agents.events import AgentChanged, AgentRemoved, LogGrew, NumberedEvent
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import LIVE, AgentRow, Capability, Stream
from agents.status.untrusted import one_line
from agents.wire import AgentRef, Input, LogBytes, ReadLog, Resize, Shown, Watch
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.output import Bytes
from app.client.api import ConnectionLost
from app.client.blocking import BlockingClient

#: Bytes of the past shown at first.
TAIL = 32 * 1024

_CHUNK = 1024 * 1024

#: What a program may have switched on in our terminal, switched off again: alternate screen, mouse, paste, focus, keys.
RESTORE = b"\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[<u\x1b[?25h\x1b[0m"

#: Questions a program asked of its terminal long ago; ours would answer them anew into the program's input.
_QUERIES = re.compile(
    rb"\x1b\[[>=]?[0-9]*c|\x1b\[\??[56]n|\x1b\[\?u|\x1b\[\??[0-9]+\$p|\x1b\[>[0-9]*q"  # DA DSR kitty DECRQM XTVERSION
    rb"|\x1b\][0-9;]+;\?[^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP[+$]q[^\x1b]*\x1b\\"  # colours and the like, capabilities
)


class Keys:
    """Finds the keys that leave: Ctrl-] then d, or Ctrl-backslash twice; also as the kitty protocol writes them."""

    _ESCAPE = re.compile(rb"(\x1c|\x1b\[92;5u)|(\x1d|\x1b\[93;5u)")

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """Return what is for the program, and whether the user leaves."""
        data, self._held = self._held + data, b""
        passed = b""
        while found := self._ESCAPE.search(data):
            passed += data[: found.start()]
            rest = data[found.end() :]
            if not rest:
                self._held = found[0]
                return passed, False
            if self._leaves(found, rest):
                return passed, True
            passed += found[0]
            data = rest
        return passed + data, False

    def _leaves(self, found: re.Match[bytes], rest: bytes) -> bool:
        if found[1]:
            again = self._ESCAPE.match(rest)
            return again is not None and again[1] is not None
        return rest.startswith((b"d", b"\x1b[100u"))


def attach(context: Context, args: Namespace) -> int:
    """Sit at an agent's terminal."""
    shown: Shown = context.call("agent.show", AgentRef(args.id))
    row = shown.row
    _check(context, row)
    name = one_line(row.name)
    context.output.error((f"attached to {name}; Ctrl-] d leaves", "muted"))
    screen = context.output.raw()
    is_terminal = Capability.TERMINAL in row.capabilities
    with keyboard(context.stdin.fileno(), is_raw=is_terminal):
        try:
            ended = _View(context, row.id, screen, is_terminal=is_terminal).run()
        finally:
            if is_terminal:
                screen.write(RESTORE)
            screen.flush()
    context.output.error("")
    context.output.error((f"{name} {ended}" if ended else f"left {name}; it goes on", "muted"))
    return Exit.DONE


def _check(context: Context, row: AgentRow) -> None:
    name = one_line(row.name)
    if row.lifecycle not in LIVE:
        raise CommandError(f"{name} does not run ({row.headline}); its output: quarterdeck log {row.id}")
    if Capability.INPUT not in row.capabilities:
        raise CommandError(
            f"{name} has no terminal: it speaks a protocol. Send a message with `quarterdeck send {row.id} TEXT`, "
            f"or watch it with `quarterdeck log -f {row.id}`"
        )
    if not (context.stdin.isatty() and context.output.is_terminal):
        raise CommandError(f"attach needs a terminal on stdin and stdout; see quarterdeck log -f {row.id}")


@contextmanager
def keyboard(descriptor: int, *, is_raw: bool) -> Iterator[None]:
    """Pass every key on unchanged; a program on pipes gets whole lines instead, edited as usual."""
    before = termios.tcgetattr(descriptor)
    try:
        if is_raw:
            tty.setraw(descriptor, termios.TCSADRAIN)  # what was typed ahead is for the program
        yield
    finally:
        with contextlib.suppress(termios.error):  # the terminal was closed: there is nothing to put back
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


class _View:
    """One sitting: the connections, how far the output is shown, and the keys."""

    def __init__(self, context: Context, agent: str, screen: Bytes, *, is_terminal: bool) -> None:
        self._context = context
        self._agent = agent
        self._screen = screen
        self._is_terminal = is_terminal
        self._keys = Keys()
        self._shown = -1
        self._ended = ""

    def run(self) -> str:
        """Return how the agent ended, nothing when the user left."""
        with _resizes() as resized:
            while True:
                try:
                    with self._context.session.events() as client:
                        self._begin(client)
                        while not self._ended and self._step(client, resized):
                            pass
                        return self._ended
                except ConnectionLost:
                    self._context.session.close()  # the next round finds or starts another daemon

    def _begin(self, client: BlockingClient) -> None:
        client.call("pane.watch", Watch((self._agent,)))
        self._show(client)
        if self._is_terminal:
            self._resize(client, narrower=1)  # programs paint anew when the size changes, and only then
            self._resize(client)
        row: AgentRow = client.call("agent.show", AgentRef(self._agent)).row
        self._look_at(row)

    def _resize(self, client: BlockingClient, narrower: int = 0) -> None:
        # Of the terminal itself: COLUMNS and LINES, where a shell exports them, stay as they were when it changes.
        size = os.get_terminal_size(self._context.stdin.fileno())
        order = Resize(self._agent, max(1, size.lines), max(1, size.columns - narrower))
        with contextlib.suppress(NotNow):
            _call_now(client, "agent.resize", order)

    def _step(self, client: BlockingClient, resized: int) -> bool:
        """Wait for one thing and do it; return false when the user leaves."""
        while event := client.next_event(0):
            self._take(client, event)
        if self._ended:
            return False
        ready = select.poll()
        for descriptor in (self._context.stdin.fileno(), client.fileno(), resized):
            ready.register(descriptor, select.POLLIN)
        found = {descriptor for descriptor, _ in ready.poll()}
        # Asked anew: a signal that came together with a key is seen only after the poll, and what is typed behind a
        # change of size must find the new one.
        if _drained(resized) and self._is_terminal:
            self._resize(client)
        if client.fileno() in found:
            return True  # first what the daemon says: when it died, the keys wait for the next one
        if self._context.stdin.fileno() in found:
            return self._type(client)
        return True

    def _take(self, client: BlockingClient, numbered: NumberedEvent) -> None:
        match numbered.event:
            case LogGrew(agent=agent) if agent == self._agent:
                self._show(client)
            case AgentChanged(row=row) if row.id == self._agent:
                self._look_at(row)
                if self._ended:
                    self._show(client)
            case AgentRemoved(id=agent) if agent == self._agent:
                self._ended = "was removed"

    def _look_at(self, row: AgentRow) -> None:
        if row.lifecycle not in LIVE:
            self._ended = row.headline

    def _type(self, client: BlockingClient) -> bool:
        data = os.read(self._context.stdin.fileno(), 65536)
        passed, leaves = self._keys.feed(data)
        if passed:
            self._send(client, passed)
        return bool(data) and not leaves

    def _send(self, client: BlockingClient, data: bytes) -> None:
        try:
            _call_now(client, "agent.input", Input(self._agent, data))
        except (NotNow, ConnectionLost) as error:
            # Perhaps lost on the way. Not typed again, since a doubled answer is worse than a missing one: it beeps.
            self._screen.write(b"\a")
            self._screen.flush()
            if isinstance(error, ConnectionLost):
                raise

    def _show(self, client: BlockingClient) -> None:
        """Show what is new; at first the end of the past, without its questions to the terminal."""
        is_past = self._shown < 0
        while True:
            begin = -TAIL if self._shown < 0 else self._shown
            part: LogBytes = client.call("log.read", ReadLog(self._agent, Stream.OUT, begin, _CHUNK))
            self._screen.write(_QUERIES.sub(b"", part.data) if is_past else part.data)
            self._shown = part.offset + len(part.data)
            if not part.data or self._shown >= part.size:
                break
        self._screen.flush()


class NotNow(Exception):
    """The agent takes nothing at this moment: it just ended, or a new daemon is still finding it."""


def _call_now(client: BlockingClient, method: str, params: msgspec.Struct) -> None:
    try:
        client.call(method, params)
    except RpcError as error:
        if error.code is not ErrorCode.NOT_POSSIBLE:
            raise
        raise NotNow from error


def _drained(descriptor: int) -> bool:
    """Read what there is and tell whether there was anything."""
    try:
        return bool(os.read(descriptor, 4096))
    except BlockingIOError:
        return False


@contextmanager
def _resizes() -> Iterator[int]:
    """Return a descriptor that becomes readable when the terminal changes its size."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    former = signal.signal(signal.SIGWINCH, lambda *_: None)
    try:
        yield reader
    finally:
        signal.signal(signal.SIGWINCH, former)
        signal.set_wakeup_fd(wakeup)
        os.close(reader)
        os.close(writer)

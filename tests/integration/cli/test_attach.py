"""Sitting at a real agent's terminal in a real terminal."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agents.vt import queries
from agents.vt.modes import Modes
from agents.vt.screen import Screen, ScreenState, Snapshot
from agents.vt.stream import Splitter
from tests.integration.cli.conftest import PROGRAM, Deck, wait_until

#: Longest wait for a fact: a broken product, not a busy machine.
PATIENCE_S = 60.0


class Terminal:
    """A terminal with a program in it; what the program wrote so far is ``seen``."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:  # noqa: TID251
        self._master = master
        self.process = process
        self.seen = b""
        self.whole = b""
        self.rows, self.cols = 30, 100

    def type(self, data: bytes) -> None:
        os.write(self._master, data)

    def expect(self, text: bytes) -> None:
        """Read until ``text`` was seen, then forget everything up to its end."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    more = os.read(self._master, 65536)
                    self.seen, self.whole = self.seen + more, self.whole + more
                except OSError:  # Linux: the other end is closed
                    raise AssertionError(f"ended before {text!r}: {self.seen!r}") from None
        self.seen = self.seen.partition(text)[2]

    def shows(self, holds: Callable[[Snapshot], bool]) -> Snapshot:
        """Read until what is to be seen in this terminal is as wanted."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            screen = Screen(ScreenState(self.rows, self.cols))
            for piece in Splitter().feed(self.whole):
                screen.feed(queries.for_core(piece), 0.0)
            seen = screen.snapshot()
            assert seen is not None
            if holds(seen):
                return seen
            assert time.monotonic() < deadline, seen
            if select.select([self._master], [], [], 0.1)[0]:
                more = os.read(self._master, 65536)
                self.seen, self.whole = self.seen + more, self.whole + more

    @property
    def modes(self) -> Modes:
        """The modes this terminal is in by what was written to it."""
        modes = Modes()
        for piece in Splitter().feed(self.whole):
            modes.feed(piece)
        return modes

    def drain(self) -> None:
        """Read what is there."""
        while select.select([self._master], [], [], 0.1)[0]:
            more = os.read(self._master, 65536)
            self.seen, self.whole = self.seen + more, self.whole + more

    def resize(self, rows: int, cols: int) -> None:
        self.rows, self.cols = rows, cols
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        self.process.send_signal(signal.SIGWINCH)  # it has no controlling terminal to hear it from


@contextmanager
def terminal(deck: Deck, *argv: str, size: tuple[int, int] = (30, 100), code: int = 0) -> Iterator[Terminal]:
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    before = termios.tcgetattr(slave)
    env = deck.env | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen([*PROGRAM, *argv], env=env, stdin=slave, stdout=slave, stderr=slave)  # noqa: TID251
    try:
        with process:
            try:
                sitting = Terminal(master, process)
                sitting.rows, sitting.cols = size
                yield sitting
                assert process.wait(60) == code
                sitting.drain()
            except BaseException:
                process.kill()
                raise
        assert termios.tcgetattr(slave) == before
    finally:
        os.close(master)
        os.close(slave)


def test_keys_output_and_size_pass_both_ways_and_leaving_leaves_the_agent(deck: Deck) -> None:
    deck.json("run", "shell", "--pty", "-n", "term", "--", "env", "PS1=# ", "bash", "--norc", "--noprofile")
    with terminal(deck, "attach", "term") as sitting:
        sitting.expect(b"Ctrl-] d leaves")
        sitting.type(b"stty size; echo sum-$((40+2))\r")
        sitting.expect(b"30 100")
        sitting.expect(b"sum-42")
        sitting.resize(25, 90)
        sitting.type(b"stty size\r")
        sitting.expect(b"25 90")
        sitting.expect(b"# ")
        sitting.type(b"echo \x1b[A")  # an arrow and Ctrl-C are the program's
        sitting.expect(b"stty size")
        sitting.type(b"\x03")
        sitting.expect(b"^C")
        sitting.expect(b"# ")
        sitting.type(b"echo still-$((1+1))\r")
        sitting.expect(b"still-2")
        sitting.type(b"\x1dd")
        sitting.expect(b"left term; it goes on")
    assert deck.json("show", "term")["lifecycle"] == "running"
    with terminal(deck, "attach", "term") as again:
        again.expect(b"still-2")  # the end of the past
        again.type(b"\x1c\x1c")
        again.expect(b"left term")


def test_the_view_survives_a_killed_daemon_and_ends_with_the_agent(deck: Deck) -> None:
    deck.json("run", "shell", "--pty", "-n", "term", "--", "env", "PS1=# ", "bash", "--norc", "--noprofile")
    with terminal(deck, "attach", "term") as sitting:
        sitting.expect(b"Ctrl-] d leaves")
        sitting.type(b"echo one-$((1+0))\r")
        sitting.expect(b"one-1")
        deck.kill_daemon()
        wait_until(lambda: deck.json("daemon", "start")["clients"] >= 2)  # it found the next one
        sitting.type(b"echo two-$((1+1))\r")
        sitting.expect(b"two-2")
        sitting.type(b"exit 3\r")
        sitting.expect(b"term exited 3")


def test_a_program_on_pipes_gets_lines(deck: Deck) -> None:
    deck.json("run", "shell", "-n", "cat", "--", "cat")
    with terminal(deck, "attach", "cat") as sitting:
        sitting.expect(b"Ctrl-] d leaves")
        sitting.type(b"hello\n")
        sitting.expect(b"hello\r\nhello\r\n")  # the terminal's echo, then cat's answer
        sitting.type(b"\x04")
        sitting.expect(b"left cat; it goes on")

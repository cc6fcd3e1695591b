"""Several terminals at one agent, of different sizes, inside tmux, killed: none is garbled, all are given back."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from agents.vt import libvterm
from agents.vt.modes import Modes
from tests.integration.cli.conftest import PROGRAM, Deck, wait_until
from tests.integration.cli.test_attach import terminal

pytestmark = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there is a core")

SHELL = ("env", "PS1=# ", "bash", "--norc", "--noprofile")

#: Draws its size and every key it gets on an alternate screen, in colours, with the mouse and all kinds of keys on.
PAINTER = r"""
import os, signal, sys, tty
tty.setraw(0)
typed, answers = "", 0
def paint(*_):
    cols, rows = os.get_terminal_size()
    text = f"\x1b[2J\x1b[H\x1b[31m{rows}x{cols}\x1b[0m answers {answers}\x1b[{rows};1H{'=' * (cols - 1)}"
    os.write(1, f"{text}\x1b[2;1Htyped {typed!r}".encode())
signal.signal(signal.SIGWINCH, paint)
os.write(1, b"\x1b[?1049h\x1b[>1u\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[?25l\x1b[6n")
paint()
while True:
    more = os.read(0, 100).decode()
    answers += more.count("\x1b[1;1R")
    typed += more.replace("\x1b[1;1R", "")
    paint()
    if typed.endswith("q"):
        os.write(1, b"\x1b[<u\x1b[?1002l\x1b[?1006l\x1b[?2004l\x1b[?25h\x1b[?1049l")
        sys.exit(5)
"""


@pytest.fixture
def painter(deck: Deck) -> str:
    program = deck.root / "painter.py"
    program.write_text(PAINTER)
    deck.json("run", "shell", "--pty", "-n", "painter", "--", sys.executable, str(program))
    return "painter"


def said(deck: Deck, name: str) -> bytes:
    return deck("log", "--raw", name, text=False).stdout


def test_a_program_on_the_alternate_screen_is_there_at_once_and_its_end_is_told(deck: Deck, painter: str) -> None:
    with terminal(deck, "attach", painter) as sitting:
        seen = sitting.shows(lambda seen: seen.alternate and "30x100" in seen.lines[0])
        assert seen.lines[29] == "=" * 99
        assert b"\x1b[6n" not in sitting.whole, "the daemon answered that, nobody else may"
        assert sitting.modes.flags == 1
        sitting.type(b"k\x1b[<0;3;4M")
        seen = sitting.shows(lambda seen: "k" in seen.lines[1] and "<0;3;4M" in seen.lines[1])
        assert seen.lines[0] == "30x100 answers 1", "one answer, though a terminal looks on"
        sitting.type(b"q")
        sitting.expect(b"painter exited 5")
    assert sitting.modes == Modes()


def test_left_it_goes_on_and_the_terminal_is_as_before(deck: Deck, painter: str) -> None:
    with terminal(deck, "attach", painter) as sitting:
        sitting.shows(lambda seen: "30x100" in seen.lines[0])
        sitting.type(b"\x1b[93;5:1u\x1b[93;5:3u\x1b[100u")  # as kitty writes Ctrl-] d
        sitting.expect(b"left painter; it goes on")
    assert sitting.modes == Modes()
    assert not sitting.shows(lambda seen: True).alternate
    with terminal(deck, "attach", painter) as again:
        again.shows(lambda seen: seen.alternate and "typed ''" in seen.lines[1])
        again.expect(b"\x1b[31m30x100")  # painted anew, with its colours
        again.type(b"\x1c\x1c")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_ended_by_a_signal_the_terminal_is_given_back(deck: Deck, painter: str, number: signal.Signals) -> None:
    with terminal(deck, "attach", painter, code=128 + number) as sitting:
        sitting.shows(lambda seen: "30x100" in seen.lines[0])
        sitting.process.send_signal(number)
    assert sitting.modes == Modes()
    assert deck.json("show", painter)["lifecycle"] == "running"


def test_a_window_closed_over_it_ends_the_view_and_nothing_else(deck: Deck, painter: str) -> None:
    master, slave = os.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    argv = ["setsid", "--ctty", "--wait", *PROGRAM, "attach", painter]
    process = subprocess.Popen(argv, env=deck.env, stdin=slave, stdout=slave, stderr=slave)  # noqa: TID251
    os.close(slave)
    seen = b""
    while b"=====" not in seen:
        seen += os.read(master, 65536)
    assert deck.json("daemon", "status")["clients"] > 1
    os.close(master)
    process.wait(60)
    wait_until(lambda: deck.json("daemon", "status")["clients"] == 1)
    assert deck.json("show", painter)["lifecycle"] == "running"


def test_two_views_of_different_size_are_never_garbled_and_who_types_has_the_size(deck: Deck, painter: str) -> None:
    with terminal(deck, "attach", painter, size=(20, 60)) as small:
        small.shows(lambda seen: "20x60" in seen.lines[0])
        with terminal(deck, "attach", painter, size=(40, 120)) as large:
            large.shows(lambda seen: "40x120" in seen.lines[0] and seen.lines[39] == "=" * 119)
            seen = small.shows(lambda seen: "painter is 40×120 in another view" in seen.lines[19])
            assert seen.lines[0].startswith("40x120 ")
            assert max(map(len, seen.lines)) <= 60
            large.type(b"L")
            small.shows(lambda seen: "typed 'L'" in seen.lines[1])
            small.type(b"S")
            seen = small.shows(lambda seen: "20x60" in seen.lines[0] and "typed 'LS'" in seen.lines[1])
            assert seen.lines[19] == "=" * 59
            large.shows(lambda seen: "painter is 20×60 in another view" in seen.lines[39])
            large.type(b"\x1dd")
        small.type(b"T")
        small.shows(lambda seen: "typed 'LST'" in seen.lines[1])
        small.type(b"\x1dd")
    assert small.modes == large.modes == Modes()


def test_the_terminal_under_a_view_changes_and_it_follows(deck: Deck, painter: str) -> None:
    with terminal(deck, "attach", painter) as sitting:
        sitting.shows(lambda seen: "30x100" in seen.lines[0])
        sitting.resize(12, 44)
        sitting.whole = b"\x1b[?1049h"
        sitting.shows(lambda seen: "12x44" in seen.lines[0] and seen.lines[11] == "=" * 43)
        sitting.type(b"\x1dd")


def test_who_only_looks_types_nothing_and_leaves_the_size(deck: Deck, painter: str) -> None:
    with terminal(deck, "attach", painter, size=(20, 60)) as sitting:
        sitting.shows(lambda seen: "20x60" in seen.lines[0])
        with terminal(deck, "attach", "-r", painter, size=(20, 60)) as looking:
            looking.expect(b"read-only")
            looking.shows(lambda seen: "20x60" in seen.lines[0])
            looking.type(b"no")
            sitting.type(b"yes")
            looking.shows(lambda seen: "typed 'yes'" in seen.lines[1])
            looking.type(b"\x1dd")
        with terminal(deck, "attach", "--read-only", painter, size=(10, 30)) as looking:
            looking.shows(lambda seen: "painter is 20×60" in seen.lines[9])
            looking.resize(12, 40)
            looking.shows(lambda seen: "painter is 20×60" in seen.lines[11])
            looking.resize(20, 60)
            looking.shows(lambda seen: "20x60" in seen.lines[0] and seen.lines[19] == "=" * 59)
            looking.type(b"\x1dd")
        sitting.type(b"\x1dd")
    assert b"typed 'yes'" in said(deck, painter)
    assert b"no" not in said(deck, painter)


def test_with_the_daemon_killed_the_view_goes_on_with_the_same_screen(deck: Deck, painter: str) -> None:
    with terminal(deck, "attach", painter) as sitting:
        sitting.shows(lambda seen: "30x100" in seen.lines[0])
        before = len(sitting.whole)
        deck.kill_daemon()
        wait_until(lambda: deck.json("daemon", "start")["clients"] >= 2)
        sitting.type(b"a")
        sitting.shows(lambda seen: "typed 'a'" in seen.lines[1] and "30x100" in seen.lines[0])
        assert b"\x1b[?1049l" not in sitting.whole[before:]
        sitting.type(b"\x1dd")


def test_a_flood_is_shown_at_its_end_and_an_interrupt_passes_it(deck: Deck) -> None:
    deck.json("run", "shell", "--pty", "-n", "term", "--", *SHELL)
    with terminal(deck, "attach", "term") as sitting:
        sitting.expect(b"# ")
        sitting.type(b"yes flood\r")
        sitting.expect(b"flood\r\nflood\r\n")
        sitting.type(b"\x03")
        sitting.expect(b"^C")
        sitting.type(b"echo over-$((1+1))\r")
        sitting.expect(b"over-2\r\n")
        sitting.type(b"exit\r")
        sitting.expect(b"term exited 0")


def test_an_agent_is_not_shown_in_its_own_terminal(deck: Deck) -> None:
    deck.json("run", "shell", "--pty", "-n", "term", "--", *SHELL)
    with terminal(deck, "attach", "term") as sitting:
        sitting.expect(b"# ")
        sitting.type(" ".join((*PROGRAM, "attach", "term")).encode() + b"\r")
        sitting.expect(b"this is the terminal of term itself")
        sitting.type(b"\x1dd")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_inside_tmux(deck: Deck, painter: str) -> None:
    server = ("tmux", "-f", os.devnull, "-S", str(deck.root / "tmux"))

    def tmux(*argv: str) -> str:
        env = deck.env | {"TERM": "xterm-256color"}
        ran = subprocess.run([*server, *argv], env=env, capture_output=True, text=True, timeout=60, check=True)
        return ran.stdout

    def shows(pattern: str) -> bool:
        return re.search(pattern, tmux("capture-pane", "-p", "-t", "sit")) is not None

    command = f"cd {Path.cwd()}; {' '.join(PROGRAM)} attach {painter}; exec sleep 600"
    tmux("new-session", "-d", "-s", "sit", "-x", "70", "-y", "20", "/bin/sh", "-c", command)
    try:
        wait_until(lambda: shows(r"\A(19|20)x70 "), 60)
        tmux("send-keys", "-t", "sit", "-l", "hi")
        wait_until(lambda: shows("typed 'hi'"), 60)
        tmux("send-keys", "-t", "sit", "C-]", "d")
        wait_until(lambda: shows("left painter; it goes on"), 60)
    finally:
        tmux("kill-server")

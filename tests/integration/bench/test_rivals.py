"""Programs on ptys of the bench, and other terminals beside: real ones, measured with little, and none left."""

from __future__ import annotations

import os
import shutil

import pytest

from agents.runtime.tree import identity
from app.bench.scene import BenchFailed, scene
from app.bench.tty import echoing, flooding, pty, rivals, texts

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
needs_xterm = pytest.mark.skipif(bool(rivals.missing("xterm")), reason="needs xterm and Xvfb")


def test_a_program_on_a_pty_has_it_as_its_terminal_and_ends_with_it() -> None:
    with pty.running(("/bin/sh", "-c", "stty size; tty; exec cat"), os.environ, 11, 77) as terminal:
        terminal.await_output(b"11 77", "the size")
        terminal.await_output(b"/dev/", "the name of its terminal")
        terminal.forget()
        terminal.send(b"mark\r")
        terminal.await_output(b"mark\r\nmark\r\n", "its echo, and what it printed")
        started = identity(terminal.pid)
        assert started is not None
    assert identity(terminal.pid) != started


def test_a_program_that_ends_is_told() -> None:
    with pty.running(("/bin/sh", "-c", "echo gone"), os.environ, 10, 40) as terminal, pytest.raises(BenchFailed):
        terminal.await_output(b"never printed", "what never comes")


@needs_tmux
def test_tmux_is_measured_and_ended() -> None:
    with scene() as stage:
        taken = rivals.tmux_takes(stage, texts.coloured(100_000), 1)
        assert [run.wall > 0 and run.cpu > 0 for run in taken] == [True]
        with rivals.tmux(stage, "cat") as server:
            assert server is not None
            started = identity(server.pid)
            assert len(echoing.echoes(server.client, 3)) == 3
        assert identity(server.pid) != started


@needs_tmux
def test_a_flood_in_tmux_is_interrupted() -> None:
    with scene() as stage:
        assert len(flooding.interrupted(stage, "yes", 0.2, 2)) == 2


@needs_xterm
def test_xterm_is_measured_and_ended() -> None:
    with scene() as stage:
        taken = rivals.xterm_takes(stage, texts.plain(50_000), 1)
        assert [run.wall > 0 and run.cpu > 0 for run in taken] == [True]


def test_without_them_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    with scene() as stage:
        monkeypatch.setenv("PATH", "/nowhere")
        assert rivals.tmux_takes(stage, b"x", 1) == []
        assert rivals.xterm_takes(stage, b"x", 1) == []

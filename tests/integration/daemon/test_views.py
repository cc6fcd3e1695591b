"""Where a view of a terminal begins, at which size, and what becomes of it when its program is run again."""

from __future__ import annotations

import re
import shutil
import time
from typing import Any

import pytest

from agents import wire
from agents.events import LogGrew
from agents.jsonrpc import RpcError
from agents.model import Lifecycle, Stream
from agents.supervisor.sizing import PAUSE_S
from agents.vt import libvterm

SHELL = ("env", "PS1=# ", "bash", "--norc", "--noprofile")

needs_core = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there is a core")


def type_in(deck: Any, agent: str, text: str) -> None:
    deck.call("agent.input", wire.Input(agent, text.encode()))


def said(deck: Any, agent: str) -> bytes:
    out: bytes = deck.raw(agent, Stream.OUT)
    return out


def opened(deck: Any, agent: str) -> wire.TerminalState:
    state: wire.TerminalState = deck.call("terminal.open", wire.AgentRef(agent))
    return state


def restart(deck: Any, agent: str) -> wire.Started:
    started: wire.Started = deck.call("agent.restart", wire.AgentRef(agent))
    return started


@needs_core
def test_a_view_begins_with_the_screen_and_where_the_rest_lies(running: Any) -> None:
    agent = running.run("shell", *SHELL, pty=True, rows=10, cols=40).id
    type_in(running, agent, "printf '\\033[?1049h\\033[?2004h\\033[2;3Hhere'; read x\r")
    running.settle(lambda: b"\x1b[2;3Hhere" in said(running, agent))
    running.settle(lambda: opened(running, agent).alternate)
    state = opened(running, agent)
    assert (state.rows, state.cols, state.row, state.col) == (10, 40, 1, 6)
    assert state.lines is not None
    assert [line.strip() for line in state.lines if line] == ["here"]
    assert b"\x1b[?1049h" in state.modes
    assert b"\x1b[?2004h" in state.modes
    assert (state.offset, state.began) == (len(said(running, agent)), 0)


def test_of_a_program_on_pipes_no_view_begins(running: Any) -> None:
    agent = running.run("shell", "cat").id
    with pytest.raises(RpcError, match="has no terminal: read what it says with `quarterdeck log"):
        opened(running, agent)


def test_who_watches_hears_another_size_with_where_it_began(running: Any) -> None:
    agent = running.run("shell", *SHELL, pty=True, rows=10, cols=40).id
    client = running.client(subscribe=True)
    client.call("pane.watch", wire.Watch((agent,)))
    client.call("agent.input", wire.Input(agent, b"stty size\r"))
    told: list[LogGrew] = []

    def hears(holds: Any) -> LogGrew:
        while True:
            event = client.next_event(60).event
            if isinstance(event, LogGrew):
                told.append(event)
                if holds(event):
                    return event

    assert hears(lambda event: b"10 40" in said(running, agent)[: event.out]).rows == 10
    client.call("agent.resize", wire.Resize(agent, 12, 50))
    changed = hears(lambda event: event.rows == 12)
    assert (changed.rows, changed.cols) == (12, 50)
    client.call("agent.input", wire.Input(agent, b"stty size\r"))
    assert hears(lambda event: b"12 50" in said(running, agent)[: event.out]).out > changed.out
    assert all((event.rows, event.cols) == (12, 50) for event in told if event.out > changed.out)


@needs_core
def test_an_ended_terminal_runs_again_at_its_size_on_a_clean_screen(running: Any) -> None:
    agent = running.run("shell", *SHELL, pty=True, rows=10, cols=40).id
    running.call("agent.resize", wire.Resize(agent, 12, 50))
    type_in(running, agent, "printf '\\033[?1049hfirst'; exit 3\r")
    running.until(agent, lambda row: row.lifecycle is Lifecycle.EXITED)
    before = opened(running, agent)
    assert before.alternate
    size = len(said(running, agent))
    assert restart(running, agent).pid
    row = running.until(agent, lambda row: row.lifecycle is Lifecycle.RUNNING)
    assert (row.incarnation, row.exit_code) == (2, None)
    type_in(running, agent, "stty size; echo second-$((1+1))\r")
    running.settle(lambda: b"second-2" in said(running, agent)[size:])
    running.settle(lambda: any("second-2" in line for line in opened(running, agent).lines or ()))
    after = opened(running, agent)
    assert (after.began, after.alternate, after.rows, after.cols) == (size, False, 12, 50)
    assert b"12 50" in said(running, agent)[size:]
    assert not any("first" in line for line in after.lines or ())


def test_a_restarted_terminal_is_known_to_the_next_daemon(running: Any) -> None:
    agent = running.run("shell", *SHELL, pty=True, rows=10, cols=40).id
    running.call("agent.resize", wire.Resize(agent, 12, 50))
    type_in(running, agent, "exit\r")
    running.until(agent, lambda row: row.lifecycle is Lifecycle.EXITED)
    restart(running, agent)
    type_in(running, agent, "echo again-$((1+1))\r")
    running.settle(lambda: b"again-2" in said(running, agent))
    began = opened(running, agent).began
    assert began
    running.kill()
    running.start()
    running.until(agent, lambda row: not row.catching_up)
    state = opened(running, agent)
    assert (state.began, state.rows, state.cols) == (began, 12, 50)
    assert running.row(agent).incarnation == 2


def test_what_cannot_be_restarted_says_why(running: Any) -> None:
    alive = running.run("shell", *SHELL, pty=True).id
    with pytest.raises(RpcError, match=r"is running already .*: stop it first, then restart it"):
        restart(running, alive)
    speaks = running.play([]).id
    with pytest.raises(RpcError, match=r"\(demo-script\) is no terminal: resume it"):
        restart(running, speaks)
    place = running.project / "gone"
    place.mkdir()
    homeless = running.run("shell", "true", cwd=str(place)).id
    running.until(homeless, lambda row: row.lifecycle is Lifecycle.EXITED)
    shutil.rmtree(place)
    with pytest.raises(RpcError, match=r"the working directory .*gone of .* does not exist"):
        restart(running, homeless)
    with pytest.raises(RpcError, match="there is no agent “nobody”"):
        restart(running, "nobody")


def test_of_a_storm_of_sizes_while_it_prints_the_program_sees_few_and_the_last_one(running: Any) -> None:
    agent = running.run("shell", *SHELL, pty=True, rows=10, cols=40).id
    type_in(running, agent, "while sleep 0.01; do echo line; done & sleep 0.1\r")
    running.settle(lambda: said(running, agent).count(b"line\r\n") > 5)
    clients = (running.client(), running.client())
    begun = time.monotonic()
    for number in range(1000):
        clients[number % 2].call("agent.resize", wire.Resize(agent, 10 + number % 7, 40 + number % 13))
    clients[0].call("agent.resize", wire.Resize(agent, 17, 71))
    clients[1].call("agent.resize", wire.Resize(agent, 17, 71))
    running.settle(lambda: (opened(running, agent).rows, opened(running, agent).cols) == (17, 71))
    took = time.monotonic() - begun
    sizes = re.findall(rb'"rows": ?(\d+), ?"cols": ?(\d+)', running.raw(agent, Stream.CTL))
    assert sizes[-1] == (b"17", b"71")
    assert len(sizes) <= took / PAUSE_S + 5
    type_in(running, agent, "kill %1; clear; stty size\r")
    running.settle(lambda: b"17 71" in said(running, agent))
    if not libvterm.missing():
        running.settle(lambda: "17 71" in (opened(running, agent).lines or ()))
    assert (opened(running, agent).rows, opened(running, agent).cols) == (17, 71)


@needs_core
@pytest.mark.skipif(shutil.which("vim") is None, reason="vim is not installed")
def test_an_editor_is_as_it_was_for_the_daemon_that_adopts_it(running: Any) -> None:
    file = running.project / "story.py"
    file.write_text("".join(f"def chapter_{n}():\n    return 'words — {n}'\n" for n in range(60)))
    argv = ("vim", "-u", "NONE", "-i", "NONE", "-n", "-N", "+syntax on", "+set mouse=a number t_RV=", str(file))
    agent = running.run("shell", *argv, pty=True, rows=24, cols=80, env={"TERM": "xterm-256color"}).id
    type_in(running, agent, "20Gi")
    running.settle(lambda: any("-- INSERT --" in line for line in opened(running, agent).lines or ()))
    type_in(running, agent, "new")
    before = settled(running, agent, lambda state: any("newreturn" in line for line in state.lines or ()))
    assert before.alternate
    assert b"\x1b[?1049h" in before.modes
    running.kill()
    running.start()
    running.until(agent, lambda row: not row.catching_up)
    assert opened(running, agent) == before
    type_in(running, agent, "er\x1b:wq\r")
    running.until(agent, lambda row: row.lifecycle is Lifecycle.EXITED)
    assert file.read_text().count("    newerreturn 'words — 9'") == 1
    assert not opened(running, agent).alternate


@needs_core
@pytest.mark.skipif(shutil.which("less") is None, reason="less is not installed")
def test_a_pager_is_read_on_where_the_killed_daemon_left_it(running: Any) -> None:
    text = running.project / "long.txt"
    text.write_text("".join(f"\x1b[3{n % 8}mline {n}\x1b[0m\n" for n in range(3000)))
    agent = running.run("shell", "less", "-R", str(text), pty=True, rows=24, cols=80, env={"TERM": "xterm"}).id
    type_in(running, agent, "1500g")
    before = settled(running, agent, lambda state: (state.lines or ("",))[0] == "line 1499")
    for _ in range(2):
        running.kill()
        running.start()
        running.until(agent, lambda row: not row.catching_up)
    assert opened(running, agent) == before
    type_in(running, agent, " ")
    settled(running, agent, lambda state: (state.lines or ("",))[0] == "line 1522")


def settled(deck: Any, agent: str, holds: Any) -> wire.TerminalState:
    """Return the terminal once something holds of it, and all that was printed until then is in it."""
    deck.settle(lambda: holds(opened(deck, agent)) and opened(deck, agent).offset == len(said(deck, agent)))
    return opened(deck, agent)

"""One agent goes from a structured kind to a terminal and back: same id, same session, never two processes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from agents import wire
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import BlockKind, Capability, Lifecycle, Rank, Stream, Turn
from agents.runtime import tree
from agents.runtime.lease import Leases, Owner
from app.client.api import ConnectionLost

TUI = Path(__file__).parents[2] / "fakes" / "tui.py"

TERMINAL = f"""
name = "demo-tui"
family = "terminal"
command = ["{sys.executable}", "{TUI}"]
pty = true
sessions = "demo-script"
pool = "nobody"
[quirks]
session_args = ["--session-id", "{{session}}"]
resume_args = ["--resume", "{{session}}"]
hooks = "claude"
"""

SAY = [{"do": "say", "text": "structured"}]


@pytest.fixture
def deck(home: Any) -> Any:
    kinds = home.path / "config" / "agents"
    kinds.mkdir(parents=True)
    (kinds / "demo-tui.toml").write_text(TERMINAL)
    (kinds / "other-tui.toml").write_text(TERMINAL.replace("demo-tui", "other-tui").replace("demo-script", "other"))
    home.env["QUARTERDECK_DEMO_STATE"] = str(home.path / "demo-state")
    home.start()
    return home


def switch(deck: Any, agent: str, kind: str, **more: Any) -> wire.Started:
    started: wire.Started = deck.call("agent.switch", wire.Switch(agent, kind, **more))
    return started


def said(deck: Any, agent: str) -> str:
    return deck.raw(agent, Stream.OUT).decode(errors="replace")


def began(deck: Any, agent: str, nth: int = 1) -> dict[str, str]:
    """Return the arguments the terminal program was started with the nth time."""
    found: list[str] = []

    def look() -> bool:
        found[:] = re.findall(r"began (\{.*?\})\r?\n", said(deck, agent))
        return len(found) >= nth

    deck.settle(look)
    options: dict[str, str] = json.loads(found[nth - 1])
    return options


def type_in(deck: Any, agent: str, event: str, **payload: Any) -> None:
    deck.call("agent.input", wire.Input(agent, f"{event} {json.dumps(payload)}\n".encode()))


def texts(deck: Any, agent: str, kind: BlockKind) -> list[str]:
    page: wire.Page = deck.call("transcript.page", wire.PageTranscript(agent))
    return [block.text for block in page.blocks if block.kind is kind]


def structured(deck: Any) -> str:
    agent: str = deck.play(SAY).id
    deck.wait(agent, "idle", turn=1)
    return agent


def test_structured_terminal_structured_with_the_daemon_killed_in_between(deck: Any) -> None:
    agent = structured(deck)
    session = deck.row(agent).session_id
    started = switch(deck, agent, "demo-tui")
    assert started.id == agent
    assert started.pid
    row = deck.row(agent)
    assert (row.kind, row.family, row.session_id, row.incarnation) == ("demo-tui", "terminal", session, 2)
    assert Capability.TERMINAL in row.capabilities
    began(deck, agent)
    assert began(deck, agent) == {"--resume": session}
    deck.kill()
    deck.start()
    row = deck.until(agent, lambda row: not row.catching_up)
    assert (row.kind, row.lifecycle, row.pid, row.session_id) == ("demo-tui", Lifecycle.RUNNING, started.pid, session)
    back = switch(deck, agent, "demo-script")
    assert back.pid not in (None, started.pid)
    row = deck.until(agent, lambda row: row.turn is Turn.IDLE or row.turn is Turn.DONE)
    assert (row.kind, row.family, row.session_id, row.incarnation) == ("demo-script", "acp", session, 3)
    turn = deck.call("agent.send", wire.Send(agent, "more")).turn
    assert turn == 2
    deck.wait(agent, "idle", turn=2)
    assert texts(deck, agent, BlockKind.USER) == ["go", "more"]
    assert len([text for text in texts(deck, agent, BlockKind.NOTE) if text.startswith("From here it runs as")]) == 2
    deck.kill()
    for name in ("checkpoint.json", ".checkpoint.json"):  # all of it from the marks
        (deck.places.agent(agent) / name).unlink(missing_ok=True)
    deck.start()
    row = deck.until(agent, lambda row: not row.catching_up)
    assert (row.kind, row.turn_number, row.pid) == ("demo-script", 2, deck.row(agent).pid)
    assert texts(deck, agent, BlockKind.USER) == ["go", "more"]


def test_killed_before_the_next_process_was_started(deck: Any) -> None:
    agent = structured(deck)
    session = deck.row(agent).session_id
    deck.kill()
    deck.start(crash=["launching", "launch", 1])
    with pytest.raises(ConnectionLost):
        switch(deck, agent, "demo-tui")
    deck.await_crash()
    deck.start()
    row = deck.until(agent, lambda row: row.lifecycle in (Lifecycle.FAILED, Lifecycle.LOST))
    assert (row.kind, row.session_id) == ("demo-tui", session)
    assert deck.call("agent.resume", wire.AgentRef(agent)).pid
    assert began(deck, agent) == {"--resume": session}


def test_a_process_that_ended_while_no_daemon_ran_is_followed_by_the_next_one(deck: Any) -> None:
    agent = deck.play([deck.gate(), *SAY]).id
    row = deck.until(agent, lambda row: row.turn is Turn.WORKING)
    switch(deck, agent, "demo-tui", wait=True)
    deck.kill()
    os.kill(row.pid, signal.SIGKILL)
    deck.start()
    row = deck.until(agent, lambda row: row.kind == "demo-tui" and row.pid)
    assert (row.incarnation, row.lifecycle) == (2, Lifecycle.RUNNING)
    deck.open_gate()


def test_in_the_middle_of_a_turn_it_is_refused_or_waits_for_its_end(deck: Any) -> None:
    agent = deck.play([deck.gate(), *SAY]).id
    deck.until(agent, lambda row: row.turn is Turn.WORKING)
    pid = deck.row(agent).pid
    with pytest.raises(RpcError, match="in the middle of a turn") as caught:
        switch(deck, agent, "demo-tui")
    assert caught.value.code == ErrorCode.NOT_POSSIBLE
    assert switch(deck, agent, "demo-tui", wait=True).pid == pid
    assert deck.row(agent).kind == "demo-script"
    deck.kill()
    deck.start()  # the wish outlives the daemon
    deck.open_gate()
    row = deck.until(agent, lambda row: row.kind == "demo-tui" and row.pid)
    assert row.incarnation == 2
    assert "structured" in "".join(texts(deck, agent, BlockKind.MESSAGE)), "its turn was not cut off"


def test_a_stop_takes_a_waiting_switch_back(deck: Any) -> None:
    agent = deck.play([deck.gate(), *SAY]).id
    deck.until(agent, lambda row: row.turn is Turn.WORKING)
    switch(deck, agent, "demo-tui", wait=True)
    deck.call("agent.stop", wire.AgentRef(agent))
    row = deck.row(agent)
    assert (row.lifecycle, row.kind) == (Lifecycle.EXITED, "demo-script")


def test_an_ended_agent_goes_on_as_the_other_kind(deck: Any) -> None:
    agent = structured(deck)
    session = deck.row(agent).session_id
    deck.call("agent.stop", wire.AgentRef(agent))
    assert switch(deck, agent, "demo-tui").pid
    began(deck, agent)
    assert began(deck, agent) == {"--resume": session}
    deck.call("agent.stop", wire.AgentRef(agent))
    assert deck.call("agent.resume", wire.AgentRef(agent)).pid
    assert deck.row(agent).kind == "demo-tui", "a resume goes on as it was"
    assert began(deck, agent, 2) == {"--resume": session}


def test_what_cannot_go_on_elsewhere_says_why(deck: Any) -> None:
    agent = structured(deck)
    for kind, words in (
        ("demo-script", "runs as demo-script already"),
        ("other-tui", "keeps its sessions in “demo-script”, other-tui in “other”"),
        ("shell", "start a new agent instead"),
        ("nonsense", "there is no kind “nonsense”"),
    ):
        with pytest.raises(RpcError, match=words):
            switch(deck, agent, kind)
    (deck.path / "config" / "agents" / "demo-tui.toml").write_text(TERMINAL.replace(sys.executable, "no-such-program"))
    with pytest.raises(RpcError, match="no-such-program"):
        switch(deck, agent, "demo-tui")
    assert deck.row(agent).turn in (Turn.IDLE, Turn.DONE), "nothing was stopped"


def test_a_session_that_another_home_runs_is_not_taken_over(deck: Any) -> None:
    agent = structured(deck)
    session = deck.row(agent).session_id
    deck.call("agent.stop", wire.AgentRef(agent))
    leases = Leases(deck.places.leases)
    leases.acquire("demo-script", session, Owner.of(Path("/elsewhere"), "x1", os.getpid()))
    with pytest.raises(RpcError, match="already run by agent x1"):
        switch(deck, agent, "demo-tui")
    assert deck.row(agent).lifecycle is Lifecycle.EXITED


def test_a_session_is_held_from_the_launch_on_also_by_a_terminal(deck: Any) -> None:
    agent = deck.run("demo-tui").id
    began(deck, agent)
    row = deck.row(agent)
    assert began(deck, agent) == {"--session-id": row.session_id}, "chosen by us, and known before anything was said"
    holder = Leases(deck.places.leases).holder("demo-script", row.session_id)
    assert holder is not None
    assert holder.agent == agent
    assert tree.is_same(holder.pid, holder.start)
    deck.call("agent.stop", wire.AgentRef(agent))
    deck.settle(lambda: Leases(deck.places.leases).holder("demo-script", row.session_id) is None)
    deck.call("agent.resume", wire.AgentRef(agent))
    assert began(deck, agent, 2) == {"--session-id": row.session_id}, "nothing was said in it: there is none to resume"


# ---------------------------------------------------------------- hooks


def test_hooks_say_what_a_terminal_does(deck: Any) -> None:
    agent = deck.run("demo-tui").id
    began(deck, agent)
    assert deck.row(agent).turn is Turn.UNKNOWN
    session = deck.row(agent).session_id
    type_in(deck, agent, "SessionStart", source="startup", session_id=session)
    row = deck.until(agent, lambda row: row.turn is Turn.IDLE)
    assert row.source == "hooks"
    type_in(deck, agent, "UserPromptSubmit", session_id=session, transcript_path="/home/me/x.jsonl")
    deck.until(agent, lambda row: row.turn is Turn.WORKING)
    assert deck.call("agent.show", wire.AgentRef(agent)).session_file == "/home/me/x.jsonl"
    type_in(deck, agent, "PermissionRequest", tool_name="Bash", tool_input={"command": "rm -rf /"}, session_id=session)
    row = deck.until(agent, lambda row: row.turn is Turn.BLOCKED)
    assert (row.rank, row.requests) == (2, ()), "it needs you, and there is nothing to answer from here"
    assert "Bash: rm -rf /" in row.headline
    explained: wire.Explained = deck.call("agent.explain", wire.AgentRef(agent))
    assert [e.rank.name for e in explained.evidence if e.rank is not Rank.PROCESS] == ["HOOKS"]
    type_in(deck, agent, "PostToolUse", tool_name="Bash", session_id=session)
    deck.until(agent, lambda row: row.turn is Turn.WORKING)
    type_in(deck, agent, "Stop", session_id=session)
    deck.until(agent, lambda row: row.turn is Turn.DONE)
    assert all(" 0 0 0" in line for line in said(deck, agent).splitlines() if line.startswith("hook ")), "0, no output"
    deck.kill()
    deck.start()
    row = deck.until(agent, lambda row: not row.catching_up)
    assert (row.turn, row.source) == (Turn.DONE, "hooks"), "what was said is still believed"
    assert deck.call("agent.switch", wire.Switch(agent, "demo-script")).pid, "its session has begun"


def test_a_hook_can_neither_take_a_session_over_nor_put_words_into_a_command_line(deck: Any) -> None:
    other = structured(deck)
    foreign = deck.row(other).session_id
    agent = deck.run("demo-tui").id
    began(deck, agent)
    mine = deck.row(agent).session_id
    for forged in (foreign, "--dangerously-skip-permissions", "", "a b", "x" * 100):
        type_in(deck, agent, "UserPromptSubmit", session_id=forged)
        deck.until(agent, lambda row: row.turn is Turn.WORKING)
        type_in(deck, agent, "Stop", session_id=forged)
        deck.until(agent, lambda row: row.turn is Turn.DONE)
        assert deck.row(agent).session_id == mine
    assert deck.row(other).lifecycle is Lifecycle.RUNNING
    assert deck.row(agent).lifecycle is Lifecycle.RUNNING


def test_settings_of_the_users_own_are_left_alone(deck: Any) -> None:
    agent = deck.run("demo-tui", "--settings", "{}").id
    began(deck, agent)
    type_in(deck, agent, "Stop")
    assert deck.row(agent).turn is Turn.UNKNOWN


def test_hooks_of_an_agent_whose_daemon_is_gone_or_that_are_garbage_harm_nobody(deck: Any) -> None:
    agent = deck.run("demo-tui").id
    began(deck, agent)
    deck.call("agent.input", wire.Input(agent, b"Stop \xff\xfe not json {{{\n"))
    deck.until(agent, lambda row: row.turn is Turn.DONE)
    deck.call("agent.input", wire.Input(agent, b'UserPromptSubmit {"a": nonsense}\n'))
    deck.until(agent, lambda row: row.turn is Turn.WORKING)
    pid = deck.row(agent).pid
    deck.kill()
    shutil.rmtree(deck.places.sockets / "nothing", ignore_errors=True)
    deck.start()
    assert deck.until(agent, lambda row: not row.catching_up).pid == pid

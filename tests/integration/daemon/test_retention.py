"""Old raw logs go, and nobody falls over what is missing: no client, no daemon, no upgrade, no resumed agent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agents import wire
from agents.model import Lifecycle, Stream, Turn
from agents.runtime.journal import Journal
from agents.runtime.rawlog import SEGMENT, RawLog

NOTHING = {"ended_s": 0.0, "ended_bytes": 0, "live_bytes": 0, "trash_s": 0.0}


def ended_agent(home: Any, *argv: str) -> str:
    agent = home.run("shell", *(argv or ("bash", "-c", "echo hello; echo oops >&2; exit 7"))).id
    home.wait(agent, "exited")
    return agent


def sweep(home: Any, **limits: Any) -> None:
    """Begin another daemon with these limits; it sweeps when it has adopted everybody."""
    home.kill()
    home.start(limits={**NOTHING, **limits})


def is_gone(home: Any, agent: str) -> bool:
    raw = RawLog(home.places.agent(agent), Stream.OUT)
    return raw.start == raw.size == SEGMENT


def notices(home: Any) -> list[str]:
    return [notice.text for notice in home.client(subscribe=True).welcome.snapshot.notices]


def test_the_logs_of_ended_agents_go_and_their_transcripts_stay(running: Any) -> None:
    agent = running.play([{"do": "say", "text": "all done"}]).id
    running.wait(agent, "done", turn=1)
    running.call("agent.stop", wire.AgentRef(agent))
    before = running.row(agent)
    sweep(running)
    running.settle(lambda: is_gone(running, agent))
    page = running.call("transcript.page", wire.PageTranscript(agent))
    assert "all done" in [block.text for block in page.blocks]
    after = running.row(agent)
    assert (after.lifecycle, after.turn, after.turn_number) == (before.lifecycle, before.turn, before.turn_number)
    assert (after.out_size, after.blocks) == (before.out_size, before.blocks)
    read = running.call("log.read", wire.ReadLog(agent, Stream.OUT, 0, 100))
    assert (read.data, read.offset, read.start, read.size) == (b"", SEGMENT, SEGMENT, SEGMENT)
    records = [r for r in Journal(running.places.agent(agent) / "events.jsonl").read() if r["t"] == "dropped"]
    assert [(r["why"], r["bytes"] > 0) for r in records] == [("ended", True)]


def test_it_is_told_once(running: Any) -> None:
    agent = ended_agent(running)
    sweep(running)
    running.settle(lambda: any("raw logs of ended agents" in text for text in notices(running)))
    (text,) = [text for text in notices(running) if "raw logs" in text]
    assert running.row(agent).name in text
    assert "transcripts stay" in text
    sweep(running)
    running.settle(lambda: running.call("daemon.status").agents == 1)
    other = ended_agent(running)
    sweep(running)
    running.settle(lambda: is_gone(running, other))
    running.settle(lambda: any("raw logs" in text for text in notices(running)))
    (text,) = [text for text in notices(running) if "raw logs" in text]
    assert f"({running.row(other).name})" in text


@pytest.mark.parametrize("flags", [(), ("--raw",), ("--json",)])
def test_the_command_line_reads_what_is_left(running: Any, flags: tuple[str, ...]) -> None:
    agent = ended_agent(running)
    sweep(running)
    running.settle(lambda: is_gone(running, agent))
    argv = [sys.executable, "-m", "app", "log", agent, *flags]
    done = subprocess.run(argv, env=running.env, capture_output=True, timeout=90, check=False)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr


def test_a_younger_daemon_understands_an_ended_agent_without_logs_and_checkpoint(running: Any) -> None:
    agent = running.play([{"do": "say", "text": "all done"}]).id
    running.wait(agent, "done", turn=1)
    running.call("agent.stop", wire.AgentRef(agent))
    before = running.row(agent)
    sweep(running)
    running.settle(lambda: is_gone(running, agent))
    running.kill()
    for name in ("checkpoint", "checkpoint.kept"):  # as after an upgrade that cannot use them
        (running.places.agent(agent) / name).write_bytes(b"of another version")
    running.start()
    after = running.until(agent, lambda row: not row.catching_up)
    assert after.lifecycle is before.lifecycle is Lifecycle.EXITED
    assert (after.exit_code, after.blocks, after.session_id) == (before.exit_code, before.blocks, before.session_id)


def test_the_synced_checkpoint_helps_when_the_newest_is_torn(running: Any) -> None:
    agent = running.play([{"do": "say", "text": "all done"}]).id
    running.wait(agent, "done", turn=1)
    running.call("agent.stop", wire.AgentRef(agent))
    sweep(running)
    running.settle(lambda: is_gone(running, agent))
    running.kill()
    (running.places.agent(agent) / "checkpoint").unlink()
    (running.places.agent(agent) / "checkpoint").write_bytes(b"torn")
    running.start()
    assert running.until(agent, lambda row: not row.catching_up).turn_number == 1


def test_a_resumed_agent_goes_on_behind_what_was_deleted(running: Any) -> None:
    agent = running.play([{"do": "say", "text": "first words"}], prompt=None).id
    running.until(agent, lambda row: row.turn is Turn.IDLE)
    running.call("agent.stop", wire.AgentRef(agent))
    sweep(running)
    running.settle(lambda: is_gone(running, agent))
    running.call("agent.resume", wire.AgentRef(agent))
    running.until(agent, lambda row: row.turn is Turn.IDLE)
    turn = running.call("agent.send", wire.Send(agent, "go on")).turn
    running.wait(agent, "done", turn=turn)
    raw = RawLog(running.places.agent(agent), Stream.OUT)
    assert raw.start == SEGMENT
    assert raw.read(raw.start, 1) == b"{"
    before = running.call("transcript.page", wire.PageTranscript(agent)).blocks
    assert "first words" in [block.text for block in before]
    running.kill()
    for name in ("checkpoint", "checkpoint.kept"):  # what is left is enough for a replay
        (running.places.agent(agent) / name).unlink()
    running.start()
    row = running.until(agent, lambda row: not row.catching_up)
    assert (row.turn, row.turn_number, row.blocks) == (Turn.DONE, turn, len(before))
    assert running.call("transcript.page", wire.PageTranscript(agent)).blocks == before


def test_a_live_agent_keeps_what_a_replay_needs(running: Any) -> None:
    agent = running.run("shell", "bash", "-c", f"echo one; while ! test -e {running.path}/gate; do sleep 0.01; done").id
    running.until(agent, lambda row: row.out_size > 0)
    other = ended_agent(running)
    sweep(running)
    running.settle(lambda: is_gone(running, other))
    assert running.raw(agent, Stream.OUT) == b"one\n"
    running.open_gate()
    running.wait(agent, "exited")


def test_the_trash_is_emptied(running: Any) -> None:
    agent = ended_agent(running)
    running.call("agent.remove", wire.Remove(agent))
    trash = running.places.state / "trash"
    assert len(list(trash.iterdir())) == 1
    sweep(running, trash_s=3600.0)
    other = ended_agent(running)
    sweep(running, trash_s=3600.0)
    running.settle(lambda: is_gone(running, other))
    assert len(list(trash.iterdir())) == 1
    sweep(running)
    running.settle(lambda: not list(trash.iterdir()))
    running.settle(lambda: any("trash" in text for text in notices(running)))


def test_logs_within_the_limits_are_not_touched(running: Any) -> None:
    agent = ended_agent(running)
    path = Path(running.places.agent(agent)) / "out.0.log"
    before = path.stat()
    running.call("agent.remove", wire.Remove(ended_agent(running)))
    sweep(running, ended_s=3600.0, ended_bytes=10**9)
    running.settle(lambda: not list((running.places.state / "trash").iterdir()))  # the sweep is over
    assert (path.stat().st_ino, path.stat().st_size) == (before.st_ino, before.st_size)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["protocol", "program"])
def test_a_live_agent_whose_trimmed_log_no_checkpoint_covers(home: Any, family: str) -> None:
    """The text of the row, what still works, and for a protocol the way back: stop and resume."""
    home.env["QUARTERDECK_DEMO_STATE"] = str(home.path / "sessions")
    home.start()
    if family == "protocol":
        noise = {"do": "raw", "text": "x" * 1023 + "\n", "repeat": 66 * 1024}
        agent = home.play([{"do": "say", "text": "before"}, noise], [{"do": "say", "text": "second"}]).id
        home.wait(agent, "done", turn=1)
    else:
        code = f"head -c {66 * 1024 * 1024} /dev/zero | tr '\\0' 'x'; echo; exec cat"
        agent = home.run("shell", "bash", "-c", code, pty=False).id
        home.until(agent, lambda row: row.out_size == 66 * 1024 * 1024 + 1)
    raw = RawLog(home.places.agent(agent), Stream.OUT)
    sweep(home)
    home.settle(lambda: raw.start == SEGMENT)
    home.settle(lambda: any("deleted the oldest 67.1 MB of its raw log" in text for text in notices(home)))
    said = home.call("transcript.page", wire.PageTranscript(agent)).blocks
    home.kill()
    for name in ("checkpoint", "checkpoint.kept"):
        (home.places.agent(agent) / name).unlink()
        (home.places.agent(agent) / name).write_bytes(b"of another version")
    home.start()
    gap = f"the first {SEGMENT} bytes of its log are gone, and no checkpoint covers them"
    home.settle(lambda: any(gap in text for text in notices(home)))
    row = home.until(agent, lambda row: not row.catching_up)
    assert row.pid is not None
    if family == "program":
        assert row.lifecycle is Lifecycle.RUNNING
        home.call("agent.input", wire.Input(agent, b"still here\n"))
        home.settle(lambda: raw.read(raw.size - 11, 11) == b"still here\n")
        return
    assert row.lifecycle is Lifecycle.FAILED
    assert row.reason == f"{gap}: what it says is not understood any more; its process {row.pid} goes on"
    assert home.call("transcript.page", wire.PageTranscript(agent)).blocks == said
    home.call("agent.stop", wire.AgentRef(agent))
    home.call("agent.resume", wire.AgentRef(agent))
    assert home.wait(agent, "idle").row.lifecycle is Lifecycle.RUNNING
    turn = home.call("agent.send", wire.Send(agent, "go on")).turn
    assert home.wait(agent, "done", turn=turn).reached == "done"
    texts = [block.text for block in home.call("transcript.page", wire.PageTranscript(agent)).blocks]
    assert texts[: len(said)] == [block.text for block in said]
    assert "second" in texts

"""A full disk at every write of the daemon: what cannot be written is refused by name or waits, and comes back."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents import wire
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Headline, Health, Lifecycle, Stream, Turn
from agents.runtime import tree
from tests.integration.faults.conftest import SmallDisk

pytestmark = pytest.mark.timeout(300)

ASK = [{"do": "run", "command": "echo x >> ran", "ask": True}, {"do": "say", "text": "done"}]
NOTE = "n" * 5000


def fill(home: Any, disk: SmallDisk, agent: str) -> None:
    """Leave no room at all: a record that cannot be written waits, and with it every later one."""
    disk.fill()
    home.call("agent.annotate", wire.Annotate(agent, note=NOTE))
    home.until(agent, lambda row: row.health is Health.DISK_FULL)


def refused(home: Any, method: str, params: Any, number: int = errno.ENOSPC) -> str:
    with pytest.raises(RpcError) as caught:
        home.call(method, params)
    assert caught.value.code == ErrorCode.NOT_POSSIBLE
    assert os.strerror(number) in caught.value.message
    return caught.value.message


def test_no_agent_is_started_that_could_not_be_recorded(home: Any, disk: SmallDisk) -> None:
    home.start()
    disk.fill()
    assert "nothing was started" in refused(home, "agent.run", wire.Run("shell", str(home.project), argv=("true",)))
    assert home.call("agent.list").agents == ()
    assert list((home.places.state / "agents").iterdir()) == []
    disk.free()
    agent = home.run("shell", "true").id
    assert home.wait(agent, "exited").row.exit_code == 0


def test_an_answer_or_a_message_that_cannot_be_recorded_is_not_given(home: Any, disk: SmallDisk) -> None:
    home.start()
    agent = home.play(ASK).id
    key = home.wait(agent, "blocked").row.requests[0].key
    fill(home, disk, agent)
    assert "nothing was done" in refused(home, "agent.answer", wire.AnswerRequest(agent, "allow", key))
    assert "nothing was done" in refused(home, "agent.send", wire.Send(agent, "later"))
    row = home.row(agent)
    assert (row.turn, [r.key for r in row.requests], row.queue) == (Turn.BLOCKED, [key], ())
    disk.free()
    home.call("agent.answer", wire.AnswerRequest(agent, "allow", key))
    assert home.wait(agent, "done", turn=1).reached == "done"
    assert (home.project / "ran").read_text() == "x\n"
    home.until(agent, lambda row: row.health is Health.OK)
    home.kill()
    home.start()
    assert home.adopted()[0].note == NOTE


def test_what_an_agent_says_meanwhile_is_complete_afterwards(home: Any, disk: SmallDisk) -> None:
    home.start()
    agent = home.play([home.gate(), *({"do": "say", "text": f"<{n}>{'x' * 200} "} for n in range(40))]).id
    home.until(agent, lambda row: row.turn is Turn.WORKING)
    disk.fill()
    home.open_gate()
    row = home.until(agent, lambda row: row.health is Health.DISK_FULL)
    assert (row.lifecycle, row.state) == (Lifecycle.RUNNING, Headline.PARKED)
    assert row.headline == f"parked: {os.strerror(errno.ENOSPC)}"
    assert home.call("agent.list").agents[0].id == agent
    assert "cannot be written" in home.notices()
    disk.free()
    row = home.wait(agent, "done", turn=1).row
    home.until(agent, lambda row: row.health is Health.OK)
    said = "".join(
        b.text for b in home.call("transcript.page", wire.PageTranscript(agent)).blocks if b.kind == "message"
    )
    assert said == "".join(f"<{n}>{'x' * 200} " for n in range(40))
    home.kill()
    home.start()
    (again,) = home.adopted()
    assert (again.turn, again.turn_number, again.blocks) == (row.turn, 1, row.blocks)


def test_the_index_stops_and_catches_up(home: Any, disk: SmallDisk) -> None:
    home.start()
    agent = home.play([{"do": "say", "text": "one"}]).id
    home.wait(agent, "done")
    home.settle(lambda: home.call("index.rebuild").blocks == home.row(agent).blocks)
    disk.fill()
    with pytest.raises(RpcError):
        home.call("index.rebuild")
    home.settle(lambda: "search index" in home.notices())
    assert home.row(agent).health is Health.OK
    disk.free()
    home.call("agent.send", wire.Send(agent, "two"))
    home.wait(agent, "done", turn=2)
    home.settle(lambda: home.call("index.rebuild").blocks == home.row(agent).blocks)


@pytest.mark.slow
def test_a_daemon_starts_adopts_and_ends_on_a_full_disk(home: Any, disk: SmallDisk) -> None:
    home.start()
    agent = home.play(ASK).id
    before = home.wait(agent, "blocked").row
    disk.fill()
    home.kill()
    home.start()
    row = home.wait(agent, "blocked").row
    assert (row.requests, row.headline) == (before.requests, before.headline)
    home.daemon.terminate()
    assert home.daemon.wait(60) == 0
    disk.free()
    home.start()
    home.wait(agent, "blocked")
    home.call("agent.answer", wire.AnswerRequest(agent, "allow"))
    assert home.wait(agent, "done", turn=1).reached == "done"
    assert (home.project / "ran").read_text() == "x\n"


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_an_agent_can_be_ended_on_a_full_disk(home: Any, disk: SmallDisk, how: str) -> None:
    home.start()
    agent = home.run("shell", "sleep", "600").id
    pid = home.row(agent).pid
    fill(home, disk, agent)
    home.call(f"agent.{how}", wire.AgentRef(agent))
    home.settle(lambda: not os.path.exists(f"/proc/{pid}"))  # noqa: PTH110
    disk.free()
    assert home.until(agent, lambda row: row.lifecycle is Lifecycle.EXITED).recovery is None


def test_room_is_made_of_the_logs_of_ended_agents(home: Any, disk: SmallDisk) -> None:
    """By policy and at once: who ended goes, transcripts and checkpoints stay, who lives goes on by itself."""
    home.start()
    said = home.play([{"do": "say", "text": "all done"}]).id
    home.wait(said, "done", turn=1)
    home.call("agent.stop", wire.AgentRef(said))
    noisy = home.run("shell", "bash", "-c", "head -c 6000000 /dev/zero | tr '\\0' 'x'").id
    home.wait(noisy, "exited")
    live = home.run("shell", "cat", pty=False).id
    home.call("agent.input", wire.Input(live, b"before\n"))
    home.until(live, lambda row: row.out_size == len("before\n"))
    disk.fill()
    home.call("agent.annotate", wire.Annotate(live, note=NOTE))
    home.settle(lambda: "the disk is full: deleted 6" in home.notices())
    assert home.until(live, lambda row: row.health is Health.OK).note == NOTE
    home.call("agent.input", wire.Input(live, b"after\n"))
    home.settle(lambda: home.raw(live, Stream.OUT) == b"before\nafter\n")
    assert home.call("log.read", wire.ReadLog(noisy, Stream.OUT, 0, 10)).data == b""
    blocks = home.call("transcript.page", wire.PageTranscript(said)).blocks
    assert "all done" in [block.text for block in blocks]
    assert {r["why"] for agent in (said, noisy) for r in home.journal(agent) if r["t"] == "dropped"} == {"full disk"}
    home.kill()
    home.start()
    rows = {row.id: row for row in home.adopted()}
    assert (rows[noisy].lifecycle, rows[noisy].exit_code, rows[noisy].out_size) == (Lifecycle.EXITED, 0, 6_000_000)
    assert (rows[live].note, rows[live].health) == (NOTE, Health.OK)
    assert home.call("transcript.page", wire.PageTranscript(said)).blocks == blocks
    home.call("agent.resume", wire.AgentRef(said))
    assert home.wait(said, "idle").row.lifecycle is Lifecycle.RUNNING


@contextlib.contextmanager
def read_only(path: Path) -> Iterator[None]:
    """Lay a read-only view of a directory over it: what is opened by name from now on is refused by the kernel.

    A real ``remount,ro`` is refused while anybody has a file open for writing, as daemon and keepers do.
    """
    for argv in (["mount", "--bind", str(path), str(path)], ["mount", "-o", "remount,bind,ro", str(path)]):
        subprocess.run(argv, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def test_a_home_that_turns_read_only_and_back(home: Any, disk: SmallDisk) -> None:
    home.start()
    agent = home.play([*ASK, home.gate()], [{"do": "say", "text": "second"}]).id
    home.wait(agent, "blocked")
    with read_only(home.places.state):
        message = refused(home, "agent.run", wire.Run("shell", str(home.project), argv=("true",)), errno.EROFS)
        assert "nothing was started" in message
        home.call("agent.answer", wire.AnswerRequest(agent, "allow"))
        home.open_gate()
        row = home.until(agent, lambda row: row.health is Health.DISK_FULL)
        assert row.lifecycle is Lifecycle.RUNNING
        home.settle(lambda: os.strerror(errno.EROFS) in home.notices())
        assert home.wait(agent, "done", turn=1).reached == "done"
    home.until(agent, lambda row: row.health is Health.OK)
    home.call("agent.send", wire.Send(agent, "more"))
    assert home.wait(agent, "done", turn=2).reached == "done"
    other = home.run("shell", "true").id
    assert home.wait(other, "exited").row.exit_code == 0
    assert (home.project / "ran").read_text() == "x\n"
    before = home.call("transcript.page", wire.PageTranscript(agent)).blocks
    home.kill()
    home.start()
    rows = {row.id: row for row in home.adopted()}
    assert (rows[agent].turn_number, rows[agent].health) == (2, Health.OK)
    assert home.call("transcript.page", wire.PageTranscript(agent)).blocks == before


def test_a_daemon_that_starts_on_a_home_turned_read_only_says_so_and_the_next_adopts(
    home: Any, disk: SmallDisk
) -> None:
    home.start()
    agent = home.play(ASK).id
    before = home.wait(agent, "blocked").row
    home.kill()
    with read_only(home.places.state):
        ran = home.cli("ls")
        assert ran.returncode == 4
        assert "read-only file system" in ran.stderr
        assert str(home.places.state) in ran.stderr
        assert tree.identity(before.pid) is not None
    home.start()
    assert home.wait(agent, "blocked").row.requests == before.requests

"""Files that are torn, gone, deleted while in use, read-only, or written by a newer version."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents import wire
from agents.index.store import IndexStore, NotReady
from agents.model import Lifecycle, Stream, Turn
from agents.runtime import tree

SAY = [{"do": "say", "text": "a findable word: xylophone"}]
ASK = [{"do": "run", "command": "echo x >> ran", "ask": True}]


def hits(home: Any, text: str) -> int:
    index = IndexStore(home.places.index, lambda: iter(()), lambda _: None)
    try:
        return len(index.search(text))
    except NotReady:  # it is being built
        return 0


def test_an_index_deleted_while_running_comes_back_by_itself(running: Any) -> None:
    agent = running.play(SAY, [{"do": "say", "text": "another one: glockenspiel"}]).id
    running.wait(agent, "done")
    running.settle(lambda: hits(running, "xylophone"))
    for name in ("", "-wal", "-shm"):
        running.places.index.with_name(running.places.index.name + name).unlink(missing_ok=True)
    running.settle(lambda: hits(running, "xylophone"))
    running.call("agent.send", wire.Send(agent, "more"))
    running.settle(lambda: hits(running, "glockenspiel"))


def test_an_index_of_a_newer_version_is_rebuilt(running: Any) -> None:
    agent = running.play(SAY).id
    running.wait(agent, "done")
    running.settle(lambda: hits(running, "xylophone"))
    running.daemon.terminate()
    running.daemon.wait()
    with sqlite3.connect(running.places.index) as newer:
        newer.executescript("PRAGMA user_version=999; DROP TABLE block; CREATE TABLE block(other TEXT);")
    newer.close()
    running.start()
    running.settle(lambda: hits(running, "xylophone"))


@pytest.mark.parametrize("rest", [b'{"t":"na', b'{"t":"named","at":1.0,"name":"torn"}', b"\x00\x00\x00\x00"])
def test_a_torn_last_line_of_the_journal_costs_that_line(running: Any, rest: bytes) -> None:
    agent = running.play(ASK).id
    before = running.wait(agent, "blocked").row
    running.kill()
    journal = running.places.agent(agent) / "events.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + rest)
    running.start()
    after = running.wait(agent, "blocked").row
    assert msgspec.to_builtins(after) == msgspec.to_builtins(before)
    running.call("agent.answer", wire.AnswerRequest(agent, "allow"))
    assert running.wait(agent, "done", turn=1).reached == "done"
    assert journal.read_bytes().startswith(whole + b"{")
    assert (running.project / "ran").read_text() == "x\n"


def test_a_journal_damaged_in_the_middle_costs_that_line_and_is_told(running: Any) -> None:
    agent = running.play(SAY).id
    running.wait(agent, "done")
    running.call("agent.rename", wire.Rename(agent, "chosen"))
    running.kill()
    journal = running.places.agent(agent) / "events.jsonl"
    first, *rest = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(first + b'{"t": "note\xff\n' + b"".join(rest))
    running.start()
    (row,) = running.adopted()
    assert (row.name, row.lifecycle, row.turn_number) == ("chosen", Lifecycle.RUNNING, 1)
    assert "its journal" in running.notices()


def test_a_log_whose_beginning_is_gone_goes_on_from_what_is_left(running: Any) -> None:
    """64 MiB segments: the oldest is deleted with the checkpoint that covered it, as no retention would."""
    size = 70 * 1024 * 1024
    agent = running.run("shell", "bash", "-c", f"head -c {size} /dev/zero | tr '\\0' 'x'; echo end; exec sleep 600").id
    running.until(agent, lambda row: row.out_size == size + 4)
    running.kill()
    folder = running.places.agent(agent)
    (folder / "out.0.log").unlink()
    (folder / "checkpoint").unlink(missing_ok=True)
    running.start()
    (row,) = running.adopted()
    assert (row.lifecycle, row.out_size) == (Lifecycle.RUNNING, size + 4)
    assert row.reason == ""
    held = running.call("log.read", wire.ReadLog(agent, Stream.OUT, 0, 100))
    assert (held.start, held.offset, held.data) == (64 * 1024 * 1024, 64 * 1024 * 1024, b"x" * 100)
    assert running.call("log.read", wire.ReadLog(agent, Stream.OUT, -4, 100)).data == b"end\n"
    assert "its log are gone" in running.notices()
    running.call("agent.kill", wire.AgentRef(agent))
    assert running.wait(agent, "exited").reached == "exited"


@pytest.mark.slow
def test_a_checkpoint_of_another_version_is_replayed(running: Any) -> None:
    agent = running.play(ASK).id
    before = running.wait(agent, "blocked").row
    running.daemon.terminate()
    running.daemon.wait()
    path = running.places.agent(agent) / "checkpoint"
    assert path.exists()
    path.write_bytes(b"of a later version, with another shape altogether")
    running.start()
    after = running.wait(agent, "blocked").row
    assert (after.requests, after.blocks, after.unread) == (before.requests, before.blocks, before.unread)


def test_records_and_specs_of_a_newer_version_are_read_as_far_as_they_are_known(running: Any) -> None:
    agent = running.play(SAY).id
    running.wait(agent, "done")
    running.kill()
    folder = running.places.agent(agent)
    spec = json.loads((folder / "spec.json").read_text())
    (folder / "spec.json").write_text(json.dumps({**spec, "colour": "blue", "priority": {"deep": [1]}}))
    with (folder / "events.jsonl").open("a") as journal:
        journal.write(json.dumps({"t": "teleported", "at": 1.0, "to": {"x": 1}}) + "\n")
    running.start()
    (row,) = running.adopted()
    assert (row.id, row.lifecycle, row.turn) == (agent, Lifecycle.RUNNING, Turn.DONE)
    assert running.notices() == ""


def test_a_kind_that_is_gone_leaves_its_agents(running: Any) -> None:
    kinds = running.path / "config" / "agents"
    kinds.mkdir(parents=True, exist_ok=True)
    (kinds / "mine.toml").write_text('name = "mine"\nfamily = "terminal"\ncommand = ["sleep", "600"]\n')
    agent = running.run("mine").id
    pid = running.row(agent).pid
    running.kill()
    (kinds / "mine.toml").unlink()
    running.start()
    (row,) = running.adopted()
    assert (row.kind, row.lifecycle, row.pid) == ("mine", Lifecycle.RUNNING, pid)


def mounted_read_only(path: Path) -> bool:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", str(path)], capture_output=True, check=False)
    return done.returncode == 0


def test_a_read_only_home_is_refused_by_name(home: Any) -> None:
    root = home.path / "frozen"
    root.mkdir()
    if os.geteuid() != 0 or not mounted_read_only(root):
        pytest.skip("mounting needs root")
    try:
        env = {**home.env, "QUARTERDECK_HOME": str(root)}
        ran = subprocess.run(
            [sys.executable, "-m", "app", "ls"], env=env, capture_output=True, text=True, check=False, timeout=90
        )
    finally:
        subprocess.run(["umount", "-l", str(root)], check=True)
    assert ran.returncode == 4
    assert "read-only file system" in ran.stderr
    assert str(root) in ran.stderr
    assert "QUARTERDECK_HOME" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.slow
def test_a_protocol_whose_beginning_is_gone_is_not_guessed_at(running: Any) -> None:
    """The handshake is gone with no checkpoint after it: the row says so, nothing is sent, the process lives."""
    noise = {"do": "raw", "text": "x" * 1023 + "\n", "repeat": 66 * 1024}
    agent = running.play([{"do": "say", "text": "before"}, noise]).id
    running.wait(agent, "done")
    told = running.raw(agent, Stream.IN)
    running.kill()
    folder = running.places.agent(agent)
    (folder / "out.0.log").unlink()
    (folder / "checkpoint").unlink()
    running.start()
    (row,) = running.adopted()
    assert row.lifecycle is Lifecycle.FAILED
    assert "bytes of its log are gone" in row.reason
    assert row.pid is not None
    os.kill(row.pid, 0)
    assert running.raw(agent, Stream.IN) == told
    running.call("agent.stop", wire.AgentRef(agent))
    assert tree.identity(row.pid) is None

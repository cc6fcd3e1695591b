"""A replay says what the daemon said: its rows, and the changes of a recording made of what its keeper wrote."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agents import wire
from agents.adapters.kinds import load_kinds
from agents.adapters.registry import families
from agents.events import AgentChanged
from agents.model import LIVE, AgentRow, Lifecycle, Mark, Stream, Turn
from agents.recording import cast, protocol, tape
from agents.recording.replay import changes
from agents.runtime.marks import MarkReader

#: Says each thing once the one before was heard; then it exits.
PROGRAM = """
import os, sys, time
folder, said = sys.argv[1], sys.argv[2:]
for number, text in enumerate(said):
    while not os.path.exists(f"{folder}/say-{number}"):
        time.sleep(0.005)
    sys.stdout.buffer.write(bytes.fromhex(text))
    sys.stdout.flush()
while not os.path.exists(f"{folder}/say-{len(said)}"):
    time.sleep(0.005)
sys.exit(3)
"""

#: What it says, and the turn that follows from it.
STEPS = (
    (b"\x1b]7501;state=idle:app=test\x07", "idle"),
    (b"hello\r\n\x1b]7501;state=working\x1b\\", "working"),
    (b"\x1b]7501;state=blocked:kind=permission:msg=%s\x07" % base64.b64encode(b"Run npm test?"), "blocked"),
    (b"\x1b]7501;state=working\x07\x1b[2J\x1b[Hbusy", "working"),
    (b"\x1b]7501;state=error:msg=%s\x07" % base64.b64encode(b"the model is gone"), "error"),
    (b"\x1b]7501;state=working\x07", "working"),
    (b"\x1b]7501;state=done\x07", "done"),
    (b"\x1b]7501;state=clear\x07", "unknown"),
    (b"\x1b]133;C\x07", "working"),
    (b"\x1b]133;D;0\x07", "done"),  # weaker evidence: told once it has settled, when nothing else comes
)

Said = tuple[str, str | None, str, str, str]


def said(of: Any) -> Said:
    return (of.turn.value, of.blocked and of.blocked.value, of.health.value, of.headline, of.source)


def distinct(found: list[Said]) -> list[Said]:
    return [one for at, one in enumerate(found) if at == 0 or one != found[at - 1]]


def recording_of(home: Any, agent: str, path: Path) -> Path:
    """Write what the keeper recorded as a recording, as a user's own would look."""
    marks: list[tuple[Mark, bytes]] = []
    reader = MarkReader(home.places.agent(agent))
    while found := reader.read(len(marks), 1 << 20):
        marks += found
    begin = marks[0][0]
    lines: list[str] = []
    start = json.loads(marks[0][1])
    writer = cast.Writer(lines.append, cast.Header(start["cols"], start["rows"], kind="shell"))
    for mark, data in marks:
        _copy(writer, mark.monotonic - begin.monotonic, mark.stream, data)
    path.write_text("".join(lines))
    return path


def protocol_of(home: Any, agent: str, path: Path) -> Path:
    """Write what went over the pipes as a recording."""
    reader = MarkReader(home.places.agent(agent))
    lines: list[str] = []
    writer = protocol.Writer(lines.append)
    begin: Mark | None = None
    taken = 0
    while found := reader.read(taken, 1 << 20):
        taken += len(found)
        for mark, data in found:
            begin = begin or mark
            writer.event(mark.monotonic - begin.monotonic, mark.stream, data)
    path.write_text("".join(lines))
    return path


def _copy(writer: cast.Writer, t: float, stream: Stream, data: bytes) -> None:
    if stream is Stream.OUT:
        writer.output(t, data)
    elif stream is Stream.IN:
        writer.input(t, data)
    elif stream is Stream.CTL:
        record = json.loads(data)
        if record["ev"] == "resize":
            writer.resize(t, record["rows"], record["cols"])
        elif record["ev"] == "exit":
            writer.exited(t, record["code"], record["signal"])


class Watching:
    """A client that keeps all rows of one agent."""

    def __init__(self, home: Any) -> None:
        self._home = home
        self._client = home.client(subscribe=True)
        self.rows: list[AgentRow] = []
        self.agent = ""

    def until(self, holds: Callable[[AgentRow], bool]) -> AgentRow:
        while not (self.rows and holds(self.rows[-1])):
            event = self._client.next_event(60.0)
            assert event is not None, self._home.log()
            if isinstance(event.event, AgentChanged) and event.event.row.id == self.agent:
                self.rows.append(event.event.row)
        return self.rows[-1]

    def said(self, *lifecycles: Lifecycle) -> list[Said]:
        """Return what was said since it was in one of these lifecycles."""
        first = next(at for at, row in enumerate(self.rows) if row.lifecycle in lifecycles)
        return distinct([said(row) for row in self.rows[first:]])


def test_a_replay_says_what_the_daemon_said_of_a_program_in_a_terminal(running: Any, tmp_path: Path) -> None:
    watching = Watching(running)
    program = running.path / "program.py"
    program.write_text(PROGRAM)
    argv = (sys.executable, str(program), str(running.path), *(text.hex() for text, _ in STEPS))
    watching.agent = running.run("shell", *argv, pty=True).id
    watching.until(lambda row: row.lifecycle is Lifecycle.RUNNING)
    for number, (_, turn) in enumerate(STEPS):
        (running.path / f"say-{number}").touch()
        watching.until(lambda row, turn=turn: row.turn.value == turn)
    (running.path / f"say-{len(STEPS)}").touch()
    watching.until(lambda row: row.lifecycle is Lifecycle.EXITED)

    live = watching.said(Lifecycle.RUNNING)
    recording = tape.load(recording_of(running, watching.agent, tmp_path / "run.cast"))
    kind = load_kinds(running.places.kinds).kinds["shell"]
    replayed = distinct([said(change) for change in changes(recording, kind, families()["terminal"])])
    assert [one[0] for one in live if one[0] != "unknown"] == [
        "idle", "working", "blocked", "working", "error", "working", "done", "working", "done",
    ]  # fmt: skip
    assert live[-1][3] == "exited 3"
    assert replayed == live


def test_a_replay_says_what_the_daemon_said_of_a_protocol(running: Any, tmp_path: Path) -> None:
    watching = Watching(running)
    step = {"do": "run", "command": "true", "ask": True}
    agent = running.play([running.gate(), step, running.gate("second"), {"do": "say", "text": "done"}]).id
    watching.agent = agent
    watching.rows.append(running.row(agent))
    watching.until(lambda row: row.turn is Turn.WORKING)
    running.open_gate()
    watching.until(lambda row: row.turn is Turn.BLOCKED)
    running.call("agent.answer", wire.AnswerRequest(agent, "allow"))
    watching.until(lambda row: row.turn is Turn.WORKING)
    running.open_gate("second")
    watching.until(lambda row: row.turn is Turn.DONE)

    recording = tape.load(protocol_of(running, agent, tmp_path / "run.jsonl"))
    kind = load_kinds(running.places.kinds).kinds["demo-script"]
    replayed = distinct([said(change) for change in changes(recording, kind, families()["acp"])])
    live = watching.said(*LIVE)
    assert [one[0] for one in live[-4:]] == ["working", "blocked", "working", "done"]
    # What comes within two milliseconds is one event; what it says at last is the same.
    assert live[-4:] == replayed[-4:]

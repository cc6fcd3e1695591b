from __future__ import annotations

import itertools
from pathlib import Path

from agents.adapters.claude.adapter import ClaudeAdapter
from agents.model import Blocked, Health, Stream, Turn
from agents.recording import protocol, tape
from agents.recording.change import Change
from agents.recording.replay import changes, judgements
from agents.recording.tape import Recording
from agents.spec import Kind
from tests.unit.agents.recording.sessions import recorded

CLAUDE = Kind(name="claude", family="claude", command=("claude",))


def test_a_turn_with_a_permission_is_told_as_it_was(tmp_path: Path) -> None:
    found = list(changes(recorded(tmp_path, "allow"), CLAUDE, ClaudeAdapter))
    assert [change.turn for change in found] == [
        Turn.UNKNOWN, Turn.IDLE, Turn.WORKING, Turn.BLOCKED, Turn.WORKING, Turn.DONE,
    ]  # fmt: skip
    assert found[0] == Change(0.0, Turn.UNKNOWN, None, Health.OK, "starting", "none")
    asking = found[3]
    assert (asking.blocked, asking.source) == (Blocked.PERMISSION, "protocol")
    assert asking.headline.startswith("allow ")
    assert [change.t % 0.5 for change in found] == [0.0] * len(found)


def test_two_replays_say_the_same(tmp_path: Path) -> None:
    recording = recorded(tmp_path, "question")
    assert list(changes(recording, CLAUDE, ClaudeAdapter)) == list(changes(recording, CLAUDE, ClaudeAdapter))


def test_a_change_differs_from_the_one_before(tmp_path: Path) -> None:
    found = list(changes(recorded(tmp_path, "interrupt-tool"), CLAUDE, ClaudeAdapter))
    bare = [(c.turn, c.blocked, c.health, c.headline, c.source) for c in found]
    assert all(before != after for before, after in itertools.pairwise(bare))
    assert [c.t for c in found] == sorted(c.t for c in found)


def test_silence_is_told_when_its_time_comes_and_not_when_the_next_byte_does(tmp_path: Path) -> None:
    whole = recorded(tmp_path, "allow")
    asked = next(n for n, s in enumerate(whole.stimuli) if b'"type": "user"' in s.data and s.stream is Stream.IN)
    hanging = Recording(whole.path, pty=False, stimuli=whole.stimuli[: asked + 1], end=whole.stimuli[asked].t)
    at = hanging.end
    assert list(changes(hanging, CLAUDE, ClaudeAdapter, until=at + 100))[-1].health is Health.OK
    last = list(changes(hanging, CLAUDE, ClaudeAdapter, until=at + 300))[-1]
    assert (last.t, last.turn, last.health, last.headline) == (at + 120.0, Turn.WORKING, Health.STALLED, "silent")


def test_the_end_of_the_process_is_told(tmp_path: Path) -> None:
    lines: list[str] = []
    protocol.Writer(lines.append).exited(2.0, 1)
    path = tmp_path / "a.jsonl"
    path.write_text("".join(lines))
    assert [(c.t, c.headline) for c in changes(tape.load(path), CLAUDE, ClaudeAdapter)] == [
        (0.0, "starting"), (2.0, "exited 1"),
    ]  # fmt: skip


def test_every_mark_is_judged(tmp_path: Path) -> None:
    recording = recorded(tmp_path, "allow")
    found = list(judgements(recording, CLAUDE, ClaudeAdapter))
    assert len(found) == 1 + len(recording.stimuli)

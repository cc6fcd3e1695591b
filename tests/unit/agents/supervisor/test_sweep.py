"""Deleting over real files: what a replay needs is on the disk first, who came back keeps what is his."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agents.model import Lifecycle, Stream
from agents.runtime.directory import AgentDirectory, link_durably
from agents.runtime.journal import Journal
from agents.runtime.rawlog import SEGMENT, RawLog
from agents.supervisor import sweep as module
from agents.supervisor.decisions import Beginning
from agents.supervisor.intake import Covered
from agents.supervisor.retention import Limits
from agents.supervisor.sweep import Sweep

NOW = 1_800_000_000.0
DAY = 86400.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


class Recorder:
    """A journal that is written and synced at once; tells what else happens while it is."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal(path)
        self.meanwhile: Any = lambda: None
        self.is_full = False
        self.held_back: list[dict[str, Any]] = []

    def record(self, record: dict[str, Any], *, sync: bool) -> None:
        if not self.is_full:
            self.journal.append(record, sync=sync)
        elif sync:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        else:
            self.held_back.append(record)

    async def durable(self) -> None:
        self.meanwhile()


class Agent:
    """As much of a unit as a sweep looks at."""

    def __init__(self, state: Path, name: str, *, live: bool = False, days: float = 30) -> None:
        self.directory = AgentDirectory(state / "agents" / name)
        self.directory.create()
        self.id = self.name = name
        self.is_live, self.catching_up, self.broken = live, False, ""
        self.disk: dict[str, str] = {}
        lifecycle = Lifecycle.RUNNING if live else Lifecycle.EXITED
        vitals = SimpleNamespace(changed_at=NOW - days * DAY, lifecycle=lifecycle)
        self.replica = SimpleNamespace(vitals=vitals)
        self.intake = SimpleNamespace(
            covered=Covered(5, 10**12, 10**12), next_seq=5, is_behind=False, end_here=lambda: Beginning(5, 1, 1)
        )
        self.recorder = Recorder(self.directory.events_file)
        self.notices: list[str] = []
        self.directory.checkpoint_file.write_bytes(b"state")
        self.directory.transcript_file.write_bytes(b"{}\n")

    def notice(self, level: str, text: str) -> None:
        self.notices.append(text)

    def logs(self, size: int, stream: Stream = Stream.OUT) -> RawLog:
        """Give it logs of so many bytes, which take no room on the disk."""
        for index in range(-(-size // SEGMENT)):
            with (self.directory.path / f"{stream.value}.{index}.log").open("wb") as file:
                file.truncate(min(SEGMENT, size - index * SEGMENT))
        return RawLog(self.directory.path, stream)

    @property
    def dropped(self) -> list[tuple[str, int]]:
        return [(record["why"], record["seq"]) for record in self.recorder.journal.read()]


class Desk:
    def __init__(self, state: Path) -> None:
        self.state = state
        self.agents: list[Agent] = []
        self.clock = Clock()
        self.told: list[str] = []
        self.sweep = Sweep(state, lambda: self.agents, self.clock, Limits(), self.tell)  # type: ignore[arg-type]

    def tell(self, level: str, text: str) -> None:
        self.told.append(text)

    def agent(self, name: str, **fields: Any) -> Agent:
        agent = Agent(self.state, name, **fields)
        self.agents.append(agent)
        return agent


def full(monkeypatch: pytest.MonkeyPatch, free: int = 0) -> None:
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_old_logs_go_with_one_notice_for_all(desk: Desk) -> None:
    raws = [desk.agent(f"a{n}").logs(1000) for n in range(5)]
    young = desk.agent("young", days=1).logs(1000)
    await desk.sweep.once()
    assert [(raw.start, raw.size) for raw in raws] == [(SEGMENT, SEGMENT)] * 5
    assert (young.start, young.size) == (0, 1000)
    assert desk.told == [
        "deleted 5 KB of raw logs of ended agents (a0, a1, a2 and 2 more): kept are "
        "14 days and up to 10 GB in all; their transcripts stay"
    ]
    assert desk.agents[0].dropped == [("ended", 5)]
    assert desk.agents[0].directory.kept_checkpoint_file.read_bytes() == b"state"
    await desk.sweep.once()
    assert len(desk.told) == 1
    assert desk.agents[0].dropped == [("ended", 5)]


async def test_who_has_no_checkpoint_of_all_of_it_keeps_the_logs(desk: Desk) -> None:
    agent = desk.agent("a")
    raw = agent.logs(1000)
    agent.intake.covered = Covered(4)
    await desk.sweep.once()
    assert raw.start == 0
    assert agent.dropped == desk.told == []


async def test_who_is_still_being_adopted_keeps_the_logs(desk: Desk) -> None:
    agent = desk.agent("a")
    raw = agent.logs(1000)
    agent.catching_up = True
    await desk.sweep.once()
    assert raw.start == 0


async def test_who_is_resumed_while_it_is_recorded_keeps_the_logs(desk: Desk) -> None:
    agent = desk.agent("a")
    raw = agent.logs(1000)
    agent.recorder.meanwhile = lambda: setattr(agent, "is_live", True)
    await desk.sweep.once()
    assert raw.start == 0
    assert desk.told == []


async def test_of_an_adapter_that_failed_nothing_is_learned_any_more(desk: Desk) -> None:
    agent = desk.agent("a")
    raw = agent.logs(1000)
    agent.broken, agent.intake.covered = "it failed", Covered()
    await desk.sweep.once()
    assert raw.start == SEGMENT


async def test_a_live_agent_loses_its_oldest_segments_only_behind_a_checkpoint(desk: Desk) -> None:
    agent = desk.agent("flood", live=True)
    raw = agent.logs(40 * SEGMENT + 7)
    agent.intake.covered = Covered(5, 3 * SEGMENT + 1, 0)
    await desk.sweep.once()
    assert raw.start == 3 * SEGMENT
    agent.intake.covered = Covered(9, 40 * SEGMENT, 0)
    await desk.sweep.once()
    assert 40 * SEGMENT + 7 - raw.start <= 2 * 10**9 < 41 * SEGMENT + 7 - raw.start + SEGMENT
    assert agent.directory.kept_checkpoint_file.read_bytes() == b"state"
    assert agent.dropped == [("too long", 0)] * 2
    assert len(agent.notices) == 2
    assert "at most 2 GB are kept" in agent.notices[0]
    assert desk.told == []


@pytest.mark.parametrize("state", ["broken", "never saved"])
async def test_a_live_agent_without_a_checkpoint_keeps_everything(desk: Desk, state: str) -> None:
    agent = desk.agent("flood", live=True)
    raw = agent.logs(40 * SEGMENT)
    agent.broken = "it failed" if state == "broken" else ""
    agent.intake.covered = Covered(5, 40 * SEGMENT) if state == "broken" else Covered()
    await desk.sweep.once()
    assert raw.start == 0


async def test_the_trash_goes_after_its_time(desk: Desk, tmp_path: Path) -> None:
    trash = tmp_path / "trash"
    for name in (f"a1-{NOW - 15 * DAY:.0f}", f"b2-{NOW - DAY:.0f}"):
        (trash / name).mkdir(parents=True)
        (trash / name / "out.0.log").write_bytes(b"x")
    (trash / f"file-{NOW - 15 * DAY:.0f}").touch()
    await desk.sweep.once()
    assert [path.name for path in trash.iterdir()] == [f"b2-{NOW - DAY:.0f}"]
    assert desk.told == ["2 removed agents lay in the trash for 14 days and went for good"]


async def test_a_link_in_the_trash_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "precious").mkdir(parents=True)
    (tmp_path / "trash").mkdir()
    (tmp_path / "trash" / "a-1").symlink_to(outside)
    await desk.sweep.once()
    assert (outside / "precious").exists()
    assert list((tmp_path / "trash").iterdir()) == []


async def test_what_cannot_be_deleted_is_told_and_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = desk.agent("a")
    raw = agent.logs(1000)
    agent.directory.checkpoint_file.unlink()
    await desk.sweep.once()
    assert raw.start == 0
    assert "could not be deleted" in desk.told[0]
    agent.directory.checkpoint_file.write_bytes(b"state")
    await desk.sweep.once()
    assert raw.start == SEGMENT


async def test_it_sweeps_at_once_and_then_every_hour(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[float] = []

    async def once(_: Sweep) -> None:
        swept.append(desk.clock.now - NOW)

    real = asyncio.sleep

    async def pass_time(seconds: float) -> None:
        desk.clock.now += seconds
        if desk.clock.now > NOW + 3 * 3600:
            raise asyncio.CancelledError
        await real(0)

    monkeypatch.setattr(Sweep, "once", once)
    monkeypatch.setattr(module.asyncio, "sleep", pass_time)
    with pytest.raises(asyncio.CancelledError):
        await desk.sweep.run()
    assert swept == [0.0, 3600.0, 7200.0, 10800.0]


@pytest.mark.parametrize(("count", "words"), [(999, "999 bytes"), (1000, "1 KB"), (64 << 20, "67.1 MB"), (2e9, "2 GB")])
def test_sizes_read_well(count: int, words: str) -> None:
    assert module._size(count) == words


async def test_on_a_full_disk_the_oldest_ended_go_and_it_is_recorded_once_there_is_room(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, young = desk.agent("old", days=2), desk.agent("young", days=1)
    live, raws = desk.agent("live", live=True), [old.logs(SEGMENT), young.logs(SEGMENT)]
    kept = live.logs(SEGMENT)
    old.recorder.is_full = True
    full(monkeypatch, free=Limits().room_bytes - 1000)
    await desk.sweep.make_room()
    assert [raw.start for raw in raws] == [SEGMENT, 0]
    assert kept.start == 0
    assert [(r["why"], r["seq"], r["bytes"]) for r in old.recorder.held_back] == [("full disk", 5, SEGMENT)]
    assert old.directory.kept_checkpoint_file.read_bytes() == b"state"
    assert desk.told == ["the disk is full: deleted 67.1 MB of raw logs of ended agents (old); transcripts stay"]


async def test_who_cannot_be_secured_stays_and_the_next_goes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    torn, other = desk.agent("torn", days=9), desk.agent("other")
    raws = [torn.logs(1000), other.logs(1000)]
    torn.directory.checkpoint_file.unlink()
    full(monkeypatch)
    await desk.sweep.make_room()
    assert [raw.start for raw in raws] == [0, SEGMENT]
    assert torn.dropped == []


async def test_with_room_nothing_goes_unless_a_quota_says_no(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = desk.agent("a", days=1).logs(1000)
    full(monkeypatch, free=10**12)
    desk.sweep.press(os.strerror(errno.EROFS))
    await desk.sweep.make_room()
    assert (raw.start, desk.told) == (0, [])
    desk.sweep.press(os.strerror(errno.EDQUOT))
    await desk.sweep.make_room()
    assert raw.start == SEGMENT
    await desk.sweep.make_room()
    assert len(desk.told) == 1


async def test_room_is_made_when_asked_for_and_while_anybody_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PRESS_S", 0.0)
    monkeypatch.setattr(module, "LOOK_S", 0.01)
    made = asyncio.Queue[None]()

    async def make_room(_: Sweep) -> None:
        made.put_nowait(None)

    monkeypatch.setattr(Sweep, "make_room", make_room)
    agent = desk.agent("a")
    async with asyncio.TaskGroup() as tasks:
        relief = tasks.create_task(desk.sweep.relieve())
        desk.sweep.press("No space left on device")
        await made.get()
        agent.disk["its journal"] = "No space left on device"
        await made.get()
        await made.get()
        relief.cancel()


def test_a_second_name_for_a_checkpoint_outlives_the_next_checkpoint(tmp_path: Path) -> None:
    newest, kept = tmp_path / "checkpoint", tmp_path / "checkpoint.kept"
    for content in (b"one", b"two"):
        fresh = tmp_path / "fresh"
        fresh.write_bytes(content)
        fresh.replace(newest)
        for _ in range(2):
            link_durably(newest, kept)
        assert kept.read_bytes() == content
    newest.unlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.kept"]
    with pytest.raises(FileNotFoundError):
        link_durably(newest, kept)
    assert kept.read_bytes() == b"two"

"""Clearing up after a killed keeper goes on until nothing is left, and gives up on what cannot be killed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agents.runtime.directory import AgentDirectory
from agents.supervisor import tether
from agents.supervisor.tether import SWEEPS, Tether


@pytest.fixture
def hold(tmp_path: Path) -> Tether:
    directory = AgentDirectory(tmp_path / "a")
    directory.create()
    return Tether(directory, SimpleNamespace(), SimpleNamespace())  # type: ignore[arg-type]


def play(monkeypatch: pytest.MonkeyPatch, killed: list[list[int]], left: list[list[int]]) -> list[float]:
    """Have each sweep kill and leave these; return the seconds each was given."""
    given: list[float] = []

    def end_agent(child: Any, start: Any, nonce: str, seconds: float) -> list[int]:
        given.append(seconds)
        return killed.pop(0) if killed else []

    monkeypatch.setattr(tether.tree, "end_agent", end_agent)
    monkeypatch.setattr(tether.tree, "find_agent", lambda *_: left.pop(0) if left else [])
    return given


async def test_one_sweep_is_enough_when_nothing_is_left(hold: Tether, monkeypatch: pytest.MonkeyPatch) -> None:
    given = play(monkeypatch, [[7, 8]], [])
    assert await hold.sweep(1, "nonce") == [7, 8]
    assert given == [tether.SWEEP_S]


async def test_what_a_busy_machine_left_is_swept_again(hold: Tether, monkeypatch: pytest.MonkeyPatch) -> None:
    given = play(monkeypatch, [[7], [9], [8]], [[8, 9], [8], []])
    assert await hold.sweep(1, "nonce") == [7, 8, 9]
    assert len(given) == 3


async def test_what_cannot_be_killed_is_given_up(hold: Tether, monkeypatch: pytest.MonkeyPatch) -> None:
    given = play(monkeypatch, [], [[8]] * 100)
    assert await hold.sweep(1, "nonce") == []
    assert len(given) == SWEEPS

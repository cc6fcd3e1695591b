"""A vendor session never runs twice; a dead owner's lease is free."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agents.runtime import tree
from agents.runtime.lease import LeaseHeld, Leases, Owner


def owner(agent: str, home: str = "/home/u", *, start: int | None = None) -> Owner:
    alive = tree.identity(os.getpid())
    assert alive is not None
    return Owner(home, agent, os.getpid(), alive if start is None else start)


@pytest.fixture
def leases(tmp_path: Path) -> Leases:
    return Leases(tmp_path / "leases")


def test_a_held_session_is_refused_naming_the_holder(leases: Leases) -> None:
    leases.acquire("claude", "s1", owner("a1"))
    with pytest.raises(LeaseHeld, match=r"claude session s1 is already run by agent a1 of /home/u") as held:
        leases.acquire("claude", "s1", owner("a2"))
    assert held.value.owner.agent == "a1"
    assert leases.holder("claude", "s1") == owner("a1")


def test_the_same_agent_name_in_another_home_is_another_agent(leases: Leases) -> None:
    leases.acquire("claude", "s1", owner("a1"))
    with pytest.raises(LeaseHeld):
        leases.acquire("claude", "s1", owner("a1", "/other"))


def test_kinds_and_sessions_are_apart(leases: Leases) -> None:
    leases.acquire("claude", "s1", owner("a1"))
    leases.acquire("codex", "s1", owner("a2"))
    leases.acquire("claude", "s2", owner("a3"))
    assert leases.holder("claude", "s3") is None


def test_an_agent_may_hand_its_lease_to_its_next_process(leases: Leases) -> None:
    leases.acquire("claude", "s1", owner("a1", start=1))
    leases.acquire("claude", "s1", owner("a1"))
    assert leases.holder("claude", "s1") == owner("a1")


def test_a_lease_of_a_dead_process_is_free(leases: Leases) -> None:
    leases.acquire("claude", "s1", owner("a1", start=1))
    assert leases.holder("claude", "s1") is None
    leases.acquire("claude", "s1", owner("a2"))
    assert leases.holder("claude", "s1") == owner("a2")


def test_a_released_lease_is_free_and_a_strangers_release_changes_nothing(leases: Leases) -> None:
    leases.acquire("claude", "s1", owner("a1"))
    leases.release("claude", "s1", owner("a2"))
    assert leases.holder("claude", "s1") == owner("a1")
    leases.release("claude", "s1", owner("a1"))
    leases.release("claude", "s1", owner("a1"))
    assert leases.holder("claude", "s1") is None


def test_a_torn_lease_is_free(leases: Leases, tmp_path: Path) -> None:
    leases.acquire("claude", "s1", owner("a1"))
    (path,) = (tmp_path / "leases").glob("*.json")
    path.write_bytes(b'{"kind":"cl')
    leases.acquire("claude", "s1", owner("a2"))
    assert leases.holder("claude", "s1") == owner("a2")


def test_a_session_id_is_no_path(leases: Leases, tmp_path: Path) -> None:
    leases.acquire("claude", "../../etc/passwd\0", owner("a1"))
    assert len(list((tmp_path / "leases").glob("*.json"))) == 1


def test_an_owner_must_live(tmp_path: Path) -> None:
    with pytest.raises(ProcessLookupError):
        Owner.of(tmp_path, "a1", 2**22 + 1)
    assert Owner.of(tmp_path, "a1", os.getpid()).pid == os.getpid()

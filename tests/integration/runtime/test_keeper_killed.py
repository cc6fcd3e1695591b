"""When a keeper itself is killed: its agent dies with it, and the sweep ends the rest."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from agents.runtime import tree
from tests.integration.runtime.conftest import Kept
from tests.integration.runtime.test_keeper_life import DAEMON

ENDLESS = "import time\nwhile True: time.sleep(60)"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills a child with its parent")
async def test_the_agent_dies_with_its_keeper(kept: Kept) -> None:
    _, ear = await kept.python(ENDLESS)
    state = await ear.until(lambda: kept.state() if kept.state().state == "running" else None)
    os.kill(kept.pid, signal.SIGKILL)
    await ear.until(lambda: ear.lost and tree.identity(state.child) is None)
    assert kept.state().state == "running", "nobody was left to say more"


async def test_the_sweep_ends_a_daemonised_grandchild_that_ignores_sigterm(kept: Kept) -> None:
    _, ear = await kept.python(DAEMON + ENDLESS)
    await ear.until(lambda: kept.out.endswith(b"\n"))
    grandchild = int(kept.out)
    state = kept.state()
    os.kill(kept.pid, signal.SIGKILL)
    await ear.until(lambda: ear.lost)
    killed = await asyncio.to_thread(tree.end_agent, state.child, state.child_start, kept.nonce)
    assert grandchild in killed
    assert tree.identity(grandchild) is None
    assert kept.processes() == []


async def test_the_sweep_finds_group_members_that_hide_their_environment(kept: Kept) -> None:
    _, ear = await kept.run("bash", "-c", "env -i sleep 600 & echo up; wait")
    await ear.until(lambda: b"up" in kept.out)
    state = kept.state()
    assert state.child
    hidden = await ear.until(lambda: [p for p in tree.descendants(state.child or 0) if tree.marker_of(p) is None])
    os.kill(kept.pid, signal.SIGKILL)
    await ear.until(lambda: ear.lost)
    killed = await asyncio.to_thread(tree.end_agent, state.child, state.child_start, kept.nonce)
    assert set(hidden) <= set(killed)


async def test_the_sweep_spares_a_stranger_that_got_the_pid(kept: Kept) -> None:
    _, ear = await kept.python(ENDLESS)
    state = await ear.until(lambda: kept.state() if kept.state().state == "running" else None)
    assert state.child_start
    found = tree.find_agent(state.child, state.child_start + 100, "no such nonce")
    assert found == []
    assert tree.find_agent(state.child, state.child_start, "no such nonce") == [state.child]


async def test_nothing_is_left_to_sweep_after_an_ordinary_end(kept: Kept) -> None:
    _, ear = await kept.run("true")
    state = await ear.exit()
    assert await asyncio.to_thread(tree.end_agent, state.child, state.child_start, kept.nonce) == []


async def test_the_marker_tells_the_agent_of_a_process(kept: Kept) -> None:
    _, ear = await kept.run("bash", "-c", "setsid sleep 600 & wait")
    found = await ear.until(lambda: found if len(found := kept.processes()) == 2 else None)
    assert {tree.marker_of(pid) for pid in found} == {kept.marker}
    assert all(kept.pid in tree.ancestors(pid) for pid in found)

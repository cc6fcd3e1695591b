"""Waiting looks at the present first, then at every change, and ends at its time."""

from __future__ import annotations

import asyncio

import pytest

from agents.supervisor.waiters import Waiters


async def test_what_is_already_so_needs_no_change() -> None:
    assert await Waiters[int]().until(lambda: 7, 0.0) == 7


async def test_a_change_wakes_those_it_is_for() -> None:
    waiters = Waiters[str]()
    state = {"value": 0}

    def at_least(limit: int) -> str | None:
        return f"{limit}" if state["value"] >= limit else None

    async with asyncio.TaskGroup() as group:
        one = group.create_task(waiters.until(lambda: at_least(1), 5))
        two = group.create_task(waiters.until(lambda: at_least(2), 5))
        await asyncio.sleep(0)
        state["value"] = 1
        waiters.check()
        assert await one == "1"
        assert not two.done()
        state["value"] = 2
        waiters.check()
        assert await two == "2"


async def test_a_timeout_leaves_nothing_behind() -> None:
    waiters = Waiters[int]()
    with pytest.raises(TimeoutError):
        await waiters.until(lambda: None, 0.001)
    waiters.check()
    assert waiters._open == []

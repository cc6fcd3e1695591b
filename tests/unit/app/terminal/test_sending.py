"""What is typed arrives in order and once; what cannot be sent is told and never comes later."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import msgspec

from agents.jsonrpc import ErrorCode, RpcError
from agents.wire import Done, Input
from app.client.api import ConnectionLost
from app.terminal.sending import PIECE, Sending


class Line:
    """A daemon that answers when told, and the tasks that wait for it."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []
        self.answers: list[asyncio.Future[Done]] = []
        self.told: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.sending = Sending("a", self, self, self.told.append)

    async def call(self, method: str, params: msgspec.Struct) -> Any:
        assert method == "agent.input"
        assert isinstance(params, Input)
        assert params.id == "a"
        self.calls.append(params.data)
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        return await answer

    def spawn(self, work: Coroutine[Any, Any, None], what: str) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work, name=what))

    async def answer(self, failure: Exception | None = None) -> None:
        open_ones = [answer for answer in self.answers if not answer.done()]
        assert len(open_ones) == 1, "one call at a time is in the air"
        if failure is None:
            open_ones[0].set_result(Done())
        else:
            open_ones[0].set_exception(failure)
        await turn()


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def run(scenario: Any) -> None:
    asyncio.run(scenario())


def test_the_first_key_goes_at_once_and_what_follows_waits_for_the_answer_as_one() -> None:
    async def scenario() -> None:
        line = Line()
        for letter in b"a", b"b", b"c":
            line.sending.send(letter)
            await turn()
        assert line.calls == [b"a"]
        await line.answer()
        assert line.calls == [b"a", b"bc"]
        await line.answer()
        line.sending.send(b"d")
        await turn()
        assert line.calls == [b"a", b"bc", b"d"]
        assert line.told == []
        await line.answer()

    run(scenario)


def test_what_is_long_goes_in_pieces_in_order() -> None:
    async def scenario() -> None:
        line = Line()
        data = bytes(range(256)) * 1000
        line.sending.send(data)
        await turn()
        while len(b"".join(line.calls)) < len(data):
            await line.answer()
        await line.answer()
        assert b"".join(line.calls) == data
        assert max(map(len, line.calls)) <= PIECE

    run(scenario)


def test_a_refusal_is_told_and_what_was_typed_behind_it_is_dropped() -> None:
    async def scenario() -> None:
        line = Line()
        line.sending.send(b"rm ")
        await turn()
        line.sending.send(b"-r /tmp/x\r")
        await line.answer(RpcError(ErrorCode.NOT_POSSIBLE, "fox has ended"))
        assert line.calls == [b"rm "]
        assert line.told == ["not typed: fox has ended"]
        line.sending.send(b"ls")
        await turn()
        assert line.calls == [b"rm ", b"ls"]
        await line.answer()

    run(scenario)


def test_after_a_lost_connection_nothing_is_typed_twice() -> None:
    async def scenario() -> None:
        line = Line()
        line.sending.send(b"make\r")
        await turn()
        await line.answer(ConnectionLost("gone"))
        assert line.calls == [b"make\r"]
        assert "look whether the last keys arrived" in line.told[0]

    run(scenario)


def test_nothing_is_no_call() -> None:
    async def scenario() -> None:
        line = Line()
        line.sending.send(b"")
        await turn()
        assert line.calls == []

    run(scenario)

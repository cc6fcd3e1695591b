"""Blocks held around what is looked at, and searched wherever they are."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from agents.model import Block, BlockKind, Decision, Diff, PlanEntry, ToolCall
from agents.wire import Page, PageTranscript
from app import transcript
from app.logsearch import Needle
from app.transcript import KEPT, PAGE, Transcript, TranscriptSearch, block_markdown, block_text


class Daemon:
    """Pages of blocks in memory."""

    def __init__(self, count: int) -> None:
        self.blocks = [Block(n, 1, BlockKind.MESSAGE, 1, 0.0, text=f"message {n}") for n in range(count)]
        self.calls: list[PageTranscript] = []

    async def call(self, method: str, params: msgspec.Struct) -> Any:
        assert method == "transcript.page"
        assert isinstance(params, PageTranscript)
        self.calls.append(params)
        await asyncio.sleep(0)
        end = len(self.blocks) if params.before is None else params.before
        found = [block for block in self.blocks[:end] if block.text != "absent"]
        return Page(tuple(found[-params.n :]), len(self.blocks))


def held(daemon: Daemon) -> tuple[Transcript, list[frozenset[int]]]:
    told: list[frozenset[int]] = []
    return Transcript("a", daemon, told.append), told


async def test_opens_at_the_newest_page() -> None:
    known, told = held(Daemon(500))
    assert not known.opened
    await known.open()
    assert known.opened
    assert known.total == 500
    assert known.block(499) is not None
    assert known.block(499 - PAGE) is None
    assert told


async def test_pages_are_fetched_once_and_around_what_is_needed() -> None:
    daemon = Daemon(500)
    known, _ = held(daemon)
    await known.open()
    await asyncio.gather(known.need(200), known.need(201), known.need(199))
    assert len(daemon.calls) == 2
    assert all(known.block(n) for n in range(180, 215))
    await known.need(200)
    assert len(daemon.calls) == 2


async def test_numbers_that_were_never_used_are_not_asked_for_again() -> None:
    daemon = Daemon(100)
    daemon.blocks[10] = msgspec.structs.replace(daemon.blocks[10], text="absent")
    known, _ = held(daemon)
    await known.open()
    await known.need(10)
    assert known.is_absent(10)
    assert not known.is_absent(11)
    calls = len(daemon.calls)
    await known.need(10)
    assert len(daemon.calls) == calls


async def test_only_newer_revisions_count() -> None:
    daemon = Daemon(1)
    known, told = held(daemon)
    known.apply([msgspec.structs.replace(daemon.blocks[0], rev=3, text="three")])
    known.apply([msgspec.structs.replace(daemon.blocks[0], rev=2, text="two")])
    block = known.block(0)
    assert block is not None
    assert block.text == "three"
    assert told == [frozenset({0})]


async def test_memory_is_bounded_and_old_blocks_go_first() -> None:
    known, _ = held(Daemon(0))
    known.apply([Block(n, 1, BlockKind.NOTE, 1, 0.0) for n in range(KEPT)])
    assert known.block(0) is not None
    known.apply([Block(KEPT, 1, BlockKind.NOTE, 1, 0.0)])
    assert known.block(0) is not None, "it was looked at last"
    assert known.block(1) is None


async def test_after_a_reconnect_open_blocks_are_read_anew() -> None:
    daemon = Daemon(300)
    known, _ = held(daemon)
    await known.open()
    known.apply([msgspec.structs.replace(daemon.blocks[5], rev=9, text="half", open=True)])
    daemon.blocks[5] = msgspec.structs.replace(daemon.blocks[5], rev=4, text="whole")
    await known.open()
    assert known.block(5) is None


async def searched(daemon: Daemon, text: str) -> TranscriptSearch:
    known, _ = held(daemon)
    await known.open()
    search = TranscriptSearch(known, "a", daemon, Needle(text))
    await search.run(lambda: None)
    return search


async def test_search_is_whole_and_sorted() -> None:
    search = await searched(Daemon(1000), "message 9")
    assert list(search.hits) == [9, *range(90, 100), *range(900, 1000)]
    assert search.done
    assert search.progress == 1.0
    assert (search.after(9), search.after(999), search.before(9), search.place(90), search.place(91)) == (
        90,
        9,
        999,
        1,
        2,
    )
    assert (search.place(-1), search.place(10)) == (None, None)


async def test_search_newest_first_tells_early_and_can_be_ended() -> None:
    daemon = Daemon(2000)
    known, _ = held(daemon)
    await known.open()
    search = TranscriptSearch(known, "a", daemon, Needle("message"))
    await search.run(search.cancel)
    assert not search.done
    assert search.hits[-1] == 1999
    assert 0 < search.progress < 1


async def test_search_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "HIT_LIMIT", 100)
    search = await searched(Daemon(2000), "message")
    assert search.capped


async def test_blocks_that_come_meanwhile_are_found_once() -> None:
    daemon = Daemon(5)
    known, _ = held(daemon)
    await known.open()
    search = TranscriptSearch(known, "a", daemon, Needle("new"))
    await search.run(lambda: None)
    known.apply([Block(5, 1, BlockKind.MESSAGE, 1, 0.0, text="new")])
    search.changed({5})
    search.changed({5, 3, 77})
    assert list(search.hits) == [5]


async def test_search_of_nothing() -> None:
    search = await searched(Daemon(0), "x")
    assert (search.after(0), search.before(0), search.progress) == (None, None, 1.0)


def block(kind: BlockKind, **fields: Any) -> Block:
    return Block(0, 1, kind, 1, 0.0, **fields)


TOOL = ToolCall("1", "Edit a.py", "edit", "completed", "sed -i x", "out", (Diff("a.py", "x\n", "y\n"),))


@pytest.mark.parametrize(
    ("shown", "text", "markdown"),
    [
        (block(BlockKind.MESSAGE, text="**hi**"), "**hi**", "**hi**"),
        (block(BlockKind.USER, text="a\n\nb"), "a\n\nb", "> a\n>\n> b"),
        (
            block(BlockKind.TOOL, tool=TOOL),
            "Edit a.py\nsed -i x\na.py\n- x\n+ y\nout",
            "**Edit a.py**\n\n```diff\na.py\n- x\n+ y\nout\n```",
        ),
        (block(BlockKind.TOOL, tool=ToolCall("1", "Look")), "Look", "**Look**"),
        (
            block(BlockKind.PLAN, plan=(PlanEntry("a", "completed"), PlanEntry("b"))),
            "[x] a\n[ ] b",
            "- [x] a\n- [ ] b",
        ),
        (
            block(BlockKind.PERMISSION, text="Push", decision=Decision("k", "denied", "Push", "shell", 0.0, "no")),
            "Push\ndenied by you: no",
            "Push\ndenied by you: no",
        ),
        (block(BlockKind.PERMISSION, text="Push", open=True), "Push", "Push"),
        (block(BlockKind.TURN, text="done"), "done", "---"),
    ],
)
def test_what_a_block_says(shown: Block, text: str, markdown: str) -> None:
    assert block_text(shown) == text
    assert block_markdown(shown) == markdown

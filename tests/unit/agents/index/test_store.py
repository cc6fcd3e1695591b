"""The index: found by words, rebuilt when it is missing, damaged or of another version, never in the way."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from agents.index import store
from agents.index.store import VERSION, IndexStore, NotReady, searchable
from agents.model import Block, BlockKind, Diff, PlanEntry, ToolCall

PATIENCE_S = 10.0


def block(n: int, text: str, rev: int = 1, **fields: object) -> Block:
    return Block(n, rev, BlockKind.MESSAGE, 1, float(n), text=text, **fields)  # type: ignore[arg-type]


class Desk:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "index.sqlite"
        self.transcripts: dict[str, list[Block]] = {}
        self.problems: list[str] = []
        self.store = IndexStore(self.path, self._source, self.problems.append)

    def _source(self) -> Iterator[tuple[str, Iterable[Block]]]:
        yield from self.transcripts.items()

    def put(self, agent: str, *blocks: Block) -> None:
        self.transcripts.setdefault(agent, []).extend(blocks)
        self.store.put(agent, blocks)

    def finds(self, text: str) -> list[tuple[str, int]]:
        try:
            return [(hit.agent, hit.n) for hit in self.store.search(text)]
        except NotReady:
            return []

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def settled(self) -> None:
        self.store.rebuild().result(PATIENCE_S)


@pytest.fixture
def open_desk() -> Iterator[Callable[[Path], Desk]]:
    desks: list[Desk] = []

    def make(folder: Path) -> Desk:
        desks.append(Desk(folder))
        desks[-1].store.start()
        return desks[-1]

    yield make
    for desk in desks:
        desk.store.stop()


@pytest.fixture
def desk(tmp_path: Path, open_desk: Callable[[Path], Desk]) -> Desk:
    return open_desk(tmp_path)


def test_blocks_are_found_by_all_words_and_the_beginning_of_the_last(desk: Desk) -> None:
    desk.put("a", block(0, "the quick brown fox"), block(1, "a slow fox"))
    desk.put("b", block(0, "quick_start guide"))
    desk.until(lambda: desk.finds("fox") == [("a", 1), ("a", 0)])
    assert desk.finds("quick fo") == [("a", 0)]
    assert desk.finds("quick_start") == [("b", 0)]
    assert desk.finds('"fox') == [("a", 1), ("a", 0)]
    assert desk.finds("") == []
    assert desk.path.stat().st_mode & 0o777 == 0o600


def test_a_later_revision_replaces_and_an_earlier_one_does_not(desk: Desk) -> None:
    desk.put("a", block(0, "before", rev=1))
    desk.put("a", block(0, "after", rev=3))
    desk.put("a", block(0, "between", rev=2))
    desk.until(lambda: desk.finds("after") == [("a", 0)])
    assert desk.finds("before") == desk.finds("between") == []


def test_a_removed_agent_is_forgotten(desk: Desk) -> None:
    desk.put("a", block(0, "word"))
    desk.put("b", block(0, "word"))
    desk.until(lambda: len(desk.finds("word")) == 2)
    desk.store.drop("a")
    desk.until(lambda: desk.finds("word") == [("b", 0)])


def test_rebuild_counts_what_the_transcripts_hold(desk: Desk) -> None:
    desk.transcripts = {"a": [block(0, "x"), block(1, "y")], "b": [block(0, "z")]}
    assert desk.store.rebuild().result(PATIENCE_S) == (2, 3)
    assert desk.finds("z") == [("b", 0)]


@pytest.mark.parametrize("damage", ["deleted", "garbage", "other version", "truncated"])
def test_what_is_no_index_any_more_is_rebuilt_by_itself(
    tmp_path: Path, open_desk: Callable[[Path], Desk], damage: str
) -> None:
    first = open_desk(tmp_path)
    first.put("a", block(0, "xylophone"))
    first.until(lambda: first.finds("xylophone") == [("a", 0)])
    first.store.stop()
    match damage:
        case "deleted":
            first.path.unlink()
        case "garbage":
            first.path.write_bytes(b"this is no database" * 1000)
        case "truncated":
            first.path.write_bytes(first.path.read_bytes()[:5000])
        case _:
            connection = sqlite3.connect(first.path)
            connection.execute(f"PRAGMA user_version={VERSION + 7}")
            connection.close()
    second = open_desk(tmp_path)
    second.transcripts.update(first.transcripts)
    second.store.put("b", (block(0, "zebra"),))
    second.until(lambda: second.finds("xylophone") == [("a", 0)])
    second.until(lambda: second.finds("zebra") == [("b", 0)])


def test_deleted_while_it_is_open_it_is_rebuilt_with_everything(desk: Desk) -> None:
    desk.put("a", block(0, "early"))
    desk.until(lambda: desk.finds("early") == [("a", 0)])
    desk.path.unlink()
    desk.put("a", block(1, "late"))
    desk.until(lambda: desk.path.exists() and desk.finds("late") == [("a", 1)])
    assert desk.finds("early") == [("a", 0)]


def test_a_place_that_cannot_be_written_is_told_once_and_tried_again(
    tmp_path: Path, open_desk: Callable[[Path], Desk]
) -> None:
    folder = tmp_path / "later"
    desk = open_desk(folder)
    desk.put("a", block(0, "word"))
    desk.until(lambda: bool(desk.problems))
    folder.mkdir()
    desk.until(lambda: desk.finds("word") == [("a", 0)])
    assert len(desk.problems) == 1
    assert str(desk.path) in desk.problems[0]


def test_a_flood_is_not_held_in_memory_and_is_found_in_the_end(
    tmp_path: Path, open_desk: Callable[[Path], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "WAITING_LIMIT", 10_000)
    monkeypatch.setattr(store, "REBUILD_AFTER_S", 0.05)
    desk = open_desk(tmp_path)
    desk.put("a", block(0, "too large for the queue " * 1000))
    assert desk.store.waiting == 0
    desk.until(lambda: desk.finds("queue") == [("a", 0)])


def test_what_a_flood_left_out_is_found_by_the_next_daemon(
    tmp_path: Path, open_desk: Callable[[Path], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "WAITING_LIMIT", 10_000)
    first = open_desk(tmp_path)
    first.put("a", block(0, "small"))
    first.until(lambda: first.finds("small") == [("a", 0)])
    first.put("a", block(1, "too large for the queue " * 1000))
    first.store.stop()
    second = open_desk(tmp_path)
    second.transcripts.update(first.transcripts)
    second.until(lambda: second.finds("queue") == [("a", 1)])


def test_everything_readable_in_a_block_is_searchable() -> None:
    call = ToolCall("1", "Run tests", command="make test", output="3 passed", diffs=(Diff("a.py", None, "x"),))
    text = searchable(block(0, "body", tool=call, plan=(PlanEntry("step one"),)))
    for word in ("body", "Run tests", "make test", "3 passed", "a.py", "step one"):
        assert word in text

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.model import Block, BlockKind, Diff, ToolCall
from agents.transcript.file import TranscriptFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "transcript.jsonl"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[[], TranscriptFile]]:
    files: list[TranscriptFile] = []

    def make() -> TranscriptFile:
        files.append(TranscriptFile(path, lambda text: text.replace("SECRET", "•••")))
        return files[-1]

    yield make
    for file in files:
        file.close()


def block(n: int, rev: int = 1, text: str = "", *, is_open: bool = False) -> Block:
    return Block(n, rev, BlockKind.MESSAGE, 1, 1000.0 + n, n, text or f"block {n}", open=is_open)


Opened = Callable[[], TranscriptFile]


def test_an_absent_file_is_an_empty_transcript(opened: Opened, path: Path) -> None:
    file = opened()
    assert (file.total, file.page(None, 10)) == (0, ())
    assert not path.exists()


def test_pages_go_back_from_the_newest(opened: Opened) -> None:
    opened().store(block(n) for n in range(10))
    file = opened()
    assert file.total == 10
    assert [b.n for b in file.page(None, 3)] == [7, 8, 9]
    assert [b.n for b in file.page(7, 3)] == [4, 5, 6]
    assert [b.n for b in file.page(2, 5)] == [0, 1]
    assert [b.n for b in file.page(99, 1)] == [9]
    assert file.page(0, 5) == ()
    assert file.page(5, 0) == ()
    assert file.page(1, 1)[0] == block(0)


def test_the_last_revision_wins_and_older_ones_are_not_written_again(opened: Opened, path: Path) -> None:
    file = opened()
    assert [b.rev for b in file.store([block(0), block(1), block(0, 2, "new")])] == [2, 1]
    size = path.stat().st_size
    assert file.store([block(0), block(1), block(0, 2, "new")]) == ()
    again = opened()
    assert again.store([block(0, 2, "new"), block(1)]) == ()
    assert path.stat().st_size == size
    assert [b.text for b in again.page(None, 9)] == ["new", "block 1"]
    assert [b.rev for b in again.store([block(1, 5)])] == [5]


def test_open_blocks_are_shown_but_written_only_when_they_close(opened: Opened, path: Path) -> None:
    file = opened()
    assert file.store([block(0, 1, "str", is_open=True)]) == ()
    assert file.total == 1
    assert file.page(None, 1)[0].text == "str"
    assert not path.exists()
    file.store([block(0, 7, "stream", is_open=True), block(0, 3, "stre", is_open=True)])
    assert file.page(None, 1)[0].text == "stream"
    (written,) = file.store([block(0, 8, "streamed")])
    assert (written.rev, written.text) == (8, "streamed")
    assert opened().page(None, 1)[0].text == "streamed"


def test_finish_writes_what_is_open_as_closed(opened: Opened) -> None:
    file = opened()
    file.store([block(0, 3, "half", is_open=True)])
    assert [(b.rev, b.open) for b in file.finish()] == [(4, False)]
    assert file.finish() == ()
    again = opened()
    assert again.page(None, 1)[0].text == "half"
    assert again.store([block(0, 3, "half", is_open=True)]) == ()
    assert [b.rev for b in again.store([block(0, 5, "whole")])] == [5]


def test_nothing_secret_is_written_or_shown(opened: Opened, path: Path) -> None:
    tool = ToolCall("c", "SECRET", command="x SECRET", output="SECRET", diffs=(Diff("a", "SECRET", "b"),))
    file = opened()
    (written,) = file.store([Block(0, 1, BlockKind.TOOL, 1, 1.0, text="a SECRET", tool=tool)])
    file.store([block(1, 1, "open SECRET", is_open=True)])
    assert b"SECRET" not in path.read_bytes()
    assert "SECRET" not in repr(written) + repr(file.page(None, 9))


@pytest.mark.parametrize("torn", [b'{"n":2,"rev":1,"kind":"mess', b"{", b"\xff" * 30])
def test_a_torn_last_line_is_ignored_and_overwritten(opened: Opened, path: Path, torn: bytes) -> None:
    opened().store([block(0), block(1)])
    with path.open("ab") as file:
        file.write(torn)
    again = opened()
    assert again.total == 2
    again.store([block(2)])
    assert [b.n for b in opened().page(None, 9)] == [0, 1, 2]
    assert path.read_bytes().count(b"\n") == len([json.loads(line) for line in path.read_bytes().splitlines()]) == 3


def test_lines_that_are_no_blocks_are_passed_over(opened: Opened, path: Path) -> None:
    opened().store([block(0)])
    with path.open("ab") as file:
        file.write(b'{"later":"format"}\n')
    again = opened()
    again.store([block(1)])
    assert [b.n for b in opened().page(None, 9)] == [0, 1]


def test_missing_numbers_leave_a_gap(opened: Opened) -> None:
    file = opened()
    file.store([block(0), block(5)])
    assert file.total == 6
    assert [b.n for b in file.page(None, 2)] == [0, 5]


def test_a_full_disk_loses_nothing(opened: Opened, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = opened()
    file.store([block(0)])
    real = os.pwrite
    room = [10]

    def pwrite(fd: int, data: bytes, offset: int) -> int:
        if not room[0]:
            raise OSError(28, "No space left on device")
        count = real(fd, data[: room[0]], offset)
        room[0] = 0
        return count

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", pwrite)
        with pytest.raises(OSError, match="No space"):
            file.store([block(1), block(2)])
    assert [b.n for b in file.page(None, 9)] == [0, 1, 2]
    assert [b.n for b in file.store([block(3)])] == [1, 2, 3]
    assert [b.n for b in opened().page(None, 9)] == [0, 1, 2, 3]


def test_the_file_is_for_its_owner_only(opened: Opened, path: Path) -> None:
    opened().store([block(0)])
    assert path.stat().st_mode & 0o777 == 0o600


STEPS = st.lists(st.tuples(st.integers(0, 8), st.integers(1, 5), st.booleans()), max_size=25)


@given(steps=STEPS, reopen=st.sets(st.integers(0, 25)))
@settings(deadline=None, max_examples=60)
def test_pages_are_the_newest_revisions_whatever_the_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, bool]], reopen: set[int]
) -> None:
    path = tmp_path_factory.mktemp("t") / "t.jsonl"
    file = TranscriptFile(path, str)
    newest: dict[int, Block] = {}
    for at, (n, rev, is_open) in enumerate(steps):
        new = block(n, rev, f"{n}.{rev}", is_open=is_open)
        if n not in newest or rev > newest[n].rev or (rev == newest[n].rev and newest[n].open):
            newest[n] = new
        file.store([new])
        if at in reopen:
            file.finish()
            file.close()
            file = TranscriptFile(path, str)
            newest = {b.n: b for b in file.page(None, 99)}
    shown = {b.n: b.rev for b in file.page(None, 99)}
    file.close()
    assert shown == {n: b.rev for n, b in newest.items()}

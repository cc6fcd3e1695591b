"""Lines, growth and search over a log, local or remote."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app import logdocument
from app.logdocument import AT_ONCE, GONE, LINES_KEPT, LogDocument, LogSearch
from app.logindex import BLOCK
from app.logline import LINE_LIMIT
from app.logsearch import Needle


class Memory:
    """A log in memory; bytes are at hand only after ``load`` when ``far``."""

    def __init__(self, data: bytes, *, far: bool = False) -> None:
        self.data = data
        self.start = 0
        self.local = not far
        self._loaded = 0 if far else None

    @property
    def size(self) -> int:
        return len(self.data)

    def cached(self, offset: int, length: int) -> bytes | None:
        if self._loaded is not None and offset + length > self._loaded:
            return None
        return self.data[offset : offset + length]

    async def load(self, offset: int, length: int) -> bytes:
        if self._loaded is not None:
            self._loaded = max(self._loaded, offset + length)
        return self.data[offset : offset + length]

    def grew(self, size: int) -> None:
        raise AssertionError(size)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        return lambda: None


def nothing() -> None:
    pass


async def opened(data: bytes, *, far: bool = False) -> LogDocument:
    document = LogDocument(Memory(data, far=far))
    await document.catch_up(nothing)
    return document


async def test_lines_by_number() -> None:
    document = await opened(b"".join(b"line %d\n" % n for n in range(5000)))
    assert document.count == 5000
    assert document.text(4998, 10) == ["line 4998", "line 4999"]
    assert document.text(-3, 2) == []
    assert document.text(0, 2) == ["line 0", "line 1"]


async def test_unfinished_last_line_is_read_again_when_it_grew() -> None:
    source = Memory(b"a\nhal")
    document = LogDocument(source)
    assert document.catch_up_now()
    assert document.text(0, 9) == ["a", "hal"]
    source.data += b"f\nb"
    assert document.behind == 3
    assert document.catch_up_now()
    assert document.text(0, 9) == ["a", "half", "b"]


async def test_much_growth_is_left_to_the_task() -> None:
    source = Memory(b"x\n" * AT_ONCE)
    document = LogDocument(source)
    assert not document.catch_up_now()
    told: list[int] = []
    await document.catch_up(lambda: told.append(document.count))
    assert document.count == AT_ONCE
    assert told


async def test_far_lines_come_after_loading() -> None:
    source = Memory(b"a\nb\nc\n", far=True)
    document = LogDocument(source)
    document.index.add(source.data)
    assert document.lines(0, 2) == [None, None]
    assert document.text(0, 2) == ["", ""]
    await document.load(0, 2)
    assert document.text(0, 2) == ["a", "b"]


async def test_a_50_mb_line_costs_no_50_mb() -> None:
    data = b"before\n" + b"HEAD" + b"x" * 50_000_000 + b"TAIL\nafter\n"
    document = await opened(data)
    before, long, after = document.text(0, 3)
    assert (before, after) == ("before", "after")
    assert long.startswith("HEADx")
    assert long.endswith("xTAIL")
    assert "50.0 MB not shown" in long
    assert len(long) < LINE_LIMIT


async def test_a_long_line_that_is_not_finished_yet() -> None:
    document = await opened(b"x" * (LINE_LIMIT * 9) + b"END")
    assert document.text(0, 1)[0].endswith("xEND")


async def test_kept_lines_are_bounded() -> None:
    document = await opened(b"x\n" * (LINES_KEPT * 3))
    for first in range(0, LINES_KEPT * 3, 50):
        document.lines(first, 50)
    assert len(document._lines) == LINES_KEPT


async def searched(document: LogDocument, text: str, line: int = 0) -> LogSearch:
    search = LogSearch(document, Needle(text))
    await search.run(line, nothing)
    return search


async def test_search_goes_around_and_sorts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logdocument, "SEARCH_SLICE", 64)
    document = await opened(b"".join(b"%s %d\n" % (b"hit" if n % 7 == 0 else b"no", n) for n in range(300)))
    search = LogSearch(document, Needle("hit"))
    first: list[int] = []
    await search.run(150, lambda: first.append(search.hits[0]) if search.hits and not first else None)
    assert first == [154]
    assert list(search.hits) == list(range(0, 300, 7))
    assert search.done
    assert search.progress == 1.0
    assert (search.after(10), search.after(14), search.after(294)) == (14, 21, 0)
    assert (search.before(14), search.before(0), search.place(14), search.place(15)) == (7, 294, 2, None)


async def test_search_can_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logdocument, "SEARCH_SLICE", 64)
    document = await opened(b"hit\n" * 1000)
    search = LogSearch(document, Needle("hit"))
    await search.run(0, search.cancel)
    assert not search.done
    assert 0 < len(search.hits) < 1000


async def test_hits_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logdocument, "HIT_LIMIT", 50)
    search = await searched(await opened(b"hit\n" * 1000), "hit")
    assert search.capped
    assert list(search.hits) == list(range(50))


async def test_search_inside_a_line_longer_than_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logdocument, "SEARCH_SLICE", 8192)
    document = await opened(b"a\n" + b"x" * 20_000 + b"needle" + b"y" * 20_000 + b"\nneedle\n")
    assert list((await searched(document, "needle")).hits) == [1, 2]


async def test_search_in_what_was_appended() -> None:
    source = Memory(b"hit\nno\nhi")
    document = LogDocument(source)
    document.catch_up_now()
    search = await searched(document, "hit")
    last = document.count - 1
    source.data += b"t\nno\nhit\n"
    document.catch_up_now()
    await search.run_new(last, nothing)
    await search.run_new(last, nothing)
    assert list(search.hits) == [0, 2, 4]


async def test_search_for_nothing_and_in_nothing() -> None:
    assert list((await searched(await opened(b"x\n"), "")).hits) == []
    search = await searched(await opened(b""), "x")
    assert (search.after(0), search.before(0), search.progress) == (None, None, 1.0)


async def test_lines_that_are_deleted_while_they_are_open_say_so_and_the_rest_stays() -> None:
    data = b"".join(b"%08d\n" % n for n in range(10_000))
    document = await opened(data)
    source = document.source
    source.start = 4 * BLOCK
    first = 4 * BLOCK // 9
    assert document.text(0, 2) == [GONE.text, GONE.text]
    assert "deleted" in GONE.text
    assert document.text(first - 1, 4) == [GONE.text, GONE.text, f"{first + 1:08d}", f"{first + 2:08d}"]
    assert document.text(9_999, 1) == ["00009999"]
    source.start = len(data)
    document.index.add(b"")
    assert document.text(5_000, 2) == [GONE.text, GONE.text]


async def test_a_log_that_was_deleted_and_goes_on_begins_anew() -> None:
    document = await opened(b"before\n" * 3)
    source = document.source
    source.start = 2 * BLOCK
    source.data = bytes(2 * BLOCK) + b"after\n"
    assert document.catch_up_now()
    assert (document.count, document.text(0, 5), document.deleted) == (1, ["after"], 2 * BLOCK)
    source.start, source.data = 4 * BLOCK, bytes(4 * BLOCK) + b"last\n" * 2
    await document.catch_up(nothing)
    assert document.text(0, 5) == ["last", "last"]


async def test_a_log_that_was_deleted_before_it_was_opened_has_no_lines_and_knows_why() -> None:
    source = Memory(b"")
    assert LogDocument(source).deleted == 0
    source.start, source.data = BLOCK, bytes(BLOCK)
    document = LogDocument(source)
    assert (document.count, document.deleted) == (0, BLOCK)

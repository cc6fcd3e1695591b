"""What the measured terminals are given: of the size asked for, and of what it claims to be."""

from __future__ import annotations

import re

from agents.vt.screen import Screen, ScreenState
from app.bench.tty import texts

SGR = re.compile(rb"\x1b\[[0-9;]*m")


def test_lines_are_whole_and_about_as_many_as_asked_for() -> None:
    for data in (texts.plain(1_000_000), texts.coloured(1_000_000)):
        assert 900_000 < len(data) < 1_300_000
        assert data.endswith(b"\r\n")
        assert max(len(SGR.sub(b"", line)) for line in data.split(b"\r\n")) < texts.COLS
    assert SGR.search(texts.plain(10_000)) is None
    assert len(SGR.findall(texts.coloured(10_000))) > 100


def test_a_checkout_measures_recordings_too() -> None:
    assert [sample.name for sample in texts.samples(1000)] == ["plain", "coloured", "recorded TUIs"]
    recorded = texts.recordings()
    assert len(recorded) > 10
    assert all(recorded.values())


def drawn(*outputs: bytes) -> tuple[str, ...]:
    screen = Screen(ScreenState(texts.ROWS, texts.COLS))
    for output in outputs:
        screen.feed(output, 0.0)
    seen = screen.snapshot()
    assert seen is not None
    return seen.lines


def test_a_full_screen_changes_every_row_and_has_its_colours() -> None:
    first, second = (texts.full_screen(texts.ROWS, texts.COLS, 24, turn) for turn in (1, 2))
    assert first.count(b"38;5;") == texts.ROWS * 24
    assert all(a != b for a, b in zip(drawn(first), drawn(first, second), strict=True))
    assert all(len(line) == texts.COLS for line in drawn(first))


def test_a_small_change_changes_ten_rows_at_most() -> None:
    first, second = (texts.small_change(turn, texts.ROWS, texts.COLS) for turn in (1, 2))
    changed = sum(a != b for a, b in zip(drawn(first), drawn(first, second), strict=True))
    assert 5 < changed <= 10

"""Output no event told of is drawn at once, but never for a size of the terminal that is not known yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.model import Stream
from app.logsource import LocalLog
from app.terminal.ahead import Ahead


def note(folder: Path, text: str) -> None:
    with (folder / "ctl.0.log").open("a") as log:
        log.write(text)


def resized(folder: Path, rows: int, cols: int) -> None:
    note(folder, f'{{"ev":"resize","rows":{rows},"cols":{cols}}}')


def wrote(folder: Path, text: str) -> None:
    with (folder / "out.0.log").open("a") as log:
        log.write(text)


@pytest.fixture
def source(tmp_path: Path) -> LocalLog:
    wrote(tmp_path, "x" * 10)
    note(tmp_path, '{"ev":"start","rows":24,"cols":80}')
    return LocalLog(tmp_path, Stream.OUT)


def test_growth_is_seen_at_once(tmp_path: Path, source: LocalLog) -> None:
    ahead = Ahead(source, 24, 80)
    assert ahead.size() == 10
    wrote(tmp_path, "more")
    note(tmp_path, '{"ev":"wrote","id":"1","offset":0,"length":1}')
    assert ahead.size() == 14


def test_what_comes_behind_a_new_size_waits_until_it_is_told(tmp_path: Path, source: LocalLog) -> None:
    ahead = Ahead(source, 24, 80)
    resized(tmp_path, 30, 100)
    wrote(tmp_path, "for the new size")
    assert ahead.size() == 10
    ahead.told(10, 24, 80)
    assert ahead.size() == 10
    ahead.told(27, 30, 100)
    wrote(tmp_path, "!")
    assert ahead.size() == 27


def test_a_size_that_comes_back_is_a_new_size_too(tmp_path: Path, source: LocalLog) -> None:
    ahead = Ahead(source, 24, 80)
    resized(tmp_path, 24, 79)
    resized(tmp_path, 24, 80)
    wrote(tmp_path, "narrow, wide")
    assert ahead.size() == 10
    ahead.told(22, 24, 79)
    assert ahead.size() == 10
    ahead.told(23, 24, 80)
    assert ahead.size() == 22


def test_a_size_from_before_the_view_is_known_and_one_the_view_missed_is_not(tmp_path: Path, source: LocalLog) -> None:
    resized(tmp_path, 30, 90)
    resized(tmp_path, 30, 100)
    known, missed = Ahead(source, 30, 100), Ahead(source, 30, 90)
    wrote(tmp_path, "more")
    assert known.size() == 14
    assert missed.size() == 10
    missed.told(14, 30, 100)
    assert missed.size() == 14


def test_a_half_written_note_is_read_again(tmp_path: Path, source: LocalLog) -> None:
    ahead = Ahead(source, 24, 80)
    note(tmp_path, '{"ev":"resize","rows":30,"co')
    assert ahead.size() == 10
    note(tmp_path, 'ls":1')
    assert ahead.size() == 10
    note(tmp_path, "00}")
    wrote(tmp_path, "more")
    assert ahead.size() == 10
    ahead.told(14, 30, 100)
    assert ahead.size() == 14


def test_a_log_without_notes_is_read_as_it_grows(tmp_path: Path) -> None:
    wrote(tmp_path, "x")
    ahead = Ahead(LocalLog(tmp_path, Stream.OUT), 24, 80)
    wrote(tmp_path, "y")
    assert ahead.size() == 2

"""Who draws an untrusted screen says so before; how often somebody died of it is counted, and not for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.supervisor.rehearsal import MOST_DEATHS, Rehearsal


def died_drawing(path: Path) -> None:
    """Be a daemon that dies in the middle of it."""
    rehearsal = found(path)
    with rehearsal.marked():
        left = path.read_text()
    rehearsal.close()
    path.write_text(left)


def found(path: Path) -> Rehearsal:
    rehearsal = Rehearsal(path)
    rehearsal.begin(has_screen=True)
    return rehearsal


def test_drawn_well_nothing_stays_behind(tmp_path: Path) -> None:
    path = tmp_path / "drawing"
    rehearsal = found(path)
    with rehearsal.marked():
        assert path.read_text().split() == ["0", "drawing"]
        assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().split() == ["0"]
    rehearsal.forget()
    assert not path.exists()


def test_without_a_screen_nothing_is_said(tmp_path: Path) -> None:
    path = tmp_path / "drawing"
    rehearsal = Rehearsal(path)
    rehearsal.begin(has_screen=False)
    with rehearsal.marked():
        assert not path.exists()


def test_after_two_deaths_it_is_left_alone_by_every_daemon_until_it_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "drawing"
    for deaths in range(MOST_DEATHS):
        assert not found(path).is_left_undrawn, deaths
        died_drawing(path)
    assert found(path).is_left_undrawn
    rehearsal = found(path)
    with rehearsal.marked():
        pass
    assert found(path).is_left_undrawn
    rehearsal.forget()
    assert not path.exists()
    assert not found(path).is_left_undrawn


def test_a_daemon_killed_by_chance_and_one_that_drew_it_leave_it_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "drawing"
    died_drawing(path)
    rehearsal = found(path)
    with rehearsal.marked():
        pass
    assert path.read_text().split() == ["1"], "part of it was drawn: that proves nothing yet"
    rehearsal.forget()
    died_drawing(path)
    assert not found(path).is_left_undrawn


@pytest.mark.parametrize("content", [b"", b"many drawing", b"\xff\xfe", b"-"])
def test_a_damaged_mark_counts_for_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "drawing"
    path.write_bytes(content)
    assert not found(path).is_left_undrawn


def test_where_nothing_can_be_written_there_is_no_guard_and_no_failure(tmp_path: Path) -> None:
    rehearsal = found(tmp_path / "missing" / "drawing")
    with rehearsal.marked():
        pass
    rehearsal.forget()
    assert not rehearsal.is_left_undrawn

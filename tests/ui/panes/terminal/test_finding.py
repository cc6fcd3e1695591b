"""Finding in a terminal: newest first, marked where it stands, walked both ways."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ui.panes.terminal.conftest import Desk
from ui.panes.terminal import finding
from ui.theme import Theme


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    made = open_desk(rows=5, cols=40)
    made.feed("\r\n".join(f"line {n}{' needle' if n % 10 == 3 else ''}" for n in range(60)))
    return made


def look(desk: Desk, text: str) -> None:
    desk.view.look_for(text)
    desk.pump.settle()


def place(desk: Desk) -> tuple[int | None, int]:
    search = desk.view.search
    assert search is not None
    return search.place(desk.view.hit), len(search.hits)


def test_the_newest_hit_is_shown_first(desk: Desk) -> None:
    look(desk, "needle")
    assert place(desk) == (5, 6)
    assert "line 53 needle" in desk.text
    assert desk.view.search is not None
    assert desk.view.search.done
    assert desk.view.search.progress == 1


def test_next_and_previous_walk_around(desk: Desk) -> None:
    look(desk, "needle")
    desk.view.find_previous()
    assert "line 43 needle" in desk.text
    assert place(desk) == (4, 6)
    desk.view.find_next()
    desk.view.find_next()
    assert place(desk) == (0, 6)
    assert "line 3 needle" in desk.text
    desk.view.find_previous()
    assert place(desk) == (5, 6)


def test_hits_are_marked_and_the_one_at_hand_more(desk: Desk, theme: Theme) -> None:
    look(desk, "needle")
    here = ground(desk)
    assert here != theme.code.name()
    desk.view.find_previous()
    assert ground(desk) not in {here, theme.code.name()}
    look(desk, "")
    assert ground(desk) == theme.code.name()
    assert desk.view.hit == -1


def ground(desk: Desk) -> str:
    desk.view.show_line(53)
    return desk.ground(desk.text.index("line 53 needle"), 9)


def test_a_capital_letter_makes_case_count(desk: Desk) -> None:
    look(desk, "NEEDLE")
    assert place(desk) == (None, 0)
    look(desk, "Line")
    assert place(desk) == (None, 0)
    look(desk, "line 5")
    assert place(desk)[1] == 11


def test_what_is_looked_for_is_no_pattern(desk: Desk) -> None:
    look(desk, "line .")
    assert place(desk)[1] == 0


def test_a_new_search_ends_the_former(desk: Desk) -> None:
    desk.view.look_for("line")
    former = desk.view.search
    desk.view.look_for("needle")
    desk.pump.settle()
    assert former is not None
    assert former.is_canceled
    assert place(desk)[1] == 6


def test_too_many_hits_are_cut_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "HIT_LIMIT", 7)
    look(desk, "line")
    assert desk.view.search is not None
    assert desk.view.search.capped
    assert len(desk.view.search.hits) == 7


def test_lines_that_lost_their_numbers_are_searched_anew(desk: Desk) -> None:
    look(desk, "needle")
    former = desk.view.search
    desk.fed.epoch += 1
    desk.feed("")
    desk.pump.settle()
    assert desk.view.search is not former
    assert desk.view.search is not None
    assert desk.view.search.text == "needle"
    assert len(desk.view.search.hits) == 6


def test_nothing_to_walk_through(desk: Desk) -> None:
    desk.view.find_next()
    desk.view.find_previous()
    look(desk, "absent")
    desk.view.find_next()
    assert desk.view.hit == -1


def test_hits_behind_wide_characters_are_marked_in_their_columns(desk: Desk, theme: Theme) -> None:
    desk.feed("\r\n漢字 find me find")
    look(desk, "find")
    grounds = [desk.ground(4, col) for col in range(18)]
    assert [col for col in range(18) if grounds[col] != theme.code.name()][:4] == [5, 6, 7, 8]
    assert grounds[13] != theme.code.name()
    assert grounds[12] == theme.code.name()


def test_a_hit_that_wraps_is_marked_on_both_rows(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[2J\x1b[H" + "x" * 37 + "wrapped")
    look(desk, "wrapped")
    assert desk.ground(0, 38) == desk.ground(1, 2) != theme.code.name()
    assert desk.ground(0, 36) == desk.ground(1, 6) == theme.code.name()


def test_a_search_goes_on_until_it_is_ended(desk: Desk) -> None:
    desk.fed.end_of_search.clear()
    desk.view.look_for("needle")
    search = desk.view.search
    assert search is not None
    desk.pump.until(lambda: len(search.hits) == 6)
    assert not search.done
    assert search.progress == 0.5
    told: list[bool] = []
    desk.view.found.connect(lambda: told.append(True))
    desk.pump.until(lambda: told)
    desk.view.hide()
    desk.pump.settle()
    assert search.is_canceled
    assert not search.done
    assert not desk.view._progress.isActive()


def test_a_log_that_cannot_be_read_is_told_as_it_is(desk: Desk) -> None:
    desk.fed.refuse = ConnectionError("the daemon is gone")
    desk.view.look_for("needle")
    desk.pump.settle()
    assert desk.pump.failures == [desk.fed.refuse]
    desk.pump.failures.clear()
    assert desk.view.search is not None
    assert not desk.view.search.done
    desk.pump.until(lambda: not desk.view._progress.isActive())

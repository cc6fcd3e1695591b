"""The roster: rows that stay where they are, a selection that stays with its agent, and one pace for a thousand."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import msgspec
import pytest
from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QRegion
from PySide6.QtTest import QAbstractItemModelTester, QSignalSpy
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from agents.model import Blocked, Health, Lifecycle, Turn
from app.fleet import Fleet
from tests.fakes.rows import drop, fleet_of, put, request, row
from ui.roster.entries import Key, Kind
from ui.roster.look import look_of, when_words, words_last
from ui.roster.view import LONGEST_S, SOON_MS, RosterView
from ui.theme import Theme


@pytest.fixture
def make_view(qtbot: QtBot, theme: Theme) -> Callable[..., tuple[RosterView, Fleet]]:
    def make(*rows: object) -> tuple[RosterView, Fleet]:
        fleet = fleet_of(rows)  # type: ignore[arg-type]
        view = RosterView(fleet, theme)
        QAbstractItemModelTester(view.roster, QAbstractItemModelTester.FailureReportingMode.Fatal, view)
        qtbot.addWidget(view, before_close_func=lambda widget: widget.dispose())
        view.resize(300, 600)
        view.show()
        qtbot.waitExposed(view)
        return view, fleet

    return make


def lines(view: RosterView) -> list[str]:
    return [f"{key.kind}:{view.roster.look(key).title}" for key in view.lines()]


def test_who_needs_you_is_on_top_and_in_its_project(make_view) -> None:
    view, _ = make_view(row("fix", Turn.WORKING), row("docs", requests=(request(),)), row("perf", project="/srv/tide"))
    assert lines(view) == [
        "needs:Needs you", "pointer:docs", "project:api", "agent:fix", "agent:docs", "project:tide", "agent:perf",
    ]  # fmt: skip


def test_the_queue_is_in_triage_order(make_view) -> None:
    now = time.time()
    view, _ = make_view(
        row("broken", Turn.ERROR, since=now - 500),
        row("young", requests=(request(),), since=now - 5),
        row("old", requests=(request(),), since=now - 50),
    )
    assert [key.id for key in view.lines() if key.kind is Kind.POINTER] == ["id-old", "id-young", "id-broken"]


def test_all_lines_have_one_height(make_view) -> None:
    view, _ = make_view(row("fix"), row("docs", requests=(request(),)))
    heights = {view.visualRect(view.roster.index_of(key)).height() for key in view.lines()}
    assert heights == {view.rows.row_height()}
    before = heights.pop()
    view.rows.is_compact = True
    view.doItemsLayout()
    assert {view.visualRect(view.roster.index_of(key)).height() for key in view.lines()} == {view.rows.row_height()}
    assert view.rows.row_height() < before


def test_the_selection_stays_with_its_agent_when_rows_come_and_go(make_view, qtbot: QtBot) -> None:
    view, fleet = make_view(row("a"), row("b"), row("c"))
    view.select_agent("id-b")
    put(fleet, row("d"))
    put(fleet, row("a", requests=(request(),)))
    drop(fleet, "id-c")
    qtbot.waitUntil(
        lambda: Key(Kind.POINTER, "id-a") in view.lines() and Key(Kind.AGENT, "id-c") not in view.lines(),
        timeout=30_000,
    )
    assert view.current_key() == Key(Kind.AGENT, "id-b")
    assert view.roster.key_at(view.currentIndex()) == Key(Kind.AGENT, "id-b")


def test_an_answered_agent_keeps_the_selection_in_its_project(make_view, qtbot: QtBot) -> None:
    view, fleet = make_view(row("a"), row("b", requests=(request(),)))
    view.select(Key(Kind.POINTER, "id-b"))
    put(fleet, row("b", Turn.WORKING))
    qtbot.waitUntil(lambda: not view.roster.index_of(Key(Kind.POINTER, "id-b")).isValid(), timeout=30_000)
    assert view.current_key() == Key(Kind.AGENT, "id-b")


def test_nothing_moves_within_a_second_of_a_key(make_view, qtbot: QtBot) -> None:
    view, fleet = make_view(row("a"), row("b"))
    pressed = time.monotonic()
    view.last_key = lambda: pressed
    before = lines(view)
    put(fleet, row("b", requests=(request(),)))
    view.flush()
    assert lines(view) == before
    assert view.roster.look(Key(Kind.AGENT, "id-b")).status.startswith("allow")  # what it says changes at once
    pressed -= 2
    qtbot.waitUntil(lambda: lines(view) != before, timeout=30_000)
    assert lines(view)[:2] == ["needs:Needs you", "pointer:b"]


def test_folding_hides_rows_and_keeps_the_selection_findable(make_view) -> None:
    view, _ = make_view(row("a"), row("b", project="/srv/tide"))
    view.select_agent("id-a")
    view.fold(is_open=False)
    assert view.current_key() == Key(Kind.PROJECT, "/srv/api")
    view.fold(is_open=False)
    assert lines(view) == ["project:api", "project:tide", "agent:b"]
    assert view.folded_projects() == ("/srv/api",)
    assert view.select_agent("id-a")
    assert "agent:a" in lines(view)


def test_a_thousand_rows_at_ten_a_second_use_two_timers(make_view, qtbot: QtBot) -> None:
    many = [row(f"a{n}", Turn.WORKING, project=f"/srv/p{n % 10}") for n in range(1000)]
    view, fleet = make_view(*many)
    told = QSignalSpy(view.roster.dataChanged)
    for tick in range(3):
        for one in many:
            put(fleet, row(one.name, Turn.WORKING, project=one.project, activity=f"step {tick}"))
    assert told.count() == 0, "changes are gathered"
    assert len(view.findChildren(QTimer)) == 2
    view.flush()
    visible = view.viewport().height() // view.rows.row_height() + 2
    assert 0 < told.count() <= visible
    told = QSignalSpy(view.roster.dataChanged)
    view.flush()
    assert told.count() == 0, "nothing changed since"


def test_a_hidden_roster_follows_no_clock(make_view) -> None:
    view, _ = make_view(row("a"))
    assert any(timer.isActive() for timer in view.findChildren(QTimer))
    view.hide()
    assert not any(timer.isActive() for timer in view.findChildren(QTimer))


def test_only_the_time_that_reads_differently_is_repainted_as_time_goes(make_view, qtbot: QtBot) -> None:
    now = time.time()
    view, _ = make_view(row("old", since=now - 3700), row("young", since=now - 2.2))
    young = Key(Kind.AGENT, "id-young")
    qtbot.waitUntil(lambda: young in view.rows.times)
    assert view._clock_timer.remainingTime() <= SOON_MS
    for _ in range(3):  # what showing it brought
        QApplication.processEvents()
    view.rows.times[young] = "0 s"  # as it was before
    view.rows.exposed = QRegion()
    view._on_time()
    qtbot.waitUntil(lambda: not view.rows.exposed.isEmpty())
    painted, line = view.rows.exposed.boundingRect(), view.visualRect(view.roster.index_of(young))
    assert line.contains(painted)
    assert painted.width() < line.width() // 4


def test_a_time_that_takes_more_room_repaints_its_row(make_view, qtbot: QtBot) -> None:
    view, _ = make_view(row("young", since=time.time() - 59 * 60))
    young = Key(Kind.AGENT, "id-young")
    qtbot.waitUntil(lambda: young in view.rows.times)
    view.rows.times[young] = "9 m"
    told = QSignalSpy(view.roster.dataChanged)
    view._on_time()
    assert [told.at(n)[0].data() for n in range(told.count())] == ["young"]


def test_the_clock_is_looked_at_when_something_will_read_differently(make_view, qtbot: QtBot) -> None:
    now = time.time()
    view, fleet = make_view(row("old", since=now - 3 * 3600 - 5), row("older", since=now - 5 * 86400))
    qtbot.waitUntil(lambda: len(view.rows.times) == 2)
    assert view._clock_timer.remainingTime() > (LONGEST_S - 10) * 1000, "nothing to do for an hour"
    put(fleet, row("young", since=time.time()))
    view.flush()
    qtbot.waitUntil(lambda: 0 < view._clock_timer.remainingTime() <= SOON_MS)
    drop(fleet, "id-young")
    view.flush()
    put(fleet, row("old", since=now - 3 * 3600 - 5, snoozed_until=time.time() + 20))
    view.flush()
    qtbot.waitUntil(lambda: 15_000 < view._clock_timer.remainingTime() < 22_000)


def test_a_time_alone_is_painted_as_the_whole_row_would_paint_it(make_view, qtbot: QtBot) -> None:
    view, _ = make_view(row("a", since=time.time() - 7000), row("b", since=time.time() - 7000))
    qtbot.waitUntil(lambda: len(view.rows.times) == 2)
    before = view.grab().toImage()
    view._repaint_time(Key(Kind.AGENT, "id-a"), "1 h")
    QApplication.processEvents()
    assert view.screen().grabWindow(view.winId()).toImage() == before


@pytest.mark.parametrize(
    ("age_s", "lasts_s"),
    [(0.0, 1.0), (5.25, 0.75), (59.5, 0.5), (60.0, 60.0), (119.0, 1.0), (3600.0, 3600.0), (90_000.0, 82_800.0)],
)
def test_words_last_until_they_read_differently(age_s: float, lasts_s: float) -> None:
    made = row("a", since=1000.0)
    now = 1000.0 + age_s
    assert words_last(made, now) == pytest.approx(lasts_s)
    assert when_words(made, now) == when_words(made, now + lasts_s - 0.001) != when_words(made, now + lasts_s)


def test_words_without_an_age_last_for_ever() -> None:
    assert words_last(row("a", since=0.0), 1000.0) == math.inf
    assert words_last(row("a", Turn.WORKING, health=Health.RATE_LIMITED, since=5.0, until=2000.0), 1000.0) == math.inf


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (row("fix", Turn.WORKING), "fix, working, 2 m, demo, api, main"),
        (row("fix", requests=(request("npm test"),), unread=1), "fix, allow npm test?, 2 m, demo, api, main, 1 unread"),
        (row("fix", Turn.BLOCKED, blocked=Blocked.QUESTION), "fix, asks for an answer, 2 m, demo, api, main"),
        (row("fix", lifecycle=Lifecycle.EXITED, exit_code=3), "fix, exited 3, 2 m, demo, api, main"),
        (row("fix", Turn.WORKING, health=Health.STALLED), "fix, silent, 2 m, demo, api, main"),
    ],
)
def test_a_screen_reader_is_told_name_state_and_place(make_view, made, words: str) -> None:
    view, _ = make_view(msgspec.structs.replace(made, since=time.time() - 125))
    index = view.roster.index_of(Key(Kind.AGENT, "id-fix"))
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == words


def test_headers_and_folds_speak_too(make_view) -> None:
    view, _ = make_view(row("a", requests=(request(),)))
    spoken = [view.roster.look(key).accessible for key in view.lines()]
    assert spoken[0] == "1 needs you"
    assert "project api, 1 agent, open" in spoken


def test_unknown_cost_is_not_zero() -> None:
    assert look_of(row("a"), time.time()).cost == ""
    assert look_of(row("a", cost=0.0), time.time()).cost == "$0.00"


def test_the_model_is_a_model(make_view) -> None:
    # The tester aborts on any broken promise; this walks what it does not.
    view, fleet = make_view(row("a"), row("b", requests=(request(),)), row("c", project="/x"))
    for change in (
        row("a", requests=(request(),)),
        row("b"),
        row("d", project="/y"),
        row("c", Turn.ERROR, project="/x"),
    ):
        put(fleet, change)
        view.sync()
    drop(fleet, "id-c")
    view.sync()
    assert view.roster.parent(QModelIndex()) == QModelIndex()
    assert not view.roster.index(99, 0).isValid()
    assert not view.roster.index_of(Key(Kind.AGENT, "id-c")).isValid()

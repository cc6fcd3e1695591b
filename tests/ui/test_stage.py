"""Show and hide, arrangements, pins: content lives only while its pane does, and everything is found again."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from agents.model import Turn
from app.commands import Zone
from app.layout import Layouts, ProjectLayout, WindowLayout
from tests.fakes.rows import drop, put, request, row
from tests.ui.conftest import Deck
from ui.stage import ALL, OPEN_LIMIT

MakeDeck = Callable[..., Deck]


@pytest.fixture
def deck(make_deck: MakeDeck) -> Deck:
    return make_deck(row("a", slot=1), row("b", slot=2), row("c", project="/srv/tide", slot=3))


def destroy_deferred() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()


def test_all_agents_have_a_dock_and_only_what_is_seen_has_content(deck: Deck) -> None:
    assert deck.window.stage.docks.open_ones() == ("id-a", "id-b", "id-c")
    assert set(deck.window.stage.docks.in_front()) == {"id-a", "id-c"}  # one area a project
    assert set(deck.made) == {"id-a", "id-c"}
    deck.window.stage.show_agent("id-b")
    assert deck.made[-1] == "id-b"


def test_hiding_destroys_the_content_and_keeps_the_place(deck: Deck) -> None:
    gone = weakref.ref(deck.pane("a"))
    destroyed: list[bool] = []
    deck.pane("a").destroyed.connect(lambda: destroyed.append(True))
    deck.select("a")
    deck.keys("v")
    destroy_deferred()
    assert destroyed == [True]
    assert gone() is None
    assert deck.window.stage.pane("id-a") is None
    assert not deck.window.stage.is_shown("id-a")
    assert "id-a" in deck.window.stage.docks.known()
    deck.select("b")
    deck.keys("V")
    deck.select("a")
    deck.keys("v")
    assert deck.window.stage.is_shown("id-a")
    assert deck.made.count("id-a") == 2


def test_a_hidden_agent_folds_and_still_counts(deck: Deck) -> None:
    deck.select("a")
    deck.keys("v")
    assert deck.window.roster.hidden == {"id-a"}
    kinds = [(key.kind, key.id) for key in deck.window.roster.view.lines()]
    assert ("fold", "/srv/api") in kinds
    assert ("agent", "id-a") not in kinds
    put(deck.fleet, row("a", Turn.ERROR))
    deck.wait(lambda: ("pointer", "id-a") in [(k.kind, k.id) for k in deck.window.roster.view.lines()])
    deck.keys("V")
    assert ("agent", "id-a") in [(key.kind, key.id) for key in deck.window.roster.view.lines()]


def test_undo_brings_back_what_was_hidden(deck: Deck) -> None:
    deck.select("a")
    deck.keys("v", "u")
    assert deck.window.stage.is_shown("id-a")
    assert deck.window.roster.hidden == frozenset()
    assert deck.said == "undone: hiding a"


def test_slot_keys_toggle(deck: Deck) -> None:
    deck.keys("Alt+2")
    assert not deck.window.stage.is_shown("id-b")
    deck.keys("Alt+2")
    assert deck.window.stage.is_shown("id-b")
    deck.keys("Alt+9")
    assert "slot 9 is empty" in deck.said


def test_hiding_the_pane_with_the_keyboard_gives_it_to_the_roster(deck: Deck) -> None:
    deck.select("a")
    deck.keys("Enter", "Esc")
    assert deck.window.zone() is Zone.TRANSCRIPT
    deck.keys("v")
    assert deck.window.zone() is Zone.ROSTER
    assert QApplication.focusWidget() is deck.window.roster.view


def test_marked_agents_are_hidden_and_shown_together(deck: Deck) -> None:
    deck.select("a")
    deck.keys("m", "m", "v")
    assert deck.window.stage.docks.open_ones() == ("id-c",)
    deck.keys("v")
    assert set(deck.window.stage.docks.open_ones()) == {"id-a", "id-b", "id-c"}


def test_layouts_go_round(deck: Deck) -> None:
    fronts = []
    for mode in ("columns", "grid", "solo"):
        deck.keys("L")
        assert deck.said == f"layout: {mode}"
        fronts.append(set(deck.window.stage.docks.in_front()))
    assert fronts[0] == fronts[1] == {"id-a", "id-b", "id-c"}
    assert len(fronts[2]) == 2


def test_marked_agents_are_tiled_alone(deck: Deck) -> None:
    deck.select("a")
    deck.keys("m", "m", "L")
    front = deck.window.stage.docks.in_front()
    assert {"id-a", "id-b"} <= set(front)


def test_a_pin_goes_to_the_side_and_back(deck: Deck) -> None:
    deck.select("a")
    deck.keys("p")
    assert deck.window.stage.docks.is_pinned("id-a")
    deck.keys("p")
    assert not deck.window.stage.docks.is_pinned("id-a")
    assert deck.window.stage.is_shown("id-a")


def test_a_pin_of_what_is_hidden_says_so(deck: Deck) -> None:
    deck.select("a")
    deck.keys("V", "v")
    deck.keys("V")
    deck.select("a")
    deck.keys("p")
    assert "hidden" in deck.said


def test_a_new_agent_gets_a_pane_and_a_removed_one_loses_it(deck: Deck) -> None:
    put(deck.fleet, row("d"))
    assert deck.window.stage.is_shown("id-d")
    drop(deck.fleet, "id-d")
    assert "id-d" not in deck.window.stage.docks.known()


def test_the_daemon_is_told_what_is_watched(deck: Deck) -> None:
    assert set(deck.caller.of("pane.watch")[-1].agents) == {"id-a", "id-c"}
    deck.select("a")
    deck.keys("v")
    assert "id-a" not in deck.caller.of("pane.watch")[-1].agents


def test_tabs_say_who_and_how(deck: Deck) -> None:
    dock = deck.window.stage.docks._docks["id-a"]
    before = dock.icon().cacheKey()
    put(deck.fleet, row("a", Turn.ERROR, activity="x"))
    assert dock.windowTitle() == "a"
    assert dock.icon().cacheKey() != before
    assert dock.objectName() == "agent:id-a"


def test_the_empty_stage_says_what_would_fill_it(make_deck: MakeDeck) -> None:
    deck = make_deck()
    assert deck.window.empty.isVisible()
    text = deck.window.empty._text.text()
    assert "quarterdeck demo" in text
    assert "npm i -g opencode-ai" in text
    assert "Ctrl+N" in deck.window.empty.new.text()
    put(deck.fleet, row("a"))
    assert not deck.window.empty.isVisible()
    deck.wait(lambda: bool(deck.window.roster.view.roster.lines_of("id-a")))
    deck.select("a")
    deck.keys("v")
    assert deck.window.empty.isVisible()
    assert "opens the selected agent" in deck.window.empty._text.text()


# -- layouts


def test_the_window_is_found_again_as_it_was(make_deck: MakeDeck, tmp_path: Path) -> None:
    rows = (row("a"), row("b"), row("c", project="/srv/tide"))
    first = make_deck(*rows, folder=tmp_path)
    first.keys("L", "L")  # a grid
    first.select("b")
    first.keys("v")
    first.window.roster.view.set_folded_projects(("/srv/tide",))
    first.window.tools.show()
    first.window.tools.show_tool("details")
    first.window.close()
    second = make_deck(*rows, folder=tmp_path)
    assert set(second.window.stage.docks.in_front()) == {"id-a", "id-c"}
    assert second.window.roster.hidden == {"id-b"}
    assert second.window.roster.view.folded_projects() == ("/srv/tide",)
    assert second.window.tools.isVisible()
    assert second.window.tools.current == "details"


def test_every_project_has_an_arrangement_of_its_own(deck: Deck) -> None:
    view = deck.window.roster.view
    view.select(view.roster.headers()[0])
    deck.keys("Enter")
    assert deck.window.stage.project == "/srv/api"
    assert deck.window.stage.docks.open_ones() == ("id-a", "id-b")
    assert deck.window.roster.hidden == frozenset()
    deck.keys("L")
    assert set(deck.window.stage.docks.in_front()) == {"id-a", "id-b"}
    deck.keys("Enter")
    assert deck.window.stage.project == ALL
    assert deck.window.stage.docks.open_ones() == ("id-a", "id-b", "id-c")
    deck.keys("Enter")
    assert set(deck.window.stage.docks.in_front()) == {"id-a", "id-b"}


@pytest.mark.parametrize("state", ["", "no base64!", "AAAA", "PFF0QWR2YW5jZWREb2NraW5nU3lzdGVt"])
def test_a_layout_the_docks_cannot_read_is_set_aside_and_said(make_deck: MakeDeck, tmp_path: Path, state: str) -> None:
    layouts = Layouts(tmp_path / "layouts")
    layouts.keep(ProjectLayout(ALL, docks=state))
    deck = make_deck(row("a"), row("b"), folder=tmp_path)
    assert deck.window.stage.docks.open_ones() == ("id-a", "id-b")
    broken = list((tmp_path / "layouts").glob("*.broken"))
    if state:
        assert len(broken) == 1
        assert any("layout cannot be used" in notice.text for notice in deck.fleet.notices)
    else:
        assert broken == []


def test_a_window_file_that_does_not_parse_is_set_aside_and_said(make_deck: MakeDeck, tmp_path: Path) -> None:
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts" / "window.json").write_text("{")
    deck = make_deck(row("a"), folder=tmp_path)
    assert (tmp_path / "layouts" / "window.json.broken").exists()
    assert any("window.json" in notice.text for notice in deck.fleet.notices)


def test_an_agent_that_is_gone_does_not_break_its_layout(make_deck: MakeDeck, tmp_path: Path) -> None:
    make_deck(row("a"), row("b"), folder=tmp_path).window.close()
    deck = make_deck(row("a"), row("new"), folder=tmp_path)
    assert set(deck.window.stage.docks.open_ones()) == {"id-a", "id-new"}


def test_a_layout_that_cannot_be_kept_is_said(make_deck: MakeDeck, tmp_path: Path) -> None:
    deck = make_deck(row("a"), folder=tmp_path)
    deck.window.stage._layouts._folder = tmp_path / "settings.toml" / "x"
    (tmp_path / "settings.toml").write_text("")
    deck.window.stage.keep()
    assert any("cannot be kept" in notice.text for notice in deck.fleet.notices)


def test_of_a_thousand_agents_few_have_docks_and_those_that_need_you_first(make_deck: MakeDeck) -> None:
    many = [row(f"a{n}", project=f"/srv/p{n % 7}") for n in range(1000)]
    many[900] = row("a900", requests=(request(),), project="/srv/p4")
    deck = make_deck(*many)
    assert len(deck.window.stage.docks.known()) == OPEN_LIMIT
    assert deck.window.stage.is_shown("id-a900")
    assert len(deck.made) <= 7  # one in front in every project's area
    deck.select("a500")
    deck.keys("Space")
    assert deck.window.stage.is_shown("id-a500")
    assert deck.window.zone() is Zone.ROSTER


def test_a_geometry_that_is_none_is_ignored(make_deck: MakeDeck, tmp_path: Path) -> None:
    Layouts(tmp_path / "layouts").keep(WindowLayout(geometry="no base64!", splitter=(1,)))
    deck = make_deck(row("a"), folder=tmp_path)
    assert deck.window.roster.width() >= 200

"""The terminal beside an agent: opened by a key with the keyboard in it, found again, left; none of it a row."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication

from agents.events import LogGrew, NumberedEvent
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Capability, Lifecycle, Turn
from agents.wire import Run, Started, Watch
from app.commands import Zone
from app.filters import Group, counts
from tests.fakes.rows import drop, put, row
from tests.ui.conftest import Deck
from ui import theme as themes
from ui.handlers.terminal import widened
from ui.kinds import kind_icon
from ui.terminals import LESSONS, Terminals
from ui.theme import Theme

MakeDeck = Callable[..., Deck]

ABLE = (Capability.INPUT, Capability.TERMINAL)


def beside(owner: str, **changes: object) -> object:
    """Return the row of the terminal beside an agent."""
    values = {"kind": "shell", "family": "terminal", "capabilities": ABLE, "terminal_of": f"id-{owner}", **changes}
    return row(f"{owner}-shell", Turn.UNKNOWN, **values)  # type: ignore[arg-type]


@pytest.fixture
def deck(make_deck: MakeDeck) -> Deck:
    made = make_deck(row("fix", worktree="/srv/wt/fix", slot=1), row("docs", slot=2))
    made.caller.answers["agent.run"] = lambda _: Started("id-fix-shell", "shell", 4711)
    made.window.tools.hide()
    return made


def words(deck: Deck) -> str:
    return deck.window.tools.terminal.words.text()


def test_t_opens_a_shell_where_the_agent_works_once_and_again_shows_the_same(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("t")
    assert deck.window.tools.isVisible()
    assert deck.window.tools.current == "terminal"
    assert deck.caller.of("agent.run") == [
        Run("shell", "/srv/api", cwd="/srv/wt/fix", pty=True, terminal_of="id-fix"),
    ]
    assert deck.window.zone() is Zone.TOOL
    put(deck.fleet, beside("fix"))  # type: ignore[arg-type]
    deck.wait(lambda: deck.window.zone() is Zone.TERMINAL)
    deck.keys("Ctrl+Shift+T")
    assert deck.window.zone() is Zone.ROSTER
    assert not deck.window.tools.isVisible()
    deck.keys("t")
    assert deck.window.zone() is Zone.TERMINAL
    assert len(deck.caller.of("agent.run")) == 1
    assert deck.window.subject() == deck.fleet.row("id-fix")


def test_letters_are_the_shells_and_t_is_one_of_them(deck: Deck) -> None:
    put(deck.fleet, beside("fix"))  # type: ignore[arg-type]
    deck.select("fix")
    deck.keys("t")
    for letter in "tSjxq?":
        deck.keys(letter)
    assert deck.window.zone() is Zone.TERMINAL
    assert deck.caller.of("agent.stop") == []
    assert not deck.window.key_help.isVisible()


def test_the_terminal_beside_an_agent_is_no_row_no_count_no_slot_and_no_pane(deck: Deck) -> None:
    put(deck.fleet, beside("fix", slot=3, lifecycle=Lifecycle.EXITED, exit_code=1))  # type: ignore[arg-type]
    deck.settle()
    assert deck.window.roster.view.roster.agents() == ("id-fix", "id-docs")
    assert counts(deck.fleet.entries(0.0), 0.0) == {Group.IDLE: 2}
    assert sum(deck.fleet.counts().values()) == 2
    assert deck.fleet.triage(0.0) == ()
    assert 3 not in deck.window.context().slots
    assert deck.window.stage.pane("id-fix-shell") is None
    assert deck.window.stage.show_agent("id-fix-shell") is None
    deck.keys("Ctrl+K")
    assert "fix-shell" not in [entry.title for entry in deck.window.palette_overlay.entries()]


def test_another_agents_page_says_how_to_get_one(deck: Deck) -> None:
    put(deck.fleet, beside("fix"))  # type: ignore[arg-type]
    deck.select("fix")
    deck.keys("t")
    deck.keys("F6")
    deck.select("docs")
    deck.wait(lambda: "No terminal beside docs yet" in words(deck))
    assert words(deck).endswith("t opens a shell in /srv/api.")
    deck.select("fix")
    deck.wait(lambda: deck.window.tools.terminal.pane is not None)


def test_why_there_is_no_shell_is_said_and_t_tries_again(deck: Deck) -> None:
    def refuse(_: Run) -> Started:
        raise RpcError(ErrorCode.NOT_FOUND, "the working directory /srv/wt/fix does not exist")

    deck.caller.answers["agent.run"] = refuse
    deck.select("fix")
    deck.keys("t")
    assert words(deck) == "No terminal beside fix: the working directory /srv/wt/fix does not exist"
    deck.keys("t")
    assert len(deck.caller.of("agent.run")) == 2


def test_without_the_core_the_page_names_the_package(deck: Deck) -> None:
    deck.session.terminals.missing = lambda: "no terminal core: install libvterm0"
    put(deck.fleet, beside("fix"))  # type: ignore[arg-type]
    deck.select("fix")
    deck.keys("t")
    assert "install libvterm0" in words(deck)


def test_f6_walks_out_of_it_and_in_again_in_both_directions(deck: Deck) -> None:
    put(deck.fleet, beside("fix"))  # type: ignore[arg-type]
    deck.select("fix")
    deck.keys("t")
    assert deck.window.tools.hint.text() == "F6 leaves"
    deck.keys("F6")
    assert deck.window.tools.hint.text() == ""
    assert deck.window.zone() is Zone.ROSTER
    deck.keys("Shift+F6")
    assert deck.window.zone() is Zone.TERMINAL
    deck.keys("Shift+F6")
    assert deck.window.zone() is not Zone.TERMINAL


def test_finding_in_the_shell_and_back_by_key(deck: Deck) -> None:
    put(deck.fleet, beside("fix"))  # type: ignore[arg-type]
    deck.select("fix")
    deck.keys("t", "Ctrl+Shift+G")
    tool = deck.window.tools.terminal
    assert tool.find_bar.isVisible()
    assert deck.window.zone() is Zone.FIELD
    deck.keys("Esc")
    assert tool.find_bar.isHidden()
    assert deck.window.zone() is Zone.TERMINAL
    deck.window.stage.hide_agent("id-fix")
    deck.keys("Ctrl+Shift+S")
    assert deck.window.place().agent == "id-fix", "written to the agent it stands beside, shown for it"


def test_leaving_is_learned_and_remembered_by_the_next_window(make_deck: MakeDeck, deck: Deck) -> None:
    put(deck.fleet, beside("fix"))  # type: ignore[arg-type]
    deck.select("fix")
    for _ in range(LESSONS):
        deck.keys("Ctrl+Shift+T", "F6") if deck.window.zone() is Zone.TERMINAL else deck.keys("t", "F6")
    deck.window.close()
    assert make_deck(row("fix")).session.terminals.left == LESSONS


def test_it_goes_with_its_agent_and_the_keyboard_is_not_lost(deck: Deck) -> None:
    put(deck.fleet, beside("fix"))  # type: ignore[arg-type]
    deck.select("fix")
    deck.keys("t")
    drop(deck.fleet, "id-fix-shell")
    deck.wait(lambda: deck.window.tools.terminal.pane is None)
    assert "No terminal beside fix yet" in words(deck)
    assert QApplication.focusWidget() is not None


def test_its_output_is_asked_for_only_while_it_is_seen(deck: Deck) -> None:
    put(deck.fleet, beside("fix"))  # type: ignore[arg-type]
    deck.select("fix")

    def watched() -> tuple[str, ...]:
        calls: list[Watch] = deck.caller.of("pane.watch")
        return calls[-1].agents if calls else ()

    assert "id-fix-shell" not in watched()
    deck.keys("t")
    assert "id-fix-shell" in watched()
    deck.fleet.apply(NumberedEvent(deck.fleet.seq + 1, LogGrew("id-fix-shell", 10, 0, 40, 120)))
    deck.keys("Ctrl+Shift+T")
    assert "id-fix-shell" not in watched()


def test_on_a_project_t_opens_a_terminal_of_its_own_with_the_keyboard_in_it(deck: Deck) -> None:
    deck.caller.answers["agent.run"] = lambda _: Started("id-shell", "shell", 4711)
    deck.window.roster.view.setFocus()
    deck.keys("Home", "t")
    assert deck.caller.of("agent.run") == [Run("shell", "/srv/api", pty=True)]
    put(deck.fleet, row("shell", Turn.UNKNOWN, kind="shell", family="terminal", capabilities=ABLE))
    deck.settle()
    assert deck.window.stage.is_shown("id-shell")
    assert deck.window.place().agent == "id-shell"


def test_r_runs_an_ended_shell_again(deck: Deck) -> None:
    ended = {"kind": "shell", "family": "terminal", "capabilities": ABLE, "lifecycle": Lifecycle.EXITED}
    put(deck.fleet, row("shell", Turn.UNKNOWN, exit_code=1, **ended))
    deck.wait(lambda: "id-shell" in deck.window.roster.view.roster.agents())
    deck.select("shell")
    deck.caller.answers["agent.restart"] = lambda ref: Started(ref.id, "shell", 1)
    deck.keys("R")
    assert [ref.id for ref in deck.caller.of("agent.restart")] == ["id-shell"]


@pytest.mark.parametrize(
    ("sizes", "width", "wide"),
    [
        ([280, 700, 300], 1280, [280, 500, 500]),
        ([340, 1800, 380], 2560, [340, 1560, 660]),
        ([280, 200, 800], 1280, [280, 200, 800]),
        ([280, 1000], 1280, [280, 1000]),
    ],
)
def test_a_shell_gets_room_and_never_more_than_the_stage_keeps(sizes: list[int], width: int, wide: list[int]) -> None:
    assert widened(sizes, width) == wide


# -- bells and kinds


def test_a_bell_is_marked_on_row_and_tab_until_it_is_seen(deck: Deck) -> None:
    deck.window.stage.show_agent("id-fix")
    view = deck.window.roster.view
    key = view.roster.lines_of("id-fix")[0]

    def heard() -> str:
        index = view.roster.index_of(key)
        return str(view.roster.data(index, role=themes.Qt.ItemDataRole.AccessibleTextRole))

    assert "bell" not in heard()
    deck.session.terminals.ring("id-fix")
    assert "its bell rang" in heard()
    assert deck.window.stage._titles["id-fix"][-2:] == ("bell", "attention")
    deck.session.terminals.seen("id-fix")
    assert "bell" not in heard()
    assert deck.window.stage._titles["id-fix"][-2:] == ("kind-acp", "muted")


def test_bells_are_told_once() -> None:
    terminals = Terminals(lambda: "")
    told: list[str] = []
    terminals.rang.connect(told.append)
    terminals.ring("a")
    terminals.ring("a")
    terminals.seen("b")
    assert told == ["a"]
    terminals.seen("a")
    assert told == ["a", "a"]


@pytest.mark.parametrize(
    ("kind", "family", "icon"),
    [
        ("claude", "claude", "kind-claude"),
        ("claude-tui", "terminal", "kind-claude"),
        ("claude-agent-acp", "acp", "kind-claude"),
        ("codex", "codex", "kind-codex"),
        ("codex-tui", "terminal", "kind-codex"),
        ("gemini", "acp", "kind-gemini"),
        ("opencode-tui", "terminal", "kind-opencode"),
        ("pilot", "acp", "kind-pilot"),
        ("shell", "terminal", "kind-shell"),
        ("acp", "acp", "kind-acp"),
        ("mine", "acp", "kind-acp"),
        ("mine", "terminal", "kind-other"),
        ("", "", "kind-other"),
    ],
)
def test_every_kind_has_an_icon_that_is_there(theme: Theme, kind: str, family: str, icon: str) -> None:
    assert kind_icon(kind, family) == icon
    assert not theme.pixmap(icon).isNull()


def test_two_icons_in_one_are_both_drawn(theme: Theme) -> None:
    pair: QPixmap = theme.icon_pair(("circle", "muted"), ("kind-claude", "text")).pixmap(36, 16)
    image = pair.toImage()
    assert any(image.pixelColor(x, y).alpha() for x in range(16) for y in range(16))
    assert any(image.pixelColor(x, y).alpha() for x in range(20, 36) for y in range(16))

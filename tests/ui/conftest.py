"""Windows for tests: the real main window on a fleet made of rows, its daemon a recorder, its panes simple ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from agents.events import Snapshot
from agents.model import AgentId, AgentRow
from app import keymap, settings
from app.actions.agents import AgentActions
from app.commands import Zone
from app.fleet import Fleet
from app.layout import Layouts
from tests.fakes.caller import RecordingCaller
from tests.fakes.keys import press
from tests.fakes.rows import fleet_of
from ui import theme as themes
from ui.main_window import MainWindow
from ui.session import Session
from ui.theme import Theme


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    made = themes.load("dark")
    themes.apply(qapp, made)
    return made


class PlainPane(QWidget):
    """A pane with the zones of a real one and nothing in them: the window's own behaviour is what is tested."""

    def __init__(self, agent: AgentId, fleet: Fleet, parent: QWidget) -> None:
        super().__init__(parent)
        self.agent = agent
        self._fleet = fleet
        self.performed: list[str] = []
        self.card_focused_after_next: list[bool] = []
        self.is_terminal = False
        self.parts = {Zone.CARD: QWidget(self), Zone.TRANSCRIPT: QWidget(self), Zone.COMPOSER: QPlainTextEdit(self)}
        column = QVBoxLayout(self)
        for part in self.parts.values():
            part.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            column.addWidget(part)

    @property
    def composer(self) -> QPlainTextEdit:
        part = self.parts[Zone.COMPOSER]
        assert isinstance(part, QPlainTextEdit)
        return part

    def _asks(self) -> bool:
        row = self._fleet.row(self.agent)
        return row is not None and bool(row.requests)

    def zone(self) -> str:
        if self.is_terminal:
            return Zone.TERMINAL
        return next((zone for zone, part in self.parts.items() if part.hasFocus()), Zone.TRANSCRIPT)

    def zones(self) -> tuple[str, ...]:
        return tuple(zone for zone in self.parts if zone is not Zone.CARD or self._asks())

    def focus_zone(self, zone: str) -> bool:
        if zone not in self.zones():
            return False
        self.parts[Zone(zone)].setFocus()
        return True

    def focus_card(self, after_next: bool) -> bool:
        if self._asks():
            self.card_focused_after_next.append(after_next)
            self.parts[Zone.CARD].setFocus()
        return self._asks()

    def focus_composer(self) -> bool:
        self.composer.setFocus()
        return True

    def perform(self, command: str) -> bool:
        self.performed.append(command)
        if command == "pane.compose":
            self.composer.setFocus()
        return True

    def has_find(self) -> bool:
        return True


class Deck:
    """A window under test, and its user: keys go to whatever has the keyboard, as from a real one."""

    def __init__(self, qtbot: QtBot, theme: Theme, folder: Path, fleet: Fleet) -> None:
        self.qtbot = qtbot
        self.fleet = fleet
        self.folder = folder
        self.caller = RecordingCaller()
        self.made: list[AgentId] = []
        self.settings, _ = settings.load(folder / "settings.toml")
        keys, problems = keymap.load(themes.RESOURCES / "keymap.toml", folder / "keymap.toml")
        assert problems == ()
        self.session = Session(
            fleet=fleet,
            caller=self.caller,
            spawner=self.caller,
            actions=AgentActions(self.caller, self.caller, fleet),
            settings=self.settings,
            layouts=Layouts(folder / "layouts"),
            keymap=keys,
            make_pane=self._make_pane,
        )
        self.window = MainWindow(self.session, theme)
        qtbot.addWidget(self.window)
        self.settings.listen(self.window.apply_setting)

    def _make_pane(self, agent: AgentId, _: Theme, parent: QWidget) -> QWidget:
        self.made.append(agent)
        return PlainPane(agent, self.fleet, parent)

    def open(self) -> None:
        self.window.resize(1280, 800)
        self.window.show()
        self.window.activateWindow()
        self.qtbot.waitActive(self.window)
        # The window learns of the fleet as from a daemon: by a snapshot after it is there.
        self.settle()

    def settle(self) -> None:
        QApplication.processEvents()

    def pane(self, name: str) -> PlainPane:
        found = self.window.stage.pane(f"id-{name}")
        assert isinstance(found, PlainPane), f"{name} has no pane"
        return found

    def select(self, name: str) -> None:
        self.window.roster.view.setFocus()
        assert self.window.roster.view.select_agent(f"id-{name}")

    @property
    def selected(self) -> str | None:
        row = self.window.roster.view.current_agent()
        return row.name if row else None

    def keys(self, *chords: str) -> None:
        """Press chords, written as in the keymap file, on the widget that has the keyboard."""
        for chord in chords:
            press(chord)
            self.settle()

    @property
    def said(self) -> str:
        return self.window.hints.said

    def wait(self, fact: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(fact, timeout=30_000)


@pytest.fixture
def make_deck(qtbot: QtBot, theme: Theme, tmp_path: Path) -> Iterator[Callable[..., Deck]]:
    made: list[Deck] = []

    def make(*rows: AgentRow, folder: Path = tmp_path, is_connected: bool = True) -> Deck:
        fleet = fleet_of(is_connected=is_connected)
        deck = Deck(qtbot, theme, folder, fleet)
        made.append(deck)
        deck.open()
        fleet.reset(Snapshot(1, rows, kinds=fleet.kinds))
        deck.settle()
        deck.window.roster.view.setFocus()
        return deck

    yield make
    for deck in made:
        deck.window.close()
    assert [failure for deck in made for failure in deck.caller.failures] == []

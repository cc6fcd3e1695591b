"""Dialogs: opened and never waited for; they check what they collect and remember what was chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QDialog, QLineEdit
from pytestqt.qtbot import QtBot

from agents.events import Snapshot
from agents.wire import Annotate, Started
from tests.fakes.rows import put, row
from tests.ui.conftest import Deck
from ui import windowstate
from ui.dialogs.edit_agent import EditAgentDialog
from ui.dialogs.new_agent import NewAgentDialog
from ui.dialogs.settings import SettingsDialog

MakeDeck = Callable[..., Deck]
Wanted = TypeVar("Wanted", bound=QDialog)

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def deck(make_deck: MakeDeck, tmp_path: Path) -> Deck:
    return make_deck(row("fix", note="old", labels=("a",), slot=3, project=str(tmp_path)))


def opened(deck: Deck, kind: type[Wanted]) -> Wanted:
    deck.wait(lambda: isinstance(QApplication.activeModalWidget(), kind))
    found = QApplication.activeModalWidget()
    assert isinstance(found, kind)
    return found


def test_a_new_agent_is_started_with_ctrl_enter_and_choices_are_remembered(deck: Deck, tmp_path: Path) -> None:
    deck.caller.answers["agent.run"] = lambda run: Started("id-new", run.name or run.kind, 4711)
    deck.select("fix")
    deck.keys("Ctrl+N")
    dialog = opened(deck, NewAgentDialog)
    assert Path(dialog.project.currentText()).expanduser() == tmp_path
    assert "Demo agent" in dialog.kinds.item(0).text()
    assert "not installed" in dialog.kinds.item(3).text()
    dialog.prompt.setPlainText("Mend it")
    dialog.name.setText("mender")
    dialog.mode.setText("plan")
    QTest.keyClick(dialog.prompt, Qt.Key.Key_Return, CTRL)
    (run,) = deck.caller.of("agent.run")
    assert (run.kind, run.project, run.name, run.prompt, run.mode, run.argv) == (
        "demo", str(tmp_path.resolve()), "mender", "Mend it", "plan", (),
    )  # fmt: skip
    put(deck.fleet, row("new", project=str(tmp_path)))
    assert "id-new" in deck.window.stage.docks.in_front()
    deck.window.run("agent.new")
    again = opened(deck, NewAgentDialog)
    assert again.mode.text() == "plan"
    again.reject()
    assert windowstate.layout_of(deck.window).new_agent.kind == "demo"


def test_a_terminal_kind_takes_a_command(deck: Deck) -> None:
    deck.window.run("agent.new")
    dialog = opened(deck, NewAgentDialog)
    dialog.kinds.setCurrentRow(1)
    assert dialog.command.isVisible()
    assert not dialog.prompt.isVisible()
    dialog.command.setText("bash -c 'echo \"two words\"'")
    dialog.submit()
    (run,) = deck.caller.of("agent.run")
    assert (run.kind, run.argv, run.prompt) == ("shell", ("bash", "-c", 'echo "two words"'), None)


@pytest.mark.parametrize(
    ("project", "command", "word"),
    [
        ("/nowhere/at/all", "ls", "is no directory"),
        ("", "ls", "is no directory"),
        (None, "echo 'open", "cannot be read"),
    ],
)
def test_what_cannot_start_is_refused_by_name(deck: Deck, project: str | None, command: str, word: str) -> None:
    deck.window.run("agent.new")
    dialog = opened(deck, NewAgentDialog)
    dialog.kinds.setCurrentRow(1)
    dialog.command.setText(command)
    if project is not None:
        dialog.project.setCurrentText(project)
    dialog.submit()
    assert dialog.isVisible()
    assert word in dialog._error.text()
    assert deck.caller.of("agent.run") == []
    dialog.reject()


def test_a_missing_program_names_its_install_line(deck: Deck) -> None:
    deck.window.run("agent.new")
    dialog = opened(deck, NewAgentDialog)
    dialog.kinds.setCurrentRow(3)
    assert "npm i -g opencode-ai" in dialog._hint.text()
    assert not dialog.accept_button.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Return, CTRL)
    assert deck.caller.of("agent.run") == []
    dialog.reject()


def test_a_kind_without_a_program_takes_both_and_needs_the_command(deck: Deck) -> None:
    deck.window.run("agent.new")
    dialog = opened(deck, NewAgentDialog)
    dialog.kinds.setCurrentRow(2)
    assert dialog.command.isVisible()
    assert dialog.prompt.isVisible()
    dialog.prompt.setPlainText("Hello")
    dialog.submit()
    assert "which program" in dialog._error.text()
    dialog.command.setText("my-agent --acp")
    dialog.submit()
    (run,) = deck.caller.of("agent.run")
    assert (run.kind, run.argv, run.prompt) == ("acp", ("my-agent", "--acp"), "Hello")


def test_duplicate_offers_kind_and_project(deck: Deck, tmp_path: Path) -> None:
    deck.select("fix")
    deck.window.run("agent.duplicate")
    dialog = opened(deck, NewAgentDialog)
    kind = dialog.kind()
    assert kind is not None
    assert kind.name == "demo"
    assert dialog.project.currentText() == str(tmp_path)
    dialog.reject()


def test_rename_note_labels_and_slot_send_what_differs(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("F2")
    dialog = opened(deck, EditAgentDialog)
    assert dialog.name.hasFocus()
    dialog.name.setText("mend")
    dialog.labels.setText("a, b ,")
    dialog.slot.setCurrentIndex(0)
    QTest.keyClick(dialog.note, Qt.Key.Key_Return, CTRL)
    assert [(p.id, p.name) for p in deck.caller.of("agent.rename")] == [("id-fix", "mend")]
    assert deck.caller.of("agent.annotate") == [Annotate("id-fix", labels=("a", "b"), slot=0)]


def test_a_note_alone_renames_nothing(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("c")
    dialog = opened(deck, EditAgentDialog)
    assert dialog.note.hasFocus()
    dialog.note.setPlainText("new")
    dialog.submit()
    assert deck.caller.of("agent.rename") == []
    assert deck.caller.of("agent.annotate") == [Annotate("id-fix", note="new")]


def test_an_empty_name_is_refused_and_nothing_changed_asks_nothing(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("F2")
    dialog = opened(deck, EditAgentDialog)
    dialog.name.clear()
    dialog.submit()
    assert "needs a name" in dialog._error.text()
    dialog.name.setText("fix")
    dialog.submit()
    assert deck.caller.of("agent.rename") == deck.caller.of("agent.annotate") == []


def test_settings_are_kept_at_once(deck: Deck) -> None:
    deck.keys("Ctrl+,")
    dialog = opened(deck, SettingsDialog)
    compact = dialog.fields["ui.compact_rows"]
    assert isinstance(compact, QCheckBox)
    before = deck.window.roster.view.rows.row_height()
    compact.click()
    assert deck.settings.is_on("ui.compact_rows")
    assert deck.window.roster.view.rows.row_height() < before
    assert "compact_rows = true" in deck.settings.path.read_text()
    theme = dialog.fields["ui.theme"]
    assert isinstance(theme, QComboBox)
    theme.setCurrentText("light")
    assert deck.settings.text("ui.theme") == "light"
    dialog.accept()


def test_a_number_out_of_limits_is_not_kept(deck: Deck) -> None:
    deck.keys("Ctrl+,")
    dialog = opened(deck, SettingsDialog)
    field = dialog.fields["ui.font_px"]
    assert isinstance(field, QLineEdit)
    field.setText("99")
    field.editingFinished.emit()
    assert "at most 24" in dialog._error.text()
    assert deck.settings.number("ui.font_px") == 13
    dialog.accept()


def test_a_settings_file_that_cannot_be_written_is_said(deck: Deck, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    deck.settings.path = tmp_path / "file" / "settings.toml"
    deck.keys("Ctrl+,")
    dialog = opened(deck, SettingsDialog)
    hints = dialog.fields["ui.hint_line"]
    assert isinstance(hints, QCheckBox)
    hints.click()
    assert dialog._error.isVisible()
    dialog.accept()


def test_esc_closes_a_dialog_and_the_keyboard_returns(deck: Deck, qtbot: QtBot) -> None:
    deck.select("fix")
    deck.keys("Ctrl+N")
    dialog = opened(deck, NewAgentDialog)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    deck.wait(lambda: QApplication.activeModalWidget() is None)
    deck.window.activateWindow()  # as a window manager does
    deck.wait(deck.window.roster.view.hasFocus)


def test_a_new_agent_says_who_pays_and_what_to_install(deck: Deck) -> None:
    kinds = [
        msgspec.structs.replace(kind, pool="your plan") if kind.name == "demo" else kind for kind in deck.fleet.kinds
    ]
    deck.fleet.reset(Snapshot(9, deck.fleet.rows(), kinds=tuple(kinds)))
    deck.caller.answers["agent.run"] = lambda _: Started("id-new", "new", 1)
    deck.select("fix")
    deck.keys("Ctrl+N")
    dialog = opened(deck, NewAgentDialog)
    assert "Paid by: your plan" in dialog._hint.text()
    names = [dialog.kinds.item(at).text() for at in range(dialog.kinds.count())]
    dialog.kinds.setCurrentRow(next(at for at, name in enumerate(names) if "opencode" in name))
    assert "To install: npm i -g opencode-ai" in dialog._hint.text()
    assert not dialog.accept_button.isEnabled()
    dialog.kinds.setCurrentRow(0)
    dialog.model.setText("big-4")
    QTest.keyClick(dialog.model, Qt.Key.Key_Return, CTRL)
    assert [run.model for run in deck.caller.of("agent.run")] == ["big-4"]

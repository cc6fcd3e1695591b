"""Screens of the real programs, recorded, and what the rules we ship make of each."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agents.adapters.kinds import RESOURCES, load_kinds
from agents.spec import Kind
from agents.status import program

CORPUS = Path(__file__).resolve().parents[4] / "corpus" / "screens"
KINDS = load_kinds([RESOURCES / "agents"]).kinds


class Screen:
    """A screen out of a file."""

    def __init__(self, text: str, row: int = 0, col: int = 0) -> None:
        self.lines = tuple(line.rstrip() for line in text.split("\n"))
        self.row, self.col = row, col


def expected() -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for file in sorted(CORPUS.glob("*/expected.toml")):
        for name, wanted in tomllib.loads(file.read_text(encoding="utf-8")).items():
            found.append((file.parent.name, name, wanted))
    return found


ALL = expected()


def rules(name: str, version: str = "") -> program.Program:
    return program.of(
        Kind(name=name, family="terminal", status=program.load([RESOURCES / "status"]).tables[name]), version
    )


def screen(folder: str, name: str) -> Screen:
    return Screen((CORPUS / folder / f"{name}.txt").read_text(encoding="utf-8"))


def test_every_recorded_screen_says_what_is_expected_of_it() -> None:
    assert {(folder, name) for folder, name, _ in ALL} == {
        (file.parent.name, file.stem) for file in CORPUS.glob("*/*.txt")
    }
    assert {folder for folder, _, _ in ALL} == {"claude", "codex", "gemini", "opencode"}


@pytest.mark.parametrize(("folder", "name", "wanted"), ALL, ids=[f"{folder}-{name}" for folder, name, _ in ALL])
def test_a_recorded_screen_means_what_it_meant(folder: str, name: str, wanted: dict[str, Any]) -> None:
    own, seen = rules(folder), screen(folder, name)
    claim = program.screen_claim(own, seen)
    assert claim is not None
    assert (claim.turn.value, claim.blocked and claim.blocked.value) == (wanted["turn"], wanted.get("blocked"))
    dialog = program.read_dialog(own, seen)
    assert (dialog is not None) == ("dialog" in wanted)
    if dialog is not None:
        options = [[option.kind, keys.decode()] for option, keys in dialog.options]
        assert {"title": dialog.title, "command": dialog.command or "", "options": options} == wanted["dialog"]
    box = program.read_box(own, seen)
    assert (None if box is None else box.text) == wanted.get("box")


@pytest.mark.parametrize(("folder", "name", "wanted"), ALL, ids=[f"{folder}-{name}" for folder, name, _ in ALL])
def test_a_screen_of_one_program_that_is_printed_in_another_asks_nothing_there(
    folder: str, name: str, wanted: dict[str, Any]
) -> None:
    """What is quoted stands above the program's own input box, indented as its output is."""
    own = rules(folder)
    at_rest = screen(folder, "idle-done").lines
    quoted = [f"     {line}" for line in screen(folder, name).lines]
    claim = program.screen_claim(own, Screen("\n".join([*quoted, *at_rest])))
    assert claim is not None
    assert claim.turn.value == "idle"
    assert program.read_dialog(own, Screen("\n".join([*quoted, *at_rest]))) is None


def test_every_kind_with_a_terminal_of_a_known_program_is_read_by_its_rules() -> None:
    for name in ("claude", "codex", "gemini", "opencode"):
        kind = KINDS[f"{name}-tui"]
        assert kind.pty
        assert program.of(kind, "").name == name


def test_the_selected_option_makes_no_other_dialog_and_another_command_does() -> None:
    own = rules("claude")
    text = "\n".join(screen("claude", "permission-bash").lines)
    moved = text.replace(" ❯ 1. Yes", "   1. Yes").replace("   4. No", " ❯ 4. No")
    other = text.replace("sleep 1", "sleep 2")
    assert moved != text != other
    keys = [reading.key for one in (text, moved, other) if (reading := program.read_dialog(own, Screen(one)))]
    assert keys[0] == keys[1] != keys[2]


def test_the_click_that_allows_lands_on_the_option_wherever_the_dialog_stands() -> None:
    own = rules("opencode")
    names = [name for folder, name, wanted in ALL if folder == "opencode" and "dialog" in wanted]
    assert names
    for name in names:
        seen = screen("opencode", name)
        dialog = program.read_dialog(own, seen)
        assert dialog is not None
        allow, reject = dialog.clicks
        place = re.fullmatch(rb"\x1b\[<0;(\d+);(\d+)M\x1b\[<0;\1;\2m", allow)
        assert place is not None
        col, row = int(place[1]) - 1, int(place[2]) - 1
        assert seen.lines[row].startswith("Allow once", col - 1)
        assert reject == b"", "Esc rejects wherever the highlight is"

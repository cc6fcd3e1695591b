"""What programs draw to fool or to stall whoever reads their screens."""

from __future__ import annotations

import time

import pytest

from agents.adapters.kinds import RESOURCES
from agents.model import Blocked, Turn
from agents.spec import Kind
from agents.status import program
from tests.unit.agents.status.reading.test_screens import Screen

TABLES = program.load([RESOURCES / "status"]).tables

#: Processor seconds for one reading of the largest screens there are; a pattern that explodes takes minutes.
ENOUGH_S = 2.0

ROWS = {
    "letters": "a" * 500,
    "blanks": "x" + " " * 500 + "x",
    "words": "esc to interrup " * 40,
    "bars": "│ ● 1. " * 80,
    "thick bars": "┃   Allow once   " * 40,
    "rules": "─" * 500,
    "digits": "1. " * 200,
    "spinner": "✻ " + "… (" * 200,
    "box": " > " + " > " * 200,
    "dots": "• Working (" + "1s " * 200,
}


def rules(name: str) -> program.Program:
    return program.of(Kind(name=name, family="terminal", status=TABLES[name]), "")


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
@pytest.mark.parametrize("name", sorted(TABLES))
def test_no_screen_takes_long_to_read(name: str, row: str) -> None:
    own = rules(name)
    for lines in ([row] * 200, [row, ""] * 100, [row, "❯ 1. Yes", "› 1. x", "╭─", "▄" * 20] * 40):
        began = time.process_time()
        program.screen_claim(own, Screen("\n".join(lines), 100, 3))
        program.read_box(own, Screen("\n".join(lines), 100, 3))
        program.read_dialog(own, Screen("\n".join(lines), 100, 3))
        program.title_claim(own, row * 100)
        assert time.process_time() - began < ENOUGH_S


@pytest.mark.parametrize("name", sorted(TABLES))
def test_an_empty_screen_and_one_of_no_rows_say_nothing(name: str) -> None:
    own = rules(name)
    for seen in (Screen(""), Screen("\n" * 40, 39, 0)):
        assert program.screen_claim(own, seen) is None
        assert program.read_box(own, seen) is None
        assert program.read_dialog(own, seen) is None


def test_a_kind_without_rules_says_nothing_about_anything() -> None:
    own = program.of(Kind(name="shell", family="terminal"), "1.0")
    assert own == program.Program()
    assert program.title_claim(own, "⠋ busy") is None
    assert program.notice_claim(own, "done") is None
    assert program.screen_claim(own, Screen("> ")) is None


PERMISSION = """
────────────────────────
 Bash command
 Say it
╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
 echo one && \\
   echo \u202etwo
╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
 Do you want to proceed?
 ❯ 1. Yes
   2. Yes, and don't ask again for echo commands in
      this folder
   3. Yes, and hand over the keys
   4. No

 Esc to cancel"""


def test_an_approval_has_its_whole_command_with_what_is_invisible_made_visible() -> None:
    reading = program.read_dialog(rules("claude"), Screen(PERMISSION))
    assert reading is not None
    assert reading.command == "echo one && \\\necho ⟨U+202E⟩two"
    assert "\u202e" not in reading.detail
    assert [(option.id, option.kind, option.name) for option, _ in reading.options] == [
        ("1", "allow_once", "Yes"),
        ("2", "allow_always", "Yes, and don't ask again for echo commands in this folder"),
        ("4", "reject_once", "No"),
    ]
    assert [keys for _, keys in reading.options] == [b"1", b"2", b"4"]


def test_half_a_command_is_not_shown_as_a_command() -> None:
    top = PERMISSION.index("╌", PERMISSION.index("Say it"))
    scrolled = "─" * 24 + "\n" + " Bash command\n" + PERMISSION[top:].split("\n", 1)[1]
    reading = program.read_dialog(rules("claude"), Screen(scrolled))
    assert reading is not None
    assert reading.command is None


def test_an_approval_without_its_beginning_on_the_screen_is_none() -> None:
    """What is asked has scrolled off: nobody may answer it unseen."""
    assert program.read_dialog(rules("claude"), Screen(PERMISSION.replace("─", " "))) is None


@pytest.mark.parametrize(
    "change",
    [("echo one", "echo 0ne"), ("Bash command", "Bash command (unsandboxed)"), ("4. No", "4. No, and stop")],
)
def test_whatever_is_asked_otherwise_is_another_request(change: tuple[str, str]) -> None:
    own = rules("claude")
    before, after = (program.read_dialog(own, Screen(text)) for text in (PERMISSION, PERMISSION.replace(*change)))
    assert before is not None
    assert after is not None
    assert before.key != after.key


def test_a_tip_that_changes_makes_no_other_request() -> None:
    own = rules("claude")
    before = program.read_dialog(own, Screen(PERMISSION))
    after = program.read_dialog(own, Screen(PERMISSION.replace(" Say it", " Tip: look here\n Say it")))
    assert before is not None
    assert after is not None
    assert before.key == after.key


BOX = "────────────\n❯ {}\n────────────\n  ? for shortcuts"


@pytest.mark.parametrize(
    ("held", "empty", "text", "has_placeholder"),
    [
        ("", True, "", False),
        ('Try "fix the tests"', True, "", False),
        ("hello", False, "hello", False),
        ("hello\n  and more\n\n  behind a blank", False, "hello\nand more\n\nbehind a blank", False),
        ("[Pasted text #1 +20 lines]", False, "[Pasted text #1 +20 lines]", True),
    ],
)
def test_a_box_is_read_back(held: str, text: str, *, empty: bool, has_placeholder: bool) -> None:
    reading = program.read_box(rules("claude"), Screen(BOX.format(held)))
    assert reading == program.BoxReading(empty, text, has_placeholder)


def test_a_box_that_is_not_whole_is_none() -> None:
    assert program.read_box(rules("claude"), Screen(BOX.format("hello").split("\n──")[0])) is None


def test_a_dialog_quoted_over_the_box_asks_nothing() -> None:
    own, seen = rules("claude"), Screen(PERMISSION + "\n" + BOX.format(""))
    assert program.read_dialog(own, seen) is None
    claim = program.screen_claim(own, seen)
    assert claim is not None
    assert claim.turn is Turn.IDLE


def test_a_title_says_only_what_it_tells_apart() -> None:
    claude, gemini = rules("claude"), rules("gemini")
    for title in ("◐ Claude Code", "⠂ Fix the tests"):
        claim = program.title_claim(claude, title)
        assert claim is not None
        assert claim.turn is Turn.WORKING
    assert program.title_claim(claude, "✳ Claude Code") is None
    assert program.title_claim(gemini, "◇  Ready (project)") is None
    assert program.title_claim(gemini, "✋  Action Required (project)") is None
    claim = program.title_claim(rules("codex"), "[ . ] Action Required | project")
    assert claim is not None
    assert (claim.turn, claim.blocked) == (Turn.BLOCKED, Blocked.PERMISSION)


def test_the_keys_that_end_a_turn_are_those_each_program_took() -> None:
    assert {name: rules(name).keys.interrupt for name in sorted(TABLES)} == {
        "claude": "\x1b",
        "codex": "\x1b",
        "demo": "\x1b",
        "gemini": "\x1b",
        # Two bare Esc in one write did not end its turn.
        "opencode": "\x1b[27u\x1b[27u",
    }

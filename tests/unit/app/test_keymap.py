"""Keys are data: one spelling, sequences, zones; problems are named by file and line and never fatal."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.commands import Zone
from app.keymap import NAMED_KEYS, Match, chord, display, load, parse

OURS = Path(__file__).resolve().parents[3] / "resources" / "keymap.toml"


def users(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "keymap.toml"
    path.write_text(text, "utf-8")
    return path


def test_ours_has_no_problems(tmp_path: Path) -> None:
    _, problems = load(OURS, tmp_path / "none.toml")
    assert problems == ()


@pytest.mark.parametrize(
    ("written", "chords"),
    [
        ("j", ("j",)),
        ("V", ("V",)),
        ("g g", ("g", "g")),
        ("Esc Esc", ("Esc", "Esc")),
        ("ctrl+k", ("Ctrl+K",)),
        ("Shift+Ctrl+p", ("Ctrl+Shift+P",)),
        ("Ctrl+,", ("Ctrl+,",)),
        ("Ctrl++", ("Ctrl++",)),
        ("+", ("+",)),
        ("shift+f6", ("Shift+F6",)),
        ("Return", ("Enter",)),
        ("Shift+v", ("V",)),
        ("Del", ("Delete",)),
    ],
)
def test_there_is_one_spelling(written: str, chords: tuple[str, ...]) -> None:
    assert parse(written) == chords


@pytest.mark.parametrize(
    ("written", "word"),
    [("Hyper+k", "modifier"), ("Enterr", "unknown key"), ("a b c", "one chord or two"), ("", "one chord")],
)
def test_what_cannot_be_typed_is_refused(written: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        parse(written)


def test_chord_puts_shift_into_the_character() -> None:
    assert chord({"Shift"}, "v") == "V"
    assert chord({"Shift"}, "?") == "?"
    assert chord({"Ctrl", "Shift"}, "i") == "Ctrl+Shift+I"
    assert chord({"Shift"}, "Tab") == "Shift+Tab"


def test_sequences_wait_and_a_bound_prefix_acts_at_once(tmp_path: Path) -> None:
    keymap, _ = load(OURS, tmp_path / "none.toml")
    assert keymap.lookup(Zone.ROSTER, ("g",)) == Match(None, is_prefix=True)
    assert keymap.lookup(Zone.ROSTER, ("g", "g")) == Match("roster.first")
    assert keymap.lookup(Zone.COMPOSER, ("Esc",)) == Match("zone.leave", is_prefix=True)
    assert keymap.lookup(Zone.COMPOSER, ("Esc", "Esc")) == Match("agent.interrupt")
    assert keymap.lookup(Zone.COMPOSER, ("g",)) == Match()


def test_terminals_keep_ctrl_k(tmp_path: Path) -> None:
    keymap, _ = load(OURS, tmp_path / "none.toml")
    assert keymap.lookup(Zone.ROSTER, ("Ctrl+K",)).command == "palette.open"
    assert keymap.lookup(Zone.TERMINAL, ("Ctrl+K",)).command is None
    assert keymap.lookup(Zone.TERMINAL, ("F8",)).command == "triage.next"


def test_a_users_binding_replaces_ours_and_an_empty_one_takes_it_away(tmp_path: Path) -> None:
    path = users(tmp_path, '[roster]\n"j" = "agent.stop"\n"k" = ""\n')
    keymap, problems = load(OURS, path)
    assert problems == ()
    assert keymap.lookup(Zone.ROSTER, ("j",)).command == "agent.stop"
    assert keymap.lookup(Zone.ROSTER, ("k",)).command is None
    assert "k" not in keymap.keys_of("roster.up", Zone.ROSTER)
    assert keymap.lookup(Zone.TRANSCRIPT, ("j",)).command == "pane.down"


def test_a_conflict_inside_a_file_names_both_lines_and_the_first_holds(tmp_path: Path) -> None:
    path = users(tmp_path, '["roster, card"]\n"ctrl+t" = "agent.stop"\n\n[roster]\n"Ctrl+T" = "agent.kill"\n')
    keymap, problems = load(OURS, path)
    assert problems == (f"{path}:5: “Ctrl+T” is already agent.stop ({path}:2); agent.kill was not bound",)
    assert keymap.lookup(Zone.ROSTER, ("Ctrl+T",)).command == "agent.stop"


def test_saying_the_same_twice_is_no_conflict(tmp_path: Path) -> None:
    path = users(tmp_path, '["roster, card"]\n"T" = "agent.stop"\n[roster]\n"Shift+t" = "agent.stop"\n')
    assert load(OURS, path)[1] == ()


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ('[roster]\n\n"j" = "agent.fly"\n', 3, "unknown command “agent.fly”"),
        ('[attic]\n"j" = "agent.stop"\n', 1, "[attic] is no zone"),
        ('[roster]\n"Hyper+j" = "agent.stop"\n', 2, "unknown modifier"),
        ('[roster]\n"j" = 3\n', 2, "must name a command"),
        ('[roster]\n"j" = "agent.stop"\n"k" = \n', 3, "nvalid"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_holds(tmp_path: Path, text: str, line: int, word: str) -> None:
    path = users(tmp_path, text)
    keymap, problems = load(OURS, path)
    assert len(problems) == 1
    assert problems[0].startswith(f"{path}:{line}:")
    assert word in problems[0]
    assert keymap.lookup(Zone.ROSTER, ("v",)).command == "agent.toggle"


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    keymap, problems = load(OURS, tmp_path)
    assert "cannot be read" in problems[0]
    assert keymap.lookup(Zone.ROSTER, ("j",)).command == "roster.down"


def test_keys_of_puts_the_zones_own_key_first(tmp_path: Path) -> None:
    keymap, _ = load(OURS, tmp_path / "none.toml")
    assert keymap.keys_of("agent.interrupt") == ("i", "Esc Esc", "Ctrl+Shift+I")
    assert keymap.keys_of("agent.interrupt", Zone.TERMINAL) == ("Ctrl+Shift+I",)
    assert keymap.keys_of("agent.kill") == ()


def test_display_says_cmd_on_a_mac() -> None:
    assert display("Ctrl+Shift+P", is_mac=True) == "Cmd+Shift+P"
    assert display("Meta+A", is_mac=True) == "Ctrl+A"
    assert display("PageUp") == "PgUp"


@pytest.mark.parametrize("name", sorted(NAMED_KEYS))
def test_named_keys_parse_to_themselves(name: str) -> None:
    assert parse(name) == (name,)

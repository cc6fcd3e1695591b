from __future__ import annotations

import re
from pathlib import Path

import pytest

from agents.adapters.kinds import RESOURCES, load_kinds
from agents.spec import Kind
from agents.status import program
from agents.status.reading.files import SIZE_LIMIT

RULE = '[[title]]\npattern = "^works"\nturn = "working"\n'


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_rules_we_ship_are_sound() -> None:
    found = program.load([RESOURCES / "status"])
    assert found.problems == ()
    assert set(found.tables) == {"claude", "codex", "demo", "gemini", "opencode"}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ('[[title]]\npattern = "("\nturn = "idle"\n', 2, "“pattern” is no pattern:"),
        ('[[title]]\npattern = "(a+)+$"\nturn = "idle"\n', 2, "a repeat inside a repeated group"),
        ('[[title]]\npattern = "((?:a|b*)c){2,}"\nturn = "idle"\n', 2, "a repeat inside a repeated group"),
        ('[[title]]\npattern = "a*b*c*d*e*f*g*h*i*"\nturn = "idle"\n', 2, "repeats more than 8 times"),
        ('[[title]]\npattern = "x"\nturn = "asleep"\n', 3, "“turn” must be one of idle, working, blocked, done, error"),
        ('[[title]]\npattern = "x"\n', 1, "“turn” is missing in [title]"),
        ('[[title]]\npatern = "x"\nturn = "idle"\n', 2, "unknown key “patern”, did you mean “pattern”?"),
        ('[[title]]\npattern = 3\nturn = "idle"\n', 2, "“pattern” must be a pattern"),
        ('[[notice]]\npattern = "x"\nturn = "blocked"\nblocked = "money"\n', 4, "“blocked” must be one of permission"),
        ('[[screen]]\nturn = "idle"\n', 1, "a [[screen]] without “all” and “any” would always hold"),
        ('[[screen]]\nall = ["x"]\nregion = "top 3"\nturn = "idle"\n', 3, "“region” must be “whole”, “bottom N”"),
        ('[[screen]]\nall = ["x", "["]\nturn = "idle"\n', 2, "“all” is no pattern"),
        ('[[screen]]\nall = "x"\nturn = "idle"\n', 2, "“all” must be a list of patterns"),
        ('[[screen]]\nall = ["x"]\nturn = "idle"\npriority = true\n', 4, "“priority” must be a whole number"),
        ('[[screen]]\nall = ["x"]\nturn = "idle"\nbox = 1\n', 4, "“box” must be true or false"),
        ('[[screen]]\nall = ["x"]\nturn = "idle"\nversions = "2.x"\n', 4, "“versions” must be versions such as"),
        ('[box]\nfirst = "^> "\n', 2, "“first” must have the group (?P<text>…)"),
        ('[[dialog]]\nbegin = "a"\nrow = "(?P<name>.*)"\n', 1, "a [[dialog]] needs [[dialog.option]]"),
        (
            '[[dialog]]\nbegin = "a"\nrow = "(?P<name>.*)"\n[[dialog.option]]\npattern = "x"\nkind = "maybe"\n'
            'keys = "1"\n',
            6,
            "“kind” must be one of allow_once",
        ),
        ('[keys]\nsubmit = ""\n', 2, "“submit” must be a non-empty string"),
        ('titel = "x"\n', 1, "unknown key “titel”, did you mean “title”?"),
        ('title = "x"\n', 1, "“title” must be [[title]]"),
        ("title = [3]\n", 1, "“title” must be a table"),
        ("name = 3\n", 1, "“name” must be a non-empty string"),
    ],
)
def test_a_broken_rule_is_named_with_file_and_line_and_all_others_go_on(
    tmp_path: Path, text: str, line: int, what: str
) -> None:
    sound = "\n[[notice]]\npattern = 'sound'\nturn = 'done'\n" if text.startswith("[") else "\n"
    path = write(tmp_path, "odd", text + sound)
    other = write(tmp_path, "other", RULE)
    found = program.load([tmp_path])
    assert len(found.problems) == 1, found.problems
    assert found.problems[0].startswith(f"{path}:{line}: ")
    assert what in found.problems[0]
    assert program.title_claim(rules(found, other.stem), "works") is not None
    if sound.strip():
        assert program.notice_claim(rules(found, "odd"), "sound") is not None


def rules(found: program.ProgramSet, name: str, version: str = "") -> program.Program:
    return program.of(Kind(name=name, family="terminal", status=found.tables[name]), version)


@pytest.mark.parametrize(
    ("data", "where", "what"),
    [
        (b"[[title]\n", ":1: ", "is not TOML"),
        (b"a = 1\n\xff\n", ":2: ", "is not UTF-8"),
        (b"a = " + b"[" * 5000, ":1: ", ""),
        (b"#" * (SIZE_LIMIT + 1), ":1: ", "is larger than 256 KiB"),
    ],
    ids=["toml", "utf-8", "deep", "large"],
)
def test_a_file_that_cannot_be_read_is_named_and_the_others_are_there(
    tmp_path: Path, data: bytes, where: str, what: str
) -> None:
    (tmp_path / "bad.toml").write_bytes(data)
    write(tmp_path, "good", RULE)
    found = program.load([tmp_path])
    assert list(found.tables) == ["good"]
    assert f"{tmp_path / 'bad.toml'}{where}" in found.problems[0]
    assert what in found.problems[0]


def test_a_users_file_replaces_ours_of_its_name_and_a_folder_that_is_not_there_is_none(tmp_path: Path) -> None:
    write(tmp_path / "ours", "one", RULE)
    write(tmp_path / "theirs", "one", RULE.replace("works", "rests"))
    found = program.load([tmp_path / "ours", tmp_path / "theirs", tmp_path / "none"])
    assert found.problems == ()
    assert program.title_claim(rules(found, "one"), "works") is None
    assert program.title_claim(rules(found, "one"), "rests") is not None


def test_a_kind_names_its_rules_and_one_whose_rules_are_not_there_goes_on_without(tmp_path: Path) -> None:
    write(tmp_path / "status", "mine", RULE)
    kind = 'family = "terminal"\npty = true\n'
    write(tmp_path / "agents", "good", f'{kind}status = "mine"\n')
    path = write(tmp_path / "agents", "lost", f'{kind}status = "mime"\n')
    write(tmp_path / "agents", "heir", 'extends = "good"\n')
    found = load_kinds([tmp_path / "agents"])
    what = "there are no rules status/mime.toml beside this folder, did you mean “mine”?"
    assert found.problems == (f"{path}:3: {what}",)
    assert program.of(found.kinds["good"], "").name == program.of(found.kinds["heir"], "").name == "mine"
    assert program.of(found.kinds["lost"], "") == program.Program()


def test_problems_of_rules_are_told_with_those_of_kinds(tmp_path: Path) -> None:
    path = write(tmp_path / "status", "mine", '[[title]]\npattern = "("\nturn = "idle"\n')
    write(tmp_path / "agents", "good", 'family = "terminal"\n')
    problems = load_kinds([tmp_path / "agents"]).problems
    assert [re.sub(r": .*", "", one) for one in problems] == [f"{path}:2"]


@pytest.mark.parametrize(
    ("version", "wanted", "counts"),
    [
        ("2.1.328 (Claude Code)", ">=2.1.300,<3", True),
        ("codex-cli 0.169.0", ">=0.170", False),
        ("codex-cli 0.169.0", "==0.169", True),
        ("2.1.299", ">=2.1.300", False),
        ("2.10", ">2.9", True),
        ("3", "<3", False),
        ("3.0.1", "<=3", False),
        ("", ">=9", True),
        ("nightly", ">=9", True),
    ],
)
def test_a_rule_counts_for_its_versions_and_for_those_nobody_knows(
    tmp_path: Path, version: str, wanted: str, *, counts: bool
) -> None:
    write(tmp_path, "one", f'{RULE}versions = "{wanted}"\n')
    assert (program.title_claim(rules(program.load([tmp_path]), "one", version), "works") is not None) is counts


def test_the_example_of_the_manual_is_sound(tmp_path: Path) -> None:
    page = (RESOURCES.parent / "docs" / "reference" / "status-rules.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert example is not None
    write(tmp_path, "odd", example[1])
    found = program.load([tmp_path])
    assert found.problems == ()
    own = rules(found, "odd")
    assert own.box is not None
    assert own.dialogs

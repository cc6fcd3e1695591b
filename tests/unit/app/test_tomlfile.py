"""TOML files people edit: every complaint can name its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.tomlfile import line_of, read

TEXT = """# a comment
x = 1
[one]
"a b" = 2  # here
[two]  # second
a.b = 3
'lit' = 4
["three, four"]
"j" = 5
"""


@pytest.mark.parametrize(
    ("table", "key", "line"),
    [
        ("", "x", 2),
        ("one", None, 3),
        ("one", "a b", 4),
        ("two", "lit", 7),
        ("two", "a b", None),
        ("three, four", "j", 9),
        ("three, four", None, 8),
        ("five", None, None),
    ],
)
def test_lines(table: str, key: str | None, line: int | None) -> None:
    assert line_of(TEXT, table, key) == line


def test_a_place_without_a_line_is_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("[one]\na = 1\n")
    file = read(path)
    assert file.at("one", "a") == f"{path}:2"
    assert file.at("one", "b") == str(path)


def test_a_missing_file_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path / "no").tables == {}
    assert read(tmp_path / "no").problem == ""


@pytest.mark.parametrize(("text", "line"), [("a = \n", 1), ("\n\n[x\n", 3), ('a = "open', 1)])
def test_what_does_not_parse_names_its_line(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    assert read(path).problem.startswith(f"{path}:{line}: ")
    assert "(at line" not in read(path).problem


def test_what_is_no_text_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in read(path).problem

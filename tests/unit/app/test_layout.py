"""Layouts: written whole, read back the same; what does not parse is set aside and named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from app.layout import Layouts, NewAgentChoices, ProjectLayout, WindowLayout

WINDOW = WindowLayout(
    geometry="aa", splitter=(1, 2, 3), collapsed=("/p",), hidden=("x",), tools=True, tool="explain",
    new_agent=NewAgentChoices("shell", "/p", "ask"),
)  # fmt: skip
PROJECT = ProjectLayout("/srv/api server", docks="ZG9ja3M=", shown=("a", "b"), pinned=("b",), current="a")


def test_what_was_kept_is_read_back(tmp_path: Path) -> None:
    layouts = Layouts(tmp_path / "layouts")
    layouts.keep(WINDOW)
    layouts.keep(PROJECT)
    again = Layouts(tmp_path / "layouts")
    assert again.window() == WINDOW
    assert again.project(PROJECT.project) == PROJECT
    assert again.take_problems() == ()


def test_nothing_kept_means_defaults(tmp_path: Path) -> None:
    layouts = Layouts(tmp_path / "layouts")
    assert layouts.window() == WindowLayout()
    assert layouts.project("/srv/api") is None
    assert layouts.take_problems() == ()


def test_projects_of_one_name_have_files_of_their_own(tmp_path: Path) -> None:
    layouts = Layouts(tmp_path)
    layouts.keep(ProjectLayout("/a/app", docks="1"))
    layouts.keep(ProjectLayout("/b/app", docks="2"))
    assert [layouts.project(p).docks for p in ("/a/app", "/b/app")] == ["1", "2"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "content",
    [b"{", b"", b"\xff\xfe", b'{"geometry": 3}', b'{"unheard_of": 1}', msgspec.json.encode({"version": 99})],
)
def test_what_does_not_parse_is_set_aside_and_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "window.json"
    path.write_bytes(content)
    layouts = Layouts(tmp_path)
    assert layouts.window() == WindowLayout()
    assert not path.exists()
    assert (tmp_path / "window.json.broken").read_bytes() == content
    (problem,) = layouts.take_problems()
    assert str(path) in problem
    assert "window.json.broken" in problem
    assert layouts.take_problems() == ()


def test_a_layout_the_docks_refuse_is_set_aside_too(tmp_path: Path) -> None:
    layouts = Layouts(tmp_path)
    layouts.keep(PROJECT)
    layouts.set_aside(PROJECT.project, "the dock manager cannot read its state")
    assert layouts.project(PROJECT.project) is None
    assert "dock manager" in layouts.take_problems()[0]
    assert [p.suffix for p in tmp_path.iterdir()] == [".broken"]


def test_what_cannot_even_be_set_aside_is_said(tmp_path: Path) -> None:
    (tmp_path / "window.json").mkdir()
    (tmp_path / "window.json.broken").mkdir()
    (tmp_path / "window.json.broken" / "x").write_text("")
    layouts = Layouts(tmp_path)
    assert layouts.window() == WindowLayout()
    assert "nor set aside" in layouts.take_problems()[0]


def test_writing_replaces_and_leaves_nothing_behind(tmp_path: Path) -> None:
    layouts = Layouts(tmp_path)
    layouts.keep(WINDOW)
    layouts.keep(WindowLayout(tool="details"))
    assert [p.name for p in tmp_path.iterdir()] == ["window.json"]
    assert layouts.window().tool == "details"

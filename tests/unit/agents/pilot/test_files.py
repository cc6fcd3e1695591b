"""Reading, editing and writing files, and what a path really is."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from agents.pilot.permissions import Access
from agents.pilot.places import Project
from agents.pilot.tools.contract import Outcome, Tool, ToolError
from agents.pilot.tools.files import LARGEST, EditFile, ReadFile, WriteFile, replaced


class Silent:
    stop = threading.Event()

    def output(self, text: Any) -> None:
        raise AssertionError("files have no output to tell")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "p").mkdir()
    return Project(str(tmp_path / "p"))


async def done(tool: Tool, project: Project, **arguments: Any) -> Outcome:
    return await tool.job(arguments, project).run(Silent())


async def test_lines_come_numbered_and_in_pieces(project: Project) -> None:
    (project.root / "a").write_text("".join(f"line {n}\n" for n in range(1, 3001)))
    first = await done(ReadFile(), project, path="a")
    assert first.text.startswith("1\tline 1\n2\t")
    assert first.text.endswith("(lines 1 to 2000 of 3000)")
    piece = await done(ReadFile(), project, path="a", start=2999, lines=5)
    assert piece.text == "2999\tline 2999\n3000\tline 3000\n(lines 2999 to 3000 of 3000)"
    with pytest.raises(ToolError, match="3000 lines, there is no line 4000"):
        await done(ReadFile(), project, path="a", start=4000)


async def test_what_cannot_be_read_is_named(project: Project) -> None:
    root = project.root
    (root / "binary").write_bytes(b"\0\1")
    (root / "latin").write_bytes(b"caf\xe9")
    (root / "empty").touch()
    os.mkfifo(root / "pipe")
    with (root / "huge").open("wb") as file:
        file.truncate(LARGEST + 1)
    expected = {
        "binary": "binary file",
        "latin": "no UTF-8",
        "pipe": "no regular file",
        "huge": "more than",
        ".": "a directory",
        "gone": "does not exist",
    }
    for name, words in expected.items():
        with pytest.raises(ToolError, match=words):
            await done(ReadFile(), project, path=name)
    assert (await done(ReadFile(), project, path="empty")).text == "(the file is empty)"


@pytest.mark.parametrize(
    "bad", [{}, {"path": ""}, {"path": "a\0b"}, {"path": "a", "start": 0}, {"path": "a", "lines": []}]
)
def test_bad_arguments_are_named(project: Project, bad: dict[str, Any]) -> None:
    with pytest.raises(ToolError, match=r"path|start|lines"):
        ReadFile().job(bad, project)


def test_inside_and_outside_are_told_by_where_links_lead(project: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").touch()
    (project.root / "link").symlink_to(outside / "f")
    (project.root / "dir").symlink_to(outside)
    (project.root / "loop").symlink_to("loop")
    for named in ("link", "dir/f", "dir/new", "../outside/f", str(outside / "f"), "a/../../outside/f"):
        need = ReadFile().job({"path": named}, project).need
        assert (need.access, need.inside) == (Access.READ, False), named
    for named in ("x", "./x", "loop", "a/../x", str(project.root / "x"), "."):
        assert ReadFile().job({"path": named}, project).need.inside, named
    assert not WriteFile().job({"path": "dir/new", "content": ""}, project).need.inside


def test_what_git_would_run_is_protected(project: Project) -> None:
    for named in (".git/hooks/pre-commit", "sub/.git/config"):
        need = WriteFile().job({"path": named, "content": "x"}, project).need
        assert need.protected
        assert need.scope == ("edit", str(project.root / named))
    assert WriteFile().job({"path": "a", "content": "x"}, project).need.scope == ("edit", str(project.root))


async def test_a_file_keeps_its_mode_and_its_link(project: Project) -> None:
    script = project.root / "real.sh"
    script.write_text("echo old\n")
    script.chmod(0o750)
    (project.root / "link.sh").symlink_to("real.sh")
    outcome = await done(EditFile(), project, path="link.sh", old="old", new="new")
    assert outcome.change is not None
    assert outcome.change.path == str(script)
    assert script.read_text() == "echo new\n"
    assert stat.S_IMODE(script.stat().st_mode) == 0o750
    assert (project.root / "link.sh").is_symlink()
    assert [path.name for path in project.root.iterdir() if path.name.startswith(".pilot-")] == []


async def test_a_new_file_makes_its_folders(project: Project) -> None:
    outcome = await done(WriteFile(), project, path="a/b/c.txt", content="new\n")
    assert (project.root / "a/b/c.txt").read_text() == "new\n"
    assert outcome.change is not None
    assert outcome.change.old is None


async def test_a_file_changed_while_the_user_thought_is_left_alone(project: Project) -> None:
    file = project.root / "a"
    file.write_text("one\ntwo\n")
    job = EditFile().job({"path": "a", "old": "one", "new": "1"}, project)
    assert job.preview is not None
    job.preview()
    file.write_text("one\ntwo\nthree\n")
    with pytest.raises(ToolError, match="changed by somebody else"):
        await job.run(Silent())
    assert file.read_text() == "one\ntwo\nthree\n"


async def test_a_link_put_there_after_the_answer_is_not_followed(project: Project, tmp_path: Path) -> None:
    target = tmp_path / "outside"
    target.write_text("keep\n")
    job = WriteFile().job({"path": "a", "content": "evil\n"}, project)
    assert job.preview is not None
    job.preview()
    (project.root / "a").symlink_to(target)
    with pytest.raises(ToolError, match="leads somewhere else"):
        await job.run(Silent())
    assert target.read_text() == "keep\n"


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        ("a b\n", "b", "c", "a c\n"),
        ("a\r\nb\r\n", "a\nb\n", "x\ny\n", "x\r\ny\r\n"),
        ("x", "x", "", ""),
    ],
)
def test_an_edit_is_exact(before: str, old: str, new: str, after: str) -> None:
    assert replaced(before, old, new, "f") == after


def test_an_edit_that_is_not_one_is_refused(project: Project) -> None:
    with pytest.raises(ToolError, match="does not occur"):
        replaced("a", "b", "c", "f")
    with pytest.raises(ToolError, match="occurs 2 times"):
        replaced("a a", "a", "c", "f")
    assert replaced("a a", "a", "c", "f", everywhere=True) == "c c"
    with pytest.raises(ToolError, match="“old” is empty"):
        EditFile().job({"path": "a", "old": "", "new": "x"}, project)
    with pytest.raises(ToolError, match="the same"):
        EditFile().job({"path": "a", "old": "x", "new": "x"}, project)


async def test_what_cannot_be_written_is_named(project: Project) -> None:
    (project.root / "file").touch()
    with pytest.raises(ToolError, match=r"Not a directory|exists"):
        await done(WriteFile(), project, path="file/below", content="x")
    with pytest.raises(ToolError, match="more than"):
        await done(WriteFile(), project, path="big", content="x" * (LARGEST + 1))

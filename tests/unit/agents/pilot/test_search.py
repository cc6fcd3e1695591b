"""Search and listing: what git ignores, bounds, links, and what git itself says of the same tree."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from agents.pilot.places import Project
from agents.pilot.tools import ignore, search
from agents.pilot.tools.contract import Tool, ToolError
from agents.pilot.tools.search import FILES, ListFiles, Search
from agents.pilot.tools.tree import Walk


class Silent:
    def __init__(self) -> None:
        self.stop = threading.Event()

    def output(self, text: Any) -> None:
        raise AssertionError("a search has no output to tell")


def plant(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"needle in {path}\n")


def git(folder: Path, *argv: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *argv], capture_output=True, text=True, check=True)
    return done.stdout


async def found(tool: Tool, root: Path, **arguments: Any) -> list[str]:
    outcome = await tool.job(arguments, Project(str(root))).run(Silent())
    return outcome.text.splitlines()


IGNORES = """\
# a comment
*.log
!keep.log
/build/
docs/*.txt
**/cache/
deep/**/x
\\#odd
trailing~~
foo[12]
a?c
""".replace("~", " ")

TREE = (
    "a.log", "keep.log", "sub/a.log", "sub/keep.log", "build/out", "sub/build/out", "docs/a.txt", "docs/sub/a.txt",
    "cache/f", "sub/cache/f", "deep/x", "deep/1/2/x", "deep/1/y", "#odd", "trailing", "foo1", "foo3", "abc", "abbc",
    "sub/.gitignore-not", "plain.py",
)  # fmt: skip


async def test_it_ignores_what_git_ignores(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    plant(tmp_path, *TREE)
    (tmp_path / ".gitignore").write_text(IGNORES)
    (tmp_path / "sub" / ".gitignore").write_text("!a.log\nplain*\n")
    plant(tmp_path, "sub/plain.txt")
    listed = git(tmp_path, "ls-files", "-co", "--exclude-standard")
    assert await found(ListFiles(), tmp_path) == sorted(listed.split(), key=lambda p: p.split("/"))


async def test_a_part_of_a_repository_keeps_the_rules_above(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("*.log\n/part/only-here\nonly-top/x\n")
    plant(tmp_path, "part/a.log", "part/only-here", "part/sub/only-here", "part/b", "part/only-top/x")
    assert await found(ListFiles(), tmp_path / "part") == ["b", "only-top/x", "sub/only-here"]


async def test_search_finds_lines(tmp_path: Path) -> None:
    plant(tmp_path, "a.py", "src/b.ts", "src/deep/c.tsx")
    (tmp_path / "binary").write_bytes(b"needle\0")
    assert await found(Search({}), tmp_path, pattern="needle") == [
        "a.py:1: needle in a.py",
        "src/b.ts:1: needle in src/b.ts",
        "src/deep/c.tsx:1: needle in src/deep/c.tsx",
    ]
    assert len(await found(Search({}), tmp_path, pattern="needle", glob="src/**/*.{ts,tsx}")) == 2
    assert await found(Search({}), tmp_path, pattern="NEEDLE in a", ignore_case=True) == ["a.py:1: needle in a.py"]
    assert await found(Search({}), tmp_path, pattern="needle", path="src/b.ts") == ["b.ts:1: needle in src/b.ts"]
    assert await found(Search({}), tmp_path, pattern="absent") == ["No matches."]


async def test_bounds_are_told(tmp_path: Path) -> None:
    (tmp_path / "many").write_text("x\n" * 1000)
    lines = await found(Search({}), tmp_path, pattern="x", limit=10)
    assert (len(lines), lines[-1]) == (11, "(stopped at 10 matches: narrow the search)")
    plant(tmp_path, *(f"f/{n:04}" for n in range(FILES + 1)))
    lines = await found(ListFiles(), tmp_path, path="f")
    assert (len(lines), lines[-1]) == (FILES + 1, f"(stopped at {FILES} files: give a glob or a directory)")


async def test_links_out_are_not_followed(tmp_path: Path) -> None:
    plant(tmp_path, "out/secret", "p/in")
    (tmp_path / "p" / "dir").symlink_to(tmp_path / "out")
    (tmp_path / "p" / "file").symlink_to(tmp_path / "out" / "secret")
    (tmp_path / "p" / "self").symlink_to(tmp_path / "p")
    assert await found(Search({}), tmp_path / "p", pattern="needle") == ["in:1: needle in p/in"]


def test_a_walk_is_stopped_from_outside(tmp_path: Path) -> None:
    plant(tmp_path, "a", "b", "c")
    stop = threading.Event()
    walk = Walk(tmp_path, stop)
    files = walk.files()
    assert next(files)[0] == "a"
    stop.set()
    assert list(files) == []
    assert walk.cut == "it was cancelled"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"pattern": "("}, "no regular expression"),
        ({"pattern": ""}, "is empty"),
        ({"pattern": "x", "limit": "many"}, "limit"),
    ],
)
async def test_bad_arguments_are_named(tmp_path: Path, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ToolError, match=words):
        await found(Search({}), tmp_path, **arguments)


async def test_a_place_that_is_not_there(tmp_path: Path) -> None:
    assert await found(Search({}), tmp_path, pattern="x", path="gone") == [f"{tmp_path}/gone does not exist"]


async def test_a_pattern_that_runs_for_ever_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LONGEST_S", -9)
    (tmp_path / "a").write_text("a" * 5000 + "b")
    with pytest.raises(ToolError, match="took too long"):
        await found(Search({}), tmp_path, pattern="(a+)+$")


async def test_a_list_of_no_directory(tmp_path: Path) -> None:
    plant(tmp_path, "file")
    with pytest.raises(ToolError, match="no directory"):
        await found(ListFiles(), tmp_path, path="file")
    assert await found(ListFiles(), tmp_path, glob="*.none") == ["No files."]


@pytest.mark.parametrize("line", ["", "   ", "# no", "/", "!", "[", "[]", "[z-a]", "{a", "**", "a\\"])
def test_odd_lines_of_ignore_files_break_nothing(line: str) -> None:
    rule = ignore.parse(line)
    assert rule is None or rule.matches("x", is_directory=False) in (True, False)

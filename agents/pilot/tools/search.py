"""Search text in files and list files by pattern; inside bounds and without what git ignores.

In pure Python, so that it works everywhere the same: no program has to be installed. The model's regular expression
runs in a process of its own (``finding``): a bad one would hold the interpreter, and no interrupt would get through.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from agents.pilot.places import Project
from agents.pilot.providers.contract import ToolSpec
from agents.pilot.tools import finding, ignore
from agents.pilot.tools.contract import (
    Job,
    Outcome,
    Progress,
    ToolError,
    integer,
    number_of,
    reading,
    schema,
    string,
    text_of,
)
from agents.pilot.tools.finding import Task
from agents.pilot.tools.process import Running
from agents.pilot.tools.shell import environment
from agents.pilot.tools.tree import LONGEST_S, Walk

#: Matches and files in one answer.
MATCHES: Final = 200
FILES: Final = 500


class Search:
    """Finds lines."""

    spec = ToolSpec(
        "search",
        "Search file contents with a regular expression (Python syntax), line by line. Leaves out what git ignores.",
        schema(
            ("pattern",),
            pattern=string("regular expression"),
            path=string("directory or file to search in; the project when left out"),
            glob=string("only files whose path matches, like *.py or src/**/*.{ts,tsx}"),
            ignore_case={"type": "boolean"},
            limit=integer(f"most matches, default {MATCHES}"),
        ),
    )

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = environment(env)

    def job(self, arguments: dict[str, Any], project: Project) -> Job:
        """Return a search."""
        text = text_of(arguments, "pattern")
        try:
            pattern = re.compile(text, re.IGNORECASE if arguments.get("ignore_case") is True else 0)
        except (re.error, OverflowError) as error:
            raise ToolError(f"“{text[:80]}” is no regular expression: {error}") from error
        limit = number_of(arguments, "limit", MATCHES, MATCHES)
        named = text_of(arguments, "path", required=False) or "."
        fits = _glob(text_of(arguments, "glob", required=False))
        need, shown = reading(project, named)
        root = Path(need.scope[1])

        task = Task(str(root), pattern.pattern, pattern.flags, fits.pattern if fits else None, limit)

        async def run(_progress: Progress) -> Outcome:
            return await self._find(task)

        where = "" if shown == "." else f" in {shown}"
        return Job(f"Search “{text[:80]}”{where}", "search", need, run, {"pattern": text, "path": str(root)})

    async def _find(self, task: Task) -> Outcome:
        argv = (sys.executable, "-P", "-m", "agents.pilot.tools.finding", msgspec.json.encode(task).decode())
        end = await Running(argv, "/", self._env, head=200_000).wait(LONGEST_S + 10)
        if end.is_late:
            raise ToolError("the search took too long: use a simpler pattern, or search in fewer files")
        return Outcome(end.output.rstrip("\n"), has_failed=end.code != 0)


class ListFiles:
    """Finds files."""

    spec = ToolSpec(
        "list_files",
        f"List files, all below a directory or those whose path matches a glob. At most {FILES}; leaves out what git "
        "ignores.",
        schema(
            (),
            path=string("directory; the project when left out"),
            glob=string("like *.py, src/** or **/test_*.{ts,tsx}"),
        ),
    )

    def job(self, arguments: dict[str, Any], project: Project) -> Job:
        """Return a listing."""
        named = text_of(arguments, "path", required=False) or "."
        glob = text_of(arguments, "glob", required=False)
        fits = _glob(glob)
        need, shown = reading(project, named)
        root = Path(need.scope[1])

        async def run(progress: Progress) -> Outcome:
            return Outcome(await asyncio.to_thread(_list, root, fits, progress.stop))

        what = f"{glob} in {shown}" if glob else shown
        return Job(f"List {what}", "search", need, run, {"path": str(root), "glob": glob})


def _glob(glob: str) -> re.Pattern[str] | None:
    if not glob:
        return None
    body = ignore.translate(glob.removeprefix("./"), braces=True)
    try:
        # Without a slash it means the name, wherever the file lies, as people expect of *.py.
        return re.compile(body if "/" in glob else f"(?:.*/)?{body}")
    except re.error as error:
        raise ToolError(f"“{glob[:80]}” is no glob: {error}") from error


def _list(root: Path, fits: re.Pattern[str] | None, stop: threading.Event) -> str:
    if not root.is_dir():
        raise ToolError(f"{root} is no directory")
    walk = Walk(root, stop)
    found: list[str] = []
    for path, _entry in walk.files():
        if fits is not None and not fits.fullmatch(path):
            continue
        if len(found) >= FILES:
            found.append(f"(stopped at {FILES} files: give a glob or a directory)")
            break
        found.append(path)
    return finding.ended(found, walk, "No files.")

"""Search text in files and list files by pattern; inside bounds and without what git ignores.

In pure Python, so that it works everywhere the same: no program has to be installed.
"""

from __future__ import annotations

import asyncio
import re
import threading
from pathlib import Path
from typing import Any, Final

from agents.pilot.places import Project
from agents.pilot.providers.contract import ToolSpec
from agents.pilot.tools import ignore
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
from agents.pilot.tools.files import read_text
from agents.pilot.tools.tree import Walk

#: Matches and files in one answer, and characters of one line.
MATCHES: Final = 200
FILES: Final = 500
WIDTH: Final = 300

#: Largest file searched, bytes.
LARGEST: Final = 2 * 1024 * 1024


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

        async def run(progress: Progress) -> Outcome:
            return Outcome(await asyncio.to_thread(_search, root, pattern, fits, limit, progress.stop))

        where = "" if shown == "." else f" in {shown}"
        return Job(f"Search “{text[:80]}”{where}", "search", need, run, {"pattern": text, "path": str(root)})


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


def _search(
    root: Path, pattern: re.Pattern[str], fits: re.Pattern[str] | None, limit: int, stop: threading.Event
) -> str:
    if not root.exists():
        raise ToolError(f"{root} does not exist")
    if root.is_file():
        found = _matches(root, root.name, pattern, limit)
        return "\n".join(found) or "No matches."
    walk = Walk(root, stop)
    found = []
    for path, entry in walk.files():
        if fits is not None and not fits.fullmatch(path):
            continue
        if entry.stat(follow_symlinks=False).st_size <= LARGEST:
            found += _matches(root / path, path, pattern, limit - len(found))
        if len(found) >= limit:
            found.append(f"(stopped at {limit} matches: narrow the search)")
            break
    return _ended(found, walk, "No matches.")


def _matches(file: Path, path: str, pattern: re.Pattern[str], most: int) -> list[str]:
    found: list[str] = []
    try:
        text = read_text(file, path, LARGEST)
    except ToolError:
        return []  # binary, unreadable or gone: a search passes it by
    for number, line in enumerate(text.splitlines(), 1):
        # A line of megabytes would keep a regular expression busy for minutes.
        if pattern.search(line[:10_000]):
            found.append(f"{path}:{number}: {line.strip()[:WIDTH]}")
            if len(found) >= most:
                break
    return found


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
    return _ended(found, walk, "No files.")


def _ended(found: list[str], walk: Walk, nothing: str) -> str:
    if walk.cut:
        found = [*found, f"(not all was looked at: {walk.cut})"]
    return "\n".join(found) or nothing

"""One search through files, as a program of its own: its argument is a ``Task`` in JSON, its output what was found."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path
from typing import Final

import msgspec

from agents.pilot.tools.contract import ToolError
from agents.pilot.tools.files import read_text
from agents.pilot.tools.tree import Walk

#: Characters of one line shown, and of one line searched.
WIDTH: Final = 300
SEARCHED: Final = 10_000

#: Largest file searched, bytes.
LARGEST: Final = 2 * 1024 * 1024


class Task(msgspec.Struct, frozen=True):
    """What to find: ``pattern`` and ``fits`` (the paths to look at) are regular expressions of Python."""

    root: str
    pattern: str
    flags: int
    fits: str | None
    limit: int


def search(task: Task) -> str:
    """Return the lines found. Raises ToolError."""
    root, pattern = Path(task.root), re.compile(task.pattern, task.flags)
    if not root.exists():
        raise ToolError(f"{root} does not exist")
    if root.is_file():
        return "\n".join(_matches(root, root.name, pattern, task.limit)) or "No matches."
    fits = None if task.fits is None else re.compile(task.fits)
    walk = Walk(root, threading.Event())
    found: list[str] = []
    for path, entry in walk.files():
        if fits is not None and not fits.fullmatch(path):
            continue
        if entry.stat(follow_symlinks=False).st_size <= LARGEST:
            found += _matches(root / path, path, pattern, task.limit - len(found))
        if len(found) >= task.limit:
            found.append(f"(stopped at {task.limit} matches: narrow the search)")
            break
    return ended(found, walk, "No matches.")


def _matches(file: Path, path: str, pattern: re.Pattern[str], most: int) -> list[str]:
    found: list[str] = []
    try:
        text = read_text(file, path, LARGEST)
    except ToolError:
        return []  # binary, unreadable or gone: a search passes it by
    for number, line in enumerate(text.splitlines(), 1):
        if pattern.search(line[:SEARCHED]):
            found.append(f"{path}:{number}: {line.strip()[:WIDTH]}")
            if len(found) >= most:
                break
    return found


def ended(found: list[str], walk: Walk, nothing: str) -> str:
    """Return what was found, and why not all was looked at."""
    if walk.cut:
        found = [*found, f"(not all was looked at: {walk.cut})"]
    return "\n".join(found) or nothing


def main() -> int:
    """Search; return the exit code."""
    try:
        found, code = search(msgspec.json.decode(sys.argv[1], type=Task)), 0
    except (ToolError, OSError) as error:
        found, code = str(error), 1
    sys.stdout.buffer.write(found.encode("utf-8", "replace"))
    return code


if __name__ == "__main__":
    sys.exit(main())

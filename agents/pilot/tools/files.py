"""Read, edit and write files: exact, whole, and only what was allowed.

A file is replaced in one step. What a path really is is looked at again when it is acted upon: between the user's
answer and the act a link may have been put there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import Any, Final

from agents.pilot.permissions import Access, Need
from agents.pilot.places import Project
from agents.pilot.providers.contract import ToolSpec
from agents.pilot.tools.contract import (
    Change,
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

#: Largest file that is read, edited or written, bytes.
LARGEST: Final = 8 * 1024 * 1024

#: Lines and characters of one read.
LINES: Final = 2000
CHARACTERS: Final = 100_000


class ReadFile:
    """Reads lines of a text file."""

    spec = ToolSpec(
        "read_file",
        f"Read a text file. Lines come numbered. At most {LINES} lines at once; use start and lines for more.",
        schema(
            ("path",),
            path=string("relative to the project, or absolute"),
            start=integer("first line, from 1"),
            lines=integer("how many lines"),
        ),
    )

    def job(self, arguments: dict[str, Any], project: Project) -> Job:
        """Return the reading of a file."""
        named = text_of(arguments, "path")
        start = number_of(arguments, "start", 1, 10**9)
        count = number_of(arguments, "lines", LINES, LINES)
        need, shown = reading(project, named)
        path = Path(need.scope[1])

        async def run(_progress: Progress) -> Outcome:
            return Outcome(await asyncio.to_thread(_numbered, project, named, path, start, count))

        return Job(f"Read {shown}", "read", need, run, {"path": str(path)}, ((str(path), start),))


def _numbered(project: Project, named: str, path: Path, start: int, count: int) -> str:
    _same(project, named, path)
    lines = read_text(path, project.shown(path)).splitlines()
    if not lines:
        return "(the file is empty)"
    if start > len(lines):
        raise ToolError(f"the file has {len(lines)} lines, there is no line {start}")
    taken: list[str] = []
    size = 0
    for number, line in enumerate(lines[start - 1 : start - 1 + count], start):
        size += len(line)
        if taken and size > CHARACTERS:
            break
        taken.append(f"{number}\t{line[:CHARACTERS]}")
    last = start + len(taken) - 1
    more = f"\n(lines {start} to {last} of {len(lines)})" if (start, last) != (1, len(lines)) else ""
    return "\n".join(taken) + more


class EditFile:
    """Replaces one exact piece of a file."""

    spec = ToolSpec(
        "edit_file",
        "Replace text in a file. old must occur exactly once, with its white space; give more lines around it when it "
        "does not. Read the file first. replace_all replaces every occurrence.",
        schema(
            ("path", "old", "new"),
            path=string("relative to the project, or absolute"),
            old=string("the text to replace, exactly as it stands, without line numbers"),
            new=string("the text that takes its place"),
            replace_all={"type": "boolean", "description": "replace every occurrence"},
        ),
    )

    def job(self, arguments: dict[str, Any], project: Project) -> Job:
        """Return the edit of a file."""
        named, old, new = (text_of(arguments, name) for name in ("path", "old", "new"))
        everywhere = arguments.get("replace_all") is True
        if not old:
            raise ToolError("“old” is empty: use write_file to make a new file")
        if old == new:
            raise ToolError("“old” and “new” are the same: nothing would change")

        def make(path: Path) -> Change:
            shown = project.shown(path)
            before = read_text(path, shown)
            return Change(str(path), before, replaced(before, old, new, shown, everywhere=everywhere))

        return _editing("Edit", project, named, make)


class WriteFile:
    """Writes a whole file."""

    spec = ToolSpec(
        "write_file",
        "Write a whole text file: a new one, or over what is there. Prefer edit_file for changes. Folders are made.",
        schema(
            ("path", "content"),
            path=string("relative to the project, or absolute"),
            content=string("the whole new content"),
        ),
    )

    def job(self, arguments: dict[str, Any], project: Project) -> Job:
        """Return the writing of a file."""
        named, content = text_of(arguments, "path"), text_of(arguments, "content")

        def make(path: Path) -> Change:
            before = read_text(path, project.shown(path)) if path.exists() else None
            return Change(str(path), before, content)

        return _editing("Write", project, named, make)


def _editing(verb: str, project: Project, named: str, make: Any) -> Job:
    place = project.place(named)
    path, shown = place.path, project.shown(place.path)
    if place.inside and not place.protected:
        scope, words = ("edit", str(project.root)), "edits in this project"
    else:
        scope, words = ("edit", str(path)), f"edits of {shown}"
    previewed: list[Change] = []

    def preview() -> Change:
        _same(project, named, path)
        change: Change = make(path)
        previewed[:] = [change]
        return change

    def act() -> Outcome:
        seen = previewed[-1] if previewed else None
        change = preview()
        if seen is not None and (seen.old, seen.new) != (change.old, change.new):
            raise ToolError(f"{shown} was changed by somebody else meanwhile: read it again")
        write_text(path, change.new, shown)
        done = "Wrote a new file" if change.old is None else "Changed"
        return Outcome(f"{done}: {shown}", change=change)

    async def run(_progress: Progress) -> Outcome:
        return await asyncio.to_thread(act)

    need = Need(Access.EDIT, place.inside, place.protected, scope, words)
    return Job(f"{verb} {shown}", "edit", need, run, {"path": str(path)}, ((str(path), None),), preview)


def replaced(before: str, old: str, new: str, shown: str, *, everywhere: bool = False) -> str:
    """Return the text with ``old`` replaced. Raises ToolError when it is not there or not the only one."""
    count = before.count(old)
    if not count and "\r\n" in before and "\r" not in old:
        old, new = old.replace("\n", "\r\n"), new.replace("\n", "\r\n")  # the model sees lines, not their ends
        count = before.count(old)
    if not count:
        raise ToolError(f"“old” does not occur in {shown}: read the file again and copy it exactly")
    if count > 1 and not everywhere:
        raise ToolError(f"“old” occurs {count} times in {shown}: give more of the lines around the one you mean")
    return before.replace(old, new)


def _same(project: Project, named: str, path: Path) -> None:
    """Refuse a path that leads somewhere else by now than where the user was told."""
    if project.place(named).path != path:
        raise ToolError(f"{named} leads somewhere else than a moment ago: try again")


def read_text(path: Path, shown: str, largest: int = LARGEST) -> str:
    """Return the text of a file. Raises ToolError naming what is wrong with it."""
    try:
        # Without O_NONBLOCK the opening of a pipe would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ToolError(_why(error, shown)) from error
    try:
        data = _whole(descriptor, shown, largest)
    finally:
        os.close(descriptor)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ToolError(f"{shown} is no UTF-8 text (byte {error.start}): use shell to look at it") from error
    if "\0" in text:
        raise ToolError(f"{shown} is a binary file: use shell to look at it")
    return text


def _whole(descriptor: int, shown: str, largest: int) -> bytes:
    facts = os.fstat(descriptor)
    if stat.S_ISDIR(facts.st_mode):
        raise ToolError(f"{shown} is a directory: use list_files")
    if not stat.S_ISREG(facts.st_mode):
        raise ToolError(f"{shown} is no regular file")
    if facts.st_size > largest:
        raise ToolError(f"{shown} has {facts.st_size} bytes, more than {largest}: use search, or shell with head")
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(largest + 1)


def write_text(path: Path, text: str, shown: str) -> None:
    """Replace or make a file in one step, with the mode it had. Raises ToolError."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > LARGEST:
        raise ToolError(f"{len(data)} bytes are more than {LARGEST}: write it in a command")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
        descriptor, temporary = tempfile.mkstemp(prefix=".pilot-", dir=path.parent)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 (a descriptor)
                file.write(data)
                os.fchmod(descriptor, mode)
            Path(temporary).replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise ToolError(_why(error, shown)) from error


def _umask() -> int:
    """Return the umask; there is no way to read it without setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _why(error: OSError, shown: str) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{shown} does not exist: use list_files or search to find it"
    return f"{shown}: {error.strerror or error}"

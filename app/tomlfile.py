"""Reads a TOML file a person edits, so that every complaint can name its line. Writes nothing, knows no schema."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

_POSITION = re.compile(r"\(at line (\d+), column \d+\)")
_HEADER = re.compile(r"^\s*\[(?P<name>[^\[\]]+)\]\s*(#.*)?$")
_PAIR = re.compile(r"""^\s*(?P<key>"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_.-]+)\s*=""")


class TomlFile(msgspec.Struct, frozen=True):
    """A file as read: its tables, and a problem (``file:line: what``) when it does not parse or cannot be read."""

    path: Path
    text: str = ""
    tables: dict[str, Any] = {}
    problem: str = ""

    def at(self, table: str, key: str | None = None) -> str:
        """Return ``file:line`` of a table or of a key in it (the file alone when it is written another way)."""
        line = line_of(self.text, table, key)
        return f"{self.path}:{line}" if line else str(self.path)


def read(path: Path) -> TomlFile:
    """Read ``path``; a missing file is an empty one."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return TomlFile(path)
    except (OSError, UnicodeDecodeError) as error:
        return TomlFile(path, problem=f"{path}: cannot be read: {error}")
    try:
        return TomlFile(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        found = _POSITION.search(said)
        line = found[1] if found else str(text.count("\n") + 1)
        return TomlFile(path, text, problem=f"{path}:{line}: {_POSITION.sub('', said).strip()}")


def line_of(text: str, table: str, key: str | None = None) -> int | None:
    """Return the 1-based line where ``[table]`` or its ``key`` stands."""
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            current = _bare(header["name"])
            if key is None and current == table:
                return number
            continue
        pair = _PAIR.match(line)
        if pair and key is not None and current == table and _bare(pair["key"]) == key:
            return number
    return None


def _bare(written: str) -> str:
    stripped = written.strip()
    return stripped[1:-1] if stripped[:1] in {'"', "'"} else stripped

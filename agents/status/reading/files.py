"""Reads rule files and names every problem with file and line; a broken rule is left out, all others go on.

Starts nothing and looks at no clock. What it returns is checked: compiling it cannot fail.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from agents.status.reading.keys import SECTIONS, Section

#: A rule file of this size was not written by hand.
SIZE_LIMIT: Final = 256 * 1024

_SECTIONS: Final = {section.name: section for section in SECTIONS}

Table = dict[str, Any]


class ProgramSet(msgspec.Struct, frozen=True):
    """The checked tables by the name of their program, and the problems of what is not in them."""

    tables: dict[str, Table]
    problems: tuple[str, ...]


def load(folders: Sequence[Path]) -> ProgramSet:
    """Read every ``*.toml`` of ``folders``; a file of a later folder replaces an earlier one of its name."""
    problems: list[str] = []
    tables: dict[str, Table] = {}
    for folder in folders:
        for path in _files(folder, problems):
            table = _read(path, problems)
            if table is not None:
                tables[table["name"]] = table
    return ProgramSet(tables, tuple(problems))


def _files(folder: Path, problems: list[str]) -> list[Path]:
    try:
        return sorted(folder.glob("*.toml")) if folder.is_dir() else []
    except OSError as error:
        problems.append(f"{folder}:1: cannot be read: {error.strerror}")
        return []


def _read(path: Path, problems: list[str]) -> Table | None:
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
        if len(data) > SIZE_LIMIT:
            problems.append(f"{path}:1: is larger than {SIZE_LIMIT // 1024} KiB")
            return None
        text = data.decode("utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        problems.append(f"{path}:1: cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        problems.append(f"{path}:{error.object[: error.start].count(10) + 1}: is not UTF-8")
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        problems.append(f"{path}:{line}: is not TOML: {error}")
    except RecursionError:
        problems.append(f"{path}:1: is nested too deeply")
    else:
        return _Check(path, text.splitlines(), problems).sound(table)
    return None


class _Check:
    """One pass over one parsed file: keeps what is sound, tells of the rest."""

    def __init__(self, path: Path, lines: list[str], problems: list[str]) -> None:
        self._path = path
        self._lines = lines
        self._problems = problems

    def sound(self, table: Table) -> Table:
        """Return the part of ``table`` that can be used."""
        name = table.pop("name", self._path.stem)
        if not isinstance(name, str) or not name:
            self._tell(self._line("name", 0), "“name” must be a non-empty string")
            name = self._path.stem
        kept: Table = {"name": name}
        for key, value in table.items():
            section = _SECTIONS.get(key)
            if section is None or "." in key:
                self._tell(self._line(key, 0), f"unknown key “{key}”{_nearest(key, _names())}")
            elif section.many:
                kept[key] = list(self._rules(section, value))
            else:
                self._keep_table(kept, section, value)
        return kept

    def _keep_table(self, kept: Table, section: Section, value: Any) -> None:
        """Keep a single table; several boxes are allowed, for several versions."""
        if section.name == "box":
            kept["box"] = list(self._rules(section, value if isinstance(value, list) else [value]))
            return
        found = list(self._rules(section, [value]))
        if found:
            kept[section.name] = found[0]

    def _rules(self, section: Section, value: Any) -> Iterator[Table]:
        if not isinstance(value, list):
            self._tell(self._line(section.name, 0), f"“{section.name}” must be [[{section.name}]]")
            return
        for n, rule in enumerate(value):
            begin = self._header(section.name, n)
            if not isinstance(rule, dict):
                self._tell(begin, f"“{section.name}” must be a table")
            elif self._holds(section, rule, begin) and self._options(section, rule, begin):
                yield rule

    def _holds(self, section: Section, rule: Table, begin: int) -> bool:
        known = {key.name: key for key in section.keys}
        before = len(self._problems)
        for name, value in rule.items():
            key = known.get(name)
            if section.name == "dialog" and name == "option":
                continue
            if key is None:
                self._tell(self._line(name, begin), f"unknown key “{name}”{_nearest(name, list(known))}")
            elif problem := key.problem(value):
                self._tell(self._line(name, begin), f"“{name}” {problem}")
        for key in section.keys:
            if key.required and key.name not in rule and known.keys() >= rule.keys() - {"option"}:
                self._tell(begin, f"“{key.name}” is missing in [{section.name}]")
        if section.name == "screen" and not {"all", "any"} & rule.keys():
            self._tell(begin, "a [[screen]] without “all” and “any” would always hold: give it one")
        return len(self._problems) == before

    def _options(self, section: Section, rule: Table, begin: int) -> bool:
        if section.name != "dialog":
            return True
        options = rule.get("option")
        if not isinstance(options, list) or not options:
            self._tell(begin, "a [[dialog]] needs [[dialog.option]]: which answers does it offer?")
            return False
        sound = True
        for n, option in enumerate(options):
            line = self._header("dialog.option", n, begin)
            if not isinstance(option, dict):
                self._tell(line, "“dialog.option” must be a table")
                sound = False
            else:
                sound &= self._holds(_SECTIONS["dialog.option"], option, line)
        return sound

    def _header(self, section: str, n: int, begin: int = 0) -> int:
        """Return the index of the line on which the ``n``-th table of ``section`` behind ``begin`` starts."""
        pattern = re.compile(rf"\s*\[\[?\s*{re.escape(section)}\s*\]\]?")
        found = [at for at, line in enumerate(self._lines) if at >= begin and pattern.match(line)]
        return found[n] if n < len(found) else begin

    def _line(self, key: str, begin: int) -> int:
        """Return the index of the line behind ``begin`` that sets ``key`` or begins its table."""
        pattern = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=\].]""")
        return next((at for at in range(begin, len(self._lines)) if pattern.match(self._lines[at])), begin)

    def _tell(self, at: int, what: str) -> None:
        self._problems.append(f"{self._path}:{at + 1}: {what}")


def _names() -> list[str]:
    return ["name", *(name for name in _SECTIONS if "." not in name)]


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f", did you mean “{near[0]}”?" if near else ""

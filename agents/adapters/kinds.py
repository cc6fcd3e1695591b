"""Kinds of agents as data: reads and checks TOML files, names every problem with file and line.

Starts no program and reads no environment. A broken file never hides the others.
"""

from __future__ import annotations

import difflib
import math
import re
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from agents.model import Capability
from agents.spec import Kind, KindInfo
from agents.status import program

FAMILIES: Final = ("acp", "claude", "codex", "terminal")

#: Families whose command the user may give himself, as the argv of ``run``.
_OWN_ARGV: Final = frozenset({"acp", "terminal"})

RESOURCES: Final = Path(__file__).resolve().parents[2] / "resources"

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


class KindSet(msgspec.Struct, frozen=True):
    """The kinds that can be used, by name, and the problems of the files that cannot."""

    kinds: dict[str, Kind]
    problems: tuple[str, ...]


class _File(msgspec.Struct):
    """One parsed kind file with its text, for the lines of problems."""

    path: Path
    lines: list[str]
    table: dict[str, Any]

    def problem(self, key: str, what: str) -> str:
        return f"{self.path}:{self.line_of(key)}: {what}"

    def line_of(self, key: str) -> int:
        """Return the line on which ``key`` is set or its table begins, 1 when it is not there."""
        pattern = re.compile(rf"""\s*\[?\s*["']?{re.escape(key)}["']?\s*[=\].]""")
        return next((n for n, line in enumerate(self.lines, start=1) if pattern.match(line)), 1)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _is_argv(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _is_env(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


#: Every key a kind file may have: its check and the words for what it must be.
_KEYS: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    "name": (_is_text, "a string"),
    "extends": (_is_text, "the name of another kind"),
    "family": (_is_text, "a string"),
    "command": (_is_argv, "a list of non-empty strings"),
    "title": (_is_text, "a string"),
    "description": (_is_text, "a string"),
    "install": (_is_text, "a string"),
    "version_probe": (_is_argv, "a list of non-empty strings"),
    "env": (_is_env, "a table of strings"),
    "capabilities": (_is_argv, "a list of non-empty strings"),
    "pty": (_is_flag, "true or false"),
    "mode": (_is_text, "a string"),
    "auth_method": (_is_text, "a string"),
    "sessions": (_is_text, "a string"),
    "pool": (_is_text, "a string"),
    "wants": (_is_argv, "a list of non-empty strings"),
    "status": (_is_text, "the name of a file of rules"),
    "login": (_is_argv, "a list of non-empty strings"),
    "silent_s": (_is_seconds, "a number of seconds above 0"),
    "silent_tool_s": (_is_seconds, "a number of seconds above 0"),
    "resume": (_is_flag, "true or false"),
    "demo": (_is_flag, "true or false"),
    "hidden": (_is_flag, "true or false"),
    "quirks": (_is_table, "a table"),
}


def load_kinds(folders: Sequence[Path], *, python: str = sys.executable, resources: Path = RESOURCES) -> KindSet:
    """Read every ``*.toml`` of ``folders``; a kind of a later folder replaces an earlier one of its name.

    ``{python}`` and ``{resources}`` in ``command``, ``version_probe`` and ``env`` stand for the given values. The rules
    that a kind names with ``status`` lie in the folder ``status`` beside that of the kinds.
    """
    rules = program.load([folder.parent / "status" for folder in folders])
    problems: list[str] = list(rules.problems)
    files: dict[str, list[_File]] = {}
    for folder in folders:
        for file in _read_folder(folder, problems):
            files.setdefault(file.table["name"], []).append(file)
    resolver = _Resolver(files, problems)
    kinds: dict[str, Kind] = {}
    for name in sorted(files):
        table = resolver.table(name)
        if table is not None:
            table["status"] = resolver.rules(name, table, rules.tables)
            kinds[name] = _kind(table, {"python": python, "resources": str(resources)})
    return KindSet(kinds, tuple(problems))


def _read_folder(folder: Path, problems: list[str]) -> list[_File]:
    if not folder.is_dir():
        return []
    try:
        paths = sorted(folder.glob("*.toml"))
    except OSError as error:
        problems.append(f"{folder}:1: cannot be read: {error.strerror}")
        return []
    seen: dict[str, Path] = {}
    files = []
    for path in paths:
        file = _read(path, problems)
        if file is None:
            continue
        name = file.table["name"]
        if name in seen:
            problems.append(file.problem("name", f"kind “{name}” is already declared in {seen[name].name}"))
            continue
        seen[name] = path
        files.append(file)
    return files


def _read(path: Path, problems: list[str]) -> _File | None:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        problems.append(f"{path}:1: cannot be read: {error.strerror}")
        return None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(f"{path}:{line}: is not UTF-8")
        return None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        problems.append(f"{path}:{line}: is not TOML: {error}")
        return None
    except RecursionError:
        problems.append(f"{path}:1: is nested too deeply")
        return None
    file = _File(path, text.splitlines(), table)
    table.setdefault("name", path.stem)
    found_problems = _check(file)
    problems.extend(found_problems)
    return None if found_problems else file


def _check(file: _File) -> list[str]:
    problems = []
    for key, value in file.table.items():
        if key not in _KEYS:
            problems.append(file.problem(key, f"unknown key “{key}”{_nearest(key, _KEYS)}"))
            continue
        holds, words = _KEYS[key]
        if not holds(value):
            problems.append(file.problem(key, f"“{key}” must be {words}"))
    if not problems:
        problems.extend(_check_values(file))
    return problems


def _check_values(file: _File) -> list[str]:
    problems = []
    table = file.table
    if not _NAME.fullmatch(table["name"]):
        problems.append(
            file.problem("name", f"“{table['name']}” is no name: use up to 32 of a-z 0-9 . _ -, beginning with a-z 0-9")
        )
    family = table.get("family")
    if family is not None and family not in FAMILIES:
        what = f"unknown family “{family}”{_nearest(family, FAMILIES)}; families: {', '.join(FAMILIES)}"
        problems.append(file.problem("family", what))
    known = [c.value for c in Capability]
    for capability in table.get("capabilities", []):
        if capability not in known:
            what = f"unknown capability “{capability}”{_nearest(capability, known)}"
            problems.append(file.problem("capabilities", what))
    for key in ("command", "version_probe", "login"):
        problems.extend(_check_placeholders(file, key, table.get(key, [])))
    problems.extend(_check_placeholders(file, "env", list(table.get("env", {}).values())))
    return problems


_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_PLACEHOLDERS: Final = ("python", "resources")


def _check_placeholders(file: _File, key: str, values: Sequence[str]) -> list[str]:
    unknown = [name for value in values for name in _PLACEHOLDER.findall(value) if name not in _PLACEHOLDERS]
    return [file.problem(key, f"unknown placeholder “{{{name}}}”{_nearest(name, _PLACEHOLDERS)}") for name in unknown]


def _nearest(word: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f", did you mean “{near[0]}”?" if near else ""


class _Resolver:
    """Follows ``extends`` over the files that parsed; reports what cannot be followed."""

    def __init__(self, files: dict[str, list[_File]], problems: list[str]) -> None:
        self._files = files
        self._problems = problems
        self._broken: set[Path] = set()

    def table(self, name: str) -> dict[str, Any] | None:
        """Return the effective table of ``name``: the last folder's, else the next that is sound."""
        for depth in range(len(self._files[name]) - 1, -1, -1):
            table = self._merged(name, depth, ())
            if table is not None and self._sound(self._files[name][depth], table):
                return table
        return None

    def rules(self, name: str, table: dict[str, Any], known: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
        """Return how the terminal of a kind is read; one whose rules are not there goes on without."""
        wanted = table.get("status")
        if wanted is None or wanted in known:
            return known[wanted] if wanted is not None else {}
        file = next((f for f in reversed(self._files[name]) if "status" in f.table), self._files[name][-1])
        what = f"there are no rules status/{wanted}.toml beside this folder{_nearest(wanted, list(known))}"
        self._report(file, "status", what)
        return {}

    def _merged(self, name: str, depth: int, chain: tuple[Path, ...]) -> dict[str, Any] | None:
        file = self._files[name][depth]
        own = {**file.table, "source": str(file.path)}
        base = own.pop("extends", None)
        if base is None:
            return own
        if file.path in chain:
            self._report(file, "extends", f"“{name}” extends itself")
            return None
        # A user's file that extends its own name builds on the one it overrides.
        below = depth - 1 if base == name else len(self._files.get(base, ())) - 1
        if below < 0:
            what = f"extends “{base}”, which is not there or has problems{_nearest(base, list(self._files))}"
            self._report(file, "extends", what)
            return None
        under = self._merged(base, below, (*chain, file.path))
        if under is None:
            self._report(file, "extends", f"extends “{base}”, which has problems")
            return None
        return _merge(under, own)

    def _sound(self, file: _File, table: dict[str, Any]) -> bool:
        if "family" not in table:
            self._report(file, "name", f"“family” is missing; one of {', '.join(FAMILIES)}")
            return False
        if not table.get("command") and table["family"] not in _OWN_ARGV:
            self._report(file, "family", f"“command” is missing: what starts “{table['name']}”?")
            return False
        if table.get("command") == [] and "command" in file.table:
            self._report(file, "command", "“command” is empty: leave it out where the user gives the argv")
            return False
        return True

    def _report(self, file: _File, key: str, what: str) -> None:
        if file.path not in self._broken:
            self._broken.add(file.path)
            self._problems.append(file.problem(key, what))


def _merge(under: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = {**under, **own}
    for key in ("env", "quirks"):
        if key in under and key in own:
            merged[key] = {**under[key], **own[key]}
    if "name" in own and "title" not in own and own["name"] != under["name"]:
        merged.pop("title", None)
    return merged


def _kind(table: dict[str, Any], values: Mapping[str, str]) -> Kind:
    def expand(text: str) -> str:
        return _PLACEHOLDER.sub(lambda found: values[found[1]], text)

    fields = dict(table)
    fields["command"] = tuple(expand(word) for word in table.get("command", ()))
    fields["version_probe"] = tuple(expand(word) for word in table.get("version_probe", ()))
    fields["login"] = tuple(expand(word) for word in table.get("login", ()))
    fields["wants"] = tuple(table.get("wants", ()))
    fields["env"] = {key: expand(value) for key, value in table.get("env", {}).items()}
    fields["capabilities"] = tuple(Capability(name) for name in table.get("capabilities", ()))
    return Kind(**fields)


def available(kind: Kind, which: Callable[[str], str | None], environ: Mapping[str, str] | None = None) -> KindInfo:
    """Return a kind as clients see it; ``which`` finds a program on PATH, ``environ`` is what agents inherit."""
    program = kind.command[0] if kind.command else ""
    found = not program or which(program) is not None
    if not found:
        problem = f"“{program}” is not on PATH" + (f"; install: {kind.install}" if kind.install else "")
    else:
        problem = "" if environ is None else _lack(kind, environ)
    return KindInfo(
        name=kind.name,
        family=kind.family,
        title=kind.title or kind.name,
        description=kind.description,
        available=found,
        program=program,
        install=kind.install,
        pty=kind.pty,
        demo=kind.demo,
        hidden=kind.hidden,
        problem=problem,
        sessions=kind.sessions or kind.name,
        pool=kind.pool,
        login=kind.login,
    )


def _lack(kind: Kind, environ: Mapping[str, str]) -> str:
    """Return what a program that is there lacks to be of use, and the next step."""
    if not kind.wants or any({**environ, **kind.env}.get(name) for name in kind.wants):
        return ""
    names = f"{', '.join(kind.wants[:-1])} or {kind.wants[-1]}" if len(kind.wants) > 1 else kind.wants[0]
    return (
        f"no key: set {names} and start the daemon again (quarterdeck daemon stop), or put it under [env] into a kind "
        f"of your own that extends {kind.name}"
    )


def launch_argv(kind: Kind, argv: Sequence[str], *, shell: str = "/bin/sh") -> tuple[str, ...]:
    """Return the argv that starts ``kind`` with the user's ``argv``.

    A kind's command is extended by it; without a command it is the argv, for a terminal else the ``shell``.
    Raises ValueError, worded for the user, when there is nothing to start.
    """
    if kind.command:
        return (*kind.command, *argv)
    if argv:
        return tuple(argv)
    if kind.family == "terminal":
        return (shell,)
    raise ValueError(f"kind “{kind.name}” needs a command: give it after “--”, e.g. run {kind.name} -- my-agent --acp")

"""What git ignores, as far as a search needs it: ``.gitignore`` files and ``.git/info/exclude``. Pure but for reading.

Patterns are translated to regular expressions; negation, anchoring, ``**`` and directory-only patterns work.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec

#: Never searched, whatever the ignore files say.
ALWAYS: Final = frozenset({".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", ".mypy_cache", ".ruff_cache"})

_LARGEST: Final = 256 * 1024


class Rule(msgspec.Struct, frozen=True):
    """One line of an ignore file; ``base`` is the directory it counts from, ``""`` or ending in a slash."""

    pattern: re.Pattern[str]
    base: str
    is_negated: bool
    directories_only: bool

    def matches(self, path: str, *, is_directory: bool) -> bool:
        """Tell whether a path (relative to the root, with slashes) is meant."""
        if self.directories_only and not is_directory:
            return False
        return path.startswith(self.base) and self.pattern.fullmatch(path[len(self.base) :]) is not None


def read_rules(folder: Path, base: str) -> list[Rule]:
    """Return the rules a directory adds."""
    names = [folder / ".gitignore"] + ([folder / ".git" / "info" / "exclude"] if not base else [])
    rules: list[Rule] = []
    for name in names:
        try:
            if name.is_symlink() or name.stat().st_size > _LARGEST:
                continue  # git does not follow a linked .gitignore either
            lines = name.read_text("utf-8", "replace").splitlines()
        except OSError:
            continue  # there is none
        rules += [rule for line in lines if (rule := parse(line, base)) is not None]
    return rules


def parse(line: str, base: str = "") -> Rule | None:
    """Return the rule of one line, ``None`` for comments and blank ones."""
    text = line.rstrip("\r\n")
    text = re.sub(r"(?<!\\) +$", "", text)
    if not text or text.startswith("#"):
        return None
    is_negated = text.startswith("!")
    text = text[1:] if is_negated else text
    directories_only = text.endswith("/")
    text = text.rstrip("/")
    if not text:
        return None
    anchored = "/" in text
    body = translate(text.removeprefix("/"))
    try:
        pattern = re.compile(body if anchored else f"(?:.*/)?{body}")
    except re.error:
        return None  # a broken class like [b-a]: git ignores the line too
    return Rule(pattern, base, is_negated, directories_only)


def is_ignored(rules: list[Rule], path: str, *, is_directory: bool) -> bool:
    """Tell whether the last rule that means a path ignores it."""
    for rule in reversed(rules):
        if rule.matches(path, is_directory=is_directory):
            return not rule.is_negated
    return False


def translate(glob: str, *, braces: bool = False) -> str:
    """Return a glob as a regular expression for a whole path; ``braces`` are choices, which git does not know."""
    out: list[str] = []
    at = 0
    while at < len(glob):
        piece, at = _choices(glob, at) if braces and glob[at] == "{" else _piece(glob, at)
        out.append(piece)
    return "".join(out)


def _piece(glob: str, at: int) -> tuple[str, int]:
    for token, meaning in (("**/", "(?:.*/)?"), ("/**", "/.*"), ("**", ".*"), ("*", "[^/]*"), ("?", "[^/]")):
        if glob.startswith(token, at) and (token != "/**" or at + 3 == len(glob)):  # noqa: S105 (no password)
            return meaning, at + len(token)
    character = glob[at]
    if character == "\\" and at + 1 < len(glob):
        return re.escape(glob[at + 1]), at + 2
    if character == "[":
        end = glob.find("]", at + 2)
        if end > 0:
            inner = glob[at + 1 : end].replace("\\", "\\\\")
            negated = inner[:1] in ("!", "^")
            return f"[{'^/' if negated else ''}{inner[1:] if negated else inner}]", end + 1
    return re.escape(character), at + 1


def _choices(glob: str, at: int) -> tuple[str, int]:
    end = glob.find("}", at)
    if end < 0:
        return re.escape("{"), at + 1
    choices = "|".join(translate(choice) for choice in glob[at + 1 : end].split(","))
    return f"(?:{choices})", end + 1

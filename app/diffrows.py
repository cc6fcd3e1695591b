"""A file edit as the rows of a unified diff, with the changed part of each changed line.

Pure. Bounded: two large texts with nothing in common cost no quadratic search.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from agents.model import Diff
from agents.status.untrusted import clean

CONTEXT = 3

#: Lines on one side beyond which the middle is shown as replaced as a whole.
MATCH_LIMIT = 3000


@dataclass(frozen=True, slots=True)
class Row:
    """One line: ``sign`` is space, plus, minus or ``@`` for what was skipped; ``changed`` is where the line differs."""

    sign: str
    text: str
    old: int | None = None
    new: int | None = None
    changed: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class FileDiff:
    """A diff ready to be drawn."""

    path: str
    rows: tuple[Row, ...]
    added: int
    removed: int
    is_new: bool


@lru_cache(maxsize=64)
def rows(diff: Diff, context: int = CONTEXT) -> FileDiff:
    """Return the rows of an edit."""
    old = clean(diff.old or "").split("\n") if diff.old else []
    new = clean(diff.new).split("\n") if diff.new else []
    if old and new and old[-1] == "" == new[-1]:
        old.pop()
        new.pop()
    elif not old and new and new[-1] == "":
        new.pop()
    elif not new and old and old[-1] == "":
        old.pop()
    out = tuple(_rows(old, new, context))
    added = sum(row.sign == "+" for row in out)
    removed = sum(row.sign == "-" for row in out)
    return FileDiff(clean(diff.path), out, added, removed, diff.old is None)


def _opcodes(old: list[str], new: list[str]) -> list[tuple[str, int, int, int, int]]:
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    first, second = old[head : len(old) - tail], new[head : len(new) - tail]
    codes: list[tuple[str, int, int, int, int]] = [("equal", 0, head, 0, head)] if head else []
    if max(len(first), len(second)) > MATCH_LIMIT:
        codes.append(("replace", head, len(old) - tail, head, len(new) - tail))
    elif first or second:
        matcher = SequenceMatcher(None, first, second, autojunk=False)
        codes += [(tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in matcher.get_opcodes()]
    if tail:
        codes.append(("equal", len(old) - tail, len(old), len(new) - tail, len(new)))
    return codes


def _rows(old: list[str], new: list[str], context: int) -> Iterator[Row]:
    codes = _opcodes(old, new)
    for position, (tag, a, b, c, d) in enumerate(codes):
        if tag == "equal":
            lead = context if position else 0
            trail = context if position < len(codes) - 1 else 0
            yield from _context(old[a:b], a, c, lead, trail)
        else:
            yield from _replaced(old[a:b], new[c:d], a, c)


def _context(lines: list[str], old_start: int, new_start: int, lead: int, trail: int) -> Iterator[Row]:
    """Yield equal lines; what is neither near the change before nor near the one behind is only counted."""
    hidden = len(lines) - lead - trail
    for inner, line in enumerate(lines):
        if hidden > 1 and lead <= inner < lead + hidden:
            if inner == lead:
                yield Row("@", f"{hidden} unchanged lines")
            continue
        yield Row(" ", line, old_start + inner + 1, new_start + inner + 1)


def _replaced(old: list[str], new: list[str], a: int, c: int) -> Iterator[Row]:
    paired = len(old) == len(new)
    spans = [_differs(x, y) for x, y in zip(old, new, strict=True)] if paired else []
    for index, line in enumerate(old):
        yield Row("-", line, old=a + index + 1, changed=spans[index][0] if paired else None)
    for index, line in enumerate(new):
        yield Row("+", line, new=c + index + 1, changed=spans[index][1] if paired else None)


def _differs(old: str, new: str) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Return the differing middle of two lines; ``None`` when most of the line differs and marking it says nothing."""
    shortest = min(len(old), len(new))
    head = 0
    while head < shortest and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shortest - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    head -= _inside_word(old, new, head)
    tail -= _inside_word(old[::-1], new[::-1], tail)
    if (head + tail) * 2 < max(len(old), len(new)):
        return None, None
    return (head, len(old) - tail), (head, len(new) - tail)


def _inside_word(old: str, new: str, common: int) -> int:
    """Return how many of the ``common`` first characters belong to a word that goes on differently."""
    if not any(_is_word(text[common : common + 1]) for text in (old, new)):
        return 0
    back = 0
    while back < common and _is_word(old[common - 1 - back]):
        back += 1
    return back


def _is_word(char: str) -> bool:
    return char.isalnum() or char in ("_", ".")

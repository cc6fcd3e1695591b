"""How much of an agent's text travels inline: cuts by bytes, and file edits reduced to what changed.

Pure. Whoever cuts says so to the reader; nothing is shortened silently.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agents.model import MAX_INLINE_TEXT, Diff

#: Unchanged lines kept around an edit whose files are too large to travel whole.
CONTEXT_LINES: Final = 20

_CUT_LINE: Final = "… {count} more bytes, see the raw log …"


def cut_bytes(text: str, limit: int) -> str:
    """Return the longest beginning of ``text`` of at most ``limit`` UTF-8 bytes."""
    if len(text) * 4 <= limit:
        return text
    data = text.encode("utf-8", "replace")
    return text if len(data) <= limit else data[:limit].decode("utf-8", "ignore")


def size(text: str) -> int:
    """Return the bytes of ``text`` in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def fit_diffs(diffs: Sequence[Diff], limit: int = MAX_INLINE_TEXT) -> tuple[Diff, ...]:
    """Return ``diffs`` in at most ``limit`` bytes of text plus the lines that tell what was left out."""
    if sum(_weight(diff) for diff in diffs) <= limit:
        return tuple(diffs)
    share = limit // max(1, len(diffs))
    return tuple(_fit(diff, share) for diff in diffs)


def _weight(diff: Diff) -> int:
    return size(diff.old or "") + size(diff.new)


def _fit(diff: Diff, limit: int) -> Diff:
    if _weight(diff) <= limit:
        return diff
    old, new = _changed(diff.old or "", diff.new)
    room = limit if diff.old is None else limit // 2
    return Diff(diff.path, None if diff.old is None else _cut(old, room), _cut(new, room))


def _changed(old: str, new: str) -> tuple[str, str]:
    """Return both sides without the lines they share far from the edit."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    head, tail = max(0, head - CONTEXT_LINES), max(0, tail - CONTEXT_LINES)

    def middle(lines: list[str]) -> str:
        parts = [f"… {head} equal lines …\n"] if head else []
        parts += lines[head : len(lines) - tail]
        return "".join([*parts, f"… {tail} equal lines …\n"] if tail else parts)

    return middle(before), middle(after)


def _cut(text: str, limit: int) -> str:
    kept = cut_bytes(text, limit)
    left = size(text) - size(kept)
    return kept if not left else f"{kept}\n{_CUT_LINE.format(count=left)}\n"

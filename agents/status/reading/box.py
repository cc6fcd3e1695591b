"""Reads the input box of a program off its screen: what is in it, and whether it is empty.

Pure. Says nothing (``None``) where no box is seen: a message is typed again only when its box was read back empty.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.status.reading import rows
from agents.status.reading.rules import Box, BoxReading, Program, Seen


def read_box(program: Program, snapshot: Seen) -> BoxReading | None:
    """Return what the input box holds, ``None`` when there is none on the screen."""
    box = program.box
    if box is None:
        return None
    seen = rows.select(snapshot, box.region)
    if rows.has_any(box.none, seen):
        return None
    held = _lowest(box, seen)
    if held is None:
        return None
    text = "\n".join(held).strip()
    is_hint = any(pattern.search(text) for pattern in box.placeholders)
    has_placeholder = box.pasted is not None and box.pasted.search(text) is not None
    return BoxReading(empty=not text or is_hint, text="" if is_hint else text, has_placeholder=has_placeholder)


def _lowest(box: Box, seen: Sequence[str]) -> list[str] | None:
    """Return the rows of text of the lowest box: what was said before may look the same."""
    for at in range(len(seen) - 1, -1, -1):
        if box.first.search(seen[at]) is None:
            continue
        if box.above is not None and (at == 0 or not box.above.search(seen[at - 1])):
            continue
        held = _held(box, seen, at)
        while not _ends(box, seen, at + len(held)) and len(held) > 1 and not held[-1].strip():
            held.pop()  # a blank row may be text, or what lies below
        if _ends(box, seen, at + len(held)):
            return held
    return None


def _ends(box: Box, seen: Sequence[str], at: int) -> bool:
    behind = seen[at:][: len(box.below)]
    return len(behind) == len(box.below) and all(p.search(row) for p, row in zip(box.below, behind, strict=True))


def _held(box: Box, seen: Sequence[str], at: int) -> list[str]:
    first = box.first.search(seen[at])
    held = [first["text"] or "" if first else ""]
    for row in seen[at + 1 :]:
        found = box.more.search(row) if box.more else None
        if found is None:
            break
        held.append(found["text"] or "")
    return held

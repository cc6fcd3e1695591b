"""Ids, names and slots of agents: pure choices over what is taken. Draws no randomness itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

#: Letters of an id: none that reads like another.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
ID_LENGTH = 7

#: Slots that have a key of their own.
SLOTS = range(1, 10)

MAX_NAME = 64
_MAX_SLUG = 24
_FILLER = frozenset(
    {"a", "an", "the", "please", "to", "of", "in", "and", "for", "with", "on", "is", "it", "that", "this"}
)


def new_id(taken: Collection[str], choice: Callable[[str], str]) -> str:
    """Return an id nobody has; it starts with a letter, so that no id looks like a number."""
    while True:
        head = choice(ALPHABET[:23])
        agent = head + "".join(choice(ALPHABET) for _ in range(ID_LENGTH - 1))
        if agent not in taken:
            return agent


def slug(prompt: str) -> str:
    """Return the first telling words of a prompt, joined by ``-``; empty when there are none."""
    words = [word for word in re.findall(r"[^\W_]+", prompt.lower()) if word not in _FILLER]
    chosen = ""
    for word in words[:4]:
        longer = f"{chosen}-{word}" if chosen else word[:_MAX_SLUG]
        if len(longer) > _MAX_SLUG:
            break
        chosen = longer
    return chosen


def derive(kind: str, prompt: str | None, taken: Collection[str]) -> str:
    """Return a free name: the slug of the prompt, else ``kind-N``."""
    base = slug(prompt or "")
    if base and base not in taken:
        return base
    stem, number = (base, 2) if base else (kind, 1)
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def check(name: str) -> str | None:
    """Return why ``name`` cannot be a name, ``None`` when it can."""
    if not name.strip():
        return "a name cannot be empty"
    if len(name) > MAX_NAME:
        return f"a name has at most {MAX_NAME} characters"
    if not name.isprintable() or "/" in name:
        return "a name has no control characters and no /"
    if name != name.strip():
        return "a name has no spaces at its ends"
    return None


def free_slot(taken: Collection[int | None]) -> int | None:
    """Return the lowest free slot key, ``None`` when all nine are taken."""
    return next((slot for slot in SLOTS if slot not in taken), None)

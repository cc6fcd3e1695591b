"""The keys in force as tables for people: by the zones that share them. Pure; key help and docs are made from it."""

from __future__ import annotations

from collections.abc import Iterable

from app.commands import Zone
from app.keymap import Keymap

TITLES = {
    Zone.ROSTER: "roster",
    Zone.TRANSCRIPT: "transcript",
    Zone.CARD: "permission card",
    Zone.COMPOSER: "message field",
    Zone.TERMINAL: "terminal",
    Zone.TOOL: "tools",
    Zone.FIELD: "text fields",
}

#: Keys, and the commands they run (several only for the slots, which are one line).
Line = tuple[tuple[str, ...], tuple[str, ...]]


def tables(keymap: Keymap) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """Return (title, lines), one table for each set of zones that share keys, the widest first."""
    zones: dict[tuple[str, str], set[Zone]] = {}
    for zone in Zone:
        for pair in keymap.bound(zone):
            zones.setdefault(pair, set()).add(zone)
    shared: dict[frozenset[Zone], list[tuple[str, str]]] = {}
    for pair, where in zones.items():
        shared.setdefault(frozenset(where), []).append(pair)
    ordered = sorted(shared, key=lambda where: (-len(where), [list(TITLES).index(z) for z in sorted(where)]))
    return tuple((_title(where), _lines(shared[where])) for where in ordered)


def _title(where: frozenset[Zone]) -> str:
    if where == frozenset(Zone):
        return "Everywhere"
    if where == frozenset(Zone) - {Zone.TERMINAL}:
        return "Outside terminals"
    words = ", ".join(title for zone, title in TITLES.items() if zone in where)
    return words[0].upper() + words[1:]


def _lines(pairs: Iterable[tuple[str, str]]) -> tuple[Line, ...]:
    by_command: dict[str, list[str]] = {}
    for keys, command in pairs:
        by_command.setdefault(command, []).append(keys)
    slots = [command for command in by_command if command.startswith("slot.")]
    lines: list[Line] = [
        (tuple(keys), (command,)) for command, keys in by_command.items() if command not in slots or len(slots) == 1
    ]
    if len(slots) > 1:
        lines.append(((by_command[slots[0]][0], by_command[slots[-1]][0]), tuple(slots)))
    return tuple(lines)

"""Keys to commands: bindings read from data, looked up by zone. Pure but for reading the two files.

A chord is what the user types, as text: ``j``, ``V``, ``?``, ``Ctrl+Shift+P``, ``F8``, ``Esc``; a binding is one chord
or two with a space between (``g g``). What Qt calls a key is translated in ``ui.keys``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from app.commands import BY_ID, Zone
from app.tomlfile import TomlFile, read

#: Seconds the second chord of a sequence may take.
SEQUENCE_S = 1.0

#: Tables that stand for several zones.
EVERYWHERE = "everywhere"
OUTSIDE_TERMINALS = "outside_terminals"

_SCOPES: dict[str, frozenset[Zone]] = {
    EVERYWHERE: frozenset(Zone),
    OUTSIDE_TERMINALS: frozenset(Zone) - {Zone.TERMINAL},
    **{zone.value: frozenset({zone}) for zone in Zone},
}

_MODIFIERS = ("Ctrl", "Alt", "Shift", "Meta")

#: Names a chord may end with besides one character.
NAMED_KEYS = frozenset(
    {"Enter", "Esc", "Space", "Tab", "Backspace", "Delete", "Insert", "Home", "End", "PageUp", "PageDown"}
    | {"Up", "Down", "Left", "Right"}
    | {f"F{n}" for n in range(1, 25)}
)
_BY_LOWER = {name.lower(): name for name in NAMED_KEYS} | {"return": "Enter", "escape": "Esc", "del": "Delete"}

Chords = tuple[str, ...]


class Binding(msgspec.Struct, frozen=True):
    """One line of a keymap file: in these zones these chords run that command (``""`` = nothing)."""

    zones: frozenset[Zone]
    chords: Chords
    command: str
    source: str

    @property
    def keys(self) -> str:
        """Return the chords as they are written."""
        return " ".join(self.chords)


class Match(msgspec.Struct, frozen=True):
    """What typed chords mean: a command to run now, and whether more chords could mean another."""

    command: str | None = None
    is_prefix: bool = False


class Keymap:
    """The bindings in force; immutable once built."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self._table: dict[tuple[Zone, Chords], Binding] = {}
        for binding in bindings:
            for zone in binding.zones:
                self._table[zone, binding.chords] = binding
        self._prefixes = {
            (zone, chords[0]) for (zone, chords), b in self._table.items() if len(chords) > 1 and b.command
        }

    def lookup(self, zone: Zone, chords: Chords) -> Match:
        """Return what ``chords`` typed in ``zone`` mean; a bound prefix acts at once and still waits for more."""
        found = self._table.get((zone, chords))
        return Match(
            found.command or None if found else None,
            len(chords) == 1 and (zone, chords[0]) in self._prefixes,
        )

    def keys_of(self, command: str, zone: Zone | None = None) -> tuple[str, ...]:
        """Return the keys of a command (in ``zone``, else in any), the most specific binding first."""
        found: dict[str, int] = {}
        for (where, chords), binding in self._table.items():
            if binding.command == command and zone in (None, where):
                found.setdefault(" ".join(chords), len(binding.zones))
        return tuple(sorted(found, key=lambda keys: (found[keys], len(keys))))

    def bound(self, zone: Zone) -> tuple[tuple[str, str], ...]:
        """Return (keys, command) of all bindings of a zone in the order of the files."""
        pairs = ((" ".join(chords), b.command) for (where, chords), b in self._table.items() if where is zone)
        return tuple(pair for pair in pairs if pair[1])


def load(ours: Path, users: Path) -> tuple[Keymap, tuple[str, ...]]:
    """Return the keymap and the problems of both files (``file:line: what``); problems are never fatal."""
    problems: list[str] = []
    bindings: list[Binding] = []
    for path in (ours, users):
        file = read(path)
        if file.problem:
            problems.append(file.problem)
        bindings.extend(_resolved(tuple(_bindings(file, problems)), problems))
    return Keymap(bindings), tuple(problems)


def _bindings(file: TomlFile, problems: list[str]) -> Iterator[Binding]:
    for table, pairs in file.tables.items():
        zones = _zones(table)
        if zones is None or not isinstance(pairs, dict):
            known = ", ".join(_SCOPES)
            problems.append(f"{file.at(table)}: [{table}] is no zone; there are {known}")
            continue
        for keys, command in pairs.items():
            where = file.at(table, keys)
            problem = _wrong(keys, command)
            if problem:
                problems.append(f"{where}: {problem}")
            else:
                yield Binding(zones, parse(keys), command, where)


def _wrong(keys: str, command: object) -> str | None:
    if not isinstance(command, str):
        return f"“{keys}” must name a command in quotes"
    try:
        parse(keys)
    except ValueError as error:
        return str(error)
    if command and command not in BY_ID:
        return f"unknown command “{command}”: see docs/reference/keys.md"
    return None


def _resolved(bindings: tuple[Binding, ...], problems: list[str]) -> Iterator[Binding]:
    """Drop bindings that contradict an earlier one of the same file, and say so."""
    first: dict[tuple[Zone, Chords], Binding] = {}
    for binding in bindings:
        rivals = [first[zone, binding.chords] for zone in sorted(binding.zones) if (zone, binding.chords) in first]
        rival = next((r for r in rivals if r.command != binding.command), None)
        if rival:
            problems.append(
                f"{binding.source}: “{binding.keys}” is already {rival.command} ({rival.source}); "
                f"{binding.command} was not bound"
            )
            continue
        first.update({(zone, binding.chords): binding for zone in binding.zones})
        yield binding


def _zones(table: str) -> frozenset[Zone] | None:
    names = [name.strip() for name in table.split(",")]
    if not all(name in _SCOPES for name in names):
        return None
    return frozenset().union(*(_SCOPES[name] for name in names))


def parse(keys: str) -> Chords:
    """Return the chords of a written binding in their one spelling. Raises ValueError saying what is wrong."""
    chords = tuple(_chord(part) for part in keys.split())
    if not 1 <= len(chords) <= 2:
        raise ValueError(f"“{keys}” must be one chord or two")
    return chords


def _chord(written: str) -> str:
    parts = ["+"] if written == "+" else written.removesuffix("++").split("+")
    if written.endswith("++"):
        parts.append("+")
    *modifiers, key = parts
    given = {m.capitalize() for m in modifiers}
    if unknown := given - set(_MODIFIERS):
        raise ValueError(f"“{written}”: unknown modifier {min(unknown)}; there are {', '.join(_MODIFIERS)}")
    named = _BY_LOWER.get(key.lower())
    if named is None and len(key) != 1:
        raise ValueError(f"“{written}”: unknown key “{key}”")
    return chord(given, named or key)


def chord(modifiers: Iterable[str], key: str) -> str:
    """Return the one spelling of a chord. Shift is in the character itself unless Ctrl, Alt or a named key is used."""
    given = set(modifiers)
    if len(key) == 1:
        if given & {"Ctrl", "Alt", "Meta"}:
            key = key.upper()
        else:
            key = key.upper() if "Shift" in given else key
            given.discard("Shift")
    return "+".join([m for m in _MODIFIERS if m in given] + [key])


def display(keys: str, *, is_mac: bool = False) -> str:
    """Return a binding as people read it."""
    shown = keys.replace("Ctrl+", "Cmd+").replace("Meta+", "Ctrl+") if is_mac else keys
    return shown.replace("PageUp", "PgUp").replace("PageDown", "PgDn").replace("Delete", "Del")

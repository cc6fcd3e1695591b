"""Cases of escape sequences as data: read, and their bytes and styles made of the notation; runs nothing.

What is expected comes from the standard a case names, never from what a core prints.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

import msgspec

from agents.vt.grid import Grid, Row, Style

_HERE = Path(__file__).parent
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u\{([0-9a-f]+)\}|(.))")
_NAMED = {"e": "1b", "a": "07", "b": "08", "t": "09", "n": "0a", "v": "0b", "f": "0c", "r": "0d", "\\": "5c"}


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One sequence and what it is to leave behind; what is None or not named is not looked at.

    ``styles`` by "row,column", every attribute that is not named is off. ``known``: why the core does something else,
    in ``known_in`` alone if that names interfaces. ``daemon``: why the daemon's screen shows another text.
    ``off``: the lines that left the screen for the history, ``off_styles`` their cells.
    """

    name: str
    source: str
    input: str
    rows: list[str]
    size: tuple[int, int] = (5, 20)
    cursor: tuple[int, int] | None = None
    styles: dict[str, str] = {}
    modes: list[str] = []
    off: list[str] | None = None
    off_styles: dict[str, str] = {}
    wraps: list[int] | None = None
    title: str | None = None
    bells: int | None = None
    alternate: bool | None = None
    visible: bool | None = None
    shape: str | None = None
    blinks: bool | None = None
    known: str = ""
    known_in: list[str] = []
    daemon: str = ""

    def is_known(self, interface: str) -> bool:
        """Tell whether a core of this interface is known to do something else."""
        return bool(self.known) and (not self.known_in or interface in self.known_in)

    @property
    def data(self) -> bytes:
        """The bytes of ``input``."""
        return b"".join(_bytes(part) for part in re.findall(r"\\x..|\\u\{.+?\}|\\.|[^\\]+", self.input))

    @property
    def text(self) -> tuple[str, ...]:
        """All rows of the screen."""
        return (*self.rows, *[""] * (self.size[0] - len(self.rows)))


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: list[Case]


@functools.cache
def cases() -> dict[str, Case]:
    """Return every case by file and name."""
    found: dict[str, Case] = {}
    for path in sorted(_HERE.glob("*.toml")):
        for each in msgspec.toml.decode(path.read_bytes(), type=_File).case:
            name = f"{path.stem}: {each.name}"
            if name in found:
                raise ValueError(f"{path.name}: two cases are called {each.name!r}")
            found[name] = each
    return found


def style(words: str) -> tuple[Style, str | None]:
    """Return the style that ``words`` name, and the address of its link."""
    fields: dict[str, int | bool] = {}
    link = None
    for word in words.split():
        name, _, value = word.partition("=")
        if name == "link":
            link = value
        elif name in {"fg", "bg"}:
            fields[name] = 0x1000000 | int(value[1:], 16) if value.startswith("#") else int(value)
        else:
            fields[name] = int(value) if value else True
    return msgspec.structs.replace(Style(), **fields), link


def at(row: Row | None, col: int, grid: Grid) -> tuple[Style, str | None]:
    """Return the style of a cell and its link's address; those of a blank where nothing stands."""
    for run in row.runs if row is not None else ():
        if run.col <= col < run.col + run.width:
            return msgspec.structs.replace(run.style, link=0), grid.link(run.style.link) if run.style.link else None
    return Style(), None


def _bytes(part: str) -> bytes:
    found = _ESCAPE.fullmatch(part)
    if found is None:
        return part.encode()
    if found[2]:
        return chr(int(found[2], 16)).encode()
    return bytes.fromhex(found[1] or _NAMED[found[3]])

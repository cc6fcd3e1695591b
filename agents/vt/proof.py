"""Whether the core that was found keeps its cells where a view looks for them, tried on a screen of its own.

A library whose structures moved would answer something else; it is refused by name. Text alone needs less of it
(``agents.vt.libvterm``), so the daemon may still read screens with a core that no view can use.
"""

from __future__ import annotations

from agents.vt import cells
from agents.vt.cells import Looks
from agents.vt.kept import Line
from agents.vt.libvterm import Library, Refused
from agents.vt.painted import Changes, Painted
from agents.vt.rows import PLAIN, TRUE_COLOUR, Run, Style

#: Every attribute between two others, both forms of colour, and a default background that stands for something.
_NARROW = b"\x1b[1;31mb\x1b[0;4:3mu\x1b[0;3;48;2;1;2;3mi\x1b[0;5mk\x1b[0;7mr\x1b[0;9ms\x1b[0;17;49mf"
_NARROW_RUNS = (
    Run(0, 1, "b", Style(fg=1, bg=5, bold=True)),
    Run(1, 1, "u", Style(bg=5, underline=3)),
    Run(2, 1, "i", Style(bg=TRUE_COLOUR | 0x010203, italic=True)),
    Run(3, 1, "k", Style(bg=5, blink=True)),
    Run(4, 1, "r", Style(bg=5, reverse=True)),
    Run(5, 1, "s", Style(bg=5, strike=True)),
    Run(6, 1, "f", Style(bg=5, faint=True, conceal=True, overline=True)),
)
_NUMBER, _FONT, _WORD = 0x030201, 7, 0x03020104

#: Wide and joined characters, on a line that makes the one before leave the screen.
_WIDE = "\x1b[0m\r\n漢e\u0301\r\n".encode()
_WIDE_RUNS = (Run(0, 2, "漢", PLAIN), Run(2, 1, "e\u0301", PLAIN))


def prove(library: Library) -> Library:
    """Return ``library`` if a view can use it. Raises Refused."""
    changes = Changes(2, len(_NARROW_RUNS), 4)
    looks = Looks(cells.BITS[library.interface], lambda number: (5 if number == _NUMBER else -1, 0))
    core = Painted(library, 2, len(_NARROW_RUNS), changes)
    core.flush()
    changes.dirty.clear()
    core.stand_for(_NUMBER)
    core.paint(b"\x1b[m" + _NARROW, much=False)
    core.flush()
    seen: dict[str, tuple[object, object]] = {
        "what changed": (set(changes.dirty), {0}),
        "rows": (core.runs(0, looks), _NARROW_RUNS),
        "the pen": ((core.font(), core.background()), (_FONT, _WORD)),
    }
    core.stand_for(0)
    core.paint(_WIDE, much=True)
    core.flush()
    left = changes.kept.find(0)
    seen["lines that left"] = (cells.runs(left.raw, looks) if isinstance(left, Line) else left, _NARROW_RUNS)
    seen["wide characters"] = (core.runs(0, looks), _WIDE_RUNS)
    core.close()
    wrong = ", ".join(name for name, (told, expected) in seen.items() if told != expected)
    if wrong:
        raise Refused(
            f"no terminal core: {library.name} does not keep cells as libvterm {library.interface} does ({wrong}); "
            "install another version of it"
        )
    return library

"""What the measured terminals are given to draw: the same bytes for all of them. Measures nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from agents.recording import cast

ROWS, COLS = 40, 120

#: Recordings of agents' own terminals, in a checkout only.
_RECORDINGS = Path(__file__).resolve().parents[3] / "tests" / "corpus" / "status" / "tuned"

_WORDS = (
    *("request", "handled", "session", "expires", "collected", "items", "worker", "cached", "module", "resolved"),
    *("warning", "deprecated", "building", "target", "linking", "passed", "retry", "upstream", "timeout", "closed"),
)
_COLOURS = ("31", "32;1", "33", "36", "90", "38;5;208", "38;5;39;1", "38;2;120;180;240", "1;4", "2")


class Sample(msgspec.Struct, frozen=True):
    """One kind of output, and what it stands for."""

    name: str
    data: bytes


def samples(size: int) -> list[Sample]:
    """Return some ``size`` bytes of each kind of output; without a checkout there are no recordings."""
    made = [
        Sample("plain", plain(size)),
        Sample("coloured", coloured(size)),
    ]
    recorded = recordings()
    if recorded:
        whole = b"".join(recorded.values())
        made.append(Sample("recorded TUIs", whole * (size // len(whole) + 1)))
    return made


def plain(size: int) -> bytes:
    """Return lines of a build or a server's log."""
    return _lines(size, lambda rnd: " ".join(rnd.choices(_WORDS, k=9)))


def coloured(size: int) -> bytes:
    """Return lines in which every third word is coloured, as compilers, ``git log`` and ``ls --color`` print them."""

    def line(rnd: random.Random) -> str:
        words = rnd.choices(_WORDS, k=9)
        words[::3] = [f"\x1b[{rnd.choice(_COLOURS)}m{word}\x1b[0m" for word in words[::3]]
        return " ".join(words)

    return _lines(size, line)


def _lines(size: int, line: Callable[[random.Random], str]) -> bytes:
    rnd = random.Random(6)  # noqa: S311  texts, no secrets: the same in every run
    # Repeated: what is printed is taken in at the same pace however often it was printed before.
    block = "".join(f"{n:06d} 12:00:{n % 60:02d} {line(rnd)}\r\n" for n in range(2000)).encode()
    return (block * (size // len(block) + 1))[:size].rpartition(b"\n")[0] + b"\n"


def recordings() -> Mapping[str, bytes]:
    """Return what each recorded program in a terminal wrote, by the name of its recording."""
    found = {}
    for path in sorted(_RECORDINGS.glob("*/*.cast")):
        events = cast.read(path).events
        found[f"{path.parent.name}/{path.stem}"] = b"".join(event.data for event in events if event.code == cast.OUTPUT)
    return found


def full_screen(rows: int, cols: int, runs: int, turn: int) -> bytes:
    """Return a screen of which every row has ``runs`` runs of different colour; each ``turn`` is another one."""
    width = cols // runs
    parts = []
    for row in range(rows):
        parts.append(f"\x1b[{row + 1};1H")
        for run in range(runs):
            colour = 16 + (row * 7 + run * 11 + turn * 13) % 216
            text = f"{(turn * 31 + row * run) % 10**width:0{width}d}"
            parts.append(f"\x1b[38;5;{colour};48;5;{16 + (colour + 100) % 216}m{text}")
        parts.append("\x1b[0m" + "." * (cols - runs * width))
    return "".join(parts).encode()


def small_change(turn: int, rows: int, cols: int) -> bytes:
    """Return what a working program redraws: ten rows of a status box, a spinner and words in colour among them."""
    words = _WORDS[turn % len(_WORDS) :] + _WORDS
    top = rows // 2
    parts = [f"\x1b[{top};1H\x1b[38;5;{39 + turn % 6}m{'|/-+'[turn % 4]}\x1b[0m working {turn}s\x1b[K"]
    for row in range(1, 10):
        text = " ".join(words[row : row + 12])[: cols - 20]
        parts.append(f"\x1b[{top + row};1H\x1b[1m{turn + row:6d}\x1b[0m \x1b[33m{text[:10]}\x1b[0m{text[10:]}\x1b[K")
    return "".join(parts).encode()

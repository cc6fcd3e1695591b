"""What a terminal in a pane costs: parsing, painting, typing, floods, scrolling, memory, beside tmux and xterm.

Every part has a home of its own under /tmp with a real daemon, real keepers and a real window, removed at its end,
also on Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import msgspec

from app.bench.scene import ending_signals
from app.bench.tty import drawing, echoing, flooding, holding, parsing, scrolling, showing
from app.bench.window import has_window
from app.cli.results import Figure


class Size(msgspec.Struct, frozen=True):
    """How much is measured: bytes parsed, updates painted, keys typed, bytes of a flood, lines scrolled, panes held."""

    parsed: int
    updates: int
    keys: int
    flood: int
    seconds: float
    lines: int
    panes: int
    times: int
    #: Programs that print beside, where that is measured.
    beside: int = 20


#: Some ten minutes on two cores.
WHOLE = Size(parsed=8_000_000, updates=1000, keys=200, flood=100_000_000, seconds=2, lines=10_000, panes=8, times=5)

#: Some two minutes on two cores; the targets are those of the whole.
QUICK = Size(parsed=1_000_000, updates=200, keys=40, flood=20_000_000, seconds=1, lines=1500, panes=4, times=2)

#: Lines a second that programs beside print.
RATE = 20.0


def figures() -> Iterator[Figure]:
    """Measure everything."""
    for part in parts().values():
        yield from part()


def quick() -> Iterator[Figure]:
    """Measure less of everything."""
    for part in parts(is_quick=True).values():
        yield from part()


def parts(*, is_quick: bool = False) -> Mapping[str, Callable[[], Iterable[Figure]]]:
    """Return what can be measured alone, in the order in which all is measured; without Qt only the parsing."""
    return of_size(QUICK if is_quick else WHOLE)


def of_size(size: Size) -> Mapping[str, Callable[[], Iterable[Figure]]]:
    """Return the parts in a size."""
    found: dict[str, Callable[[], Iterator[Figure]]] = {"parse": partial(parsing.figures, size.parsed, size.times)}
    if has_window():
        found |= {
            "paint": partial(drawing.figures, size.updates),
            "echo": partial(echoing.figures, size.keys, size.beside, RATE),
            "display": partial(showing.figures, size.keys),
            "flood": partial(flooding.figures, size.flood, size.seconds, size.times),
            "scroll": partial(scrolling.figures, size.lines),
            "memory": partial(holding.figures, size.panes, RATE, size.times),
        }
    return {name: partial(_ended_well, part) for name, part in found.items()}


def _ended_well(part: Callable[[], Iterator[Figure]]) -> Iterator[Figure]:
    with ending_signals():
        yield from part()

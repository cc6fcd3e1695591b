"""What the spine costs: keepers, adoption, latency, floods, idling, opening, each beside its control.

Every part has a home of its own under /tmp with a real daemon and real keepers, removed at its end, also on Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import msgspec

from app.bench import adopting, echoing, flowing, keeping, opening, resting
from app.bench.scene import ending_signals
from app.bench.window import has_window
from app.cli.results import Figure


class Size(msgspec.Struct, frozen=True):
    """How much is measured."""

    starts: int
    fleet: adopting.Fleet
    big_mb: int
    streams: int
    stream: resting.Span
    keys: int
    floods: int
    idle: int
    rest: resting.Span
    paints: int


#: Ten to fifteen minutes on two cores.
WHOLE = Size(
    starts=15,
    fleet=adopting.Fleet(agents=100, log_mb=50, kills=5),
    big_mb=2000,
    streams=50,
    stream=resting.Span(6, 5),
    keys=50,
    floods=5,
    idle=100,
    rest=resting.Span(15, 5),
    paints=5,
)

#: Under three minutes on two busy cores; the targets are those of the whole.
QUICK = Size(
    starts=5,
    fleet=adopting.Fleet(agents=20, log_mb=5, kills=3),
    big_mb=50,
    streams=20,
    stream=resting.Span(5, 1),
    keys=20,
    floods=3,
    idle=20,
    rest=resting.Span(5, 1),
    paints=3,
)


def figures() -> Iterator[Figure]:
    """Measure everything."""
    for part in parts().values():
        yield from part()


def quick() -> Iterator[Figure]:
    """Measure less of everything."""
    for part in parts(is_quick=True).values():
        yield from part()


def parts(*, is_quick: bool = False) -> Mapping[str, Callable[[], Iterable[Figure]]]:
    """Return what can be measured alone, in the order in which all is measured."""
    size = QUICK if is_quick else WHOLE
    found: dict[str, Callable[[], Iterator[Figure]]] = {
        "keeper": partial(keeping.figures, size.starts),
        "opening": partial(opening.figures, size.idle, size.paints),
        "latency": partial(flowing.latency, size.streams, 20, size.stream.seconds, size.stream.times),
        "echo": partial(echoing.figures, 20, size.keys),
        "typing": partial(echoing.keys, 20, 20, size.keys * 4),
        "flood": partial(flowing.flood, 20, 50_000, size.floods),
        "idle": partial(resting.idle, size.idle, size.rest),
        "busy": partial(resting.busy, 20, 20, 4, size.rest),
        "adopting": partial(adopting.figures, size.fleet, size.big_mb),
    }
    if not has_window():
        del found["idle"], found["busy"]
    return {name: partial(_ended_well, part) for name, part in found.items()}


def _ended_well(part: Callable[[], Iterator[Figure]]) -> Iterator[Figure]:
    with ending_signals():
        yield from part()

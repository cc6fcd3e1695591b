"""What the spine costs: keepers, adoption, latency, floods, idling, opening, each beside its control.

Every part has a home of its own under /tmp with a real daemon and real keepers, removed at its end, also on Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from app.bench import adopting, flowing, keeping, opening, resting
from app.bench.scene import ending_signals
from app.bench.window import has_window
from app.cli.results import Figure


class Size(msgspec.Struct, frozen=True):
    """How much is measured."""

    starts: int
    fleet: adopting.Fleet
    big_mb: int
    streams: int
    stream_s: float
    floods: int
    idle: int
    rest_s: float
    paints: int


#: Estimated at six to ten minutes on two cores; its parts were run one by one, not yet in one go.
WHOLE = Size(
    starts=15,
    fleet=adopting.Fleet(agents=100, log_mb=50, kills=5),
    big_mb=2000,
    streams=50,
    stream_s=10,
    floods=5,
    idle=100,
    rest_s=15,
    paints=5,
)

#: Under three minutes on two busy cores; the targets are those of the whole.
QUICK = Size(
    starts=5,
    fleet=adopting.Fleet(agents=20, log_mb=5, kills=3),
    big_mb=50,
    streams=20,
    stream_s=5,
    floods=3,
    idle=20,
    rest_s=5,
    paints=3,
)


def figures() -> Iterator[Figure]:
    """Measure everything."""
    return _figures(WHOLE)


def quick() -> Iterator[Figure]:
    """Measure less of everything."""
    return _figures(QUICK)


def _figures(size: Size) -> Iterator[Figure]:
    with ending_signals():
        yield from keeping.figures(size.starts)
        yield from opening.figures(size.idle, size.paints)
        yield from flowing.latency(size.streams, 20, size.stream_s)
        yield from flowing.flood(20, 50_000, size.floods)
        if has_window():
            yield from resting.idle(size.idle, size.rest_s)
            yield from resting.busy(20, 20, 4, size.rest_s)
        yield from adopting.figures(size.fleet, size.big_mb)

"""What a terminal takes of the window's memory, on show and hidden; hidden it has no core and no timer."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from app.bench.scene import say, scene
from app.bench.tty.inside import measured, others
from app.bench.tty.window.orders import Order
from app.cli.results import Figure

#: MB of private memory a terminal on show may take: its core, a thousand kept lines, its widgets.
SHOWN_MB = 8.0


def figures(count: int, rate: float, times: int) -> Iterator[Figure]:
    """Show ``count`` terminals that print ``rate`` lines a second and hide them again, ``times`` over."""
    say(f"memory: {count} terminals shown and hidden, {times} times")
    with scene() as stage:
        with stage.client() as client:
            first = stage.program(client, ("cat",), pty=True).id
            talking = others(stage, client, count + 1, rate)
        runs = [measured(stage, Order("memory", (first, *talking))) for _ in range(times)]
    how = f"private memory, each of {count} in tiles; median of {times} windows"
    for name, what, target in (
        ("shown", "a visible terminal", SHOWN_MB),
        ("hidden", "what a hidden terminal leaves", None),
    ):
        value = median(run[name][0] for run in runs)
        yield Figure(f"memory of {what}", round(value, 2), "MB", target, detail=how)
    for name in ("cores", "timers"):
        most = max(run[name][0] for run in runs)
        yield Figure(f"{name} of hidden terminals", most, "", 0.0, detail=f"of {count}, most of {times} windows")

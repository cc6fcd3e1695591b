"""What a frame costs: the bytes of an update into the core, its rows read, painted and flushed, in the real window."""

from __future__ import annotations

from collections.abc import Iterator

from app.bench.scene import say, scene
from app.bench.tty.inside import measured, quantile
from app.bench.tty.window.orders import Order
from app.cli.results import Figure

SMALL_MS, FULL_MS = 4.0, 16.0


def figures(updates: int) -> Iterator[Figure]:
    """Draw ``updates`` updates of ten rows, and as many full screens of 24 colours a row."""
    say(f"paint: {updates} small updates and {updates} full screens")
    with scene() as stage:
        with stage.client() as client:
            agent = stage.program(client, ("cat",), pty=True).id
        seen = measured(stage, Order("drawing", (agent,), times=updates))
    for name, what, target in (
        ("small", "update of 10 rows: feed, read, paint, p99", SMALL_MS),
        ("full", "full 120x40, 24 colours a row: feed, read, paint, p99", FULL_MS),
    ):
        cpu, wall = seen[f"{name} cpu"], seen[f"{name} wall"]
        detail = (
            f"of processor time, {updates} times, offscreen; p50 {quantile(cpu, 0.5):.2f} ms; by the clock p50 "
            f"{quantile(wall, 0.5):.2f} ms, p99 {quantile(wall, 0.99):.2f}, longest {max(wall):.1f}"
        )
        yield Figure(what, round(quantile(cpu, 0.99), 2), "ms", target, detail=detail)

"""Typing echo as one who looks at the display has it: from the X server's key to its pixels, beside xterm."""

from __future__ import annotations

import time
from collections.abc import Iterator

from app.bench.scene import Scene, say, scene
from app.bench.tty import rivals, xscreen
from app.bench.tty.inside import quantile, shown
from app.bench.tty.window.orders import Order
from app.bench.tty.xscreen import Area, Screen
from app.cli.results import Figure

ECHO_MS = 20.0

_PAUSE_S, _STEP_S, _STEPS = 0.09, 0.013, 7

#: Seconds until a terminal that opened no longer draws.
_SETTLE_S = 1.5

#: Where the first lines of an xterm in the corner are.
_CORNER = Area(0, 0, 900, 300)

#: Echoes by its pty; the cursor stays as it is, so that nothing changes but what is typed.
_PROGRAM = ("/bin/sh", "-c", r"printf '\033[2 q'; exec cat")

#: Most keys, fewer than a line has columns.
_LINE = 70


def figures(keys: int) -> Iterator[Figure]:
    """Type ``keys`` keys on a display of our own."""
    absent = rivals.missing("Xvfb") or xscreen.missing()
    if absent:
        say(f"display: not measured: {absent}")
        return
    keys = min(keys, _LINE)
    say(f"display: {keys} keys, seen from outside")
    with scene() as stage, rivals.display() as name, xscreen.opened(name) as screen:
        theirs = _xterm(stage, name, screen, keys)
        with stage.client() as client:
            agent = stage.program(client, _PROGRAM, pty=True).id
        with shown(stage, Order("show", (agent,)), name) as values:
            ours = _typed(screen, Area(*(int(value) for value in values["area"])), keys)
    detail = f"{keys} keys on Xvfb; p50 {quantile(ours, 0.5):.1f} ms, longest {max(ours):.1f}; "
    against = f"baseline: xterm, p50 {quantile(theirs, 0.5):.1f} ms" if theirs else rivals.missing("xterm")
    control = round(quantile(theirs, 0.99), 1) if theirs else None
    value = round(quantile(ours, 0.99), 1)
    yield Figure("typing echo on a display, p99", value, "ms", ECHO_MS, baseline=control, detail=detail + against)


def _xterm(stage: Scene, name: str, screen: Screen, keys: int) -> list[float]:
    if rivals.missing("xterm"):
        return []
    with rivals.xterm(stage, name, *_PROGRAM):
        time.sleep(_SETTLE_S)
        screen.point(_CORNER.width // 2, _CORNER.height // 2)
        return _typed(screen, _CORNER, keys)


def _typed(screen: Screen, area: Area, keys: int) -> list[float]:
    """Return ms of each key from pressing it to another picture of the line it is typed into."""
    before = screen.pixels(area)
    screen.press("a")
    screen.changed(area, before, "the first key")
    time.sleep(_SETTLE_S)
    line = xscreen.rows_that_differ(area, before, screen.pixels(area))
    taken = []
    for number in range(keys):
        time.sleep(_PAUSE_S + number % _STEPS * _STEP_S)
        seen = screen.pixels(line)
        begun = time.perf_counter()
        screen.press("b")
        screen.changed(line, seen, f"key {number + 1}")
        taken.append((time.perf_counter() - begun) * 1000)
    return taken

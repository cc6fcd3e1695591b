"""Typing into a visible terminal: from the key to the paint that shows it, above what the pty itself needs."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator

from app.bench.resting import ticking
from app.bench.scene import Scene, say, scene
from app.bench.tty import pty, rivals
from app.bench.tty.inside import LINE, measured, others, quantile
from app.bench.tty.texts import COLS, ROWS
from app.bench.tty.window.orders import Order
from app.cli.results import Figure

ECHO_MS, BUSY_MS = 20.0, 30.0

#: Typed into the controls: no sequence a terminal writes ends with these.
_CHARACTERS = b"QWZ"

_PAUSE_S, _STEP_S, _STEPS = 0.09, 0.013, 7


def figures(keys: int, beside: int, rate: float) -> Iterator[Figure]:
    """Type ``keys`` keys with nothing else on, and beside programs that print ``rate`` lines a second each."""
    say(f"echo: {keys} keys alone, and beside {beside} programs that print {rate:g} lines a second")
    with scene() as stage:
        with pty.running(("cat",), stage.env, ROWS, COLS) as bare:
            own = echoes(bare, keys)
        yield _figure("typing echo", _window(stage, keys), own, _tmux(stage, keys), ECHO_MS)
        with stage.client() as client:
            talking = others(stage, client, beside, rate)
        control = _tmux(stage, keys, (shlex.join(ticking(LINE, 1 / rate)),) * beside)
        for what, is_tiled in (("hidden", False), ("visible", True)):
            name = f"typing echo, {beside} {what} panes x {rate:g} lines/s"
            seen = _window(stage, keys, tuple(talking) if is_tiled else (), is_tiled=is_tiled)
            yield _figure(name, seen, own, control, BUSY_MS)


def _figure(name: str, ours: list[float], own: list[float], tmux: list[float], target: float) -> Figure:
    less = quantile(own, 0.5)
    detail = (
        f"{len(ours)} keys, offscreen; p50 {quantile(ours, 0.5):.1f} ms, p90 {quantile(ours, 0.9):.1f}, longest "
        f"{max(ours):.1f}; the pty's own: p50 {less:.2f} ms, p99 {quantile(own, 0.99):.2f}"
    )
    against = f"; baseline: tmux on a pty, p50 {quantile(tmux, 0.5):.1f} ms" if tmux else f"; {rivals.missing('tmux')}"
    control = round(quantile(tmux, 0.99) - less, 1) if tmux else None
    value = round(quantile(ours, 0.99) - less, 1)
    return Figure(f"{name}, p99 above the pty's", value, "ms", target, baseline=control, detail=detail + against)


def _window(stage: Scene, keys: int, visible: tuple[str, ...] = (), *, is_tiled: bool = False) -> list[float]:
    with stage.client() as client:
        typed = stage.program(client, ("cat",), pty=True).id
    return measured(stage, Order("echo", (typed, *visible), is_tiled=is_tiled, times=keys))["echo"]


def _tmux(stage: Scene, keys: int, beside: tuple[str, ...] = ()) -> list[float]:
    with rivals.tmux(stage, "cat") as server:
        if server is None:
            return []
        for program in beside:
            server.run("new-window", "-d", program)
        server.client.rest(1.0)
        return echoes(server.client, keys)


def echoes(terminal: pty.Pty, keys: int) -> list[float]:
    """Return ms of each key from writing it to reading its echo."""
    taken = []
    for number in range(keys):
        terminal.rest(_PAUSE_S + number % _STEPS * _STEP_S)
        terminal.forget()
        character = _CHARACTERS[number % len(_CHARACTERS)].to_bytes(1, "big")
        begun = time.perf_counter()
        terminal.send(character)
        terminal.await_output(character, "an echo")
        taken.append((time.perf_counter() - begun) * 1000)
    return taken

"""A flood in a visible terminal: whether the window stalls, when Ctrl+C shows, how long a large file takes."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from statistics import median

from app.bench.scene import Scene, say, scene
from app.bench.tty import rivals
from app.bench.tty.inside import measured, quantile, shell_argv
from app.bench.tty.texts import coloured
from app.bench.tty.window.orders import PROMPT, Order
from app.cli.results import Figure

STALL_MS, INTERRUPT_MS = 40.0, 100.0

#: How often a file is given to one ``cat``, so that it does not end before Ctrl+C: between two of them, in a loop of
#: the shell's, the key may be lost.
_OFTEN = 100


def figures(size: int, seconds: float, times: int) -> Iterator[Figure]:
    """Flood with ``yes`` and with a file of ``size`` bytes, ``times`` over, ``seconds`` until Ctrl+C."""
    say(f"flood: yes and cat of {size / 1e6:g} MB, {times} times {seconds:g} s")
    with scene() as stage:
        file = stage.root / "large"
        file.write_bytes(coloured(size).replace(b"\r\n", b"\n"))  # the pty makes them lines of a terminal again
        again = f"cat $(yes {shlex.quote(str(file))} | head -n {_OFTEN})"
        for name, command in (("yes", "yes"), ("cat", again)):
            control = interrupted(stage, command, seconds, times)
            yield from _interrupts(stage, name, Order("flood", times=times, seconds=seconds, command=command), control)
        whole = f"cat {shlex.quote(str(file))}"
        yield _whole(stage, size, times, whole)


def _interrupts(stage: Scene, name: str, order: Order, control: list[float]) -> Iterator[Figure]:
    seen = _window(stage, order)
    stalls, often = seen["longest"], f"{order.times} x {order.seconds:g} s"
    detail = (
        f"longest gap of a 5 ms timer in {often}, by run {_spread(stalls)}; p99 {quantile(seen['gaps'], 0.99):.1f} ms; "
        f"the loop's own work in one at most {max(seen['busiest']):.1f} ms, the rest it waited for a processor; "
        f"paints p50 {quantile(seen['paints'], 0.5):.1f} ms, p99 {quantile(seen['paints'], 0.99):.1f}"
    )
    yield Figure(f"{name} in a visible pane: longest stall", round(max(stalls), 1), "ms", STALL_MS, detail=detail)
    against = "baseline: tmux on a pty" if control else rivals.missing("tmux")
    detail = f"longest of {order.times}, by run {_spread(seen['prompts'])}; {against}"
    baseline = round(max(control), 1) if control else None
    value = round(max(seen["prompts"]), 1)
    yield Figure(f"{name}: Ctrl+C to its prompt painted", value, "ms", INTERRUPT_MS, baseline=baseline, detail=detail)


def _whole(stage: Scene, size: int, times: int, command: str) -> Figure:
    control = interrupted(stage, command, 0, times)
    taken = _window(stage, Order("flood", times=times, seconds=0, command=command))
    against = "baseline: tmux on a pty" if control else rivals.missing("tmux")
    longest = f"longest stall {max(taken['longest']):.1f} ms"
    detail = f"Enter to the prompt painted, median of {times}; {longest}; {against}"
    baseline = round(median(control)) if control else None
    name = f"cat of {size / 1e6:g} MB in a visible pane"
    return Figure(name, round(median(taken["prompts"])), "ms", baseline=baseline, detail=detail)


def _window(stage: Scene, order: Order) -> dict[str, list[float]]:
    with stage.client() as client:
        shell = stage.program(client, shell_argv(), pty=True).id
        return measured(stage, Order(order.part, (shell,), False, order.times, order.seconds, order.command))


def interrupted(stage: Scene, command: str, seconds: float, times: int) -> list[float]:
    """Return ms from Ctrl+C (with no seconds: from Enter) to the next prompt in tmux; nothing without it."""
    taken = []
    with rivals.tmux(stage, *shell_argv()) as server:
        if server is None:
            return []
        client = server.client
        client.await_output(f"{PROMPT}1>".encode(), "the first prompt in tmux")
        for number in range(times):
            client.rest(0.3)
            client.send(command.encode())
            client.rest(0.3)
            client.forget()
            client.send(b"\r")
            begun = time.perf_counter()
            if seconds:
                client.rest(seconds)
                begun = time.perf_counter()
                client.send(b"\x03")
            client.await_output(f"{PROMPT}{number + 2}>".encode(), "the prompt in tmux")
            taken.append((time.perf_counter() - begun) * 1000)
    return taken


def _spread(values: list[float]) -> str:
    return f"{min(values):.1f} to {max(values):.1f} ms"

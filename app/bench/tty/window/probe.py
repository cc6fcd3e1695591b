"""Opens the window beside a scene, measures one part in it, writes the answer as one line, and ends.

Run as ``python -P -m app.bench.tty.window.probe ORDER`` with the environment of the scene.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable

import msgspec

import app.desktop  # noqa: F401  what it loads before Qt
from app.bench.tty.window.drawing import drawing
from app.bench.tty.window.flooding import flood
from app.bench.tty.window.orders import Answer, Order
from app.bench.tty.window.resting import memory
from app.bench.tty.window.scrolling import scroll
from app.bench.tty.window.seat import Seat, seated
from app.bench.tty.window.showing import show
from app.bench.tty.window.typing import echo
from app.paths import home_from
from ui import shell as shells

PARTS: dict[str, Callable[[Seat], Awaitable[dict[str, list[float]]]]] = {
    "drawing": drawing,
    "echo": echo,
    "flood": flood,
    "memory": memory,
    "scroll": scroll,
    "show": show,
}

#: The parts after which the window stands until it is ended from outside.
STAYS = frozenset({"show"})


async def _measured(shell: shells.Shell, order: Order) -> None:
    try:
        answer = Answer(await PARTS[order.part](await seated(shell, order)))
    except Exception as error:  # noqa: BLE001  told to who started us, who fails with it
        answer = Answer(failure=f"{type(error).__name__}: {error}")
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    sys.stdout.flush()
    if order.part not in STAYS:
        shell.window.close()


def main() -> None:
    """Measure what the first argument orders."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    home = home_from(os.environ)
    home.prepare()
    shell = shells.Shell(shells.make_application(), home, os.environ)
    shells.run_loop(shell, lambda: shell.run(also=_measured(shell, order)))


if __name__ == "__main__":
    main()

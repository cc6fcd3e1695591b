"""Whatever happened before, what is shown is what painting all anew would show: nothing stays, nothing is missed."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from app.terminal.selection import Place, Selection
from tests.ui.panes.terminal.conftest import NONE, Desk

WORDS = (
    "plain text",
    "\x1b[31mred",
    "\x1b[7mreverse",
    "\x1b[4:3;1mcurl",
    "漢字 wide",
    "┌─┐│└┘",
    "█▄▀",
    "e\u0301",
    "\x1b[0m",
)
MOVES = (
    "\r\n",
    "\x1b[H",
    "\x1b[3;9H",
    "\x1b[K",
    "\x1b[2J",
    "\x1b[L",
    "\x1b[M",
    "\x1bM",
    "\x1b[2;6r",
    "\x1b[r",
    "\x1b[5P",
    "\n\n\n",
)
MODES = (
    "\x1b[?1049h",
    "\x1b[?1049l",
    "\x1b[?5h",
    "\x1b[?5l",
    "\x1b[?25l",
    "\x1b[?25h",
    "\x1b[4 q",
    "\x1b]4;1;#345678\x07",
    "\x1b]104\x07",
)


def happen(desk: Desk, chance: random.Random) -> None:
    """Let one thing happen that a terminal goes through."""
    view, fed = desk.view, desk.fed
    line = lambda: chance.randint(fed.first, fed.bottom)  # noqa: E731
    acts: list[Callable[[], object]] = [
        lambda: desk.feed("".join(chance.choice(WORDS + MOVES) for _ in range(12))),
        lambda: desk.feed("".join(chance.choice(WORDS + MOVES) for _ in range(12))),
        lambda: desk.feed("".join(f"\r\nline {n}" for n in range(chance.randint(1, 30)))),
        lambda: desk.feed(chance.choice(MODES)),
        lambda: view.scroll_lines(chance.randint(-15, 15)),
        view.to_end,
        view.to_begin,
        lambda: view.show_line(line()),
        lambda: view.select(Selection(Place(line(), 3), Place(line(), 17), chance.random() < 0.3)),
        lambda: view.grew(0, chance.randint(3, 14), chance.randint(10, 50)),
        lambda: view.zoom(chance.choice((-1, 0, 1))),
        lambda: desk.mouse("move", desk.point(chance.randint(0, 9), chance.randint(0, 30)), button=NONE),
        lambda: view.look_for(chance.choice(("line", "e", ""))),
        view.clearFocus,
        view.setFocus,
    ]
    chance.choice(acts)()


@pytest.mark.parametrize("seed", range(8))
def test_as_if_painted_anew(open_desk: Callable[..., Desk], seed: int) -> None:
    desk, chance = open_desk(rows=10, cols=40, older=tuple(f"old {n}" for n in range(30))), random.Random(seed)
    for step in range(60):
        happen(desk, chance)
        desk.pump.turn()
        if step % 4 == 3:
            desk.view.refresh()
            kept = desk.picture()
            desk.view._picture = None
            desk.view.refresh()
            assert desk.picture() == kept, f"step {step}"
    desk.pump.settle()

"""Undo: newest first, each once, and not for ever."""

from __future__ import annotations

from functools import partial

from app.actions.undo import DEPTH, Undo


def test_newest_first_each_once() -> None:
    undone: list[int] = []
    undo = Undo()
    assert undo.words is None
    assert undo.pop() is None
    for number in (1, 2):
        undo.push(f"step {number}", partial(undone.append, number))
    assert undo.words == "step 2"
    assert [undo.pop(), undo.pop(), undo.pop()] == ["step 2", "step 1", None]
    assert undone == [2, 1]


def test_the_oldest_are_forgotten() -> None:
    undo = Undo()
    for number in range(DEPTH + 5):
        undo.push(str(number), lambda: None)
    found = []
    while (words := undo.pop()) is not None:
        found.append(words)
    assert len(found) == DEPTH
    assert found[-1] == "5"

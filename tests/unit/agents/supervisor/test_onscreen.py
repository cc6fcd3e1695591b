from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import Any

import pytest

from agents.adapters.contract import NotPossible
from agents.supervisor import onscreen


class Printing:
    """A unit whose agent has so many slices to be read."""

    def __init__(self, slices: int) -> None:
        self.name, self.left, self.refreshed = "fox", slices, 0
        self.notices: list[tuple[str, str]] = []
        self.intake: Any = SimpleNamespace(slice=self._slice)

    def _slice(self) -> bool:
        self.left -= 1
        return self.left > 0

    def firewall(self, what: str) -> contextlib.nullcontext[None]:
        return contextlib.nullcontext()

    def refresh(self) -> None:
        self.refreshed += 1

    def notice(self, level: str, text: str) -> None:
        self.notices.append((level, text))


def make(unit: Any, *, on_screen: bool) -> Any:
    adapter: Any = SimpleNamespace(ASKS_ON_SCREEN=on_screen)
    return onscreen.settled(unit, adapter, lambda: b"1")


def test_everything_is_read_before_a_key_is_made() -> None:
    unit = Printing(3)
    assert make(unit, on_screen=True)() == b"1"
    assert (unit.left, unit.refreshed) == (0, 1)


def test_a_protocol_needs_no_reading() -> None:
    unit = Printing(3)
    assert make(unit, on_screen=False)() == b"1"
    assert unit.left == 3


def test_who_prints_without_end_gets_no_key() -> None:
    with pytest.raises(NotPossible, match="fox prints faster than it can be read"):
        make(Printing(10_000), on_screen=True)()


def test_an_answer_that_came_too_late_is_told() -> None:
    def gone() -> bytes:
        raise NotPossible("the screen of fox has changed")

    unit: Any = Printing(1)
    with pytest.raises(NotPossible):
        onscreen.noticed(unit, "Run make", gone)()
    assert unit.notices == [("warning", "the answer to “Run make” was not given: the screen of fox has changed")]
    assert onscreen.noticed(unit, "Run make", lambda: b"1")() == b"1"
    assert len(unit.notices) == 1

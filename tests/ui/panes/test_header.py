"""One line of facts: each only if known, the least important gone first."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QImage

from agents.model import Usage
from tests.fakes.rows import row
from ui.panes.header import Header, facts, tokens


def words(**changes: Any) -> list[str]:
    return [item.text for item in facts(row("fox", **changes))]


def test_everything_known() -> None:
    usage = Usage(context_used=41_300, context_size=200_000)
    shown = words(usage=usage, cost=0.4217, model="opus", mode="plan")
    assert shown == ["idle", "fox", "demo", "main", "Plan mode", "opus", "41k/200k", "$0.42"]


def test_nothing_unknown() -> None:
    assert words(branch=None, mode=None) == ["idle", "fox", "demo"]
    assert words(branch=None, mode=None, usage=Usage(context_used=900))[-1] == "900 tokens"


@pytest.mark.parametrize(("used", "role"), [(100, "muted"), (750, "warning"), (920, "danger")])
def test_the_gauge_warns(used: int, role: str) -> None:
    gauge = next(i for i in facts(row("fox", usage=Usage(context_used=used, context_size=1000))) if i.gauge is not None)
    assert gauge.role == role


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "999"), (1000, "1k"), (41_300, "41k"), (999_600, "1.0M"), (1_200_000, "1.2M")]
)
def test_tokens(count: int, text: str) -> None:
    assert tokens(count) == text


def test_names_are_made_safe() -> None:
    assert words(branch="evil\u202ename\n2")[3] == "evilname 2"


def test_name_and_state_stay_when_room_is_short(qtbot: Any, theme: Any) -> None:
    header = Header(theme)
    qtbot.addWidget(header)
    header.show_row(row("fox", usage=Usage(context_used=1, context_size=2), cost=1.0))
    assert [item.text for item in header._fitting(90)] == ["idle", "fox"]
    assert len(header._fitting(2000)) == 7


def test_repaints_only_for_news(qtbot: Any, theme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    header = Header(theme)
    qtbot.addWidget(header)
    updates: list[int] = []
    monkeypatch.setattr(header, "update", lambda: updates.append(1))
    header.show_row(row("fox"))
    header.show_row(row("fox", unread=7))
    assert len(updates) == 1
    header.show_row(row("wolf"))
    assert len(updates) == 2
    image = QImage(300, 32, QImage.Format.Format_RGB32)
    header.resize(300, 32)
    header.render(image)

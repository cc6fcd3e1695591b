"""Cells are whole device pixels at every density and size, and every style's letters stand in them."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFontMetricsF, QPainter, QPixmap

from agents.vt.rows import PLAIN, Row, Run, Style
from ui.panes.terminal.metrics import Metrics
from ui.panes.terminal.paint import Look, RowPainter
from ui.panes.terminal.palette import Colours
from ui.theme import Theme

RATIOS = [1.0, 1.25, 1.5, 2.0, 3.0]


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("zoom", [-5, 0, 1, 7])
def test_every_style_is_as_wide_as_the_cells_it_takes(theme: Theme, ratio: float, zoom: int) -> None:
    metrics = Metrics(theme, zoom, ratio)
    assert metrics.width * ratio == metrics.cell
    for font in metrics.fonts:
        assert QFontMetricsF(font).horizontalAdvance("M" * 80) == pytest.approx(80 * metrics.cell, abs=1)
    assert 0 < metrics.strike < metrics.underline
    assert metrics.underline + metrics.line <= metrics.height


def test_a_density_twice_as_high_has_cells_twice_as_large(theme: Theme) -> None:
    one, two = Metrics(theme, 0, 1.0), Metrics(theme, 0, 2.0)
    assert abs(two.cell - 2 * one.cell) <= 1
    assert abs(two.height - 2 * one.height) <= 1


def test_what_the_font_has(theme: Theme) -> None:
    metrics = Metrics(theme, 0, 1.0)
    assert metrics.is_own("é")
    assert metrics.is_own("Ж")
    assert not metrics.is_own("漢")
    assert not metrics.is_own("א"), "letters beside it would be drawn in another order"
    for number in range(20_000):
        metrics.is_own(chr(0x4E00 + number))
    assert len(metrics._own) <= 8192


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_row_covers_itself_and_nothing_else(theme: Theme, ratio: float) -> None:
    """What is drawn for a row stays in it, whatever it is; and leaves nothing of what was there before."""
    metrics, colours = Metrics(theme, 0, ratio), Colours(theme)
    picture = QPixmap(metrics.cell * 20, metrics.height * 3)
    picture.fill("#ff00ff")
    every = Style(fg=1, bg=2, bold=True, italic=True, strike=True, overline=True, underline=3)
    row = Row(
        (Run(0, 6, "ẤẪgjỆ_", every), Run(6, 2, "漢", every), Run(8, 1, "e\u0323\u0301", every), Run(9, 3, "│█▟", PLAIN))
    )
    painter = QPainter(picture)
    RowPainter(metrics, colours).draw(painter, Look(row), metrics.height, 20)
    painter.end()
    image = picture.toImage()
    for x in range(image.width()):
        for y in (0, metrics.height - 1, 2 * metrics.height, 3 * metrics.height - 1):
            assert image.pixelColor(x, y).name() == "#ff00ff", f"something is drawn outside of its row at {x}, {y}"
        inside = {image.pixelColor(x, y).name() for y in range(metrics.height, 2 * metrics.height)}
        assert "#ff00ff" not in inside

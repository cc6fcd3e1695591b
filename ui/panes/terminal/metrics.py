"""Fonts and the size of a cell for one theme, zoom and density of the screen; all in whole device pixels."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtGui import QFont, QFontMetricsF, QRawFont

from ui.theme import Theme

#: Characters a font is asked about once each, and what is remembered of how they fit.
_KEPT = 8192


#: Hebrew, Arabic and their neighbours.
_FIRST_RTL, _LAST_RTL = "\u0590", "\u08ff"


class Fit(NamedTuple):
    """Where a character begins in its cells, how much smaller it is, and whether it stays within them by itself."""

    left: int
    scale: float
    is_within: bool


class Metrics:
    """Made anew when theme, zoom or density change. Owned by a canvas."""

    def __init__(self, theme: Theme, zoom: int, ratio: float) -> None:
        self.ratio = ratio
        base = theme.font_mono.pixelSize() + zoom
        self.pixels = max(4, round(base * ratio))
        usual = self._sized(theme, flags=0)
        metrics = QFontMetricsF(usual)
        advance = metrics.horizontalAdvance("M" * 64) / 64
        self.cell = max(2, round(advance))
        self.height = max(4, round(metrics.height() * 1.04))
        self.ascent = round((self.height - metrics.height()) / 2 + metrics.ascent())
        self.line = max(1, round(self.pixels / 14))
        self.underline = min(self.ascent + max(2, round(self.pixels / 8)), self.height - self.line)
        self.strike = self.ascent - round(metrics.xHeight() / 2)
        self.fonts = tuple(self._spaced(self._sized(theme, flags)) for flags in range(4))
        self.loose = tuple(self._sized(theme, flags) for flags in range(4))
        self._raw = QRawFont.fromFont(usual)
        self._own: dict[str, bool] = {}
        self._fits: dict[tuple[str, int, int], Fit] = {}

    def _sized(self, theme: Theme, flags: int) -> QFont:
        font = theme.mono(bold=bool(flags & 1), italic=bool(flags & 2))
        font.setPixelSize(self.pixels)
        return font

    def _spaced(self, font: QFont) -> QFont:
        """Return the font with each character as wide as a cell, whatever part of a pixel its own width ends on."""
        advance = QFontMetricsF(font).horizontalAdvance("M" * 64) / 64
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, self.cell - advance)
        return font

    def is_own(self, char: str) -> bool:
        """Tell whether a character can be drawn beside others: the font has it, and nothing reorders it."""
        known = self._own.get(char)
        if known is None:
            if len(self._own) >= _KEPT:
                self._own.clear()
            is_reordered = _FIRST_RTL <= char <= _LAST_RTL
            known = self._own[char] = not is_reordered and bool(self._raw.supportsCharacter(ord(char)))
        return known

    def fit(self, text: str, width: int, flags: int) -> Fit:
        """Return how a character of any font stands in cells of ``width`` pixels; a stranger's is made smaller."""
        key = (text, width, flags)
        found = self._fits.get(key)
        if found is None:
            if len(self._fits) >= _KEPT:
                self._fits.clear()
            found = self._fits[key] = self._fitted(text, width, flags)
        return found

    def _fitted(self, text: str, width: int, flags: int) -> Fit:
        metrics = QFontMetricsF(self.loose[flags])
        advance, ink = metrics.horizontalAdvance(text), metrics.tightBoundingRect(text)
        scale = 1.0 if advance <= width + 1 else max(0.5, width / advance)
        left = max(0, round((width - advance * scale) / 2))
        is_within = (
            scale == 1
            and (ink.top() >= -self.ascent and ink.bottom() <= self.height - self.ascent)
            and (ink.left() + left >= 0 and ink.right() + left <= width)
        )
        return Fit(left, scale, is_within)

    @property
    def width(self) -> float:
        """Return the width of a cell in logical pixels."""
        return self.cell / self.ratio

    @property
    def line_height(self) -> float:
        """Return the height of a cell in logical pixels."""
        return self.height / self.ratio

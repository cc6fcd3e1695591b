"""Fonts and the size of a cell for one theme, zoom and density of the screen; all in whole device pixels."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontMetricsF, QRawFont

from ui.theme import Theme

#: Characters a font is asked about once each.
_KEPT = 8192


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
        self._raw = QRawFont.fromFont(usual)
        self._known: dict[str, bool] = {}

    def _sized(self, theme: Theme, flags: int) -> QFont:
        font = theme.mono(bold=bool(flags & 1), italic=bool(flags & 2))
        font.setPixelSize(self.pixels)
        return font

    def _spaced(self, font: QFont) -> QFont:
        """Return the font with each character as wide as a cell, whatever part of a pixel its own width ends on."""
        advance = QFontMetricsF(font).horizontalAdvance("M" * 64) / 64
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, self.cell - advance)
        return font

    def font(self, *, bold: bool, italic: bool) -> QFont:
        """Return the font of a style."""
        return self.fonts[bold + 2 * italic]

    def has(self, char: str) -> bool:
        """Tell whether the font itself has a character; another one's would stand beside its cell."""
        known = self._known.get(char)
        if known is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[char] = bool(self._raw.supportsCharacter(ord(char)))
        return known

    @property
    def width(self) -> float:
        """Return the width of a cell in logical pixels."""
        return self.cell / self.ratio

    @property
    def line_height(self) -> float:
        """Return the height of a cell in logical pixels."""
        return self.height / self.ratio

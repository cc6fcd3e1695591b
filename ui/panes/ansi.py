"""The 256 colours programs ask for, readable on the theme's code surface. Pure but for QColor."""

from __future__ import annotations

from PySide6.QtGui import QColor

from app.logline import RGB
from ui.theme import Theme, contrast

#: Least contrast of coloured text on its background.
READABLE = 4.5

_BASE_DARK = (
    "#5c6675",
    "#ff8a8a",
    "#79d29a",
    "#e4cf6b",
    "#7ab4ff",
    "#c9a3f5",
    "#7fcbd9",
    "#d3d8e0",
    "#949eae",
    "#ffa8a8",
    "#98e2b2",
    "#f0df90",
    "#a0caff",
    "#dcc0fb",
    "#a3dfe9",
    "#ffffff",
)
_BASE_LIGHT = (
    "#1b2027",
    "#b01e2c",
    "#17683a",
    "#6b5500",
    "#1d58b8",
    "#7a2fb0",
    "#0d6172",
    "#565f6c",
    "#4b545f",
    "#c22837",
    "#1e7745",
    "#7a6200",
    "#2a66c8",
    "#8a3fc0",
    "#137186",
    "#2b313a",
)
#: What programs mean when they choose text and background together.
_PAIRED = (
    *("#000000", "#cd3131", "#0dbc79", "#c9a500", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5"),
    *("#666666", "#f14c4c", "#23d18b", "#e5e510", "#3b8eea", "#d670d6", "#29b8db", "#ffffff"),
)
_STEPS = (0, 95, 135, 175, 215, 255)


class Colors:
    """Colours of one theme, made once each. Owned by a log view."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._base = [QColor(c) for c in (_BASE_DARK if theme.dark else _BASE_LIGHT)]
        self._made: dict[tuple[int | None, int | None], QColor] = {}

    def foreground(self, value: int) -> QColor:
        """Return the colour of text: what was asked for, moved toward the text colour until it can be read."""
        key = (value, None)
        if key not in self._made:
            asked = self._base[value] if value < 16 else exact(value)
            self._made[key] = readable(asked, self._theme.code, self._theme.text)
        return self._made[key]

    def on(self, value: int | None, behind: int) -> QColor:
        """Return the colour of text on a background the program chose; ``None`` is the default colour."""
        key = (value, behind)
        if key not in self._made:
            back = exact(behind)
            ends = (QColor("#ffffff"), QColor("#000000"))
            far = max(ends, key=lambda end: contrast(end, back))
            self._made[key] = readable(self._theme.text if value is None else exact(value), back, far)
        return self._made[key]


def exact(value: int) -> QColor:
    """Return a palette entry or true colour as terminals show it."""
    if value >= RGB:
        return QColor(value >> 16 & 255, value >> 8 & 255, value & 255)
    if value < 16:
        return QColor(_PAIRED[value])
    if value < 232:
        cube = value - 16
        return QColor(_STEPS[cube // 36], _STEPS[cube // 6 % 6], _STEPS[cube % 6])
    grey = 8 + (value - 232) * 10
    return QColor(grey, grey, grey)


def readable(color: QColor, behind: QColor, toward: QColor) -> QColor:
    """Return ``color`` mixed with ``toward`` in tenths until it can be read on ``behind``."""
    for tenth in range(11):
        mixed = mix(color, toward, tenth / 10)
        if contrast(mixed, behind) >= READABLE:
            return mixed
    return toward


def mix(first: QColor, second: QColor, share: float) -> QColor:
    """Return ``first`` with ``share`` (0 to 1) of ``second``."""
    pairs = (
        (first.red(), second.red()),
        (first.green(), second.green()),
        (first.blue(), second.blue()),
    )
    return QColor(*(round(a + (b - a) * share) for a, b in pairs))

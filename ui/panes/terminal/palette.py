"""Turns what a program asked for into the colours it is drawn in: the theme's sixteen, the cube, true colours.

Keeps what a program itself set (OSC 4, 10, 11, 12) and whether the whole screen is reversed. Paints nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QColor

from agents.vt.rows import Style
from ui.panes.ansi import exact, mix
from ui.theme import Theme, contrast

#: Keys of what a program set beside the numbered colours.
FOREGROUND, BACKGROUND, CURSOR = -1, -2, -3

#: Least contrast of the sixteen as text on the usual background: black stays black only as a background.
LEAST = 3.0

#: What is chosen instead of a colour that cannot be read, if it is as light or as dark as that.
ALIKE = 3.3

_RGB = 0x1000000

#: Pairs remembered; a picture in true colours has more than anybody comes back to.
_KEPT = 4096

#: How much of the background a faint character takes.
_FAINT = 0.4

Pair = tuple[QColor, QColor | None]


class Colours:
    """Colours of one view. Owned by its canvas; ``version`` changes when everything must be painted anew."""

    def __init__(self, theme: Theme) -> None:
        self._overrides: Mapping[int, int] = {}
        self._is_reversed = False
        self.version = 0
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self._forget()

    def follow(self, overrides: Mapping[int, int], *, is_reversed: bool) -> None:
        """Take what the program set."""
        if (is_reversed, overrides) != (self._is_reversed, self._overrides):
            self._overrides, self._is_reversed = dict(overrides), is_reversed
            self._forget()

    def _forget(self) -> None:
        self.version += 1
        self._pairs: dict[Style, Pair] = {}
        fg = self._set(FOREGROUND, self._theme.text)
        bg = self._set(BACKGROUND, self._theme.code)
        self.foreground, self.background = (bg, fg) if self._is_reversed else (fg, bg)

    def _set(self, key: int, usual: QColor) -> QColor:
        return exact(self._overrides[key] | _RGB) if key in self._overrides else usual

    @property
    def cursor(self) -> QColor:
        """Return the colour of the cursor."""
        return self._set(CURSOR, self.foreground)

    @property
    def outside(self) -> QColor:
        """Return the colour of what is no part of the program's screen."""
        return mix(self.background, self.foreground, 0.06)

    @property
    def selection(self) -> QColor:
        """Return the colour behind selected text, seen on whatever background there is."""
        chosen = self._theme.selection
        # Too near to a background the program chose: it would not be seen.
        return chosen if contrast(chosen, self.background) >= 1.1 else mix(self.background, self.foreground, 0.25)

    def pair(self, style: Style) -> Pair:
        """Return the colours of text and of what lies behind it, ``None`` for the usual background."""
        found = self._pairs.get(style)
        if found is None:
            if len(self._pairs) >= _KEPT:
                self._pairs.clear()
            found = self._pairs[style] = self._made(style)
        return found

    def shape(self, style: Style) -> QColor:
        """Return the colour of boxes and blocks: no text to be read, but parts of what lies beside them."""
        if style.reverse or style.faint:
            return self.pair(style)[0]
        return self._text(style)

    def _text(self, style: Style) -> QColor:
        number = style.fg
        if self._theme.bold_is_bright and style.bold and 0 <= number < 8:
            number += 8
        return self.foreground if number < 0 else self.color(number)

    def _made(self, style: Style) -> Pair:
        fg = self._text(style)
        bg = None if style.bg < 0 else self.color(style.bg)
        if style.reverse:
            fg, bg = bg or self.background, fg
        elif style.fg < 16 and style.bg < 16 and style.fg != style.bg:
            fg = self._on_ground(fg) if bg is None else self._on_colour(fg, bg)
        if style.faint:
            fg = mix(fg, bg or self.background, _FAINT)
        return fg, bg

    # Which of the sixteen go together differs from theme to theme, and no program knows ours.

    def _on_ground(self, color: QColor) -> QColor:
        """Return one of the sixteen as it can be read on the usual background."""
        for tenth in range(11):
            mixed = mix(color, self.foreground, tenth / 10)
            if contrast(mixed, self.background) >= LEAST:
                return mixed
        return color

    def _on_colour(self, color: QColor, behind: QColor) -> QColor:
        """Return one of the sixteen, or the usual colour, as it can be read on another of them."""
        if contrast(color, behind) >= LEAST:
            return color
        is_light = color.lightnessF() > behind.lightnessF()
        ends = (self.foreground, self.background)
        # Light stays light and dark dark, as the program meant it, where that is not much the worse choice.
        for end in ends:
            if (end.lightnessF() > behind.lightnessF()) is is_light and contrast(end, behind) >= ALIKE:
                return end
        return max((*ends, QColor("#ffffff"), QColor("#000000")), key=lambda end: contrast(end, behind))

    def color(self, number: int) -> QColor:
        """Return a numbered colour, 0 to 255, or a true one."""
        if number in self._overrides:
            return exact(self._overrides[number] | _RGB)
        return self._theme.ansi[number] if number < 16 else exact(number)

"""Which colour a program's wish becomes: the theme's, its own, and always one that can be read."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor

from agents.vt.rows import PLAIN, TRUE_COLOUR, Style
from ui import theme as themes
from ui.panes.terminal import palette
from ui.panes.terminal.palette import Colours
from ui.theme import contrast


@pytest.fixture(params=["dark", "light"])
def colours(qapp: object, request: pytest.FixtureRequest) -> Colours:
    return Colours(themes.load(request.param))


def pair(colours: Colours, style: Style) -> tuple[QColor, QColor]:
    fg, bg = colours.pair(style)
    return fg, bg or colours.background


def test_plain_text_has_no_background_of_its_own(colours: Colours) -> None:
    assert colours.pair(PLAIN) == (colours.foreground, None)
    assert contrast(colours.foreground, colours.background) >= 4.5


@pytest.mark.parametrize("bg", range(-1, 16))
def test_text_in_the_sixteen_is_seen_on_each_of_them(colours: Colours, bg: int) -> None:
    for fg in range(-1, 16):
        if fg != bg or fg < 0:
            text, ground = pair(colours, Style(fg=fg, bg=bg))
            assert contrast(text, ground) >= 3, f"{fg} on {bg}"


def test_what_is_hidden_on_purpose_stays_hidden(colours: Colours) -> None:
    text, ground = pair(colours, Style(fg=4, bg=4))
    assert text == ground


def test_true_colours_are_left_alone(colours: Colours) -> None:
    text, ground = pair(colours, Style(fg=TRUE_COLOUR | 0x101010, bg=TRUE_COLOUR | 0x111111))
    assert (text.name(), ground.name()) == ("#101010", "#111111")


def test_reverse_takes_the_usual_colours_too(colours: Colours) -> None:
    assert pair(colours, Style(reverse=True)) == (colours.background, colours.foreground)
    red = colours.color(1)
    assert pair(colours, Style(fg=1, reverse=True))[1] == red


def test_faint_is_between_text_and_ground(colours: Colours) -> None:
    full, faint = pair(colours, PLAIN)[0], pair(colours, Style(faint=True))[0]
    assert 1 < contrast(faint, colours.background) < contrast(full, colours.background)


def test_what_the_program_set_holds_until_it_is_taken_back(colours: Colours) -> None:
    before = colours.version
    colours.follow({1: 0x123456, palette.FOREGROUND: 0xAABBCC, palette.CURSOR: 0x010203}, is_reversed=False)
    assert colours.version > before
    assert colours.color(1).name() == "#123456"
    assert colours.foreground.name() == "#aabbcc"
    assert colours.cursor.name() == "#010203"
    version = colours.version
    colours.follow({1: 0x123456, palette.FOREGROUND: 0xAABBCC, palette.CURSOR: 0x010203}, is_reversed=False)
    assert colours.version == version, "nothing changed: nothing is to be painted anew"
    colours.follow({}, is_reversed=True)
    assert colours.background != colours.foreground
    assert contrast(colours.background, QColor("#123456")) > 1


def test_a_picture_in_true_colours_is_not_remembered_for_ever(colours: Colours) -> None:
    for number in range(10_000):
        colours.pair(Style(fg=TRUE_COLOUR | number))
    assert len(colours._pairs) <= 4096


def test_selected_text_stands_out_from_any_ground(colours: Colours) -> None:
    for ground in (0x000000, 0xFFFFFF, 0x263349, 0xD7E4FA):
        colours.follow({palette.BACKGROUND: ground}, is_reversed=False)
        assert contrast(colours.selection, colours.background) >= 1.2

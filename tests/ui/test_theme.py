"""The themes: readable on every surface, complete, with an icon for every headline; and the signals Qt must survive."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFontInfo
from PySide6.QtWidgets import QApplication

from agents.status.headline import GLYPHS
from app.filters import LOOKS
from ui import theme as themes

NAMES = ("dark", "light")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("surface", themes.SURFACES)
@pytest.mark.parametrize("role", themes.TEXT_ROLES)
def test_text_is_readable_on_every_surface(qapp: QApplication, name: str, surface: str, role: str) -> None:
    theme = themes.load(name)
    assert themes.contrast(theme.color(role), theme.color(surface)) >= 4.5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fill", ["accent_fill", "attention_fill"])
def test_text_on_fills_is_readable(qapp: QApplication, name: str, fill: str) -> None:
    theme = themes.load(name)
    assert themes.contrast(theme.on_fill, theme.color(fill)) >= 4.5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("surface", ["window", "panel", "raised", "code"])
def test_the_focus_ring_is_seen(qapp: QApplication, name: str, surface: str) -> None:
    theme = themes.load(name)
    assert themes.contrast(theme.focus, theme.color(surface)) >= 3


def test_contrast_is_computed_as_wcag_has_it() -> None:
    assert themes.contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21)
    assert themes.contrast(QColor("#777777"), QColor("#ffffff")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_every_headline_and_group_can_be_drawn(qapp: QApplication, name: str) -> None:
    theme = themes.load(name)
    wanted = [(glyph.name, glyph.role) for glyph in GLYPHS.values()]
    wanted += [(look.icon, look.role) for look in LOOKS.values()]
    for icon, role in wanted:
        image = theme.pixmap(icon, role, 16).toImage()
        inked = [image.pixelColor(x, y) for x in range(16) for y in range(16) if image.pixelColor(x, y).alpha() > 200]
        assert inked, f"{icon} draws nothing"
        assert any(_near(pixel, theme.color(role)) for pixel in inked), f"{icon} is not {role}"


def test_every_icon_has_one_grid_and_one_weight(qapp: QApplication) -> None:
    for path in sorted((themes.RESOURCES / "icons").glob("*.svg")):
        text = path.read_text("utf-8")
        assert 'viewBox="0 0 16 16"' in text, path.name
        assert 'stroke-width="1.5"' in text, path.name
        assert "#" not in text, f"{path.name} has a colour of its own"


def test_unknown_roles_and_icons_are_refused(theme: themes.Theme) -> None:
    with pytest.raises(AttributeError):
        theme.color("pink")
    with pytest.raises(TypeError, match="no colour role"):
        theme.color("unit")
    with pytest.raises(FileNotFoundError):
        theme.pixmap("unicorn")


def test_the_bundled_fonts_are_used(theme: themes.Theme) -> None:
    assert QFontInfo(theme.font_ui).family() == themes.UI_FAMILY
    assert QFontInfo(theme.font_mono).family() == themes.MONO_FAMILY
    assert QFontInfo(theme.font_mono).fixedPitch()
    assert (themes.RESOURCES / "fonts" / "OFL.txt").exists()


def test_fonts_vary_without_changing_the_original(theme: themes.Theme) -> None:
    larger = theme.ui(delta=3, bold=True, italic=True)
    assert larger.pixelSize() == theme.font_ui.pixelSize() + 3
    assert larger.italic()
    assert not theme.font_ui.italic()
    assert theme.mono(bold=True).bold()


def test_fonts_are_whole(qapp: QApplication) -> None:
    assert themes.install_fonts() == []
    assert {p.suffix for p in Path(themes.RESOURCES / "fonts").iterdir()} <= {".ttf", ".otf", ".txt"}


def test_the_palette_follows_the_theme(qapp: QApplication, theme: themes.Theme) -> None:
    light = themes.load("light")
    themes.apply(qapp, light)
    assert qapp.palette().window().color() == light.panel
    themes.apply(qapp, theme)
    assert qapp.palette().window().color() == theme.panel


class _Source(QObject):
    fired = Signal(int)


def test_five_thousand_signals_arrive(qapp: QApplication) -> None:
    # PySide6 6.12.0 on Python before 3.12 aborts after some 570 of them.
    source, heard = _Source(), []
    source.fired.connect(heard.append)
    for number in range(5000):
        source.fired.emit(number)
    assert heard == list(range(5000))


def _near(first: QColor, second: QColor) -> bool:
    return all(abs(a - b) < 8 for a, b in zip(first.getRgb()[:3], second.getRgb()[:3], strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_the_colours_of_terminals_are_seen(qapp: QApplication, name: str) -> None:
    theme = themes.load(name)
    assert themes.contrast(theme.text, theme.code) >= 4.5
    # Black on a dark ground and white on a light one are what they are called.
    hidden = {0} if theme.dark else {7, 15}
    assert len(theme.ansi) == 16
    for number, color in enumerate(theme.ansi):
        if number not in hidden:
            assert themes.contrast(color, theme.code) >= 3, f"colour {number} of {name}"


@pytest.mark.parametrize("name", NAMES)
def test_no_two_colours_of_terminals_are_the_same(qapp: QApplication, name: str) -> None:
    theme = themes.load(name)
    assert len({color.name() for color in theme.ansi}) == 16

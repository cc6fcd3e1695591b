"""Colours, fonts and icons by role: the only place widgets take them from.

Themes are data (``resources/themes/*.toml``); nothing here knows an agent, and nothing is animated.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

import resources
from ui.stylesheet import stylesheet

RESOURCES = Path(resources.__file__).parent

#: Roles that colour text and icons; each is readable (4.5:1) on each of ``SURFACES``.
TEXT_ROLES = (
    "text",
    "muted",
    "accent",
    "attention",
    "danger",
    "warning",
    "success",
    "info",
    "keyword",
    "string",
    "number",
    "comment",
    "ident",
)

#: Roles that are painted behind text.
SURFACES = ("window", "panel", "raised", "hover", "selection", "code", "diff_added_bg", "diff_removed_bg")

#: Family names of the bundled fonts.
UI_FAMILY = "Inter"
MONO_FAMILY = "JetBrains Mono"

#: Grid of spacings in pixels: paddings and gaps are multiples of it.
UNIT = 4


@dataclass(frozen=True, slots=True, eq=False)
class Theme:
    """One theme: colours by role, two fonts, the spacing unit. Lives in the GUI thread."""

    name: str
    dark: bool
    # surfaces
    window: QColor
    panel: QColor
    raised: QColor
    hover: QColor
    selection: QColor
    code: QColor
    diff_added_bg: QColor
    diff_removed_bg: QColor
    # lines
    border: QColor
    border_strong: QColor
    focus: QColor
    # text and icons
    text: QColor
    muted: QColor
    accent: QColor
    attention: QColor
    danger: QColor
    warning: QColor
    success: QColor
    info: QColor
    keyword: QColor
    string: QColor
    number: QColor
    comment: QColor
    ident: QColor
    # fills
    accent_fill: QColor
    on_fill: QColor
    attention_fill: QColor
    # fonts
    font_ui: QFont
    font_mono: QFont
    # the sixteen colours of terminals
    ansi: tuple[QColor, ...]
    bold_is_bright: bool = False
    unit: int = UNIT

    def color(self, role: str) -> QColor:
        """Return the colour of a role named in data (the headline table, a setting)."""
        found = getattr(self, role)
        if not isinstance(found, QColor):
            raise TypeError(f"{role} is no colour role")
        return found

    def ui(self, *, delta: int = 0, bold: bool = False, italic: bool = False) -> QFont:
        """Return the UI font ``delta`` pixels larger; figures keep one width, so that numbers do not jitter."""
        return _varied(self.font_ui, delta=delta, bold=bold, italic=italic)

    def mono(self, *, delta: int = 0, bold: bool = False, italic: bool = False) -> QFont:
        """Return the mono font ``delta`` pixels larger."""
        return _varied(self.font_mono, delta=delta, bold=bold, italic=italic)

    def pixmap(self, icon: str, role: str = "text", size: int = 16, ratio: float = 1.0) -> QPixmap:
        """Return an icon of ``resources/icons`` tinted with a role, ``size`` logical pixels square."""
        return tinted(icon, self.color(role), size, ratio)

    def icon(self, icon: str, role: str = "text", size: int = 16) -> QIcon:
        """Return a tinted QIcon with single and double density; greyed to ``muted`` when disabled."""
        made = QIcon()
        for ratio in (1.0, 2.0):
            made.addPixmap(self.pixmap(icon, role, size, ratio))
            made.addPixmap(self.pixmap(icon, "muted", size, ratio), QIcon.Mode.Disabled)
        return made

    def icon_pair(self, first: tuple[str, str], second: tuple[str, str], size: int = 16, gap: int = 4) -> QIcon:
        """Return two tinted icons side by side as one, each given by name and role."""
        made = QIcon()
        for ratio in (1.0, 2.0):
            drawn = QPixmap(round((2 * size + gap) * ratio), round(size * ratio))
            drawn.fill(Qt.GlobalColor.transparent)
            drawn.setDevicePixelRatio(ratio)
            painter = QPainter(drawn)
            painter.drawPixmap(0, 0, self.pixmap(*first, size, ratio))
            painter.drawPixmap(size + gap, 0, self.pixmap(*second, size, ratio))
            painter.end()
            made.addPixmap(drawn)
        return made


COLOR_ROLES = tuple(f.name for f in fields(Theme) if f.type == "QColor")


def _varied(font: QFont, *, delta: int, bold: bool, italic: bool) -> QFont:
    made = QFont(font)
    made.setPixelSize(font.pixelSize() + delta)
    if bold:
        made.setWeight(QFont.Weight.DemiBold if font.family() == UI_FAMILY else QFont.Weight.Bold)
    made.setItalic(italic)
    return made


def install_fonts() -> list[str]:
    """Register the bundled fonts with the application; return sentences about files that do not load."""
    known = set(QFontDatabase.families())
    if {UI_FAMILY, MONO_FAMILY} <= known:
        return []
    files = [p for p in sorted((RESOURCES / "fonts").iterdir()) if p.suffix in {".otf", ".ttf"}]
    return [f"font {p.name} does not load" for p in files if QFontDatabase.addApplicationFont(str(p)) < 0]


def load(
    name: str, *, ui_px: int = 13, mono_px: int = 13, mono_family: str = "", bold_is_bright: bool = False
) -> Theme:
    """Read a bundled theme. Needs a QApplication (fonts). Sizes are logical pixels."""
    data = tomllib.loads((RESOURCES / "themes" / f"{name}.toml").read_text("utf-8"))
    flat = {role: value for part in ("surface", "line", "text", "fill") for role, value in data[part].items()}
    install_fonts()
    font_ui = QFont(UI_FAMILY)
    font_ui.setPixelSize(ui_px)
    font_ui.setFeature(QFont.Tag("tnum"), 1)
    font_mono = QFont(mono_family or MONO_FAMILY)
    font_mono.setStyleHint(QFont.StyleHint.Monospace)
    font_mono.setPixelSize(mono_px)
    # Ligatures change what a command looks like; a reader must see its characters.
    font_mono.setFeature(QFont.Tag("calt"), 0)
    colors: dict[str, Any] = {role: QColor(flat[role]) for role in COLOR_ROLES}
    ansi = tuple(QColor(value) for value in data["terminal"]["ansi"])
    return Theme(
        name=name,
        dark=data["dark"],
        font_ui=font_ui,
        font_mono=font_mono,
        ansi=ansi,
        bold_is_bright=bold_is_bright,
        **colors,
    )


def system_name(app: QApplication) -> str:
    """Return the bundled theme that follows the desktop; dark where the desktop does not say."""
    light = app.styleHints().colorScheme() == Qt.ColorScheme.Light
    return "light" if light else "dark"


def apply(app: QApplication, theme: Theme) -> None:
    """Give the whole application this theme: Fusion, palette, font, style sheet."""
    app.setStyle("Fusion")
    app.setPalette(palette(theme))
    app.setFont(theme.font_ui)
    arrow = RESOURCES / "themes" / f"arrow-{theme.name}.svg"
    app.setStyleSheet(stylesheet({role: theme.color(role).name() for role in COLOR_ROLES}, arrow))


def palette(theme: Theme) -> QPalette:
    """Return the palette of a theme, disabled and inactive states included."""
    made = QPalette()
    role = QPalette.ColorRole
    pairs = (
        (role.Window, theme.panel),
        (role.WindowText, theme.text),
        (role.Base, theme.panel),
        (role.AlternateBase, theme.raised),
        (role.ToolTipBase, theme.raised),
        (role.ToolTipText, theme.text),
        (role.PlaceholderText, theme.muted),
        (role.Text, theme.text),
        (role.Button, theme.raised),
        (role.ButtonText, theme.text),
        (role.BrightText, theme.danger),
        (role.Light, theme.border_strong),
        (role.Midlight, theme.border),
        (role.Mid, theme.border),
        (role.Dark, theme.border),
        (role.Shadow, theme.window),
        (role.Highlight, theme.selection),
        (role.HighlightedText, theme.text),
        (role.Accent, theme.accent),
        (role.Link, theme.accent),
        (role.LinkVisited, theme.accent),
    )
    for which, color in pairs:
        made.setColor(which, color)
    for which in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, theme.muted)
    return made


def tinted(icon: str, color: QColor, size: int, ratio: float = 1.0) -> QPixmap:
    """Draw an icon file in one colour. Raises FileNotFoundError for an unknown icon."""
    key = f"qd/{icon}/{color.rgba():x}/{size}/{ratio:g}"
    cached = QPixmap()
    if QPixmapCache.find(key, cached):
        return cached
    source = (RESOURCES / "icons" / f"{icon}.svg").read_text("utf-8").replace("currentColor", color.name())
    pixels = round(size * ratio)
    drawn = QPixmap(pixels, pixels)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(source.encode())).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    QPixmapCache.insert(key, drawn)
    return drawn


def contrast(first: QColor, second: QColor) -> float:
    """Return the WCAG contrast ratio of two opaque colours, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: QColor) -> float:
    channels = (color.redF(), color.greenF(), color.blueF())
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

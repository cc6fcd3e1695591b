"""The key help: every key by zone, derived from the keymap; keys that cannot act now say why."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QTextBrowser, QWidget

from app.commands import BY_ID, Zone
from app.keymap import Keymap, display
from ui.overlay import Overlay
from ui.theme import Theme

TITLES = {
    Zone.ROSTER: "Roster",
    Zone.CARD: "Permission card",
    Zone.TRANSCRIPT: "Transcript and log",
    Zone.COMPOSER: "Message field",
    Zone.TERMINAL: "Terminal",
    Zone.TOOL: "Tools",
    Zone.FIELD: "Text fields",
}

Line = tuple[tuple[str, ...], str]


def tables(keymap: Keymap) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """Return (title, lines of (keys, command)): what acts in every zone once, then what is a zone's own."""
    by_zone = {zone: _by_command(keymap.bound(zone)) for zone in Zone}
    shared = [line for line in by_zone[Zone.TERMINAL] if all(line in lines for lines in by_zone.values())]
    outside = [
        line
        for line in by_zone[Zone.ROSTER]
        if all(_has(lines, line) for z, lines in by_zone.items() if z != "terminal")
    ]
    made = [("Everywhere", tuple(shared)), ("Outside terminals", tuple(line for line in outside if line not in shared))]
    known = {line[1] for _, lines in made for line in lines}
    for zone, title in TITLES.items():
        own = tuple(line for line in by_zone[zone] if line[1] not in known)
        if own:
            made.append((title, own))
    return tuple(made)


def _has(lines: Iterable[Line], line: Line) -> bool:
    return line in lines


def _by_command(pairs: Iterable[tuple[str, str]]) -> list[Line]:
    found: dict[str, list[str]] = {}
    for keys, command in pairs:
        found.setdefault(command, []).append(keys)
    return [(tuple(keys), command) for command, keys in found.items()]


class _Page(QTextBrowser):
    def __init__(self, parent: QWidget, leave: Callable[[], None]) -> None:
        super().__init__(parent)
        self._leave = leave

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt: the keys that open also close; j and k scroll."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F1) or event.text() in ("?", "q"):
            self._leave()
        elif event.text() in ("j", "k"):
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + (40 if event.text() == "j" else -40))
        else:
            super().keyPressEvent(event)


class KeyHelp(Overlay):
    """A page made anew each time it opens."""

    own_keys = Overlay.own_keys | {"?", "q", "j", "k", "F1", "Space", "Ctrl+C", "Ctrl+A"}

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent, theme, width=980, height=900)
        self.setObjectName("keyhelp")
        self.page = _Page(self, self.close_overlay)
        self.page.setAccessibleName("Keys")
        self.page.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.page.setStyleSheet("QTextBrowser { background: transparent; padding: 12px 16px; }")
        self.column.addWidget(self.page)

    def open_with(self, keymap: Keymap, why_not: Callable[[str], str | None], *, is_mac: bool) -> None:
        """Show the keys in force; ``why_not`` tells why a command cannot act now."""
        self.page.setHtml(_html(keymap, why_not, self.theme, is_mac=is_mac))
        self.open_overlay(self.page)


def _html(keymap: Keymap, why_not: Callable[[str], str | None], theme: Theme, *, is_mac: bool) -> str:
    cells = [_table(title, lines, why_not, theme, is_mac=is_mac) for title, lines in tables(keymap)]
    # Balanced by lines, in order: long tables first would tear zones apart.
    columns: tuple[list[str], list[str]] = ([], [])
    weights = [0, 0]
    for (_, lines), cell in zip(tables(keymap), cells, strict=True):
        side = 0 if weights[0] <= weights[1] else 1
        columns[side].append(cell)
        weights[side] += len(lines) + 3
    inner = "".join(f'<td width="50%" style="padding-right:24px;">{"".join(column)}</td>' for column in columns)
    hint = "Rebind any of them in keymap.toml of the config directory. Esc closes."
    return (
        f'<table width="100%"><tr valign="top">{inner}</tr></table>'
        f'<p style="color:{theme.muted.name()}">{html.escape(hint)}</p>'
    )


def _table(
    title: str, lines: Iterable[Line], why_not: Callable[[str], str | None], theme: Theme, *, is_mac: bool
) -> str:
    rows = []
    for keys, command in lines:
        shown = ", ".join(display(k, is_mac=is_mac) for k in keys)
        reason = why_not(command)
        color = theme.muted if reason else theme.text
        after = f' <span style="color:{theme.muted.name()}"><i>{html.escape(reason)}</i></span>' if reason else ""
        key_style = f"color:{theme.accent.name()}; font-family:'{theme.font_mono.family()}'"
        words = html.escape(BY_ID[command].title) + after
        rows.append(
            f'<tr><td width="130" style="{key_style}">{html.escape(shown)}</td>'
            f'<td style="color:{color.name()}">{words}</td></tr>'
        )
    return f'<p><b>{html.escape(title)}</b></p><table cellspacing="0" cellpadding="1">{"".join(rows)}</table>'

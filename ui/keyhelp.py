"""The key help: every key by zone, derived from the keymap; keys that cannot act now say why."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QTextBrowser, QWidget

from app.commands import BY_ID
from app.keylist import Line, tables
from app.keymap import Keymap, display
from ui.overlay import Overlay
from ui.theme import Theme


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
    # Balanced by lines, in order: long tables first would tear zones apart.
    columns: tuple[list[str], list[str]] = ([], [])
    found = tables(keymap)
    half = sum(len(lines) + 2 for _, lines in found) / 2
    so_far = 0
    for title, lines in found:
        side = 0 if so_far < half - 2 else 1
        so_far += len(lines) + 2
        columns[side].append(_table(title, lines, why_not, theme, is_mac=is_mac))
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
    key_style = f"color:{theme.accent.name()}; font-family:'{theme.font_mono.family()}'; font-size:12px"
    for keys, commands in lines:
        shown = (" … " if len(commands) > 1 else "  ").join(display(k, is_mac=is_mac) for k in keys)
        words = BY_ID[commands[0]].title if len(commands) == 1 else "Show or hide the agent in a slot"
        reason = why_not(commands[0]) if len(commands) == 1 else None
        color = theme.muted if reason else theme.text
        after = f' <span style="color:{theme.muted.name()}"><i>{html.escape(reason)}</i></span>' if reason else ""
        rows.append(
            f'<tr><td width="150" style="{key_style}">{html.escape(shown).replace("  ", "&nbsp;&nbsp;")}</td>'
            f'<td style="color:{color.name()}">{html.escape(words)}{after}</td></tr>'
        )
    heading = f'<p style="margin:10px 0 2px 0"><b>{html.escape(title)}</b></p>'
    return f'{heading}<table cellspacing="0" cellpadding="1">{"".join(rows)}</table>'

"""The head of a pane: state, name, kind, branch, mode, context and cost of an agent on one line, each only if known."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from agents.model import AgentRow, Usage
from agents.status.headline import GLYPHS
from agents.status.untrusted import one_line
from agents.status.words import trying
from ui.kinds import kind_icon
from ui.theme import Theme
from ui.tip import tip_of

HEIGHT = 32
GAP = 14

#: What programs put before their titles and change every second: spinners (Braille and the like) and marks.
_TICKS = "".join(map(chr, (*range(0x2800, 0x2900), *range(0x2190, 0x27C0), *range(0x2B00, 0x2C00)))) + " *·•\u23fa"

#: Share of the context from which on its gauge warns.
WARN_AT, DANGER_AT = 0.75, 0.92


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on the line. The one with the highest ``drop`` goes first when room is short; 0 stays."""

    text: str
    role: str = "muted"
    bold: bool = False
    drop: int = 0
    gauge: float | None = None
    icon: str = ""


class Header(QWidget):
    """Paints a row's facts; repaints only when one changed. Holds the switch between transcript and raw log."""

    log_toggled = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._items: tuple[Item, ...] = ()
        self._row: AgentRow | None = None
        self._title = self._hint = ""
        self._log = QToolButton()
        self._log.setCheckable(True)
        self._log.setIconSize(QSize(16, 16))
        self._log.setToolTip("Raw log: everything the program wrote")
        self._log.setAccessibleName("Raw log")
        self._log.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._log.toggled.connect(self.log_toggled)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.addStretch(1)
        row.addWidget(self._log)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._theme = theme
        self._log.setIcon(theme.icon("log", "muted"))
        self.update()

    def show_row(self, row: AgentRow | None) -> None:
        """Show an agent's facts."""
        self._row = row
        items = facts(row, self._title) if row is not None else (Item("gone"),)
        items += (Item(self._hint, "accent", drop=2),) if self._hint else ()
        if items == self._items:
            return
        self._items = items
        self.setAccessibleName(", ".join(item.text for item in items))
        self.setToolTip(tip_of("  ·  ".join(item.text for item in items)))
        self.update()

    def show_title(self, title: str) -> None:
        """Show what the program in the terminal calls itself; what ticks in front of it is left out."""
        self._title = one_line(title, 80).lstrip(_TICKS)
        self.show_row(self._row)

    def show_hint(self, hint: str) -> None:
        """Show a key to know now, or nothing."""
        self._hint = hint
        self.show_row(self._row)

    def show_log_switch(self, *, there: bool, on: bool) -> None:
        """Offer the raw log beside a transcript or a screen."""
        self._log.setVisible(there)
        if self._log.isChecked() is not on:
            self._log.blockSignals(True)
            self._log.setChecked(on)
            self._log.blockSignals(False)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Paint what fits; the name is cut before it goes."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.raised)
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), self._theme.border)
        room = self.width() - 12 - (self._log.width() + 12 if self._log.isVisible() else 8)
        shown = self._fitting(room)
        x = 12
        for item in shown:
            x = self._paint_item(painter, item, x, room + 12)
        painter.end()

    def _fitting(self, room: int) -> list[Item]:
        shown = list(self._items)
        while len(shown) > 1 and sum(self._wide(item) + GAP for item in shown) - GAP > room:
            first = max(shown, key=lambda item: item.drop)
            if not first.drop:
                break
            shown.remove(first)
        return shown

    def _wide(self, item: Item) -> int:
        extra = (22 if item.icon else 0) + (46 if item.gauge is not None else 0)
        return QFontMetrics(self._font(item)).horizontalAdvance(item.text) + extra

    def _font(self, item: Item) -> QFont:
        return self._theme.ui(bold=True) if item.bold else self._theme.ui(delta=-1)

    def _paint_item(self, painter: QPainter, item: Item, x: int, end: int) -> int:
        color = self._theme.color(item.role)
        middle = self.height() // 2
        if item.icon:
            pixmap = self._theme.pixmap(item.icon, item.role, 16, self.devicePixelRatioF())
            painter.drawPixmap(x, middle - 8, pixmap)
            x += 22
        if item.gauge is not None:
            self._paint_gauge(painter, item, x, middle)
            x += 46
        font = self._font(item)
        painter.setFont(font)
        painter.setPen(color)
        words = QFontMetrics(font).elidedText(item.text, Qt.TextElideMode.ElideRight, max(24, end - x))
        width = QFontMetrics(font).horizontalAdvance(words)
        box = QRect(x, 0, width + 2, self.height() - 1)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
        return x + width + GAP

    def _paint_gauge(self, painter: QPainter, item: Item, x: int, middle: int) -> None:
        share = min(1.0, item.gauge or 0.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.border_strong)
        painter.drawRoundedRect(QRect(x, middle - 2, 40, 4), 2, 2)
        painter.setBrush(self._theme.color(item.role))
        painter.drawRoundedRect(QRect(x, middle - 2, max(3, round(40 * share)), 4), 2, 2)


def facts(row: AgentRow, title: str = "") -> tuple[Item, ...]:
    """Return what is known of an agent, in the order of the line; ``title`` is what its program calls itself."""
    glyph = GLYPHS[row.state]
    word = glyph.word if row.state.value not in ("exited", "failed") else one_line(row.headline, 40)
    items = [
        Item(word, glyph.role, icon=glyph.name),
        Item(one_line(row.name, 60), "text", bold=True, icon=kind_icon(row.kind, row.family)),
        Item(one_line(row.kind, 40), drop=4),
    ]
    if title and title.casefold() not in (row.name.casefold(), row.kind.casefold()):
        items.append(Item(title, drop=7))
    if row.trouble is not None and row.trouble.retrying:  # else the headline says it
        items.append(Item(one_line(trying(row.trouble), 60), "warning", drop=2))
    if row.branch:
        items.append(Item(one_line(row.branch, 60), drop=5, icon="branch"))
    if row.mode:
        name = next((mode.name for mode in row.modes if mode.id == row.mode), row.mode)
        items.append(Item(f"{one_line(name, 30)} mode" if "mode" not in name.lower() else one_line(name, 30), drop=3))
    if row.model:
        named = next((model.name for model in row.models if model.id == row.model), row.model)
        items.append(Item(one_line(named, 40), drop=6))
    context = _context(row.usage)
    if context:
        items.append(context)
    cost = row.cost if row.cost is not None else row.usage.cost
    if cost is not None:
        items.append(Item(f"${cost:,.2f}", drop=1))
    return tuple(items)


def _context(usage: Usage) -> Item | None:
    if usage.context_used is None:
        return None
    if not usage.context_size:
        return Item(f"{tokens(usage.context_used)} tokens", drop=2)
    share = usage.context_used / usage.context_size
    role = "danger" if share >= DANGER_AT else "warning" if share >= WARN_AT else "muted"
    return Item(f"{tokens(usage.context_used)}/{tokens(usage.context_size)}", role, drop=2, gauge=share)


def tokens(count: int) -> str:
    """Return a number of tokens: ``940``, ``41k``, ``1.2M``."""
    if count < 1000:
        return str(count)
    if count < 999_500:
        return f"{count / 1000:.0f}k"
    return f"{count / 1_000_000:.1f}M"

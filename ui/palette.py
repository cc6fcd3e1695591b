"""The palette: any command or agent by a few letters, with its keys and why it cannot act now.

Also the chooser for short lists (session modes). Knows entries, not what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QLabel, QLineEdit, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.fuzzy import match
from ui.overlay import Overlay
from ui.strip import Ink, Strip
from ui.theme import Theme
from ui.tip import tip_of

_ENTRY = Qt.ItemDataRole.UserRole + 1

Index = QModelIndex | QPersistentModelIndex


#: Pixels of the palette when many entries match.
_HEIGHT = 460


class Entry(msgspec.Struct, frozen=True):
    """One thing to choose. ``disabled`` says why it cannot be; ``act`` does it."""

    title: str
    act: Callable[[], None]
    detail: str = ""
    keys: str = ""
    disabled: str = ""
    icon: str = ""
    role: str = "muted"
    second: str = ""  # an icon beside the first, which says nothing the words do not
    also: str = ""  # further words to find it by


def ranked(entries: Sequence[Entry], query: str) -> tuple[Entry, ...]:
    """Return the entries that match, best first; without a query all, in their order."""
    if not query.strip():
        return tuple(entries)
    scored = []
    for number, entry in enumerate(entries):
        title = match(query, entry.title)
        whole = match(query, f"{entry.title} {entry.also}")
        best = max((hit.score + bonus for hit, bonus in ((title, 10), (whole, 0)) if hit), default=None)
        if best is not None:
            scored.append((-best, bool(entry.disabled), number, entry))
    return tuple(entry for *_, entry in sorted(scored, key=lambda item: item[:3]))


class _Entries(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.entries: tuple[Entry, ...] = ()

    def rowCount(self, _: Index = QModelIndex()) -> int:  # noqa: B008  (Qt's own signature)
        """Qt: how many entries."""
        return len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Qt: an entry, its words, and what a screen reader says."""
        entry = self.entries[index.row()]
        if role == _ENTRY:
            return entry
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (entry.title, entry.disabled or entry.detail, entry.keys) if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip_of(entry.disabled or entry.detail)
        return None

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        """Replace all entries."""
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()


class _Delegate(QStyledItemDelegate):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme

    def sizeHint(self, _: QStyleOptionViewItem, __: Index) -> QSize:
        """Qt: one height."""
        return QSize(200, QFontMetrics(self.theme.font_ui).height() + 12)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Qt: icon, title, detail or reason, keys."""
        theme, entry = self.theme, index.data(_ENTRY)
        rect: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.selection)
        strip = Strip(painter, theme, rect.adjusted(12, 0, -12, 0))
        if entry.icon:
            strip.icon(entry.icon, entry.role)
            strip.left += 4
        else:
            strip.left += 24
        if entry.second:
            strip.icon(entry.second, "muted")
            strip.left += 4
        if entry.keys:
            strip.end(entry.keys, Ink(theme.mono(delta=-1), theme.muted))
        strip.begin(entry.title, Ink(theme.font_ui, theme.muted if entry.disabled else theme.text))
        strip.begin(entry.disabled or entry.detail, Ink(theme.ui(delta=-1, italic=bool(entry.disabled)), theme.muted))


_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10}


class _Query(QLineEdit):
    """The field; arrows go to the list."""

    moved = Signal(int)
    chosen = Signal()
    left = Signal()

    def focusNextPrevChild(self, _: bool) -> bool:
        """Qt: Tab walks the list, like the arrows."""
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt: keys that walk the list; everything else is typed."""
        key = Qt.Key(event.key())
        if key in _STEPS:
            self.moved.emit(_STEPS[key])
        elif key == Qt.Key.Key_Tab:
            self.moved.emit(1)
        elif key == Qt.Key.Key_Backtab:
            self.moved.emit(-1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit()
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class Palette(Overlay):
    """A field over a list. ``open_with`` decides what can be chosen."""

    refused = Signal(str)

    own_keys = Overlay.own_keys | {"Ctrl+K", "Ctrl+A", "Ctrl+C", "Ctrl+V", "Ctrl+X", "Ctrl+Z"}

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent, theme, width=640, height=_HEIGHT)
        self.setObjectName("palette")
        self.field = _Query(self)
        self.list = QListView(self)
        self.list.setAccessibleName("Matches")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(lambda _: self._choose())
        self._nothing = QLabel("Nothing matches", self, alignment=Qt.AlignmentFlag.AlignCenter)
        self._nothing.setProperty("role", "muted")
        self._model = _Entries()
        self._all: tuple[Entry, ...] = ()
        self._delegate = _Delegate(theme)
        self.list.setModel(self._model)
        self.list.setItemDelegate(self._delegate)
        self.column.addWidget(self.field)
        self.column.addWidget(self.list, 1)
        self.column.addWidget(self._nothing, 1)
        self.field.textChanged.connect(self._search)
        self.field.moved.connect(self._move)
        self.field.chosen.connect(self._choose)
        self.field.left.connect(self.close_overlay)
        self._style()

    def set_theme(self, theme: Theme) -> None:
        """Take colours and fonts from ``theme``."""
        super().set_theme(theme)
        if hasattr(self, "_delegate"):
            self._delegate.theme = theme
            self._style()

    def _style(self) -> None:
        theme = self.theme
        self.field.setFont(theme.ui(delta=2))
        self.field.setStyleSheet(
            f"QLineEdit {{ background: transparent; border: none; border-bottom: 1px solid {theme.border.name()};"
            " border-radius: 0; padding: 12px 14px; }"
        )
        self.list.setStyleSheet(f"QListView {{ background: {theme.raised.name()}; padding: 4px 0; }}")

    def open_with(self, entries: Sequence[Entry], placeholder: str, query: str = "") -> None:
        """Offer ``entries``."""
        self._all = tuple(entries)
        self.field.setPlaceholderText(placeholder)
        self.field.setAccessibleName(placeholder)
        self.field.setText(query)
        self._search(query)
        self.open_overlay(self.field)

    def entries(self) -> tuple[Entry, ...]:
        """Return what is listed now, best first."""
        return self._model.entries

    def _search(self, query: str) -> None:
        self._model.show_entries(ranked(self._all, query))
        has_any = bool(self._model.entries)
        self.list.setVisible(has_any)
        self._nothing.setVisible(not has_any)
        if has_any:
            self.list.setCurrentIndex(self._model.index(0))
        self._fit_to_matches()

    def _fit_to_matches(self) -> None:
        """Be as high as the matches need, up to the height of the overlay."""
        row = max(self.list.sizeHintForRow(0), 24)
        self.set_height(min(_HEIGHT, self.field.sizeHint().height() + row * max(2, len(self._model.entries)) + 12))

    def _move(self, steps: int) -> None:
        total = len(self._model.entries)
        if total:
            row = self.list.currentIndex().row() + steps
            row = row % total if abs(steps) == 1 else max(0, min(total - 1, row))
            self.list.setCurrentIndex(self._model.index(row))

    def _choose(self) -> None:
        index = self.list.currentIndex()
        if not index.isValid():
            return
        entry = self._model.entries[index.row()]
        if entry.disabled:
            self.refused.emit(f"{entry.title}: {entry.disabled}")
            return
        # Focus goes back first: what is chosen acts on what had the keyboard.
        self.close_overlay()
        entry.act()

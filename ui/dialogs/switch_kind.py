"""Switch: what an agent goes on as, and who pays for it then. Opened, never run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from agents.model import AgentRow
from agents.spec import KindInfo
from agents.status.untrusted import one_line
from app.actions.sessions import is_mid_turn
from ui.dialogs.form import FormDialog
from ui.theme import Theme

_NAME = Qt.ItemDataRole.UserRole

UNKNOWN_POOL = "not known: its kind does not say"


class SwitchKindDialog(FormDialog):
    """Collects the name of a kind; ``on_submit`` gets it."""

    def __init__(  # noqa: PLR0913, PLR0917 (what it shows and who hears)
        self,
        parent: QWidget,
        theme: Theme,
        row: AgentRow,
        present: KindInfo | None,
        kinds: Sequence[KindInfo],
        on_submit: Callable[[str], None],
    ) -> None:
        super().__init__(parent, f"Switch {row.name}", "Switch", width=620)
        self._kinds = {kind.name: kind for kind in kinds}
        self._on_submit = on_submit
        now = one_line((present.title if present else "") or row.kind)
        self.now = self.words(f"{now}\nPays: {_pool(present)}", 3, "plain")
        self.kinds = QListWidget(self)
        self.kinds.setAccessibleName("Goes on as")
        self.kinds.setProperty("frame", "input")
        self.kinds.setWordWrap(True)
        self.kinds.setSpacing(2)
        self.kinds.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for kind in kinds:
            self.kinds.addItem(_item(kind, theme))
        self._fit(len(kinds))
        self.when = self.words(_when(row), 2)
        self.form.addRow("Now", self.now)
        self.form.addRow("Goes on as", self.kinds)
        self.form.addRow("", self.when)
        self.kinds.currentItemChanged.connect(lambda *_: self._on_kind())
        self.kinds.itemDoubleClicked.connect(lambda _: self.submit())
        self.kinds.setCurrentRow(0)
        self.kinds.setFocus()
        self._on_kind()
        self.resize(self.width(), self.sizeHint().height())

    def _fit(self, count: int) -> None:
        """Be as high as the choices need."""
        line = self.fontMetrics().lineSpacing()
        self.kinds.setFixedHeight((3 * line + 14) * min(4, max(1, count)) + 8)

    def _on_kind(self) -> None:
        kind = self.kind()
        self.accept_button.setEnabled(kind is not None and kind.available)

    def kind(self) -> KindInfo | None:
        """Return the selected kind."""
        index = self.kinds.currentIndex()
        return self._kinds.get(str(index.data(_NAME))) if index.isValid() else None

    def submit(self) -> None:
        """Hand over the choice."""
        kind = self.kind()
        if kind is None:
            self.refuse("choose what it goes on as", self.kinds)
        elif not kind.available:
            self.refuse(kind.problem or f"{kind.name} is not installed", self.kinds)
        else:
            self._on_submit(kind.name)
            self.accept()


def _item(kind: KindInfo, theme: Theme) -> QListWidgetItem:
    title = one_line(kind.title or kind.name)
    state = "" if kind.available else "   not installed"
    item = QListWidgetItem(
        theme.icon("agent", "success" if kind.available else "muted"), f"{title}{state}\nPays: {_pool(kind)}"
    )
    item.setData(_NAME, kind.name)
    item.setToolTip(one_line(kind.description, 400) if kind.available else one_line(kind.problem, 400))
    return item


def _pool(kind: KindInfo | None) -> str:
    return one_line(kind.pool if kind is not None else "", 300).rstrip(".") or UNKNOWN_POOL


def _when(row: AgentRow) -> str:
    same = "It stays the same agent with the same session; its present program is ended first."
    if is_mid_turn(row):
        return f"It is in the middle of a turn and switches as soon as that is over. {same}"
    return same

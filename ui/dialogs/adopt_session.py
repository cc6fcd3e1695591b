"""Adopt: a session one already has becomes an agent. Searchable; opened at once and filled when they are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStackedWidget,
    QWidget,
)

from agents.spec import KindInfo
from agents.status.headline import age
from agents.status.untrusted import one_line
from agents.wire import AdoptSession, FoundSession, FoundSessions
from app.fuzzy import match
from ui.dialogs.form import FormDialog
from ui.roster.look import place
from ui.theme import Theme
from ui.tip import tip_of

_ID = Qt.ItemDataRole.UserRole

#: Rows that are visible at once.
_ROWS = 8

_MOVES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -_ROWS, Qt.Key.Key_PageDown: _ROWS}


class AdoptSessionDialog(FormDialog):
    """Collects an ``AdoptSession``; ``show_found`` fills it."""

    def __init__(  # noqa: PLR0913, PLR0917 (what it shows and who hears)
        self,
        parent: QWidget,
        theme: Theme,
        project: str,
        kinds: Sequence[KindInfo],
        now: Callable[[], float],
        on_submit: Callable[[AdoptSession], None],
    ) -> None:
        super().__init__(parent, f"Adopt a session of {place(project)}", "Adopt", width=720)
        self._theme = theme
        self._project = project
        self._now = now
        self._infos = {kind.name: kind for kind in kinds}
        self._on_submit = on_submit
        self._found: tuple[FoundSession, ...] = ()
        self.search = QLineEdit(self, placeholderText="words of the session, or the beginning of its id")
        self.search.setClearButtonEnabled(True)
        self.search.installEventFilter(self)
        self.list = QListWidget(self)
        self.list.setAccessibleName("Sessions")
        self.list.setProperty("frame", "input")
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.empty = QLabel("Looking for sessions…", self, alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "muted")
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.list)
        self.pages.addWidget(self.empty)
        self.pages.setCurrentWidget(self.empty)
        self.pages.setFixedHeight((2 * self.fontMetrics().lineSpacing() + 8) * _ROWS)
        self.kind = QComboBox(self)
        self.kind.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.pool = self.words("", 2)
        self.name = QLineEdit(self, placeholderText="named by its kind")
        for label, widget in (
            ("Find", self.search), ("Session", self.pages), ("Continue as", self.kind), ("", self.pool),
            ("Name", self.name),
        ):  # fmt: skip
            self.form.addRow(label, widget)
        self.search.textChanged.connect(lambda _: self._fill())
        self.list.currentItemChanged.connect(lambda *_: self._on_session())
        self.list.itemDoubleClicked.connect(lambda _: self.submit())
        self.kind.currentIndexChanged.connect(lambda _: self._on_kind())
        self.search.setFocus()
        self._on_session()
        self.resize(self.width(), self.sizeHint().height())

    def show_found(self, found: FoundSessions) -> None:
        """Show what was found, and what could not be looked at."""
        self._found = found.sessions
        if found.problems:
            self.refuse("; ".join(one_line(problem, 300) for problem in found.problems), self.search)
        self._fill()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt: arrows in the search field walk the list."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            steps = _MOVES.get(Qt.Key(event.key()))
            if steps is not None and self.list.count():
                self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + steps)))
                return True
        return super().eventFilter(watched, event)

    def _fill(self) -> None:
        query = self.search.text().strip()
        shown = [session for session in self._found if _matches(session, query)]
        self.list.clear()
        for session in shown:
            self.list.addItem(self._item(session))
        self.empty.setText(
            "No session matches"
            if self._found
            else f"Claude Code and Codex hold no session of {place(self._project)}.\n"
            "What they were asked there, outside Quarterdeck, would be listed here."
        )
        self.pages.setCurrentWidget(self.list if shown else self.empty)
        self.list.setCurrentRow(0)
        self._on_session()

    def _item(self, session: FoundSession) -> QListWidgetItem:
        title = one_line(session.title) or "(nothing was said)"
        facts = [f"{age(max(0.0, self._now() - session.used_at))} ago", self._title(session.kinds[0]), session.id[:8]]
        if session.agent is not None:
            facts.append(f"{'runs as' if session.is_running else 'was'} {one_line(session.agent_name)}")
        role = "muted" if session.is_running else "success"
        item = QListWidgetItem(self._theme.icon("agent", role), f"{title}\n{' · '.join(facts)}")
        item.setData(_ID, session.id)
        item.setToolTip(tip_of(title, session.id, session.cwd))
        return item

    def _title(self, kind: str) -> str:
        info = self._infos.get(kind)
        return one_line((info.title if info else "") or kind)

    def session(self) -> FoundSession | None:
        """Return the selected session."""
        index = self.list.currentIndex()
        wanted = index.data(_ID) if index.isValid() else None
        return next((session for session in self._found if session.id == wanted), None)

    def _on_session(self) -> None:
        session = self.session()
        kinds = () if session is None else session.kinds
        known = [name for name in kinds if (info := self._infos.get(name)) is None or info.available]
        before = self.kind.currentData()
        self.kind.clear()
        for name in known:
            self.kind.addItem(self._title(name), name)
        self.kind.setCurrentIndex(max(0, self.kind.findData(before)) if known else -1)
        self.kind.setEnabled(bool(known))
        self.accept_button.setEnabled(bool(known) and session is not None and not session.is_running)
        self._on_kind()

    def _on_kind(self) -> None:
        session, info = self.session(), self._infos.get(str(self.kind.currentData()))
        if session is not None and session.is_running:
            self.pool.setText(f"{one_line(session.agent_name)} runs it now: use that, or stop it first.")
        elif info is not None and info.pool:
            self.pool.setText(f"Pays: {one_line(info.pool, 300).rstrip('.')}. End the program that held it first.")
        else:
            self.pool.setText("End the program that held it first: a session must not run twice." if session else "")

    def submit(self) -> None:
        """Hand over the choice."""
        session = self.session()
        if session is None:
            self.refuse("choose a session", self.search)
        elif session.is_running:
            self.refuse(f"{session.agent_name} runs it now: use that, or stop it first", self.search)
        elif self.kind.currentData() is None:
            self.refuse("no program that could continue it is installed", self.search)
        else:
            name = self.name.text().strip() or None
            self._on_submit(AdoptSession(str(self.kind.currentData()), session.id, self._project, name))
            self.accept()


def _matches(session: FoundSession, query: str) -> bool:
    if not query:
        return True
    return session.id.startswith(query) or match(query, f"{session.title} {' '.join(session.kinds)}") is not None

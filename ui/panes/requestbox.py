"""What a request would do, painted: the exact command, where, its risks, the diff of an edit. Answers nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QWidget

from agents.model import Request
from agents.status.asked import beyond
from agents.status.risk import Mark, Risk
from agents.status.untrusted import clean, one_line
from app.diffrows import rows
from app.markdown import Code, Para, Span, Text
from ui.panes.transcript import richtext
from ui.panes.transcript.brush import Brush
from ui.panes.transcript.parts import Fold, Icon, Placed
from ui.panes.transcript.setter import Setter
from ui.panes.transcript.sheet import GUTTER, Sheet
from ui.theme import Theme

#: Highest box before it scrolls inside, in a high pane and in a low one.
MAX_HEIGHT = 360
MIN_HEIGHT = 90

#: Risks that cannot be taken back.
GRAVE = frozenset({Risk.DELETE, Risk.ROOT, Risk.OPAQUE, Risk.PUSH})


@dataclass(frozen=True, slots=True)
class Shown:
    """A request, its risks, and the directory the agent works in."""

    request: Request
    marks: tuple[Mark, ...]
    worktree: str

    @property
    def where(self) -> str:
        """Return the directory of the request in the user's words."""
        cwd = self.request.cwd
        if not cwd:
            return ""
        if cwd.rstrip("/") == self.worktree.rstrip("/"):
            return one_line(PurePosixPath(cwd).name or cwd, 200)
        return one_line(self.relative(cwd), 200)

    def relative(self, path: str) -> str:
        """Return a path as seen from the directory the agent works in; one outside stays whole."""
        root = self.worktree.rstrip("/") + "/"
        return path.removeprefix(root) if root != "/" else path


class RequestSetter(Setter):
    """Sets a request the way the transcript sets tool calls."""

    def request(self, shown: Shown, width: int) -> Placed:
        """Return the body of a card, ``width`` pixels wide."""
        request = shown.request
        placed = Placed(0, Fold.ALL, width + GUTTER)
        y = 0
        if request.command:
            y = self._code(placed, Code("bash", clean(request.command)), y) + 8
        y = self._facts(placed, shown, y)
        for mark in shown.marks:
            y = self._risk(placed, mark, y)
        detail = beyond(request)
        if detail:
            para = Text((Para((Span(clean(detail).strip().replace("\n", "\u2028")),)),))
            document = richtext.text_document(self.sheet, para, color=self._theme.muted)
            part = self._add(placed, document, GUTTER, y + 2, self._text_width(placed.width))
            y = part.y + part.height + 4
        for diff in map(rows, request.diffs):
            named = replace(diff, path=shown.relative(diff.path))
            y = self._diff(placed, named, y + 2, 400, alone=False) + 6
        placed.height = y
        return placed

    def _text_width(self, width: int) -> int:
        return max(120, width - GUTTER)

    def _facts(self, placed: Placed, shown: Shown, y: int) -> int:
        request = shown.request
        facts = [f"in {shown.where}"] if shown.where else []
        if request.tool_kind not in ("other", "execute"):
            facts.append(request.tool_kind)
        edited = {diff.path for diff in request.diffs}
        facts += [one_line(shown.relative(path), 200) for path in request.paths[:6] if path not in edited]
        if len(request.paths) > 6:
            facts.append(f"and {len(request.paths) - 6} more paths")
        if not facts:
            return y
        para = Text((Para((Span("  ·  ".join(facts)),)),))
        document = richtext.text_document(self.sheet, para, font=self.sheet.small, color=self._theme.muted)
        part = self._add(placed, document, GUTTER, y, self._text_width(placed.width))
        return y + part.height + 2

    def _risk(self, placed: Placed, mark: Mark, y: int) -> int:
        grave = mark.risk in GRAVE
        role = "danger" if grave else "warning"
        placed.marks.append(Icon("exclamation", role, GUTTER, y + 2, 14))
        color = self._theme.color(role)
        spans = [(mark.risk.value, self.sheet.bold, color)]
        why = one_line(mark.why, 120)
        if why:
            spans.append((f"   {why}", self.sheet.mono, self._theme.muted))
        document = richtext.line_document(self.sheet, spans)
        part = self._add(placed, document, GUTTER + 20, y, self._text_width(placed.width) - 20)
        return y + part.height + 3


class RequestBox(QAbstractScrollArea):
    """The body of a card; as high as it needs to be, up to a limit."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Shown | None = None
        self._placed: Placed | None = None
        self._most = MAX_HEIGHT
        self._resized = QTimer(self, singleShot=True, interval=0)
        self._resized.timeout.connect(self._set)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.viewport().setAutoFillBackground(False)
        self.setAutoFillBackground(False)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        sheet = Sheet(theme)
        self._setter = RequestSetter(sheet)
        self._brush = Brush(sheet)
        self._theme = theme
        self._set()

    def show_request(self, shown: Shown) -> None:
        """Show a request with its risks."""
        self._shown = shown
        self.verticalScrollBar().setValue(0)
        self._set()

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show beyond the title."""
        return self._placed is None or self._placed.height == 0

    def scroll_by(self, pixels: int) -> None:
        """Scroll inside."""
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + pixels)

    def _set(self) -> None:
        if self._shown is None:
            return
        bar = self.verticalScrollBar()
        self._placed = self._setter.request(self._shown, max(120, self.width()))
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if self._placed.height > self._most:
            policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOn
            self._placed = self._setter.request(self._shown, max(120, self.width() - bar.sizeHint().width()))
        self.setVerticalScrollBarPolicy(policy)
        height = min(self._most, self._placed.height)
        bar.setRange(0, max(0, self._placed.height - height))
        bar.setPageStep(height)
        bar.setSingleStep(20)
        if self.height() != height:
            self.setFixedHeight(height)
        self.viewport().update()

    def sizeHint(self) -> QSize:
        """Return the height the request needs."""
        return QSize(300, min(self._most, self._placed.height) if self._placed else 0)

    def set_most(self, height: int) -> None:
        """Scroll inside beyond this height: a card must leave room for what it is about."""
        most = min(MAX_HEIGHT, max(MIN_HEIGHT, height))
        if most != self._most:
            self._most = most
            self._set()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Set anew for another width."""
        super().resizeEvent(event)
        # Not now: another height in the middle of a resize leaves the viewport as it was, and the text is cut off.
        if event.oldSize().width() != event.size().width():
            self._resized.start()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """Paint anew."""
        self.viewport().update()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Paint what is in sight."""
        if self._placed is None:
            return
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), self._theme.raised)
        painter.translate(QPoint(-GUTTER, -self.verticalScrollBar().value()))
        top = self.verticalScrollBar().value()
        self._brush.block(painter, self._placed, (top, top + self.height()), lambda _index, _part: ())
        painter.end()
        if self._placed.height > self.height():
            self._paint_shade()

    def _paint_shade(self) -> None:
        """Say that there is more below."""
        bar = self.verticalScrollBar()
        if bar.value() >= bar.maximum():
            return
        painter = QPainter(self.viewport())
        area = self.viewport().rect()
        strip = QRect(0, area.bottom() - 19, area.width(), 20)
        painter.fillRect(strip, self._theme.raised)
        painter.setPen(self._theme.muted)
        painter.setFont(self._setter.sheet.small)
        painter.drawText(strip, Qt.AlignmentFlag.AlignCenter, "more below  ↓")
        painter.end()

    def accessible_text(self) -> str:
        """Return everything the body shows."""
        return "\n".join(part.text for part in self._placed.parts) if self._placed else ""

"""What a request would do, painted: the exact command, where, its risks, the diff of an edit. Answers nothing."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QWidget

from agents.model import Request
from agents.status.untrusted import clean, one_line
from app.diffrows import rows
from app.markdown import Code, Para, Span, Text
from app.risk import Mark, Risk
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


class RequestSetter(Setter):
    """Sets a request the way the transcript sets tool calls."""

    def request(self, request: Request, marks: tuple[Mark, ...], where: str, width: int) -> Placed:
        """Return the body of a card for ``request``, ``width`` pixels wide."""
        placed = Placed(0, Fold.ALL, width + GUTTER)
        y = 0
        if request.command:
            y = self._code(placed, Code("bash", clean(request.command)), y) + 8
        y = self._facts(placed, request, where, y)
        for mark in marks:
            y = self._risk(placed, mark, y)
        if request.detail:
            para = Text((Para((Span(clean(request.detail).strip().replace("\n", "\u2028")),)),))
            document = richtext.text_document(self.sheet, para, color=self._theme.muted)
            part = self._add(placed, document, GUTTER, y + 2, self._text_width(placed.width))
            y = part.y + part.height + 4
        for diff in map(rows, request.diffs):
            y = self._diff(placed, diff, y + 2, 400, alone=False) + 6
        placed.height = y
        return placed

    def _text_width(self, width: int) -> int:
        return max(120, width - GUTTER)

    def _facts(self, placed: Placed, request: Request, where: str, y: int) -> int:
        facts = []
        if where:
            facts.append(f"in {where}")
        if request.tool_kind not in ("other", "execute"):
            facts.append(request.tool_kind)
        edited = {diff.path for diff in request.diffs}
        facts += [one_line(path, 200) for path in request.paths[:6] if path not in edited]
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
        self._request: Request | None = None
        self._marks: tuple[Mark, ...] = ()
        self._where = ""
        self._placed: Placed | None = None
        self._most = MAX_HEIGHT
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

    def show_request(self, request: Request, marks: tuple[Mark, ...], where: str) -> None:
        """Show a request with its risks; ``where`` is the directory in the user's words."""
        self._request, self._marks, self._where = request, marks, where
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
        if self._request is None:
            return
        width = max(120, self.viewport().width())
        self._placed = self._setter.request(self._request, self._marks, self._where, width)
        height = min(self._most, self._placed.height)
        bar = self.verticalScrollBar()
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
        if event.oldSize().width() != event.size().width():
            self._set()

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

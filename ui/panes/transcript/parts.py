"""What a laid-out block consists of: documents in their places and the marks around them. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFont, QTextDocument

from app.diffrows import Row
from app.markdown import Parsed, Piece


class Fold(Enum):
    """How much of a block is shown; AUTO is what its kind and state suggest."""

    AUTO = "auto"
    CLOSED = "closed"
    OPEN = "open"
    ALL = "all"


@dataclass(slots=True)
class Part:
    """A document at (x, y) of its block. ``piece`` is what it was made from, ``rows`` the lines of a diff."""

    document: QTextDocument
    x: int
    y: int
    width: int
    piece: Piece | None = None
    rows: tuple[Row, ...] = ()
    code: str = ""  # what its copy button copies
    frame: QRect = field(default_factory=QRect)  # the box around it, within the block

    @property
    def height(self) -> int:
        """Return the height of the text."""
        return round(self.document.size().height())

    @property
    def text(self) -> str:
        """Return the shown text."""
        return self.document.toPlainText()

    def position_at(self, point: QPointF) -> int:
        """Return the text position nearest to a point of the block."""
        inner = point - QPointF(self.x, self.y)
        return self.document.documentLayout().hitTest(inner, Qt.HitTestAccuracy.FuzzyHit)

    def anchor_at(self, point: QPointF) -> str:
        """Return the target of the link at a point of the block, or nothing."""
        return self.document.documentLayout().anchorAt(point - QPointF(self.x, self.y))


@dataclass(frozen=True, slots=True)
class Fill:
    """A filled, maybe outlined box behind the text."""

    rect: QRect
    color: QColor
    radius: int = 0
    border: QColor | None = None


@dataclass(frozen=True, slots=True)
class Icon:
    """A tinted icon."""

    name: str
    role: str
    x: int
    y: int
    size: int = 16


@dataclass(frozen=True, slots=True)
class Words:
    """A short text that is not part of what can be selected: a duration, a language, a time."""

    text: str
    rect: QRect
    font: QFont
    color: QColor
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignRight


@dataclass(slots=True)
class Placed:
    """A laid-out block: its parts, its marks, its height; valid for one width, fold and revision."""

    rev: int
    fold: Fold
    width: int
    height: int = 0
    parts: list[Part] = field(default_factory=list)
    marks: list[Fill | Icon | Words] = field(default_factory=list)
    parsed: Parsed | None = None
    foldable: bool = False
    is_open: bool = True
    shows_time: bool = True

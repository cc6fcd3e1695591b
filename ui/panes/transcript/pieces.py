"""What settings of blocks are made of: lines, boxes, Markdown pieces, each put in its place. Paints nothing."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QTextDocument

from app.markdown import Code, Parsed, Piece, Rule, Table, Text
from ui.panes.transcript import richtext
from ui.panes.transcript.parts import Fill, Icon, Part, Placed, Words
from ui.panes.transcript.sheet import COLUMN, GUTTER, PAD, PIECE_GAP, RADIUS, RIGHT, TIME_ROOM, WIDE, Sheet


class PieceSetter:
    """Puts documents and marks into a block in one sheet. What a block consists of is decided on top of it."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self._theme = sheet.theme
        # From the top of a line of text to the top of an icon beside it.
        self._rise = max(0, (sheet.line - sheet.lead - 14) // 2)

    def _text_width(self, width: int) -> int:
        room = width - GUTTER - (RIGHT + TIME_ROOM if width > WIDE else RIGHT)
        return max(120, min(COLUMN, room))

    def _add(self, placed: Placed, document: QTextDocument, x: int, y: int, width: int) -> Part:
        if document.textWidth() != width:  # laid out anew even when it is the same
            document.setTextWidth(width)
        part = Part(document, x, y, width)
        placed.parts.append(part)
        return part

    def _line(self, placed: Placed, spans: list[tuple[str, QFont, QColor]], width: int) -> int:
        """Add one line of text, cut with an ellipsis where it does not fit; return its height."""
        room = max(40, width)
        fitted: list[tuple[str, QFont, QColor]] = []
        for text, font, color in spans:
            metrics = QFontMetrics(font)
            cut = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
            fitted.append((cut, font, color))
            room -= metrics.horizontalAdvance(cut)
            if cut != text or room < 8:
                break
        document = richtext.line_document(self.sheet, fitted)
        document.setTextWidth(-1)
        part = Part(document, GUTTER, 0, width)
        part.y = max(0, (22 - part.height) // 2)
        placed.parts.append(part)
        return max(22, part.height)

    def _words(self, placed: Placed, text: str, y: int, color: QColor | None = None) -> int:
        """Add words at the right end of a line; return the room they take."""
        if not text:
            return 0
        room = QFontMetrics(self.sheet.small).horizontalAdvance(text)
        end = GUTTER + self._text_width(placed.width) - (20 if placed.foldable else 0)
        rect = QRect(end - room, y, room, 22)
        placed.marks.append(Words(text, rect, self.sheet.small, color or self._theme.muted))
        return room + 14

    def _chevron(self, placed: Placed) -> None:
        name = "chevron-down" if placed.is_open else "chevron-right"
        placed.marks.append(Icon(name, "muted", GUTTER + self._text_width(placed.width) - 14, 4, 14))

    def _pieces(self, placed: Placed, parsed: Parsed, before: Placed | None, y: int, color: QColor) -> int:
        same = before is not None and before.width == placed.width and before.fold == placed.fold
        kept = {id(p.piece): p for p in before.parts if p.piece is not None} if before and same else {}
        for number, piece in enumerate(parsed.pieces):
            if number:
                y += PIECE_GAP + (6 if _is_heading(piece) else 0)
            y = self._piece(placed, piece, kept.get(id(piece)), y, color)
        return y

    def _piece(self, placed: Placed, piece: Piece, kept: Part | None, y: int, color: QColor) -> int:
        width = self._text_width(placed.width)
        match piece:
            case Text(paras=paras):
                document = kept.document if kept else richtext.text_document(self.sheet, piece, color=color)
                part = self._add(placed, document, GUTTER, y, width)
                part.piece = piece
                if any(para.quote for para in paras):
                    bar = QRect(GUTTER, y, 3, part.height - self.sheet.lead)
                    placed.marks.append(Fill(bar, self._theme.border_strong, 1))
                return y + part.height
            case Code():
                return self._code(placed, piece, y, kept)
            case Table():
                document = kept.document if kept else richtext.table_document(self.sheet, piece)
                part = self._add(placed, document, GUTTER, y, width)
                part.piece = piece
                return y + part.height
            case Rule():
                placed.marks.append(Fill(QRect(GUTTER, y + 6, width, 1), self._theme.border))
                return y + 13

    def _code(self, placed: Placed, piece: Code, y: int, kept: Part | None = None) -> int:
        document = kept.document if kept else richtext.code_document(self.sheet, piece.text, piece.language)
        return self._boxed(placed, document, y, piece.text, piece=piece, shift=piece.depth * 22)

    def _boxed(  # noqa: PLR0913  one box has as many properties
        self,
        placed: Placed,
        document: QTextDocument,
        y: int,
        code: str,
        *,
        piece: Code | None = None,
        shift: int = 0,
        indent: int = 0,
        rows: tuple[object, ...] = (),
    ) -> int:
        width = self._text_width(placed.width) - shift
        part = self._add(placed, document, GUTTER + shift + PAD + indent, y + 7, width - 2 * PAD - indent)
        part.piece, part.code = piece, code
        part.rows = rows  # type: ignore[assignment]
        part.frame = QRect(GUTTER + shift, y, width, part.height + 15 - self.sheet.code_lead)
        placed.marks.append(Fill(part.frame, self._theme.code, RADIUS, self._theme.border))
        return y + part.frame.height()


def _is_heading(piece: Piece) -> bool:
    return isinstance(piece, Text) and piece.paras[0].level > 0

"""Documents built from Markdown pieces, code and diffs by cursor, never from markup.

Everything an agent wrote is inserted as characters; nothing it wrote is parsed by Qt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextLength,
    QTextTableCellFormat,
    QTextTableFormat,
)

from app.diffrows import Row
from app.highlight import by_language
from app.markdown import Para, Span, Table, Text
from ui.panes.transcript.sheet import ALIGN, CODE_HEIGHT, LINE_HEIGHT, Sheet

_INDENT = 22
_QUOTE = 14

#: Pixels more than the body font per heading level.
_HEADINGS = (6, 4, 2, 1, 0, 0)

#: Longest line put into a document; layout cost grows faster than its length.
LINE_LIMIT = 4000


def text_document(
    sheet: Sheet, piece: Text, *, font: QFont | None = None, color: QColor | None = None
) -> QTextDocument:
    """Return the document of a block of text."""
    font = font or sheet.body
    color = color or sheet.theme.text
    document = sheet.document(font)
    cursor = QTextCursor(document)
    for number, para in enumerate(piece.paras):
        block = _para_format(sheet, para, first=number == 0)
        used = _heading(sheet, para.level, font)
        shade = sheet.theme.muted if para.quote else color
        _begin(cursor, block, sheet.plain(used, shade), first=number == 0)
        if para.marker:
            _marker(sheet, cursor, para, used, shade)
        insert_spans(sheet, cursor, para.spans, used, shade)
    return document


def _begin(cursor: QTextCursor, block: QTextBlockFormat, characters: QTextCharFormat, *, first: bool) -> None:
    if first:
        cursor.setBlockFormat(block)
        cursor.setBlockCharFormat(characters)
    else:
        cursor.insertBlock(block, characters)


def _para_format(sheet: Sheet, para: Para, *, first: bool) -> QTextBlockFormat:
    above = 0 if first else 3 if para.tight else 8
    made = sheet.paragraph(height=125 if para.level else LINE_HEIGHT, above=above)
    left = para.quote * _QUOTE
    if para.depth:
        left += para.depth * _INDENT
        made.setTextIndent(-_INDENT + 4 if para.marker else 0)
    made.setLeftMargin(left)
    return made


def _heading(sheet: Sheet, level: int, font: QFont) -> QFont:
    if not level:
        return font
    made = QFont(font)
    made.setPixelSize(font.pixelSize() + _HEADINGS[level - 1])
    made.setWeight(QFont.Weight.DemiBold)
    return made


def _marker(sheet: Sheet, cursor: QTextCursor, para: Para, font: QFont, color: QColor) -> None:
    done = para.marker == "☑"
    shade = sheet.theme.success if done else sheet.theme.muted
    cursor.insertText(f"{para.marker}\u2002", sheet.plain(font, shade if para.marker in "☐☑•◦▪" else color))


def insert_spans(sheet: Sheet, cursor: QTextCursor, spans: Iterable[Span], font: QFont, color: QColor) -> None:
    """Write spans at the cursor, each in its look."""
    for span in spans:
        cursor.insertText(span.text.replace("\n", " "), sheet.span(span, font, color))


def table_document(sheet: Sheet, piece: Table) -> QTextDocument:
    """Return the document of a table, as wide as its text needs."""
    document = sheet.document(sheet.body)
    columns = max((len(row) for row in piece.rows), default=1)
    form = QTextTableFormat()
    form.setBorder(0)
    form.setCellSpacing(0)
    form.setCellPadding(0)
    form.setMargin(0)
    form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
    form.setColumnWidthConstraints([QTextLength(QTextLength.Type.VariableLength, 0)] * columns)
    cursor = QTextCursor(document)
    table = cursor.insertTable(max(1, len(piece.rows)), columns, form)
    for number, row in enumerate(piece.rows):
        font = sheet.bold if number == 0 else sheet.body
        for column, cell in enumerate(row):
            place = table.cellAt(number, column)
            place.setFormat(_cell_format(sheet, header=number == 0))
            inner = place.firstCursorPosition()
            block = sheet.paragraph(height=120)
            align = piece.align[column] if column < len(piece.align) else "left"
            block.setAlignment(ALIGN.get(align, Qt.AlignmentFlag.AlignLeft))
            inner.setBlockFormat(block)
            insert_spans(sheet, inner, cell, font, sheet.theme.text)
    # The empty paragraph Qt keeps behind a table takes no room.
    last = QTextCursor(document)
    last.movePosition(QTextCursor.MoveOperation.End)
    thin = QTextBlockFormat()
    thin.setLineHeight(0, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
    last.setBlockFormat(thin)
    return document


def _cell_format(sheet: Sheet, *, header: bool) -> QTextTableCellFormat:
    made = QTextTableCellFormat()
    made.setTopPadding(4)
    made.setBottomPadding(4)
    made.setLeftPadding(0)
    made.setRightPadding(24)
    made.setBottomBorder(1)
    made.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    made.setBottomBorderBrush(QBrush(sheet.theme.border_strong if header else sheet.theme.border))
    return made


def code_document(sheet: Sheet, code: str, language: str = "", color: QColor | None = None) -> QTextDocument:
    """Return the document of code or output, one paragraph a line, coloured when the language is known."""
    document = sheet.document(sheet.mono)
    cursor = QTextCursor(document)
    base = sheet.plain(sheet.mono, color or sheet.theme.text)
    cursor.setBlockFormat(sheet.paragraph(height=CODE_HEIGHT))
    code = _shortened(code)
    # One insertion keeps the paragraph format and is far quicker than a line at a time.
    cursor.insertText(code, base)
    _paint(sheet, document, by_language(language, code), 0)
    return document


def _paint(sheet: Sheet, document: QTextDocument, runs: Sequence[tuple[int, int, str]], shift: int) -> None:
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    for start, end, role in runs:
        cursor.setPosition(start + shift)
        cursor.setPosition(end + shift, QTextCursor.MoveMode.KeepAnchor)
        made = QTextCharFormat()
        made.setForeground(QBrush(sheet.theme.color(role)))
        cursor.mergeCharFormat(made)
    cursor.endEditBlock()


def _shortened(code: str) -> str:
    if len(code) <= LINE_LIMIT:
        return code
    return "\n".join(
        line if len(line) <= LINE_LIMIT else f"{line[:LINE_LIMIT]} ⋯ {len(line) - LINE_LIMIT:,} more characters"
        for line in code.split("\n")
    )


def diff_document(sheet: Sheet, rows: Sequence[Row], language: str) -> QTextDocument:
    """Return the rows of a diff, one paragraph each, signs in front; backgrounds and numbers are painted beside it."""
    document = sheet.document(sheet.mono)
    cursor = QTextCursor(document)
    theme = sheet.theme
    signs = {"+": theme.success, "-": theme.danger, " ": theme.muted, "@": theme.muted}
    highlighted = _highlighted(rows, language)
    block = sheet.paragraph(height=CODE_HEIGHT)
    block.setLeftMargin(sheet.cell * 2)
    block.setTextIndent(-sheet.cell * 2)
    cursor.beginEditBlock()
    for number, row in enumerate(rows):
        shade = theme.muted if row.sign == "@" else theme.text
        _begin(cursor, block, sheet.plain(sheet.mono, shade), first=number == 0)
        if row.sign == "@":
            cursor.insertText(f"⋯ {row.text}", sheet.plain(sheet.mono, theme.muted))
            continue
        cursor.insertText(row.sign + " ", sheet.plain(sheet.mono, signs[row.sign]))
        start = cursor.position()
        cursor.insertText(row.text[:LINE_LIMIT], sheet.plain(sheet.mono, shade))
        _paint(sheet, document, highlighted.get(number, ()), start)
        if row.changed and row.changed[0] < row.changed[1]:
            color = sheet.added_word if row.sign == "+" else sheet.removed_word
            first, last = (start + min(place, len(row.text), LINE_LIMIT) for place in row.changed)
            _mark(document, first, last, color)
    cursor.endEditBlock()
    return document


def _mark(document: QTextDocument, start: int, end: int, color: QColor) -> None:
    cursor = QTextCursor(document)
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    made = QTextCharFormat()
    made.setBackground(QBrush(color))
    cursor.mergeCharFormat(made)


#: Characters of a diff beyond which it stays in one colour.
_HIGHLIGHT_LIMIT = 8000


def _highlighted(rows: Sequence[Row], language: str) -> dict[int, list[tuple[int, int, str]]]:
    """Return colour runs per row: each side is read as one text, so that strings over several lines come out right."""
    found: dict[int, list[tuple[int, int, str]]] = {}
    for skipped in ("-", "+"):
        side = [(number, row.text) for number, row in enumerate(rows) if row.sign not in ("@", skipped)]
        text = "\n".join(line for _, line in side)
        if len(text) > _HIGHLIGHT_LIMIT:
            continue
        runs = by_language(language, text)
        _spread(side, runs, found)
    return found


def _spread(
    side: list[tuple[int, str]], runs: Sequence[tuple[int, int, str]], found: dict[int, list[tuple[int, int, str]]]
) -> None:
    begin = at = 0
    for number, line in side:
        end = begin + len(line)
        mine: list[tuple[int, int, str]] = []
        while at < len(runs) and runs[at][0] < end:
            start, stop, role = runs[at]
            if stop > begin:
                mine.append((max(start, begin) - begin, min(stop, end) - begin, role))
            if stop > end:
                break
            at += 1
        found.setdefault(number, mine)
        begin = end + 1


def line_document(sheet: Sheet, parts: Iterable[tuple[str, QFont, QColor]]) -> QTextDocument:
    """Return a document of one line in several looks."""
    document = sheet.document(sheet.body)
    cursor = QTextCursor(document)
    for text, font, color in parts:
        cursor.insertText(text, sheet.plain(font, color))
    return document

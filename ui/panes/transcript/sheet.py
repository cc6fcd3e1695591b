"""The typographic sheet of the transcript: sizes, spaces and text formats of one theme. Draws nothing."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QTextBlockFormat,
    QTextCharFormat,
    QTextDocument,
    QTextOption,
)

from app.markdown import Look, Span
from ui.panes.ansi import mix
from ui.theme import Theme

#: Widest column of text, in pixels: about 110 characters.
COLUMN = 820

GUTTER = 34  # left of the text, where icons stand
RIGHT = 16
TIME_ROOM = 56  # right of the text in a wide pane, where the hovered block's time stands
WIDE = 560  # width of a pane from which on the time has a column of its own
GAP = 10  # between blocks of different kinds
TIGHT = 2  # between tool calls
PIECE_GAP = 8  # between the pieces of one message
PAD = 10  # inside boxes
RADIUS = 6

LINE_HEIGHT = 142  # per cent, running text
CODE_HEIGHT = 128


class Sheet:
    """Formats of one theme and zoom level; made anew when either changes. Lives in the GUI thread."""

    def __init__(self, theme: Theme, zoom: int = 0) -> None:
        self.theme = theme
        self.zoom = zoom
        self.body = theme.ui(delta=zoom)
        self.small = theme.ui(delta=zoom - 2)
        self.bold = theme.ui(delta=zoom, bold=True)
        self.mono = theme.mono(delta=zoom - 1)
        self.cell = QFontMetricsF(self.mono).horizontalAdvance("M")
        natural = QFontMetricsF(self.body).height()
        self.line = round(natural * LINE_HEIGHT / 100)
        #: Qt adds what a line is higher than its font below the text: what boxes take off at their bottom.
        self.lead = self.line - round(natural)
        self.code_lead = round(QFontMetricsF(self.mono).height() * (CODE_HEIGHT - 100) / 100)
        self.user_fill = mix(theme.panel, theme.accent, 0.13 if theme.dark else 0.10)
        self.error_fill = mix(theme.panel, theme.danger, 0.10)
        self.code_inline = mix(theme.panel, theme.text, 0.09)
        self.added_word = mix(theme.diff_added_bg, theme.success, 0.20)
        self.removed_word = mix(theme.diff_removed_bg, theme.danger, 0.20)
        self.found = mix(theme.panel, theme.attention_fill, 0.30)
        self.found_here = mix(theme.panel, theme.attention_fill, 0.60)

    def document(self, font: QFont) -> QTextDocument:
        """Return an empty document that keeps no undo history."""
        document = QTextDocument()
        document.setUndoRedoEnabled(False)
        document.setDocumentMargin(0)
        document.setDefaultFont(font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setTabStopDistance(self.cell * 4)
        document.setDefaultTextOption(option)
        return document

    def plain(self, font: QFont, color: QColor) -> QTextCharFormat:
        """Return a format of one font and colour."""
        made = QTextCharFormat()
        made.setFont(font)
        made.setForeground(QBrush(color))
        return made

    def span(self, span: Span, font: QFont, color: QColor) -> QTextCharFormat:
        """Return the format of a Markdown span in text of ``font`` and ``color``."""
        look = span.look
        used = QFont(font)
        if look & Look.CODE:
            used = self.theme.mono(delta=font.pixelSize() - self.theme.font_mono.pixelSize() - 1)
        if look & Look.BOLD:
            used.setWeight(QFont.Weight.DemiBold)
        if look & Look.ITALIC:
            used.setItalic(True)
        used.setStrikeOut(bool(look & Look.STRIKE))
        made = self.plain(used, self.theme.accent if span.link else color)
        if look & Look.CODE:
            made.setBackground(QBrush(self.code_inline))
        if span.link:
            made.setAnchor(True)
            made.setAnchorHref(span.link)
            made.setFontUnderline(True)
        return made

    def paragraph(self, *, height: int = LINE_HEIGHT, above: float = 0) -> QTextBlockFormat:
        """Return the format of a paragraph with ``above`` pixels before it."""
        made = QTextBlockFormat()
        made.setLineHeight(height, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        made.setTopMargin(above)
        return made


ALIGN = {
    "left": Qt.AlignmentFlag.AlignLeft,
    "right": Qt.AlignmentFlag.AlignRight,
    "center": Qt.AlignmentFlag.AlignHCenter,
}

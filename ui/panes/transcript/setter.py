"""Sets one block: which documents and marks it consists of and where they stand. Makes values, paints nothing.

One method a kind of block. Tool calls are one line with a fold; messages are a stack of Markdown pieces, of which those
that did not change are taken over from the former setting.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QFont, QFontMetrics

from agents.model import Block, BlockKind, PlanEntry, ToolCall
from agents.status.untrusted import one_line
from app.diffrows import FileDiff, rows
from app.highlight import language_of
from app.markdown import Code, Para, Span, Text, parse
from app.transcript import decision_words
from ui.panes.transcript import richtext
from ui.panes.transcript.parts import Fill, Fold, Icon, Placed, Words
from ui.panes.transcript.pieces import PieceSetter
from ui.panes.transcript.sheet import GUTTER, PAD, RADIUS

#: Left edge of the icon beside a block.
ICON = 9

#: Lines of output or diff shown before one asks for all; lines shown while the tool still runs or when it failed.
BODY_LINES = 120
TAIL_LINES = 6

#: Diff rows up to which an edit is shown unfolded.
SMALL_DIFF = 40

MORE = "fold:all"

_STATUS = {
    "pending": ("circle", "muted"),
    "in_progress": ("half-disc", "accent"),
    "completed": ("check", "success"),
    "failed": ("cross", "danger"),
    "cancelled": ("dash", "muted"),
}
_PLAN = {"completed": ("check", "success"), "in_progress": ("half-disc", "accent")}


class Setter(PieceSetter):
    """Sets blocks in one sheet. Owned by the transcript view, lives in the GUI thread."""

    def set(self, block: Block, fold: Fold, width: int, before: Placed | None = None) -> Placed:
        """Return ``block`` laid out ``width`` pixels wide; ``before`` is its former setting, if any."""
        placed = Placed(block.rev, fold, width)
        match block.kind:
            case BlockKind.USER:
                self._user(placed, block)
            case BlockKind.MESSAGE:
                self._message(placed, block, before)
            case BlockKind.THOUGHT:
                self._thought(placed, block, before)
            case BlockKind.TOOL if block.tool is not None:
                self._tool(placed, block, block.tool)
            case BlockKind.PLAN:
                self._plan(placed, block.plan)
            case BlockKind.PERMISSION:
                self._permission(placed, block)
            case BlockKind.ERROR:
                self._error(placed, block)
            case BlockKind.TURN:
                self._turn(placed, block)
            case _:
                self._note(placed, block)
        return placed

    def estimate(self, block: Block | None, width: int) -> int:
        """Return about how high a block will be, without setting it."""
        if block is None:
            return 56
        if block.kind not in (BlockKind.MESSAGE, BlockKind.USER):
            return 28
        columns = max(20, self._text_width(width) // 7)
        lines = sum(1 + len(line) // columns for line in block.text.split("\n"))
        return 12 + min(lines, 4000) * self.sheet.line

    def _user(self, placed: Placed, block: Block) -> None:
        width = self._text_width(placed.width)
        document = self.sheet.document(self.sheet.body)
        document = richtext.text_document(self.sheet, _plain_paras(block.text))
        part = self._add(placed, document, GUTTER, 8, width - PAD)
        box = QRect(GUTTER - PAD, 0, width + PAD, part.height + 16 - self.sheet.lead)
        placed.marks.append(Fill(box, self.sheet.user_fill, RADIUS))
        placed.marks.append(Icon("chevron-right", "accent", ICON, 9 + self._rise, 14))
        placed.height = box.height()

    def _message(self, placed: Placed, block: Block, before: Placed | None) -> None:
        known = before.parsed if before and block.open else None
        placed.parsed = parse(block.text, known)
        placed.height = self._pieces(placed, placed.parsed, before, 0, self._theme.text)
        if block.ref is not None:
            placed.height = self._cut_note(placed, placed.height + 4)

    def _cut_note(self, placed: Placed, y: int) -> int:
        words = "The rest of this text is in the raw log."
        document = richtext.line_document(self.sheet, [(words, self.sheet.small, self._theme.muted)])
        part = self._add(placed, document, GUTTER, y, self._text_width(placed.width))
        return part.y + part.height

    def _thought(self, placed: Placed, block: Block, before: Placed | None) -> None:
        placed.foldable = True
        placed.is_open = placed.fold in (Fold.OPEN, Fold.ALL)
        width = self._text_width(placed.width)
        muted = self._theme.muted
        placed.marks.append(Icon("thought", "muted", ICON - 1, 3))
        if not placed.is_open:
            first = one_line(block.text, 400)
            placed.height = self._line(placed, [(first, _italic(self.sheet.body), muted)], width - 20)
            self._chevron(placed)
            return
        placed.parsed = parse(block.text, before.parsed if before and block.open else None)
        placed.height = self._pieces(placed, placed.parsed, before, 2, muted) + 2

    def _tool(self, placed: Placed, block: Block, tool: ToolCall) -> None:
        diffs = [rows(diff) for diff in tool.diffs]
        body = bool(diffs or tool.output.strip() or _hidden_command(tool))
        placed.foldable = body
        live = tool.status == "in_progress" and bool(tool.output.strip())
        small = bool(diffs) and sum(len(d.rows) for d in diffs) <= SMALL_DIFF
        placed.is_open = body and (
            placed.fold in (Fold.OPEN, Fold.ALL)
            or (placed.fold is Fold.AUTO and (small or live or tool.status == "failed"))
        )
        icon, role = _STATUS.get(tool.status, _STATUS["pending"])
        placed.marks.append(Icon(icon, role, ICON, 4, 14))
        aside = self._aside(tool, diffs)
        right = self._words(placed, aside, 0)
        if body:
            right += 20
            self._chevron(placed)
        placed.height = self._line(placed, self._tool_title(tool), self._text_width(placed.width) - right)
        if placed.is_open:
            placed.height = self._tool_body(placed, tool, diffs, brief=placed.fold is Fold.AUTO)

    def _tool_title(self, tool: ToolCall) -> list[tuple[str, QFont, QColor]]:
        color = self._theme.muted if tool.status == "cancelled" else self._theme.text
        if tool.command is not None and (tool.command in tool.title or not tool.title):
            return [("$ ", self.sheet.mono, self._theme.muted), (one_line(tool.command, 400), self.sheet.mono, color)]
        if tool.kind in ("read", "edit", "search", "delete", "move", "fetch"):
            verb, _, rest = tool.title.partition(" ")
            if rest:
                return [(verb + " ", self.sheet.body, self._theme.muted), (one_line(rest, 400), self.sheet.mono, color)]
        return [(one_line(tool.title, 400), self.sheet.body, color)]

    def _aside(self, tool: ToolCall, diffs: list[FileDiff]) -> str:
        parts = []
        if diffs:
            parts.append(f"+{sum(d.added for d in diffs)} −{sum(d.removed for d in diffs)}")
        if tool.started_at is not None and tool.ended_at is not None and tool.ended_at - tool.started_at >= 0.1:
            parts.append(duration(tool.ended_at - tool.started_at))
        if tool.status in ("failed", "cancelled"):
            parts.append(tool.status)
        return "   ".join(parts)

    def _tool_body(self, placed: Placed, tool: ToolCall, diffs: list[FileDiff], *, brief: bool) -> int:
        y = placed.height + 4
        limit = 1_000_000 if placed.fold is Fold.ALL else BODY_LINES
        if _hidden_command(tool) and tool.command:
            y = self._code(placed, Code("bash", tool.command), y) + 6
        for diff in diffs:
            y = self._diff(placed, diff, y, limit, alone=len(diffs) == 1) + 6
        if tool.output.strip() and not (brief and diffs):
            y = self._output(placed, tool, y, TAIL_LINES if brief else limit, tail=brief) + 6
        return y - 2

    def _output(self, placed: Placed, tool: ToolCall, y: int, limit: int, *, tail: bool) -> int:
        lines = tool.output.strip("\n").split("\n")
        hidden = len(lines) - limit
        shown = lines if hidden <= 0 else lines[-limit:] if tail else lines[:limit]
        if hidden > 0 and tail:
            y = self._more(placed, f"show {hidden:,} lines above", y - 2) + 3
        color = self._theme.danger if tool.status == "failed" and len(lines) < 3 else self._theme.text
        document = richtext.code_document(self.sheet, "\n".join(shown), color=color)
        y = self._boxed(placed, document, y, tool.output)
        return self._more(placed, f"show {hidden:,} more lines", y + 3) if hidden > 0 and not tail else y

    def _more(self, placed: Placed, words: str, y: int) -> int:
        para = Para((Span(words, link=MORE),))
        document = richtext.text_document(self.sheet, Text((para,)), font=self.sheet.small)
        part = self._add(placed, document, GUTTER, y, self._text_width(placed.width))
        return part.y + part.height

    def _diff(self, placed: Placed, diff: FileDiff, y: int, limit: int, *, alone: bool) -> int:
        shown = diff.rows[:limit]
        hidden = len(diff.rows) - len(shown)
        if not alone:
            head = [
                (diff.path, self.sheet.mono, self._theme.text),
                (f"   +{diff.added} −{diff.removed}", self.sheet.small, self._theme.muted),
            ]
            document = richtext.line_document(self.sheet, head)
            part = self._add(placed, document, GUTTER, y, self._text_width(placed.width))
            y += part.height + 4
        document = richtext.diff_document(self.sheet, shown, language_of(diff.path))
        numbers = self._number_room(diff)
        y = self._boxed(placed, document, y, "", indent=numbers, rows=shown)
        return self._more(placed, f"show {hidden:,} more lines", y + 3) if hidden else y

    def _number_room(self, diff: FileDiff) -> int:
        most = max((row.new or row.old or 0 for row in diff.rows), default=0)
        return round((len(str(most)) + 1) * self.sheet.cell)

    def _plan(self, placed: Placed, plan: tuple[PlanEntry, ...]) -> None:
        width = self._text_width(placed.width)
        done = sum(entry.status == "completed" for entry in plan)
        placed.marks.append(Icon("plan", "muted", ICON - 1, 3))
        title = [
            ("Plan", self.sheet.bold, self._theme.text),
            (f"   {done} of {len(plan)}", self.sheet.body, self._theme.muted),
        ]
        y = self._line(placed, title, width) + 3
        for entry in plan:
            icon, role = _PLAN.get(entry.status, ("circle", "muted"))
            color = self._theme.muted if entry.status == "completed" else self._theme.text
            para = Text((Para((Span(entry.text),)),))
            document = richtext.text_document(self.sheet, para, color=color)
            part = self._add(placed, document, GUTTER + 22, y + 1, width - 22)
            placed.marks.append(Icon(icon, role, GUTTER, y + 2 + self._rise, 14))
            y += part.height + 2
        placed.height = y + 2

    def _permission(self, placed: Placed, block: Block) -> None:
        width = self._text_width(placed.width)
        outcome = block.decision.outcome if block.decision else ""
        icon, role = {
            "allowed": ("check", "success"),
            "always": ("check", "success"),
            "answered": ("check", "success"),
            "denied": ("cross", "danger"),
        }.get(outcome, ("diamond", "attention") if block.open else ("dash", "muted"))
        placed.marks.append(Icon(icon, role, ICON, 4, 14))
        title, _, rest = block.text.partition("\n")
        right = self._words(
            placed, decision_words(block), 0, self._theme.attention if block.open else self._theme.muted
        )
        color = self._theme.text if block.open else self._theme.muted
        placed.height = self._line(placed, [(one_line(title, 400), self.sheet.body, color)], width - right)
        if block.decision is not None and block.decision.reason:
            rest = f"“{block.decision.reason}”"
        elif not block.open:
            rest = ""
        if rest:
            document = richtext.text_document(self.sheet, _plain_paras(rest), color=self._theme.muted)
            part = self._add(placed, document, GUTTER, placed.height, width)
            placed.height += part.height + 2

    def _error(self, placed: Placed, block: Block) -> None:
        width = self._text_width(placed.width)
        first, _, rest = block.text.partition("\n")
        head = Text((Para((Span(first or "error"),)),))
        document = richtext.text_document(self.sheet, head, font=self.sheet.bold, color=self._theme.danger)
        part = self._add(placed, document, GUTTER, 8, width - PAD)
        y = part.y + part.height
        if rest:
            document = richtext.text_document(self.sheet, _plain_paras(rest))
            part = self._add(placed, document, GUTTER, y + 2, width - PAD)
            y = part.y + part.height
        box = QRect(GUTTER - PAD, 0, width + PAD, y + 8 - self.sheet.lead)
        placed.marks += [
            Fill(box, self.sheet.error_fill, RADIUS),
            Icon("cross", "danger", ICON, 9 + self._rise, 14),
        ]
        placed.height = box.height()

    def _note(self, placed: Placed, block: Block) -> None:
        document = richtext.text_document(
            self.sheet, _plain_paras(block.text), font=self.sheet.small, color=self._theme.muted
        )
        part = self._add(placed, document, GUTTER, 3, self._text_width(placed.width))
        placed.marks.append(Icon("info", "muted", ICON, 4, 14))
        placed.height = part.height + 6

    def _turn(self, placed: Placed, block: Block) -> None:
        placed.shows_time = False
        width = self._text_width(placed.width)
        words = f"{block.text}  ·  {clock(block.at)}" if block.text else clock(block.at)
        room = QFontMetrics(self.sheet.small).horizontalAdvance(words) + 12
        line = QRect(GUTTER, 14, max(0, width - room), 1)
        placed.marks.append(Fill(line, self._theme.border))
        place = QRect(GUTTER + width - room, 0, room, 28)
        placed.marks.append(Words(words, place, self.sheet.small, self._theme.muted))
        placed.height = 28


def _plain_paras(text: str) -> Text:
    """Return text as it was typed: its line breaks are kept, nothing in it is markup."""
    return Text((Para((Span(text.strip("\n").replace("\n", "\u2028")),)),))


def _hidden_command(tool: ToolCall) -> bool:
    """Tell whether the title does not already show the whole command."""
    if not tool.command:
        return False
    return tool.command != one_line(tool.command, 400) or tool.command not in tool.title


def _italic(font: QFont) -> QFont:
    made = QFont(font)
    made.setItalic(True)
    return made


def clock(at: float) -> str:
    """Return a time of day."""
    return time.strftime("%H:%M", time.localtime(at))


def duration(seconds: float) -> str:
    """Return how long something took: ``0.4 s``, ``12 s``, ``3 m 20 s``, ``1 h 5 m``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60} s" if whole % 60 else f"{whole // 60} m"
    return f"{whole // 3600} h {whole % 3600 // 60} m"

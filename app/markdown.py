"""Markdown of agents as plain values: paragraphs, lists, code, tables. What draws them is elsewhere.

HTML is off, images are named but never loaded, links are kept as text with a target that only a click may open.
Pure. A growing message is parsed again only from its last block on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntFlag

from markdown_it import MarkdownIt
from markdown_it.token import Token

from agents.status.untrusted import clean


class Look(IntFlag):
    """How a span of text is set."""

    PLAIN = 0
    BOLD = 1
    ITALIC = 2
    CODE = 4
    STRIKE = 8


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one line of text; ``link`` is the target as the agent wrote it."""

    text: str
    look: Look = Look.PLAIN
    link: str = ""


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph or heading (``level`` 1-6), maybe in a list (``depth``, ``marker``) or in quotes."""

    spans: tuple[Span, ...]
    level: int = 0
    depth: int = 0
    marker: str = ""
    quote: int = 0
    tight: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """One top-level block of text: a paragraph, a heading, a whole list, a quotation."""

    paras: tuple[Para, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A code block, ``depth`` lists deep."""

    language: str
    text: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, the first is the header; ``align`` holds left, right or center per column."""

    rows: tuple[tuple[tuple[Span, ...], ...], ...]
    align: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A thematic break."""


Piece = Text | Code | Table | Rule


@dataclass(frozen=True, slots=True)
class Parsed:
    """The pieces of ``text``; those before ``settled`` stay the same when more text comes behind ``resume``."""

    text: str
    pieces: tuple[Piece, ...]
    settled: int = 0
    resume: int = 0


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_URL = re.compile(r"https?://[^\s<>()\[\]{}\"'`]+[^\s<>()\[\]{}\"'`.,;:!?]")
_CHECKBOX = re.compile(r"\[([ xX])\]\s+")
_BULLETS = ("•", "◦", "▪")


def parse(text: str, before: Parsed | None = None) -> Parsed:
    """Return the pieces of a message; ``before`` is what the same message was when it was shorter."""
    text = clean(text)
    kept: tuple[Piece, ...] = ()
    start = 0
    if before is not None and before.resume and text.startswith(before.text[: before.resume]):
        kept, start = before.pieces[: before.settled], before.resume
    rest = text[start:]
    groups = list(_top_level(_MARKDOWN.parse(rest)))
    settles = _settles(groups, rest.split("\n"))
    pieces = list(kept)
    settled, resume = len(kept), start
    for number, group in enumerate(groups):
        if number == settles:
            settled, resume = len(pieces), start + _line_offset(rest, _first_line(group))
        pieces += _Builder().build(group)
    return Parsed(text, tuple(pieces), settled, resume)


def _settles(groups: list[list[Token]], lines: list[str]) -> int:
    """Return the first group that more text may still change or join to the one before it."""
    number = len(groups) - 1
    while number > 0:
        apart = not lines[_first_line(groups[number]) - 1].strip()
        # Lists and indented code go on behind an empty line.
        if apart and groups[number - 1][0].type not in ("bullet_list_open", "ordered_list_open", "code_block"):
            break
        number -= 1
    return number


def _first_line(group: list[Token]) -> int:
    return group[0].map[0] if group[0].map else 0


def plain(pieces: tuple[Piece, ...]) -> str:
    """Return pieces as text without marks, the way a copy of the selection reads."""
    return "\n\n".join(filter(None, map(_plain, pieces)))


def _plain(piece: Piece) -> str:
    match piece:
        case Text(paras=paras):
            return "\n".join(
                "  " * max(0, p.depth - 1) + p.marker + " " * bool(p.marker) + text(p.spans) for p in paras
            )
        case Code(text=code):
            return code
        case Table(rows=rows):
            return "\n".join("\t".join(text(cell) for cell in row) for row in rows)
        case Rule():
            return "---"


def text(spans: tuple[Span, ...]) -> str:
    """Return the characters of spans."""
    return "".join(span.text for span in spans)


def _top_level(tokens: list[Token]) -> Iterator[list[Token]]:
    group: list[Token] = []
    level = 0
    for token in tokens:
        group.append(token)
        level += token.nesting
        if level == 0:
            yield group
            group = []


def _line_offset(source: str, line: int) -> int:
    offset = 0
    for _ in range(line):
        offset = source.index("\n", offset) + 1
    return offset


@dataclass
class _Builder:
    """Turns the tokens of one top-level block into pieces."""

    pieces: list[Piece] = field(default_factory=list)
    paras: list[Para] = field(default_factory=list)
    lists: list[int | None] = field(default_factory=list)  # next number, None for bullets
    marker: str = ""
    quote: int = 0
    level: int = 0
    rows: list[list[tuple[Span, ...]]] = field(default_factory=list)
    align: list[str] = field(default_factory=list)
    in_table: bool = False

    def build(self, tokens: list[Token]) -> list[Piece]:
        for token in tokens:
            self._take(token)
        self._flush()
        return self.pieces

    def _take(self, token: Token) -> None:
        match token.type:
            case "inline":
                self._inline(token)
            case "fence" | "code_block":
                self._flush()
                language = token.info.split()[0] if token.info.strip() else ""
                self.pieces.append(Code(language.lower()[:40], token.content.rstrip("\n"), len(self.lists)))
            case "hr":
                self._flush()
                self.pieces.append(Rule())
            case "heading_open":
                self.level = int(token.tag[1:])
            case "heading_close":
                self.level = 0
            case "blockquote_open" | "blockquote_close":
                self.quote += token.nesting
            case _:
                self._take_list_or_table(token)

    def _take_list_or_table(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self.lists.append(None)
            case "ordered_list_open":
                self.lists.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case "list_item_open":
                self._item()
            case "table_open":
                self._flush()
                self.in_table, self.rows, self.align = True, [], []
            case "table_close":
                self.in_table = False
                self.pieces.append(Table(tuple(map(tuple, self.rows)), tuple(self.align)))
            case "tr_open":
                self.rows.append([])
            case "th_open":
                style = str(token.attrs.get("style", ""))
                self.align.append(style.removeprefix("text-align:") or "left")

    def _item(self) -> None:
        number = self.lists[-1]
        if number is None:
            self.marker = _BULLETS[min(len(self.lists), len(_BULLETS)) - 1]
        else:
            self.marker = f"{number}."
            self.lists[-1] = number + 1

    def _inline(self, token: Token) -> None:
        spans = list(_spans(token.children or []))
        if self.in_table:
            self.rows[-1].append(tuple(spans))
            return
        if self.marker and spans:
            box = _CHECKBOX.match(spans[0].text)
            if box:
                self.marker = "☐" if box[1] == " " else "☑"
                spans[0] = Span(spans[0].text[box.end() :], spans[0].look, spans[0].link)
        tight = bool(self.lists) and token.level > 0 and bool(self.paras)
        self.paras.append(Para(tuple(spans), self.level, len(self.lists), self.marker, self.quote, tight))
        self.marker = ""

    def _flush(self) -> None:
        if self.paras:
            self.pieces.append(Text(tuple(self.paras)))
            self.paras = []


def _spans(tokens: list[Token]) -> Iterator[Span]:
    look, link = Look.PLAIN, ""
    looks = {"strong": Look.BOLD, "em": Look.ITALIC, "s": Look.STRIKE}
    for token in tokens:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if name in looks:
            look = look | looks[name] if token.nesting == 1 else look & ~looks[name]
        elif name == "link":
            link = str(token.attrs.get("href", "")) if token.nesting == 1 else ""
        elif token.type == "code_inline":
            yield Span(token.content, look | Look.CODE, link)
        elif token.type == "image":
            yield Span(f"[image: {token.content or 'no text'}]", look | Look.ITALIC, str(token.attrs.get("src", "")))
        elif token.type == "softbreak":
            yield Span(" ", look, link)
        elif token.type == "hardbreak":
            yield Span("\u2028", look, link)
        elif token.content:
            yield from _linked(token.content, look, link)


def _linked(content: str, look: Look, link: str) -> Iterator[Span]:
    """Yield a text, with bare addresses as links."""
    position = 0
    for found in _URL.finditer(content) if not link else ():
        if found.start() > position:
            yield Span(content[position : found.start()], look)
        yield Span(found[0], look, found[0])
        position = found.end()
    if position < len(content):
        yield Span(content[position:], look, link)

"""Colour roles for source code, from pygments. Pure; colours themselves are the theme's."""

from __future__ import annotations

from functools import lru_cache

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, String, _TokenType, is_token_subtype
from pygments.util import ClassNotFound

#: Longer code stays in one colour: lexers are slow, and nobody reads that much in a transcript.
LIMIT = 60_000

#: Token types to colour roles of the theme; the first that contains the token's type wins.
_ROLES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "comment"),
    (String, "string"),
    (Number, "number"),
    (Keyword, "keyword"),
    (Operator.Word, "keyword"),
    (Name.Tag, "keyword"),
    (Name.Function, "ident"),
    (Name.Class, "ident"),
    (Name.Decorator, "ident"),
    (Name.Attribute, "ident"),
    (Name.Builtin, "ident"),
    (Generic.Inserted, "success"),
    (Generic.Deleted, "danger"),
    (Generic.Subheading, "accent"),
    (Generic.Heading, "accent"),
)


@lru_cache(maxsize=64)
def by_language(language: str, code: str) -> tuple[tuple[int, int, str], ...]:
    """Return (start, end, role) runs of ``code``; none for a language that is not known."""
    if not language or len(code) > LIMIT:
        return ()
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return ()
    return _runs(lexer, code)


def language_of(path: str) -> str:
    """Return the language a file name tells, or nothing."""
    try:
        return str(get_lexer_for_filename(path).aliases[0])
    except (ClassNotFound, IndexError):
        return ""


def _runs(lexer: Lexer, code: str) -> tuple[tuple[int, int, str], ...]:
    runs: list[tuple[int, int, str]] = []
    position = 0
    for kind, value in lexer.get_tokens(code):
        end = position + len(value)
        role = _role(kind)
        if role and value.strip():
            runs.append((position, end, role))
        position = end
    # A lexer that changed the text (tabs, line ends) would colour the wrong characters.
    return tuple(runs) if position == len(code) else ()


@lru_cache(maxsize=1024)
def _role(kind: _TokenType) -> str:
    return next((role for parent, role in _ROLES if is_token_subtype(kind, parent)), "")

"""How a command of the command line is declared: plain values from which parser, help, completion and docs derive."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Kind = Literal["text", "flag", "integer", "seconds", "many", "rest"]


class Argument(msgspec.Struct, frozen=True):
    """One argument. ``names`` is one bare word for a positional, else its flags, the longest last.

    ``kind``: text, integer or seconds take one value; flag none; many may be repeated; rest takes all words that are
    left, at least one if ``required``.
    """

    names: tuple[str, ...]
    help: str
    kind: Kind = "text"
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    default: Any = None
    required: bool = True  # positionals only
    demanded: bool = False  # flags only: usage error without it

    @property
    def is_positional(self) -> bool:
        """Tell whether it has no dashes."""
        return not self.names[0].startswith("-")

    @property
    def shown(self) -> str:
        """Return it as the usage line shows it."""
        if self.is_positional:
            word = self.metavar or self.names[0].upper()
            word += " …" if self.kind == "rest" else ""
            return word if self.required else f"[{word}]"
        value = "" if self.kind == "flag" else " " + (self.metavar or "|".join(self.choices) or "TEXT")
        text = f"{self.names[0]}{value}" + (" …" if self.kind == "many" else "")
        return text if self.demanded else f"[{text}]"


class Example(msgspec.Struct, frozen=True):
    """A command line worth copying, and what it is for."""

    line: str
    purpose: str


class Command(msgspec.Struct, frozen=True):
    """One command. ``handler`` is ``module:function``, loaded only when the command runs.

    ``result`` names the struct in ``app.cli.results`` or ``agents.wire`` that ``--json`` prints, ``is_stream`` tells
    that it prints one a line, ``is_list`` that it prints an array of them, ``also`` what else it may print, and when.
    ``tail`` names what may follow ``--``.
    """

    name: str
    group: str
    summary: str
    handler: str
    arguments: tuple[Argument, ...] = ()
    examples: tuple[Example, ...] = ()
    description: str = ""
    result: str = ""
    is_list: bool = False
    is_stream: bool = False
    also: tuple[tuple[str, str], ...] = ()
    tail: str = ""

    @property
    def usage(self) -> str:
        """Return the usage line without the program's name."""
        words = [self.name, *(argument.shown for argument in self.arguments)]
        if self.result:
            words.append("[--json]")
        if self.tail:
            words.append(f"[-- {self.tail}]")
        return " ".join(words)

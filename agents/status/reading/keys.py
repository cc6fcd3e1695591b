"""Every table and key a rule file may have, with its check and its words: the check and the manual derive from it.

Values only; reads no file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from agents.model import Blocked, Turn
from agents.status.reading.rules import Region
from agents.status.reading.version import is_range

#: Of an option that is none of ACP's the meaning is the user's to see in its words.
OPTION_KINDS: Final = ("allow_once", "allow_always", "reject_once", "reject_always")

#: Turns a rule may claim.
TURNS: Final = (Turn.IDLE, Turn.WORKING, Turn.BLOCKED, Turn.DONE, Turn.ERROR)

_REGION = re.compile(r"whole|(?P<kind>bottom|cursor) (?P<rows>[1-9]\d{0,2})")

_UNBOUNDED: Final = 8


class Key(msgspec.Struct, frozen=True):
    """One key of a table: its check (the problem in words, empty for none), what it must be, what it is for."""

    name: str
    problem: Callable[[Any], str]
    words: str
    doc: str
    required: bool = False


class Section(msgspec.Struct, frozen=True):
    """One table of a rule file, or with ``many`` an array of tables."""

    name: str
    doc: str
    keys: tuple[Key, ...]
    many: bool = True


def region(text: str) -> Region:
    """Return what ``whole``, ``bottom N`` or ``cursor N`` means. Raises ValueError for anything else."""
    found = _REGION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no region")
    return Region(found["kind"], int(found["rows"])) if found["kind"] else Region()


def _text(value: Any) -> str:
    return "" if isinstance(value, str) else "must be a string"


def _filled(value: Any) -> str:
    return "" if isinstance(value, str) and value else "must be a non-empty string"


def _number(value: Any) -> str:
    return "" if isinstance(value, int) and not isinstance(value, bool) else "must be a whole number"


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _versions(value: Any) -> str:
    return "" if isinstance(value, str) and is_range(value) else "must be versions such as “>=2.1.300,<3”"


def _region(value: Any) -> str:
    sound = isinstance(value, str) and _REGION.fullmatch(value) is not None
    return "" if sound else "must be “whole”, “bottom N” or “cursor N”"


def _one_of(words: tuple[str, ...]) -> Callable[[Any], str]:
    return lambda value: "" if value in words else f"must be one of {', '.join(words)}"


def _pattern(*groups: str) -> Callable[[Any], str]:
    def problem(value: Any) -> str:
        if not isinstance(value, str) or not value:
            return "must be a pattern"
        try:
            compiled = re.compile(value)
        except (re.error, RecursionError, OverflowError) as error:
            return f"is no pattern: {error}"
        missing = [group for group in groups if group not in compiled.groupindex]
        if missing:
            return f"must have the group (?P<{missing[0]}>…)"
        return _explosive(value)

    return problem


def _patterns(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return "must be a list of patterns"
    return next(filter(None, map(_pattern(), value)), "")


def _explosive(pattern: str) -> str:
    """Return why a pattern could hold up the daemon: a repeat inside a repeat takes for ever on some rows."""
    bare = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", pattern)
    if len(re.findall(r"[*+]|\{\d*,\d*\}", bare)) > _UNBOUNDED:
        return f"repeats more than {_UNBOUNDED} times: write several patterns"
    depth_repeats = [False]
    for at, char in enumerate(bare):
        if char == "(":
            depth_repeats.append(False)
        elif char == ")" and len(depth_repeats) > 1:
            inner = depth_repeats.pop()
            if inner and re.match(r"[*+]|\{\d*,\d*\}", bare[at + 1 :]):
                return "has a repeat inside a repeated group, which can take for ever: write it without"
            depth_repeats[-1] = depth_repeats[-1] or inner
        elif char in "*+" or re.match(r"\{\d*,\d*\}", bare[at:]):
            depth_repeats[-1] = True
    return ""


_VERSIONS: Final = Key("versions", _versions, "versions", "of the program for which it counts; unknown ones count too")
_NAME: Final = Key("name", _filled, "text", "what `quarterdeck explain` calls it")
_CLAIM: Final = (
    Key("turn", _one_of(TURNS), "turn", "what it says: " + ", ".join(TURNS), required=True),
    Key("blocked", _one_of(tuple(Blocked)), "kind", "with `blocked`: " + ", ".join(Blocked)),
    Key("detail", _text, "text", "shown beside it; left out, the group `detail` of the pattern"),
    _NAME,
    _VERSIONS,
)
_REGION_KEY: Final = Key(
    "region", _region, "region", "rows it looks at: `whole`, `bottom N` of those in use, `cursor N`"
)
_EVERY: Final = Key("all", _patterns, "patterns", "each must match a row")
_NONE: Final = Key("not", _patterns, "patterns", "none may match a row")

SECTIONS: Final = (
    Section(
        "title",
        "What the window title says. The first that matches counts.",
        (Key("pattern", _pattern(), "pattern", "searched in the title", required=True), *_CLAIM),
    ),
    Section(
        "notice",
        "What a desktop notification (OSC 9, 99, 777) says. The first that matches counts.",
        (Key("pattern", _pattern(), "pattern", "searched in its text", required=True), *_CLAIM),
    ),
    Section(
        "report",
        "What the program's own report (OSC 7501) means where its message says more than its state. The first counts.",
        (
            Key("state", _one_of(TURNS), "turn", "the state that was reported: " + ", ".join(TURNS), required=True),
            Key("pattern", _pattern(), "pattern", "searched in the message", required=True),
            *_CLAIM,
        ),
    ),
    Section(
        "screen",
        "What the rendered screen says. Of those that hold, the one of the highest priority counts.",
        (
            _REGION_KEY,
            _EVERY,
            Key("any", _patterns, "patterns", "one of them must match a row"),
            _NONE,
            Key("box", _flag, "true or false", "whether the input box (`[box]`) must be there or must not"),
            Key("priority", _number, "number", "the higher wins; 0 when left out"),
            *_CLAIM,
        ),
    ),
    Section(
        "box",
        "The input box: whether a message is in it. For several versions there may be several, as `[[box]]`.",
        (
            _REGION_KEY,
            Key("first", _pattern("text"), "pattern", "its first row, the text in the group `text`", required=True),
            Key("more", _pattern("text"), "pattern", "the rows below it, likewise"),
            Key("above", _pattern(), "pattern", "the row over it"),
            Key("below", _patterns, "patterns", "the rows that follow it, one each"),
            _NONE,
            Key("placeholders", _patterns, "patterns", "hints that an empty box shows"),
            Key("pasted", _pattern(), "pattern", "what stands for a long paste"),
            _VERSIONS,
        ),
        many=False,
    ),
    Section(
        "dialog",
        "An approval on the screen; there is none while the input box is there. The first that is found counts.",
        (
            _NAME,
            _REGION_KEY,
            Key("begin", _pattern(), "pattern", "the row its text begins with", required=True),
            Key("row", _pattern("name"), "pattern", "an option: groups `name`, and `n` if numbered", required=True),
            Key("row_more", _pattern(), "pattern", "rows on which the name of an option goes on"),
            Key("split", _pattern(), "pattern", "what lies between options that share a row"),
            Key("titles", _patterns, "patterns", "what is asked: group `title`, else all that matches"),
            Key("command", _pattern("command"), "pattern", "a row that shows the command, in the group `command`"),
            Key("command_more", _pattern("command"), "pattern", "rows on which it goes on, likewise"),
            Key("fence", _pattern(), "pattern", "the rows over and below a command, instead of `command`"),
            Key("command_if", _pattern(), "pattern", "there is a command only where a row matches this"),
            _EVERY,
            _NONE,
            Key("noise", _patterns, "patterns", "rows that change while the same thing is asked"),
            _VERSIONS,
        ),
    ),
    Section(
        "dialog.option",
        "What an option of the dialog before it means; options that match none cannot be chosen from here.",
        (
            Key("pattern", _pattern(), "pattern", "searched in the name of the option", required=True),
            Key("kind", _one_of(OPTION_KINDS), "kind", ", ".join(OPTION_KINDS), required=True),
            Key("keys", _filled, "text", "what is typed to choose it; `{n}` is its number", required=True),
            Key("click", _flag, "true or false", "whether to click on it, where the program listens to the mouse"),
        ),
    ),
    Section(
        "keys",
        "Bytes of keys.",
        (
            Key("submit", _filled, "text", "sends the message in the box; Enter when left out"),
            Key("interrupt", _filled, "text", "ends the turn; Ctrl+C when left out"),
        ),
        many=False,
    ),
)

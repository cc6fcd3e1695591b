"""Makes compiled rules out of the table of one rule file.

Pure. The table was checked when it was read (``agents.status.reading.files``); this must not be given another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from agents.model import Blocked, Turn
from agents.status.reading import keys
from agents.status.reading.rules import (
    Box,
    Dialog,
    DialogOption,
    Keys,
    Program,
    Region,
    ReportRule,
    ScreenRule,
    TextRule,
)
from agents.status.reading.version import within

Table = dict[str, Any]


def compiled(table: Table, version: str) -> Program:
    """Return the rules of ``table`` that count for ``version``."""
    screens = [_screen(rule, n) for n, rule in _counting(table, "screen", version)]
    boxes = [_box(rule) for _, rule in _counting(table, "box", version)]
    return Program(
        name=table.get("name", ""),
        titles=tuple(_text(rule, f"title {n}") for n, rule in _counting(table, "title", version)),
        notices=tuple(_text(rule, f"notice {n}") for n, rule in _counting(table, "notice", version)),
        reports=tuple(
            ReportRule(Turn(rule["state"]), _text(rule, f"report {n}"))
            for n, rule in _counting(table, "report", version)
        ),
        screens=tuple(sorted(screens, key=lambda rule: -rule.priority)),
        box=boxes[0] if boxes else None,
        dialogs=tuple(_dialog(rule, n) for n, rule in _counting(table, "dialog", version)),
        keys=Keys(**table.get("keys", {})),
    )


def _counting(table: Table, section: str, version: str) -> Iterable[tuple[int, Table]]:
    for n, rule in enumerate(table.get(section, ()), start=1):
        if within(version, rule.get("versions", "")):
            yield n, rule


def _text(rule: Table, name: str) -> TextRule:
    return TextRule(
        name=rule.get("name", name),
        pattern=re.compile(rule["pattern"]),
        turn=Turn(rule["turn"]),
        blocked=_blocked(rule),
        detail=rule.get("detail", ""),
    )


def _screen(rule: Table, n: int) -> ScreenRule:
    return ScreenRule(
        name=rule.get("name", f"screen {n}"),
        region=_region(rule),
        every=_patterns(rule, "all"),
        some=_patterns(rule, "any"),
        none=_patterns(rule, "not"),
        turn=Turn(rule["turn"]),
        blocked=_blocked(rule),
        detail=rule.get("detail", ""),
        priority=rule.get("priority", 0),
        with_box=rule.get("box"),
    )


def _box(rule: Table) -> Box:
    return Box(
        region=_region(rule),
        first=re.compile(rule["first"]),
        more=_pattern(rule, "more"),
        above=_pattern(rule, "above"),
        below=_patterns(rule, "below"),
        none=_patterns(rule, "not"),
        placeholders=_patterns(rule, "placeholders"),
        pasted=_pattern(rule, "pasted"),
    )


def _dialog(rule: Table, n: int) -> Dialog:
    return Dialog(
        name=rule.get("name", f"dialog {n}"),
        region=_region(rule),
        begin=re.compile(rule["begin"]),
        row=re.compile(rule["row"]),
        options=tuple(_option(option) for option in rule.get("option", ())),
        row_more=_pattern(rule, "row_more"),
        split=_pattern(rule, "split"),
        titles=_patterns(rule, "titles"),
        fence=_pattern(rule, "fence"),
        command=_pattern(rule, "command"),
        command_more=_pattern(rule, "command_more"),
        command_if=_pattern(rule, "command_if"),
        every=_patterns(rule, "all"),
        none=_patterns(rule, "not"),
        noise=_patterns(rule, "noise"),
    )


def _option(rule: Table) -> DialogOption:
    return DialogOption(re.compile(rule["pattern"]), rule["kind"], rule["keys"], rule.get("click", False))


def _blocked(rule: Table) -> Blocked | None:
    if rule["turn"] != Turn.BLOCKED:
        return None
    # What is blocked without a word why is taken for a question: a permission would offer to allow something.
    return Blocked(rule.get("blocked", Blocked.QUESTION))


def _region(rule: Table) -> Region:
    return keys.region(rule.get("region", "whole"))


def _pattern(rule: Table, key: str) -> re.Pattern[str] | None:
    return re.compile(rule[key]) if key in rule else None


def _patterns(rule: Table, key: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in rule.get(key, ()))

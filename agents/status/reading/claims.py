"""What a title, a notification, a report or a screen says about the turn, by the rules of its program.

Pure. The first title or notification rule that matches counts; of screen rules the one of the highest priority.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from agents.model import Turn
from agents.status.reading import rows
from agents.status.reading.box import read_box
from agents.status.reading.rules import Claim, Program, ScreenRule, Seen, TextRule
from agents.status.untrusted import one_line


def title_claim(program: Program, title: str) -> Claim | None:
    """Return what a window title says, ``None`` for nothing."""
    return _text_claim(program.titles, title)


def notice_claim(program: Program, text: str) -> Claim | None:
    """Return what a desktop notification says, ``None`` for nothing."""
    return _text_claim(program.notices, text)


def report_claim(program: Program, state: Turn, msg: str) -> Claim | None:
    """Return what a program's own report means by the words of its message, ``None`` for just what it says."""
    return _text_claim((rule.text for rule in program.reports if rule.state is state), msg)


def screen_claim(program: Program, snapshot: Seen) -> Claim | None:
    """Return what the screen says, ``None`` for nothing: of rules that hold, the first of the highest priority."""
    has_box = read_box(program, snapshot) is not None
    # Sorted when compiled: the first that holds is the one.
    for rule in program.screens:
        if rule.with_box not in {None, has_box}:
            continue
        claim = _holds(rule, snapshot)
        if claim is not None:
            return claim
    return None


def _text_claim(rules: Iterable[TextRule], text: str) -> Claim | None:
    text = text[: rows.ROW_LIMIT]
    for rule in rules:
        found = rule.pattern.search(text)
        if found is not None:
            return Claim(rule.turn, rule.blocked, _detail(rule.detail, found), rule.name)
    return None


def _holds(rule: ScreenRule, screen: Seen) -> Claim | None:
    seen = rows.select(screen, rule.region)
    if not rows.has_all(rule.every, seen) or rows.has_any(rule.none, seen):
        return None
    if rule.some and not rows.has_any(rule.some, seen):
        return None
    found = rows.first_of((*rule.every, *rule.some), seen)
    return Claim(rule.turn, rule.blocked, _detail(rule.detail, found), rule.name)


def _detail(words: str, found: re.Match[str] | None) -> str:
    """Return a rule's own words, else what its pattern caught as ``detail``."""
    if words or found is None:
        return words
    return one_line(found.groupdict().get("detail") or "")

"""Reads a program's terminal by rules that are data: titles, notifications, screens, its input box, its approvals.

Pure: the rules come with the kind, the screen and its version are given. Says nothing about a program without rules.
"""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from agents.spec import Kind
from agents.status.reading.box import read_box
from agents.status.reading.claims import notice_claim, report_claim, screen_claim, title_claim
from agents.status.reading.dialog import read_dialog
from agents.status.reading.files import ProgramSet, load
from agents.status.reading.rules import BoxReading, Claim, DialogReading, Program, Seen
from agents.status.reading.table import compiled

__all__ = (
    "BoxReading",
    "Claim",
    "DialogReading",
    "Program",
    "ProgramSet",
    "Seen",
    "load",
    "notice_claim",
    "of",
    "read_box",
    "read_dialog",
    "report_claim",
    "screen_claim",
    "title_claim",
)


def of(kind: Kind, version: str) -> Program:
    """Return the rules for ``kind`` in ``version`` (as the program says it; empty is unknown: all rules apply)."""
    return _compiled(_Table(kind.status), version) if kind.status else Program()


class _Table:
    """A table as a key of the cache: equal by content."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.table = table
        self._content = msgspec.json.encode(table, order="deterministic")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Table) and other._content == self._content

    def __hash__(self) -> int:
        return hash(self._content)


@functools.lru_cache(maxsize=64)
def _compiled(key: _Table, version: str) -> Program:
    return compiled(key.table, version)

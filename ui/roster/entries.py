"""What stands in the roster, in which order. Pure: rows and choices in, keys out; no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec

from agents.model import AgentId, AgentRow
from app.filters import Filter


class Kind(StrEnum):
    """What a line of the roster is."""

    NEEDS = "needs"  # header of the queue
    POINTER = "pointer"  # an agent in the queue
    PROJECT = "project"
    AGENT = "agent"
    FOLD = "fold"  # “3 hidden”


class Key(NamedTuple):
    """Identity of a line: ``id`` is an agent's id or a project's path."""

    kind: Kind
    id: str

    @property
    def agent(self) -> AgentId | None:
        """Return the agent the line is about."""
        return self.id if self.kind in (Kind.POINTER, Kind.AGENT) else None


NEEDS = Key(Kind.NEEDS, "")


class Choices(msgspec.Struct, frozen=True):
    """What the user chose to see."""

    filter: Filter = Filter()
    hidden: frozenset[AgentId] = frozenset()
    lists_hidden: bool = False
    projects: tuple[str, ...] = ()


class Section(msgspec.Struct, frozen=True):
    """A header and the lines below it; ``folded`` are the agents behind the fold line."""

    key: Key
    children: tuple[Key, ...]
    folded: tuple[AgentId, ...] = ()


def sections(rows: Sequence[AgentRow], queue: Iterable[AgentRow], choices: Choices, now: float) -> tuple[Section, ...]:
    """Return the roster: who needs the user on top, then projects in their order, agents in creation order."""
    made: list[Section] = []
    waiting = tuple(Key(Kind.POINTER, row.id) for row in queue)
    if waiting and not choices.filter:
        made.append(Section(NEEDS, waiting))
    by_project: dict[str, list[AgentRow]] = {project: [] for project in choices.projects}
    for row in rows:
        if not row.archived:
            by_project.setdefault(row.project, []).append(row)
    made.extend(
        section for project, its in by_project.items() if its and (section := _project(project, its, choices, now))
    )
    return tuple(made)


def _project(project: str, rows: Sequence[AgentRow], choices: Choices, now: float) -> Section | None:
    matching = [row for row in rows if choices.filter.matches(row, now)]
    if not matching:
        return None
    lists_all = choices.lists_hidden or bool(choices.filter)
    folded = () if lists_all else tuple(row.id for row in matching if row.id in choices.hidden)
    children = [Key(Kind.AGENT, row.id) for row in matching if row.id not in folded]
    if folded:
        children.append(Key(Kind.FOLD, project))
    return Section(Key(Kind.PROJECT, project), tuple(children), folded)

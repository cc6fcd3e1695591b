"""What a line of the roster says: words, glyph and roles, made from a row. Pure; no Qt."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec

from agents.model import AgentRow, Headline, Incident
from agents.status.headline import GLYPHS, age
from agents.status.incidents import sentence
from agents.status.untrusted import one_line
from agents.status.words import moment
from ui.kinds import kind_icon


class Look(msgspec.Struct, frozen=True):
    """One line (or two) as painted and as read to a screen reader; roles are colour roles of the theme."""

    icon: str
    role: str
    title: str
    meta: str = ""
    when: str = ""
    status: str = ""
    status_role: str = "muted"
    detail: str = ""
    slot: str = ""
    unread: int = 0
    cost: str = ""
    kind: str = ""  # its icon
    accessible: str = ""


def look_of(row: AgentRow, now: float, *, with_project: bool = False, incident: Incident | None = None) -> Look:
    """Return how an agent looks at ``now`` (epoch seconds); in the queue it may stand for all of an incident."""
    glyph = GLYPHS[row.state]
    meta = [part for part in (row.kind, row.branch) if part]
    if with_project:
        meta = [Path(row.project).name]
    when = when_words(row, now)
    detail = row.activity if row.activity and row.activity not in row.headline else row.note
    status = "catching up" if row.catching_up else row.headline
    title, said = row.name, accessible_words(row, when)
    if incident is not None:
        title, said = f"{row.name} and {len(incident.agents) - 1} more", sentence(incident, now)
        detail, meta = ", ".join(incident.names[1:]), [incident.vendor]
    return Look(
        icon=glyph.name,
        role=glyph.role,
        title=one_line(title),
        meta=one_line(" · ".join(meta)),
        when=when,
        status=one_line(status),
        status_role=glyph.role,
        detail=one_line(detail),
        slot=str(row.slot) if row.slot else "",
        unread=row.unread,
        cost=money(row.cost),
        kind=kind_icon(row.kind, row.family) if incident is None else "",
        accessible=one_line(said, 600),
    )


def when_words(row: AgentRow, now: float) -> str:
    """Return the time beside a headline: its age, or until when it lasts."""
    timing = GLYPHS[row.state].timing
    if timing == "until" and row.until:
        return "until " + moment(row.until, now)
    if timing == "age" and row.since:
        return age(now - row.since)
    return ""


def words_last(row: AgentRow, now: float) -> float:
    """Return for how many seconds from ``now`` on ``when_words`` stays what it is; infinity for ever."""
    if GLYPHS[row.state].timing != "age" or not row.since:
        return math.inf
    age_s = max(0.0, now - row.since)
    size = next((size for size in (86400, 3600, 60) if age_s >= size), 1)
    return size - age_s % size


def accessible_words(row: AgentRow, when: str) -> str:
    """Return a row as a screen reader says it: word first, since it tells whether to go on listening."""
    word = GLYPHS[row.state].word
    parts = [row.name, row.headline if row.headline.startswith(word) else f"{word}, {row.headline}", when, row.kind]
    parts += [Path(row.project).name, row.branch or "", f"{row.unread} unread" if row.unread else ""]
    return ", ".join(part for part in parts if part)


def money(cost: float | None) -> str:
    """Return dollars; nothing when the cost is unknown."""
    return "" if cost is None else f"${cost:.2f}"


def place(path: str) -> str:
    """Return a directory as people write it, the home as ``~``."""
    home = str(Path.home())
    return "~" + path[len(home) :] if path == home or path.startswith(home + "/") else path


def project_look(project: str, rows: tuple[AgentRow, ...], folded: int, *, is_open: bool) -> Look:
    """Return how a project header looks; ``rows`` are all its agents."""
    branches = {row.branch for row in rows if row.branch and row.worktree is None}
    agents = "1 agent" if len(rows) == 1 else f"{len(rows)} agents"
    hidden = f", {folded} hidden" if folded else ""
    waiting = sum(row.rank is not None for row in rows)
    name = Path(project).name or project
    return Look(
        icon="chevron-down" if is_open else "chevron-right",
        role="muted",
        title=one_line(name),
        meta=one_line(", ".join(sorted(branches))),
        when=str(len(rows)),
        status=one_line(place(project)),
        accessible=f"project {one_line(name)}, {agents}{hidden}, {'open' if is_open else 'folded'}",
        unread=waiting if not is_open else 0,
    )


def fold_look(folded: int, keys: str) -> Look:
    """Return how the line for hidden agents looks; ``keys`` list them."""
    words = f"{folded} hidden"
    return Look(
        icon="eye-off", role="muted", title=words, status=f"{keys} lists them" if keys else "", accessible=words
    )


def needs_look(waiting: int, keys: str) -> Look:
    """Return how the header of the queue looks; ``keys`` go to the next."""
    glyph = GLYPHS[Headline.ALLOW]
    words = "1 needs you" if waiting == 1 else f"{waiting} need you"
    return Look(
        icon=glyph.name,
        role=glyph.role,
        title="Needs you",
        when=str(waiting),
        status=f"{keys} goes to the next" if keys else "",
        accessible=words,
    )

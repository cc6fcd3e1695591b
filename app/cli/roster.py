"""The fleet as text: rows grouped by project, one agent's facts, one open request. Pure; prints nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agents.model import LIVE, AgentRow, Headline, Request
from agents.status.asked import beyond
from agents.status.headline import GLYPHS, age
from agents.status.untrusted import clean, one_line
from agents.status.words import CAUSES, DELIVERED, moment, next_step, trouble_words
from app.cli.columns import Column, cells, pad, table
from app.cli.output import Span

Line = Sequence[str | Span]

_COLUMNS = (
    Column("slot", drop=2),
    Column("glyph"),
    Column("name", least=10),
    Column("words", least=16),
    Column("age", drop=7, is_right=True),
    Column("kind", drop=3),
    Column("branch", least=8, drop=1),
    Column("unread", drop=5),
    Column("cost", drop=4, is_right=True),
    Column("id", drop=6),
)

#: States in which what the agent does or said adds to the headline.
_TELLING = frozenset(
    {Headline.WORKING, Headline.SILENT, Headline.PARKED, Headline.OVERLOADED, Headline.CHECK, Headline.DONE}
)


def short(path: str, home: str | None) -> str:
    """Return a path with the user's home as ``~``."""
    if home and home != "/" and (path == home or path.startswith(home + "/")):
        return "~" + path[len(home) :]
    return path


def timing(row: AgentRow, now: float) -> str:
    """Return the time a row shows: how long it is so, or until when."""
    kind = GLYPHS[row.state].timing
    if kind == "until":
        return "" if row.until is None else moment(row.until, now)
    return age(now - row.since) if kind == "age" and row.since else ""


def words(row: AgentRow) -> str:
    """Return what a row says: the headline, and what the agent is at."""
    text = row.headline
    if row.catching_up:
        text += " (catching up)"
    activity = one_line(row.activity)
    return f"{text} · {activity}" if activity and row.state in _TELLING else text


def fleet(rows: Iterable[AgentRow], now: float, *, width: int | None, home: str | None) -> list[Line]:
    """Return the lines of ``ls``: projects in the order of their first agent, agents in roster order."""
    groups: dict[str, list[AgentRow]] = {}
    for row in _beside(rows):
        groups.setdefault(row.project, []).append(row)
    ordered = [row for group in groups.values() for row in group]
    inner = None if width is None else max(20, width - 2)
    texts = iter(table(_COLUMNS, [_cells(row, now) for row in ordered], inner))
    lines: list[Line] = []
    for project, group in groups.items():
        lines += [[]] if lines else []
        lines.append([(short(one_line(project, 400), home), "strong")])
        lines += [["  ", *next(texts)] for _ in group]
    return lines


def _beside(rows: Iterable[AgentRow]) -> list[AgentRow]:
    """Return the rows with every terminal behind the agent it stands beside."""
    everybody = list(rows)
    there = {row.id for row in everybody}
    alone = [row for row in everybody if row.terminal_of not in there]
    return [found for row in alone for found in (row, *(other for other in everybody if other.terminal_of == row.id))]


def _cells(row: AgentRow, now: float) -> list[Span]:
    glyph = GLYPHS[row.state]
    return [
        ("" if row.slot is None else str(row.slot), "muted"),
        (glyph.text, glyph.role),
        ("└ " * (row.terminal_of is not None) + one_line(row.name), "strong"),
        (one_line(words(row)), glyph.role),
        (timing(row, now), "muted"),
        (one_line(row.kind) + (" demo" if row.demo else ""), "muted"),
        (one_line(row.branch or ""), "muted"),
        (f"{row.unread} new" if row.unread else "", "accent"),
        (money(row.cost), "muted"),
        (row.id, "muted"),
    ]


def money(cost: float | None) -> str:
    """Return list-price dollars, nothing when unknown."""
    return "" if cost is None else f"${cost:.2f}"


def summary(rows: Sequence[AgentRow], width: int | None) -> list[Line]:
    """Return the counts of the attention bar: every headline that occurs, the most urgent first."""
    counts = {state: sum(row.state is state for row in rows) for state in Headline}
    lines: list[list[Span]] = [[]]
    used = 0
    for state, glyph in GLYPHS.items():
        text = f"{glyph.text} {counts[state]} {glyph.word}"
        if not counts[state]:
            continue
        if lines[-1] and width is not None and used + 3 + cells(text) > width:
            lines.append([])
            used = 0
        lines[-1] += [("   ", "")] if lines[-1] else []
        lines[-1].append((text, glyph.role))
        used += cells(text) + 3
    return [*lines]


def facts(pairs: Iterable[tuple[str, str]]) -> list[Line]:
    """Return ``name  value`` lines, aligned; empty values are left out, further lines of a value indented."""
    shown = [(name, value) for name, value in pairs if value]
    width = max((len(name) for name, _ in shown), default=0)
    lines: list[Line] = []
    for name, value in shown:
        first, *rest = clean(value).splitlines() or [""]
        lines.append([(pad(name, width), "muted"), "  ", first])
        lines += [[" " * (width + 2), line] for line in rest]
    return lines


def agent(row: AgentRow, now: float) -> list[tuple[str, str]]:
    """Return the facts of ``show`` that stand in the row."""
    usage = row.usage
    tokens = [
        f"{count:,} {name}"
        for name, count in (
            ("in", usage.input_tokens),
            ("out", usage.output_tokens),
            ("cache read", usage.cache_read_tokens),
            ("cache write", usage.cache_write_tokens),
        )
        if count is not None
    ]
    return [
        ("id", row.id),
        ("kind", row.kind + (" (demo)" if row.demo else "")),
        ("project", row.project),
        ("branch", row.branch or ""),
        ("directory", row.cwd if row.cwd != row.project else ""),
        ("beside", row.terminal_of or ""),
        ("process", _process(row)),
        ("turn", " ".join(filter(None, (str(row.turn_number or ""), row.turn, row.blocked)))),
        ("health", row.health),
        ("says so", row.source),
        ("why", row.reason),
        ("cause", cause(row)),
        ("cut off", row.recovery_note),
        ("doing", row.activity),
        ("mode", row.mode or ""),
        ("model", row.model or ""),
        ("models", ", ".join(one_line(model.id) for model in row.models)),
        ("message", delivery(row)),
        ("cost", money(row.cost)),
        ("tokens", ", ".join(tokens)),
        ("unread", str(row.unread or "")),
        ("team", row.team or ""),
        ("labels", ", ".join(row.labels)),
        ("note", row.note),
        ("session", row.session_id or ""),
        ("started", f"{age(now - row.created_at)} ago" if row.created_at else ""),
        ("output", f"{row.out_size:,} bytes, {row.err_size:,} of errors"),
        ("can", ", ".join(row.capabilities)),
    ]


def cause(row: AgentRow) -> str:
    """Return what is or was wrong: the word scripts know, what it means, and what can be done."""
    if row.trouble is not None:
        said = f"{row.trouble.cause.value}: {trouble_words(row.trouble)}"
    elif row.cause is not None:
        said = f"{row.cause.value}: {CAUSES[row.cause]}".rstrip(": ")
    else:
        return ""
    step = next_step(row.trouble.cause if row.trouble is not None else row.cause, row.trouble)
    return f"{said} – {step}" if step else said


def delivery(row: AgentRow) -> str:
    """Return how far the newest message that left the queue got."""
    found = row.delivery
    if found is None:
        return ""
    return f"turn {found.turn} {DELIVERED[found.state]}"


def _process(row: AgentRow) -> str:
    text = str(row.lifecycle)
    if row.exit_code is not None:
        text += f", code {row.exit_code}"
    if row.exit_signal is not None:
        text += f", signal {row.exit_signal}"
    if row.pid is not None and row.lifecycle in LIVE:
        text += f", pid {row.pid}"
    return text + (f", {row.background} in the background" if row.background else "")


def request(asked: Request, now: float) -> list[Line]:
    """Return an open request as a card: what, where, which files, and the key that names it."""
    glyph = GLYPHS[Headline.ALLOW if asked.kind == "permission" else Headline.ASKS]
    lines: list[Line] = [[(f"{glyph.text} ", glyph.role), (one_line(asked.title, 400), "strong")]]
    details = [
        ("command", asked.command or ""),
        ("in", asked.cwd or ""),
        ("what", beyond(asked)),
        ("files", "\n".join(dict.fromkeys([*asked.paths, *(diff.path for diff in asked.diffs)]))),
        *(("question", _question(question.text, question.choices)) for question in asked.questions),
        ("offers", " · ".join(one_line(option.name, 80) for option in asked.options)),
        ("asked", f"{age(now - asked.opened_at)} ago"),
        ("request", asked.key),
    ]
    return [*lines, *(["    ", *line] for line in facts(details))]


def _question(text: str, choices: Sequence[str]) -> str:
    return "\n".join([text, *(f"- {choice}" for choice in choices)])

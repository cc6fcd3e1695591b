"""``ls``, ``show``, ``next`` and ``explain``: commands that look and change nothing."""

from __future__ import annotations

import time
from argparse import Namespace

from agents.model import AgentRow, Evidence
from agents.status import explaining, incidents, recovery
from agents.status.headline import GLYPHS
from agents.status.untrusted import one_line
from agents.status.words import attempts
from agents.wire import AgentRef, Explained, ListAgents, Next, NextEntry, Shown
from app.cli import roster
from app.cli.context import Context
from app.cli.exits import Exit
from app.cli.results import ShownAgent


def ls(context: Context, args: Namespace) -> int:
    """List the fleet."""
    output = context.output
    everybody = context.call("agent.list", ListAgents(args.terminals)).agents
    rows = [row for row in everybody if args.all or not row.archived]
    if output.is_json:
        output.json(rows)
        return Exit.DONE
    if not rows:
        _say_empty(context, hidden=len(everybody))
        return Exit.DONE
    for line in roster.fleet(rows, context.now(), width=output.width, home=context.env.get("HOME")):
        output.line(*line)
    output.line()
    for line in roster.summary(rows, output.width):
        output.line(*line)
    if recovery.is_worth_resuming(rows):
        output.line((recovery.sentence(rows), "attention"), "  `quarterdeck resume --all`")
    return Exit.DONE


def _say_empty(context: Context, *, hidden: int) -> None:
    output = context.output
    if hidden:
        output.line(f"No agents but {hidden} archived: `quarterdeck ls --all` shows them.")
        return
    output.line("No agents yet.")
    output.line("  quarterdeck run opencode --prompt 'say hello'   start a coding agent here")
    output.line("  quarterdeck run shell -- make test              watch over any program")
    output.line("  quarterdeck doctor                              which kinds of agents are installed")
    output.line("  quarterdeck demo                                a scripted fleet, no key needed")


def show(context: Context, args: Namespace) -> int:
    """Show one agent."""
    shown: Shown = context.call("agent.show", AgentRef(args.id))
    output, row, now = context.output, shown.row, context.now()
    if output.is_json:
        fields = {name: getattr(row, name) for name in AgentRow.__struct_fields__}
        output.json(
            ShownAgent(**fields, argv=shown.spec.argv, directory=shown.directory, session_file=shown.session_file)
        )
        return Exit.DONE
    _head(context, row)
    argv = " ".join(one_line(word) for word in shown.spec.argv)
    pairs = [
        *roster.agent(row, now),
        ("command", argv),
        ("files", shown.directory),
        ("session file", one_line(shown.session_file, 4096)),
    ]
    for line in roster.facts(pairs):
        output.line("  ", *line)
    for asked in row.requests:
        output.line()
        for line in roster.request(asked, now):
            output.line("  ", *line)
    if row.queue:
        output.line()
        for waiting in row.queue:
            why = f"  ({one_line(waiting.reason, 400)})" if waiting.reason else ""
            output.line(f"  turn {waiting.turn} {waiting.state}: {one_line(waiting.text)}{why}")
    return Exit.DONE


def _head(context: Context, row: AgentRow) -> None:
    glyph = GLYPHS[row.state]
    times = roster.timing(row, context.now())
    context.output.line(
        (f"{glyph.text} ", glyph.role),
        (one_line(row.name), "strong"),
        "  ",
        (roster.words(row), glyph.role),
        f"  {times}",
    )


def next_entry(context: Context, args: Namespace) -> int:
    """Show the agent that needs the user most."""
    del args
    entry: NextEntry = context.call("agent.next", Next())
    output = context.output
    if output.is_json:
        output.json(entry)
        return Exit.DONE
    if entry.row is None:
        output.line("Nobody needs you.")
    else:
        _entry(context, entry, entry.row)
    for parked in entry.parked:
        output.line((incidents.sentence(parked, context.now()), "info"))
    return Exit.DONE


def _entry(context: Context, entry: NextEntry, row: AgentRow) -> None:
    output = context.output
    _head(context, row)
    if entry.incident is not None:
        output.line("  ", incidents.sentence(entry.incident, context.now()))
    for line in roster.facts([("id", row.id), ("project", row.project), ("why", row.reason)]):
        output.line("  ", *line)
    for asked in row.requests:
        for line in roster.request(asked, context.now()):
            output.line("  ", *line)
    if row.requests:
        output.line(f"  quarterdeck allow {row.id}   quarterdeck deny {row.id} --reason TEXT")
    if entry.waiting > 1:
        output.line(f"  and {entry.waiting - 1} more")


def explain(context: Context, args: Namespace) -> int:
    """Show why the status is what it is."""
    explained: Explained = context.call("agent.explain", AgentRef(args.id))
    output = context.output
    if output.is_json:
        output.json(explained)
        return Exit.DONE
    _head(context, explained.row)
    for line in roster.facts(_trouble(explained.row)):
        output.line("  ", *line)
    because = f" {one_line(explained.why, 400)}" if explained.why else ""
    output.line(f"  chosen:{because or ' nothing'}")
    if explained.chosen is not None:
        _claim(context, explained.chosen)
    others = [evidence for evidence in explained.evidence if evidence != explained.chosen]
    if others:
        output.line("  other evidence, strongest first:")
    for evidence in others:
        _claim(context, evidence)
    for title, texts in (("ignored:", explained.ignored), ("rules:", explained.rules)):
        if texts:
            output.line(f"  {title}")
        for text in texts:
            output.line("    ", one_line(text, 2000))
    return Exit.DONE


def _claim(context: Context, evidence: Evidence) -> None:
    """Say what a source claims, with all that is known of the claim below it."""
    context.output.line(f"    {int(evidence.rank)} {explaining.SOURCES[evidence.rank]}: {explaining.claim(evidence)}")
    for line in roster.facts(explaining.facts(evidence, context.now())):
        context.output.line("      ", *line)


def _trouble(row: AgentRow) -> list[tuple[str, str]]:
    """Return what the agent said is wrong around it, or why its last turn failed."""
    trouble = row.trouble
    if trouble is None:
        return [("cause", roster.cause(row)), ("why", one_line(row.reason, 2000) if row.cause else "")]
    status = f"HTTP {trouble.status}" if trouble.status is not None else ""
    until = "" if trouble.until is None else time.strftime("%d %b %H:%M:%S", time.localtime(trouble.until))
    return [
        ("cause", roster.cause(row)),
        ("says", ", ".join(filter(None, (one_line(trouble.detail, 2000), status)))),
        ("attempt", attempts(trouble)),
        ("since", time.strftime("%H:%M:%S", time.localtime(trouble.since))),
        ("until", until),
    ]

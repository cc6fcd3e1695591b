"""``sessions``, ``adopt``, ``switch`` and ``hook``: sessions one already has, and where a session goes on."""

from __future__ import annotations

from argparse import Namespace

from agents.status.headline import age
from agents.status.untrusted import one_line
from agents.wire import AdoptSession, FoundSession, FoundSessions, ListSessions, Started, Switch
from app import hook as hooks
from app.cli.columns import Column, table
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.output import Span
from app.cli.project import locate
from app.cli.run import say_started
from app.cli.stdin import from_stdin

_COLUMNS = (
    Column("id"),
    Column("title", least=20),
    Column("kinds", drop=1),
    Column("used", is_right=True),
    Column("agent", drop=2),
)

#: Characters of an id that are shown: enough to be unique among a person's sessions.
SHORT = 12


def sessions(context: Context, args: Namespace) -> int:
    """List the sessions of a project."""
    found = _found(context, args.project, args.kind)
    output = context.output
    if output.is_json:
        output.json(found)
        return Exit.DONE
    rows = [_row(session, context.now()) for session in found.sessions]
    for line in table(_COLUMNS, rows, output.width):
        output.line(*line)
    if not rows:
        output.line("no session was held here that could be adopted; look elsewhere with -p DIR")
    for problem in found.problems:
        output.error(f"quarterdeck: {one_line(problem, 2000)}")
    return Exit.DONE


def _found(context: Context, project: str | None, kind: str | None) -> FoundSessions:
    directory = locate(project or ".").directory
    found: FoundSessions = context.call("session.list", ListSessions(str(directory), kind))
    return found


def _row(session: FoundSession, now: float) -> list[Span]:
    running = (
        "" if session.agent is None else f"{one_line(session.agent_name)}{'' if session.is_running else ' (ended)'}"
    )
    return [
        (one_line(session.id)[:SHORT], "strong"),
        (one_line(session.title) or "(nothing said)", ""),
        (", ".join(one_line(kind) for kind in session.kinds), "muted"),
        (f"{age(now - session.used_at)} ago", "muted"),
        (running, "accent"),
    ]


def adopt(context: Context, args: Namespace) -> int:
    """Start an agent that continues a session."""
    found = _found(context, args.project, args.kind)
    session = _chosen(found, args.session)
    kind = args.kind or session.kinds[0]
    prompt = None if args.prompt is None else from_stdin(context, args.prompt, "the prompt")
    project = str(locate(args.project or ".").directory)
    started: Started = context.call("session.adopt", AdoptSession(kind, session.id, project, args.name, prompt))
    return say_started(context, started)


def _chosen(found: FoundSessions, text: str) -> FoundSession:
    """Return the one session that begins so. Raises CommandError listing what there is instead."""
    matches = [session for session in found.sessions if session.id == text]
    matches = matches or [session for session in found.sessions if session.id.startswith(text)]
    if len(matches) == 1:
        return matches[0]
    listed = "".join(f"\n  {s.id}  {one_line(s.title)}" for s in (matches or found.sessions)[:10])
    if matches:
        raise CommandError(f"{len(matches)} sessions begin with {text}:{listed}")
    there = f"; there are:{listed}" if listed else ", nor any other: name its directory with -p DIR"
    raise CommandError(f"no session of this project begins with {text}{there}")


def switch(context: Context, args: Namespace) -> int:
    """Let an agent go on as another kind."""
    started: Started = context.call("agent.switch", Switch(args.id, args.kind, wait=args.when_idle))
    return say_started(context, started)


def hook(context: Context, args: Namespace) -> int:
    """Report a hook, as ``app.__main__`` does without loading the command line."""
    return hooks.main([args.event], context.env)

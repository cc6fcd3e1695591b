"""``run``: starts an agent, and waits for it when asked to."""

from __future__ import annotations

import re
import shutil
from argparse import Namespace
from collections.abc import Mapping

from agents.model import LIVE, AgentRow
from agents.status.untrusted import one_line
from agents.wire import AgentRef, Run, Started
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.project import locate
from app.cli.results import Ran
from app.cli.talk import ending, from_stdin, wait_for

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def run(context: Context, args: Namespace) -> int:
    """Start an agent."""
    project = locate(args.project or ".")
    size = shutil.get_terminal_size((120, 40))
    order = Run(
        kind=args.kind,
        project=str(project.root),
        cwd=str(project.directory),
        name=args.name,
        prompt=None if args.prompt is None else from_stdin(context, args.prompt, "the prompt"),
        argv=context.tail or (),
        env=environment(context.env, args.env),
        pty=True if args.pty else None,
        mode=args.mode,
        model=args.model,
        team=args.team,
        labels=tuple(args.label),
        rows=size.lines,
        cols=size.columns,
    )
    if not project.is_repository:
        context.output.error((f"note: {project.directory} is in no git repository: there will be no diff", "muted"))
    started: Started = context.call("agent.run", order)
    if started.pid is None:
        return _say_failed(context, started)
    return _wait(context, started) if args.wait else _say_started(context, started)


def environment(env: Mapping[str, str], wanted: list[str]) -> dict[str, str]:
    """Return the variables an agent gets: those asked for, and our PATH.

    The daemon's own PATH is that of the shell which happened to start it.
    """
    chosen = {"PATH": env["PATH"]} if env.get("PATH") else {}
    for text in wanted:
        name, equals, value = text.partition("=")
        if not _NAME.fullmatch(name):
            raise CommandError(f"--env {text!r}: give NAME or NAME=VALUE", Exit.USAGE)
        if not equals and name not in env:
            raise CommandError(f"--env {name}: it is not set here; give {name}=VALUE", Exit.USAGE)
        chosen[name] = value if equals else env[name]
    return chosen


def _say_started(context: Context, started: Started) -> int:
    if context.output.is_json:
        context.output.json(Ran(started.id, started.name, started.pid, started.turn))
    else:
        turn = f", turn {started.turn}" if started.turn is not None else ""
        context.output.line("started ", (one_line(started.name), "strong"), f" ({started.id}), pid {started.pid}{turn}")
    return Exit.DONE


def _say_failed(context: Context, started: Started) -> int:
    if context.output.is_json:
        context.output.json(Ran(started.id, started.name, None, started.turn))
    row: AgentRow = context.call("agent.show", AgentRef(started.id)).row
    what = "is not running yet" if row.lifecycle in LIVE else "could not be started"
    raise CommandError(f"{one_line(started.name)} {what}: {one_line(row.reason or row.headline, 2000)}")


def _wait(context: Context, started: Started) -> int:
    """Wait for the end of the first turn, or of the program when it got no prompt."""
    if not context.output.is_json:
        _say_started(context, started)
        context.output.flush()
    until = "exited" if started.turn is None else "done"
    waited = wait_for(context, started.id, until, turn=started.turn)
    row = waited.row
    if context.output.is_json:
        context.output.json(Ran(started.id, started.name, started.pid, started.turn, waited.reached, row.exit_code))
    elif waited.reached == until:
        context.output.line(f"{one_line(row.name)}: {row.headline}")
    if waited.reached == until and not _ended_badly(row):
        return Exit.DONE
    raise CommandError(f"{one_line(row.name)}: {ending(row, context.now())}")


def _ended_badly(row: AgentRow) -> bool:
    return bool(row.exit_code) or row.exit_signal is not None

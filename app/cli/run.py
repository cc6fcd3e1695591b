"""``run``: starts an agent, and waits for it when asked to."""

from __future__ import annotations

import re
import shutil
from argparse import Namespace
from collections.abc import Mapping

from agents.model import LIVE, AgentRow
from agents.status.untrusted import one_line
from agents.wire import AgentRef, Run, Started, Wait, Waited
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.project import locate
from app.cli.results import Ran
from app.cli.stdin import from_stdin
from app.cli.waiting import ending, last_message, wait_through, why_not

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def run(context: Context, args: Namespace) -> int:
    """Start an agent."""
    if args.timeout is not None and not args.wait:
        raise CommandError("--timeout is for --wait: give both", Exit.USAGE)
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
    is_awaited = args.wait and started.pid is not None
    return _wait(context, started, args.timeout) if is_awaited else say_started(context, started)


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


def say_started(context: Context, started: Started, *, error: bool = False) -> int:
    """Say that it runs, or why not; on stderr where stdout is for what it answers. Raises CommandError."""
    if started.pid is None:
        return _say_failed(context, started)
    if context.output.is_json:
        context.output.json(Ran(started.id, started.name, started.pid, started.turn))
        return Exit.DONE
    turn = f", turn {started.turn}" if started.turn is not None else ""
    say = context.output.error if error else context.output.line
    say("started ", (one_line(started.name), "strong"), f" ({started.id}), pid {started.pid}{turn}")
    return Exit.DONE


def _say_failed(context: Context, started: Started) -> int:
    if context.output.is_json:
        context.output.json(Ran(started.id, started.name, None, started.turn))
    row: AgentRow = context.call("agent.show", AgentRef(started.id)).row
    what = "is not running yet" if row.lifecycle in LIVE else "could not be started"
    raise CommandError(f"{one_line(started.name)} {what}: {one_line(row.reason or row.headline, 2000)}")


def _wait(context: Context, started: Started, timeout: float | None) -> int:
    """Wait for the end of the first turn, or of the program when it got no prompt."""
    turn = started.turn
    if not context.output.is_json:
        say_started(context, started, error=turn is not None)
        context.output.flush()

    def say(row: AgentRow) -> None:
        how = f"quarterdeck allow {row.id}" if row.requests else f"quarterdeck show {row.id}"
        words = f"{one_line(row.name)} waits for you: {one_line(row.headline)}"
        context.output.error((words, "attention"), f"  `{how}`")

    until = "exited" if turn is None else "done"
    waited = wait_through(context, Wait(started.id, until, turn, timeout), say)
    if waited is None:
        return _say_late(context, started, until, timeout)
    row, end = waited.row, waited.end
    message = last_message(context, started.id, turn) if turn is not None and waited.reached == until else None
    error = _error(waited, until, context.now())
    if context.output.is_json:
        cause = end.cause if end is not None else None
        reached = (waited.reached, row.exit_code, message, error, cause)
        context.output.json(Ran(started.id, started.name, started.pid, turn, *reached))
    elif error is None:
        context.output.text(f"{message.rstrip()}\n" if message else f"{one_line(row.name)}: {row.headline}\n")
    if error is not None:
        raise CommandError(f"{one_line(row.name)}: {error}")
    return Exit.DONE


def _error(waited: Waited, until: str, now: float) -> str | None:
    """Return why what was waited for did not end well, ``None`` when it did."""
    row = waited.row
    if waited.reached != until:
        return why_not(waited, now)
    is_bad = until == "exited" and (bool(row.exit_code) or row.exit_signal is not None)
    return ending(row, now) if is_bad else None


def _say_late(context: Context, started: Started, until: str, timeout: float | None) -> int:
    if context.output.is_json:
        context.output.json(Ran(started.id, started.name, started.pid, started.turn, "timeout"))
    row: AgentRow = context.call("agent.show", AgentRef(started.id)).row
    text = f"{one_line(row.name)} is not {until} after {timeout:g} s: {row.headline}; it goes on"
    raise CommandError(text, Exit.TIMEOUT)

"""Runs one command line: finds the command, loads its handler alone, turns every failure into text and exit code."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO, cast

from agents.jsonrpc import ErrorCode, RpcError
from agents.wire import ListAgents, NoParams
from app.cli.commands import COMMANDS
from app.cli.context import Context, Handler, Roots
from app.cli.declaration import Command
from app.cli.exits import CommandError, Exit
from app.cli.output import Output
from app.cli.parser import PROGRAM, build, hint
from app.client.api import ConnectionLost
from app.client.blocking import NoDaemon
from app.client.launch import DaemonNotStarted
from app.paths import HomeRefused
from app.version import VERSION

#: What a shell reports for a program ended by Ctrl-C or by a closed pipe.
_INTERRUPTED, _PIPE_CLOSED = 128 + 2, 128 + 13

_CODES = {ErrorCode.TIMEOUT: Exit.TIMEOUT, ErrorCode.INVALID_PARAMS: Exit.USAGE}


def main(
    argv: Sequence[str],
    roots: Roots,
    env: Mapping[str, str],
    streams: tuple[TextIO, TextIO, TextIO] | None = None,
    now: Callable[[], float] = time.time,
) -> int:
    """Run the command line ``argv`` (without the program's name) and return its exit code."""
    stdin, stdout, stderr = streams or (sys.stdin, sys.stdout, sys.stderr)
    output = Output(stdout, stderr, env)
    context = Context(env=env, output=output, stdin=stdin, roots=roots, now=now)
    try:
        code = _run(context, list(argv))
        output.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader went away; what is still buffered must not fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
        return _PIPE_CLOSED
    else:
        return code
    finally:
        context.session.close()


def _run(context: Context, argv: list[str]) -> int:
    try:
        return _dispatch(context, argv)
    except CommandError as error:
        return _fail(context, str(error), error.code)
    except RpcError as error:
        return _fail(context, _explained(context, error), _CODES.get(error.code, Exit.FAILED))
    except (DaemonNotStarted, NoDaemon, HomeRefused) as error:
        return _fail(context, str(error), Exit.NO_DAEMON)
    except BrokenPipeError:
        raise
    except (ConnectionLost, OSError) as error:
        return _fail(context, str(error), Exit.FAILED)


def _fail(context: Context, text: str, code: Exit) -> int:
    first, *rest = text.splitlines() or ["failed"]
    context.output.error((f"{PROGRAM}: ", "danger"), first)
    for line in rest:
        context.output.error(line)
    return code


def _dispatch(context: Context, argv: list[str]) -> int:
    if "--" in argv:
        at = argv.index("--")
        argv, context.tail = argv[:at], tuple(argv[at + 1 :])
    if not argv or _is_path(argv):
        return _open_window(context, argv)
    args = build().parse_args(argv)
    if args.version:
        context.output.line(f"{PROGRAM} {VERSION}")
        return Exit.DONE
    if args.command is None:
        return _open_window(context, [])
    command = next(command for command in COMMANDS if command.name == args.command)
    if context.tail is not None and not command.tail:
        raise CommandError(f"{command.name} takes nothing after --", Exit.USAGE)
    context.args = args
    context.output.is_json = bool(getattr(args, "json", False))
    return load(command)(context, args)


def load(command: Command) -> Handler:
    """Return a command's handler, importing its module only now."""
    module, _, function = command.handler.partition(":")
    return cast("Handler", getattr(importlib.import_module(module), function))


def _is_path(argv: list[str]) -> bool:
    """Tell whether the first word is a PATH for the window; a word that is neither path nor command is an error."""
    word = argv[0]
    if word.startswith("-") or word in (names := [command.name for command in COMMANDS]):
        return False
    if "/" in word or word.startswith((".", "~")) or Path(word).is_dir():
        return True
    raise CommandError(
        f"no command {word!r}{hint(word, names)}, and no directory of that name; see {PROGRAM} --help", Exit.USAGE
    )


def _open_window(context: Context, argv: list[str]) -> int:
    if len(argv) > 1:
        raise CommandError(f"one PATH only: {' '.join(argv[1:])!r} is too much", Exit.USAGE)
    # Loaded like any handler: checking a project needs nothing of what the other commands need.
    window = importlib.import_module("app.cli.window")
    return int(window.window(context, argv[0] if argv else None))


def _explained(context: Context, error: RpcError) -> str:
    """Return the daemon's text, with the nearest name there is when the one given is unknown."""
    asked = vars(context.args)
    wanted = asked.get("kind") or asked.get("id")
    if error.code is not ErrorCode.NOT_FOUND or not wanted or "did you mean" in error.message:
        return error.message
    known = _known(context, kinds=bool(asked.get("kind")))
    return error.message + ("" if wanted in known else hint(wanted, known))


def _known(context: Context, *, kinds: bool) -> list[str]:
    try:
        if kinds:
            return [kind.name for kind in context.call("kind.list", NoParams()).kinds]
        rows = context.call("agent.list", ListAgents()).agents
    except (RpcError, CommandError):  # an agent may not list the fleet: then there is no hint
        return []
    return [name for row in rows for name in (row.name, row.id)]

"""``kinds``: what can be run, who pays for it, how to install it and to log in."""

from __future__ import annotations

import shlex
from argparse import Namespace

from agents.spec import KindInfo
from agents.status.untrusted import one_line
from agents.wire import Kinds, NoParams
from app.cli import roster
from app.cli.context import Context
from app.cli.exits import Exit


def kinds(context: Context, args: Namespace) -> int:
    """List the kinds."""
    known: Kinds = context.call("kind.list", NoParams())
    shown = [kind for kind in known.kinds if args.all or not (kind.demo or kind.hidden)]
    output = context.output
    if output.is_json:
        output.json(Kinds(tuple(shown), known.problems))
        return Exit.DONE
    for kind in shown:
        title = "" if kind.title in ("", kind.name) else f"  {one_line(kind.title)}"
        state = ("  lacks a key" if kind.problem else "") if kind.available else "  not installed"
        output.line((one_line(kind.name), "strong"), title, (state, "warning"))
        for line in roster.facts(_facts(kind)):
            output.line("    ", *line)
    for problem in known.problems:
        output.error(f"quarterdeck: {one_line(problem, 2000)}")
    return Exit.DONE


def _facts(kind: KindInfo) -> list[tuple[str, str]]:
    missing = not kind.available
    return [
        ("what", one_line(kind.description, 400)),
        ("pays", one_line(kind.pool, 400)),
        ("problem", one_line(kind.problem, 400)),
        ("install", one_line(kind.install, 400) if missing and kind.install not in kind.problem else ""),
        ("log in", one_line(shlex.join(kind.login), 400)),
    ]

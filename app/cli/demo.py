"""``demo``: hands over to the demo fleet, and prints it when there is no window to show it in."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from app.cli import roster
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.results import Demo
from app.cli.window import missing_display
from app.demo import DemoFailed

#: Where the pictures go unless told otherwise.
SHOTS = "shots"


def demo(context: Context, args: Namespace) -> int:
    """Play the demo fleet: in a window, or headless when asked for or when there is no display."""
    is_headless = bool(args.headless or args.shot or args.json or missing_display(context.env, sys.platform))
    if not is_headless:
        return context.roots.demo_window(context.env)
    if missing_display(context.env, sys.platform) and not args.headless:
        context.output.error(("there is no display: playing the demo fleet without a window", "muted"))
    try:
        rows, shots = context.roots.demo_headless(context.env, Path(args.shot or SHOTS))
    except DemoFailed as failure:
        raise CommandError(str(failure)) from failure
    output = context.output
    if output.is_json:
        output.json(Demo(tuple(rows), tuple(str(path) for path in shots)))
        return Exit.DONE
    for line in roster.fleet(rows, context.now(), width=output.width, home=context.env.get("HOME")):
        output.line(*line)
    output.line()
    for line in roster.summary(rows, output.width):
        output.line(*line)
    for path in shots:
        output.line(f"drew {path}")
    return Exit.DONE

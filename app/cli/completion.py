"""``completion``: a script for the user's shell, derived from the parser."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

import shtab

from app.cli.context import Context
from app.cli.exits import Exit
from app.cli.parser import PROGRAM, build

#: Flags whose value is a directory.
_DIRECTORIES = frozenset({"--project", "--shot"})


def completion(context: Context, args: Namespace) -> int:
    """Print the script for one shell."""
    context.output.line(script(args.shell))
    return Exit.DONE


def script(shell: str) -> str:
    """Return the completion script for ``shell``."""
    parser = build()
    _describe(parser)
    text: str = shtab.complete(parser, shell=shell, root_prefix=PROGRAM)
    return text.replace(str(Path.home()), "~")


def _describe(parser: ArgumentParser) -> None:
    """Tell shtab what argparse hides behind our types: choices, and which values are directories."""
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            action.help = "command"  # suppressed in our help, which groups the commands; shtab would leave them out
            for child in action.choices.values():
                _describe(child)
        choices = getattr(action.type, "choices", None)
        if choices:
            action.choices = choices
        if _DIRECTORIES.intersection(action.option_strings):
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]

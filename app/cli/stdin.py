"""Text given as an argument, or read from stdin for ``-``. Reads nothing else."""

from __future__ import annotations

from app.cli.context import Context
from app.cli.exits import CommandError, Exit


def from_stdin(context: Context, text: str, what: str) -> str:
    """Return ``text``, or stdin for ``-``. Raises CommandError when there is nothing in it."""
    text = context.stdin.read() if text == "-" else text
    if not text.strip():
        raise CommandError(f"{what} is empty", Exit.USAGE)
    return text

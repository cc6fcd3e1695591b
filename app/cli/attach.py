"""``attach``: an agent's terminal in this terminal. Bytes pass both ways unchanged, except the keys that leave.

The agent is never ended from here: leaving, a closed window or a lost daemon only ends the view.
"""

from __future__ import annotations

from argparse import Namespace

from agents.model import LIVE, AgentRow, Capability
from agents.runtime.tree import VARIABLE
from agents.status.untrusted import one_line
from agents.wire import AgentRef, Shown
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.sitting import seat
from app.cli.sitting.keys import LEAVING
from app.cli.sitting.view import Sitter, View


def attach(context: Context, args: Namespace) -> int:
    """Sit at an agent's terminal."""
    shown: Shown = context.call("agent.show", AgentRef(args.id))
    row = shown.row
    _check(context, row)
    name, is_terminal = one_line(row.name), Capability.TERMINAL in row.capabilities
    how = ", read-only" if args.read_only else ""
    context.output.error((f"attached to {name}{how}; {LEAVING}", "muted"))
    sitter = Sitter(row.id, name, context.stdin.fileno(), is_terminal=is_terminal, is_read_only=args.read_only)
    with seat.ending_by_signal(), seat.keyboard(sitter.keyboard, is_raw=is_terminal or args.read_only):
        ended = View(context.session, sitter, context.output.raw()).run()
    context.output.error("")
    context.output.error((f"{name} {ended}" if ended else f"left {name}; it goes on", "muted"))
    return Exit.DONE


def _check(context: Context, row: AgentRow) -> None:
    name = one_line(row.name)
    if context.env.get(VARIABLE, "").partition(":")[0] == row.id:
        raise CommandError(f"this is the terminal of {name} itself: it would show itself in itself without end")
    if row.lifecycle not in LIVE:
        raise CommandError(f"{name} does not run ({row.headline}); its output: quarterdeck log {row.id}")
    if Capability.INPUT not in row.capabilities:
        raise CommandError(
            f"{name} has no terminal: it speaks a protocol. Send a message with `quarterdeck send {row.id} TEXT`, "
            f"or watch it with `quarterdeck log -f {row.id}`"
        )
    if not (context.stdin.isatty() and context.output.is_terminal):
        raise CommandError(f"attach needs a terminal on stdin and stdout; see quarterdeck log -f {row.id}")

"""``model`` and ``mode``: what an agent thinks with and what it may do unasked; listed, or switched."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from agents.model import AgentRow, Mode, Model
from agents.status.untrusted import one_line
from agents.wire import AgentRef, SetMode, SetModel, Shown
from app.cli.columns import pad
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.results import Choice, Choices
from app.cli.talk import say_done


def model(context: Context, args: Namespace) -> int:
    """Switch the model, or list the models."""
    if args.model is not None:
        done = context.call("agent.set_model", SetModel(args.id, args.model))
        return say_done(context, done, f"asked for model {one_line(args.model)}")
    row = _row(context, args.id)
    return _list(context, row, row.models, row.model, "models")


def mode(context: Context, args: Namespace) -> int:
    """Switch the mode, or list the modes."""
    if args.mode is not None:
        done = context.call("agent.set_mode", SetMode(args.id, args.mode))
        return say_done(context, done, f"asked for mode {one_line(args.mode)}")
    row = _row(context, args.id)
    return _list(context, row, row.modes, row.mode, "modes")


def _row(context: Context, agent: str) -> AgentRow:
    shown: Shown = context.call("agent.show", AgentRef(agent))
    return shown.row


def _list(context: Context, row: AgentRow, known: Sequence[Mode | Model], present: str | None, what: str) -> int:
    output = context.output
    if output.is_json:
        output.json(Choices(row.id, present, tuple(Choice(one.id, one.name, one.description) for one in known)))
        return Exit.DONE
    if not known:
        now = f"; it runs with {one_line(present)}" if present else ""
        raise CommandError(f"{one_line(row.name)} ({one_line(row.kind)}) named no {what}{now}")
    width = max(len(one_line(one.id)) for one in known)
    for one in known:
        mark = "*" if one.id == present else " "
        said = one_line(" – ".join(filter(None, (one.name if one.name != one.id else "", one.description))), 400)
        output.line(f"{mark} ", (pad(one_line(one.id), width), "strong"), f"  {said}")
    if present is not None and present not in {one.id for one in known}:
        output.line("* ", (one_line(present), "strong"), "  the present one, which it did not name among them")
    return Exit.DONE

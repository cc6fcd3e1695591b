"""``send``: a message for one agent or several, and how far it got: nothing is called sent that was not taken."""

from __future__ import annotations

import time
from argparse import Namespace

import msgspec

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import AgentRow, Delivery
from agents.status.untrusted import one_line
from agents.wire import AgentRef, Send, Sent, Shown, Wait, Waited
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.results import Deliveries, SentTo
from app.cli.stdin import from_stdin
from app.cli.targets import Target, targets
from app.cli.waiting import undelivered, wait_for, why_not

#: Seconds the program gets to show that it took a message.
SUBMIT_S = 30.0

_IS_FINE = frozenset({Delivery.QUEUED, Delivery.SENT, Delivery.DELIVERED, Delivery.SUBMITTED, Delivery.STARTED})


def send(context: Context, args: Namespace) -> int:
    """Send a message."""
    refs, text = _parts(context, args)
    chosen = targets(context, refs, team=args.team, kind=args.kind)
    text = from_stdin(context, text, "the message")
    patience = None if args.no_wait or args.steer else SUBMIT_S if args.timeout is None else args.timeout
    if len(chosen) == 1 and chosen[0].is_named:
        order = Send(chosen[0].ref, text, steer=args.steer)
        return _say_one(context, _follow(context, context.call("agent.send", order), patience, steer=args.steer))
    return _say_many(context, _send_many(context, chosen, text, patience, steer=args.steer))


def _parts(context: Context, args: Namespace) -> tuple[list[str], str]:
    """Return the agents named and the message. Without ``--`` the first word alone is an agent, as it always was."""
    words = [args.id, *args.text] if args.id is not None else []
    if context.tail is not None:
        if not words and args.team is None and args.kind is None:
            raise CommandError("name the agents before --: send ID ID -- TEXT", Exit.USAGE)
        return words, " ".join(context.tail)
    if args.team is not None or args.kind is not None:
        raise CommandError("with --team or --kind the message stands behind --: send --team web -- TEXT", Exit.USAGE)
    if len(words) < 2:
        raise CommandError("name the agent and the message: send ID TEXT, or send ID ID -- TEXT", Exit.USAGE)
    return words[:1], " ".join(words[1:])


def _send_many(
    context: Context, chosen: list[Target], text: str, patience: float | None, *, steer: bool
) -> list[SentTo]:
    """Send to all first and follow each then: nobody waits for another's answer."""
    deadline = None if patience is None else time.monotonic() + patience
    sent: list[Sent | SentTo] = []
    for target in chosen:
        try:
            sent.append(context.call("agent.send", Send(target.ref, text, steer=steer)))
        except RpcError as error:
            sent.append(SentTo(target.ref, target.name, None, None, Delivery.UNDELIVERED, error.message))
    done = []
    for target, one in zip(chosen, sent, strict=True):
        if isinstance(one, Sent):
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            one = msgspec.structs.replace(_follow(context, one, left, steer=steer), name=target.name)  # noqa: PLW2901
        done.append(one)
    return done


def _follow(context: Context, sent: Sent, patience: float | None, *, steer: bool) -> SentTo:
    """Return how far a message got within ``patience`` seconds; ``None`` = do not look."""
    to = SentTo(sent.id, "", sent.turn, sent.queued, Delivery.QUEUED if sent.queued else Delivery.SENT)
    if steer:
        return msgspec.structs.replace(to, reason=f"put into the running turn {sent.turn}")
    if patience is None or sent.behind:
        return msgspec.structs.replace(to, reason=f"behind {sent.behind}" if sent.behind else "")
    try:
        waited = wait_for(context, Wait(sent.id, Delivery.SUBMITTED.value, sent.turn, patience))
    except RpcError as error:
        if error.code is not ErrorCode.TIMEOUT:
            raise
        return _late(context, to, sent.turn, patience)
    return _told(context, to, waited)


def _told(context: Context, to: SentTo, waited: Waited) -> SentTo:
    match waited.reached:
        case Delivery.SUBMITTED:
            return msgspec.structs.replace(to, delivery=Delivery.SUBMITTED)
        case Delivery.DELIVERED:
            return msgspec.structs.replace(to, delivery=Delivery.DELIVERED)
        case _:
            why = undelivered(waited.row, to.turn) or why_not(waited, context.now())
            return msgspec.structs.replace(to, delivery=Delivery.UNDELIVERED, reason=why)


def _late(context: Context, to: SentTo, turn: int, patience: float) -> SentTo:
    """Return what is known of a message that was not taken in time; it may still be."""
    shown: Shown = context.call("agent.show", AgentRef(to.id))
    row = shown.row
    state = _state(row, turn)
    words = {
        Delivery.QUEUED: f"it still waits after {patience:g} s ({row.headline})",
        Delivery.SENT: f"the agent has not read it after {patience:g} s ({row.headline})",
    }
    written = f"it was written to the agent, which did not show within {patience:g} s that it took it ({row.headline})"
    return msgspec.structs.replace(to, delivery=state, reason=words.get(state, written), is_late=True)


def _state(row: AgentRow, turn: int) -> Delivery:
    waiting = next((prompt.state for prompt in row.queue if prompt.turn == turn), Delivery.DELIVERED.value)
    return Delivery(waiting)


# ---------------------------------------------------------------- saying


def _say_one(context: Context, to: SentTo) -> int:
    output = context.output
    if output.is_json:
        output.json(to)
    elif _is_fine(to):
        output.line(_words(to))
    if not _is_fine(to):
        raise CommandError(_words(to))
    return Exit.DONE


def _say_many(context: Context, done: list[SentTo]) -> int:
    output = context.output
    if output.is_json:
        output.json(Deliveries(tuple(done)))
    for to in done:
        line = f"{one_line(to.name)}: {_words(to)}"
        if not _is_fine(to):
            output.error(f"quarterdeck: {line}")
        elif not output.is_json:
            output.line(line)
    return Exit.DONE if all(map(_is_fine, done)) else Exit.FAILED


def _is_fine(to: SentTo) -> bool:
    return to.delivery in _IS_FINE and not to.is_late


def _words(to: SentTo) -> str:
    reason = one_line(to.reason, 2000)
    if not _is_fine(to):
        what = "not submitted" if to.delivery is Delivery.DELIVERED else "not delivered"
        turn = "" if to.turn is None else f"turn {to.turn} "
        return f"{turn}{what}: {reason}"
    why = f", {reason}" if reason else ""
    return f"turn {to.turn} ({to.delivery.value}{why})"

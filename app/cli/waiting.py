"""Waiting for a state of an agent, over any number of daemons, and what is said when it comes or no longer can."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable

import msgspec

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import AgentRow, BlockKind, Delivery, TurnEnd
from agents.status.headline import age
from agents.status.untrusted import one_line
from agents.wire import Page, PageTranscript, Wait, Waited
from app.cli import roster
from app.cli.context import Context
from app.cli.exits import Exit

#: Blocks asked for at once, and looked through at most, for the last message of a turn.
PAGE, MOST = 100, 2000


def wait(context: Context, args: Namespace) -> int:
    """Wait for a state."""
    waited = wait_for(context, Wait(args.id, args.until, args.turn, args.timeout))
    output, row = context.output, waited.row
    if output.is_json:
        output.json(waited)
    elif waited.reached == args.until:
        output.line(f"{one_line(row.name)}: {_reached(waited)}")
    if waited.reached == args.until:
        return Exit.DONE
    why = why_not(waited, context.now())
    output.error(f"quarterdeck: {one_line(row.name)} can no longer be {args.until}: {why}")
    return Exit.FAILED


def _reached(waited: Waited) -> str:
    if waited.reached in (Delivery.DELIVERED, Delivery.SUBMITTED, Delivery.STARTED):
        return f"turn {waited.turn} {waited.reached}"
    return roster.words(waited.row)


def wait_for(context: Context, order: Wait) -> Waited:
    """Wait over any number of daemons; its ``timeout`` counts from now. Raises RpcError(TIMEOUT)."""
    left = _clock(order.timeout)

    def params() -> Wait:
        return msgspec.structs.replace(order, timeout=left())

    waited: Waited = context.session.call("agent.wait", params, timeout=None)
    return waited


def _clock(timeout: float | None) -> Callable[[], float | None]:
    """Return what tells the seconds that are left."""
    deadline = None if timeout is None else time.monotonic() + timeout
    return lambda: None if deadline is None else max(0.0, deadline - time.monotonic())


def wait_through(context: Context, order: Wait, say: Callable[[AgentRow], None]) -> Waited | None:
    """Wait for the end of something and ``say`` each time the agent waits for the user meanwhile; ``None`` = too late.

    Every request is said once, also when it is answered and the next one asked between two looks.
    """
    left = _clock(order.timeout)
    seen: set[str] = set()
    while True:
        step = msgspec.structs.replace(order, timeout=left(), also=("blocked",), seen=tuple(sorted(seen)))
        try:
            waited = wait_for(context, step)
        except RpcError as error:
            if error.code is not ErrorCode.TIMEOUT:
                raise
            return None
        if waited.reached != "blocked":
            return waited
        say(waited.row)
        seen |= {request.key for request in waited.row.requests} or {""}


def why_not(waited: Waited, now: float) -> str:
    """Return why what was waited for cannot come any more."""
    row, turn = waited.row, waited.turn
    match waited.reached:
        case Delivery.UNDELIVERED:
            reason = undelivered(row, turn)
            return f"turn {turn} was not delivered" + (f": {one_line(reason, 400)}" if reason else "")
        case "dropped":
            return f"turn {turn} was taken back before it was delivered"
        case "over":
            return f"turn {turn} is over and nothing waits ({row.headline})"
        case Delivery.DELIVERED:
            return f"turn {turn} was delivered; {one_line(row.kind)} has no turns, more cannot be known"
        case "failed" if waited.end is not None and not waited.end.ok:
            return failed_turn(waited.end)
        case _:
            return ending(row, now)


def undelivered(row: AgentRow, turn: int | None) -> str:
    """Return why a message was not delivered, empty when that is not on record."""
    return next((prompt.reason for prompt in row.queue if prompt.turn == turn), "")


def failed_turn(end: TurnEnd) -> str:
    """Return how a turn failed: the agent's words, and the cause in ours."""
    cause = f" ({end.cause.value})" if end.cause is not None else ""
    return f"turn {end.turn} failed: {one_line(end.detail or end.reason, 2000)}{cause}"


def ending(row: AgentRow, now: float) -> str:
    """Return how an agent ended and when, with the reason where there is one."""
    reason = f" ({one_line(row.reason)})" if row.reason and row.reason not in row.headline else ""
    return f"{row.headline}{reason}, {age(now - row.since)} ago"


def last_message(context: Context, agent: str, turn: int) -> str:
    """Return the last thing the agent said in a turn, empty when it said nothing."""
    before: int | None = None
    for _ in range(MOST // PAGE):
        page: Page = context.call("transcript.page", PageTranscript(agent, before, PAGE))
        for block in reversed(page.blocks):
            if block.kind is BlockKind.MESSAGE and block.turn == turn and not block.replayed:
                return block.text
            if block.turn < turn:
                return ""
        if not page.blocks or page.blocks[0].n == 0:
            return ""
        before = page.blocks[0].n
    return ""

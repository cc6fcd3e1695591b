"""What a user may order of one agent: messages, answers, interrupts, ends. Each checks, records, then hands over.

Refusals are ``RpcError`` with a sentence that says why and what to do instead.
"""

from __future__ import annotations

import contextlib
import secrets
from typing import Any, NoReturn

import msgspec

from agents import wire
from agents.adapters.contract import Adapter, NotPossible
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import AgentRow, Decision, Request, Turn
from agents.runtime.rawlog import LogTrimmed, RawLog
from agents.status import hooks
from agents.supervisor import decisions, hooking, onscreen
from agents.supervisor.intents import Again
from agents.supervisor.outflow import answer_of
from agents.supervisor.unit import Unit
from agents.supervisor.waits import DELIVERED, UNTIL, Wanted, reached
from agents.wire import REQUIRES

#: Most bytes of a raw log and most blocks in one answer.
MAX_LOG = 1024 * 1024
MAX_PAGE = 500

#: Longest message, bytes.
MAX_TEXT = 4 * 1024 * 1024

#: Seconds an end may take: cancel, every step of the ladder, and the keeper's own time.
END_S = 30.0

#: Seconds an order waits for an agent that is catching up with its log.
CATCH_UP_S = 5.0

OUTCOMES = {"allow": "allowed", "always": "always", "deny": "denied", "answer": "answered"}


def refuse(text: str, code: ErrorCode = ErrorCode.NOT_POSSIBLE, data: dict[str, Any] | None = None) -> NoReturn:
    """Raise the refusal."""
    raise RpcError(code, text, data)


async def caught_up(unit: Unit) -> None:
    """Wait a little for an agent that is being taken over: right after a daemon's death that is everybody."""

    def now() -> tuple[AgentRow, str] | None:
        return None if unit.catching_up else (unit.row(), "caught up")

    with contextlib.suppress(TimeoutError):  # the order itself says why it cannot be done yet
        await unit.waiters.until(now, CATCH_UP_S)


# ---------------------------------------------------------------- messages


def send(unit: Unit, text: str) -> wire.Sent:
    """Queue a message; the answer names the turn it will be."""
    _adapter(unit, "agent.send")
    _check_text(text)
    turn = unit.made.next_turn
    is_waiting = bool(unit.progress.waiting) or not _is_ready(unit)
    behind = _behind(unit) if is_waiting else ""
    _record(unit, decisions.queued(unit.services.clock.wall(), turn, text), hold=f"queued:{turn}")
    unit.changed()
    unit.wake()
    return wire.Sent(unit.id, turn, is_waiting, behind)


def _behind(unit: Unit) -> str:
    """Return what a new message waits for that only the agent or the user can bring about."""
    row, running = unit.row(), unit.replica.conversation.running
    if running:
        return f"turn {running} ({row.headline})"
    first = next((prompt.turn for prompt in row.queue if prompt.state != "undelivered"), None)
    if first is not None:
        return f"turn {first}, which waits itself"
    return row.headline if row.turn is Turn.BLOCKED else ""


def steer(unit: Unit, text: str) -> wire.Sent:
    """Put a message into the running turn; the answer names that turn."""
    adapter = _adapter(unit, "agent.steer")
    _check_text(text)
    token, turn = secrets.token_hex(8), unit.replica.conversation.started
    _issue(unit, "steer", token, {"turn": turn, "token": token, "text": text}, lambda: adapter.steer(text, token))
    unit.changed()
    unit.wake()
    return wire.Sent(unit.id, turn, queued=False)


def _check_text(text: str) -> None:
    if not text.strip():
        refuse("the message is empty", ErrorCode.INVALID_PARAMS)
    if len(text.encode()) > MAX_TEXT:
        refuse(f"the message has more than {MAX_TEXT} bytes: put it into a file and name the file")


def edit_queued(unit: Unit, turn: int, text: str | None) -> int:
    """Change or drop a message that still waits, or send one again that was not delivered; return its turn."""
    prompt = unit.made.queue.get(turn)
    if prompt is None:
        refuse(f"no message waits as turn {turn} of {unit.name}", ErrorCode.NOT_FOUND)
    if prompt.state not in ("queued", "undelivered"):
        refuse(f"turn {turn} of {unit.name} is on its way already ({prompt.state}): interrupt it instead")
    now = unit.services.clock.wall()
    is_late = text is not None and turn <= unit.replica.conversation.started
    dropped = text is None or is_late
    _record(unit, decisions.edited(now, turn, None if dropped else text), hold=None if dropped else f"edited:{turn}")
    if dropped:
        unit.outflow.started(turn)
    if text is not None and is_late:  # later turns came first: under its old number it would pass for one of them
        turn = unit.made.next_turn
        _record(unit, decisions.queued(now, turn, text), hold=f"queued:{turn}")
    unit.changed()
    unit.wake()
    return turn


async def wait(unit: Unit, params: wire.Wait) -> wire.Waited:
    """Wait for a state."""
    until, turn = (params.until, *params.also), params.turn
    unknown = next((word for word in until if word not in UNTIL), None)
    if unknown is not None:
        refuse(f"cannot wait until “{unknown}”; one of {', '.join(UNTIL)}", ErrorCode.INVALID_PARAMS)
    if turn is None and params.until in DELIVERED:
        turn = unit.made.next_turn - 1
        if not turn:
            refuse(f"no message was sent to {unit.name}: nothing can be {params.until}")
    wanted = Wanted(until, turn, frozenset(params.seen))

    def now() -> tuple[AgentRow, str] | None:
        row = unit.row()
        found = reached(wanted, row, unit.progress)
        return (row, found) if found else None

    try:
        row, found = await unit.waiters.until(now, params.timeout)
    except TimeoutError:
        waited = f"{round(params.timeout or 0.0, 1):g} s"
        refuse(f"{unit.name} is not {params.until} after {waited}: {unit.row().headline}", ErrorCode.TIMEOUT)
    return wire.Waited(row, found, turn, None if turn is None else unit.progress.ends.get(turn))


# ---------------------------------------------------------------- answers


def answer(unit: Unit, params: wire.AnswerRequest, by: str) -> wire.Answered:
    """Answer an open request; the first answer wins."""
    adapter = _adapter(unit, "agent.answer", allow_ended=True)
    if params.decision not in OUTCOMES:
        refuse(f"“{params.decision}” is no decision; one of {', '.join(OUTCOMES)}", ErrorCode.INVALID_PARAMS)
    request = _open_request(unit, params.request)
    if not isinstance(request, Request):
        return request
    args = {
        "key": request.key,
        "title": request.title,
        "decision": params.decision,
        "option": params.option,
        "reason": params.reason,
        "answers": params.answers,
        "outcome": OUTCOMES[params.decision],
        "by": by,
    }

    make = onscreen.settled(unit, adapter, lambda: adapter.answer(request.key, answer_of(args)))
    _issue(unit, "answer", request.key, args, make, onscreen.noticed(unit, request.title, make))
    given = unit.made.given[request.key]
    unit.replica.decide(Decision(request.key, given.outcome, request.title, given.by, given.at, given.reason))
    if params.reason and params.decision == "deny" and not adapter.CARRIES_REASON:
        send(unit, params.reason)
        unit.notice("info", "the reason of the denial is sent as the next message: its protocol has no field for it")
    unit.changed()
    unit.wake()
    return wire.Answered(unit.id, request.key, given.outcome, given.by, given.at)


def _open_request(unit: Unit, key: str | None) -> Request | wire.Answered:
    pending = unit.row().requests
    if key is None:
        if not pending:
            refuse(f"{unit.name} asks for nothing now ({unit.row().headline})", ErrorCode.NOT_FOUND)
        if len(pending) > 1:
            matches = [{"request": r.key, "title": r.title} for r in pending]
            listed = "; ".join(f"{r.key} ({r.title})" for r in pending)
            refuse(
                f"{unit.name} asks {len(pending)} things, say which: {listed}",
                ErrorCode.AMBIGUOUS,
                {"matches": matches},
            )
        return pending[0]
    found = [r for r in pending if r.key == key] or [r for r in pending if r.key.startswith(key)]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        matches = [{"request": r.key, "title": r.title} for r in found]
        refuse(f"several requests of {unit.name} begin with {key}", ErrorCode.AMBIGUOUS, {"matches": matches})
    return _already(unit, key)


def _already(unit: Unit, key: str) -> wire.Answered:
    given = unit.made.given.get(key)
    if given is not None:
        return wire.Answered(unit.id, key, given.outcome, given.by, given.at, already=True)
    ended = unit.replica.conversation.outcomes.get(key)
    if ended is not None:
        return wire.Answered(unit.id, key, ended.outcome, "the agent", ended.at, already=True)
    refuse(f"{unit.name} has no request {key}", ErrorCode.NOT_FOUND)


# ---------------------------------------------------------------- the running turn


def interrupt(unit: Unit) -> str:
    """Cancel the running turn."""
    adapter = _adapter(unit, "agent.interrupt")
    token, turn = secrets.token_hex(8), unit.replica.conversation.started
    _issue(unit, "interrupt", token, {"turn": turn, "token": token}, lambda: adapter.interrupt(token))
    return f"turn {turn} of {unit.name} is being cancelled" if turn else f"{unit.name} was interrupted"


def set_mode(unit: Unit, mode: str) -> None:
    """Switch the session mode."""
    adapter, token = _adapter(unit, "agent.set_mode"), secrets.token_hex(8)
    _issue(unit, "mode", token, {"mode": mode, "token": token}, lambda: adapter.set_mode(mode, token))


def set_model(unit: Unit, model: str) -> None:
    """Switch the model."""
    adapter, token = _adapter(unit, "agent.set_model"), secrets.token_hex(8)
    _issue(unit, "model", token, {"model": model, "token": token}, lambda: adapter.set_model(model, token))


def type_in(unit: Unit, data: bytes) -> None:
    """Write raw bytes. What is typed is not on record, only how much of it: it may be a password."""
    _adapter(unit, "agent.input")
    if unit.intents.writer is None:
        refuse(f"{unit.name} is not connected to its keeper; what was typed was not sent")
    unit.sizing.settle()
    _issue(unit, "input", secrets.token_hex(8), {"bytes": len(data)}, lambda: data)
    unit.wake()  # a connection that is left unread is read again: the echo comes over it


def resize(unit: Unit, rows: int, cols: int) -> None:
    """Tell the terminal its size."""
    _adapter(unit, "agent.resize")
    if not (1 <= rows <= 1000 and 1 <= cols <= 2000):
        refuse(f"{rows} rows and {cols} columns is no size of a terminal", ErrorCode.INVALID_PARAMS)
    if unit.intents.writer is None:
        refuse(f"{unit.name} is not connected to its keeper; try again in a moment")
    unit.sizing.want(rows, cols)


async def end(unit: Unit, how: str) -> str:
    """Stop or kill the agent and wait until it ended; the wish outlives this call and this daemon."""
    if not unit.is_live:
        refuse(f"{unit.name} has ended already ({unit.row().headline})")
    if unit.made.want != "kill":
        wish = decisions.want(unit.services.clock.wall(), how)
        try:
            unit.recorder.record(wish, sync=True)
        except OSError:  # ending who fills a disk must work: the wish is written once there is room
            unit.record(wish)
    unit.changed()
    unit.wake()
    with contextlib.suppress(OSError):
        await unit.recorder.durable()

    def now() -> tuple[AgentRow, str] | None:
        return None if unit.is_live else (unit.row(), "ended")

    try:
        row, _ = await unit.waiters.until(now, END_S)
    except TimeoutError:
        return (
            f"{unit.name} has not ended after {END_S:g} s; it is still being {'killed' if how == 'kill' else 'stopped'}"
        )
    return f"{unit.name}: {row.headline}"


# ---------------------------------------------------------------- the user's own marks


def see(unit: Unit) -> None:
    """Note that the user looked at it: nothing is unread."""
    seq = unit.replica.vitals.seq
    if unit.replica.conversation.unread(unit.made.seen_seq):
        unit.record(decisions.seen(unit.services.clock.wall(), seq))
        unit.replica.conversation.forget_news(seq)
        unit.changed()


def snooze(unit: Unit, seconds: float) -> None:
    """Hide it from triage for a while; 0 wakes it."""
    now, row = unit.services.clock.wall(), unit.row()
    if seconds > 0 and row.rank is None:
        refuse(f"{unit.name} does not ask for you ({row.headline}): there is nothing to snooze")
    unit.record(decisions.snoozed(now, now + seconds if seconds > 0 else 0.0, row.state.value))
    unit.changed()


def hook(unit: Unit, event: str, payload: dict[str, Any]) -> None:
    """Record what the agent reported about itself. A claim to be ranked: it decides and authorises nothing."""
    made, clock = unit.made, unit.services.clock
    call = hooks.read(event, payload, (clock.monotonic(), clock.wall()), made.incarnation)
    shape = unit.shapes.of(made.incarnation)
    is_asked_for = shape is not None and call.event in shape.hooks
    is_foreign = not is_asked_for
    if call.session not in ("", made.session_id):
        holder = unit.services.leases.holder(unit.kind.sessions or unit.kind.name, call.session)
        is_foreign = is_foreign or hooking.is_foreign(call.session, holder, str(unit.services.places.state), unit.id)
    unit.record(decisions.hooked(clock.wall(), hooking.trusted(call, is_session_foreign=is_foreign)))
    unit.changed()
    unit.wake()


# ---------------------------------------------------------------- bodies


def read_log(unit: Unit, params: wire.ReadLog) -> wire.LogBytes:
    """Return bytes of a raw log. Reads files only: may run in a thread."""
    raw = RawLog(unit.directory.path, params.stream)
    size, start = raw.size, raw.start
    offset = params.offset if params.offset >= 0 else max(0, size + params.offset)
    offset = max(offset, start)
    try:
        data = raw.read(offset, max(0, min(params.length, MAX_LOG)))
    except LogTrimmed as error:
        offset, data = error.start, b""
    return wire.LogBytes(data, offset, size, start)


def page(unit: Unit, before: int | None, n: int) -> wire.Page:
    """Return a page of the transcript, fewer blocks where they are large."""
    transcript, count = unit.intake.transcript, max(1, min(n, MAX_PAGE))
    blocks = transcript.page(before, count)
    while len(blocks) > 1 and sum(len(msgspec.json.encode(block)) for block in blocks) > wire.MAX_LINE // 2:
        blocks = blocks[len(blocks) // 2 :]
    return wire.Page(blocks, transcript.total)


# ---------------------------------------------------------------- shared checks


def _adapter(unit: Unit, method: str, *, allow_ended: bool = False) -> Adapter:
    """Return the adapter when ``method`` makes sense for this agent now; refuse with the reason otherwise."""
    if unit.adapter is None:
        refuse(f"{unit.name}: {unit.broken}; stop it and {'resume it' if unit.kind.resume else 'run it again'}")
    if unit.catching_up:
        refuse(f"{unit.name} is catching up with its log; try again in a moment")
    if not unit.is_live and not allow_ended:
        how = "resume it first" if unit.kind.resume else "run it again"
        refuse(f"{unit.name} is not running ({unit.row().headline}): {how}")
    needed = REQUIRES[method]
    if unit.is_live and needed not in unit.view.capabilities:
        refuse(f"{unit.name} ({unit.kind.name}) cannot do that: it has no “{needed.value}”")
    return unit.adapter


def _is_ready(unit: Unit) -> bool:
    return unit.adapter is not None and not unit.view.is_starting and unit.adapter.ready()


def _bytes(make: Again) -> bytes:
    try:
        return make()
    except NotPossible as error:
        refuse(str(error))


def _record(unit: Unit, record: decisions.Record, hold: str | None = None) -> None:
    try:
        unit.recorder.record(record, sync=True, hold=hold)
    except OSError as error:
        refuse(f"{unit.name}: the disk does not take it ({error.strerror}); nothing was done")


async def kept(unit: Unit) -> None:
    """Wait until what was ordered is on the disk: only then is it said to be done."""
    try:
        await unit.recorder.durable()
    except OSError as error:
        refuse(f"{unit.name}: the disk does not take it ({error.strerror}); nothing was done")


def _issue(  # noqa: PLR0913, PLR0917 (what is to be done, and how its bytes are made now and later)
    unit: Unit, kind: str, what: str, args: dict[str, Any], make: Again, again: Again | None = None
) -> None:
    data = _bytes(make)
    try:
        unit.intents.issue(kind, what, args, data, again or make)
    except OSError as error:
        refuse(f"{unit.name}: the disk does not take it ({error.strerror}); nothing was done")

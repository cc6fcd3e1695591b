"""What is folded from an agent's ``events.jsonl``: everything that is not bytes of the agent.

Pure: records in, values out. The records themselves are made by the functions at the end, so that the shape
of each is declared once. An unknown record is skipped: a newer daemon may have written it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from agents.model import QueuedPrompt
from agents.status.hooks import Call
from agents.supervisor.shapes import Shape

Record = dict[str, Any]

#: Who wants an end that is the first half of a switch.
SWITCH = "a switch of its kind"


#: Messages taken back that are remembered for who still waits for their turn.
MAX_DROPPED = 256


class Given(msgspec.Struct, frozen=True):
    """How a request was decided, by whom, when (epoch seconds) and why."""

    outcome: str
    by: str
    at: float
    reason: str = ""


class Intent(msgspec.Struct, frozen=True):
    """Something that was decided to be written to the agent, recorded before it is.

    ``id`` is the keeper's write id: it never names two different writes of one incarnation, so writing it again
    is harmless. The bytes are not here (events.jsonl is redacted): ``args`` is what the adapter computes them
    from again; where redaction would have changed ``args``, they lie in the outbox (``held``).
    """

    id: str
    kind: str  # want, prompt, answer, interrupt, mode, model, steer, input
    incarnation: int
    args: dict[str, Any]
    at: float = 0.0
    held: bool = False


class Beginning(msgspec.Struct, frozen=True):
    """Where a replay starts: at the mark ``seq``, behind ``blocks`` of the transcript (``None``: all there are)."""

    seq: int = 0
    blocks: int | None = None
    turns: int = 0


class Decisions:
    """The folded state; owned by one unit, changed only by ``apply``."""

    def __init__(self) -> None:
        self.name: str | None = None
        self.note = ""
        self.labels: tuple[str, ...] | None = None
        self.team: str | None = None
        self.slot: int | None = None
        self.slot_set = False
        self.archived = False
        self.snoozed_until: float | None = None
        self.snoozed_state = ""
        self.seen_seq = -1
        self.next_turn = 1
        self.delivered = 0  # the newest message the keeper wrote whole into the agent
        self.dropped: tuple[int, ...] = ()  # the newest messages that were taken back
        self.queue: dict[int, QueuedPrompt] = {}
        self.want = ""  # "", stop, kill
        self.switch: Shape | None = None  # what the next process is to run as
        self.launched: dict[int, Shape] = {}  # what an incarnation ran as, where its spec does not say it
        self.incarnation = 0
        self.nonce = ""
        self.boot = ""  # of the machine, when the present process was started
        self.session_id: str | None = None
        self.is_session_begun = False  # a hook said so: the vendor has it on its disk
        self.session_file = ""  # where, as a hook said
        self.hook: Call | None = None  # the newest of the present incarnation
        self.typed_at = 0.0  # when the user last typed something into it, epoch seconds
        self.given: dict[str, Given] = {}
        self.intents: dict[str, Intent] = {}
        self.baseline: frozenset[int] | None = None  # not looked at yet
        self.lost = ""  # why, when the keeper of the present incarnation vanished or never came
        self.lost_at = 0.0
        self.is_failure = False  # it never came
        self.beginning = Beginning()

    def fold(self, records: Iterable[Record]) -> list[str]:
        """Apply the records of a file; return what was wrong with those that had to be skipped."""
        problems = []
        for number, record in enumerate(records, 1):
            try:
                self.apply(record)
            except (KeyError, TypeError, ValueError, msgspec.ValidationError) as error:
                problems.append(f"record {number} ({record.get('t')}): {error!r}")
        return problems

    def apply(self, record: Record) -> None:
        """Apply one record, before or after it was written."""
        handler = _HANDLERS.get(str(record.get("t")))
        if handler is not None:
            handler(self, record)

    @property
    def waiting(self) -> tuple[QueuedPrompt, ...]:
        """Return the messages that have not become a turn, in order."""
        return tuple(self.queue[turn] for turn in sorted(self.queue))

    def set_state(self, turn: int, state: str, reason: str = "") -> None:
        """Change the delivery state of a message, if it still waits."""
        prompt = self.queue.get(turn)
        if prompt is not None and (prompt.state, prompt.reason) != (state, reason):
            self.queue[turn] = msgspec.structs.replace(prompt, state=state, reason=reason)

    def started(self, turn: int) -> None:
        """Note that a message became a turn: it waits no longer."""
        self.queue.pop(turn, None)
        self.next_turn = max(self.next_turn, turn + 1)


# ---------------------------------------------------------------- how each record is folded


def _launch(d: Decisions, r: Record) -> None:
    d.incarnation = int(r["incarnation"])
    d.nonce = str(r["nonce"])
    d.boot = str(r.get("boot", ""))
    d.want = ""
    d.lost = ""
    d.baseline = None
    d.switch, d.hook = None, None
    if "shape" in r:
        shape = d.launched[d.incarnation] = msgspec.convert(r["shape"], Shape)
        if shape.session is not None:
            _now_runs(d, shape.session)
    # What was meant for the process before never arrives; its messages are tried again.
    for intent in list(d.intents.values()):
        if intent.incarnation < d.incarnation:
            del d.intents[intent.id]
    for turn, prompt in d.queue.items():
        if prompt.state in ("sent", "delivered"):
            d.set_state(turn, "queued")


def _want(d: Decisions, r: Record) -> None:
    d.want = str(r["want"])
    if r.get("by") != SWITCH:
        d.switch = None  # the user wants it to end, as whatever


def _switch(d: Decisions, r: Record) -> None:
    d.switch = None if r["shape"] is None else msgspec.convert(r["shape"], Shape)


def _now_runs(d: Decisions, session: str) -> None:
    if d.session_id != session:
        d.session_id, d.is_session_begun, d.session_file = session, False, ""


def _named(d: Decisions, r: Record) -> None:
    d.name = str(r["name"])


def _annotated(d: Decisions, r: Record) -> None:
    if "note" in r:
        d.note = str(r["note"])
    if "labels" in r:
        d.labels = tuple(str(label) for label in r["labels"])
    if "team" in r:
        d.team = str(r["team"]) or None
    if "archived" in r:
        d.archived = bool(r["archived"])
    if "slot" in r:
        d.slot, d.slot_set = (int(r["slot"]) or None), True


def _seen(d: Decisions, r: Record) -> None:
    d.seen_seq = max(d.seen_seq, int(r["seq"]))


def _snoozed(d: Decisions, r: Record) -> None:
    d.snoozed_until = float(r["until"]) or None
    d.snoozed_state = str(r.get("state", ""))


def _queued(d: Decisions, r: Record) -> None:
    turn = int(r["turn"])
    d.queue[turn] = QueuedPrompt(turn=turn, text=str(r["text"]), at=float(r["at"]))
    d.next_turn = max(d.next_turn, turn + 1)


def _edited(d: Decisions, r: Record) -> None:
    turn, text = int(r["turn"]), r["text"]
    if text is None:
        d.queue.pop(turn, None)
        d.dropped = (*d.dropped[-MAX_DROPPED + 1 :], turn)
    elif turn in d.queue:
        old = d.queue[turn]
        d.queue[turn] = QueuedPrompt(turn=turn, text=str(text), at=old.at)


def _undelivered(d: Decisions, r: Record) -> None:
    d.set_state(int(r["turn"]), "undelivered", str(r["reason"]))


def _began(d: Decisions, r: Record) -> None:
    d.started(int(r["turn"]))


def _session(d: Decisions, r: Record) -> None:
    _now_runs(d, str(r["id"]))


def _hooked(d: Decisions, r: Record) -> None:
    if "call" not in r:
        return  # recorded by a version that made nothing of it
    call = msgspec.convert(r["call"], Call)
    if call.incarnation == d.incarnation:
        d.hook = call
    if call.session:
        _now_runs(d, call.session)
        d.session_file = call.transcript or d.session_file
        d.is_session_begun = d.is_session_begun or call.event == "UserPromptSubmit"


def _intent(d: Decisions, r: Record) -> None:
    intent = msgspec.convert({**r["intent"], "at": r["at"]}, Intent)
    d.intents[intent.id] = intent
    if intent.kind == "prompt":
        d.set_state(int(intent.args["turn"]), "sent")
    elif intent.kind == "answer":
        key = str(intent.args["key"])
        reason = str(intent.args.get("reason", ""))
        d.given[key] = Given(str(intent.args["outcome"]), str(intent.args["by"]), float(r["at"]), reason)
    elif intent.kind in ("input", "interrupt"):
        d.typed_at = float(r["at"])


def _settled(d: Decisions, r: Record) -> None:
    intent = d.intents.pop(str(r["id"]), None)
    if intent is None:
        return
    written = r["how"] == "written"
    if intent.kind == "prompt":
        turn = int(intent.args["turn"])
        d.set_state(turn, "delivered" if written else "queued")
        d.delivered = max(d.delivered, turn) if written else d.delivered
    elif intent.kind == "answer" and not written:
        d.given.pop(str(intent.args["key"]), None)


def _baseline(d: Decisions, r: Record) -> None:
    d.baseline = frozenset(int(pid) for pid in r["pids"])


def _lost(d: Decisions, r: Record) -> None:
    d.lost, d.lost_at, d.is_failure = str(r["reason"]), float(r["at"]), bool(r.get("failure", False))


def _dropped(d: Decisions, r: Record) -> None:
    if int(r["seq"]) > d.beginning.seq:
        d.beginning = Beginning(int(r["seq"]), r.get("blocks"), int(r.get("turns", 0)))


_HANDLERS: dict[str, Callable[[Decisions, Record], None]] = {
    "launch": _launch,
    "want": _want,
    "switch": _switch,
    "hooked": _hooked,
    "named": _named,
    "annotated": _annotated,
    "seen": _seen,
    "snoozed": _snoozed,
    "queued": _queued,
    "edited": _edited,
    "undelivered": _undelivered,
    "began": _began,
    "session": _session,
    "intent": _intent,
    "settled": _settled,
    "baseline": _baseline,
    "lost": _lost,
    "dropped": _dropped,
}


# ---------------------------------------------------------------- how each record is made


def launch(at: float, incarnation: int, nonce: str, boot: str = "", shape: Shape | None = None) -> Record:
    """Record that a process is about to be started; ``boot`` tells the machine's run its pids belong to.

    ``shape`` is what it runs as, where that is not what the spec says.
    """
    record = {"t": "launch", "at": at, "incarnation": incarnation, "nonce": nonce, "boot": boot}
    return record if shape is None else {**record, "shape": msgspec.to_builtins(shape)}


def switch(at: float, shape: Shape | None) -> Record:
    """Record that the next process is to run as ``shape``, as soon as the turn is over; ``None`` takes it back."""
    return {"t": "switch", "at": at, "shape": None if shape is None else msgspec.to_builtins(shape)}


def want(at: float, what: str, by: str = "") -> Record:
    """Record that the user wants it stopped or killed; it holds until the next launch."""
    return {"t": "want", "at": at, "want": what, "by": by}


def named(at: float, name: str) -> Record:
    """Record that the user gave it another name."""
    return {"t": "named", "at": at, "name": name}


def annotated(at: float, changes: dict[str, Any]) -> Record:
    """Record that the user set note, labels, team, slot (0 = none) or archived."""
    return {"t": "annotated", "at": at, **changes}


def seen(at: float, seq: int) -> Record:
    """Record that the user has seen everything up to mark ``seq``."""
    return {"t": "seen", "at": at, "seq": seq}


def snoozed(at: float, until: float, state: str) -> Record:
    """Record that hidden from triage until a time or until its headline is no longer ``state``; 0 wakes it."""
    return {"t": "snoozed", "at": at, "until": until, "state": state}


def queued(at: float, turn: int, text: str) -> Record:
    """Record that a message was accepted as ``turn``."""
    return {"t": "queued", "at": at, "turn": turn, "text": text}


def edited(at: float, turn: int, text: str | None) -> Record:
    """Record that a waiting message was changed, or dropped (``None``)."""
    return {"t": "edited", "at": at, "turn": turn, "text": text}


def undelivered(at: float, turn: int, reason: str) -> Record:
    """Record that a message cannot become a turn any more."""
    return {"t": "undelivered", "at": at, "turn": turn, "reason": reason}


def began(at: float, turn: int) -> Record:
    """Record that a message became a turn, or is lost with the process it was written to: it waits no longer."""
    return {"t": "began", "at": at, "turn": turn}


def session(at: float, session_id: str) -> Record:
    """Record that the program told its session id; a resume continues it."""
    return {"t": "session", "at": at, "id": session_id}


def intent(at: float, what: Intent) -> Record:
    """Record that bytes are about to be written under ``what.id``."""
    body = {"id": what.id, "kind": what.kind, "incarnation": what.incarnation, "args": what.args, "held": what.held}
    return {"t": "intent", "at": at, "intent": body}


def settled(at: float, intent_id: str, how: str) -> Record:
    """Record that the keeper has written it (``written``), or it will never be written (any other word: why)."""
    return {"t": "settled", "at": at, "id": intent_id, "how": how}


def baseline(at: float, pids: Iterable[int]) -> Record:
    """Record that the helper processes the program had before its first turn; they are not background work."""
    return {"t": "baseline", "at": at, "pids": sorted(pids)}


def lost(at: float, reason: str, *, is_failure: bool = False) -> Record:
    """Record that the keeper vanished without recording an exit, or (``is_failure``) could not be started."""
    return {"t": "lost", "at": at, "reason": reason, "failure": is_failure}


def dropped(at: float, size: int, why: str, begin: Beginning = Beginning()) -> Record:  # noqa: B008 (frozen)
    """Record that ``size`` bytes of raw logs are about to be deleted; a later replay starts from ``begin``."""
    record: Record = {"t": "dropped", "at": at, "bytes": size, "why": why, "seq": begin.seq}
    return record if begin.seq == 0 else {**record, "blocks": begin.blocks, "turns": begin.turns}


def hooked(at: float, call: Call) -> Record:
    """Record that the agent reported a hook about itself: evidence, never an order."""
    return {"t": "hooked", "at": at, "call": msgspec.to_builtins(call)}

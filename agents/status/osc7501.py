"""What a program says of itself by the Program Status Protocol (OSC 7501): its records, and the one claim they make.

Pure: no clock, no I/O, the same reports make the same records; it never answers and never authorises anything. All in
a report is untrusted: text with a control character refuses it whole, what deceives the eye is taken out before it is
kept. Read from the specification, revisions 0.2 to 0.4 (https://www.superlogical.com/rex/docs/build/program-status).

**Several records, one turn.** A program may report parts of its work under ids of their own. The claim is made by:

1. a record that is ``blocked``, whatever it is a part of: the user is needed (log-ins first, then permissions, then
   questions, of alike ones the one reported last);
2. else the root record: it is the program's word on itself, so a part that failed does not make it fail, and one that
   still works behind a finished turn does not make it work;
3. else, without a root, ``working`` before ``error`` before ``done`` before ``idle``: as long as something goes on it
   is not over, and once it is, what failed is worth more than what did not.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from agents.model import Blocked, Evidence, Rank, Turn
from agents.status.reading.rules import Claim
from agents.status.untrusted import one_line

#: Limits of the protocol, in bytes but for the last two; one beyond discards the report, a record beyond evicts.
LONGEST_SEQUENCE: Final = 4096
LONGEST_KEY: Final = 16
LONGEST_ID: Final = 128
LONGEST_SEGMENT: Final = 32
LONGEST_APP: Final = 32
LONGEST_TITLE: Final = (256, 192)  # encoded, decoded
LONGEST_MSG: Final = (2732, 2048)
DEEPEST_ID: Final = 8
MOST_RECORDS: Final = 256

#: Seconds after the last output for which "working" is believed: a program that hangs reports nothing any more.
WORKING_EXPIRY_S: Final = 600.0

#: A program's own word, but one it can be tricked to print.
CONFIDENCE: Final = 0.95

#: ``ESC ] 7501 ;`` and the shortest terminator, which count as parts of the sequence.
_FRAME: Final = len("\x1b]7501;\x07")

_KEY: Final = re.compile(rb"[a-z]+")
_VALUE: Final = re.compile(rb"[A-Za-z0-9_.,+/=-]*")
_NAME: Final = re.compile(rb"[A-Za-z0-9_.+-]+")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_PROGRESS: Final = re.compile(rb"[0-9]{1,3}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")

_STATES: Final = {b"idle", b"working", b"done", b"blocked", b"error"}
_CLEAR: Final = b"clear"
_KINDS: Final = {b"permission": Blocked.PERMISSION, b"question": Blocked.QUESTION, b"auth": Blocked.AUTH}
_OPEN: Final = frozenset({Turn.WORKING, Turn.BLOCKED})

#: What lasts only while its program does: a prompt shows that it is gone.
_PASSING: Final = frozenset({Turn.WORKING, Turn.BLOCKED, Turn.IDLE})

_URGENCY: Final = {Turn.BLOCKED: 0, Turn.WORKING: 2, Turn.ERROR: 3, Turn.DONE: 4, Turn.IDLE: 5}
_ROOT_URGENCY: Final = 1
_KIND_URGENCY: Final = {Blocked.AUTH: 0, Blocked.PERMISSION: 1, Blocked.QUESTION: 2, None: 3}


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """One record as it was last reported; texts are cleaned, ``id`` is empty for the root.

    ``since`` (the agent's clock) and ``wall`` (epoch seconds) are when its state began; ``rule`` names what read
    another state out of its words than the one reported.
    """

    state: Turn
    id: str = ""
    blocked: Blocked | None = None
    progress: int | None = None
    app: str = ""
    title: str = ""
    msg: str = ""
    since: float = 0.0
    wall: float = 0.0
    rule: str = ""


#: Says what a record means where its program's words are known to say more than its state.
Means = Callable[[Record], Claim | None]


class Records(msgspec.Struct):
    """All records of one terminal, the one updated longest ago first; owned by one adapter, whole in a checkpoint."""

    records: dict[str, Record] = {}

    def report(self, body: bytes, now: float, wall: float, means: Means | None = None) -> bool:
        """Take what stood behind ``7501;``; tell whether it was a report and not refused. A query is no report."""
        if len(body) + _FRAME > LONGEST_SEQUENCE:
            return False
        pairs = _pairs(body)
        if pairs is None:
            return False
        state = pairs.get(b"state")
        if state == _CLEAR:
            self._clear(pairs.get(b"id", b"").decode())
        elif state in _STATES:
            record = _record(pairs)
            claim = None if means is None else means(record)
            if claim is not None:
                record = msgspec.structs.replace(record, state=claim.turn, blocked=claim.blocked, rule=claim.rule)
            self._put(record, now, wall)
        else:
            return False
        return True

    def prompt_began(self) -> None:
        """Drop what a shell's prompt (OSC 133 ; A) shows to be over; results stay."""
        self._keep(lambda record: record.state not in _PASSING)

    def command_began(self) -> None:
        """Drop everything: a shell runs another command now (OSC 133 ; C), and old results are not its own."""
        self.records = {}

    def process_ended(self) -> None:
        """Drop what the process that was attached to the terminal can no longer do; results stay."""
        self._keep(lambda record: record.state not in _OPEN)

    def reset(self) -> None:
        """Drop everything: a full reset (RIS), or a new process."""
        self.records = {}

    def evidence(self, last_output: float) -> Evidence | None:
        """Return what the records claim; ``last_output`` is when the program last printed, on the agent's clock."""
        strongest = next(iter(self.summary()), None)
        if strongest is None:
            return None
        works = strongest.state is Turn.WORKING
        return Evidence(
            rank=Rank.OSC7501,
            turn=strongest.state,
            since=strongest.since,
            wall=strongest.wall,
            blocked=strongest.blocked,
            detail=_detail(strongest),
            confidence=CONFIDENCE,
            expires=max(last_output, strongest.since) + WORKING_EXPIRY_S if works else None,
            rule=strongest.rule,
        )

    def summary(self) -> tuple[Record, ...]:
        """Return all records, the one that makes the claim first, each with the name of its program."""
        newest_first = reversed(self.records.values())
        return tuple(
            msgspec.structs.replace(record, app=self._app(record)) for record in sorted(newest_first, key=_urgency)
        )

    def _put(self, record: Record, now: float, wall: float) -> None:
        before = self.records.pop(record.id, None)
        # Blocked again is another question, and must not look older than what was done about the last one.
        goes_on = before is not None and before.state is record.state and record.state is not Turn.BLOCKED
        since, since_wall = (before.since, before.wall) if goes_on and before is not None else (now, wall)
        self.records[record.id] = msgspec.structs.replace(record, since=since, wall=since_wall)
        if len(self.records) > MOST_RECORDS:
            del self.records[next(iter(self.records))]

    def _clear(self, name: str) -> None:
        below = f"{name}/"
        self._keep(lambda record: bool(name) and record.id != name and not record.id.startswith(below))

    def _keep(self, stays: Callable[[Record], bool]) -> None:
        self.records = {name: record for name, record in self.records.items() if stays(record)}

    def _app(self, record: Record) -> str:
        """Return the record's program, or that of its nearest ancestor that names one."""
        name = record.id
        app = record.app
        while not app and name:
            name = name.rpartition("/")[0]
            above = self.records.get(name)
            app = above.app if above is not None else ""
        return app


def _urgency(record: Record) -> tuple[int, int]:
    """Return the place of a record in the order of the module's docstring."""
    if record.state is Turn.BLOCKED:
        return _URGENCY[Turn.BLOCKED], _KIND_URGENCY[record.blocked]
    return _URGENCY[record.state] if record.id else _ROOT_URGENCY, 0


def _detail(record: Record) -> str:
    """Return what it says about itself; a part is called by its title."""
    if record.id and record.title and record.msg:
        return one_line(f"{record.title}: {record.msg}")
    return one_line(record.msg or record.title)


def _record(pairs: Mapping[bytes, bytes]) -> Record:
    """Return the record of well-formed pairs; what does not belong to its state, or is no name, is left out."""
    state = Turn(pairs[b"state"].decode())
    progress = pairs.get(b"progress", b"")
    is_progress = state in _OPEN and _PROGRESS.fullmatch(progress) is not None and int(progress) <= 100
    app = pairs.get(b"app", b"")
    return Record(
        state=state,
        id=pairs.get(b"id", b"").decode(),
        blocked=_KINDS.get(pairs.get(b"kind", b"")) if state is Turn.BLOCKED else None,
        progress=int(progress) if is_progress else None,
        app=app.decode() if _NAME.fullmatch(app) else "",
        title=_shown(pairs, b"title", LONGEST_TITLE),
        msg=_shown(pairs, b"msg", LONGEST_MSG),
    )


def _pairs(body: bytes) -> dict[bytes, bytes] | None:
    """Return the pairs that count; ``None`` when one of them, even one told again later, refuses the report."""
    found: dict[bytes, bytes] = {}
    for pair in body.split(b":"):
        key, equals, value = (part.strip() for part in pair.partition(b"="))
        if len(key) > LONGEST_KEY:
            return None
        # What was meant for a part must never be taken for the whole: a broken id refuses, where others are skipped.
        if key == b"id" and not _is_id(value):
            return None
        if not equals or not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
            continue
        if not _is_allowed(key, value):
            return None
        found[key] = value
    return found


def _is_id(value: bytes) -> bool:
    segments = value.split(b"/")
    return (
        len(value) <= LONGEST_ID
        and len(segments) <= DEEPEST_ID
        and all(len(segment) <= LONGEST_SEGMENT and _NAME.fullmatch(segment) for segment in segments)
    )


def _is_allowed(key: bytes, value: bytes) -> bool:
    match key:
        case b"app":
            return len(value) <= LONGEST_APP
        case b"title":
            return _text(value, LONGEST_TITLE) is not None
        case b"msg":
            return _text(value, LONGEST_MSG) is not None
    return True


def _shown(pairs: Mapping[bytes, bytes], key: bytes, limits: tuple[int, int]) -> str:
    text = _text(pairs.get(key, b""), limits)
    return one_line(text, limits[1]) if text else ""


def _text(value: bytes, limits: tuple[int, int]) -> str | None:
    """Return the text of a base64 value, ``None`` when it breaks a rule: padding may be absent, but not wrong."""
    encoded, decoded = limits
    bare = value.rstrip(b"=")
    padding = -len(bare) % 4
    is_padded = value == bare or len(value) == len(bare) + padding
    if len(value) > encoded or not _BASE64.fullmatch(value) or padding > 2 or not is_padded:
        return None
    raw = binascii.a2b_base64(bare + b"=" * padding)
    if len(raw) > decoded:
        return None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(text) else text

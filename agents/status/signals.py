"""What a terminal stream says about the turn beside OSC 7501: titles, progress, notifications, BEL and shell marks.

Pure: no clock, no I/O, the same pieces make the same claims. All of it is rank 4 evidence, which any program can print:
it authorises nothing. Titles and notifications mean only what the rules of the program say they mean.

Of several claims the one told last counts, however long ago another began to hold. A title, a progress bar and a shell
mark hold until the next of their sort, "progress" at most ten minutes without output; a notification is a moment, not a
state: it holds until a title, progress or mark says otherwise, or somebody types. The end of progress claims nothing:
programs end theirs when a turn does and when they ask, alike. BEL claims nothing either; when it rang is kept.
"""

from __future__ import annotations

import binascii
import re
from typing import Final, Literal

import msgspec

from agents.model import Blocked, Evidence, Rank, Turn
from agents.status.program import Claim, Program, notice_claim, title_claim
from agents.status.untrusted import clean, one_line
from agents.vt.stream import Bell, Osc, Piece, Reset

#: Longest title and notification that are read, in characters.
LONGEST_TEXT: Final = 1024

#: Notifications that come in pieces (OSC 99) and are not whole yet.
MOST_OPEN_NOTICES: Final = 8

#: Seconds after the last output for which a progress bar means work: a program that was killed never takes it away.
PROGRESS_EXPIRY_S: Final = 600.0

_Source = Literal["title", "progress", "notice", "mark"]

#: By what a claim is believed: rules are written for the program, progress and marks are meant for terminals.
_CONFIDENCE: Final[dict[str, float]] = {"title": 0.8, "progress": 0.7, "notice": 0.7, "mark": 0.8}

_TITLES: Final = frozenset({0, 2})
_ITERM, _KITTY, _RXVT, _SHELL = 9, 99, 777, 133

#: ConEmu's commands share OSC 9 with iTerm's notifications: a number in front tells them apart.
_COMMAND: Final = re.compile(rb"[0-9]{1,2}(?:;|\Z)")
_PROGRESS: Final = re.compile(rb"4;([0-4])(?:;([0-9]{0,3}))?;?")
_NO_PROGRESS: Final = 0
_WORKING_PROGRESS: Final = frozenset({1, 3})  # a percentage, and "no idea how long"

_MARK: Final = re.compile(rb"([ABCD])(?:;([^;]*).*)?", re.DOTALL)


class Said(msgspec.Struct, frozen=True):
    """One claim: ``since`` and ``wall`` are when it began to hold, ``told`` when it was last told."""

    turn: Turn
    since: float
    wall: float
    told: float
    blocked: Blocked | None = None
    detail: str = ""
    rule: str = ""


class Progress(msgspec.Struct, frozen=True):
    """OSC 9;4: ``state`` 1 normal, 2 error, 3 of unknown length, 4 paused; ``percent`` as far as it is told."""

    state: int
    percent: int | None = None


class Signals(msgspec.Struct):
    """What one terminal said so far; owned by one adapter, whole in a checkpoint.

    ``rang`` is when BEL last rang, on the agent's clock. ``claims`` are by what makes them, the one told last at the
    end. ``open_notices`` are texts of notifications that are not whole yet.
    """

    title: str = ""
    progress: Progress | None = None
    rang: float | None = None
    claims: dict[str, Said] = {}
    open_notices: dict[str, str] = {}

    def feed(self, piece: Piece, now: float, wall: float, program: Program) -> None:
        """Take one piece of the stream; ``now`` is the agent's clock, ``wall`` epoch seconds."""
        match piece:
            case Osc():
                self._command(piece, now, wall, program)
            case Bell():
                self.rang = now
            case Reset():
                self.reset()

    def typed(self) -> None:
        """Drop what a notification said: somebody typed, so what it told of may be over."""
        self.claims.pop("notice", None)

    def reset(self) -> None:
        """Drop everything: another process, or a full reset (RIS)."""
        self.title, self.progress, self.rang = "", None, None
        self.claims, self.open_notices = {}, {}

    def evidence(self, last_output: float) -> list[Evidence]:
        """Return all claims, the one told last first; ``last_output`` is when the program last printed."""
        found: list[Evidence] = []
        over = float("-inf")
        previous: Said | None = None
        for source, said in self.claims.items():
            if previous is not None and previous.turn is not said.turn:
                over = max(over, previous.told)
            # A claim told again after another spoke holds since it took over, or it would look like the older one.
            found.insert(0, _evidence(source, said, max(said.since, over), last_output))
            previous = said
        return found

    def _command(self, osc: Osc, now: float, wall: float, program: Program) -> None:
        match osc.code:
            case code if code in _TITLES:
                self._titled(osc.body, now, wall, program)
            case code if code == _ITERM and _COMMAND.match(osc.body):
                self._progressed(osc.body, now, wall)
            case code if code == _SHELL:
                self._marked(osc.body, now, wall, program)
            case _:
                self._notified(_notice(osc, self.open_notices), now, wall, program)

    def _titled(self, body: bytes, now: float, wall: float, program: Program) -> None:
        self.title = clean(body[: 4 * LONGEST_TEXT].decode(errors="replace"))[:LONGEST_TEXT]
        claim = title_claim(program, self.title)
        if claim is None:
            self.claims.pop("title", None)
            return
        self._say("title", claim, now, wall)

    def _progressed(self, body: bytes, now: float, wall: float) -> None:
        found = _PROGRESS.fullmatch(body)
        if found is None:
            return
        state, percent = int(found[1]), min(int(found[2]), 100) if found[2] else None
        self.progress = Progress(state, percent) if state != _NO_PROGRESS else None
        if state in _WORKING_PROGRESS:
            self._say("progress", Claim(Turn.WORKING, detail="" if percent is None else f"{percent} %"), now, wall)
        else:
            self.claims.pop("progress", None)

    def _marked(self, body: bytes, now: float, wall: float, program: Program) -> None:
        found = _MARK.fullmatch(body)
        # A program with rules of its own is no shell: a mark in its output is something it shows.
        if found is None or program.titles or program.screens:
            return
        match found[1]:
            case b"C":
                self._say("mark", Claim(Turn.WORKING), now, wall)
            case b"D":
                self._say("mark", Claim(Turn.IDLE, detail=_exit(found[2] or b"")), now, wall)
            case _ if "mark" not in self.claims or self.claims["mark"].turn is not Turn.IDLE:
                self._say("mark", Claim(Turn.IDLE), now, wall)

    def _notified(self, text: str, now: float, wall: float, program: Program) -> None:
        claim = notice_claim(program, text) if text else None
        if claim is not None:
            self._say("notice", claim, now, wall)

    def _say(self, source: _Source, claim: Claim, now: float, wall: float) -> None:
        before = self.claims.pop(source, None)
        goes_on = before is not None and before.turn is claim.turn and before.blocked is claim.blocked
        since, since_wall = (before.since, before.wall) if goes_on and before is not None else (now, wall)
        self.claims[source] = Said(
            claim.turn, since, since_wall, now, claim.blocked, one_line(claim.detail), claim.rule
        )
        notice = self.claims.get("notice")
        if source != "notice" and notice is not None and notice.turn is not claim.turn:
            del self.claims["notice"]


def _evidence(source: str, said: Said, since: float, last_output: float) -> Evidence:
    expires = max(last_output, said.told) + PROGRESS_EXPIRY_S if source == "progress" else None
    return Evidence(
        rank=Rank.TITLE,
        turn=said.turn,
        since=since,
        wall=said.wall + (since - said.since),
        blocked=said.blocked,
        detail=said.detail,
        confidence=_CONFIDENCE[source],
        expires=expires,
        rule=said.rule,
    )


def _exit(code: bytes) -> str:
    """Return what a mark says about the end of a command, nothing for a good one."""
    told = one_line(code.decode(errors="replace"), 8)
    return f"the last command ended with {told}" if told.isdecimal() and told != "0" else ""


# ---------------------------------------------------------------- notifications


def _notice(osc: Osc, open_notices: dict[str, str]) -> str:
    """Return the text of a notification that is whole now, empty for none; parts of one wait in ``open_notices``."""
    match osc.code:
        case code if code == _ITERM:
            return _decoded(osc.body)
        case code if code == _RXVT:
            verb, _, rest = osc.body.partition(b";")
            title, _, text = rest.partition(b";")
            return _joined(_decoded(title), _decoded(text)) if verb == b"notify" else ""
        case code if code == _KITTY:
            return _kitty(osc.body, open_notices)
    return ""


def _kitty(body: bytes, open_notices: dict[str, str]) -> str:
    """Read one part of a desktop notification as kitty has it: ``metadata ; payload``, done unless ``d=0``."""
    metadata, separator, payload = body.partition(b";")
    keys = dict(pair.split(b"=", 1) for pair in metadata.split(b":") if b"=" in pair)
    if not separator or keys.get(b"p", b"title") not in (b"title", b"body"):
        return ""  # a picture, buttons, a question, the end of one
    name = keys.get(b"i", b"")[:64].decode(errors="replace")
    text = _base64(payload) if keys.get(b"e") == b"1" else payload
    whole = _joined(open_notices.pop(name, ""), _decoded(text))
    if keys.get(b"d") != b"0":
        return whole
    open_notices[name] = whole
    if len(open_notices) > MOST_OPEN_NOTICES:
        del open_notices[next(iter(open_notices))]
    return ""


def _base64(payload: bytes) -> bytes:
    try:
        return binascii.a2b_base64(payload[: 8 * LONGEST_TEXT])
    except binascii.Error:
        return b""  # a notification nobody can read claims nothing


def _decoded(text: bytes) -> str:
    return one_line(text[: 4 * LONGEST_TEXT].decode(errors="replace"), LONGEST_TEXT)


def _joined(first: str, second: str) -> str:
    return f"{first}: {second}"[:LONGEST_TEXT] if first and second else first or second

"""How right a timeline of verdicts is, beside the labels of a recording.

Pure. The measure is strict, and the same for ours and for a baseline:

- Turns are classes: *needs you* (blocked), *at rest* (idle, done, a failed turn that waits), *working*. A label's
  ``alt`` counts as right too. Unlabelled time is not scored, nor is ``starting`` of a terminal.
- An **episode** is a stretch of one class. What was right may still be said for 500 ms after that ended, for the settle
  window and 500 ms after a change to at rest; as long, anything may at an episode's beginning. Labels are no more exact
  than the eyes of a driver, so what will be right may be said 250 ms before.
- **Recall** is the share of true episodes (those longer than what is allowed) in which the class was said at every
  moment but the allowed ones: one flicker and the episode is missed; ``unknown`` is a miss.
- **Precision** is the share of said episodes that are labelled so at every moment but the allowed ones.
- A **false needs you** is a said episode that meets no label that needs you, wherever it lies, or goes on for longer
  than is allowed.
- **Delay** is from a true change (from when on what was true before is right no more) until its class is said; a change
  that is missed counts with the rest of its episode.
- **Unknown** is the share of scored time in which nothing was known, with nothing allowed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from agents.recording.labels import Labels, Span
from agents.status.reduce import SETTLE_S

#: Seconds allowed after a true change, and before one.
PROMPT_S: Final = 0.5
REST_S: Final = SETTLE_S + 0.5
EARLY_S: Final = 0.25

#: Seconds that are rounding.
_EPSILON: Final = 1e-9


class Class(StrEnum):
    """What a user must tell apart."""

    NEEDS_YOU = "needs_you"
    REST = "rest"
    WORKING = "working"
    STARTING = "starting"
    UNKNOWN = "unknown"


OF_TURN: Final[dict[str, Class]] = {
    "blocked": Class.NEEDS_YOU,
    "idle": Class.REST,
    "done": Class.REST,
    "error": Class.REST,
    "working": Class.WORKING,
    "starting": Class.STARTING,
    "sleeping": Class.REST,
    "unknown": Class.UNKNOWN,
}


class Said(msgspec.Struct, frozen=True):
    """What was said from ``t`` on, seconds; ``blocked`` is why it needs the user, where that was said."""

    t: float
    what: Class
    blocked: str | None = None


class Score(msgspec.Struct):
    """Counts that can be added up. Times are seconds."""

    recordings: int = 0
    seconds: float = 0.0  # scored
    right: float = 0.0  # of these with the right class
    unknown: float = 0.0
    open: float = 0.0  # of these, in which more than one class is right
    found: dict[Class, int] = {}  # true episodes
    missed: dict[Class, int] = {}
    correct: dict[Class, int] = {}  # said episodes
    wrong: dict[Class, int] = {}
    false_alarms: int = 0
    other_reason: int = 0  # true episodes found, but never for the reason they have
    delays: dict[Class, list[float]] = {}

    def add(self, other: Score) -> None:
        """Take in the counts of another."""
        self.recordings += other.recordings
        self.seconds += other.seconds
        self.right += other.right
        self.unknown += other.unknown
        self.open += other.open
        self.false_alarms += other.false_alarms
        self.other_reason += other.other_reason
        for mine, theirs in (
            (self.found, other.found),
            (self.missed, other.missed),
            (self.correct, other.correct),
            (self.wrong, other.wrong),
        ):
            for what, count in theirs.items():
                mine[what] = mine.get(what, 0) + count
        for what, delays in other.delays.items():
            self.delays.setdefault(what, []).extend(delays)

    def recall(self, what: Class) -> float | None:
        """Return the share of true episodes that were found, ``None`` without any."""
        return _share(self.found.get(what, 0), self.missed.get(what, 0))

    def precision(self, what: Class) -> float | None:
        """Return the share of said episodes that were right, ``None`` without any."""
        return _share(self.correct.get(what, 0), self.wrong.get(what, 0))

    def delay(self, quantile: float, *classes: Class) -> float | None:
        """Return a quantile (nearest rank) of the delays of changes to ``classes``, seconds; ``None`` without any."""
        found = sorted(delay for what in classes for delay in self.delays.get(what, ()))
        return found[max(0, math.ceil(quantile * len(found)) - 1)] if found else None


class Flaw(msgspec.Struct, frozen=True):
    """One episode that is not right, for whoever looks into it."""

    begin: float
    end: float
    what: Class
    problem: str


class _Stretch(msgspec.Struct, frozen=True):
    """A stretch of time of one class; ``also`` are classes that are as right."""

    begin: float
    end: float
    what: Class
    also: frozenset[Class] = frozenset()
    blocked: str | None = None

    def accepts(self, what: Class) -> bool:
        """Tell whether a class is right here."""
        return what is self.what or what in self.also


def score(timeline: Iterable[Said], labels: Labels, *, pty: bool) -> tuple[Score, tuple[Flaw, ...]]:
    """Return the counts of one recording, and what was not right in it."""
    said = _said(timeline, labels.duration)
    truth = [_stretch(span) for span in labels.spans]
    scored = [one for one in truth if not (pty and one.what is Class.STARTING)]
    found = Score(recordings=1)
    flaws: list[Flaw] = []
    _score_time(found, said, scored)
    episodes = _episodes(scored)
    for at, episode in enumerate(episodes):
        former = _former(episodes, truth, at)
        flaws += _score_true(found, said, episode, truth, former)
    for stretch in _merged(said):
        flaws += _score_said(found, stretch, truth, scored)
    return found, tuple(sorted(flaws, key=lambda flaw: flaw.begin))


def allowed(what: Class) -> float:
    """Return how long after a true change to ``what`` something else may still be said, seconds."""
    return REST_S if what is Class.REST else PROMPT_S


def _said(timeline: Iterable[Said], duration: float) -> list[_Stretch]:
    """Return the timeline as stretches without a gap from 0 to ``duration``."""
    points = [Said(0.0, Class.UNKNOWN), *timeline]
    ends = [*(point.t for point in points[1:]), duration]
    return [
        _Stretch(point.t, min(end, duration), point.what, blocked=point.blocked)
        for point, end in zip(points, ends, strict=True)
        if min(end, duration) > point.t
    ]


def _stretch(span: Span) -> _Stretch:
    also = frozenset(OF_TURN[turn] for turn in span.alt)
    return _Stretch(span.begin, span.end, OF_TURN[span.turn], also, span.blocked)


def _score_time(found: Score, said: Sequence[_Stretch], scored: Sequence[_Stretch]) -> None:
    for one in scored:
        found.seconds += one.end - one.begin
        if one.also - {one.what}:
            found.open += one.end - one.begin
        for begin, end, what in _within(said, one.begin, one.end):
            if one.accepts(what.what):
                found.right += end - begin
            elif what.what is Class.UNKNOWN:
                found.unknown += end - begin


def _within(stretches: Sequence[_Stretch], begin: float, end: float) -> Iterator[tuple[float, float, _Stretch]]:
    for one in stretches:
        low, high = max(begin, one.begin), min(end, one.end)
        if high - low > _EPSILON:
            yield low, high, one


def _episodes(scored: Sequence[_Stretch]) -> list[list[_Stretch]]:
    """Return the true episodes: labels of one class that follow each other without a gap."""
    episodes: list[list[_Stretch]] = []
    for one in scored:
        last = episodes[-1][-1] if episodes else None
        if last is not None and last.what is one.what and one.begin - last.end <= _EPSILON * 1000:
            episodes[-1].append(one)
        else:
            episodes.append([one])
    return episodes


def _merged(said: Sequence[_Stretch]) -> Iterator[_Stretch]:
    """Yield the said episodes: stretches of one class as one."""
    begun: _Stretch | None = None
    for one in said:
        if begun is not None and begun.what is one.what:
            begun = msgspec.structs.replace(begun, end=one.end)
            continue
        if begun is not None:
            yield begun
        begun = one
    if begun is not None:
        yield begun


# ---------------------------------------------------------------- true episodes


def _former(episodes: list[list[_Stretch]], truth: Sequence[_Stretch], at: int) -> Class | None:
    """Return what was true right before an episode; ``None`` for one with which the recording begins."""
    begin = episodes[at][0].begin
    before = [one.what for one in truth if one.end <= begin + _EPSILON]
    return before[-1] if before else (Class.UNKNOWN if begin > _EPSILON else None)


def _score_true(
    found: Score, said: Sequence[_Stretch], episode: list[_Stretch], truth: Sequence[_Stretch], former: Class | None
) -> Iterator[Flaw]:
    what, begin, end = episode[0].what, episode[0].begin, episode[-1].end
    is_long = end - begin > allowed(what) + EARLY_S
    due = _due(episode, former)
    if former is not None and due < end:
        first = _first_said(said, episode, due)
        if first is not None or end - due > allowed(what) + EARLY_S:
            delay = (end if first is None else max(due, first)) - due
            found.delays.setdefault(what, []).append(delay)
    if not is_long:
        return
    problem = _lapse(said, episode, truth)
    counts = found.missed if problem else found.found
    counts[what] = counts.get(what, 0) + 1
    if problem:
        yield Flaw(begin, end, what, problem)
    elif what is Class.NEEDS_YOU and not _has_reason(said, episode):
        found.other_reason += 1
        yield Flaw(begin, end, what, "found, but for another reason than it has")


def _due(episode: list[_Stretch], former: Class | None) -> float:
    """Return from when on an episode must be told: while what was true before is still right it need not be."""
    due = episode[0].begin
    for part in episode:
        if former is None or not part.accepts(former):
            break
        due = part.end
    return due


def _first_said(said: Sequence[_Stretch], episode: list[_Stretch], due: float) -> float | None:
    """Return when an episode's class was first said, or after ``due`` what is as right."""
    what, end = episode[0].what, episode[-1].end
    for low, high, one in _within(said, episode[0].begin - EARLY_S, end):
        if one.what is what:
            return low
        accepting = [part for part in episode if part.end > max(low, due) and part.accepts(one.what)]
        at = max(low, due, accepting[0].begin) if accepting else high
        if at < high:
            return at
    return None


def _lapse(said: Sequence[_Stretch], episode: list[_Stretch], truth: Sequence[_Stretch]) -> str:
    """Return what else was said where it is not allowed, empty when nothing was."""
    what, begin, end = episode[0].what, episode[0].begin, episode[-1].end
    for low, high, one in _within(said, begin + allowed(what), end - EARLY_S):
        cover = [(part.begin - EARLY_S, part.end + allowed(what)) for part in truth if part.accepts(one.what)]
        at = _covered(low, cover)
        if at < high - _EPSILON:
            return f"said to be {one.what.value} from {at:.3f} to {high:.3f} s"
    return ""


def _covered(at: float, cover: Iterable[tuple[float, float]]) -> float:
    """Return until when, from ``at`` on, time is covered without a gap."""
    for begin, end in sorted(cover):
        if begin > at + _EPSILON:
            break
        at = max(at, end)
    return at


def _has_reason(said: Sequence[_Stretch], episode: list[_Stretch]) -> bool:
    reasons = {part.blocked for part in episode if part.blocked is not None}
    heard = {one.blocked for _, _, one in _within(said, episode[0].begin, episode[-1].end)}
    return not reasons or bool(reasons & heard)


# ---------------------------------------------------------------- said episodes


def _score_said(found: Score, one: _Stretch, truth: Sequence[_Stretch], scored: Sequence[_Stretch]) -> Iterator[Flaw]:
    if one.what in (Class.UNKNOWN, Class.STARTING):
        return
    is_alarm = one.what is Class.NEEDS_YOU
    if not is_alarm and not any(True for _ in _within(scored, one.begin, one.end)):
        return  # where nothing is labelled nothing can be wrong
    problem = _uncovered(one, truth, scored)
    counts = found.wrong if problem else found.correct
    counts[one.what] = counts.get(one.what, 0) + 1
    if problem:
        found.false_alarms += is_alarm
        yield Flaw(one.begin, one.end, one.what, f"said, but {problem}")


def _uncovered(one: _Stretch, truth: Sequence[_Stretch], scored: Sequence[_Stretch]) -> str:
    """Return where a said episode is not true, empty when it is all through."""
    cover = [part for part in truth if part.accepts(one.what)]
    if not any(part.begin - EARLY_S < one.end and one.begin < part.end for part in cover):
        return "never true"
    open_ = [(part.begin - EARLY_S, part.end + _late(part, truth)) for part in cover]
    if one.what is not Class.NEEDS_YOU:
        open_ += _unscored(scored, one.end)
    at = _covered(one.begin, open_)
    return "" if at >= one.end - _EPSILON else f"not true any more from {at:.3f} s on"


def _late(part: _Stretch, truth: Sequence[_Stretch]) -> float:
    """Return how long after its end a class may still be said: what is allowed for the class that follows."""
    following = next((other for other in truth if other.begin >= part.end - _EPSILON * 1000), None)
    return REST_S if following is None else allowed(following.what)


def _unscored(scored: Sequence[_Stretch], end: float) -> Iterator[tuple[float, float]]:
    at = 0.0
    for one in scored:
        if one.begin > at:
            yield at, one.begin
        at = max(at, one.end)
    yield at, max(at, end)


def _share(good: int, bad: int) -> float | None:
    return good / (good + bad) if good + bad else None

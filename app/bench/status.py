"""How right the status is on labelled recordings of real programs, beside two baselines.

Needs no daemon and no program: the recordings are replayed through what the daemon judges with, so the figures are
the same on every machine. ``agents.recording.scoring`` says what counts as right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from agents.adapters.kinds import load_kinds
from agents.adapters.registry import Family, families
from agents.recording.corpus import OTHER, TUNED, UNTUNED, Entry, entries
from agents.recording.lines import RecordingBroken
from agents.recording.measuring import BASELINES, Measured, measure
from agents.recording.scoring import PROMPT_S, REST_S, Class, Score
from agents.spec import Kind
from app.bench.scene import say
from app.cli import results
from app.cli.bench import Order
from app.cli.exits import CommandError, Exit
from app.cli.output import Span
from app.cli.parser import hint
from app.cli.results import Figure, StatusFlaw, StatusMeasured, StatusScore

#: A checkout's own recordings.
CORPUS: Final = Path(__file__).resolve().parents[2] / "tests" / "corpus" / "status"

#: Targets of status.md: no false needs you, every other one found, unknown for so much of the time at most.
FALSE, RECALL, UNKNOWN = 0, 1.0, 0.02

_PROMPT: Final = (Class.WORKING, Class.NEEDS_YOU)
_GROUPS: Final = (TUNED, UNTUNED, OTHER)


def report(order: Order) -> StatusMeasured:
    """Measure a corpus. Raises CommandError for one that cannot be read."""
    try:
        found = entries(order.corpus or CORPUS)
        groups = _groups(found, order.only)
        measured = list(_measure([entry for entry in found if entry.group in groups], order.kinds))
    except RecordingBroken as error:
        raise CommandError(str(error)) from None
    by_group = {name: [one for one in measured if one.entry.group == name] for name in groups}
    shown = by_group.get(TUNED, []) + by_group.get(OTHER, []) if order.only is None else measured
    return StatusMeasured(
        machine=order.machine,
        figures=tuple(figure for name, some in by_group.items() for figure in figures(name, some)),
        total=scored(measured),
        by_kind=_by(measured, lambda one: one.entry.labels.kind),
        by_source=_by(measured, lambda one: one.source),
        by_group={name: scored(some) for name, some in by_group.items()},
        baselines={name: _scored([one.baselines[name] for one in measured if one.baselines]) for name in BASELINES},
        flaws=tuple(_flaws(shown)),
    )


def _groups(found: Sequence[Entry], only: tuple[str, ...] | None) -> list[str]:
    known = [name for name in _GROUPS if any(entry.group == name for entry in found)]
    for name in only or ():
        if name not in known:
            raise CommandError(
                f"the corpus has no part {name!r}{hint(name, known)}; it has {', '.join(known)}", Exit.USAGE
            )
    return known if only is None else [name for name in known if name in only]


def _measure(found: Sequence[Entry], folders: tuple[Path, ...]) -> Iterator[Measured]:
    say(f"status: {len(found)} recordings")
    kinds, adapters = load_kinds(folders).kinds, families()
    for entry in found:
        yield measure(entry, *_reader(entry, kinds, adapters))


def _reader(entry: Entry, kinds: Mapping[str, Kind], adapters: Mapping[str, Family]) -> tuple[Kind, Family]:
    name = entry.labels.kind
    if name not in kinds:
        raise CommandError(f"{entry.path}: its labels name the kind {name!r}, which there is not{hint(name, kinds)}")
    return kinds[name], adapters[kinds[name].family]


# ---------------------------------------------------------------- scores


def scored(measured: Iterable[Measured]) -> StatusScore:
    """Return what Quarterdeck scored over some recordings."""
    return _scored([one.score for one in measured])


def _scored(scores: Iterable[Score]) -> StatusScore:
    total = _sum(scores)
    return StatusScore(
        recordings=total.recordings,
        seconds=round(total.seconds, 3),
        needs_you_recall=total.recall(Class.NEEDS_YOU),
        needs_you_precision=total.precision(Class.NEEDS_YOU),
        needs_you_false=total.false_alarms,
        idle_recall=total.recall(Class.REST),
        idle_precision=total.precision(Class.REST),
        unknown_share=total.unknown / total.seconds if total.seconds else None,
        delay_p50_ms=_ms(total.delay(0.5, *_PROMPT, Class.REST)),
        delay_p99_ms=_ms(total.delay(0.99, *_PROMPT, Class.REST)),
        prompt_delay_p99_ms=_ms(total.delay(0.99, *_PROMPT)),
        rest_delay_p99_ms=_ms(total.delay(0.99, Class.REST)),
        right_share=total.right / total.seconds if total.seconds else None,
        open_share=total.open / total.seconds if total.seconds else None,
        needs_you_other_reason=total.other_reason,
    )


def _sum(scores: Iterable[Score]) -> Score:
    total = Score()
    for one in scores:
        total.add(one)
    return total


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _by(measured: Sequence[Measured], key: Callable[[Measured], str]) -> dict[str, StatusScore]:
    names = sorted({key(one) for one in measured})
    return {name: scored(one for one in measured if key(one) == name) for name in names}


def _flaws(measured: Iterable[Measured]) -> Iterator[StatusFlaw]:
    for one in measured:
        for flaw in one.flaws:
            yield StatusFlaw(one.entry.name, flaw.begin, flaw.end, flaw.what.value, flaw.problem)


# ---------------------------------------------------------------- figures


def figures(group: str, measured: Sequence[Measured]) -> Iterator[Figure]:
    """Yield the figures of one part of the corpus; the baseline is that of panes that change."""
    ours = scored(measured)
    told = scored(one for one in measured if one.is_told)
    panes, silence = (_scored([one.baselines[name] for one in measured if one.baselines]) for name in BASELINES)
    of = f"{ours.recordings} recordings, {ours.seconds / 60:.0f} min"
    where = f"{told.recordings} of them with evidence of rank 1 to 4"
    yield Figure(f"false needs you, {group}", ours.needs_you_false, "episodes", FALSE, detail=of)
    yield from _at_least(f"needs you recall, {group}", told.needs_you_recall, RECALL, panes.needs_you_recall, where)
    yield from _at_least(f"needs you precision, {group}", ours.needs_you_precision, None, None)
    yield from _at_least(
        f"idle recall, {group}", ours.idle_recall, None, panes.idle_recall, _other(silence.idle_recall)
    )
    yield from _at_least(
        f"idle precision, {group}", ours.idle_precision, None, panes.idle_precision, _other(silence.idle_precision)
    )
    if told.unknown_share is not None:
        yield Figure(f"unknown, {group}", round(told.unknown_share, 4), "of time", UNKNOWN, detail=where)
    delays = (
        ("working and needs you", ours.prompt_delay_p99_ms, PROMPT_S, panes.prompt_delay_p99_ms),
        ("at rest", ours.rest_delay_p99_ms, REST_S, panes.rest_delay_p99_ms),
    )
    for what, value, limit, baseline in delays:
        if value is not None:
            yield Figure(f"delay to {what}, p99, {group}", value, "ms", limit * 1000, baseline=baseline)
    if ours.open_share is not None:
        yield Figure(f"more than one class is right, {group}", round(ours.open_share, 4), "of time")
    yield from _at_least(f"right, {group}", ours.right_share, None, panes.right_share, _other(silence.right_share))


def _at_least(
    name: str, value: float | None, target: float | None, baseline: float | None, detail: str = ""
) -> Iterator[Figure]:
    """Yield a share, which is the better the larger it is."""
    if value is None:
        return
    ok = None if target is None else value >= target
    beside = None if baseline is None else round(baseline, 4)
    yield Figure(name, round(value, 4), "share", target, ok, beside, detail=detail)


def _other(value: float | None) -> str:
    return "" if value is None else f"baseline: panes that change; silence {value:.4g}"


# ---------------------------------------------------------------- for people


def lines(measured: results.Measured) -> Iterator[Sequence[Span]]:
    """Yield what people see besides the figures: scores by kind and source, and what was not right."""
    if not isinstance(measured, StatusMeasured):
        return
    for title, scores in (("kind", measured.by_kind), ("source", measured.by_source), ("baseline", measured.baselines)):
        for name, one in scores.items():
            yield ((f"{title} {name:16} ", "strong"), (_words(one), ""))
    for flaw in measured.flaws:
        where = f"{flaw.recording} {flaw.begin:.2f}–{flaw.end:.2f} s"
        yield ((f"{where}: ", "warning"), (f"{flaw.what}: {flaw.problem}", ""))


def _words(one: StatusScore) -> str:
    shares = (
        ("needs you", one.needs_you_recall, one.needs_you_precision),
        ("idle", one.idle_recall, one.idle_precision),
    )
    parts = [f"{one.recordings} recordings"]
    parts += [f"{name} recall {_share(recall)} precision {_share(precision)}" for name, recall, precision in shares]
    parts += [f"false {one.needs_you_false}", f"unknown {_share(one.unknown_share)}"]
    parts.append(f"delay p99 {'–' if one.delay_p99_ms is None else f'{one.delay_p99_ms:g} ms'}")
    return ", ".join(parts)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"

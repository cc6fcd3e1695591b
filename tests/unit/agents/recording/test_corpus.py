"""The corpus as it lies in the repository: what must be true of its files, and how right the status is on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from agents.adapters.kinds import RESOURCES, load_kinds
from agents.adapters.registry import families
from agents.model import Rank
from agents.recording.corpus import TUNED, UNTUNED, Entry, entries
from agents.recording.measuring import Measured, measure
from agents.recording.scoring import PROMPT_S, REST_S, Class, Score

CORPUS = Path(__file__).resolve().parents[3] / "corpus" / "status"
ENTRIES = entries(CORPUS)

#: What would say whose machine it was recorded on, or from where the program came.
PRIVATE = re.compile(rb"(?<!bunfs)/root/|/work/|registry\.|sk-ant-(?!test|fake)[\w-]{20}")


@pytest.fixture(scope="module")
def measured() -> tuple[Measured, ...]:
    kinds, adapters = load_kinds([RESOURCES / "agents"]).kinds, families()
    return tuple(
        measure(entry, kinds[entry.labels.kind], adapters[kinds[entry.labels.kind].family]) for entry in ENTRIES
    )


def total(some: Sequence[Measured]) -> Score:
    score = Score()
    for one in some:
        score.add(one.score)
    return score


def flaws(some: Sequence[Measured]) -> str:
    return "\n".join(f"{one.entry.name} {flaw}" for one in some if one.entry.group == TUNED for flaw in one.flaws)


def test_there_are_enough_and_a_third_of_them_was_not_tuned_on() -> None:
    kinds = {entry.labels.kind for entry in ENTRIES}
    assert len(ENTRIES) >= 60
    assert kinds >= {"claude", "claude-tui", "codex", "codex-tui", "gemini", "gemini-tui", "opencode", "opencode-tui"}
    groups = [entry.group for entry in ENTRIES]
    assert set(groups) == {TUNED, UNTUNED}
    assert groups.count(UNTUNED) >= len(groups) / 4
    assert sum(entry.path.stat().st_size for entry in ENTRIES) < 6_000_000


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_a_recording_is_small_and_says_nothing_private(entry: Entry) -> None:
    data = entry.path.read_bytes()
    assert len(data) < 250_000
    assert not PRIVATE.search(data)
    assert entry.labels.spans


def test_a_protocol_is_told_without_a_fault(measured: tuple[Measured, ...]) -> None:
    some = [one for one in measured if one.strongest is Rank.PROTOCOL]
    score = total(some)
    assert len(some) >= 20
    assert score.recall(Class.NEEDS_YOU) == 1.0, flaws(some)
    assert score.false_alarms == 0, flaws(some)
    assert (score.unknown, score.missed, score.wrong) == (0.0, {}, {}), flaws(some)


@pytest.mark.parametrize("group", [TUNED, UNTUNED])
def test_the_targets_of_status_md_are_met(measured: tuple[Measured, ...], group: str) -> None:
    some = [one for one in measured if one.entry.group == group]
    whole, told = total(some), total([one for one in some if one.is_told])
    assert whole.false_alarms == 0, flaws(some)
    assert told.recall(Class.NEEDS_YOU) == 1.0, flaws(some)
    assert told.unknown <= 0.02 * told.seconds
    assert (whole.delay(0.99, Class.WORKING, Class.NEEDS_YOU) or 0.0) <= PROMPT_S, flaws(some)
    assert (whole.delay(0.99, Class.REST) or 0.0) <= REST_S, flaws(some)


@pytest.mark.parametrize("baseline", ["pane_changed", "silence"])
def test_it_is_more_often_right_than_who_only_looks_at_the_pane(measured: tuple[Measured, ...], baseline: str) -> None:
    terminals = [one for one in measured if one.baselines]
    ours, theirs = Score(), Score()
    for one in terminals:
        ours.add(one.score)
        theirs.add(one.baselines[baseline])
    assert ours.seconds == theirs.seconds
    assert ours.right / ours.seconds > 0.95 > theirs.right / theirs.seconds
    assert theirs.recall(Class.NEEDS_YOU) == 0.0

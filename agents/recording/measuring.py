"""Measures how right the status of one recorded agent is, and the baselines beside it; reads that one file only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from agents.adapters.registry import Family
from agents.model import Headline, Rank, Turn
from agents.recording import baselines, tape
from agents.recording.corpus import Entry
from agents.recording.replay import Judgement, judgements
from agents.recording.scoring import OF_TURN, Class, Flaw, Said, Score, score
from agents.spec import Kind
from agents.status.reduce import SOURCES

#: The baselines, by name, and what each says.
BASELINES: Final = {"pane_changed": baselines.pane_changed, "silence": baselines.silence}

#: Evidence from which on status.md wants everything told.
TOLD: Final = Rank.TITLE


class Measured(msgspec.Struct, frozen=True):
    """One recording: its score, what was not right, the strongest source that spoke, and the baselines' scores.

    A protocol has no pane, so it has no baselines.
    """

    entry: Entry
    score: Score
    flaws: tuple[Flaw, ...]
    strongest: Rank | None
    baselines: dict[str, Score]

    @property
    def source(self) -> str:
        """Return the name of the strongest source."""
        return "none" if self.strongest is None else SOURCES[self.strongest]

    @property
    def is_told(self) -> bool:
        """Tell whether there is evidence from which everything is to be known."""
        return self.strongest is not None and self.strongest <= TOLD


def measure(entry: Entry, kind: Kind, family: Family) -> Measured:
    """Replay one recording and score it. Raises RecordingBroken, OSError."""
    recording = tape.load(entry.path)
    if not recording.version:
        recording = msgspec.structs.replace(recording, version=entry.labels.version)
    duration = entry.labels.duration
    ranks: set[Rank] = set()
    timeline = list(_said(judgements(recording, kind, family, duration), ranks))
    found, flaws = score(timeline, entry.labels, pty=recording.pty)
    beside = {
        name: score(says(recording, duration), entry.labels, pty=True)[0]
        for name, says in (BASELINES.items() if recording.pty else ())
    }
    return Measured(entry, found, flaws, min(ranks, default=None), beside)


def _said(found: Iterable[Judgement], ranks: set[Rank]) -> Iterator[Said]:
    """Yield what is said whenever it differs; notes whose evidence there was in ``ranks``."""
    before: Said | None = None
    for judgement in found:
        ranks.update(evidence.rank for evidence in judgement.evidence if evidence.rank is not Rank.PROCESS)
        change = judgement.change
        said = Said(change.t, _class(judgement), None if change.blocked is None else change.blocked.value)
        if before is None or (said.what, said.blocked) != (before.what, before.blocked):
            before = said
            yield said


def _class(judgement: Judgement) -> Class:
    if judgement.change.turn is Turn.UNKNOWN and judgement.state is Headline.STARTING:
        return Class.STARTING
    return OF_TURN[judgement.change.turn.value]

"""Made-up terminal output harms nothing and is drawn the same after a reload; the fuzzer itself notices what does."""

from __future__ import annotations

import signal
from pathlib import Path

import msgspec
import pytest

from agents.vt import libvterm
from agents.vt.grid import Grid
from tests.fuzz import terminal, trial, view
from tests.fuzz.grammar import Case, Feed, Look, Resize, case
from tests.fuzz.terminal import Finding, Trials

pytestmark = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there")

#: Where the seeds begin.
SEED = 7_000_000


class Dying(Trials, frozen=True):
    """Stands for a core that dies of one byte."""

    def one(self, tested: Case) -> str:
        whole = b"".join(step.data for step in tested.steps if isinstance(step, Feed))
        return "ended with -11: " if b"!" in whole else ""


@pytest.mark.timeout(120)
def test_made_up_output_harms_nothing() -> None:
    assert Trials().batch(SEED, 60.0, cases=40) == (SEED + 40, None)


@pytest.mark.timeout(120)
def test_made_up_output_is_seen_the_same_however_it_is_cut() -> None:
    assert Trials(view=True).batch(SEED, 60.0, cases=40) == (SEED + 40, None)


def test_a_view_that_is_not_told_of_a_change_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Grid, "take_dirty", lambda self: frozenset())
    assert trial.said(view.lines(1), libvterm.system(), view.run).startswith("Different: a row changed")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_minute_of_made_up_output_harms_nothing() -> None:
    assert list(terminal.findings(Trials(harm=True), SEED + 1_000_000, 60.0)) == []


def test_a_case_is_the_same_for_the_same_seed_and_survives_the_way_to_another_process() -> None:
    made = case(SEED)
    assert case(SEED) == made
    assert msgspec.json.decode(msgspec.json.encode(made), type=Case) == made
    assert case(SEED + 1) != made


def test_a_single_case_is_tried_in_a_process_of_its_own() -> None:
    assert Trials().one(Case(5, 20, 400, (Feed(b"a\x1b[5b"), Resize(3, 9), Look(reload=True)))) == ""


def test_a_process_that_dies_or_does_not_begin_is_a_finding(tmp_path: Path) -> None:
    found = Trials(library=str(tmp_path / "none.so")).batch(3, 1.0)[1]
    assert isinstance(found, Finding)
    assert "is not installed" in found.what


def test_a_finding_is_made_as_small_as_it_goes() -> None:
    steps = (Feed(b"abc"), Look(), Feed(b"de!f"), Resize(2, 2), Feed(b"g" * 50))
    assert terminal.smaller(Dying(), Case(5, 20, 400, steps)).steps == (Feed(b"!"),)


def test_the_time_of_a_case_is_bounded_by_what_the_processor_did() -> None:
    assert trial.said(Case(5, 20, 400, (Feed(b"a"),)), libvterm.system()) == ""
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)

"""Processes corroborate: what a look at them says, what a turn left running, and what counts as work."""

from __future__ import annotations

from typing import Any

import pytest

from agents.model import Rank, Turn
from agents.runtime.activity import Member, Sample
from agents.status.processes import BUSY, EXPIRY_S, OWN_BUSY, Use, claim, leftovers, older, use


def member(pid: int, cpu: float = 0.0, **more: Any) -> Member:
    fields: dict[str, Any] = {"start": 1, "group": pid, "name": f"p{pid}", "age": 10.0, **more}
    return Member(pid, cpu=cpu, **fields)


def test_what_was_used_is_told_apart_for_the_program_and_what_is_below_it() -> None:
    before = Sample(member(1, 5.0), (member(2, 1.0), member(3, 7.0)))
    after = Sample(member(1, 5.1), (member(2, 1.5), member(4, 0.25)))
    used = use(before, after, 2.0)
    assert used == Use(pytest.approx(0.05), pytest.approx(0.375), "p2")


def test_a_process_that_ended_takes_nothing_back_and_a_reused_pid_is_a_new_process() -> None:
    before = Sample(member(1), (member(2, 100.0),))
    assert use(before, Sample(member(1)), 1.0) == Use()
    again = use(before, Sample(member(1), (member(2, 0.5, start=9),)), 1.0)
    assert again.below == pytest.approx(0.5)


def test_no_span_is_no_use() -> None:
    assert use(Sample(member(1)), Sample(member(1, 1.0)), 0.0) == Use()


@pytest.mark.parametrize(
    ("used", "is_busy"),
    [
        (Use(), False),
        (Use(own=OWN_BUSY / 2), False),  # a spinner
        (Use(own=OWN_BUSY), True),
        (Use(below=BUSY / 2), False),
        (Use(below=BUSY), True),
    ],
)
def test_a_little_cpu_of_the_program_itself_is_no_work(used: Use, is_busy: bool) -> None:
    assert used.is_busy is is_busy
    assert claim(Sample(member(1)), used, 50.0, 60.0).turn is (Turn.WORKING if is_busy else Turn.IDLE)


def test_a_claim_is_of_the_weakest_rank_and_soon_over() -> None:
    said = claim(Sample(member(1), (member(2, name="esbuild"),)), Use(0.01, 0.5, "esbuild"), 50.0, 60.0)
    assert (said.rank, said.since, said.wall, said.expires) == (Rank.PROCESS, 50.0, 60.0, 50.0 + EXPIRY_S)
    assert said.detail == "1 process below it (esbuild); 51% of a core, most by esbuild"
    assert said.confidence < 1


def test_a_job_of_a_shell_has_the_terminal() -> None:
    job = Sample(member(1), (member(2, name="sleep"),), foreground=2)
    assert claim(job, Use(), 1.0, 1.0).turn is Turn.WORKING
    assert claim(job, Use(), 1.0, 1.0).detail.startswith("sleep has the terminal; 1 process below it")
    assert claim(Sample(member(1), foreground=7), Use(), 1.0, 1.0).detail.startswith("another process has the terminal")
    at_prompt = Sample(member(1), (member(2),), foreground=1)
    assert claim(at_prompt, Use(), 1.0, 1.0).turn is Turn.IDLE


def test_names_of_processes_are_safe_to_show_and_not_too_many() -> None:
    many = tuple(member(n, name=f"w{n}\x1b[31m\u202e") for n in range(2, 9))
    detail = claim(Sample(member(1), many), Use(below=1.0, busiest="a\nb"), 1.0, 1.0).detail
    assert detail == "7 processes below it (w2, w3, w4, w5, …); 100% of a core, most by a b"


def test_what_a_turn_left_is_neither_a_helper_nor_the_job_in_the_terminal() -> None:
    helper, server, job = member(2), member(3), member(4, group=40)
    sample = Sample(member(1), (helper, server, job), foreground=40)
    assert leftovers(sample, {2}) == (server,)
    assert leftovers(Sample(member(1), (helper, server, job), foreground=1), {2}) == (server, job)
    # A program with a terminal of its own has it itself: what it started is no job.
    assert leftovers(Sample(member(1), (member(5, group=1),), foreground=1), ()) == (member(5, group=1),)


def test_helpers_are_those_that_were_there_before_the_turn() -> None:
    sample = Sample(member(1), (member(2, age=30.0), member(3, age=1.0)))
    assert older(sample, 0.0) == {2, 3}
    assert older(sample, 5.0) == {2}

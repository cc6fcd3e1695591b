"""A break of the daemon: told from waiting, seen by whoever asks first, and over with the next beat."""

from __future__ import annotations

import pytest

from agents.supervisor.pulse import BEAT_S, JUMP_S, Pulse, has_jumped


class Clock:
    def __init__(self) -> None:
        self.now, self.offset = 1000.0, 1_700_000_000.0

    def wall(self) -> float:
        return self.now + self.offset

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("wall", "steady", "expected"),
    [
        (5.0, 5.0, False),
        (7.0, 7.0, False),  # a busy machine
        (3600.0, 5.0, True),  # the machine slept: the steady clock stood still
        (3600.0, 3600.0, True),  # the VM was paused, or we were
        (-3600.0, 5.0, True),  # somebody set the clock back
    ],
)
def test_a_jump_of_the_clock_is_told_from_waiting(wall: float, steady: float, expected: bool) -> None:
    assert has_jumped(wall, steady) is expected


def test_a_daemon_that_beats_has_no_break() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    for _ in range(100):
        clock.now += BEAT_S + JUMP_S / 2
        assert pulse.beat() is None
    assert pulse.unbroken_since == 0.0


def test_who_asks_before_the_first_beat_after_a_pause_knows_already() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    clock.now += 180
    assert pulse.unbroken_since == clock.now
    assert pulse.beat() == pytest.approx(180 - BEAT_S)
    resumed = clock.now
    clock.now += BEAT_S
    assert pulse.beat() is None
    assert pulse.unbroken_since == resumed


@pytest.mark.parametrize("step", [8 * 3600.0, -5 * 3600.0])
def test_a_sleep_or_a_step_of_the_wall_clock_is_a_break_of_that_length(step: float) -> None:
    clock = Clock()
    pulse = Pulse(clock)
    clock.now += BEAT_S
    clock.offset += step
    assert pulse.beat() == pytest.approx(step)
    assert pulse.unbroken_since == clock.now

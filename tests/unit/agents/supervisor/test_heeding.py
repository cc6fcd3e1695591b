"""Unawaited output waits for a shared moment, awaited output and the first echo do not; nothing is left unheard."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agents.supervisor.heeding import CALM_S, ECHO_S, PEEKING_S, SEEN_S, SILENT_S, TELLING_S, Heeding


class Timers:
    def __init__(self) -> None:
        self.now = 100.25
        self.calls: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> object:
        self.calls.append((when, callback))
        return None


class Stage:
    """A unit, its keeper's connection and the clock. ``wakes`` has the times its round was asked for."""

    def __init__(self) -> None:
        self.timers = Timers()
        self.is_expectant = self.is_looked_at = self.reads_output = False
        self.taken = self.on_disk = 0
        self.is_read = True
        self.wakes: list[float] = []
        self.heeding = Heeding(self, self.timers, lambda: self)

    @property
    def is_behind(self) -> bool:
        return self.on_disk > self.taken

    def pause(self) -> None:
        self.is_read = False

    def resume(self) -> None:
        self.is_read = True

    def wake(self) -> None:
        self.wakes.append(round(self.timers.now, 3))

    def round(self) -> None:
        """Do what the life loop does when it was woken."""
        self.taken = self.on_disk
        self.heeding.settle()

    def say(self) -> None:
        """Have the agent say something, and the keeper that there is more."""
        self.on_disk += 1
        if self.is_read:
            self.heeding.poked(self.on_disk)

    def advance(self, seconds: float) -> None:
        """Let time pass; whoever is woken has its round at once."""
        end = self.timers.now + seconds
        while due := sorted((call for call in self.timers.calls if call[0] <= end), key=lambda call: call[0]):
            self.timers.calls.remove(due[0])
            self.timers.now = max(self.timers.now, due[0][0])
            woken = len(self.wakes)
            due[0][1]()
            if len(self.wakes) > woken:
                self.round()
        self.timers.now = end


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_awaited_marks_are_taken_at_once(stage: Stage) -> None:
    stage.is_expectant = True
    stage.say()
    assert (stage.wakes, stage.is_read) == ([100.25], True)


def test_unawaited_output_is_left_unread_and_taken_at_the_moment_all_share(stage: Stage) -> None:
    stage.say()
    assert (stage.wakes, stage.is_read) == ([], False)
    stage.advance(CALM_S)
    assert stage.wakes == [101.0]


def test_while_it_talks_one_look_a_moment_and_the_connection_stays_unread(stage: Stage) -> None:
    stage.say()
    for _ in range(50):
        stage.advance(CALM_S / 10)
        stage.say()
    assert stage.wakes == [101.0, 102.0, 103.0, 104.0, 105.0]
    assert not stage.is_read


def test_the_connection_is_read_again_once_a_moment_brings_nothing(stage: Stage) -> None:
    stage.say()
    stage.advance(CALM_S)
    assert not stage.is_read
    stage.advance(CALM_S)
    assert (stage.wakes, stage.is_read) == ([101.0, 102.0], True)
    stage.advance(60 * CALM_S)
    assert stage.wakes == [101.0, 102.0]  # an idle agent costs nothing


def test_what_was_left_unread_and_is_taken_already_wakes_nobody(stage: Stage) -> None:
    stage.taken = stage.on_disk = 7
    stage.heeding.poked(7)
    assert (stage.wakes, stage.is_read) == ([], True)


def test_somebody_who_waits_ends_the_rest(stage: Stage) -> None:
    stage.say()
    stage.is_expectant = True
    stage.round()
    assert stage.is_read
    stage.say()
    assert stage.wakes == [100.25]
    stage.is_expectant = False
    stage.round()
    stage.advance(CALM_S)
    assert stage.wakes == [100.25]  # the moment it had rested for is none any more


def test_a_watched_program_is_taken_in_at_once_after_a_pause_then_ten_times_a_second(stage: Stage) -> None:
    stage.is_looked_at = True
    stage.say()
    stage.round()
    assert stage.wakes == [100.25]
    for _ in range(25):
        stage.advance(SEEN_S / 5)
        stage.say()
    assert stage.wakes == [100.25, 100.3, 100.4, 100.5, 100.6, 100.7]
    stage.advance(2 * SEEN_S)
    stage.say()
    assert stage.wakes[-1] == round(stage.timers.now, 3)


def test_echoes_are_taken_in_at_once_however_fast_one_types(stage: Stage) -> None:
    stage.is_looked_at = True
    stage.timers.now = 100.0
    typed = []
    for _ in range(10):
        stage.advance(0.03)
        stage.heeding.written()
        stage.say()
        typed.append(round(stage.timers.now, 3))
        stage.round()
    assert stage.wakes == typed
    stage.advance(ECHO_S)
    stage.say()
    stage.round()
    stage.say()
    assert not stage.is_read  # typed long ago: mere output again


def test_an_echo_is_expected_of_what_somebody_looks_at_and_just_wrote_to(stage: Stage) -> None:
    stage.heeding.written()
    assert not stage.heeding.may_echo
    stage.is_looked_at = True
    assert stage.heeding.may_echo
    stage.advance(ECHO_S)
    assert not stage.heeding.may_echo


def test_who_begins_to_watch_does_not_wait_for_the_slow_moment(stage: Stage) -> None:
    stage.say()
    stage.is_looked_at = True
    stage.round()  # the supervisor wakes whom somebody begins to watch
    stage.say()
    stage.advance(SEEN_S)
    assert stage.wakes == [100.3]


def test_a_timer_that_comes_a_little_early_looks_once(stage: Stage) -> None:
    stage.say()
    moment, callback = stage.timers.calls.pop()
    stage.timers.now = moment - 1e-6
    stage.on_disk += 1
    callback()
    stage.round()
    assert stage.timers.calls[0][0] == moment + CALM_S


def test_a_connection_that_is_gone_is_no_error(stage: Stage) -> None:
    heeding = Heeding(stage, stage.timers, lambda: None)
    heeding.poked(1)
    assert heeding.is_resting
    stage.is_expectant = True
    heeding.settle()
    assert not heeding.is_resting


def test_a_terminal_that_tells_its_status_is_read_more_often_than_one_that_tells_nothing(stage: Stage) -> None:
    stage.reads_output = True
    stage.say()
    assert stage.wakes == []
    stage.advance(0.4)
    assert stage.wakes == [100.4]


def test_the_connection_of_a_ticking_terminal_stays_unread_and_nobody_wakes_between_its_ticks(stage: Stage) -> None:
    stage.reads_output = True
    stage.say()
    for _ in range(5):
        stage.advance(1.0)
        assert not stage.is_read
        stage.say()
    stage.advance(TELLING_S)
    assert len(stage.wakes) == 6, "one look a tick"
    assert stage.taken == 6
    stage.advance(SILENT_S + 2 * TELLING_S)
    assert stage.is_read


def test_the_echo_of_a_key_is_found_on_the_disk_before_the_keeper_tells_of_it(stage: Stage) -> None:
    stage.is_looked_at = True
    stage.heeding.written()
    stage.round()
    stage.timers.now += 0.0035
    stage.on_disk += 1  # the keeper told of the key's own mark just now, and will not speak again for a while
    stage.advance(0.002)
    assert stage.wakes == [100.254], "within a millisecond or so"
    stage.on_disk += 1
    stage.advance(0.002)
    assert stage.taken == 2, "an echo may come in parts"


def test_nobody_looks_for_echoes_for_long_nor_for_nobody(stage: Stage) -> None:
    stage.heeding.written()
    assert stage.timers.calls == []
    stage.is_looked_at = True
    stage.heeding.written()
    stage.heeding.written()
    assert len(stage.timers.calls) == 1, "of many keys at once one looks"
    stage.advance(PEEKING_S + 0.001)
    assert (stage.timers.calls, stage.wakes) == ([], [])

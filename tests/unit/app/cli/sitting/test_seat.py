"""One's own terminal: its size, and that it is given back."""

from __future__ import annotations

import os
import signal
import termios
from collections.abc import Iterator

import pytest

from app.cli.sitting import seat


@pytest.fixture
def pty() -> Iterator[int]:
    master, slave = os.openpty()
    yield slave
    os.close(master)
    os.close(slave)


def test_a_terminal_that_does_not_know_its_size_has_the_usual_one(pty: int) -> None:
    termios.tcsetwinsize(pty, (0, 0))
    assert seat.size(pty) == (24, 80)
    termios.tcsetwinsize(pty, (7, 33))
    assert seat.size(pty) == (7, 33)


def test_keys_pass_unchanged_while_one_sits_and_are_edited_again_afterwards(pty: int) -> None:
    before = termios.tcgetattr(pty)
    with seat.keyboard(pty, is_raw=True):
        assert not termios.tcgetattr(pty)[3] & (termios.ICANON | termios.ECHO | termios.ISIG)
    assert termios.tcgetattr(pty) == before
    with pytest.raises(ZeroDivisionError), seat.keyboard(pty, is_raw=True):
        raise ZeroDivisionError
    assert termios.tcgetattr(pty) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_is_an_exception_once(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    def end() -> None:
        with seat.ending_by_signal():
            try:
                os.kill(os.getpid(), number)
            finally:
                os.kill(os.getpid(), number)  # while things are given back

    with pytest.raises(seat.Ended) as ended:
        end()
    assert ended.value.code == 128 + number
    assert signal.getsignal(number) is before


def test_a_change_of_size_can_be_waited_for() -> None:
    with seat.resizes() as resized:
        assert not seat.drained(resized)
        os.kill(os.getpid(), signal.SIGWINCH)
        assert seat.drained(resized)
        assert not seat.drained(resized)

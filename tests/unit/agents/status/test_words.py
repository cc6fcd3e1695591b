"""The words for causes and troubles."""

from __future__ import annotations

import time

import pytest

from agents.model import Cause, Delivery, Trouble
from agents.status.words import CAUSES, DELIVERED, STEPS, attempts, failed, moment, next_step, trouble_words

NOON = time.mktime((2026, 11, 20, 12, 0, 0, 0, 0, -1))  # a Friday, where the reader is
HOUR, DAY = 3600.0, 86400.0


def test_every_cause_has_its_words_and_all_but_the_unknown_a_next_step() -> None:
    assert set(CAUSES) == set(Cause)
    assert set(STEPS) == set(Cause) - {Cause.UNKNOWN}
    assert [cause for cause, words in CAUSES.items() if not words] == [Cause.UNKNOWN]
    assert len(set(CAUSES.values())) == len(CAUSES)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [(4 * HOUR, "16:00"), (DAY, "Sat 12:00"), (-DAY, "Thu 12:00"), (9 * DAY, "29 Nov 12:00")],
)
def test_a_moment_has_its_day_where_that_is_not_today(ahead: float, words: str) -> None:
    assert moment(NOON + ahead, NOON) == words


@pytest.mark.parametrize(
    ("cause", "until", "words"),
    [
        (Cause.RATE_LIMIT, NOON + 4 * HOUR, "rate limited, resets 16:00"),
        (Cause.BILLING, None, "no credit"),
        (Cause.UNKNOWN, NOON, ""),
        (Cause.CRASH, None, ""),  # how it broke says more
        (None, NOON, ""),
    ],
)
def test_why_a_turn_failed(cause: Cause | None, until: float | None, words: str) -> None:
    assert failed(cause, until, NOON) == words


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (Trouble(Cause.OVERLOADED, "529", NOON), "provider overloaded"),
        (Trouble(Cause.OVERLOADED, "529", NOON, retrying=True), "provider overloaded, trying again"),
        (Trouble(Cause.NETWORK, "refused", NOON, retrying=True, attempt=3), "no connection, attempt 3"),
        (
            Trouble(Cause.RATE_LIMIT, "429", NOON, NOON + HOUR, retrying=True, attempt=3, attempts=10),
            "rate limited, attempt 3 of 10, until 13:00",
        ),
        (Trouble(Cause.UNKNOWN, "odd", NOON), "odd"),
        (Trouble(Cause.UNKNOWN, "", NOON), "trouble"),
    ],
)
def test_what_is_wrong(trouble: Trouble, words: str) -> None:
    assert trouble_words(trouble) == words


def test_who_gave_up_is_on_no_attempt() -> None:
    assert attempts(Trouble(Cause.NETWORK, "refused", NOON, attempt=10, attempts=10)) == ""


@pytest.mark.parametrize(
    ("cause", "trouble", "words"),
    [
        (None, None, ""),
        (Cause.UNKNOWN, None, ""),
        (Cause.MODEL, None, STEPS[Cause.MODEL]),
        (Cause.NETWORK, Trouble(Cause.NETWORK, "", NOON, retrying=True), "it goes on by itself"),
        (Cause.NETWORK, Trouble(Cause.NETWORK, "", NOON), STEPS[Cause.NETWORK]),
        (Cause.AUTH, Trouble(Cause.AUTH, "", NOON, retrying=True), STEPS[Cause.AUTH]),  # no retry logs in
    ],
)
def test_what_is_next(cause: Cause | None, trouble: Trouble | None, words: str) -> None:
    assert next_step(cause, trouble) == words


def test_every_step_of_a_delivery_has_its_words() -> None:
    assert set(DELIVERED) == set(Delivery)

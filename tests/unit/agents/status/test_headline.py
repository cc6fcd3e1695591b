from __future__ import annotations

import itertools

import pytest

from agents.model import Blocked, Headline, Health, Lifecycle, Turn
from agents.status.headline import _RULES, GLYPHS, Axes, age, exit_words, headline

ROLES = {"danger", "attention", "warning", "success", "accent", "muted", "info"}

EVERY = [
    Axes(
        lifecycle=lifecycle, turn=turn, blocked=blocked, health=health, unread=unread, exit_code=code,
        exit_signal=number, reason=reason, empty=empty, stop_wanted=stop,
    )
    for lifecycle, turn, blocked, health, unread, (code, number), reason, empty, stop in itertools.product(
        Lifecycle, Turn, [None, *Blocked], Health, (0, 2), ((None, None), (0, None), (7, None), (None, 9)),
        ("", "why"), (False, True), (False, True),
    )
]  # fmt: skip


def test_every_combination_has_one_headline_with_words_and_its_rank() -> None:
    seen = set()
    for axes in EVERY:
        state, words, rank = headline(axes)
        seen.add(state)
        assert words
        assert words.startswith(GLYPHS[state].word)
        assert rank == GLYPHS[state].rank
    assert seen == set(Headline)


def test_every_headline_has_glyph_word_and_role_and_ranks_are_the_documented_order() -> None:
    assert set(GLYPHS) == set(Headline)
    for glyph in GLYPHS.values():
        assert glyph.name
        assert len(glyph.text) == 1
        assert glyph.role in ROLES
        assert glyph.word
        assert glyph.timing in {"age", "until"}
    ranks = [glyph.rank for glyph in GLYPHS.values() if glyph.rank is not None]
    assert ranks == [1, 2, 3, 4, 5, 6, 7]


RUN = Lifecycle.RUNNING


@pytest.mark.parametrize(
    ("axes", "state", "words"),
    [
        (Axes(RUN, Turn.BLOCKED, Blocked.PERMISSION, asks="npm test"), Headline.ALLOW, "allow npm test?"),
        (Axes(RUN, Turn.BLOCKED, Blocked.PERMISSION, asks="run it?"), Headline.ALLOW, "allow run it?"),
        (Axes(RUN, Turn.BLOCKED, Blocked.PERMISSION), Headline.ALLOW, "allow an action?"),
        (Axes(RUN, Turn.BLOCKED, Blocked.QUESTION, asks="Which DB?"), Headline.ASKS, "asks Which DB?"),
        (Axes(RUN, Turn.BLOCKED), Headline.ASKS, "asks for an answer"),
        (Axes(RUN, Turn.BLOCKED, Blocked.AUTH), Headline.LOG_IN, "log in"),
        (Axes(RUN, Turn.WORKING, health=Health.AUTH_LOST), Headline.LOG_IN, "log in"),
        (Axes(RUN, Turn.ERROR, detail="model not found"), Headline.FAILED, "failed: model not found"),
        (Axes(RUN, Turn.ERROR), Headline.FAILED, "failed: the turn ended with an error"),
        (Axes(Lifecycle.FAILED, reason="no such program"), Headline.FAILED, "failed: no such program"),
        (Axes(Lifecycle.FAILED), Headline.FAILED, "failed: it could not be started"),
        (Axes(Lifecycle.LOST), Headline.FAILED, "failed: its process is gone"),
        (Axes(RUN, Turn.DONE, unread=1, empty=True), Headline.CHECK, "check"),
        (Axes(RUN, Turn.DONE, unread=1), Headline.DONE, "done"),
        (Axes(RUN, Turn.DONE), Headline.IDLE, "idle"),
        (Axes(RUN, Turn.DONE, empty=True), Headline.IDLE, "idle"),
        (Axes(RUN, Turn.IDLE), Headline.IDLE, "idle"),
        (Axes(RUN, Turn.WORKING), Headline.WORKING, "working"),
        (Axes(RUN, Turn.WORKING, health=Health.STALLED), Headline.SILENT, "silent"),
        (Axes(RUN, Turn.IDLE, health=Health.STALLED), Headline.IDLE, "idle"),
        (Axes(RUN, Turn.WORKING, health=Health.DISK_FULL), Headline.PARKED, "parked"),
        (Axes(RUN, Turn.WORKING, health=Health.RATE_LIMITED), Headline.PARKED, "parked"),
        (Axes(RUN, Turn.WORKING, health=Health.OVERLOADED), Headline.OVERLOADED, "overloaded"),
        (Axes(RUN, Turn.SLEEPING), Headline.UNTIL, "until"),
        (Axes(RUN), Headline.UNKNOWN, "unknown"),
        (Axes(Lifecycle.QUEUED), Headline.QUEUED, "queued"),
        (Axes(Lifecycle.STARTING), Headline.STARTING, "starting"),
        (Axes(Lifecycle.STOPPING, Turn.BLOCKED, Blocked.PERMISSION), Headline.STOPPING, "stopping"),
        (Axes(Lifecycle.EXITED, exit_code=7), Headline.EXITED, "exited 7"),
        (Axes(Lifecycle.EXITED, exit_code=0), Headline.EXITED, "exited 0"),
        (Axes(Lifecycle.EXITED, exit_signal=9), Headline.EXITED, "exited SIGKILL"),
        (Axes(Lifecycle.EXITED), Headline.EXITED, "exited"),
        (Axes(Lifecycle.EXITED, Turn.BLOCKED, Blocked.PERMISSION, exit_code=1), Headline.EXITED, "exited 1"),
        (Axes(Lifecycle.EXITED, Turn.DONE, unread=1, exit_code=0), Headline.DONE, "done"),
        (Axes(Lifecycle.EXITED, Turn.DONE, unread=1, exit_code=2), Headline.EXITED, "exited 2"),
        (Axes(Lifecycle.EXITED, Turn.ERROR, exit_code=2, detail="crashed"), Headline.FAILED, "failed: crashed"),
        (Axes(Lifecycle.EXITED, Turn.ERROR, exit_signal=15, stop_wanted=True), Headline.EXITED, "exited SIGTERM"),
    ],
)
def test_headlines(axes: Axes, state: Headline, words: str) -> None:
    assert headline(axes)[:2] == (state, words)


def test_words_of_an_agent_are_one_short_line_without_deceptive_characters() -> None:
    axes = Axes(RUN, Turn.BLOCKED, Blocked.PERMISSION, asks="rm\n-rf \u202e\x1b[31m/" + "x" * 500)
    words = headline(axes)[1]
    assert words.startswith("allow rm -rf /xxx")
    assert len(words) < 140
    assert words.isprintable()


@pytest.mark.parametrize(
    ("seconds", "words"), [(-3, "0 s"), (59.9, "59 s"), (60, "1 m"), (3599, "59 m"), (3600, "1 h"), (90000, "1 d")]
)
def test_age_shows_seconds_only_under_a_minute(seconds: float, words: str) -> None:
    assert age(seconds) == words


def test_an_unknown_signal_has_its_number() -> None:
    assert exit_words(None, 250) == "signal 250"


def test_a_disk_that_takes_nothing_is_told_in_the_system_s_words() -> None:
    axes = Axes(Lifecycle.RUNNING, Turn.WORKING, health=Health.DISK_FULL, disk="Read-only file system")
    assert headline(axes)[:2] == (Headline.PARKED, "parked: Read-only file system")
    limited = Axes(Lifecycle.RUNNING, Turn.WORKING, health=Health.RATE_LIMITED)
    assert headline(limited)[1] == "parked"


def test_the_table_stands_in_the_order_in_which_it_is_read() -> None:
    assert [state for state, _ in _RULES if state is not Headline.UNKNOWN] == [
        s for s in GLYPHS if s is not Headline.UNKNOWN
    ]
    assert all(glyph.means for glyph in GLYPHS.values())


#: Every value of every axis, all else being as with an agent at work.
ALONE: list[tuple[Axes, Headline]] = [
    *((Axes(RUN, turn), state) for turn, state in {
        Turn.UNKNOWN: Headline.UNKNOWN, Turn.IDLE: Headline.IDLE, Turn.WORKING: Headline.WORKING,
        Turn.BLOCKED: Headline.ASKS, Turn.SLEEPING: Headline.UNTIL, Turn.DONE: Headline.IDLE,
        Turn.ERROR: Headline.FAILED,
    }.items()),
    *((Axes(RUN, Turn.BLOCKED, why), state) for why, state in {
        Blocked.PERMISSION: Headline.ALLOW, Blocked.QUESTION: Headline.ASKS, Blocked.AUTH: Headline.LOG_IN,
    }.items()),
    *((Axes(RUN, Turn.WORKING, health=health), state) for health, state in {
        Health.OK: Headline.WORKING, Health.STALLED: Headline.SILENT, Health.RATE_LIMITED: Headline.PARKED,
        Health.OVERLOADED: Headline.OVERLOADED, Health.AUTH_LOST: Headline.LOG_IN,
        Health.PROVIDER_DOWN: Headline.PARKED, Health.DISK_FULL: Headline.PARKED,
    }.items()),
    *((Axes(lifecycle, Turn.WORKING), state) for lifecycle, state in {
        Lifecycle.QUEUED: Headline.QUEUED, Lifecycle.STARTING: Headline.WORKING, Lifecycle.RUNNING: Headline.WORKING,
        Lifecycle.STOPPING: Headline.STOPPING, Lifecycle.EXITED: Headline.EXITED, Lifecycle.FAILED: Headline.FAILED,
        Lifecycle.LOST: Headline.FAILED,
    }.items()),
]  # fmt: skip


@pytest.mark.parametrize(("axes", "state"), ALONE)
def test_every_value_of_every_axis_alone_has_its_one_headline(axes: Axes, state: Headline) -> None:
    found, words, rank = headline(axes)
    assert (found, rank) == (state, GLYPHS[state].rank)
    assert words.startswith(GLYPHS[state].word)


def test_no_value_of_an_axis_is_left_out() -> None:
    for values, seen in (
        (Turn, {a.turn for a, _ in ALONE}),
        (Blocked, {a.blocked for a, _ in ALONE} - {None}),
        (Health, {a.health for a, _ in ALONE}),
        (Lifecycle, {a.lifecycle for a, _ in ALONE}),
    ):
        assert seen == set(values)

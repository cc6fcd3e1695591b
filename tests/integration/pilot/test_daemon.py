"""The essentials of ``tests/real/test_pilot.py``: Pilot needs no program from npm, so every test run has them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.deck import Deck
from tests.real.test_pilot import (
    repo,
    start,
    test_a_fork_remembers_and_goes_its_own_way,
    test_a_killed_daemon_loses_no_permission,
    test_a_limit_says_until_when,
    test_everything_killed_and_resumed_it_remembers,
    test_prompt_permission_allow_changed_file_idle,
    test_without_any_key_the_row_says_what_to_do,
)

__all__ = [
    "repo",
    "start",
    "test_a_fork_remembers_and_goes_its_own_way",
    "test_a_killed_daemon_loses_no_permission",
    "test_a_limit_says_until_when",
    "test_everything_killed_and_resumed_it_remembers",
    "test_prompt_permission_allow_changed_file_idle",
    "test_without_any_key_the_row_says_what_to_do",
]

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def deck() -> Iterator[Deck]:
    with Deck() as own:
        yield own


@pytest.fixture
def vendor() -> str:
    return "openai"

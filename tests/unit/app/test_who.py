"""Who decided, in words."""

from __future__ import annotations

import pytest

from app.who import who


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("shell", "you"),
        ("cli", "you at the command line"),
        ("", "somebody else"),
        ("bot\x1b[31m\u202e", "bot"),
    ],
)
def test_deciders_are_named_for_people(by: str, words: str) -> None:
    assert who(by) == words

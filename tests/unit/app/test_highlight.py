"""Roles fall on the right characters, or there are none."""

from __future__ import annotations

from app.highlight import LIMIT, by_language, language_of


def roles(language: str, code: str) -> dict[str, str]:
    return {code[start:end]: role for start, end, role in by_language(language, code)}


def test_python() -> None:
    found = roles("python", "\n\ndef f(x):\n    return 'a' + 1  # why\n")
    assert found["def"] == "keyword"
    assert found["f"] == "ident"
    assert found["1"] == "number"
    assert found["# why"] == "comment"


def test_unknown_none_and_too_long() -> None:
    assert by_language("klingon", "x = 1") == ()
    assert by_language("", "x = 1") == ()
    assert by_language("python", "x = 1\n" * (LIMIT // 6 + 1)) == ()


def test_diff_language() -> None:
    assert roles("diff", "+added\n-gone\n") == {"+added\n": "success", "-gone\n": "danger"} or roles(
        "diff", "+added\n-gone\n"
    ) == {"+added": "success", "-gone": "danger"}


def test_language_of_a_file() -> None:
    assert language_of("src/x.py") == "python"
    assert language_of("no-such-ending.qqq") == ""

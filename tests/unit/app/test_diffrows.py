"""Diffs read like those of git."""

from __future__ import annotations

from agents.model import Diff
from app.diffrows import Row, rows


def signs(old: str | None, new: str) -> list[str]:
    return [row.sign + row.text for row in rows(Diff("f", old, new)).rows]


def test_a_changed_line_with_context_and_what_differs() -> None:
    old = "".join(f"line {n}\n" for n in range(20))
    diff = rows(Diff("f.py", old, old.replace("line 9\n", "line nine\n")))
    assert (diff.added, diff.removed, diff.is_new) == (1, 1, False)
    assert [r.sign for r in diff.rows] == ["@", " ", " ", " ", "-", "+", " ", " ", " ", "@"]
    assert diff.rows[0].text == "6 unchanged lines"
    assert diff.rows[4] == Row("-", "line 9", old=10, changed=(5, 6))
    assert diff.rows[5] == Row("+", "line nine", new=10, changed=(5, 9))
    assert diff.rows[6] == Row(" ", "line 10", 11, 11)


def test_new_emptied_and_unchanged_files() -> None:
    assert signs(None, "a\nb\n") == ["+a", "+b"]
    assert signs("a\nb\n", "") == ["-a", "-b"]
    assert signs("a\n", "a\n") == [" a"]
    assert signs(None, "") == []
    assert signs("", "x") == ["+x"]


def test_a_lost_last_line_end_shows() -> None:
    assert signs("a\n", "a") == [" a", "-"]


def test_whole_words_are_marked() -> None:
    marked = {
        row.sign: row.text[slice(*row.changed)]
        for row in rows(Diff("f", "x = f(10)\n", "x = f(1.50)\n")).rows
        if row.changed
    }
    assert marked == {"-": "10", "+": "1.50"}


def test_lines_that_share_little_are_not_marked() -> None:
    diff = rows(Diff("f", "abcdefgh\n", "xyz\n"))
    assert all(row.changed is None for row in diff.rows)


def test_uneven_replacement_has_no_pairs() -> None:
    diff = rows(Diff("f", "a1\nb\n", "a2\n"))
    assert all(row.changed is None for row in diff.rows if row.sign in "+-")


def test_large_texts_without_anything_in_common_are_quick() -> None:
    old = "\n".join(f"old {n}" for n in range(20_000))
    new = "\n".join(f"new {n}" for n in range(20_000))
    diff = rows(Diff("f", old, new))
    assert (diff.added, diff.removed) == (20_000, 20_000)


def test_deceptive_characters_are_taken_out() -> None:
    assert signs(None, "a\u202eb") == ["+ab"]

"""Patterns to look for: smart case, errors in words, and bounded time whatever they are."""

from __future__ import annotations

import time

import pytest

from app.terminal.patterns import LONGEST, BadPattern, pattern, plain


def test_a_text_is_no_pattern_and_its_case_is_smart() -> None:
    assert plain("a.c").spans("abc a.c A.C") == [(4, 7), (8, 11)]
    assert plain("A.C").spans("abc a.c A.C") == [(8, 11)]
    assert plain("x" * 2000).pattern.pattern == "x" * LONGEST


def test_a_patterns_case_is_that_of_its_text() -> None:
    assert pattern(r"err\w+").spans("ERROR errno") == [(0, 5), (6, 11)]
    assert pattern(r"Err\w+").spans("ERROR Errno") == [(6, 11)]
    assert pattern(r"\Serr").spans("xERR") == [(0, 4)]
    assert pattern("x*").spans("axxb") == [(1, 3)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(", "not a pattern: missing ), unterminated subpattern at position 0"),
        ("[a-", "not a pattern: unterminated character set"),
        ("*", "not a pattern: nothing to repeat"),
        ("x" * 1001, "longer than 1000 characters"),
        ("(a+)+$", "a repeated group with repeats or choices in it"),
        ("(a|a)*b", "a repeated group with repeats or choices in it"),
        ("(?:a?){3}", "a repeated group with repeats or choices in it"),
        ("((ab)*c){2,}", "a repeated group with repeats or choices in it"),
        (r"(\w+) \1", "references to what was matched before"),
        (r"(?P<a>x)(?P=a)", "references to what was matched before"),
        (".*.*.*.*x", "too many repeats that could match the same text"),
        ("a?" * 20 + "a" * 20, "too many parts that may be missing"),
    ],
)
def test_what_cannot_be_looked_for_says_why(text: str, said: str) -> None:
    with pytest.raises(BadPattern) as bad:
        pattern(text)
    assert said in str(bad.value)


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        (r"\d+ of \d+ in \d+ms", "took 3 of 40 in 12ms", "3 of 40 in 12ms"),
        (r"\w+\s+\w+\s+\w+\s+\w+", "one two  three four", "one two  three four"),
        (r"(foo|bar)\.py:\d+", "at bar.py:17", "bar.py:17"),
        (r"(ab){3}", "xababab", "ababab"),
        (r"^line \[[^]]*\]{1,2}$", "line [x]", "line [x]"),
        (r"a{2}b{,3}", "aabb", "aabb"),
        (r"foo.*bar.*baz", "foo bar baz", "foo bar baz"),
        (r"(?i:TE)st|\bend\b", "the end", "end"),
    ],
)
def test_what_people_look_for_is_found(text: str, line: str, found: str) -> None:
    spans = pattern(text).spans(line)
    assert [line[begin:end] for begin, end in spans] == [found]


@pytest.mark.parametrize("text", [".*.*.*x", "a*a*a*b", r"\w*\w+9", ".*a.*a.*x", "(a+)(a+)b", "[^x]*[^y]*[^z]*!"])
def test_no_line_takes_long(text: str) -> None:
    needle = pattern(text)
    began = time.process_time()
    assert next(needle.each("a" * 4000)) == []
    assert time.process_time() - began < 2  # it would be years


def test_a_hit_is_found_where_a_line_is_looked_through_in_stretches() -> None:
    needle = pattern(r"n.*e.*dle")
    line = "-" * 470 + "needle" + "-" * 900
    assert needle.window < len(line)
    assert needle.spans(line) == [(470, 476)]

"""Which links there are under a cell, and which of them may be opened."""

from __future__ import annotations

import pytest

from agents.vt.rows import PLAIN, Row, Run, Style
from app.terminal.hyperlinks import LIMIT, Link, link_at, may_open, spoken
from app.terminal.selection import Place


def line(text: str, *, wraps: bool = False) -> Row:
    return Row((Run(0, len(text), text, PLAIN),), wraps=wraps)


def at(col: int, *rows: Row, number: int = 0, target: str | None = None) -> Link | None:
    def row_of(wanted: int) -> Row | None:
        return rows[wanted] if 0 <= wanted < len(rows) else None

    return link_at(Place(number, col), row_of, lambda _number, _line: target)


@pytest.mark.parametrize(
    ("text", "col", "target"),
    [
        ("see https://example.org/a?b=1#c now", 10, "https://example.org/a?b=1#c"),
        ("(https://example.org/wiki/A_(b))", 3, "https://example.org/wiki/A_(b)"),
        ("https://example.org.", 0, "https://example.org"),
        ('"http://example.org/x",', 4, "http://example.org/x"),
        ("<mailto:me@example.org>", 3, "mailto:me@example.org"),
        ("HTTPS://EXAMPLE.ORG", 0, "HTTPS://EXAMPLE.ORG"),
        ("│https://example.org/x│", 4, "https://example.org/x"),
    ],
)
def test_an_address_in_the_text(text: str, col: int, target: str) -> None:
    found = at(col, line(text))
    assert found is not None
    assert found.target == target
    ((_, first, last),) = found.spans
    assert text[first:last] == target


@pytest.mark.parametrize(
    ("text", "col"),
    [
        ("see https://example.org now", 1),
        ("see https://example.org now", 24),
        ("javascript:alert(1)", 3),
        ("ssh://host/x", 3),
        ("file:///etc/hosts", 3),
        ("https://example.org.", 19),
        ("", 0),
    ],
)
def test_nothing_to_open_there(text: str, col: int) -> None:
    assert at(col, line(text)) is None


def test_an_address_goes_on_where_its_line_wraps() -> None:
    rows = (line("go https://example.o", wraps=True), line("rg/path end"))
    expected = Link("https://example.org/path", ((0, 3, 20), (1, 0, 7)))
    assert at(5, *rows) == expected
    assert at(2, *rows, number=1) == expected
    assert expected.on_line(1) == ((0, 7),)
    assert expected.on_line(2) == ()


def linked(*parts: tuple[str, int]) -> Row:
    runs, col = [], 0
    for text, number in parts:
        runs.append(Run(col, len(text), text, Style(link=number)))
        col += len(text)
    return Row(tuple(runs))


def test_a_link_of_the_program_with_all_its_parts() -> None:
    rows = (linked(("a ", 0), ("link", 7)), linked(("on", 7), (" x", 0)), linked(("no", 0)), linked(("far", 7)))
    found = at(0, *rows, number=1, target="https://example.org")
    assert found == Link("https://example.org", ((0, 2, 6), (1, 0, 2)), False)


@pytest.mark.parametrize("target", [None, "javascript:x", "https://a\u202eb", "https://a\x07b", "nothing"])
def test_a_link_of_the_program_that_may_not_be_opened(target: str | None) -> None:
    assert at(0, linked(("link", 7)), target=target) is None


def test_what_may_be_opened() -> None:
    assert may_open("http://example.org")
    assert not may_open("file:///x")
    assert not may_open("https://[broken")
    assert not may_open("https://example.org/" + "x" * LIMIT)
    assert not may_open("vscode://open?x")


@pytest.mark.parametrize(
    "target",
    [
        "https://bank.example@evil.example/",
        "https://bank.example:" + "0" * 200 + "@evil.example/",
        "https://user:word@host.example/",
        "https://a..é.example/",
        "https://[::1/",
    ],
)
def test_a_target_that_hides_where_it_leads_is_none(target: str) -> None:
    assert not may_open(target)


def test_letters_of_other_scripts_in_a_host_are_said_as_what_they_are() -> None:
    assert spoken("https://\u0430pple.example:8080/\u0430") == "https://xn--pple-43d.example:8080/\u0430"
    assert spoken("https://example.org/é") == "https://example.org/é"
    assert spoken("mailto:me@example.org") == "mailto:me@example.org"

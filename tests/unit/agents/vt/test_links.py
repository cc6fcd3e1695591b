"""Hyperlinks: which are one, which are none, and what is forgotten."""

from __future__ import annotations

import pytest

from agents.vt import links
from agents.vt.links import LONGEST, LONGEST_ID, Links


def taken(*bodies: bytes) -> tuple[Links, list[int]]:
    made, numbers = Links(), []
    for body in bodies:
        made.take(body)
        numbers.append(made.current)
    return made, numbers


def test_the_same_address_with_the_same_id_is_one_link() -> None:
    made, numbers = taken(b";http://x", b";", b";http://x", b"id=1;http://x", b"a=b:id=1;http://x", b";http://y")
    assert numbers == [1, 0, 1, 2, 2, 3]
    assert [made.address(number) for number in range(5)] == [None, "http://x", "http://x", "http://y", None]


def test_a_semicolon_belongs_to_the_address() -> None:
    made, _ = taken(b";http://x;y=1")
    assert made.address(1) == "http://x;y=1"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"http://x",
        b";http://x" + b"x" * LONGEST,
        b";http://\xe2\x80\xaex",
        b";http://x\x01y",
        b"id=%s;http://x" % (b"1" * (LONGEST_ID + 1)),
    ],
)
def test_what_is_too_long_or_cannot_be_shown_is_no_link(body: bytes) -> None:
    assert taken(body)[1] == [0]


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert taken(b";http://\xff")[0].address(1) == "http://\ufffd"


def test_the_oldest_links_are_forgotten_and_their_numbers_never_given_again() -> None:
    made, numbers = taken(*[b";http://%d" % number for number in range(links._MANY + 10)])
    assert numbers == list(range(1, links._MANY + 11))
    assert made.address(10) is None
    assert made.address(11) == "http://10"
    made.take(b";http://0")
    assert made.current == links._MANY + 11


def test_long_addresses_are_forgotten_sooner() -> None:
    made, numbers = taken(*[b";%d" % number + b"x" * 2000 for number in range(1000)])
    assert made.address(numbers[0]) is None
    assert made.address(numbers[-500]) is not None


def test_an_entry_stands_for_a_background_and_a_link() -> None:
    made = Links()
    assert made.entry(-1, 0) == 0
    first, second = made.entry(-1, 1), made.entry(5, 1)
    assert (made.entry(-1, 1), made.entry(5, 1)) == (first, second)
    assert made.resolve(second) == (5, 1)
    assert made.resolve(0) == made.resolve(999) == (-1, 0)


def test_entries_are_bounded_and_numbers_end(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Links()
    first = made.entry(1, 1)
    for number in range(links._MANY * 4 + 1):
        made.entry(number, 2)
    assert made.resolve(first) == (-1, 0)
    monkeypatch.setattr(links, "_NUMBERS", 10)
    assert made.entry(1, 3) == 0

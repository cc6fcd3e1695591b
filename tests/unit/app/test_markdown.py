"""Markdown as values: what is kept, what is refused, and that growing equals parsing anew."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.markdown import Code, Look, Para, Parsed, Rule, Span, Table, Text, parse, plain


def only(text: str) -> Para:
    (piece,) = parse(text).pieces
    assert isinstance(piece, Text)
    (para,) = piece.paras
    return para


def test_looks() -> None:
    assert only("a **b *c*** `d` ~~e~~").spans == (
        Span("a "),
        Span("b ", Look.BOLD),
        Span("c", Look.BOLD | Look.ITALIC),
        Span(" "),
        Span("d", Look.CODE),
        Span(" "),
        Span("e", Look.STRIKE),
    )


def test_headings_quotes_rules() -> None:
    heading, quote, rule = parse("## Title\n\n> said\n\n---\n").pieces
    assert heading == Text((Para((Span("Title"),), level=2),))
    assert quote == Text((Para((Span("said"),), quote=1),))
    assert rule == Rule()


def test_lists_with_numbers_depth_and_boxes() -> None:
    (piece,) = parse("3. a\n4. b\n   - c\n   - [x] d\n   - [ ] e\n").pieces
    assert isinstance(piece, Text)
    assert [(p.marker, p.depth, p.spans[0].text) for p in piece.paras] == [
        ("3.", 1, "a"),
        ("4.", 1, "b"),
        ("◦", 2, "c"),
        ("☑", 2, "d"),
        ("☐", 2, "e"),
    ]


def test_code_in_a_list_keeps_its_place() -> None:
    first, code, second = parse("- a\n\n  ```py\n  x = 1\n  ```\n\n- b\n").pieces
    assert isinstance(first, Text)
    assert code == Code("py", "x = 1", 1)
    assert isinstance(second, Text)


def test_tables() -> None:
    (table,) = parse("| a | b |\n|---|--:|\n| 1 | **2** |\n").pieces
    assert table == Table((((Span("a"),), (Span("b"),)), ((Span("1"),), (Span("2", Look.BOLD),))), ("left", "right"))


def test_html_is_text() -> None:
    assert only("<b>x</b> <script>alert(1)</script>").spans[0].text == "<b>x</b> <script>alert(1)</script>"
    (piece,) = parse("<div>\nx\n</div>").pieces
    assert isinstance(piece, Text)


def test_images_are_named_and_not_loaded() -> None:
    assert only("![a cat](http://x/c.png)").spans == (Span("[image: a cat]", Look.ITALIC, "http://x/c.png"),)


def test_links_and_bare_addresses() -> None:
    assert only("[x](https://a.b/c) https://d.e/f.").spans == (
        Span("x", link="https://a.b/c"),
        Span(" "),
        Span("https://d.e/f", link="https://d.e/f"),
        Span("."),
    )


def test_script_links_are_refused() -> None:
    assert all(not span.link for span in only("[x](javascript:alert(1))").spans)


def test_deceptive_characters_are_taken_out() -> None:
    assert only("a\u202eb\x1b[31mc").spans[0].text == "abc"


def test_an_open_fence_is_code_already() -> None:
    assert parse("```python\nx = 1\ny").pieces == (Code("python", "x = 1\ny"),)


def test_plain_text_for_copying() -> None:
    source = "# T\n\n- a **b**\n  - c\n\n```\ncode\n```\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n---\n"
    assert plain(parse(source).pieces) == "T\n\n• a b\n  ◦ c\n\ncode\n\nx\ty\n1\t2\n\n---"


PARTS = st.sampled_from(
    [
        "# h\n",
        "text ",
        "\n\n",
        "- item\n",
        "```py\n",
        "code\n",
        "```\n",
        "> q\n",
        "| a | b |\n",
        "|---|---|\n",
        "1. x\n",
        "---\n",
        "**b",
        "** ",
        "    ind\n",
    ]
)


@given(st.lists(PARTS, max_size=14))
def test_growing_equals_parsing_anew(parts: list[str]) -> None:
    grown: Parsed | None = None
    text = ""
    for part in parts:
        text += part
        grown = parse(text, grown)
        assert grown.pieces == parse(text).pieces


def test_growing_parses_only_the_end() -> None:
    first = parse("para\n\n" * 50 + "last")
    assert first.settled == 50
    assert first.resume == len("para\n\n" * 50)
    assert parse(first.text + " more", first).pieces[:50] == first.pieces[:50]


def test_another_text_is_not_taken_for_a_longer_one() -> None:
    first = parse("one\n\ntwo")
    assert plain(parse("uno\n\ntwo", first).pieces) == "uno\n\ntwo"

"""Characters drawn by us: they fill their cells to the border, and lines meet those of their neighbours."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from ui.panes.terminal import glyphs

INK = QColor("#ffffff")
SIZES = [(8, 18), (9, 19), (16, 36), (5, 11)]


def drawn(char: str, size: tuple[int, int]) -> QImage:
    """Return a picture of one cell with a margin of one cell around it."""
    width, height = size
    image = QImage(width * 3, height * 3, QImage.Format.Format_RGB32)
    image.fill(QColor("#000000"))
    painter = QPainter(image)
    glyphs.draw(painter, char, QRect(width, height, width, height), INK)
    painter.end()
    return image


def inked(image: QImage, box: QRect) -> set[tuple[int, int]]:
    bits, stride = bytes(image.constBits()), image.bytesPerLine()
    return {
        (x - box.left(), y - box.top())
        for x in range(box.left(), box.right() + 1)
        for y in range(box.top(), box.bottom() + 1)
        if bits[y * stride + x * 4 + 1] > 76
    }


def cell(char: str, size: tuple[int, int] = (8, 18)) -> set[tuple[int, int]]:
    return inked(drawn(char, size), QRect(size[0], size[1], *size))


ALL = [
    chr(code)
    for part in ((0x2500, 0x259F), (0x2801, 0x28FF), (0x1FB00, 0x1FB3B))
    for code in range(part[0], part[1] + 1)
]
ALL += list("\ue0b0\ue0b1\ue0b2\ue0b3\ue0b4\ue0b5\ue0b6\ue0b7\ue0b8\ue0ba\ue0bc\ue0be")


@pytest.mark.parametrize("size", SIZES)
def test_each_is_drawn_and_stays_in_its_cell(size: tuple[int, int]) -> None:
    for char in ALL:
        assert glyphs.DRAWN.match(char)
        image = drawn(char, size)
        box = QRect(size[0], size[1], *size)
        assert inked(image, box) or char == "░", f"U+{ord(char):04X} draws nothing"
        around = [(x, y) for x, y in inked(image, image.rect()) if not box.contains(x, y)]
        assert around == [], f"U+{ord(char):04X} leaves its cell"


def borders(char: str, size: tuple[int, int]) -> tuple[set[int], set[int], set[int], set[int]]:
    """Return where ink meets the left, upper, right and lower border."""
    found = cell(char, size)
    width, height = size
    return (
        {y for x, y in found if x == 0},
        {x for x, y in found if y == 0},
        {y for x, y in found if x == width - 1},
        {x for x, y in found if y == height - 1},
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("weight", [1, 2, 3])
def test_lines_of_one_weight_meet_at_the_same_pixels(size: tuple[int, int], weight: int) -> None:
    straight = {1: "─│", 2: "━┃", 3: "═║"}[weight]
    flat, steep = borders(straight[0], size)[0], borders(straight[1], size)[1]
    for code in range(0x2500, 0x2580):
        char = chr(code)
        if 0x2504 <= code <= 0x250B or 0x254C <= code <= 0x254F or 0x256D <= code <= 0x2573:
            continue
        left, up, right, down = borders(char, size)
        found = dict(zip(("left", "up", "right", "down"), (left, up, right, down), strict=True))
        arms = dict(zip(found, glyphs.arms(char), strict=True))
        for name, arm in arms.items():
            if arm == 0:
                assert found[name] == set(), f"{char} {name}"
            if arm == weight:
                assert found[name] == (flat if name in {"left", "right"} else steep), f"{char} {name}"


@pytest.mark.parametrize("char", [chr(code) for code in range(0x2500, 0x2580)])
def test_no_line_has_a_gap_within(char: str) -> None:
    """All ink of a box character hangs together, but for dashes, double lines and crosses of them."""
    if not 0x2504 <= ord(char) <= 0x250B and not 0x254C <= ord(char) <= 0x254F and 3 not in _arms(char):
        assert _parts(cell(char)) == 1


def _arms(char: str) -> tuple[int, ...]:
    return glyphs.arms(char)


def _parts(points: set[tuple[int, int]]) -> int:
    left, parts = set(points), 0
    while left:
        parts += 1
        edge = [left.pop()]
        while edge:
            x, y = edge.pop()
            near = {(x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            edge.extend(near)
    return parts


@pytest.mark.parametrize(
    ("char", "parts"), [("╔", 2), ("╬", 4), ("╦", 3), ("╪", 1), ("╞", 1), ("╓", 1), ("╡", 1), ("╫", 1)]
)
def test_double_lines_part_and_join_where_they_should(char: str, parts: int) -> None:
    assert _parts(cell(char, (16, 36))) == parts


@pytest.mark.parametrize(
    ("char", "arms"),
    [
        ("─", (1, 0, 1, 0)),
        ("┍", (0, 0, 2, 1)),
        ("╀", (1, 2, 1, 1)),
        ("╼", (1, 0, 2, 0)),
        ("╓", (0, 0, 1, 3)),
        ("╬", (3, 3, 3, 3)),
        ("╊", (1, 2, 2, 2)),
    ],
)
def test_arms_are_what_the_standard_calls_them(char: str, arms: tuple[int, ...]) -> None:
    assert glyphs.arms(char) == arms


@pytest.mark.parametrize("size", SIZES)
def test_blocks_complete_each_other(size: tuple[int, int]) -> None:
    whole = cell("█", size)
    assert len(whole) == size[0] * size[1]
    for one, other in ("▀▄", "▌▐", "▙▝", "▟▘", "▚▞", "▛▗", "▜▖"):
        first, second = cell(one, size), cell(other, size)
        assert first | second == whole, one + other
        assert not first & second, one + other
    heights = [len({y for _, y in cell(chr(code), size)}) for code in range(0x2581, 0x2589)]
    assert heights == sorted(heights)
    assert cell("\U0001fb00", size) | cell("\U0001fb3b", size) == whole

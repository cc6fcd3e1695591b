"""Draws boxes, blocks, braille and powerline shapes up to the borders of cells: neighbours join without seams.

A font's own are as high as its letters, not as the cell. All in device pixels; knows no colours of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

#: Characters drawn here; a run of them and whatever else is cut apart by it.
DRAWN = re.compile("([\u2500-\u259f\u2800-\u28ff\ue0b0-\ue0b7\ue0b8\ue0ba\ue0bc\ue0be\U0001fb00-\U0001fb3b]+)")

_LIGHT, _HEAVY, _DOUBLE = 1, 2, 3
_WEIGHTS = {"LIGHT": _LIGHT, "SINGLE": _LIGHT, "HEAVY": _HEAVY, "DOUBLE": _DOUBLE}
_ARMS = {"LEFT": (0,), "UP": (1,), "RIGHT": (2,), "DOWN": (3,), "HORIZONTAL": (0, 2), "VERTICAL": (1, 3)}

#: Left, top, width and height within a cell.
Rect = tuple[int, int, int, int]

#: Weights of the arms left, up, right and down.
Arms = tuple[int, int, int, int]


def arms(char: str) -> Arms:
    """Return which lines a box drawing character has, as its name in the Unicode standard says."""
    parts = unicodedata.name(char).removeprefix("BOX DRAWINGS ").split(" AND ")
    found, weight = [0, 0, 0, 0], 0
    for part in parts:
        words = part.split()
        weight = next((_WEIGHTS[word] for word in words if word in _WEIGHTS), weight)
        for word in words:
            for arm in _ARMS.get(word, ()):
                found[arm] = weight
    return (found[0], found[1], found[2], found[3])


class Shapes:
    """What the characters look like in cells of one size, each found out once. Owned by a row's painter."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._rects: dict[str, tuple[Rect, ...] | None] = {}

    def draw(self, painter: QPainter, text: str, x: int, top: int, color: QColor) -> None:
        """Draw a text all of ``DRAWN`` from a cell on; where one character is repeated, its lines are drawn through."""
        width, height = self._size
        for char, same in groupby(text):
            count = len(list(same))
            rects = self._rects_of(char)
            if rects is None:
                for n in range(count):
                    _curve(painter, char, QRect(x + n * width, top, width, height), color)
            else:
                ink = _shaded(char, color)
                for left, up, wide, high in rects:
                    if wide == width:
                        painter.fillRect(x, top + up, wide * count, high, ink)
                    else:
                        for n in range(count):
                            painter.fillRect(x + left + n * width, top + up, wide, high, ink)
            x += count * width

    def _rects_of(self, char: str) -> tuple[Rect, ...] | None:
        if char not in self._rects:
            made = _rects(char, *self._size)
            self._rects[char] = None if made is None else tuple(made)
        return self._rects[char]


def draw(painter: QPainter, char: str, cell: QRect, color: QColor) -> None:
    """Draw one of ``DRAWN`` into ``cell``."""
    Shapes(cell.width(), cell.height()).draw(painter, char, cell.left(), cell.top(), color)


def _rects(char: str, width: int, height: int) -> list[Rect] | None:
    """Return the rectangles a character is made of, ``None`` for one that has curves."""
    code = ord(char)
    if code < 0x2580:
        return _box(char, width, height)
    if code < 0x25A0:
        return _block(code, width, height)
    if code < 0x2900:
        return _braille(code - 0x2800, width, height)
    return None if code < 0xF000 else _sextant(code - 0x1FB00, width, height)


def _curve(painter: QPainter, char: str, cell: QRect, color: QColor) -> None:
    if ord(char) < 0x2580:
        _curved(painter, unicodedata.name(char), cell, color)
    else:
        _powerline(painter, ord(char), cell, color)


# -- boxes


def thin(height: int) -> int:
    """Return the width of a light line in a cell."""
    return max(1, round(height / 16))


def _box(char: str, width: int, height: int) -> list[Rect] | None:
    name = unicodedata.name(char)
    if "DASH" in name:
        return _dashes(name, width, height)
    if "ARC" in name or "DIAGONAL" in name:
        return None
    left, up, right, down = arms(char)
    light = thin(height)
    flat = _Axis(width, height, light, (up, down))
    steep = _Axis(height, width, light, (left, right))
    rects = [(a, b, c - a, d - b) for a, b, c, d in flat.strokes(left, right)]
    return rects + [(b, a, d - b, c - a) for a, b, c, d in steep.strokes(up, down)]


def _tracks(weight: int, extent: int, light: int) -> list[tuple[int, int]]:
    """Return from where to where the strokes of a line lie across an extent."""
    middle = (extent - light) // 2
    if weight == _DOUBLE:
        return [(middle - light, middle), (middle + light, middle + 2 * light)]
    wide = {_LIGHT: light, _HEAVY: light * 2 + light % 2}.get(weight, 0)
    start = middle - (wide - light) // 2
    return [(start, start + wide)] if wide else []


class _Axis(NamedTuple):
    """One direction of a cell: its extent along and across, and the weights of the two arms that cross it."""

    extent: int
    height: int
    light: int
    across: tuple[int, int]

    def strokes(self, near: int, far: int) -> list[tuple[int, int, int, int]]:
        """Return the strokes of the arms from the near and to the far border: (from, top, to, bottom)."""
        middle = (self.extent - self.light) // 2
        out = []
        for number, (top, bottom) in enumerate(_tracks(near, self.height, self.light)):
            out.append((0, top, self._reach(near, far, number), bottom))
        for number, (top, bottom) in enumerate(_tracks(far, self.height, self.light)):
            # The far side is the near one in a mirror that stands in the middle of the line.
            start = 2 * middle + self.light - self._reach(far, near, number)
            out.append((start, top, self.extent, bottom))
        return out

    def _reach(self, weight: int, opposite: int, number: int) -> int:
        """Return where an arm from the near border ends: at the line it meets, or behind it to close a corner."""
        middle = (self.extent - self.light) // 2
        if _DOUBLE not in self.across:
            if opposite or not any(self.across):
                return middle + self.light
            return max(bottom for w in self.across for _, bottom in _tracks(w, self.extent, self.light))
        near, far = middle, middle + 2 * self.light
        if weight != _DOUBLE:
            both = all(one == _DOUBLE for one in self.across)
            return (middle + self.light if opposite else near) if both else far
        # Of a double line each stroke meets what lies on its own side; the outer one closes the corner.
        return near if self.across[number] else far


def _dashes(name: str, width: int, height: int) -> list[Rect]:
    count = next(n for word, n in (("DOUBLE", 2), ("TRIPLE", 3), ("QUADRUPLE", 4)) if word in name)
    is_flat = "HORIZONTAL" in name
    along, across = (width, height) if is_flat else (height, width)
    ((top, bottom),) = _tracks(_HEAVY if "HEAVY" in name else _LIGHT, across, thin(height))
    gap = max(1, round(along / count / 3))
    rects = []
    for n in range(count):
        start, end = round(n * along / count), round((n + 1) * along / count) - gap
        rects.append((start, top, end - start, bottom - top) if is_flat else (top, start, bottom - top, end - start))
    return rects


def _curved(painter: QPainter, name: str, cell: QRect, color: QColor) -> None:
    light = thin(cell.height())
    box = QRectF(cell)
    x = cell.left() + (cell.width() - light) // 2 + light / 2
    y = cell.top() + (cell.height() - light) // 2 + light / 2
    path = QPainterPath()
    if "ARC" in name:
        side = box.right() if "RIGHT" in name else box.left()
        end = box.bottom() if "DOWN" in name else box.top()
        radius = min(box.width(), box.height()) / 2
        bend_y = y + (radius if "DOWN" in name else -radius)
        path.moveTo(x, end)
        path.lineTo(x, bend_y)
        path.quadTo(QPointF(x, y), QPointF(side, y))
    if "UPPER RIGHT TO LOWER LEFT" in name or "CROSS" in name:
        path.moveTo(box.topRight())
        path.lineTo(box.bottomLeft())
    if "UPPER LEFT TO LOWER RIGHT" in name or "CROSS" in name:
        path.moveTo(box.topLeft())
        path.lineTo(box.bottomRight())
    _stroke(painter, path, cell, color, light)


def _stroke(painter: QPainter, path: QPainterPath, cell: QRect, color: QColor, wide: int) -> None:
    painter.save()
    painter.setClipRect(cell, Qt.ClipOperation.IntersectClip)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.strokePath(path, QPen(color, wide, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    painter.restore()


# -- blocks

#: Quarters of a cell: upper left, upper right, lower left, lower right, from U+2596.
_QUARTERS = ("0010", "0001", "1000", "1011", "1001", "1110", "1101", "0100", "0110", "0111")
_SHADES = {0x2591: 64, 0x2592: 128, 0x2593: 191}


def _part(width: int, height: int, shares: tuple[float, float, float, float]) -> Rect:
    """Return the part of a cell between shares of its width and height: left, top, right, bottom."""
    left, top = round(shares[0] * width), round(shares[1] * height)
    return left, top, round(shares[2] * width) - left, round(shares[3] * height) - top


def _shaded(char: str, color: QColor) -> QColor:
    alpha = _SHADES.get(ord(char))
    if alpha is None:
        return color
    shade = QColor(color)
    shade.setAlpha(alpha)
    return shade


def _block(code: int, width: int, height: int) -> list[Rect]:
    if code in _SHADES:
        return [(0, 0, width, height)]
    if code < 0x2596:
        return [_part(width, height, _shares(code))]
    filled = [n for n, is_filled in enumerate(_QUARTERS[code - 0x2596]) if is_filled == "1"]
    return [_part(width, height, (n % 2 / 2, n // 2 / 2, n % 2 / 2 + 0.5, n // 2 / 2 + 0.5)) for n in filled]


def _shares(code: int) -> tuple[float, float, float, float]:
    if 0x2581 <= code <= 0x2588:
        return 0, 1 - (code - 0x2580) / 8, 1, 1
    if 0x2589 <= code <= 0x258F:
        return 0, 0, (0x2590 - code) / 8, 1
    return {0x2580: (0, 0, 1, 0.5), 0x2590: (0.5, 0, 1, 1), 0x2594: (0, 0, 1, 0.125)}.get(code, (0.875, 0, 1, 1))


def _sextant(number: int, width: int, height: int) -> list[Rect]:
    # The two patterns that are half blocks have no sextant of their own.
    pattern = number + 1 + (number >= 20) + (number >= 40)
    filled = [(bit % 2 / 2, bit // 2 / 3) for bit in range(6) if pattern >> bit & 1]
    return [_part(width, height, (x, y, x + 0.5, y + 1 / 3)) for x, y in filled]


#: Column and row of each of the eight dots, in the order of their bits.
_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))


def _braille(bits: int, width: int, height: int) -> list[Rect]:
    dot = max(1, round(min(width / 4, height / 8)))
    filled = [place for bit, place in enumerate(_DOTS) if bits >> bit & 1]
    return [
        (round((col + 0.5) * width / 2 - dot / 2), round((row + 0.5) * height / 4 - dot / 2), dot, dot)
        for col, row in filled
    ]


# -- powerline


def _powerline(painter: QPainter, code: int, cell: QRect, color: QColor) -> None:
    box = QRectF(cell)
    path = _POWERLINE[code](box)
    if code in _OUTLINES:
        _stroke(painter, path, cell, color, thin(cell.height()))
        return
    painter.save()
    painter.setClipRect(cell, Qt.ClipOperation.IntersectClip)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(path, color)
    painter.restore()


def _pointed(*, to_right: bool) -> Callable[[QRectF], QPainterPath]:
    def make(box: QRectF) -> QPainterPath:
        base, tip = (box.left(), box.right()) if to_right else (box.right(), box.left())
        path = QPainterPath(QPointF(base, box.top()))
        path.lineTo(tip, box.center().y())
        path.lineTo(base, box.bottom())
        return path

    return make


def _round(*, to_right: bool) -> Callable[[QRectF], QPainterPath]:
    def make(box: QRectF) -> QPainterPath:
        wide = QRectF(box.left() - box.width() if to_right else box.left(), box.top(), box.width() * 2, box.height())
        path = QPainterPath()
        path.arcMoveTo(wide, 90)
        path.arcTo(wide, 90, -180 if to_right else 180)
        return path

    return make


def _slanted(corners: str) -> Callable[[QRectF], QPainterPath]:
    def make(box: QRectF) -> QPainterPath:
        places = {"a": box.topLeft(), "b": box.topRight(), "c": box.bottomRight(), "d": box.bottomLeft()}
        path = QPainterPath()
        path.addPolygon(QPolygonF([places[corner] for corner in corners]))
        path.closeSubpath()
        return path

    return make


_POWERLINE: dict[int, Callable[[QRectF], QPainterPath]] = {
    0xE0B0: _pointed(to_right=True),
    0xE0B1: _pointed(to_right=True),
    0xE0B2: _pointed(to_right=False),
    0xE0B3: _pointed(to_right=False),
    0xE0B4: _round(to_right=True),
    0xE0B5: _round(to_right=True),
    0xE0B6: _round(to_right=False),
    0xE0B7: _round(to_right=False),
    0xE0B8: _slanted("acd"),
    0xE0BA: _slanted("bcd"),
    0xE0BC: _slanted("abd"),
    0xE0BE: _slanted("abc"),
}
_OUTLINES = frozenset({0xE0B1, 0xE0B3, 0xE0B5, 0xE0B7})

"""Draws boxes, blocks, braille and powerline shapes up to the borders of cells: neighbours join without seams.

A font's own are as high as its letters, not as the cell. All in device pixels; knows no colours of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

#: Characters drawn here; a run of them and whatever else is cut apart by it.
DRAWN = re.compile("([\u2500-\u259f\u2800-\u28ff\ue0b0-\ue0b7\ue0b8\ue0ba\ue0bc\ue0be\U0001fb00-\U0001fb3b])")

_LIGHT, _HEAVY, _DOUBLE = 1, 2, 3
_WEIGHTS = {"LIGHT": _LIGHT, "SINGLE": _LIGHT, "HEAVY": _HEAVY, "DOUBLE": _DOUBLE}
_ARMS = {"LEFT": (0,), "UP": (1,), "RIGHT": (2,), "DOWN": (3,), "HORIZONTAL": (0, 2), "VERTICAL": (1, 3)}

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


def draw(painter: QPainter, char: str, cell: QRect, color: QColor) -> None:
    """Draw one of ``DRAWN`` into ``cell``."""
    code = ord(char)
    if code < 0x2580:
        _box(painter, char, cell, color)
    elif code < 0x25A0:
        _block(painter, code, cell, color)
    elif code < 0x2900:
        _braille(painter, code - 0x2800, cell, color)
    elif code < 0xF000:
        _powerline(painter, code, cell, color)
    else:
        _sextant(painter, code - 0x1FB00, cell, color)


# -- boxes


def thin(cell: QRect) -> int:
    """Return the width of a light line in a cell."""
    return max(1, round(cell.height() / 16))


def _box(painter: QPainter, char: str, cell: QRect, color: QColor) -> None:
    name = unicodedata.name(char)
    if "DASH" in name:
        _dashes(painter, name, cell, color)
    elif "ARC" in name or "DIAGONAL" in name:
        _curved(painter, name, cell, color)
    else:
        for rect in _lines(arms(char), cell):
            painter.fillRect(rect, color)


def _lines(weights: Arms, cell: QRect) -> list[QRect]:
    left, up, right, down = weights
    light, x, y = thin(cell), cell.left(), cell.top()
    flat = _Axis(cell.width(), cell.height(), light, (up, down))
    steep = _Axis(cell.height(), cell.width(), light, (left, right))
    rects = [QRect(x + a, y + b, c - a, d - b) for a, b, c, d in flat.strokes(left, right)]
    return rects + [QRect(x + b, y + a, d - b, c - a) for a, b, c, d in steep.strokes(up, down)]


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


def _dashes(painter: QPainter, name: str, cell: QRect, color: QColor) -> None:
    count = next(n for word, n in (("DOUBLE", 2), ("TRIPLE", 3), ("QUADRUPLE", 4)) if word in name)
    is_flat = "HORIZONTAL" in name
    extent, height = (cell.width(), cell.height()) if is_flat else (cell.height(), cell.width())
    ((top, bottom),) = _tracks(_HEAVY if "HEAVY" in name else _LIGHT, height, thin(cell))
    gap = max(1, round(extent / count / 3))
    for n in range(count):
        start, end = round(n * extent / count), round((n + 1) * extent / count) - gap
        box = (start, top, end - start, bottom - top) if is_flat else (top, start, bottom - top, end - start)
        painter.fillRect(QRect(*box).translated(cell.topLeft()), color)


def _curved(painter: QPainter, name: str, cell: QRect, color: QColor) -> None:
    light = thin(cell)
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


def _part(cell: QRect, x: float, y: float, right: float, bottom: float) -> QRect:
    """Return the part of a cell between shares of its width and height."""
    left, top = round(x * cell.width()), round(y * cell.height())
    wide, high = round(right * cell.width()) - left, round(bottom * cell.height()) - top
    return QRect(cell.left() + left, cell.top() + top, wide, high)


def _block(painter: QPainter, code: int, cell: QRect, color: QColor) -> None:
    if code in _SHADES:
        shade = QColor(color)
        shade.setAlpha(_SHADES[code])
        painter.fillRect(cell, shade)
    elif code >= 0x2596:
        for n, is_filled in enumerate(_QUARTERS[code - 0x2596]):
            if is_filled == "1":
                x, y = n % 2 / 2, n // 2 / 2
                painter.fillRect(_part(cell, x, y, x + 0.5, y + 0.5), color)
    else:
        painter.fillRect(_part(cell, *_shares(code)), color)


def _shares(code: int) -> tuple[float, float, float, float]:
    if 0x2581 <= code <= 0x2588:
        return 0, 1 - (code - 0x2580) / 8, 1, 1
    if 0x2589 <= code <= 0x258F:
        return 0, 0, (0x2590 - code) / 8, 1
    return {0x2580: (0, 0, 1, 0.5), 0x2590: (0.5, 0, 1, 1), 0x2594: (0, 0, 1, 0.125)}.get(code, (0.875, 0, 1, 1))


def _sextant(painter: QPainter, number: int, cell: QRect, color: QColor) -> None:
    # The two patterns that are half blocks have no sextant of their own.
    pattern = number + 1 + (number >= 20) + (number >= 40)
    for bit in range(6):
        if pattern >> bit & 1:
            x, y = bit % 2 / 2, bit // 2 / 3
            painter.fillRect(_part(cell, x, y, x + 0.5, y + 1 / 3), color)


#: Column and row of each of the eight dots, in the order of their bits.
_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))


def _braille(painter: QPainter, bits: int, cell: QRect, color: QColor) -> None:
    dot = max(1, round(min(cell.width() / 4, cell.height() / 8)))
    for bit, (col, row) in enumerate(_DOTS):
        if bits >> bit & 1:
            x = cell.left() + round((col + 0.5) * cell.width() / 2 - dot / 2)
            y = cell.top() + round((row + 0.5) * cell.height() / 4 - dot / 2)
            painter.fillRect(QRect(x, y, dot, dot), color)


# -- powerline


def _powerline(painter: QPainter, code: int, cell: QRect, color: QColor) -> None:
    box = QRectF(cell)
    path = _POWERLINE[code](box)
    if code in _OUTLINES:
        _stroke(painter, path, cell, color, thin(cell))
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

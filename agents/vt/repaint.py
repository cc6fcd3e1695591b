"""Writes a screen down as bytes that draw it again on an empty one: text, cursor, scroll region and modes.

Uses its core up: what cannot be asked is found out by doing it. Colours, tab stops and lines of double width are lost.
"""

from __future__ import annotations

import re

from agents.vt.libvterm import Core

#: What a program may have set that outlives a part of its output that nobody draws.
_MODE = re.compile(rb"\x1b\[(\??)([0-9;]+)([hl])|\x1b(\[[0-9;]*r)|\x1b([()*+][0-9A-Za-z])|([\x0e\x0f])|\x1bc|\x1b\[!p")

#: The modes a core knows, set or reset: no program may make the list of what it set grow for ever.
_KNOWN = frozenset({b"4", b"20", *(b"?%d" % mode for mode in (1, 5, 6, 7, 12, 25, 1000, 1002, 1003, 1004, 1005, 1006))})
_KNOWN |= {b"?1015", b"?2004"}

#: Screens, margins beside the text, and what is a moment's rather than a mode's.
_MAIN, _ALTERNATE = (b"\x1b[?1047l", b"\x1b[?1047h")
_SCREENS = frozenset({b"?47", b"?1047", b"?1049"})

#: Narrower than this it cannot be told whether the next character wraps.
_TELLING = 4


def modes(output: bytes) -> bytes:
    """Return the shortest bytes that leave the modes as ``output`` does."""
    kept: dict[bytes, bytes] = {}
    for found in _MODE.finditer(output):
        if found[0] in {b"\x1bc", b"\x1b[!p"}:
            kept = {} if found[0] == b"\x1bc" else {name: kept[name] for name in kept if name in _SCREENS}
            continue
        for name, sequence in _settings(found):
            kept.pop(name, None)
            kept[name] = sequence
    return b"".join(kept.values())


def _settings(found: re.Match[bytes]) -> list[tuple[bytes, bytes]]:
    private, numbers, final, region, charset, shift = found.groups()
    if region is not None:
        return [(b"r", b"\x1b" + region)]
    if charset is not None:
        return [(charset[:1], b"\x1b" + charset)]
    if shift is not None:
        return [(b"shift", shift)]
    names = [private + number for number in numbers.split(b";") if number]
    settings = []
    for name in names:
        if name in _SCREENS:
            settings.append((b"?1047", b"\x1b[?1047" + final))
        elif name in _KNOWN:
            settings.append((name, b"\x1b[" + name + final))
    return settings


def repaint(core: Core, output: bytes) -> bytes:
    """Return the bytes that draw what ``core`` shows after ``output``, the modes of which are taken over."""
    row, col = core.cursor()
    top, bottom = core.region()
    origin = core.is_set(6)
    is_alternate = core.is_set(1047)
    lines = core.text()
    pending = _pending(core, row, col)
    core.write(b"\x1b8")
    saved = core.cursor()
    parts = []
    if is_alternate:
        core.write(_MAIN)
        parts += [_draw(core.text()), _ALTERNATE]
    parts += [_draw(lines), _move(*saved), b"\x1b7"]
    if (top, bottom) != (1, core.rows):
        parts.append(b"\x1b[%d;%dr" % (top, bottom))
    before, behind = _ordered(modes(output))
    parts += [before, _move(row - (top - 1 if origin else 0), col), pending, behind]
    return b"".join(parts)


def _pending(core: Core, row: int, col: int) -> bytes:
    """Return the last character of a full line, behind which the next one will wrap; empty where none will."""
    if core.cols < _TELLING or col < core.cols - 2:
        return b""
    character = core.cells(row, col) or " "
    core.write(b"x")
    return character.encode() if core.cursor()[1] == 1 else b""


def _draw(lines: tuple[str, ...]) -> bytes:
    return b"".join(_move(row, 0) + line.encode() for row, line in enumerate(lines) if line)


def _move(row: int, col: int) -> bytes:
    return b"\x1b[%d;%dH" % (row + 1, col + 1)


def _ordered(kept: bytes) -> tuple[bytes, bytes]:
    """Return the modes to set before the cursor is placed, and the character sets, which would change what is drawn."""
    before, behind = [], []
    for found in _MODE.finditer(kept):
        if found[5] is not None or found[6] is not None:
            behind.append(found[0])
        elif found[4] is None and not (found[1] and b"1047" in found[2]):
            before.append(found[0])
    return b"".join(before), b"".join(behind)

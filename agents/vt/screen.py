"""The screen a program has drawn, as text: kept as bytes, drawn by the native core only when somebody looks.

Deterministic: the state depends on what was fed and when the keeper recorded it, never on when somebody looked. Colours
are not kept. What comes in are the pieces ``agents.vt.stream`` leaves for a core, not whole streams.
"""

from __future__ import annotations

import re

import msgspec

from agents.vt import libvterm, repaint, safety

#: Bytes after which the screen is drawn once and written down anew.
TAIL = 128 * 1024

#: The most that is ever drawn at once, a fifth of a second of the processor, by ``safety.weight``: few bytes can make
#: the core go through the whole screen thousands of times.
HEAVY = 4 * 1024 * 1024

#: What may be drawn to write the screen down, by the same measure: at once, and a second. More is a flood, of which the
#: middle is skipped.
BURST, RATE = 4.0 * 1024 * 1024, 4.0 * 1024 * 1024

#: The sizes a core can have: narrower than a wide character it would crash.
ROWS, COLS = (1, 500), (2, 1000)

#: After these nothing of the screen before is left.
_CLEAN = re.compile(rb"\x1bc|\x1b\[\?(?:1049|1047|47)[hl]|\x1b\[H\x1b\[[23]?J|\x1b\[2J(?:\x1b\[3J)?\x1b\[(?:1;1)?H")
_CLEAN_LENGTH = 16

#: What scrolls only in a part of the screen, and the mode of the other screen.
_REGION = re.compile(rb"\x1b\[[0-9;]*r")
_ALTERNATE = 1047

#: Bytes from which on it pays to look whether they are mere lines.
_MANY = 4096

#: Lines that move nothing but themselves; of so many of them only the last are to be seen.
_EMPTY = b"\x1b[2J\x1b[H"
_LINES = re.compile(rb"(?:[^\x00-\x06\x0b\x0c\x0e-\x1f]++|\x1b\[[0-9;:]*+[mK])++")


class Snapshot(msgspec.Struct, frozen=True):
    """What is to be seen: every row without the blanks behind it, and the cursor, from 0."""

    lines: tuple[str, ...]
    row: int
    col: int
    alternate: bool
    cols: int


class ScreenState(msgspec.Struct):
    """All that a checkpoint holds: ``base`` draws the screen on an empty one of its size, ``tail`` came since.

    ``rows`` and ``cols`` are the size now, ``drawn`` the one ``base`` and ``tail`` are for (None: the same). ``torn``:
    a part is missing, nothing is known until all is drawn anew. ``weight`` is what it takes to draw the tail,
    ``credit`` what may be drawn still, as of ``at``: below nothing while what a flood took is paid back.
    """

    rows: int
    cols: int
    base: bytes = b""
    tail: bytes = b""
    torn: bool = False
    drawn: tuple[int, int] | None = None
    credit: float = BURST
    at: float = 0.0
    weight: int = 0


class Screen:
    """One terminal's screen; owned by the adapter of its program. Without a core it buffers, and knows nothing."""

    def __init__(self, state: ScreenState, library: libvterm.Library | None = None, *, is_drawn: bool = True) -> None:
        state.rows, state.cols = _bounded(state.rows, state.cols)
        self._state = state
        self._library = (library or _installed()) if is_drawn else None
        self._fresh: list[bytes] = []  # what comes behind the tail of the state
        self._length = len(state.tail)
        self._core: libvterm.Core | None = None
        self._written = 0  # bytes of the tail the core has
        self._draws = False  # whether a character set was chosen that the core has
        self._seen: Snapshot | None = None

    @property
    def state(self) -> ScreenState:
        """Return all there is to keep: the same object for ever, brought up to date."""
        if self._fresh:
            self._state.tail = b"".join((self._state.tail, *self._fresh))
            self._fresh.clear()
        return self._state

    def reset(self) -> None:
        """Begin with an empty screen of the same size: another program draws on it."""
        state = self._state
        state.base, state.torn, state.drawn, state.credit = b"", False, None, BURST
        self._keep(b"")

    def feed(self, data: bytes, now: float) -> None:
        """Take output recorded at ``now`` (the agent's monotonic clock)."""
        if not data:
            return
        if self._state.drawn is not None:
            self._settle()
        self._seen = None
        self._fresh.append(data)
        self._length += len(data)
        state = self._state
        before, state.weight = state.weight, state.weight + safety.weight(data, state.rows, state.cols)
        if state.torn:
            self._mend(now)
            before = 0
        if not state.torn and (self._length > TAIL or state.weight > HEAVY):
            self._shorten(now, before)

    def resize(self, rows: int, cols: int) -> None:
        """Take another size; of several in a row only the last one counts."""
        state = self._state
        rows, cols = _bounded(rows, cols)
        if (rows, cols) != (state.rows, state.cols):
            state.drawn = state.drawn or (state.rows, state.cols)
            state.rows, state.cols = rows, cols
            self._seen = None

    def snapshot(self) -> Snapshot | None:
        """Return what is to be seen; None without a core, and while a part is missing."""
        state = self._state
        if state.torn or self._library is None:
            return None
        if self._seen is None:
            core = self._drawn(self._library)
            if state.drawn is not None:
                core.resize(state.rows, state.cols)
                self._core = None  # another size may follow, as if nobody had looked at this one
            row, col = core.cursor()
            self._seen = Snapshot(core.text(), row, col, core.is_set(_ALTERNATE), core.cols)
        return self._seen

    def _drawn(self, library: libvterm.Library) -> libvterm.Core:
        """Return the core with everything on it that can be drawn."""
        state = self.state
        core = self._core
        if core is None:
            core = self._core = libvterm.Core(library, *_bounded(*(state.drawn or (state.rows, state.cols))))
            self._written, self._draws = 0, False
            self._write(core, state.base)
        fresh = state.tail[self._written :]
        if len(fresh) > _MANY and core.region() == (1, core.rows):
            fresh = _last_lines(fresh, core.rows)
        self._written = len(state.tail) - len(fresh) + self._write(core, fresh)
        return core

    def _write(self, core: libvterm.Core, data: bytes) -> int:
        """Draw ``data`` and return how much of it could be: not the beginning of a sequence."""
        self._draws = self._draws or safety.chooses_characters(data)
        last = ""
        if safety.repeats(data):
            last = safety.last_character(self._state.base + self._state.tail[: self._written])
        portions, taken = safety.portions(data, drawing=self._draws, last=last)
        for portion in portions:
            core.write(portion)
        return taken

    # ------------------------------------------------------------ keeping it short

    def _shorten(self, now: float, looked_at: int) -> None:
        """Make the tail short, as cheap as the screen stays right; else give the screen up.

        ``looked_at``: what drawing may have taken already, because somebody looked.
        """
        state = self.state
        self._earn(now)
        kept = state.tail if _REGION.search(state.base) else _last_lines(state.tail, state.rows)
        if len(kept) <= TAIL // 2 and safety.weight(kept, state.rows, state.cols) <= HEAVY // 2:
            self._keep(kept)
        elif self._library is not None and state.credit >= state.weight:
            state.credit -= state.weight
            self._rewrite(self._library)
        else:
            state.credit -= min(looked_at, HEAVY)
            self._tear(state.tail)

    def _earn(self, now: float) -> None:
        state = self._state
        state.credit = min(BURST, state.credit + max(now - state.at, 0.0) * RATE)
        state.at = now

    def _rewrite(self, library: libvterm.Library) -> None:
        """Write down what is drawn. The core is made anew from it too: it must be as one that was loaded."""
        core = self._drawn(library)
        state = self._state
        if state.drawn is not None:
            core.resize(state.rows, state.cols)
        rest = state.tail[self._written :]
        state.base = repaint.repaint(core, state.base + state.tail[: self._written])
        state.drawn = None
        self._keep(rest)

    def _settle(self) -> None:
        """Carry a new size out, as what comes now is for it. A torn screen is whole again: all will be drawn anew."""
        state = self.state
        if state.torn or self._library is None:
            state.torn, state.drawn = False, None
            state.base = repaint.modes(state.base)
            self._keep(b"")
        elif state.base or state.tail:
            self._rewrite(self._library)
        else:
            state.drawn = None
            self._keep(b"")

    def _tear(self, lost: bytes) -> None:
        """Give up what was drawn. Of what is lost the modes are kept, and the end, where a clean point may begin."""
        state = self._state
        state.base = repaint.modes(state.base + lost)
        state.torn = True
        self._keep(lost[-_CLEAN_LENGTH:])

    def _mend(self, now: float) -> None:
        """Look whether all is drawn anew from some point on, unless what was torn took too long to draw just now."""
        state = self.state
        self._earn(now)
        if state.credit < 0:
            self._tear(state.tail)
            return
        clean = None
        for clean in _CLEAN.finditer(state.tail):  # noqa: B007 (the last one is wanted)
            pass
        if clean is None:
            self._tear(state.tail)
            return
        state.base = repaint.modes(state.base + state.tail[: clean.start()])
        state.torn = False
        self._keep(state.tail[clean.start() :])

    def _keep(self, tail: bytes) -> None:
        state = self._state
        state.tail, self._length = tail, len(tail)
        state.weight = safety.weight(tail, state.rows, state.cols)
        self._fresh.clear()
        self._core = self._seen = None
        self._written = 0


def _installed() -> libvterm.Library | None:
    try:
        return libvterm.system()
    except libvterm.Refused:
        return None


def _bounded(rows: int, cols: int) -> tuple[int, int]:
    return min(max(rows, ROWS[0]), ROWS[1]), min(max(cols, COLS[0]), COLS[1])


def _last_lines(output: bytes, rows: int) -> bytes:
    """Return the end of ``output`` that alone leaves the same screen, where it is nothing but lines; else all of it.

    As many as the screen has, on an empty one: to scroll is what takes the core longest.
    """
    if not _LINES.fullmatch(output.removeprefix(_EMPTY)):
        return output
    at = len(output)
    for _ in range(rows + 1):
        at = output.rfind(b"\r\n", 0, at)
        if at < 0:
            return output
    return _EMPTY + output[at:]

"""What output that nobody draws leaves behind: the modes it sets, so that what follows is drawn and answered rightly.

Pure. ``between`` says how to bring one state of modes into another without touching what is on the screen.
"""

from __future__ import annotations

import re
from collections import deque

from agents.vt import repaint
from agents.vt.modes import KNOWN, KNOWN_ANSI, Modes
from agents.vt.stream import Splitter
from app.terminal import ground

#: What is looked for first: most output has none of these, and one look over it must not take longer than it comes.
_MARK = re.compile(rb"\x1b(?:\[(?:[?><=!]|[0-9;]*+[rhl])|[c=>()*+])")

#: Before that: anything but colours and ends of lines erased, which a coloured log has everywhere.
_ODD = re.compile(rb"\x1b(?!\[[0-9;]*+[mK])")
_SHIFTS = (b"\x0e", b"\x0f")
_SETTING = re.compile(rb"\x1b(?:\[(?:[?>=<][0-9;:]*[hlu]|[0-9;]*r|!p|(?:4|20)[hl])|[=>c]|[()*+][0-9A-Za-z])|[\x0e\x0f]")

#: Switches of screens, and keyboard flags put on their stack and taken off: more than that holds.
_KEPT = 64

#: A sequence may be cut at the end of a portion: it comes again with the next.
_LONGEST = 32

#: Modes that are screens, or that would clear the screen.
_SCREENS = frozenset({3, 45, 47, 69, 1047, 1048, 1049})


class Passed:
    """Owned by who skips: what was set when it began, and all that was passed over."""

    def __init__(self, modes: Modes) -> None:
        self.modes = copied(modes)
        self.settings = b""

    def feed(self, data: bytes, *, last: bool) -> int:
        """Take note of what ``data`` sets and return how much of it that is: not the beginning of a sequence."""
        if not last:
            begun = data.rfind(b"\x1b", max(0, len(data) - _LONGEST))
            data = data if begun <= 0 else data[:begun]
        odd = _ODD.search(data)
        if (odd and _MARK.search(data, odd.start())) or any(shift in data for shift in _SHIFTS):
            found = _last_said(data)
            for piece in Splitter().feed(found):
                self.modes.feed(piece)
            self.settings = repaint.modes(self.settings + found)
        return len(data)


def _last_said(data: bytes) -> bytes:
    """Return what ``data`` sets, each as it was said last: a program may say the same with every frame."""
    said: dict[bytes | int, bytes] = {}
    kept: deque[int] = deque()
    for at, found in enumerate(_SETTING.finditer(data)):
        sequence = found[0]
        if sequence == b"\x1bc":
            said.clear()
            kept.clear()
        if sequence.endswith(b"u") or ground.SWITCH.match(sequence):  # what these do depends on those before
            said[at] = sequence
            kept.append(at)
            if len(kept) > _KEPT:
                said.pop(kept.popleft())
            continue
        name = sequence[:-1] if sequence[-1:] in b"hl" else sequence[-1:] if sequence.endswith(b"r") else sequence
        said.pop(name, None)
        said[name] = sequence
    return b"".join(said.values())


def copied(modes: Modes) -> Modes:
    """Return the same modes, to be changed apart."""
    same = Modes()
    for name in Modes.__struct_fields__:
        setattr(same, name, getattr(modes, name))
    return same


def told(sequences: bytes) -> tuple[Modes, bytes]:
    """Return the modes that ``sequences`` set in a new terminal, and the beginning of a sequence behind them."""
    modes, splitter = Modes(), Splitter()
    for piece in splitter.feed(sequences):
        modes.feed(piece)
    begun = splitter.pending
    if splitter.discarding:
        begun = sequences[sequences.rfind(b"\x1b") :]
    return modes, begun


def plain(modes: Modes) -> Modes:
    """Return ``modes`` as text is drawn with that stands where it is put: no origin, no inserting, and wrapping."""
    same = copied(modes)
    same.dec = tuple(sorted({*same.dec, 7} - {6}))
    same.ansi = tuple(mode for mode in same.ansi if mode != 4)
    return same


def between(now: Modes, then: Modes) -> bytes:
    """Return the sequences that set the modes ``then`` where ``now`` are set, the screens left as they are."""
    parts = [
        f"\x1b[?{mode}{'h' if mode in then.dec else 'l'}"
        for mode in sorted(KNOWN - _SCREENS)
        if (mode in now.dec) != (mode in then.dec)
    ]
    parts += [
        f"\x1b[{mode}{'h' if mode in then.ansi else 'l'}"
        for mode in sorted(KNOWN_ANSI)
        if (mode in now.ansi) != (mode in then.ansi)
    ]
    return "".join(parts).encode()


def settings(passed: Passed) -> bytes:
    """Return what of ``passed`` the core has to know, the choice of a screen left out."""
    return ground.without_screens(passed.settings)

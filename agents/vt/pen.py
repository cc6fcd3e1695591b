"""Draws text with its styling and links onto a painted core, so that nothing harms it and nothing of the look is lost.

Owns what goes on from one text to the next: half a character, the character set, tab stops, the link in force.
"""

from __future__ import annotations

import re

from agents.vt import safety, sgr
from agents.vt.cells import Looks
from agents.vt.links import Links
from agents.vt.painted import Painted
from agents.vt.rows import DEFAULT, Shape

#: How much of what was drawn is remembered for a character that is to be shown again.
_REMEMBERED = 256

#: The cursor's shape (DECSCUSR).
_SHAPED = re.compile(rb"\x1b\[([0-9]{0,4}) q")
_SHAPES: tuple[tuple[Shape, bool], ...] = (
    ("block", False),
    ("block", True),
    ("block", False),
    ("underline", True),
    ("underline", False),
    ("bar", True),
    ("bar", False),
)

#: Tab stops that are moved.
_TABS = re.compile(rb"\x1bH|\x1b\[[0-9;]*g")

#: Bytes looked at together for what is usual, and of what is not that go the long way together.
_STRETCH, _ODD = 4096, 1024

#: What sets the pen anew, and what restores it to something only the core knows.
_PENS = re.compile(rb"\x1b\[[0-9;:]*m|\x1b8")
_RESTORED = re.compile(rb"(?<=\x1b8)")


class Pen:
    """Draws on one core; owned by one grid."""

    def __init__(self, core: Painted, looks: Looks, links: Links) -> None:
        self._core, self._looks, self._links = core, looks, links
        self._linked = False  # whether a link was ever put into the core
        self._rest = b""  # the beginning of a character, of which more comes
        self.begin()

    def begin(self) -> None:
        """Begin anew, as after a reset."""
        self._rest = self._tail = b""
        self._draws = False  # whether a character set was chosen
        self.moves_tabs = False
        self.shape: tuple[Shape, bool] = _SHAPES[0]  # of the cursor, and whether it blinks

    def soften(self) -> None:
        """Take note of a soft reset: the usual characters again."""
        self._draws = False

    @property
    def is_plain(self) -> bool:
        """Whether nothing is in force that text alone does not tell: no character set, no link, no background."""
        return not (self._draws or self._rest) and self._core.background() == sgr.NO_BACKGROUND

    def draw(self, data: bytes, *, much: bool) -> None:
        """Draw text as it comes in the stream; ``much`` as in ``Painted.paint``."""
        if self._links.current:
            self._safely(data, much=much)
        elif not self._rest and sgr.is_usual(data, ascii_alone=self._draws):
            self._core.paint(data, much=much)
            self._remember(data)
        else:
            self._mixed(data, much=much)

    def _mixed(self, data: bytes, *, much: bool) -> None:
        """Draw what is mostly usual: only the rest takes the long way. Cut where no sequence is."""
        at = 0
        while at < len(data):
            end = at
            if not self._rest:
                end += sgr.safe_end(data[at : at + _STRETCH], ascii_alone=self._draws)
                self._safe(data[at:end], much=much)
            if end < len(data) and (end < at + _STRETCH or self._rest):
                begin, end = end, data.find(b"\x1b", end + 1, end + _ODD)
                end = end if end > 0 else begin + _ODD
                self._safely(data[begin:end], much=much)
            at = end

    def _safe(self, data: bytes, *, much: bool) -> None:
        """Draw what has to be changed in its styling at most."""
        if data:
            font = self._core.font()
            self._core.paint(data if sgr.is_known(data, font) else sgr.rewritten(data, font), much=much)
            self._remember(data)

    def _remember(self, drawn: bytes) -> None:
        self._tail = drawn[-_REMEMBERED:] if len(drawn) >= _REMEMBERED else (self._tail + drawn)[-_REMEMBERED:]

    def settle(self) -> None:
        """Draw the beginning of a character that will never be whole: something else came."""
        if self._rest:
            rest, self._rest = self._rest, b""
            self._styled(rest.decode("utf-8", "replace").encode(), much=False)

    def _safely(self, data: bytes, *, much: bool) -> None:
        data, self._rest = self._rest + data, b""
        self._draws = self._draws or safety.chooses_characters(data)
        self.moves_tabs = self.moves_tabs or _TABS.search(data) is not None
        for found in _SHAPED.finditer(data):
            number = int(found[1] or 0)
            self.shape = _SHAPES[number] if number < len(_SHAPES) else self.shape
        last = safety.last_character(self._tail) if safety.repeats(data) else ""
        portions, taken = safety.portions(data, drawing=self._draws, last=last, styled=True)
        self._rest = data[taken:]
        for portion in portions:
            self._styled(portion, much=much)
        self._remember(data[:taken])

    def _styled(self, portion: bytes, *, much: bool) -> None:
        """Draw what is safe, its styling as the core knows it."""
        if self._links.current or (self._linked and b"\x1b8" in portion):
            at = 0
            for found in _PENS.finditer(portion):
                self._write(portion[at : found.end()], much=False)
                self.link()
                at = found.end()
            self._write(portion[at:], much=False)
        else:
            self._write(portion, much=much)

    def _write(self, portion: bytes, *, much: bool) -> None:
        for part in _RESTORED.split(portion) if b"\x1b8" in portion else (portion,):
            font = self._core.font()
            self._core.paint(part if sgr.is_known(part, font) else sgr.rewritten(part, font), much=much)

    def link(self) -> None:
        """Let the core's pen have the link in force, and the background it had."""
        link = self._links.current
        if not link and not self._linked:
            return
        core = self._core
        background, held = self._looks.background(core.background())
        if held == link:
            return
        self._linked = True
        number = self._links.entry(background, link) if link else 0
        if number:
            core.stand_for(number)
            core.write(b"\x1b[49m")
            core.stand_for(self._links.entry(DEFAULT, link))
        else:
            core.stand_for(0)
            core.write(sgr.background(background))

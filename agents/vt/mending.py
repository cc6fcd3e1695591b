"""Rewrites what the native core does otherwise than the standards into what it does as they say; draws nothing.

Pure. Takes text that ``agents.vt.safety`` has made harmless, in which every sequence is whole. Only what can be told
from the output alone is mended here; sources: ECMA-48, xterm's ctlseqs, VT510 manual, Unicode's EastAsianWidth.
"""

from __future__ import annotations

import re

#: Sequences that the core takes for others: lists of modes of which it takes the first, a screen it has under another
#: number, a part to scroll that is none, tracking it takes for scrolling, resets, a test picture, lines put in or out.
_SEQUENCE = re.compile(
    r"\x1b(?:\[(?:\?([0-9:]*+;[0-9;:]*+|0*47)([hl])|([0-9]*+;[0-9;:]*+)([hlrT])|(!p)|([0-9]*+[LM]))|(c|#8))"
)

#: A control sequence whose parts are not in the order of any: it is ignored up to its end.
_MALFORMED = re.compile(r"\x1b\[(?![<-?]?[0-9:;]*+[ -/]*+[@-~])[ -?]*+[@-~]")

#: The alternate screen without its memory, and the one the core has.
_OLD_ALTERNATE, _ALTERNATE = "47", "1047"

#: What a soft reset resets (VT510, DECSTR), without moving the cursor; where one was kept is not forgotten.
_SOFT_RESET = "\x1b7\x1b[?6l\x1b[r\x1b8\x1b[4l\x1b[?7h\x1b[?25h\x1b[?1l\x1b>\x0f\x1b(B\x1b)B\x1b[m"

#: By what the others are replaced: a reset forgets the kept cursor, the test picture has no margins and ends at home.
_WHOLE = {"c": "\x1bc\x1b7", "#8": "\x1b[r\x1b#8\x1b[H"}

#: Emoji and pictographs that are wide and that the core takes for narrow: they came after Unicode 9 (0.1) and 11 (0.3).
#: Of Unicode 17.
LATE = (
    "\U0001f260-\U0001f265\U0001f6d5-\U0001f6d8\U0001f6dc-\U0001f6df\U0001f6f7-\U0001f6fc\U0001f7e0-\U0001f7eb\U0001f7f0"
    "\U0001f90c-\U0001f90f\U0001f91f\U0001f928-\U0001f92f\U0001f931-\U0001f932\U0001f93f\U0001f94c-\U0001f94f"
    "\U0001f95f-\U0001f97f\U0001f992-\U0001f9bf\U0001f9c1-\U0001f9ff\U0001fa70-\U0001fa7c\U0001fa80-\U0001fa8a"
    "\U0001fa8e-\U0001fac6\U0001fac8\U0001facd-\U0001fadc\U0001fadf-\U0001faea\U0001faef-\U0001faf8"
)

#: They are drawn as the character so much further on, in a plane of ideographs not used there: wide in any core.
_FURTHER = 0x20000
_LATE = re.compile(f"[{LATE}]")
_DRAWN = re.compile(f"[{re.sub('[^-]', lambda found: chr(ord(found[0]) + _FURTHER), LATE)}]")


def ordered(text: str) -> str:
    """Return ``text`` without the sequences that are none."""
    return _MALFORMED.sub("", text)


def mended(text: str) -> str:
    """Return ``text`` as the core is to get it."""
    text = _SEQUENCE.sub(_meant, text)
    return text if text.isascii() else _LATE.sub(lambda found: chr(ord(found[0]) + _FURTHER), text)


def read(text: str) -> str:
    """Return what the core showed as the program wrote it."""
    return text if text.isascii() else _DRAWN.sub(lambda found: chr(ord(found[0]) - _FURTHER), text)


def _meant(found: re.Match[str]) -> str:
    private, setting, parameters, final, soft_reset, lines, whole = found.groups()
    if setting:
        modes = [mode for mode in re.split("[;:]", private) if mode]
        known = [_ALTERNATE if mode.lstrip("0") == _OLD_ALTERNATE else mode for mode in modes]
        return "".join(f"\x1b[?{mode}{setting}" for mode in known)
    if lines:
        return found[0] + "\r"
    if parameters:
        return _parted(parameters, final)
    return _SOFT_RESET if soft_reset else _WHOLE[whole]


def _parted(parameters: str, final: str) -> str:
    """Return what is meant by a sequence of more than one parameter."""
    parts = re.split("[;:]", parameters)
    if final == "T":
        return ""
    if final in "hl":
        return "".join(f"\x1b[{mode}{final}" for mode in parts if mode)
    top, bottom = (int(part or 0) for part in parts[:2])
    return "" if bottom and max(top, 1) >= bottom else f"\x1b[{top};{bottom}r"

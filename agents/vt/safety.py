"""What the native core is given of a program's output: nothing that could harm it, cut where it draws the same.

Pure. libvterm trusts its input: more than sixteen parameters of one sequence overwrite its heap (0.1.4 and 0.3.3), a
C1 character moves its cursor left of the screen, a thousand accents on one letter take it seconds, and to repeat
an accent takes it for ever. Strings belong to ``agents.vt.stream``. Styling is left out where only text is read back;
where it is wanted, ``agents.vt.sgr`` makes it harmless.
"""

from __future__ import annotations

import codecs
import re
from itertools import pairwise

from agents.vt import mending
from agents.vt.joining import JOINING

#: Parameter characters of a sequence, and intermediates of an escape, that may go on; more are no sequence.
LONGEST, _LONGEST_ESCAPE = 1024, 8

#: Parameters that are passed on, each of so many digits: no sequence that moves text has more.
_PARAMETERS, _DIGITS = 8, 4

#: Accents one cell can hold, where it has no letter.
_ACCENTS = 6

#: Output as it nearly always is, of which nothing has to be taken away.
_USUAL = re.compile(
    r"(?:[^\x00\x1b\x7f-\x9f]++|\x1b\[[<-?]?(?:[0-9]{0,4}+;){0,12}+[0-9]{0,4}+[ -/]?[@-~]"
    r"|\x1b(?:[78=>DEHM]|[()][0AB]))*+"
)

#: No part of any sequence: nothing is left of them first, for what remains must not make a sequence by moving together.
_NOTHING = re.compile(r"[\x00\x7f-\x9f]+")

#: Controls within a sequence, which the core carries out at once, and those that end it.
_WITHIN_ESCAPE = re.compile(r"\x1b([\x01-\x1a\x1c-\x1f]+)")
_WITHIN = re.compile(r"\x1b\[([ -?]*[\x01-\x1a\x1c-\x1f][\x01-\x1a\x1c-?]*)([@-~])")
_NO_CONTROL = re.compile(r"[^\x00-\x1f]+")
_ENDING = re.compile(r"[\x18\x1a]")

#: Sequences that will never end well: too long, aborted by another or by a character that is no ASCII.
_BROKEN = re.compile(
    rf"\x1b\[(?=[\x01-\x1a\x1c-?]{{{LONGEST}}})|\x1b(?=[\x01-\x1a\x1c-/]{{{_LONGEST_ESCAPE + 1}}}|\x1b)"
    r"|\x1b(?:\[[\x01-\x1a\x1c-?]*|[\x01-\x1a\x1c-/]*)(?=[^\x00-\x7f]|\x1b)"
)

#: What text alone does not need: styling, introducers of strings (their bodies come as text), 8-bit answers, lines of
#: double width, character sets beyond the two that programs draw lines with.
_NEEDLESS = re.compile(r"\x1b\[[0-9;:]*m|\x1b[P\]X^_\\]|\x1b [FG]|\x1b#[3-6]|\x1b[NOno~}|]|\x1b[*+.].")
_NEEDLESS_STYLED = re.compile(_NEEDLESS.pattern.removeprefix(r"\x1b\[[0-9;:]*m|"))
_STYLING = re.compile(r"\x1b\[[0-9;:]*m")

#: Sequences whose parameters are many or long.
_LARGE = re.compile(r"\x1b\[(?:([\x01-\x1a\x1c-?]{13,})|([\x01-\x1a\x1c-?]{0,8}[0-9]{5}[\x01-\x1a\x1c-?]*))([@-~]?)")
_PARTS = re.compile(r"([<-?]?)([0-9;:]*)([ -/]?)")
_CONTROL = re.compile(r"[\x00-\x1f]")

#: Margins beside the text, which leave the core's cursor outside of its screen, and where the cursor is kept: the core
#: knows one of these as the other.
_MARGINS = re.compile(r"\x1b\[(?:([0-9;:]*)([su])|\?([0-9;:]*69[0-9;:]*)([hl]))")
_KEPT = {"s": "\x1b7", "u": "\x1b8"}

#: A restored cursor may lie outside of what scrolls, until any sequence moves it in: a question by whoever looks would.
#: The sequence is one that does nothing else: a reset of the styling, or an answer to a question nobody asked.
_RESTORED, _SETTLED, _SETTLED_STYLED = "\x1b8", "\x1b[m", "\x1b[0n"

#: The beginning of a sequence at the end of what there is.
_BEGUN = re.compile(
    rf"\x1b(?:[\x00-\x1a\x1c-/\x7f-\x9f]{{0,{_LONGEST_ESCAPE}}}|\[[\x00-\x1a\x1c-?\x7f-\x9f]{{0,{LONGEST - 1}}})\Z"
)

#: A character to be shown again, and what the stream consists of where that matters.
_REPEAT = re.compile(r"\x1b\[([0-9]{0,4})[0-9;:]*b")
_REPEATS = re.compile(rb"\x1b\[[^@-~\x1b]*+b")

#: How often at most: as wide as a screen can be.
_REPETITIONS = 1000

#: What makes the core go through the whole screen, and what through a row; so many cells count as one. To fill
#: the screen takes longer, a repeated character and a byte of text so much.
_WHOLE = re.compile(rb"\x1b(?:[DEMc]|\[[^@-~\x1b]*+(?:[JLMSTr]|(?<=')[}~]))")
_SWITCHES = re.compile(rb"\x1b\[\?[^@-~\x1b]*+[hl]")
_ROW = re.compile(rb"\x1b\[[^@-~\x1b]*+[@PXK]")
_AGAIN = re.compile(rb"\x1b\[([0-9]{0,9}+)[^@-~\x1b]*+b")
_FEEDS, _FILLING = (b"\n", b"\x0b", b"\x0c"), b"#8"
_CELLS, _CELLS_FILLED, _REPEATED, _BYTE = 16, 3, 10, 4
_TOKENS = re.compile(r"\x1b\[[\x00-\x1a\x1c-?]*[@-~]?|\x1b[\x00-\x1a\x1c-/]*[0-~]?|[\x00-\x1a\x1c-\x1f]+|[^\x00-\x1f]+")

#: A choice of characters, and the portions in which it is applied alike.
_SETS = re.compile(rb"\x1b[()][^B]")
_SINGLE = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]")

#: What the core may put onto the character before. All it does, and more: a cut never harms.
_ONTO = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ef\u302a-\u302f\u3099\u309a"
    "\ua800-\ua82f\ufb1e\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\ufff9-\ufffb\U00010a00-\U00010a3f\U0001d160-\U0001d24f"
    "\U000e0000-\U000e01ff"
)
_CUT = re.compile(f"[{_ONTO}]")

#: Whether there may be any of it, told from the bytes since that is fast.
_MAY_CUT = re.compile(
    rb"[\xcc\xcd\xd2\xd6-\xdf\xe0\xe1\xf3]|\xe2(?:\x80[\x8b-\x8f\xaa-\xae]|\x81[\xa0-\xaf]|\x83)"
    rb"|\xe3(?:\x80[\xaa-\xaf]|\x82)|\xea\xa0|\xef[\xac\xb8\xbb\xbf]|\xf0[\x90\x9d]"
)
_MANY = re.compile(f"([{JOINING}]{{{_ACCENTS}}})[{JOINING}]+")


def chooses_characters(data: bytes) -> bool:
    """Tell whether ``data`` chooses a character set other than the usual: from then on ``portions`` must know it."""
    return _SETS.search(data) is not None


def repeats(data: bytes) -> bool:
    """Tell whether ``data`` asks to show a character again: ``portions`` must know the last one then."""
    return _REPEATS.search(data) is not None


def last_character(data: bytes) -> str:
    """Return the character that a sequence right behind ``data`` would repeat."""
    last = ""
    for piece in _TOKENS.findall(_NOTHING.sub("", data.decode("utf-8", "replace"))):
        if piece >= " ":
            last = piece[-1]
    return last


def portions(data: bytes, *, drawing: bool = False, last: str = "", styled: bool = False) -> tuple[list[bytes], int]:
    """Return what to draw for ``data``, each to be written alone, and how many bytes of it that takes.

    The rest is the beginning of a character or of a sequence and comes again with more. What is drawn in the end is the
    same however the bytes came. ``drawing``: a character set may be in force, which the core applies by portions.
    ``styled``: styling is kept, and is to go through ``agents.vt.sgr`` before it is drawn.
    """
    text, taken = codecs.utf_8_decode(data, "replace", False)
    begun = text.rfind("\x1b")
    if begun >= 0 and _BEGUN.match(text, begun):
        taken -= len(text[begun:].encode())
        text = text[:begun]
    clean = _clean(text, last, styled=styled)
    if drawing:
        clean = _MANY.sub(r"\1", clean)
        return [part.encode() for part in _SINGLE.findall(clean)], taken
    if not _MAY_CUT.search(data):
        return [clean.encode()], taken
    clean = _MANY.sub(r"\1", clean)
    cuts = [0, *(found.start() for found in _CUT.finditer(clean)), len(clean)]
    return [clean[begin:end].encode() for begin, end in pairwise(cuts) if begin < end], taken


def weight(data: bytes, rows: int, cols: int) -> int:
    """Return what it takes at most to draw ``data`` on a screen of that size, in units of some 40 ns.

    Told from the bytes alone, so that it is the same again.
    """
    bulk = len(data) * _BYTE * (1 + rows // 64)
    passes = sum(data.count(feed) for feed in _FEEDS)
    if b"\x1b" not in data:
        return bulk + passes * rows * cols // _CELLS
    passes += sum(1 for _ in _WHOLE.finditer(data))
    passes += sum(1 + found[0].count(b";") for found in _SWITCHES.finditer(data))
    bulk += data.count(_FILLING) * rows * cols // _CELLS_FILLED + sum(1 for _ in _ROW.finditer(data)) * cols // _CELLS
    bulk += sum(min(int(found[1] or 1), _REPETITIONS) * _REPEATED for found in _AGAIN.finditer(data))
    return bulk + passes * rows * cols // _CELLS


def _repeated(text: str, last: str) -> str:
    """Return ``text`` with what is to be shown again written out."""
    parts: list[str] = []
    for piece in _TOKENS.findall(text):
        again = _REPEAT.fullmatch(piece)
        if again is None:
            parts.append(piece)
            last = piece[-1] if piece >= " " else last
        elif not _CUT.match(last):
            parts.append(last * min(int(again[1] or 1) or 1, _REPETITIONS))
    return "".join(parts)


def _clean(text: str, last: str, *, styled: bool) -> str:
    is_usual = _USUAL.fullmatch(text) is not None
    if not is_usual:
        needless = _NEEDLESS_STYLED if styled else _NEEDLESS
        text = _WITHIN_ESCAPE.sub(_before_escape, _NOTHING.sub("", text))
        text = mending.ordered(_WITHIN.sub(_before, needless.sub("", _BROKEN.sub("", text))))
    if _REPEAT.search(text):
        text = _repeated(text, last)
    text = _MARGINS.sub(_inside, text if is_usual else _LARGE.sub(_small_unless_styled if styled else _small, text))
    return mending.mended(text).replace(_RESTORED, _RESTORED + (_SETTLED_STYLED if styled else _SETTLED))


def _inside(match: re.Match[str]) -> str:
    """Return what is meant without margins beside the text."""
    parameters, final, modes, setting = match.groups()
    if final:
        return "" if parameters else _KEPT[final]
    others = [mode for mode in re.split("[;:]", modes) if mode.lstrip("0") != "69"]
    return f"\x1b[?{';'.join(others)}{setting}" if others else ""


def _before_escape(match: re.Match[str]) -> str:
    controls = match[1]
    return controls if _ENDING.search(controls) else controls + "\x1b"


def _before(match: re.Match[str]) -> str:
    """Put the controls of a sequence before it; nothing is left of one they end."""
    inside = match[1]
    if _ENDING.search(inside):
        return ""
    return f"{_NO_CONTROL.sub('', inside)}\x1b[{_CONTROL.sub('', inside)}{match[2]}"


def _small_unless_styled(match: re.Match[str]) -> str:
    return match[0] if _STYLING.fullmatch(match[0]) else _small(match)


def _small(match: re.Match[str]) -> str:
    found = _PARTS.match(_CONTROL.sub("", match[1] or match[2]))
    if found is None or match[3] in {"", "b"}:
        return ""
    private, parameters, intermediate = found.groups()
    few = [part[:_DIGITS] for part in re.split("[;:]", parameters)[:_PARAMETERS]]
    return f"\x1b[{private}{';'.join(few)}{intermediate}{match[3]}"

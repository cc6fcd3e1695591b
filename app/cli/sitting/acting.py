"""What of a program's output would do more in one's own terminal than be drawn, or have that terminal answer. Pure.

Sources: xterm's ctlseqs, kitty's and iTerm2's extensions. Left out when somebody sits at a program through us: the
program was never asked whether it may, and only the daemon answers it.
"""

from __future__ import annotations

import re
from typing import Final

from agents.vt import queries
from agents.vt.stream import Csi, Osc, Piece, Str, Text

#: Strings that only name, colour and link: titles, palette, hyperlinks, marks of a prompt, the program's own status.
_SAID: Final = frozenset({0, 1, 2, 4, 8, *range(10, 20), 104, 105, *range(110, 120), 133, 7501})

#: Pictures in sixels are drawn; every other string of this kind defines keys, keeps macros, asks, or goes on to others.
_PICTURE: Final = re.compile(rb"[0-9;]*q")

#: Modes that lock or change the keyboard, the emulation or the window: no program of today sets one.
_SEIZING: Final = frozenset({"2", "12"})
_SEIZING_PRIVATE: Final = frozenset({"2", "3", "38", "40", "80"})

#: In text: the answerback, what identifies, printing, reports by rectangle, by locator and by level, other encodings.
_ASIDE: Final = re.compile(
    rb"\x05|\x1bZ|\x1b%[@8]|\x1b [F-N]|\x1b\[[0-?]*(?:[cintx]|\"p|'[wz{|]|[#$%&()*+,./-][ -/]*[@-~])"
)


def drawn(piece: Piece) -> Piece | None:
    """Return what of ``piece`` may reach one's own terminal, ``None`` where nothing may."""
    if queries.is_query(piece):
        return None
    match piece:
        case Text(data=data):
            return Text(_ASIDE.sub(b"", data))
        case Csi():
            return piece if _is_harmless(piece) else None
        case Osc(code=code):
            return piece if code in _SAID else None
        case Str(kind=kind, body=body):
            return piece if kind == "dcs" and _PICTURE.match(body) else None
        case _:
            return piece


def _is_harmless(piece: Csi) -> bool:
    if piece.final in {"h", "l"}:
        seizing = _SEIZING_PRIVATE if piece.private else _SEIZING
        return seizing.isdisjoint(part.lstrip("0") for part in piece.params.split(";"))
    return piece.final == "u" or piece.intermediate == "!"

"""Words of agents where Qt would take them for markup, as tool tips do: shown as they are written; holds no widget."""

from __future__ import annotations

import html

from PySide6.QtGui import Qt

from agents.status.untrusted import one_line

#: Characters of one line of a tool tip.
LONGEST = 400


def tip_of(*lines: str, longest: int = LONGEST) -> str:
    """Return a tool tip of these lines, without the empty ones; nothing in it is a tag or deceives the eye."""
    shown = [line for line in (one_line(line, longest) for line in lines) if line]
    text = "\n".join(shown)
    if not Qt.mightBeRichText(text):
        return text
    return f"<qt>{'<br>'.join(html.escape(line) for line in shown)}</qt>"

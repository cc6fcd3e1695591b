"""Headlines: every word a row may show, what it comes from, how it looks and where it stands in triage."""

from __future__ import annotations

from agents.status.headline import GLYPHS

FILE = "headlines.md"


def page() -> str:
    """Return the page."""
    rows = [
        f"| {look.word} | `{state}` | {look.text} | {look.role} | {look.means} | {look.rank or '–'} | {look.timing} |"
        for state, look in GLYPHS.items()
    ]
    head = ["| word | `state` | glyph | colour | from | triage | time |", "|---|---|---|---|---|---|---|"]
    about = (
        "One table for the roster, triage and the command line. It is read from the top: the first line that holds is "
        "the row's, and `unknown` is what is left. Triage 1 comes first; – needs nobody. *time* is what stands beside "
        "the word: how long it has been so, or until when it lasts. [How status works](../guide/status.md)."
    )
    return "\n\n".join(["# Headlines", about, "\n".join([*head, *rows])])

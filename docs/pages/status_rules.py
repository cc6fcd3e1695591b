"""The format of the files of rules by which a terminal is read, from the declarations that check them."""

from __future__ import annotations

from agents.status.reading.keys import SECTIONS, Key, Section

FILE = "status-rules.md"

_INTRO = """\
A program without a protocol says what it does by its window title, its notifications and what it draws. How one
program does that is a file of rules, `NAME.toml`, in the folder `status` beside the folder `agents` of your kinds
(`quarterdeck doctor` names it); a kind uses it by `status = "NAME"`. A file of your own replaces ours of the same name.
A rule that is broken is reported with file and line by `quarterdeck kinds` and `quarterdeck doctor`; all others count.

What rules say is evidence of the lowest trust: whatever the program prints can look like it. It never answers anything,
and a protocol, OSC 7501 or hooks overrule it. `quarterdeck explain` names the rule that spoke.

Patterns are Python's regular expressions, searched in one row at a time (at most 400 characters of it, without blanks
at its end). No repeat inside a repeated group: it could take for ever.

```toml
name = "odd"

[[title]]
pattern = '^⠋ '
turn = "working"

[[screen]]
name = "permission"
region = "bottom 12"
all = ['^Allow this\\?', '^> 1\\. Yes']
box = false
turn = "blocked"
blocked = "permission"
priority = 50

[[screen]]
name = "input box"
all = ['^> ']
box = true
turn = "idle"

[box]
region = "bottom 12"
above = '^-{10}'
first = '^> (?P<text>.*)$'
below = ['^-{10}']

[[dialog]]
region = "bottom 12"
begin = '^Allow this\\?'
row = '^[> ] (?P<n>\\d)\\. (?P<name>.*)$'
command = '^  \\$ (?P<command>.*)$'

[[dialog.option]]
pattern = '^Yes$'
kind = "allow_once"
keys = "{n}"

[[dialog.option]]
pattern = '^No'
kind = "reject_once"
keys = "{n}"
```"""


def page() -> str:
    """Return the page."""
    return "\n\n".join(["# How a terminal is read", _INTRO, *map(_section, SECTIONS)])


def _section(section: Section) -> str:
    header = f"[[{section.name}]]" if section.many else f"[{section.name}]"
    rows = [_row(key) for key in section.keys]
    return "\n\n".join(
        [f"## {header}", section.doc, "\n".join(["| key | value | what it does |", "|---|---|---|", *rows])]
    )


def _row(key: Key) -> str:
    needed = ", required" if key.required else ""
    return f"| `{key.name}` | {key.words}{needed} | {key.doc} |"

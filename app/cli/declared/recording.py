"""How recording a program is declared."""

from __future__ import annotations

from app.cli.declaration import Argument, Command, Example
from app.cli.declared.shared import HOUSE

RECORD = Command(
    "record",
    HOUSE,
    "record a program, to check what is said of it",
    "app.cli.recording:record",
    (
        Argument(("name",), "name of the recording: NAME.cast (asciicast v2), with --pipes NAME.jsonl"),
        Argument(("--kind",), "kind the program is of; its own program where nothing follows --", metavar="KIND"),
        Argument(("--pipes",), "on pipes instead of in this terminal, for a program that speaks a protocol", "flag"),
    ),
    (
        Example("quarterdeck record odd --kind claude-tui", "sit at Claude Code, and keep what it drew and when"),
        Example("quarterdeck record build -- make test", "any program; `asciinema play build.cast` plays it"),
        Example("quarterdeck record talk --pipes -- opencode acp", "in place of the program an editor starts"),
    ),
    description="The program runs here, not in the fleet; what it asks its terminal is answered as the daemon would. "
    "The exit code is the program's. The file holds everything that was typed and shown.",
    tail="ARGV…",
)

"""What ``--json`` prints, as JSON Schema, from the structs that are printed."""

from __future__ import annotations

import json

from app.cli.commands import COMMANDS
from app.cli.schema import components
from pages.cli import describe

FILE = "json.md"


def page() -> str:
    """Return the page."""
    commands = [command for command in COMMANDS if command.result]
    parts = [
        "# JSON output",
        "Every command below takes `--json` and prints one line of JSON on stdout (`log`: one a line). "
        'What is unknown is `null` or `"unknown"`, never absent. Times are seconds since the epoch. '
        "Unprintable characters are escaped. New fields may be added; none is removed or given another meaning. "
        "Errors are text on stderr, with an exit code.",
        "\n".join(["| command | prints |", "|---|---|", *(f"| `{c.name}` | {describe(c)} |" for c in commands)]),
        "The schemas refer to each other by `#/$defs/NAME`, which is the section of that name.",
    ]
    for name, schema in components().items():
        parts += [f"## {name}", "```json\n" + json.dumps(schema, indent=1, ensure_ascii=False) + "\n```"]
    return "\n\n".join(parts)

"""Commands and keys: all that can be done, what it does, where, and by which key; from their declarations."""

from __future__ import annotations

from pathlib import Path

from app.commands import BY_ID, COMMANDS
from app.keylist import tables
from app.keymap import load

FILE = "keys.md"

_OURS = Path(__file__).resolve().parents[2] / "resources" / "keymap.toml"


def page() -> str:
    """Return the page. Raises SystemExit when our own keymap has problems."""
    keymap, problems = load(_OURS, Path("/dev/null"))
    if problems:
        raise SystemExit("\n".join(problems))
    parts = [
        "# Commands and keys",
        "Every key can be rebound: write the same tables into `keymap.toml` in the config directory "
        '(`quarterdeck doctor` names it). A key you bind replaces ours, `"x" = ""` takes one away; what does not '
        "parse, an unknown command and a conflict are reported with file and line, and everything else holds. "
        "Keys are written as they are typed: `V` is Shift and v, `g g` is g twice. On macOS Ctrl is Cmd.",
        "In the window `?` shows this list with what cannot act now and why; `Ctrl+K` finds any command by name.",
        "## Keys",
    ]
    for title, lines in tables(keymap):
        rows = [f"| {_keys(keys, len(commands))} | {_words(commands)} |" for keys, commands in lines]
        parts += [f"### {title}", "\n".join(["| key | does |", "|---|---|", *rows])]
    rows = [f"| `{c.id}` | {c.title} | {_all_keys(keymap.keys_of(c.id))} | {c.help} |" for c in COMMANDS]
    parts += ["## Commands", "\n".join(["| command | name | keys | what it does |", "|---|---|---|---|", *rows])]
    return "\n\n".join(parts)


def _keys(keys: tuple[str, ...], commands: int) -> str:
    return (" … " if commands > 1 else " · ").join(f"`{key}`" for key in keys)


def _words(commands: tuple[str, ...]) -> str:
    if len(commands) > 1:
        return "Show or hide the agent in a slot"
    command = BY_ID[commands[0]]
    return f"{command.title}. {command.help}"


def _all_keys(keys: tuple[str, ...]) -> str:
    return " · ".join(f"`{key}`" for key in keys) or "palette"

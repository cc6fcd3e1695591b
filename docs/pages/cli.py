"""The command line reference, from the table of commands."""

from __future__ import annotations

from app.cli.commands import COMMANDS
from app.cli.declaration import Argument, Command
from app.cli.declared.shared import GROUPS
from app.cli.exits import Exit

FILE = "cli.md"

_EXITS = {
    Exit.DONE: "it was done",
    Exit.FAILED: "the thing asked for failed; the reason is on stderr",
    Exit.USAGE: "the command line was wrong",
    Exit.TIMEOUT: "the time given with `--timeout` is over",
    Exit.NO_DAEMON: "no daemon could be started; stderr has the end of its log",
}

_ENVIRONMENT = (
    ("QUARTERDECK_HOME", "absolute path; everything is kept under it instead of in the platform's directories"),
    ("QUARTERDECK_AGENT", "set by us in every agent: whose process this is"),
    ("NO_COLOR", "set to anything: no colours"),
)


def page() -> str:
    """Return the page."""
    parts = [
        "# Command line",
        "`quarterdeck [PATH]` opens the window, with the dock of the project at PATH pinned. "
        "Everything else is a command. An agent is named by its id, a unique beginning of it, or its name.",
        *(_group(group) for group in GROUPS),
        "## Exit codes",
        _table(("code", "meaning"), [(str(int(code)), _EXITS[code]) for code in Exit]),
        "A command ended by Ctrl-C exits with 130, by a closed pipe with 141.",
        "## Environment",
        _table(("variable", "meaning"), [(f"`{name}`", text) for name, text in _ENVIRONMENT]),
    ]
    return "\n\n".join(parts)


def _group(group: str) -> str:
    return "\n\n".join([f"## {group}", *(_command(command) for command in COMMANDS if command.group == group)])


def _command(command: Command) -> str:
    parts = [
        f"### `{command.name}`",
        f"{command.summary[0].upper()}{command.summary[1:]}. {command.description}".strip(),
        f"```\nquarterdeck {command.usage}\n```",
    ]
    if command.arguments:
        parts.append(_table(("argument", "meaning"), [_argument(argument) for argument in command.arguments]))
    if command.result:
        parts.append(f"`--json` prints {describe(command)}.")
    examples = "\n".join(
        f"{example.line}" + (f"   # {example.purpose}" if example.purpose else "") for example in command.examples
    )
    return "\n\n".join([*parts, f"```sh\n{examples}\n```"])


def _argument(argument: Argument) -> tuple[str, str]:
    names = ", ".join(f"`{name}`" for name in argument.names)
    if argument.is_positional:
        names = f"`{argument.shown}`"
    elif argument.kind != "flag":
        names += f" `{argument.metavar or '|'.join(argument.choices) or 'TEXT'}`"
    return names, argument.help


def describe(command: Command) -> str:
    """Return in words what ``--json`` prints, with links to the schemas."""
    link = f"[{command.result}](json.md#{command.result.lower()})"
    shape = f"an array of {link}" if command.is_list else f"{link}, one a line" if command.is_stream else link
    for name, when in command.also:
        shape += f"; {when} [{name}](json.md#{name.lower()})"
    return shape


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "|---|---|"]
    lines += [f"| {left.replace('|', chr(92) + '|')} | {right.replace('|', chr(92) + '|')} |" for left, right in rows]
    return "\n".join(lines)

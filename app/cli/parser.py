"""The argument parser, built from the table of commands, and wrong usage told with the nearest right one."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from app.cli.commands import COMMANDS
from app.cli.declaration import Argument, Command
from app.cli.declared.shared import GROUPS
from app.cli.exits import CommandError, Exit

PROGRAM = "quarterdeck"

_ABOUT = "An agent command center: supervise, see and answer every running coding agent."


class Parser(argparse.ArgumentParser):
    """argparse whose errors are ours: raised, not printed, so that one place decides on exit codes."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the usage line. Called by argparse."""
        raise CommandError(f"{message}\nusage: {self.format_usage().removeprefix('usage: ').strip()}", Exit.USAGE)


def build() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        PROGRAM,
        usage=f"{PROGRAM} [PATH]\n       {PROGRAM} COMMAND …",
        description=_ABOUT,
        epilog=_overview(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("-h", "--help", action="help", help="show this, or with a command its help")
    parser.add_argument("--version", action="store_true", help="print the version")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", help=argparse.SUPPRESS, parser_class=Parser)
    for command in COMMANDS:
        _add(subparsers, command)
    return parser


def _overview() -> str:
    """Return the commands by group; argparse would print one long list."""
    width = max(len(command.name) for command in COMMANDS)
    lines = []
    for group in GROUPS:
        lines += ["", f"{group}:"]
        lines += [f"  {command.name:{width}}  {command.summary}" for command in COMMANDS if command.group == group]
    return "\n".join([*lines, "", f"`{PROGRAM} COMMAND --help` has examples. PATH opens the window there."]).lstrip()


def _add(subparsers: argparse._SubParsersAction[Parser], command: Command) -> None:
    parser = subparsers.add_parser(
        command.name,
        help=command.summary,
        usage=f"{PROGRAM} {command.usage}",
        description=f"{command.summary[0].upper()}{command.summary[1:]}. {command.description}".strip(),
        epilog=_examples(command),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for argument in command.arguments:
        parser.add_argument(*argument.names, **_options(argument))
    if command.result:
        parser.add_argument("--json", action="store_true", help="print JSON (schema: docs/reference/json.md)")


def _examples(command: Command) -> str:
    lines = ["examples:"]
    for example in command.examples:
        lines += [f"  {example.line}", *([f"      {example.purpose}"] if example.purpose else [])]
    return "\n".join(lines).replace("%", "%%")


def _options(argument: Argument) -> dict[str, Any]:
    """Return what argparse wants to hear about one argument."""
    options: dict[str, Any] = {"help": argument.help.replace("%", "%%")}
    if argument.kind == "flag":
        return {**options, "action": "store_true"}
    if argument.metavar or argument.is_positional:
        options["metavar"] = argument.metavar or argument.names[0].upper()
    if argument.choices:
        options["type"] = _Choice(argument.choices)
    elif argument.kind in ("integer", "seconds"):
        options["type"] = _turn if argument.kind == "integer" else _seconds
    if argument.kind == "many":
        options |= {"action": "append", "default": []}
    if argument.is_positional:
        rest = argument.kind == "rest"
        options["nargs"] = ("+" if argument.required else "*") if rest else None if argument.required else "?"
    else:
        options["required"] = argument.demanded
    return options


class _Choice:
    """A type that knows its values and suggests the nearest; also what completion reads."""

    def __init__(self, choices: Sequence[str]) -> None:
        self.choices = tuple(choices)

    def __call__(self, text: str) -> str:
        if text not in self.choices:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not one of {', '.join(self.choices)}{hint(text, self.choices)}"
            )
        return text


def _turn(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no turn: give a number from 1 on")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no time: give seconds from 0 on")
    return value


def hint(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean X?)`` for the nearest known word, else nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.55)
    return f" (did you mean {near[0]}?)" if near else ""

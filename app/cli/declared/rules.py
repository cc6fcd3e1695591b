"""The command about standing answers to permissions."""

from __future__ import annotations

from app.cli.declaration import Argument, Command, Example
from app.cli.declared.shared import TALK

RULE = Command(
    "rule",
    TALK,
    "standing answers to permissions: add, list, take away",
    "app.cli.rules:rule",
    (
        Argument(("action",), "what to do", metavar="add|ls|rm", choices=("add", "ls", "rm")),
        Argument(("what",), "add: allow or deny; rm: number of the rule", metavar="allow|deny|N", required=False),
        Argument(("--tool",), "the kind of tool: read, edit, delete, move, search, execute, fetch …", metavar="TOOL"),
        Argument(("--path",), "files inside the project: * within a folder, ** across folders", metavar="GLOB"),
        Argument(("-p", "--project"), "project it holds in (default: here)", metavar="DIR"),
        Argument(("--everywhere",), "in every project", "flag"),
        Argument(("--kind",), "only for this kind of agent", metavar="KIND"),
        Argument(("--agent",), "only for this agent", metavar="ID"),
        Argument(("--team",), "only for this team", metavar="TEAM"),
        Argument(("--for",), "how long it holds: 90m, 8h, 7d", metavar="TIME"),
        Argument(("--note",), "why it is there", metavar="TEXT"),
        Argument(("--undo",), "with rm: put a removed rule back", "flag"),
    ),
    (
        Example("quarterdeck rule add allow -- npm test", "that command, with any further words, in this project"),
        Example("quarterdeck rule add allow --tool edit --path 'docs/**' --for 8h", "edits below docs, today"),
        Example("quarterdeck rule add deny --everywhere -- git push", "also inside a longer command; deny wins"),
        Example("quarterdeck rule ls", ""),
        Example("quarterdeck rule rm 3", "`rule rm 3 --undo` puts it back"),
    ),
    description="The words of a command are compared one by one: `git status` allows `git status -s`, never "
    "`git status; rm x`. What deletes, pushes, uses the network or leaves the project is allowed only by a rule that "
    "names the whole command. A rule also answers what is open now; `explain` says which rule decided. "
    "Agents cannot change rules.",
    result="Rules",
    also=(("RuleChange", "with `add` and `rm`"),),
    tail="WORD…",
)

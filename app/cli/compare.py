"""``compare``: one prompt to several kinds, a look at what became of it, and the one that is kept.

The agents of a comparison carry the label ``compare:N``; nothing else remembers them. Nothing is deleted: who is not
kept is stopped and archived, and ``compare undo`` brings them back into the list.
"""

from __future__ import annotations

from argparse import Namespace

from agents.jsonrpc import RpcError
from agents.model import LIVE, AgentRow
from agents.status.untrusted import one_line
from agents.wire import AgentRef, Annotate, ListAgents, Run, Shown, Started
from app.cli import roster
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.project import Project, locate
from app.cli.results import Compared, Ran
from app.cli.run import environment
from app.cli.stdin import from_stdin

LABEL = "compare:"

#: First words that are no kinds.
ACTIONS = ("show", "keep", "undo")


def compare(context: Context, args: Namespace) -> int:
    """Start a comparison, or do something with one."""
    first, *rest = args.kinds
    if first not in ACTIONS:
        return _start(context, args)
    if args.prompt is not None or args.dir or len(rest) != 1:
        what = "ID of the agent to keep" if first == "keep" else "number of the comparison"
        raise CommandError(f"compare {first} takes the {what}, and nothing else", Exit.USAGE)
    return {"show": _show, "keep": _keep, "undo": _undo}[first](context, rest[0])


# ---------------------------------------------------------------- starting


def _start(context: Context, args: Namespace) -> int:
    if args.prompt is None:
        raise CommandError("give the prompt with --prompt TEXT (- reads it from stdin)", Exit.USAGE)
    if len(args.kinds) < 2:
        raise CommandError("name two kinds or more; the same one twice is fine", Exit.USAGE)
    project = locate(args.project or ".")
    places = _places(args.kinds, args.dir, project)
    prompt = from_stdin(context, args.prompt, "the prompt")
    number = 1 + max((_number(label) for row in _fleet(context) for label in row.labels), default=0)
    started, problems = [], []
    for kind in args.kinds:
        order = Run(
            kind=kind,
            project=str(project.root),
            cwd=str(places[kind]),
            prompt=prompt,
            env=environment(context.env, []),
            labels=(f"{LABEL}{number}",),
        )
        try:
            started.append(context.call("agent.run", order))
        except RpcError as error:
            problems.append(f"{one_line(kind)}: {one_line(error.message, 2000)}")
    _say_started(context, number, started, problems)
    if len(set(places.values())) < len(args.kinds):
        context.output.error(("note: agents without a --dir of their own share the directory and its files", "muted"))
    return Exit.FAILED if problems or any(one.pid is None for one in started) else Exit.DONE


def _places(kinds: list[str], given: list[str], project: Project) -> dict[str, object]:
    """Return the directory of each kind. Raises CommandError for one that is not compared or no directory."""
    places: dict[str, object] = dict.fromkeys(kinds, project.directory)
    for text in given:
        kind, equals, path = text.partition("=")
        if not equals or kind not in places:
            raise CommandError(f"--dir {text!r}: give KIND=PATH with a kind that is compared", Exit.USAGE)
        places[kind] = locate(path).directory
    return places


def _say_started(context: Context, number: int, started: list[Started], problems: list[str]) -> None:
    output = context.output
    if output.is_json:
        ran = tuple(Ran(one.id, one.name, one.pid, one.turn) for one in started)
        output.json(Compared(number, ran, tuple(problems)))
    else:
        output.line(f"comparison {number}")
        for one in started:
            how = f"pid {one.pid}" if one.pid is not None else "could not be started: see `quarterdeck show`"
            output.line("  ", (one_line(one.name), "strong"), f" ({one.id}), {how}")
        output.line(f"`quarterdeck compare show {number}` looks at them, `quarterdeck compare keep ID` chooses")
    for problem in problems:
        output.error(f"quarterdeck: {problem}")


def _number(label: str) -> int:
    text = label.removeprefix(LABEL)
    return int(text) if label != text and text.isascii() and text.isdigit() and len(text) < 10 else 0


# ---------------------------------------------------------------- looking and choosing


def _show(context: Context, number: str) -> int:
    rows = _compared(context, number)
    output = context.output
    if output.is_json:
        output.json(rows)
        return Exit.DONE
    for line in roster.fleet(rows, context.now(), width=output.width, home=context.env.get("HOME")):
        output.line(*line)
    return Exit.DONE


def _keep(context: Context, agent: str) -> int:
    kept: Shown = context.call("agent.show", AgentRef(agent))
    labels = [label for label in kept.row.labels if _number(label)]
    if not labels:
        raise CommandError(f"{one_line(kept.row.name)} is in no comparison: its labels name none")
    others = [row for row in _compared(context, labels[-1].removeprefix(LABEL)) if row.id != kept.row.id]
    done, problems = [], []
    for row in others:
        try:
            words = _put_away(context, row)
        except RpcError as error:
            problems.append(f"{one_line(row.name)}: {one_line(error.message, 2000)}")
        else:
            done.append((row, words))
    _say_kept(context, kept.row, done, labels[-1].removeprefix(LABEL))
    for problem in problems:
        context.output.error(f"quarterdeck: {problem}")
    return Exit.FAILED if problems else Exit.DONE


def _put_away(context: Context, row: AgentRow) -> str:
    is_live = row.lifecycle in LIVE
    if is_live:
        context.call("agent.stop", AgentRef(row.id))
    context.call("agent.annotate", Annotate(row.id, archived=True))
    return "stopped and archived" if is_live else "archived"


def _say_kept(context: Context, kept: AgentRow, done: list[tuple[AgentRow, str]], number: str) -> None:
    output = context.output
    if output.is_json:
        output.json(_compared(context, number))
        return
    output.line("kept ", (one_line(kept.name), "strong"), f" ({kept.id})")
    for row, words in done:
        output.line(f"  {one_line(row.name)} ({row.id}) {words}")
    if done:
        output.line(f"`quarterdeck compare undo {number}` lists them again; what was stopped is resumed one by one")


def _undo(context: Context, number: str) -> int:
    rows = [row for row in _compared(context, number) if row.archived]
    for row in rows:
        context.call("agent.annotate", Annotate(row.id, archived=False))
    if context.output.is_json:
        context.output.json(_compared(context, number))
        return Exit.DONE
    for row in rows:
        context.output.line(f"{one_line(row.name)} ({row.id}) is listed again ({row.headline})")
    if not rows:
        context.output.line(f"nobody of comparison {one_line(number)} was archived")
    return Exit.DONE


def _fleet(context: Context) -> tuple[AgentRow, ...]:
    rows: tuple[AgentRow, ...] = context.call("agent.list", ListAgents()).agents
    return rows


def _compared(context: Context, number: str) -> list[AgentRow]:
    rows = [row for row in _fleet(context) if f"{LABEL}{number}" in row.labels]
    if not rows:
        raise CommandError(f"there is no comparison {one_line(number)}; `quarterdeck ls --all` shows all agents")
    return rows

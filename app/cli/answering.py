"""Answering several agents with one command: which requests are meant, and a line for each. Answers nothing itself."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence

import msgspec

from agents.jsonrpc import RpcError
from agents.model import AgentRow, Blocked, Request
from agents.status.untrusted import one_line
from agents.wire import AgentRef, Answered, AnswerRequest, ListAgents, Shown
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.results import Answers, AnswerTo
from app.cli.targets import targets


class Pick(msgspec.Struct, frozen=True):
    """One request to answer; without ``key`` the daemon takes the only one that is open, or refuses."""

    agent: str
    name: str
    key: str | None = None
    title: str = ""


def several(context: Context, args: Namespace) -> list[Pick] | None:
    """Return the requests meant when that may be more than one, ``None`` for the plain ``ID [REQUEST]``.

    A second word is a request of the first agent unless an agent has exactly that id or name: what could be both is
    refused, so that no answer ever goes where it was not meant to.
    """
    words = [args.id, *args.more] if args.id is not None else []
    if args.all or args.like is not None:
        return _by_flag(context, args, words)
    if not words:
        raise CommandError("name the agent, or give --all or --like ID", Exit.USAGE)
    if len(words) == 1 or (len(words) == 2 and not _is_second_agent(context, words)):
        return None
    return [Pick(target.ref, target.name) for target in targets(context, words, team=None, kind=None)]


def _is_second_agent(context: Context, words: Sequence[str]) -> bool:
    first, second = words
    if ":" in second:  # a key, as show prints it; an agent of such a name is meant by its id
        return False
    rows = context.call("agent.list", ListAgents()).agents
    if not any(second in (row.id, row.name) for row in rows):
        return False
    asked = _row(context, first)
    if any(second in request.key for request in asked.requests):
        raise CommandError(
            f"{one_line(second)!r} is an agent, and part of a request of {one_line(asked.name)}: "
            "give the whole key of the request (see show), or the agents one by one",
            Exit.USAGE,
        )
    return True


def _by_flag(context: Context, args: Namespace, words: list[str]) -> list[Pick]:
    if args.all and args.like is not None:
        raise CommandError("--all and --like: give one of them", Exit.USAGE)
    if len(words) > (0 if args.all else 1):
        raise CommandError("--all takes no agents, --like ID at most one REQUEST", Exit.USAGE)
    rows = context.call("agent.list", ListAgents()).agents
    if args.all:
        picks = _picks(rows, lambda request: True)
        if not picks:
            raise CommandError("nobody asks for a permission now")
        return picks
    model = _model(_row(context, args.like), words[0] if words else None)
    return _picks(rows, lambda request: is_like(request, model))


def _row(context: Context, agent: str) -> AgentRow:
    shown: Shown = context.call("agent.show", AgentRef(agent))
    return shown.row


def _model(row: AgentRow, part: str | None) -> Request:
    asked = [request for request in row.requests if request.kind is Blocked.PERMISSION]
    found = [request for request in asked if part is None or part in request.key]
    if len(found) == 1:
        return found[0]
    name = one_line(row.name)
    if not asked:
        raise CommandError(f"{name} asks for no permission now: {row.headline}")
    listed = "".join(f"\n  {request.key}  {one_line(request.title)}" for request in asked)
    raise CommandError(f"{name} asks {len(asked)} things, name one of these requests:{listed}")


def _picks(rows: Iterable[AgentRow], is_meant: Callable[[Request], bool]) -> list[Pick]:
    return [
        Pick(row.id, row.name, request.key, request.title)
        for row in rows
        for request in row.requests
        if request.kind is Blocked.PERMISSION and is_meant(request)
    ]


def is_like(one: Request, other: Request) -> bool:
    """Tell whether two requests ask for the same: the same command, or without one the same words and changes."""
    if (one.kind, one.tool_kind, one.command) != (other.kind, other.tool_kind, other.command):
        return False
    return one.command is not None or (one.title, one.diffs) == (other.title, other.diffs)


def answer_all(context: Context, picks: Sequence[Pick], order: AnswerRequest, wanted: str) -> int:
    """Give the same answer to all of them; say a line for each. ``wanted`` is the outcome that counts as done."""
    done = [_answer(context, pick, order, wanted) for pick in picks]
    output = context.output
    if output.is_json:
        output.json(Answers(tuple(done)))
    for to in done:
        what = f" {one_line(to.title)}" if to.title else ""
        line = f"{one_line(to.name)}: {to.outcome}{what} ({to.request})"
        if to.problem:
            output.error(f"quarterdeck: {one_line(to.name)}: {one_line(to.problem, 2000)}")
        elif not output.is_json:
            output.line(line)
    return Exit.FAILED if any(to.problem for to in done) else Exit.DONE


def _answer(context: Context, pick: Pick, order: AnswerRequest, wanted: str) -> AnswerTo:
    mine = msgspec.structs.replace(order, id=pick.agent, request=pick.key)
    try:
        answered: Answered = context.call("agent.answer", mine)
    except RpcError as error:
        return AnswerTo(pick.agent, pick.name, pick.key, pick.title, None, error.message)
    problem = ""
    if answered.already and answered.outcome != wanted:
        problem = f"already {answered.outcome} by {one_line(answered.by)}: the first answer wins"
    return AnswerTo(pick.agent, pick.name, answered.request, pick.title, answered.outcome, problem)

"""Answers what standing rules decide, on record like any answer and by the name of the rule; explains what they do not.

Runs only for an agent that is up to date and connected. The policy itself is pure (``agents.status.rules``).
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from agents.jsonrpc import RpcError
from agents.model import Request
from agents.status.rules import Judgement, Subject, judge
from agents.supervisor import orders
from agents.supervisor.unit import Unit
from agents.wire import AnswerRequest

#: Decisions of rules that explain tells.
TOLD = 5


def rule(unit: Unit) -> None:
    """Answer every open request that a rule decides; what cannot be answered is left to the user, once."""
    book = unit.services.rules
    if not book.rules or unit.adapter is None or unit.adapter.ASKS_ON_SCREEN:
        return
    requests = tuple(unit.adapter.requests())
    unit.judged = {key: seen for key, seen in unit.judged.items() if any(key == request.key for request in requests)}
    for request in requests:
        if request.key in unit.made.given or unit.judged.get(request.key) == book.revision:
            continue
        unit.judged[request.key] = book.revision
        found = _judge(unit, request)
        if found.effect:
            unit.refresh()  # an answer is given to what the row shows as open
            _answer(unit, request, found)


def _judge(unit: Unit, request: Request) -> Judgement:
    spec, row = unit.spec, unit.row()
    base = Path(request.cwd or spec.cwd)
    # Links are resolved here: a path that only looks as if it lay in the project does not.
    touched = dict.fromkeys((*request.paths, *(diff.path for diff in request.diffs)))
    subject = Subject(
        request=request,
        agent=unit.id,
        kind=spec.kind,
        project=os.path.realpath(spec.project),
        cwd=spec.worktree or spec.cwd,
        team=row.team,
        paths=tuple(os.path.realpath(base / path) for path in touched),
    )
    return judge(unit.services.rules.rules, subject, unit.services.clock.wall())


def _answer(unit: Unit, request: Request, found: Judgement) -> None:
    by = f"rule {found.rule}"
    try:
        orders.answer(unit, AnswerRequest(unit.id, found.effect, request.key), by)
    except RpcError as error:
        unit.notice("warning", f"{by} could not {found.effect} “{request.title}”: {error.message}")


def explain(unit: Unit) -> tuple[str, ...]:
    """Return what rules decided lately, and why they do not decide what is open."""
    told = [
        f"{given.by} {given.outcome} request {key} at {time.strftime('%H:%M:%S', time.localtime(given.at))}"
        for key, given in unit.made.given.items()
        if given.by.startswith("rule ")
    ]
    open_requests = tuple(unit.adapter.requests()) if unit.adapter is not None and unit.is_live else ()
    why = [note for request in open_requests if request.key not in unit.made.given for note in _notes(unit, request)]
    return (*told[-TOLD:], *why)


def _notes(unit: Unit, request: Request) -> tuple[str, ...]:
    if not unit.services.rules.rules:
        return ()
    if unit.adapter is not None and unit.adapter.ASKS_ON_SCREEN:
        return (f"no rule decides “{request.title}”: it is read from a screen, which anything printed can forge",)
    return _judge(unit, request).notes or (f"no rule decides “{request.title}”",)

"""``allow``, ``deny`` and ``interrupt``: answering an agent that asks, and stopping its turn."""

from __future__ import annotations

import time
from argparse import Namespace

from agents.model import AgentRow, Blocked, Request
from agents.status.untrusted import one_line
from agents.wire import AgentRef, Answered, AnswerRequest, Done, Shown
from app.cli.answering import answer_all, several
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.who import who

#: What a decision makes of a request.
_OUTCOMES = {"allow": "allowed", "always": "always", "deny": "denied", "answer": "answered"}

_SHOWN = {"allowed": "allowed", "always": "allowed for good", "denied": "denied"}


def allow(context: Context, args: Namespace) -> int:
    """Allow, or answer a question."""
    if args.always and args.answer:
        raise CommandError("--always is for permissions, --answer for questions: give one of them", Exit.USAGE)
    if args.answer:
        if args.id is None or len(args.more) > 1 or args.all or args.like is not None:
            raise CommandError("--answer is for one agent: allow ID [REQUEST] --answer TEXT", Exit.USAGE)
        asked = _question(context, args.id, args.more[0] if args.more else None)
        answers = _answers(asked, args.answer)
        return _answer(context, AnswerRequest(args.id, "answer", asked.key, answers=answers, by="cli"))
    return _decide(context, args, "always" if args.always else "allow")


def deny(context: Context, args: Namespace) -> int:
    """Deny."""
    return _decide(context, args, "deny", reason=args.reason or "")


def _decide(context: Context, args: Namespace, decision: str, reason: str = "") -> int:
    picks = several(context, args)
    if picks is not None:
        return answer_all(context, picks, AnswerRequest("", decision, reason=reason, by="cli"), _OUTCOMES[decision])
    # Without REQUEST the daemon chooses or refuses: it alone knows what is open at that moment.
    key = _whole_key(context, args.id, args.more[0]) if args.more else None
    return _answer(context, AnswerRequest(args.id, decision, key, reason=reason, by="cli"))


def _whole_key(context: Context, agent: str, part: str) -> str:
    """Return the key of the open request that ``part`` names, else ``part``: the daemon knows the closed ones too."""
    found = [key for key in (request.key for request in _open(context, agent).requests) if part in key]
    return found[0] if len(found) == 1 else part


def _open(context: Context, agent: str) -> AgentRow:
    shown: Shown = context.call("agent.show", AgentRef(agent))
    return shown.row


def _answer(context: Context, order: AnswerRequest) -> int:
    answered: Answered = context.call("agent.answer", order)
    if context.output.is_json:
        context.output.json(answered)
    else:
        outcome = _SHOWN.get(answered.outcome, answered.outcome)
        at = time.strftime("%H:%M:%S", time.localtime(answered.at))
        already = f"already {outcome} by {who(answered.by)} at {at}"
        context.output.line(already if answered.already else f"{outcome} ({answered.request})")
    if answered.already and answered.outcome != _OUTCOMES[order.decision]:
        context.output.error("quarterdeck: the first answer wins, so yours changed nothing")
        return Exit.FAILED
    return Exit.DONE


def _question(context: Context, agent: str, part: str | None) -> Request:
    """Return the one open question. Raises CommandError saying what is open instead."""
    row = _open(context, agent)
    questions = [request for request in row.requests if request.kind is Blocked.QUESTION]
    found = [request for request in questions if part is None or part in request.key]
    if len(found) == 1:
        return found[0]
    listed = "".join(f"\n  {request.key}  {one_line(request.title)}" for request in questions)
    name = one_line(row.name)
    if not questions:
        raise CommandError(f"{name} asks no question now: {row.headline}")
    raise CommandError(f"{name} asks {len(questions)} questions, name one of these requests:{listed}")


def _answers(asked: Request, texts: list[str]) -> dict[str, str]:
    if len(texts) != len(asked.questions):
        questions = "".join(f"\n  {one_line(question.text)}" for question in asked.questions)
        raise CommandError(f"{len(asked.questions)} questions, {len(texts)} answers:{questions}", Exit.USAGE)
    return {question.text: text for question, text in zip(asked.questions, texts, strict=True)}


def interrupt(context: Context, args: Namespace) -> int:
    """Cancel the running turn."""
    return say_done(context, context.call("agent.interrupt", AgentRef(args.id)), "interrupted")


def say_done(context: Context, done: Done, word: str) -> int:
    """Print that something was done, in the daemon's words where it has any."""
    if context.output.is_json:
        context.output.json(done)
    else:
        context.output.line(done.detail or word)
    return Exit.DONE

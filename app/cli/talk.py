"""``send``, ``allow``, ``deny``, ``interrupt`` and ``wait``: commands about a conversation."""

from __future__ import annotations

import time
from argparse import Namespace

from agents.model import AgentRow, Blocked, Request
from agents.status.headline import age
from agents.status.untrusted import one_line
from agents.wire import AgentRef, Answered, AnswerRequest, Done, Send, Sent, Shown, Wait, Waited
from app.cli import roster
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.who import who

#: What a decision makes of a request.
_OUTCOMES = {"allow": "allowed", "always": "always", "deny": "denied", "answer": "answered"}

_SHOWN = {"allowed": "allowed", "always": "allowed for good", "denied": "denied"}


def from_stdin(context: Context, text: str, what: str) -> str:
    """Return ``text``, or stdin for ``-``. Raises CommandError when there is nothing in it."""
    text = context.stdin.read() if text == "-" else text
    if not text.strip():
        raise CommandError(f"{what} is empty", Exit.USAGE)
    return text


def send(context: Context, args: Namespace) -> int:
    """Send a message."""
    text = from_stdin(context, " ".join(args.text), "the message")
    sent: Sent = context.call("agent.send", Send(args.id, text))
    if context.output.is_json:
        context.output.json(sent)
    else:
        context.output.line(f"turn {sent.turn}" + (" (queued)" if sent.queued else ""))
    return Exit.DONE


def allow(context: Context, args: Namespace) -> int:
    """Allow, or answer a question."""
    if args.always and args.answer:
        raise CommandError("--always is for permissions, --answer for questions: give one of them", Exit.USAGE)
    if args.answer:
        asked = _question(context, args.id, args.request)
        answers = _answers(asked, args.answer)
        return _answer(context, AnswerRequest(args.id, "answer", asked.key, answers=answers, by="cli"))
    return _decide(context, args, "always" if args.always else "allow")


def deny(context: Context, args: Namespace) -> int:
    """Deny."""
    return _decide(context, args, "deny", reason=args.reason or "")


def _decide(context: Context, args: Namespace, decision: str, reason: str = "") -> int:
    # Without REQUEST the daemon chooses or refuses: it alone knows what is open at that moment.
    key = _whole_key(context, args.id, args.request) if args.request else None
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


def wait(context: Context, args: Namespace) -> int:
    """Wait for a state."""
    waited = wait_for(context, args.id, args.until, turn=args.turn, timeout=args.timeout)
    output, row = context.output, waited.row
    if output.is_json:
        output.json(waited)
    elif waited.reached == args.until:
        output.line(f"{one_line(row.name)}: {roster.words(row)}")
    if waited.reached == args.until:
        return Exit.DONE
    output.error(f"quarterdeck: {one_line(row.name)} can no longer be {args.until}: {ending(row, context.now())}")
    return Exit.FAILED


def wait_for(
    context: Context, agent: str, until: str, *, turn: int | None = None, timeout: float | None = None
) -> Waited:
    """Wait over any number of daemons; ``timeout`` in seconds. Raises RpcError(TIMEOUT)."""
    deadline = None if timeout is None else time.monotonic() + timeout

    def params() -> Wait:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        return Wait(agent, until, turn, left)

    waited: Waited = context.session.call("agent.wait", params, timeout=None)
    return waited


def ending(row: AgentRow, now: float) -> str:
    """Return how an agent ended and when, with the reason where there is one."""
    reason = f" ({one_line(row.reason)})" if row.reason and row.reason not in row.headline else ""
    return f"{row.headline}{reason}, {age(now - row.since)} ago"

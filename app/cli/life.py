"""``stop``, ``kill``, ``resume``, ``restart``, ``fork`` and ``rm``: commands that end agents or bring them back."""

from __future__ import annotations

from argparse import Namespace

from agents.status.untrusted import one_line
from agents.wire import AgentRef, Fork, NoParams, Remove, Resumed, Started
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.run import say_started
from app.cli.stdin import from_stdin
from app.cli.talk import say_done

#: Longest line about one agent, characters.
NOTE_LIMIT = 400


def stop(context: Context, args: Namespace) -> int:
    """Stop gently first."""
    return say_done(context, context.call("agent.stop", AgentRef(args.id)), "stopping")


def kill(context: Context, args: Namespace) -> int:
    """Kill the process tree."""
    return say_done(context, context.call("agent.kill", AgentRef(args.id)), "killed")


def restart(context: Context, args: Namespace) -> int:
    """Run an ended terminal's program again."""
    started: Started = context.call("agent.restart", AgentRef(args.id))
    return say_started(context, started)


def fork(context: Context, args: Namespace) -> int:
    """Begin a new agent with a copy of a conversation."""
    prompt = None if args.prompt is None else from_stdin(context, args.prompt, "the prompt")
    started: Started = context.call("agent.fork", Fork(args.id, args.name, prompt))
    return say_started(context, started)


def remove(context: Context, args: Namespace) -> int:
    """Forget an ended agent."""
    return say_done(context, context.call("agent.remove", Remove(args.id, force=args.force)), "removed")


def resume(context: Context, args: Namespace) -> int:
    """Continue one ended agent, or all."""
    if (args.id is None) is not args.all:
        raise CommandError("name the agent to resume, or give --all", Exit.USAGE)
    if args.all:
        # As long as it takes: they are started one after the other.
        resumed: Resumed = context.session.call("agent.resume_all", NoParams(), None)
    else:
        started: Started = context.call("agent.resume", AgentRef(args.id))
        resumed = Resumed((started.id,))
    if context.output.is_json:
        context.output.json(resumed)
    else:
        if resumed.summary:
            context.output.line(resumed.summary)
        for agent in resumed.resumed:
            context.output.line(f"resumed {agent}")
        for note in resumed.notes:
            context.output.line(one_line(note, NOTE_LIMIT))
        if not resumed.resumed and not resumed.problems:
            context.output.line("nothing to resume")
    for problem in resumed.problems:
        context.output.error(f"quarterdeck: {problem}")
    return Exit.FAILED if resumed.problems else Exit.DONE

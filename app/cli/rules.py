"""``rule``: standing answers to permissions, added, listed and taken away. The daemon keeps and applies them."""

from __future__ import annotations

import re
import shlex
import time
from argparse import Namespace

from agents.model import Rule
from agents.status.rules import EFFECTS, problem
from agents.status.untrusted import one_line
from agents.wire import AddRule, AgentRef, NoParams, RemoveRule, Rules, Shown
from app.cli import roster
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.project import locate
from app.cli.results import RuleChange

_TIME = re.compile(r"(\d{1,6})([mhd])")
_SECONDS = {"m": 60.0, "h": 3600.0, "d": 86400.0}
_ROLES = {"allow": "success", "deny": "danger"}


def rule(context: Context, args: Namespace) -> int:
    """Add, list or take away."""
    if args.action == "add":
        return _add(context, args)
    if context.tail is not None:
        raise CommandError(f"rule {args.action} takes nothing behind --", Exit.USAGE)
    return _list(context, args) if args.action == "ls" else _remove(context, args)


def _add(context: Context, args: Namespace) -> int:
    if args.what not in EFFECTS:
        raise CommandError("say what the rule does: rule add allow … or rule add deny …", Exit.USAGE)
    if args.undo:
        raise CommandError("--undo is for rule rm", Exit.USAGE)
    if args.project is not None and args.everywhere:
        raise CommandError("--project and --everywhere: give one of them", Exit.USAGE)
    new = Rule(
        id=0,
        effect=args.what,
        tool=args.tool,
        command=context.tail or (),
        path=args.path,
        kind=args.kind,
        project=None if args.everywhere else str(locate(args.project or ".").root),
        agent=None if args.agent is None else _agent(context, args.agent),
        team=args.team,
        expires=None if vars(args)["for"] is None else context.now() + seconds(vars(args)["for"]),
        note=args.note or "",
    )
    wrong = problem(new)
    if wrong:
        raise CommandError(wrong, Exit.USAGE)
    added: Rule = context.call("rule.add", AddRule(new))
    return _say(context, "added", added)


def _agent(context: Context, ref: str) -> str:
    shown: Shown = context.call("agent.show", AgentRef(ref))
    return shown.row.id


def seconds(text: str) -> float:
    """Return a duration such as 90m, 8h or 7d in seconds. Raises CommandError."""
    found = _TIME.fullmatch(text)
    if found is None or not int(found[1]):
        raise CommandError(f"--for {text!r} is no time: give minutes, hours or days as 90m, 8h, 7d", Exit.USAGE)
    return int(found[1]) * _SECONDS[found[2]]


def _remove(context: Context, args: Namespace) -> int:
    if args.what is None or not args.what.isascii() or not args.what.isdigit():
        raise CommandError("give the number of the rule: rule rm N; `quarterdeck rule ls` shows them", Exit.USAGE)
    removed: Rule = context.call("rule.remove", RemoveRule(int(args.what), undo=args.undo))
    return _say(context, "restored" if args.undo else "removed", removed)


def _say(context: Context, done: str, changed: Rule) -> int:
    if context.output.is_json:
        context.output.json(RuleChange(done, changed))
        return Exit.DONE
    context.output.line(f"{done} rule {changed.id}: {words(changed, context.env.get('HOME'))}")
    if done != "removed":
        context.output.line(f"`quarterdeck rule rm {changed.id}` takes it away")
    else:
        context.output.line(f"`quarterdeck rule rm {changed.id} --undo` puts it back")
    return Exit.DONE


def _list(context: Context, args: Namespace) -> int:
    if args.what is not None:
        raise CommandError("rule ls takes nothing more", Exit.USAGE)
    known: Rules = context.call("rule.list", NoParams())
    output, now = context.output, context.now()
    if output.is_json:
        output.json(known)
    else:
        if not known.rules:
            output.line("No rules: every permission is asked. `quarterdeck rule add --help` has examples.")
        width = max((len(str(one.id)) for one in known.rules), default=0)
        for one in known.rules:
            over = "  expired" if one.expires is not None and one.expires <= now else ""
            text = words(one, context.env.get("HOME")).removeprefix(one.effect)
            output.line(f"{one.id:>{width}}  ", (one.effect, _ROLES.get(one.effect, "")), text, (over, "muted"))
    for text in known.problems:
        output.error(f"quarterdeck: {one_line(text, 2000)}")
    return Exit.FAILED if known.problems else Exit.DONE


def words(one: Rule, home: str | None) -> str:
    """Return a rule as a sentence."""
    what = [one.tool or "", f"`{shlex.join(one.command)}`" if one.command else "", one.path or ""]
    who = [
        f"kind {one.kind}" if one.kind else "",
        f"agent {one.agent}" if one.agent else "",
        f"team {one.team}" if one.team else "",
        f"in {roster.short(one.project, home)}" if one.project else "everywhere",
        f"until {time.strftime('%d %b %H:%M', time.localtime(one.expires))}" if one.expires is not None else "",
    ]
    text = " ".join(filter(None, [one.effect, *what])) + ", " + ", ".join(filter(None, who))
    return one_line(text + (f" – {one.note}" if one.note else ""), 600)

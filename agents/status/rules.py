"""Standing answers to permissions: which rule decides a request, if any, and why another does not.

Pure: rules, request, where it happens and the time are passed in. Errs on the side of asking: an allowance holds only
for one plain command whose words are known, deny wins over allow, and what is risky is allowed only by a rule that
names it exactly. Authorises nothing by itself (``agents.supervisor.ruling`` answers).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Final

import msgspec

from agents.model import AgentId, Blocked, Request, Rule
from agents.status.risk import SHELLS, Mark, marks, runs
from agents.status.untrusted import one_line

EFFECTS: Final = ("allow", "deny")

#: Kinds of tools that may be anything: their command must be known to be allowed.
UNBOUNDED: Final = frozenset({"execute", "other"})

#: Outside quotes these make more of a command than its words; inside double quotes the last three still do.
_SHELL: Final = frozenset(";&|<>(){}[]*?~#!\\$`")
#: A command longer than this is never allowed by a rule, characters: adapters cut what is very long.
LONGEST: Final = 4096

#: Stands for a character that would deceive the reader (``agents.status.untrusted.reveal``).
_REVEALED: Final = "⟨"

_HAND_OVER: Final = re.compile(r"-l?c")
_LIVE: Final = frozenset("\\$`")


class Subject(msgspec.Struct, frozen=True):
    """A request and where it comes from. ``paths`` are the files it touches, absolute, links resolved."""

    request: Request
    agent: AgentId
    kind: str
    project: str
    cwd: str
    team: str | None = None
    paths: tuple[str, ...] = ()


class Judgement(msgspec.Struct, frozen=True):
    """What the rules say: ``effect`` allow, deny or nothing, by ``rule``; ``notes`` why others do not count."""

    effect: str = ""
    rule: int = 0
    note: str = ""
    notes: tuple[str, ...] = ()


def judge(rules: Iterable[Rule], subject: Subject, now: float) -> Judgement:
    """Return what the rules in force at ``now`` make of a request; the lowest number decides among equals."""
    if subject.request.kind is not Blocked.PERMISSION:
        return Judgement()
    valid = [rule for rule in sorted(rules, key=lambda rule: rule.id) if _is_in_force(rule, subject, now)]
    for rule in valid:
        if rule.effect == "deny" and _denies(rule, subject):
            return Judgement("deny", rule.id, rule.note)
    risks = marks(subject.request, subject.cwd)
    notes: list[str] = []
    for rule in valid:
        if rule.effect != "allow" or not _allows(rule, subject):
            continue
        if not risks or _names_exactly(rule, subject):
            return Judgement("allow", rule.id, rule.note, tuple(notes))
        notes.append(_guarded(rule, risks))
    return Judgement(notes=tuple(notes))


def _is_in_force(rule: Rule, subject: Subject, now: float) -> bool:
    return (
        (rule.expires is None or now < rule.expires)
        and rule.kind in (None, subject.kind)
        and rule.project in (None, subject.project)
        and rule.agent in (None, subject.agent)
        and rule.team in (None, subject.team)
        and rule.tool in (None, subject.request.tool_kind)
    )


def _guarded(rule: Rule, risks: Sequence[Mark]) -> str:
    said = "; ".join(f"{mark.risk.value}: {one_line(mark.why, 80)}" for mark in risks)
    return f"rule {rule.id} would allow it, but it is risky ({said}): only a rule that names it exactly does that"


# ---------------------------------------------------------------- denying: in doubt it applies


def _denies(rule: Rule, subject: Subject) -> bool:
    """Tell whether any part of a request is what the rule names."""
    command = subject.request.command
    if rule.command and not (command is not None and _runs(rule.command, command)):
        return False
    return rule.path is None or any(_matches(rule.path, path, subject.project) for path in subject.paths)


def _runs(prefix: tuple[str, ...], command: str) -> bool:
    """Tell whether a shell command would run, anywhere in it, a program with these first words."""
    first, *rest = prefix
    return any(
        first in (words[0], PurePosixPath(words[0]).name) and list(words[1 : len(prefix)]) == rest
        for words in runs(command)
    )


# ---------------------------------------------------------------- allowing: in doubt it does not apply


def _allows(rule: Rule, subject: Subject) -> bool:
    """Tell whether all of a request is what the rule names."""
    request = subject.request
    if rule.command:
        words = known_words(request.command or "")
        if words is None or words[: len(rule.command)] != rule.command:
            return False
    elif request.command is not None or request.tool_kind in UNBOUNDED:
        return False  # what a command does, only its words tell
    if rule.path is None:
        return bool(rule.command) or rule.tool is not None
    return bool(subject.paths) and all(_matches(rule.path, path, subject.project) for path in subject.paths)


def _names_exactly(rule: Rule, subject: Subject) -> bool:
    """Tell whether the rule names this very command, or this very file, and nothing else."""
    request = subject.request
    if request.command is not None:
        return known_words(request.command) == rule.command
    if rule.path is None or _GLOB.search(rule.path):
        return False
    whole = str(PurePosixPath(subject.project) / rule.path)
    return set(subject.paths) == {whole}


_GLOB: Final = re.compile(r"[*?\[]")


def known_words(command: str) -> tuple[str, ...] | None:
    """Return the words of the one program a command runs, ``None`` when it may be more than that.

    Some agents hand every command to a shell (``bash -lc 'git status'``): what the shell is given counts.
    """
    if len(command) > LONGEST or _REVEALED in command:
        return None  # it may be cut, and what was made visible in it is not what runs
    words = plain_words(command)
    if words is None or len(words) != 3 or PurePosixPath(words[0]).name not in SHELLS:
        return words
    return plain_words(words[2]) if _HAND_OVER.fullmatch(words[1]) else words


def plain_words(command: str) -> tuple[str, ...] | None:
    """Return the words of one plain command, ``None`` when a shell would make anything more of it.

    No separator, pipe, redirection, substitution, variable, pattern, comment or assignment, and no open quote.
    """
    words: list[str] = []
    word: str | None = None
    quote = ""
    for character in command:
        if quote:
            if character == quote:
                quote = ""
            elif quote == '"' and character in _LIVE:
                return None
            else:
                word = (word or "") + character
        elif character in "'\"":
            quote, word = character, word or ""
        elif character == " ":
            words += [] if word is None else [word]
            word = None
        elif character in _SHELL:
            return None
        else:
            word = (word or "") + character
    words += [] if word is None else [word]
    is_whole = not quote and bool(words) and "=" not in words[0]
    return tuple(words) if is_whole and command.isprintable() else None


# ---------------------------------------------------------------- paths


def _matches(glob: str, path: str, project: str) -> bool:
    """Tell whether an absolute path lies in the project where the glob says; ``*`` stays in one folder."""
    root, parts = PurePosixPath(project), PurePosixPath(path)
    if ".." in parts.parts or not parts.is_relative_to(root):
        return False
    return _pattern(glob).fullmatch(parts.relative_to(root).as_posix()) is not None


def _pattern(glob: str) -> re.Pattern[str]:
    """Return what a glob matches: ``**/`` any folders, ``**`` anything, ``*`` and ``?`` within a name."""
    wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    return re.compile("".join(wild.get(piece, re.escape(piece)) for piece in pieces), re.DOTALL)


# ---------------------------------------------------------------- what may be a rule


def problem(rule: Rule) -> str:
    """Return why this cannot be a rule and what to give instead, empty when it can."""
    if rule.effect not in EFFECTS:
        return f"a rule allows or denies, it cannot “{one_line(rule.effect)}”"
    if not (rule.tool or rule.command or rule.path):
        return "name what the rule is about: a tool, the words of a command, or a path"
    if any(not word or any(ord(character) < 32 for character in word) for word in rule.command):
        return "the words of a command are neither empty nor on several lines"
    if rule.path is not None and (rule.path.startswith(("/", "~")) or ".." in PurePosixPath(rule.path).parts):
        return "a path is a glob inside the project: neither absolute nor with .."
    if rule.effect == "allow" and not rule.command and rule.tool in UNBOUNDED:
        return f"tool {rule.tool} may be anything: name the words of the command that is allowed"
    return ""

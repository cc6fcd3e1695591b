"""What a request would do beyond the worktree, as marks for the person who decides.

Pure and only a hint: it reads the command as text and errs on the side of marking. It authorises nothing, and a
missing mark is no promise (a script can do anything).
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import PurePosixPath

from agents.model import Request


class Risk(StrEnum):
    """One mark; the value is the words on the card."""

    DELETE = "deletes"
    OUTSIDE = "outside the worktree"
    PUSH = "pushes"
    NETWORK = "network"
    ROOT = "as root"
    OPAQUE = "runs what it downloads or computes"


@dataclass(frozen=True, slots=True)
class Mark:
    """A risk and the piece of the request that shows it."""

    risk: Risk
    why: str


#: Programs that remove or overwrite what cannot be got back.
_DELETERS = frozenset({"rm", "rmdir", "unlink", "shred", "truncate", "dd", "mkfs", "wipefs"})

#: Programs whose use is talking to another machine.
_NETWORK = frozenset(
    {
        "curl",
        "wget",
        "ssh",
        "scp",
        "sftp",
        "rsync",
        "nc",
        "ncat",
        "telnet",
        "ftp",
        "aws",
        "gcloud",
        "az",
        "kubectl",
        "gh",
        "glab",
    }
)
#: Programs that do so with these sub-commands.
_FETCHERS = {
    "git": frozenset({"push", "fetch", "pull", "clone", "ls-remote"}),
    "npm": frozenset({"install", "i", "ci", "publish", "exec", "update", "add"}),
    "pnpm": frozenset({"install", "i", "add", "publish", "dlx", "update"}),
    "yarn": frozenset({"install", "add", "publish", "dlx", "up"}),
    "pip": frozenset({"install", "download"}),
    "pip3": frozenset({"install", "download"}),
    "uv": frozenset({"sync", "add", "pip", "tool", "publish"}),
    "cargo": frozenset({"install", "add", "fetch", "publish", "update"}),
    "go": frozenset({"get", "install"}),
    "docker": frozenset({"pull", "push", "login", "build"}),
    "apt": frozenset({"install", "update", "upgrade"}),
    "apt-get": frozenset({"install", "update", "upgrade"}),
    "brew": frozenset({"install", "update", "upgrade"}),
}
_RUNNERS = frozenset({"npx", "uvx", "bunx", "pipx"})
_PUBLISHERS = {
    "npm": frozenset({"publish"}),
    "pnpm": frozenset({"publish"}),
    "yarn": frozenset({"publish"}),
    "cargo": frozenset({"publish"}),
    "docker": frozenset({"push"}),
    "uv": frozenset({"publish"}),
    "twine": frozenset({"upload"}),
}
_GIT_DELETES = frozenset({"clean"})
_WRAPPERS = frozenset({"sudo", "doas", "env", "time", "nohup", "nice", "command", "exec", "xargs", "timeout", "stdbuf"})
_AS_ROOT = frozenset({"sudo", "doas", "su", "pkexec"})
#: Programs that take a command as an argument.
SHELLS = frozenset({"sh", "bash", "zsh", "dash", "fish", "ksh"})
_WRITERS = frozenset({"cp", "mv", "ln", "install", "tee", "touch", "mkdir", "chmod", "chown", "tar", "unzip", "sed"})
_SEPARATORS = frozenset({"&&", "||", ";", "|", "&", "|&", "\n", "(", ")", "{", "}", "then", "do", "else", "!"})
_REDIRECTS = frozenset({">", ">>", "&>", ">|", "&>>"})
_URL = re.compile(r"\b(?:https?|ssh|git|ftp|wss?)://", re.IGNORECASE)
_COMMAND_OPTION = re.compile(r"-[a-zA-Z]*c")
_SAFE_DEVICES = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty"})


def marks(request: Request, worktree: str) -> tuple[Mark, ...]:
    """Return the marks of a request of an agent whose files are in ``worktree``, gravest first, each risk once."""
    found: list[Mark] = []
    root = request.cwd or worktree
    touched = (*request.paths, *(d.path for d in request.diffs))
    found += [Mark(Risk.OUTSIDE, path) for path in touched if _leaves(path, root, worktree)]
    if request.cwd and _leaves(request.cwd, worktree, worktree):
        found.append(Mark(Risk.OUTSIDE, request.cwd))
    if request.tool_kind == "delete":
        found.append(Mark(Risk.DELETE, request.title))
    if request.tool_kind == "fetch":
        found.append(Mark(Risk.NETWORK, request.title))
    if request.command:
        found += command_marks(request.command, root, worktree)
    return _each_once(found)


def command_marks(command: str, cwd: str, worktree: str) -> list[Mark]:
    """Return the marks of a shell command run in ``cwd``, in the order they occur."""
    found: list[Mark] = []
    if _URL.search(command):
        found.append(Mark(Risk.NETWORK, _URL.search(command)[0]))  # type: ignore[index]
    if "$(" in command or "`" in command:
        for inner in re.findall(r"\$\(([^()]*)\)|`([^`]*)`", command):
            found += command_marks(inner[0] or inner[1], cwd, worktree)
    simple = _simple_commands(command)
    for position, words in enumerate(simple):
        found += _simple_marks(words, cwd, worktree)
        if (
            position
            and _program(words) in SHELLS | {"python", "python3", "node", "perl", "ruby"}
            and len(_rest(words)) < 2
        ):
            found.append(Mark(Risk.OPAQUE, " ".join(words)))
    return found


def runs(command: str) -> list[tuple[str, ...]]:
    """Return the words of every program a shell command would run, as far as text tells, nested ones too.

    Each comes as written, and without the wrappers and assignments in front of it where there are some.
    """
    found: list[tuple[str, ...]] = []
    for inner in re.findall(r"\$\(([^()]*)\)|`([^`]*)`", command):
        found += runs(inner[0] or inner[1])
    for words in _simple_commands(command):
        stripped = _strip(words)
        found += [tuple(words), *([tuple(stripped)] if stripped != words else [])]
        inner_command = _handed_over(stripped)
        found += runs(inner_command) if inner_command else []
    return [words for words in found if words]


def _simple_commands(command: str) -> list[list[str]]:
    lexer = shlex.shlex(command, posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        tokens = list(lexer)
    except ValueError:  # an open quote: look at the words all the same
        tokens = command.split()
    out: list[list[str]] = [[]]
    for token in tokens:
        if token in _SEPARATORS:
            out.append([])
        else:
            out[-1].append(token)
    return [words for words in out if words]


def _simple_marks(words: list[str], cwd: str, worktree: str) -> list[Mark]:
    found = _redirect_marks(words, cwd, worktree)
    if PurePosixPath(words[0]).name in _AS_ROOT:
        found.append(Mark(Risk.ROOT, words[0]))
    program, rest = _program(words), _rest(words)
    said = " ".join([program, *rest[:3]])
    found += _program_marks(program, rest, said)
    handed_over = _handed_over([program, *rest])
    if handed_over:
        found += command_marks(handed_over, cwd, worktree)
    if program == "eval":
        found.append(Mark(Risk.OPAQUE, said))
    if program in _WRITERS | _DELETERS | {"cd", "find"}:
        found += [Mark(Risk.OUTSIDE, word) for word in rest if _is_path(word) and _leaves(word, cwd, worktree)]
    return found


def _handed_over(words: list[str]) -> str:
    """Return the command a shell is given as an argument (``sh -c``, ``bash -lc``), empty when there is none."""
    if not words or PurePosixPath(words[0]).name not in SHELLS:
        return ""
    options = [at for at, word in enumerate(words[:-1]) if at and _COMMAND_OPTION.fullmatch(word)]
    return words[options[0] + 1] if options else ""


def _program_marks(program: str, rest: list[str], said: str) -> list[Mark]:
    found: list[Mark] = []
    verb = _verb(program, rest)
    if _deletes(program, verb, rest):
        found.append(Mark(Risk.DELETE, said))
    if program == "git" and verb == "push":
        found.append(Mark(Risk.PUSH, said))
        if any(flag in rest for flag in ("--force", "-f", "--delete", "--mirror")) or any(
            w.startswith("+") for w in rest
        ):
            found.append(Mark(Risk.DELETE, said))
    if verb in _PUBLISHERS.get(program, ()):
        found.append(Mark(Risk.PUSH, said))
    if program in _NETWORK or program in _RUNNERS or verb in _FETCHERS.get(program, ()):
        found.append(Mark(Risk.NETWORK, said))
    return found


def _verb(program: str, rest: list[str]) -> str:
    """Return the sub-command: the first word that is neither an option nor, for git, an option's value."""
    values = {"-c", "-C"} if program == "git" else set()
    before = ["", *rest]
    return next(
        (w for w, prior in zip(rest, before, strict=False) if not w.startswith("-") and prior not in values), ""
    )


def _deletes(program: str, verb: str, rest: list[str]) -> bool:
    if program in _DELETERS or program.startswith("mkfs."):
        return True
    if program == "git":
        return (
            verb in _GIT_DELETES
            or (verb == "reset" and "--hard" in rest)
            or (verb == "branch" and bool({"-D", "-d", "--delete"} & set(rest)))
            or (verb in {"checkout", "restore"} and bool({".", "--", "-f", "--force"} & set(rest)))
            or (verb == "stash" and bool({"drop", "clear"} & set(rest)))
            or (verb == "worktree" and "remove" in rest)
        )
    return program == "find" and "-delete" in rest


def _redirect_marks(words: list[str], cwd: str, worktree: str) -> list[Mark]:
    return [
        Mark(Risk.OUTSIDE, target)
        for arrow, target in pairwise(words)
        if arrow in _REDIRECTS and target not in _SAFE_DEVICES and _leaves(target, cwd, worktree)
    ]


def _program(words: list[str]) -> str:
    stripped = _strip(words)
    return PurePosixPath(stripped[0]).name if stripped else ""


def _rest(words: list[str]) -> list[str]:
    return _strip(words)[1:]


def _strip(words: list[str]) -> list[str]:
    """Drop assignments and wrappers in front of the program that is really run."""
    position = 0
    while position < len(words):
        word = words[position]
        behind_wrapper = position > 0 and (
            word.startswith("-") or words[position - 1] == "-u" or word.rstrip("smhd").isdecimal()
        )
        if PurePosixPath(word).name in _WRAPPERS or re.match(r"\w+=", word) or behind_wrapper:
            position += 1
        else:
            break
    return words[position:]


def _is_path(word: str) -> bool:
    return not word.startswith("-") and ("/" in word or word in ("..", "~") or word.startswith("~"))


def _leaves(path: str, cwd: str, worktree: str) -> bool:
    """Tell whether ``path``, seen from ``cwd``, lies outside ``worktree``. Symbolic links are not followed."""
    if path.startswith("~") or "$HOME" in path:
        return True
    if path in _SAFE_DEVICES:
        return False
    return not _inside(_normal(path, cwd), _normal(worktree, "/"))


def _normal(path: str, cwd: str) -> tuple[str, ...]:
    whole = PurePosixPath(cwd) / path
    parts: list[str] = []
    for part in whole.parts:
        if part == "..":
            if len(parts) > 1:
                parts.pop()
        else:
            parts.append(part)
    return tuple(parts)


def _inside(path: tuple[str, ...], root: tuple[str, ...]) -> bool:
    return path[: len(root)] == root


def _each_once(found: list[Mark]) -> tuple[Mark, ...]:
    first: dict[Risk, Mark] = {}
    for mark in found:
        first.setdefault(mark.risk, mark)
    return tuple(first[risk] for risk in Risk if risk in first)

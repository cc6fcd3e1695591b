"""What is around an agent: the branch its directory is on, and processes it left running.

Reads files and the process table; starts nothing. Looked at when something changed, never in a tight poll.
"""

from __future__ import annotations

from pathlib import Path

import psutil

from agents.runtime import tree


def branch(directory: str) -> str | None:
    """Return the checked out branch, a short commit id when detached, ``None`` where there is no repository."""
    for folder in (Path(directory), *Path(directory).parents):
        head = _head(folder / ".git")
        if head is not None:
            return head
    return None


def _head(git: Path) -> str | None:
    try:
        if git.is_file():  # a worktree or a submodule: "gitdir: <path>"
            pointer = git.read_text("utf-8").strip().removeprefix("gitdir:").strip()
            git = git.parent / pointer
        text = (git / "HEAD").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    if text.startswith("ref:"):
        return text.removeprefix("ref:").strip().removeprefix("refs/heads/")
    return text[:8] or None


def helpers(pid: int) -> frozenset[int]:
    """Return the processes below ``pid``."""
    return frozenset(tree.descendants(pid))


def cpu_seconds(pid: int) -> float:
    """Return the CPU time used so far by a process and everything below it."""
    total = 0.0
    for member in (pid, *tree.descendants(pid)):
        try:
            times = psutil.Process(member).cpu_times()
        except psutil.Error:
            continue  # it ended meanwhile
        total += times.user + times.system
    return total

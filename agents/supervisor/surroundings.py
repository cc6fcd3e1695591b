"""What is around an agent on the disk: the branch its directory is on.

Reads files only; looked at when something changed, never in a tight poll.
"""

from __future__ import annotations

from pathlib import Path


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

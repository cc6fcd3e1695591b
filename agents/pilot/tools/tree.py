"""Walks a directory tree for search and listing: bounded, in order, leaving out what git ignores.

Follows no symlink to a directory, so nothing outside is found by way of one and no walk runs in circles.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agents.pilot.tools import ignore

#: Seconds and entries of one walk.
LONGEST_S: Final = 30.0
MOST: Final = 200_000


class Walk:
    """One walk; ``cut`` says why it ended early. Used from one thread, stopped from another."""

    def __init__(self, root: Path, stop: threading.Event) -> None:
        self.root = root
        self.cut = ""
        self._stop = stop
        self._deadline = time.monotonic() + LONGEST_S
        self._seen = 0

    def files(self) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Yield the files below the root as (path relative to it, entry), by name."""
        yield from self._folder("", self._rules_above())

    def _rules_above(self) -> list[ignore.Rule]:
        """Return the rules of the directories above, up to the repository's root, made relative to the root."""
        folders: list[Path] = []
        for folder in (self.root, *self.root.parents):
            folders.append(folder)
            if (folder / ".git").exists():
                break
        else:
            return []  # in no repository: nothing above counts
        self._prefix = "" if len(folders) == 1 else "/".join(p.name for p in reversed(folders[:-1])) + "/"
        rules: list[ignore.Rule] = []
        for depth, folder in enumerate(reversed(folders[1:])):
            base = "/".join(p.name for p in reversed(folders[len(folders) - 1 - depth : -1]))
            rules += ignore.read_rules(folder, f"{base}/" if base else "")
        return rules

    _prefix = ""

    def _folder(self, below: str, rules: list[ignore.Rule]) -> Iterator[tuple[str, os.DirEntry[str]]]:
        rules = rules + ignore.read_rules(self.root / below, self._prefix + below)
        try:
            with os.scandir(self.root / below) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError:
            return  # it may not be read, or is gone: what can be read is searched
        for entry in entries:
            if self._is_over():
                return
            path = below + entry.name
            is_directory = entry.is_dir(follow_symlinks=False)
            if entry.name in ignore.ALWAYS and is_directory:
                continue
            if ignore.is_ignored(rules, self._prefix + path, is_directory=is_directory):
                continue
            if is_directory:
                yield from self._folder(f"{path}/", rules)
            elif not entry.is_symlink():
                yield path, entry

    def _is_over(self) -> bool:
        self._seen += 1
        if self._stop.is_set():
            self.cut = "it was cancelled"
        elif self._seen > MOST:
            self.cut = f"there are more than {MOST} entries"
        elif time.monotonic() > self._deadline:
            self.cut = f"it took more than {LONGEST_S:.0f} s"
        return bool(self.cut)

"""What a command's handler is given: where to print, whom to ask, and the composition roots it may hand over to."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TextIO

import msgspec

from agents.model import AgentRow
from app.cli.output import Output
from app.cli.session import Session
from app.paths import Home, home_from


class Roots(Protocol):
    """The other composition roots; ``app.__main__`` imports each only when it is called."""

    def daemon(self, home: Home) -> int:
        """Run the daemon in the foreground; return its exit code."""

    def window(self, home: Home, project: Path | None) -> int:
        """Open the window, with the dock of ``project`` pinned; return its exit code."""

    def demo_window(self, env: Mapping[str, str]) -> int:
        """Open the window on the demo fleet; return its exit code."""

    def demo_headless(self, env: Mapping[str, str], shots: Path) -> tuple[Sequence[AgentRow], Sequence[Path]]:
        """Play the demo fleet without a window; return its last rows and the pictures drawn into ``shots``."""


@dataclass(kw_only=True)
class Context:
    """One run of one command. Lives as long as the process."""

    env: Mapping[str, str]
    output: Output
    stdin: TextIO
    roots: Roots
    tail: tuple[str, ...] | None = None
    args: Namespace = field(default_factory=Namespace)
    now: Callable[[], float] = time.time

    @cached_property
    def home(self) -> Home:
        """Return the home, computed at first use. Raises HomeRefused."""
        return home_from(self.env)

    @cached_property
    def session(self) -> Session:
        """Return the connection to the daemon, made at first use."""
        return Session(lambda: self.home, self.env)

    def call(self, method: str, params: msgspec.Struct) -> Any:
        """Call the daemon. Raises RpcError, CommandError."""
        return self.session.call(method, params)


Handler = Callable[[Context, Namespace], int]

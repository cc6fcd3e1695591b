"""Runs command lines in this process, against a daemon of answers."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.model import AgentRow
from app.cli.main import main
from app.paths import Home, home_from
from tests.fakes.scripted_daemon import ScriptedDaemon

NOW = 1_000_120.0


class Screen(io.TextIOWrapper):
    """A stream that may claim to be a terminal."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="")
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def whole(self) -> bytes:
        self.flush()
        raw = self.buffer
        assert isinstance(raw, io.BytesIO)
        return raw.getvalue()


@dataclass
class Roots:
    """Composition roots that only note what they were handed."""

    handed: list[tuple[Any, ...]] = field(default_factory=list)
    played: tuple[Sequence[AgentRow], Sequence[Path]] | Exception = ((), ())

    def daemon(self, home: Home) -> int:
        self.handed.append(("daemon", home))
        return 0

    def window(self, home: Home, project: Path | None) -> int:
        self.handed.append(("window", project))
        return 0

    def demo_window(self, env: Mapping[str, str]) -> int:
        self.handed.append(("demo_window",))
        return 0

    def demo_headless(self, env: Mapping[str, str], shots: Path) -> tuple[Sequence[AgentRow], Sequence[Path]]:
        self.handed.append(("demo_headless", shots))
        if isinstance(self.played, Exception):
            raise self.played
        return self.played


@dataclass
class Ran:
    """What a command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.out)


@dataclass
class Shell:
    """Types command lines."""

    home: Home
    env: dict[str, str]
    roots: Roots = field(default_factory=Roots)

    def __call__(self, *argv: str, stdin: str = "", is_terminal: bool = False, **env: str) -> Ran:
        out, err = Screen(is_terminal=is_terminal), Screen(is_terminal=is_terminal)
        streams = (io.StringIO(stdin), out, err)
        code = main(argv, self.roots, self.env | env, streams, lambda: NOW)
        return Ran(code, out.whole().decode(), err.whole().decode())

    def daemon(self, answers: Mapping[str, Any] | None = None, **options: Any) -> ScriptedDaemon:
        return ScriptedDaemon(self.home.places, answers, **options)


@pytest.fixture
def shell() -> Iterator[Shell]:
    folder = Path(tempfile.mkdtemp(prefix="qd-", dir="/tmp"))
    env = {"QUARTERDECK_HOME": str(folder / "h"), "QUARTERDECK_LEASES": str(folder / "l"), "HOME": "/home/me"}
    yield Shell(home_from(env), env)
    shutil.rmtree(folder)


@pytest.fixture
def no_start(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make any attempt to start a daemon a failure of the test."""
    monkeypatch.setattr("app.client.blocking.ensure_daemon", lambda *_: pytest.fail("a daemon was started"))
    return lambda: None

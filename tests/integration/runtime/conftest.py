"""Real keepers with real agents, driven through the link; whatever a test leaves running is ended."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.model import Stream
from agents.runtime import tree
from agents.runtime.directory import AgentDirectory, KeeperState
from agents.runtime.link import KeeperLink
from agents.runtime.marks import MarkReader
from agents.runtime.places import Places
from agents.runtime.process import Launch, install_keeper, start_keeper
from agents.runtime.rawlog import SEGMENT, RawLog

PATIENCE_S = 60.0
CORPUS = Path(__file__).parents[2] / "corpus" / "keepers"


class Ear:
    """A listener that remembers, and lets a test wait for a fact."""

    def __init__(self) -> None:
        self.next_seq = 0
        self.acks: list[tuple[str, str, str]] = []
        self.exits: list[KeeperState] = []
        self.disk: list[tuple[bool, str]] = []
        self.lost = False
        self._changed = asyncio.Event()

    def on_marks(self, next_seq: int) -> None:
        assert next_seq >= self.next_seq
        self.next_seq = next_seq
        self._changed.set()

    def on_ack(self, ident: str, status: str, reason: str) -> None:
        self.acks.append((ident, status, reason))
        self._changed.set()

    def on_exit(self, state: KeeperState) -> None:
        self.exits.append(state)
        self._changed.set()

    def on_disk(self, full: bool, error: str) -> None:
        self.disk.append((full, error))
        self._changed.set()

    def on_lost(self) -> None:
        self.lost = True
        self._changed.set()

    async def until(self, fact: Callable[[], Any]) -> Any:
        """Wait until ``fact`` holds; it is looked at whenever the keeper said something, and now and then."""
        async with asyncio.timeout(PATIENCE_S):
            while not (value := fact()):
                self._changed.clear()
                try:
                    async with asyncio.timeout(0.05):
                        await self._changed.wait()
                except TimeoutError:
                    continue
        return value

    async def exit(self) -> KeeperState:
        await self.until(lambda: self.exits)
        return self.exits[0]


class Kept:
    """One agent: its directory, its keeper, and readers of what was recorded."""

    def __init__(self, places: Places, program: Path, ident: str, path: Path | None = None) -> None:
        self.program = program
        self.directory = AgentDirectory(path or places.agent(ident))
        self.directory.create()
        self.socket = places.keeper_socket(ident)
        self.nonce = secrets.token_hex(8)
        self.marker = f"{ident}:{self.nonce}"
        self.segment = SEGMENT
        self.secret = ""
        self.pid = 0
        self.links: list[KeeperLink] = []

    async def spawn(self, *argv: str, **fields: Any) -> None:
        self.secret = self.secret or self.directory.new_secret()
        self.segment = fields.get("segment", SEGMENT)
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb", tree.VARIABLE: self.marker}
        fields = {"cwd": "/", "env": env, **fields}
        launch = Launch(argv, socket=str(self.socket), secret=self.secret, **fields)
        self.pid = await asyncio.to_thread(start_keeper, self.program, self.directory, launch)

    async def attach(self, ear: Ear | None = None, secret: str | None = None) -> tuple[KeeperLink, Ear]:
        ear = ear or Ear()
        link = await KeeperLink.connect(self.socket, secret or self.secret, ear)
        self.links.append(link)
        return link, ear

    async def run(self, *argv: str, **fields: Any) -> tuple[KeeperLink, Ear]:
        await self.spawn(*argv, **fields)
        return await self.attach()

    async def python(self, code: str, **fields: Any) -> tuple[KeeperLink, Ear]:
        return await self.run(sys.executable, "-I", "-S", "-c", code, **fields)

    def bytes(self, stream: Stream) -> bytes:
        log = RawLog(self.directory.path, stream, self.segment)
        return log.read(0, log.size)

    @property
    def out(self) -> bytes:
        return self.bytes(Stream.OUT)

    def marks(self) -> list[tuple[Any, bytes]]:
        reader = MarkReader(self.directory.path, self.segment)
        found: list[tuple[Any, bytes]] = []
        while batch := reader.read(len(found), 1 << 24):
            found += batch
        assert [mark.seq for mark, _ in found] == list(range(len(found)))
        return found

    def events(self, name: str) -> list[dict[str, Any]]:
        records = [json.loads(data) for mark, data in self.marks() if mark.stream is Stream.CTL]
        return [record for record in records if record["ev"] == name]

    def state(self) -> KeeperState:
        state = self.directory.keeper_state()
        assert state is not None
        return state

    def processes(self) -> list[int]:
        return tree.find_by_nonce(self.nonce)

    def end(self) -> None:
        for link in self.links:
            link.close()
        state = self.directory.keeper_state()
        if state is not None:  # gone, not only told to go: a dying keeper may still make a file
            tree.kill_all(lambda: [state.pid] if tree.is_same(state.pid, state.start) else [])
            tree.end_agent(state.child, state.child_start, self.nonce)
        errors = self.directory.keeper_errors
        assert not errors.exists() or not errors.read_text(), errors.read_text()


@pytest.fixture(scope="session")
def _installed() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="qd-", dir="/tmp"))
    yield install_keeper(home)
    shutil.rmtree(home)


@pytest.fixture(params=["current", *sorted(path.stem for path in CORPUS.glob("*.py"))])
def keeper_program(request: pytest.FixtureRequest, _installed: Path) -> Path:
    """Every keeper a daemon of this version may meet."""
    return _installed if request.param == "current" else CORPUS / f"{request.param}.py"


@pytest.fixture
def places() -> Iterator[Places]:
    home = Path(tempfile.mkdtemp(prefix="qd-", dir="/tmp"))
    for name in ("state", "run"):
        (home / name).mkdir()
    yield Places(home / "state", home / "run", home / "keepers", home / "leases", ())
    shutil.rmtree(home)


@pytest.fixture
async def kept(places: Places, keeper_program: Path) -> AsyncIterator[Kept]:
    agent = Kept(places, keeper_program, "a1")
    yield agent
    agent.end()
    await asyncio.sleep(0)  # let closed transports go

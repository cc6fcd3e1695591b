"""A home under /tmp with a real daemon process and real agents in it; everything it left running is ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents import wire
from agents.model import AgentRow, Stream
from agents.runtime import tree
from agents.runtime.directory import AgentDirectory
from agents.runtime.rawlog import RawLog
from agents.wire import Hello
from app.client.blocking import BlockingClient
from app.paths import home_from

#: Longest wait for a fact: a broken product, not a busy machine.
PATIENCE_S = 60.0
ROOT = Path(__file__).parents[3]


class DaemonHome:
    """One home; ``start`` runs a daemon in it, ``client`` talks to it."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="qd-", dir="/tmp"))
        self.project = self.path / "project"
        self.project.mkdir()
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("QUARTERDECK")},
            "QUARTERDECK_HOME": str(self.path),
            "QUARTERDECK_LEASES": str(self.path / "leases"),
            "QUARTERDECK_DEMO_PACE": "0.02",
            "PYTHONPATH": str(ROOT),
        }
        self.places = home_from(self.env).places
        self.daemon: subprocess.Popen[bytes] | None = None  # noqa: TID251
        self.clients: list[BlockingClient] = []

    def start(self, **options: Any) -> None:
        """Run a daemon until it listens."""
        main = Path(__file__).with_name("main.py")
        self.places.state.mkdir(parents=True, exist_ok=True)
        output = (self.path / "daemon.out").open("ab")
        with output:
            self.daemon = subprocess.Popen(  # noqa: TID251 (a test owns it and reaps it)
                [sys.executable, str(main), json.dumps(options)], env=self.env, stdout=output, stderr=output
            )
        wait_for(lambda: self.is_listening() or self.daemon is None or self.daemon.poll() is not None, self.log)
        assert self.daemon.poll() is None, self.log()

    def is_listening(self) -> bool:
        probe = socket.socket(socket.AF_UNIX)
        try:
            probe.connect(str(self.places.daemon_socket))
        except OSError:
            return False
        finally:
            probe.close()
        return True

    def client(self, **hello: Any) -> BlockingClient:
        """Return a client that said hello."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.places.daemon_socket))
        client = BlockingClient(connection)
        self.clients.append(client)
        client.welcome = client.call("hello", Hello("test", "0", **hello))
        return client

    def call(self, method: str, params: Any = None) -> Any:
        """Call over a connection of its own."""
        client = self.client()
        try:
            return client.call(method, wire.NoParams() if params is None else params)
        finally:
            client.close()

    def kill(self) -> None:
        """Kill the daemon with -9."""
        assert self.daemon is not None
        self.daemon.kill()
        self.daemon.wait()

    def await_crash(self) -> None:
        assert self.daemon is not None
        assert self.daemon.wait(PATIENCE_S) == -signal.SIGKILL

    def log(self) -> str:
        texts = []
        for path in (self.path / "daemon.out", self.places.state / "daemon.log"):
            texts += [path.read_text("utf-8", "replace")] if path.exists() else []
        return "\n".join(texts)

    # -- agents

    def run(self, kind: str, *argv: str, **fields: Any) -> wire.Started:
        started: wire.Started = self.call("agent.run", wire.Run(kind, str(self.project), argv=argv, **fields))
        return started

    def play(self, *turns: list[dict[str, Any]], prompt: str | None = "go", **fields: Any) -> wire.Started:
        """Run the scripted ACP agent with these turns."""
        scene = self.path / f"scene-{time.monotonic_ns()}.json"
        scene.write_text(json.dumps({"title": "test", "turns": list(turns), "later": [{"do": "say", "text": "later"}]}))
        return self.run("demo-script", str(scene), prompt=prompt, **fields)

    def row(self, agent: str) -> AgentRow:
        shown: wire.Shown = self.call("agent.show", wire.AgentRef(agent))
        return shown.row

    def until(self, agent: str, holds: Callable[[AgentRow], Any]) -> AgentRow:
        """Return the row once something holds of it."""
        found: list[AgentRow] = []

        def look() -> bool:
            found[:] = [self.row(agent)]
            return bool(holds(found[0]))

        wait_for(look, lambda: f"{found}\n{self.log()}")
        return found[0]

    def settle(self, holds: Callable[[], Any]) -> None:
        wait_for(holds, self.log)

    def wait(self, agent: str, until: str, **fields: Any) -> wire.Waited:
        waited: wire.Waited = self.call("agent.wait", wire.Wait(agent, until, timeout=PATIENCE_S, **fields))
        return waited

    def raw(self, agent: str, stream: Stream) -> bytes:
        log = RawLog(self.places.agent(agent), stream)
        return log.read(0, log.size)

    def sent(self, agent: str, method: str) -> list[dict[str, Any]]:
        """Return what was really written to an ACP agent's stdin, of one method ("" = responses)."""
        messages = [json.loads(line) for line in self.raw(agent, Stream.IN).splitlines()]
        return [m for m in messages if m.get("method", "") == method]

    def gate(self, name: str = "gate") -> dict[str, Any]:
        """Return a step that holds the agent until ``open_gate``."""
        return {"do": "gate", "path": str(self.path / name)}

    def open_gate(self, name: str = "gate") -> None:
        (self.path / name).touch()

    def journal(self, agent: str) -> list[dict[str, Any]]:
        return AgentDirectory(self.places.agent(agent)).journal().read()

    # -- the end

    def close(self) -> None:
        for client in self.clients:
            client.close()
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.terminate()
            try:
                self.daemon.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()
        self._sweep()
        shutil.rmtree(self.path, ignore_errors=True)

    def _sweep(self) -> None:
        for folder in self.path.glob("state/**/keeper.json"):
            state = AgentDirectory(folder.parent).keeper_state()
            if state is not None and tree.is_same(state.pid, state.start):
                os.kill(state.pid, signal.SIGKILL)
            nonces = {r["nonce"] for r in AgentDirectory(folder.parent).journal().read() if r["t"] == "launch"}
            for nonce in nonces:
                tree.kill_all(lambda nonce=nonce: tree.find_by_nonce(nonce))


def wait_for(holds: Callable[[], Any], tell: Callable[[], str] = str) -> None:
    """Wait until something holds; fail with ``tell`` when it takes too long."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"it did not happen within {PATIENCE_S:g} s\n{tell()}")
        time.sleep(0.01)


@pytest.fixture
def home() -> Iterator[DaemonHome]:
    home = DaemonHome()
    try:
        yield home
    finally:
        home.close()


@pytest.fixture
def running(home: DaemonHome) -> DaemonHome:
    home.start()
    return home

"""How quick daily work is: start of the command line, listing, starting an agent, starting the daemon.

Runs in a home of its own under /tmp, which it removes.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from agents.runtime.process import run_once
from agents.runtime.tree import identity, is_same
from agents.wire import AgentRef, NoParams, Remove, Run, Started, StopDaemon, Wait
from app.cli.bench import median_ms
from app.cli.results import Figure
from app.client.blocking import BlockingClient, connect
from app.paths import Home, home_from

#: Runs of which the median is taken.
TIMES = 9

#: Agents that live while the fleet is listed.
FLEET = 20

_TIMEOUT_S = 60.0


def figures() -> Iterator[Figure]:
    """Measure; times are medians in milliseconds."""
    with _home() as (home, env):
        python = median_ms(TIMES, lambda: _run(env, "-c", "pass"))
        yield Figure(
            "start of the command line", median_ms(TIMES, lambda: _cli(env, "--version")), "ms", 200.0, None, python
        )
        begun = median_ms(3, lambda: _restart(home, env))
        yield Figure("daemon from nothing to listening", begun, "ms", 2000.0, None, python)
        with connect(home, env) as client:
            yield from _agents(client, home)
            for _ in range(FLEET):
                client.call("agent.run", _order(home, "sleep", "600"))
            yield Figure(f"list {FLEET} agents, on the wire", median_ms(99, lambda: _list(client)), "ms", 20.0)
            listed = median_ms(TIMES, lambda: _cli(env, "ls", "--json"))
            yield Figure(f"ls --json of {FLEET} agents", listed, "ms", 200.0, None, python)
            # Adoption of the whole fleet is in it.
        adopted = median_ms(3, lambda: _restart(home, env))
        yield Figure(f"daemon back with {FLEET} agents", adopted, "ms", 3000.0, None, begun)


def _agents(client: BlockingClient, home: Home) -> Iterator[Figure]:
    """Measure an agent's start: spec synced, keeper up, program started, answer on the wire."""
    plain = median_ms(TIMES, lambda: asyncio.run(run_once(("sleep", "0"), _TIMEOUT_S)))
    started: list[Started] = []
    spawned = median_ms(TIMES, lambda: started.append(client.call("agent.run", _order(home, "sleep", "600"))))
    yield Figure("start an agent", spawned, "ms", 250.0, None, plain)
    waiting = iter(started)
    ended = median_ms(TIMES, lambda: _kill(client, next(waiting)))
    yield Figure("kill an agent and see it gone", ended, "ms", 1000.0)
    for agent in itertools.chain(started):
        client.call("agent.remove", Remove(agent.id, force=True))


def _order(home: Home, *argv: str) -> Run:
    return Run("shell", str(home.places.state), argv=argv, env={"PATH": os.environ.get("PATH", os.defpath)})


def _kill(client: BlockingClient, agent: Started) -> None:
    client.call("agent.kill", AgentRef(agent.id))
    client.call("agent.wait", Wait(agent.id, "exited"))


def _list(client: BlockingClient) -> None:
    client.call("agent.list", NoParams())


def _run(env: Mapping[str, str], *argv: str) -> None:
    ended = asyncio.run(run_once((sys.executable, *argv), _TIMEOUT_S, env=env))
    if ended.code:
        raise OSError(f"{' '.join(argv)} failed: {ended.err.decode(errors='replace')}")


def _cli(env: Mapping[str, str], *argv: str) -> None:
    _run(env, "-P", "-m", "app", *argv)


def _restart(home: Home, env: Mapping[str, str]) -> None:
    if home.places.daemon_socket.exists():
        _stop(home, env, agents=False)
    connect(home, env).close()


def _stop(home: Home, env: Mapping[str, str], *, agents: bool) -> None:
    with connect(home, env) as client:
        pid = client.welcome.pid
        started = identity(pid)
        client.call("daemon.stop", StopDaemon(agents=agents))
    while started is not None and is_same(pid, started):
        os.sched_yield()


@contextmanager
def _home() -> Iterator[tuple[Home, dict[str, str]]]:
    root = Path(tempfile.mkdtemp(prefix="qd-bench-", dir="/tmp"))
    env = {**os.environ, "QUARTERDECK_HOME": str(root), "QUARTERDECK_LEASES": str(root / "leases")}
    env.pop("QUARTERDECK_AGENT", None)
    home = home_from(env)
    try:
        yield home, env
    finally:
        _stop(home, env, agents=True)
        shutil.rmtree(root)

"""``daemon run|start|stop|status`` and ``reindex``."""

from __future__ import annotations

import time
from argparse import Namespace

from agents.runtime.tree import identity, is_same
from agents.status.headline import age
from agents.wire import DaemonStatus, Done, NoParams, Rebuilt, StopDaemon
from app.cli import roster
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.client.blocking import BlockingClient, NoDaemon, connect

#: Seconds a daemon may take to end; ending agents by the ladder takes most of it.
STOP_S = 60.0


def daemon(context: Context, args: Namespace) -> int:
    """Run, start, stop or ask the daemon."""
    if args.agents and args.action != "stop":
        raise CommandError("--agents belongs to `daemon stop`", Exit.USAGE)
    match args.action:
        case "run":
            context.home.prepare()
            return context.roots.daemon(context.home)
        case "start":
            return _say_status(context, context.call("daemon.status", NoParams()))
        case "stop":
            return _stop(context, agents=args.agents)
        case _:
            return _status(context)


def _running(context: Context) -> BlockingClient | None:
    try:
        return connect(context.home, context.env, start=False)
    except NoDaemon:
        return None


def _status(context: Context) -> int:
    client = _running(context)
    if client is None:
        raise CommandError(f"no daemon runs for {context.home.places.state}; the next command that needs it starts it")
    with client:
        return _say_status(context, client.call("daemon.status", NoParams()))


def _say_status(context: Context, status: DaemonStatus) -> int:
    if context.output.is_json:
        context.output.json(status)
        return Exit.DONE
    pairs = [
        ("pid", str(status.pid)),
        ("version", status.version),
        ("agents", str(status.agents)),
        ("clients", str(status.clients)),
        ("up", age(context.now() - status.started)),
        ("started by", status.launcher),
        ("memory", "" if status.rss is None else size(status.rss)),
        ("index", "" if status.index_size is None else size(status.index_size)),
        ("home", status.home),
    ]
    for line in roster.facts(pairs):
        context.output.line(*line)
    return Exit.DONE


def size(count: int) -> str:
    """Return bytes for people."""
    value, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.0f} {units[0]}" if units[0] == "B" or value >= 10 else f"{value:.1f} {units[0]}"


def _stop(context: Context, *, agents: bool) -> int:
    """Ask the daemon to end, and return once its process is gone."""
    client = _running(context)
    if client is None:
        if not agents:
            return _say_stopped(context, Done("no daemon was running"))
        client = connect(context.home, context.env)  # somebody has to end the agents
    with client:
        pid = client.welcome.pid
        started = identity(pid)
        done: Done = client.call("daemon.stop", StopDaemon(agents=agents), timeout=STOP_S)
    deadline = time.monotonic() + STOP_S
    while started is not None and is_same(pid, started):
        if time.monotonic() > deadline:
            raise CommandError(f"the daemon (pid {pid}) did not end within {STOP_S:.0f} s: see {context.home.log}")
        time.sleep(0.01)
    return _say_stopped(context, done)


def _say_stopped(context: Context, done: Done) -> int:
    if context.output.is_json:
        context.output.json(done)
    else:
        context.output.line(done.detail or "stopped")
    return Exit.DONE


def reindex(context: Context, args: Namespace) -> int:
    """Rebuild the search index."""
    del args
    rebuilt: Rebuilt = context.session.call("index.rebuild", NoParams(), timeout=None)
    if context.output.is_json:
        context.output.json(rebuilt)
    else:
        context.output.line(f"{rebuilt.blocks:,} blocks of {rebuilt.agents:,} agents in {rebuilt.seconds:.1f} s")
    return Exit.DONE

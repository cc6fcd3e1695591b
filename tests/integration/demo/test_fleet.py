"""The demo fleet from the first agent to the last trace: real daemon, real agents, nothing left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from agents.model import Lifecycle
from agents.runtime import tree
from agents.vt import libvterm
from agents.wire import AgentRef, AnswerRequest, Shown, Wait
from app import demo
from app.client.blocking import connect
from tests.fakes.deck import wait_until

ENV = {k: v for k, v in os.environ.items() if not k.startswith("QUARTERDECK")}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make a folder with a short name, for sockets, that must be empty again at the end."""
    path = Path("/tmp") / f"qd{os.getpid()}"
    path.mkdir()
    yield path
    assert list(path.iterdir()) == []
    path.rmdir()


def processes(root: Path) -> list[str]:
    """Return all processes that work in or were started for a demo."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join([*process.cmdline(), process.cwd(), process.environ().get("QUARTERDECK_HOME", "")])
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if str(root) in words and process.pid != os.getpid():
            found.append(words)
    return found


def git_status(repository: Path) -> str:
    done = subprocess.run(["git", "status", "--porcelain"], cwd=repository, text=True, capture_output=True, check=True)
    return done.stdout


def test_the_fleet_settles_is_answered_and_goes(folder: Path) -> None:
    with demo.DemoFleet(ENV, pace=0, folder=folder) as fleet:
        fleet.prepare()
        rows = {row.name: row for row in fleet.settle()}
        assert list(rows) == [member.name for member in demo.CAST]
        assert all(row.demo and row.labels == ("demo",) for row in rows.values())
        assert {Path(row.project).name for row in rows.values()} == {"storefront", "tidelog"}
        assert {row.branch for row in rows.values()} == {"main"}
        assert rows["import-check"].exit_code == 3
        assert rows["import-check"].err_size > 1_000_000
        assert rows["perf-hunt"].background == 1
        assert rows["nightly-report"].headline.startswith("failed: rate limited, resets ")
        assert "429" in rows["nightly-report"].reason
        assert "docs/login.md" in rows["docs-pass"].headline
        assert git_status(fleet.root / "tidelog") == ""
        with connect(fleet.home, fleet.env) as client:
            client.call("agent.answer", AnswerRequest("docs-pass", "allow"))
            (question,) = rows["cart-rounding"].requests[0].questions
            answers = {question.text: question.choices[0]}
            client.call("agent.answer", AnswerRequest("cart-rounding", "answer", answers=answers))
            for name in ("docs-pass", "cart-rounding"):
                assert client.call("agent.wait", Wait(name, "idle", 1, 30)).reached == "idle"
            shown: Shown = client.call("agent.show", AgentRef("import-check"))
            assert shown.row.lifecycle is Lifecycle.EXITED
        assert " M docs/login.md" in git_status(fleet.root / "storefront")
        assert " M storefront/cart.py" in git_status(fleet.root / "storefront")
        root = fleet.root
    assert not root.exists()
    assert processes(root) == []


@pytest.mark.skipif(bool(libvterm.missing()), reason="no core to read a screen with")
def test_programs_in_terminals_ask_and_are_answered(folder: Path) -> None:
    with demo.DemoFleet(ENV, pace=0, folder=folder) as fleet:
        fleet.add_terminals()
        rows = {row.name: row for row in fleet.settle(cast=demo.TERMINALS)}
        assert {name: row.source for name, row in rows.items()} == {
            "cache-headers": "osc7501",
            "log-rotation": "screen",
        }
        assert {row.headline for row in rows.values()} == {"allow python -m unittest discover --start-directory tests?"}
        with connect(fleet.home, fleet.env) as client:
            client.call("agent.answer", AnswerRequest("cache-headers", "allow"))
            client.call("agent.answer", AnswerRequest("log-rotation", "deny"))
            for name in rows:
                assert client.call("agent.wait", Wait(name, "idle", 1, 30)).reached == "idle"
        root = fleet.root
    assert processes(root) == []


def test_a_fleet_whose_daemon_was_killed_goes_all_the_same(folder: Path) -> None:
    with demo.DemoFleet(ENV, pace=0, folder=folder) as fleet:
        fleet.prepare()
        fleet.settle()
        with connect(fleet.home, fleet.env) as client:
            pid = client.welcome.pid
        os.kill(pid, signal.SIGKILL)
        root = fleet.root
    assert not root.exists()
    assert processes(root) == []


def test_a_fleet_that_was_never_started_goes_without_starting_a_daemon(folder: Path) -> None:
    with demo.DemoFleet(ENV, folder=folder) as fleet:
        assert [path.name for path in fleet.projects] == ["storefront", "tidelog"]
        assert not fleet.home.places.state.exists()


def test_who_does_not_settle_is_named(folder: Path) -> None:
    with demo.DemoFleet(ENV, pace=0, folder=folder) as fleet:
        fleet.prepare()
        fleet.settle()
        with connect(fleet.home, fleet.env) as client:
            client.call("agent.kill", AgentRef("docs-pass"))
            client.call("agent.wait", Wait("docs-pass", "exited", None, 30))
        with pytest.raises(demo.DemoFailed, match=r"after 1 s not where they should be: docs-pass \(exited"):
            fleet.settle(timeout=1)


SCRIPT = """
import os, sys, time
from pathlib import Path
from app.demo import DemoFleet
with DemoFleet(os.environ, pace=0, folder=Path(sys.argv[1])) as fleet:
    fleet.prepare()
    print(fleet.root, flush=True)
    time.sleep(600)
"""


async def _run_script(folder: Path) -> tuple[asyncio.subprocess.Process, Path]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, str(folder), env=ENV, stdout=pipe, stderr=pipe, start_new_session=True
    )
    assert process.stdout is not None
    return process, Path((await process.stdout.readline()).decode().strip())


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
async def test_a_signal_takes_everything_down(folder: Path, number: signal.Signals, code: int) -> None:
    process, root = await _run_script(folder)
    process.send_signal(number)
    assert await process.wait() == code
    assert not root.exists()
    assert processes(root) == []


async def test_what_a_killed_demo_left_is_removed_by_the_next(folder: Path) -> None:
    process, root = await _run_script(folder)
    process.kill()
    await process.wait()
    assert processes(root), "its daemon and agents go on: nobody could stop them"
    await asyncio.to_thread(demo.sweep, folder, ENV)
    assert not root.exists()
    assert processes(root) == []


async def test_a_demo_that_runs_is_not_swept(folder: Path) -> None:
    process, root = await _run_script(folder)
    demo.sweep(folder, ENV)
    assert root.exists()
    process.send_signal(signal.SIGTERM)
    await process.wait()
    start = tree.identity(process.pid)
    wait_until(lambda: start is None, "it is gone")

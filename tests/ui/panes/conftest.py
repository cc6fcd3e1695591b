"""What the tests of panes stand on: a loop to pump, a daemon in memory, a window whose keymap is the real one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

import resources
from agents.events import BlocksChanged, NumberedEvent
from agents.jsonrpc import RpcError
from agents.model import Block, BlockKind
from agents.spec import Spec
from agents.wire import (
    METHODS,
    AgentRef,
    Answered,
    AnswerRequest,
    Done,
    LogBytes,
    Page,
    PageTranscript,
    ReadLog,
    Sent,
    Shown,
)
from app.commands import Zone
from app.fleet import Fleet
from app.keymap import load
from app.prompting import Memory
from tests.fakes.rows import fleet_of, row
from ui import theme as themes
from ui.keys import KeyRouter
from ui.panes.agent_pane import AgentPane
from ui.theme import Theme
from ui.zones import place_of

KEYMAP = load(Path(resources.__file__).parent / "keymap.toml", Path("/nonexistent"))[0]


class Pump:
    """A spawner with a loop of its own, turned by hand between Qt events."""

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._tasks: list[asyncio.Task[None]] = []
        self.failures: list[BaseException] = []

    def spawn(self, work: Coroutine[Any, Any, None], what: str) -> None:
        task = self._loop.create_task(work, name=what)
        task.add_done_callback(self._done)
        self._tasks.append(task)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.remove(task)
        if not task.cancelled() and task.exception():
            self.failures.append(task.exception())  # type: ignore[arg-type]

    def turn(self) -> None:
        self._loop.run_until_complete(asyncio.sleep(0))
        self._app.processEvents()

    def settle(self) -> None:
        """Turn until nothing is left to do."""
        self.until(lambda: not self._tasks)
        self._app.processEvents()

    def until(self, fact: Callable[[], object], seconds: float = 20.0) -> None:
        """Turn until ``fact`` holds."""
        deadline = time.monotonic() + seconds
        while not fact():
            assert time.monotonic() < deadline, "what was waited for never came"
            self.turn()

    def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        while self._tasks:
            self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


class Daemon:
    """Answers what panes call, from blocks in memory; keeps the calls."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.calls: list[tuple[str, Any]] = []
        self.refuse: dict[str, RpcError] = {}
        self.answered: Answered | None = None
        self.answers: dict[str, Any] = {}
        self.directory = "/dev/null/nowhere"  # never there, whatever a program makes
        self.log = b""

    async def call(self, method: str, params: msgspec.Struct) -> Any:
        assert type(params) is METHODS[method].params
        self.calls.append((method, params))
        if method in self.refuse:
            raise self.refuse[method]
        if method in self.answers:
            return self.answers[method]
        if isinstance(params, PageTranscript):
            end = len(self.blocks) if params.before is None else params.before
            return Page(tuple(self.blocks[max(0, end - params.n) : end]), len(self.blocks))
        if isinstance(params, AgentRef):
            shown = row("fox", id="a", out_size=len(self.log))
            return Shown(shown, Spec("a", "fox", "demo", "acp", (), "/", "/", 0.0), self.directory)
        if isinstance(params, ReadLog):
            return LogBytes(self.log[params.offset : params.offset + params.length], params.offset, len(self.log), 0)
        if isinstance(params, AnswerRequest):
            return self.answered or Answered(params.id, params.request or "", params.decision, "shell", 0.0)
        return Sent("a", 1, queued=False) if method == "agent.send" else Done()

    def of(self, method: str) -> list[Any]:
        return [params for name, params in self.calls if name == method]

    def add(self, kind: BlockKind, **fields: Any) -> Block:
        block = Block(len(self.blocks), 1, kind, 1, 1_795_270_000.0, len(self.blocks), **fields)
        self.blocks.append(block)
        return block


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Window(QWidget):
    """One pane under the real key router."""

    def __init__(self, pane: AgentPane) -> None:
        super().__init__()
        self.pane = pane
        self.ran: list[str] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(pane)
        self.router = KeyRouter(self, KEYMAP, self)

    def zone_at(self, widget: QWidget) -> Zone | None:
        return place_of(widget, [(self.pane.agent_id, self.pane)]).zone

    def keeps(self, _widget: QWidget, _chord: str) -> bool:
        return False

    def run(self, command: str) -> None:
        self.ran.append(command)
        if command == "zone.leave":
            self.pane.focus_zone(Zone.TRANSCRIPT.value)
        elif command == "zone.next":
            zones = self.pane.zones()
            here = zones.index(self.pane.zone())  # type: ignore[arg-type]
            self.pane.focus_zone(zones[(here + 1) % len(zones)])
        else:
            self.pane.perform(command)


@pytest.fixture(params=["dark"])
def theme(qapp: QApplication, request: pytest.FixtureRequest) -> Theme:
    made = themes.load(request.param)
    themes.apply(qapp, made)
    return made


@pytest.fixture
def pump(qapp: QApplication) -> Iterator[Pump]:
    made = Pump(qapp)
    yield made
    made.close()
    assert not made.failures


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def fleet() -> Fleet:
    return fleet_of([row("fox", id="a")])


@pytest.fixture
def open_pane(
    qtbot: Any, pump: Pump, daemon: Daemon, theme: Theme, clock: Clock, memory: Memory
) -> Callable[[Fleet], Window]:
    """Return a function that shows the pane of agent ``a`` of a fleet in a window with the keyboard."""

    def make(fleet: Fleet) -> Window:
        pane = AgentPane("a", daemon, pump, fleet, theme, memory=memory, clock=clock)
        pane.set_keymap(KEYMAP)
        window = Window(pane)
        qtbot.addWidget(window)
        window.resize(800, 700)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow, timeout=30_000)
        pump.settle()
        pane.focus_zone(Zone.TRANSCRIPT.value)
        return window

    return make


def tell_blocks(fleet: Fleet, *blocks: Block) -> None:
    """Tell of changed blocks as the daemon does."""
    fleet.apply(NumberedEvent(fleet.seq + 1, BlocksChanged("a", blocks)))

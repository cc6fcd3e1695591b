"""Log panes: ten million lines, and a hundred panes written to at once, beside a capped QPlainTextEdit."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication, QGridLayout, QPlainTextEdit, QWidget

from agents.model import Stream
from agents.runtime.rawlog import SEGMENT
from app.cli.results import Figure
from app.logsource import LocalLog
from ui import theme as themes
from ui.panes.log_view import LogView
from ui.theme import Theme

LINES = 10_000_000
PANES = 100
VISIBLE = 4
LINES_PER_S = 1000
TICKS_PER_S = 20
SECONDS = 6.0
TIMES = 5

#: Every tenth line is coloured, the way test runners and servers do it.
_PLAIN = "{n:08d} 12:00:00.{m:03d} INFO  request handled path=/api/v1/items/{k} status=200\n"
_COLOURED = (
    "{n:08d} 12:00:00.{m:03d} \x1b[33mWARN\x1b[0m  retry \x1b[1m{k}\x1b[0m of the request: Time\x1b[4mOut\x1b[0m\n"
)


class Loop:
    """A spawner whose loop is turned between Qt events, as qasync does it."""

    def __init__(self, app: QApplication) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None], what: str) -> None:
        task = self._loop.create_task(work, name=what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def until(self, fact: Callable[[], object]) -> float:
        """Turn until ``fact`` holds; return milliseconds."""
        begun = time.perf_counter()
        while not fact():
            self._loop.run_until_complete(asyncio.sleep(0))
            self._app.processEvents()
        return (time.perf_counter() - begun) * 1000

    def settle(self) -> float:
        """Turn until nothing is left to do; return milliseconds."""
        return self.until(lambda: not self._tasks)

    def close(self) -> None:
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


def figures() -> Iterator[Figure]:
    """Measure everything."""
    for part in parts().values():
        yield from part()


def parts(*, is_quick: bool = False) -> Mapping[str, Callable[[], Iterable[Figure]]]:
    """Return what can be measured alone; there is no smaller run. ``large`` needs 1 GB for temporary files."""
    assert not is_quick
    return {"large": partial(_on_screen, _one_large_log), "many": partial(_on_screen, _many_panes)}


def _on_screen(part: Callable[[Path, Loop, Theme], Iterator[Figure]]) -> Iterator[Figure]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication(["bench"])
    assert isinstance(app, QApplication)
    theme = themes.load("dark")
    themes.apply(app, theme)
    loop = Loop(app)
    try:
        with tempfile.TemporaryDirectory(prefix="qd-bench-") as directory:
            yield from part(Path(directory), loop, theme)
    finally:
        loop.close()


# -- one log of ten million lines


def _one_large_log(directory: Path, loop: Loop, theme: Theme) -> Iterator[Figure]:
    warm = directory / "warm"
    _write_log(warm, 10_000)
    view = _opened(warm, loop, theme)
    view.look_for("warm")
    loop.settle()
    view.close_source()
    view.close()
    _elsewhere(directory)
    before = psutil.Process().memory_full_info().uss
    view = LogView(LocalLog(directory, Stream.OUT), loop, theme)
    view.resize(1280, 800)
    view.show()
    read = loop.settle()
    assert view.document.count == LINES
    yield Figure("10 M lines: read to the end", read, "ms", detail=f"{view.document.index.end / 1e6:.0f} MB on disk")
    runs = [_frames(view) for _ in range(TIMES)]
    detail = f"median of {TIMES} runs of {len(runs[0])} frames each"
    yield Figure("10 M lines: frame p99", median(run[int(len(run) * 0.99)] for run in runs), "ms", 12.0, detail=detail)
    yield Figure("10 M lines: frame p50", median(median(run) for run in runs), "ms", detail=detail)
    yield from _searches(view, loop)
    grown = (psutil.Process().memory_full_info().uss - before) / 1e6
    yield Figure("10 M lines: memory", grown, "MB", 30.0, detail="private memory grown by one pane, searches included")
    view.close_source()
    view.close()


def _searches(view: LogView, loop: Loop) -> Iterator[Figure]:
    firsts, wholes = [], []
    for _ in range(TIMES):
        view.to_begin()
        view.look_for("retry 77 of the request: timeout")
        firsts.append(loop.until(lambda: view.hit >= 0))
        loop.settle()
        view.to_begin()
        view.look_for("no line says this")
        search = view.search
        assert search is not None
        wholes.append(loop.settle())
        assert search.done
        assert not search.hits
    detail = "smart case, across colour codes"
    yield Figure("10 M lines: first hit", median(firsts), "ms", 100.0, detail=detail)
    yield Figure("10 M lines: whole search", median(wholes), "ms", 3000.0, detail=detail + ", with progress")
    view.look_for("")


def _frames(view: LogView) -> list[float]:
    """Return sorted times of frames at places all over the log, and while scrolling line by line."""
    rnd = random.Random(1)
    maximum = view.verticalScrollBar().maximum()
    places = [rnd.randrange(maximum) for _ in range(300)]
    places += [start + step for start in places[:10] for step in range(0, 90, 3)]
    taken = []
    view.to_begin()
    for place in places:
        view.verticalScrollBar().setValue(place)
        begun = time.perf_counter()
        view.viewport().repaint()
        taken.append((time.perf_counter() - begun) * 1000)
    return sorted(taken)


def _opened(directory: Path, loop: Loop, theme: Theme) -> LogView:
    view = LogView(LocalLog(directory, Stream.OUT), loop, theme)
    view.resize(1280, 800)
    view.show()
    loop.settle()
    view.viewport().repaint()
    return view


def _write_log(directory: Path, lines: int) -> None:
    """Write segments the way a keeper does."""
    directory.mkdir(exist_ok=True)
    number = room = 0
    out = None
    for first in range(0, lines, 100_000):
        data = "".join(
            (_COLOURED if n % 10 == 3 else _PLAIN).format(n=n, m=n % 1000, k=n % 997)
            for n in range(first, min(lines, first + 100_000))
        ).encode()
        while data:
            if out is None or not room:
                if out is not None:
                    out.close()
                out = (directory / f"out.{number}.log").open("wb")
                number, room = number + 1, SEGMENT
            out.write(data[:room])
            data, room = data[room:], max(0, room - len(data))
    if out is not None:
        out.close()


def _elsewhere(directory: Path) -> None:
    """Write the large log in a child process: what that takes must not count as the pane's."""
    subprocess.run([sys.executable, __file__, str(directory), str(LINES)], check=True)


# -- a hundred panes at once

_WRITER = """
import sys, time
directory, panes, lines, ticks, seconds = sys.argv[1], *map(int, sys.argv[2:5]), float(sys.argv[5])
files = [open(f"{directory}/{n}/out.0.log", "ab", 0) for n in range(panes)]
begun, tick, number = time.monotonic(), 0, 0
while time.monotonic() - begun < seconds:
    text = b"".join(b"%08d some text of a usual length, as agents and builds write it\\n" % (number + i)
                    for i in range(lines // ticks))
    number += lines // ticks
    for file in files:
        file.write(text)
    tick += 1
    time.sleep(max(0, begun + tick / ticks - time.monotonic()))
"""


class Flood:
    """Feeds panes from files a child process writes, as growth events do; measures this process meanwhile."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.stall = 0.0
        self._last = 0.0

    def run(self, feed: Callable[[], None]) -> tuple[float, float, float]:
        """Return per cent of a core, MB grown and the longest stall in ms while ``feed`` is called at 20 Hz."""
        argv = [sys.executable, "-c", _WRITER, str(self._directory), str(PANES), str(LINES_PER_S), str(TICKS_PER_S)]
        feeder, pulse = QTimer(), QTimer()
        feeder.setInterval(1000 // TICKS_PER_S)
        feeder.timeout.connect(feed)
        pulse.setTimerType(Qt.TimerType.PreciseTimer)
        pulse.setInterval(4)
        pulse.timeout.connect(self._on_pulse)
        with subprocess.Popen([*argv, str(SECONDS)]) as writer:  # noqa: TID251  a bench has no keeper
            feeder.start()
            _wait(1.0)
            self._last = time.perf_counter()
            pulse.start()
            memory, cpu, begun = psutil.Process().memory_full_info().uss, time.process_time(), time.perf_counter()
            _wait(SECONDS - 2)
            used, wall = time.process_time() - cpu, time.perf_counter() - begun
            grown = (psutil.Process().memory_full_info().uss - memory) / 1e6
            pulse.stop()
            writer.wait()
        feeder.stop()
        return used / wall * 100, grown, self.stall

    def _on_pulse(self) -> None:
        now = time.perf_counter()
        self.stall = max(self.stall, (now - self._last) * 1000)
        self._last = now


def _wait(seconds: float) -> None:
    """Run Qt's own loop, which sleeps between events."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def _many_panes(directory: Path, loop: Loop, theme: Theme) -> Iterator[Figure]:
    window = QWidget()
    grid = QGridLayout(window)
    sources: list[LocalLog] = []
    views: list[LogView] = []
    for number in range(PANES):
        (directory / str(number)).mkdir()
        sources.append(LocalLog(directory / str(number), Stream.OUT))
        views.append(LogView(sources[-1], loop, theme, window))
        _put(grid, views[-1], number)
    window.resize(1280, 800)
    window.show()
    runs = [Flood(directory).run(lambda: [source.look() for source in sources]) for _ in range(3)]
    ours = tuple(median(values) for values in zip(*runs, strict=True))
    assert all(view.document.count > 0 for view in views)
    assert all(view.accessible_text() for view in views[:VISIBLE])
    for view in views:
        view.close_source()
    window.close()
    theirs = _control(directory, Flood(directory))
    detail = (
        f"median of 3; {PANES} panes × {LINES_PER_S} lines/s, {VISIBLE} visible; control: QPlainTextEdit, 5000 lines"
    )
    names = (("CPU", "%", 40.0), ("growth", "MB", 25.0), ("longest stall", "ms", 40.0))
    for (name, unit, target), value, control in zip(names, ours, theirs, strict=True):
        yield Figure(f"100 panes: {name}", value, unit, target, None, control, detail=detail)


def _control(directory: Path, flood: Flood) -> tuple[float, float, float]:
    """Measure the usual way: text appended in batches to capped text widgets."""
    window = QWidget()
    grid = QGridLayout(window)
    edits: list[QPlainTextEdit] = []
    files = []
    for number in range(PANES):
        edits.append(QPlainTextEdit(window))
        edits[-1].setReadOnly(True)
        edits[-1].setMaximumBlockCount(5000)
        _put(grid, edits[-1], number)
        path = directory / str(number) / "out.0.log"
        path.write_bytes(b"")
        files.append(path.open("rb"))
    window.resize(1280, 800)
    window.show()

    def feed() -> None:
        for edit, file in zip(edits, files, strict=True):
            text = file.read()
            if text:
                edit.appendPlainText(text.decode().rstrip("\n"))

    measured = flood.run(feed)
    for file in files:
        file.close()
    window.close()
    return measured


def _put(grid: QGridLayout, widget: QWidget, number: int) -> None:
    if number < VISIBLE:
        grid.addWidget(widget, number // 2, number % 2)
    else:
        widget.hide()


if __name__ == "__main__":
    _write_log(Path(sys.argv[1]), int(sys.argv[2]))

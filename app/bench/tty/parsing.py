"""How much output a core takes in a second: ours as a pane feeds it, beside tmux and xterm with the same bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from statistics import median

from agents.vt.grid import Grid
from app.bench.scene import say, scene
from app.bench.tty import rivals
from app.bench.tty.rivals import Taken
from app.bench.tty.texts import COLS, ROWS, Sample, samples
from app.cli.results import Figure

PARSE_MB = 15.0

#: Bytes a pane feeds at once.
SLICE = 16 * 1024


def figures(size: int, times: int) -> Iterator[Figure]:
    """Measure ``times`` times ``size`` bytes of each kind of output."""
    say(f"parse: {size / 1e6:g} MB of each kind, {times} times")
    absent = tuple(rivals.missing(name) for name in ("tmux", "xterm"))
    with scene() as stage:
        for sample in samples(size):
            ours = [_fed(sample.data) for _ in range(times + 1)][1:]
            theirs = {
                "tmux": rivals.tmux_takes(stage, sample.data, times),
                "xterm": rivals.xterm_takes(stage, sample.data, times),
            }
            yield _ours(sample, ours, theirs["tmux"], absent)
            for name, runs in theirs.items():
                if runs:
                    yield Figure(
                        f"parse, {sample.name}: {name}", _pace(sample, runs), "MB/s", detail=_wall(sample, runs)
                    )


def _ours(sample: Sample, runs: Sequence[Taken], tmux: Sequence[Taken], absent: tuple[str, ...]) -> Figure:
    pace = _pace(sample, runs)
    against = "baseline: tmux, drawing for a client" if tmux else ""
    detail = "; ".join(part for part in (_wall(sample, runs), against, *absent) if part)
    control = _pace(sample, tmux) if tmux else None
    return Figure(f"parse, {sample.name}", pace, "MB/s", PARSE_MB, pace >= PARSE_MB, control, detail=detail)


def _pace(sample: Sample, runs: Sequence[Taken]) -> float:
    """Return MB a second of the processor: others may use it too while we measure."""
    return round(len(sample.data) / 1e6 / median(run.cpu for run in runs), 1)


def _wall(sample: Sample, runs: Sequence[Taken]) -> str:
    pace = len(sample.data) / 1e6 / median(run.wall for run in runs)
    return f"of its processor time; {pace:.1f} MB/s by the clock; median of {len(runs)}"


def _fed(data: bytes) -> Taken:
    grid = Grid(ROWS, COLS)
    try:
        begun, cpu = time.perf_counter(), time.process_time()
        for at in range(0, len(data), SLICE):
            grid.feed(data[at : at + SLICE])
        return Taken(time.perf_counter() - begun, time.process_time() - cpu)
    finally:
        grid.close()

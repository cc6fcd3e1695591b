"""Draws cases as the daemon does or as a view does, in a process that may die of it; finds out, minimises nothing."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable

import msgspec

from agents.vt import libvterm, queries, screen
from agents.vt.screen import Screen, ScreenState
from agents.vt.stream import Splitter
from tests.fuzz import view
from tests.fuzz.grammar import Case, Feed, Look, Resize, case

#: Seconds of the processor one case may take, whatever else goes on on the machine.
LIMIT = 5.0


class Different(Exception):
    """The screen taken from a checkpoint is not the one that lived on."""


def run(tested: Case, library: libvterm.Library) -> None:
    """Draw ``tested`` twice: looked at, and loaded again and again. Raises Different, and whatever the path raises."""
    screen.TAIL, screen._MANY = tested.tail, min(tested.tail, 4096)
    live, other = (Screen(ScreenState(tested.rows, tested.cols), library) for _ in range(2))
    splitter = Splitter()
    for number, step in enumerate(tested.steps):
        if isinstance(step, Feed):
            for piece in splitter.feed(step.data):
                for one in (live, other):
                    one.feed(queries.for_core(piece), number / 10)
        elif isinstance(step, Resize):
            for one in (live, other):
                one.resize(step.rows, step.cols)
        else:
            other = _looked(step, live, other, library)
    _same(live, other)


def _looked(step: Look, live: Screen, other: Screen, library: libvterm.Library) -> Screen:
    seen = live.snapshot()
    if seen is not None and (len(seen.lines), seen.cols) != (live.state.rows, live.state.cols):
        raise Different(f"{len(seen.lines)} rows of {seen.cols} for {live.state.rows} of {live.state.cols}")
    if not step.reload:
        return other
    _same(live, other)
    return Screen(msgspec.json.decode(msgspec.json.encode(other.state), type=ScreenState), library)


def _same(live: Screen, other: Screen) -> None:
    if live.state != other.state:
        raise Different(f"state {live.state!r} is {other.state!r} when loaded")
    if live.snapshot() != other.snapshot():
        raise Different(f"{live.snapshot()!r} is {other.snapshot()!r} when loaded")


def said(tested: Case, library: libvterm.Library, draw: Callable[[Case, libvterm.Library], None] = run) -> str:
    """Return what went wrong when ``draw`` drew it, empty when nothing did."""
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        draw(tested, library)
    except Exception as problem:  # noqa: BLE001 (whatever it is, it is the finding)
        return f"{type(problem).__name__}: {problem}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return ""


def library(path: str) -> libvterm.Library:
    """Return the library at ``path``, the system's for an empty one."""
    return libvterm.load((path,), "the one that was named") if path else libvterm.system()


def _say(line: str) -> None:
    os.write(sys.stdout.fileno(), line.encode() + b"\n")


def main() -> None:
    """Draw the case given, or those of many seeds; each is announced before it is tried."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--cases", type=int, default=sys.maxsize)
    parser.add_argument("--library", default="")
    parser.add_argument("--view", action="store_true", help="draw as a view does, not as the daemon")
    parser.add_argument("--harm", action="store_true", help="look for nothing but crashes and hangs")
    chosen = parser.parse_args()
    native = library(chosen.library)
    make, draw = (view.made, view.run) if chosen.view else (case, run)
    if not chosen.seconds:
        found = said(msgspec.json.decode(sys.stdin.buffer.read(), type=Case), native, draw)
        _say(f"found {found}" if found else "good")
        return
    end = time.monotonic() + chosen.seconds
    seed = chosen.seed
    while time.monotonic() < end and seed - chosen.seed < chosen.cases:
        _say(f"seed {seed}")
        found = said(make(seed), native, draw)
        if found and not (chosen.harm and found.startswith(Different.__name__)):
            _say(f"found {found}")
            return
        seed += 1
    _say(f"end {seed}")


if __name__ == "__main__":
    main()

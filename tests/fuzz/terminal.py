"""Looks for what harms the daemon through its terminal core: `python -m tests.fuzz.terminal --seconds N --seed S`.

Draws made-up cases in processes of their own, and makes those small that they die of, hang in or draw differently.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from tests.fuzz import view
from tests.fuzz.grammar import Case, Feed, Step, case

_ROOT = Path(__file__).resolve().parents[2]

#: Seconds a process may take to start and to end, on a machine that has much else to do.
_PATIENCE = 60.0

#: Seconds spent on making one finding small.
_SMALLER = 60.0


class Finding(msgspec.Struct, frozen=True):
    """What went wrong with the case of a seed."""

    seed: int
    what: str


class Trials(msgspec.Struct, frozen=True):
    """Runs cases in other processes: with which library, whether as a view, and whether only harm counts."""

    library: str = ""
    harm: bool = False
    view: bool = False

    def batch(self, seed: int, seconds: float, cases: int = sys.maxsize) -> tuple[int, Finding | None]:
        """Try the seeds from ``seed`` on; return the one to go on with, and the finding that ended it, if any."""
        options = ["--seed", str(seed), "--seconds", str(seconds), "--cases", str(cases)]
        said, ended = self._run(options, b"", seconds + _PATIENCE)
        last = next((int(line.split()[1]) for line in reversed(said) if line.startswith("seed ")), seed)
        if said and said[-1].startswith("end "):
            return int(said[-1].split()[1]), None
        return last + 1, Finding(last, _what(said, ended))

    def one(self, tested: Case) -> str:
        """Return what goes wrong with ``tested``, empty when nothing does."""
        said, ended = self._run([], msgspec.json.encode(tested), _PATIENCE)
        return "" if said[-1:] == ["good"] else _what(said, ended)

    def _run(self, options: list[str], given: bytes, seconds: float) -> tuple[list[str], str]:
        argv = [sys.executable, "-m", "tests.fuzz.trial", "--library", self.library, *options]
        argv += ["--harm"] if self.harm else []
        argv += ["--view"] if self.view else []
        try:
            done = subprocess.run(argv, input=given, capture_output=True, timeout=seconds, cwd=_ROOT, check=False)
        except subprocess.TimeoutExpired as late:
            return (late.stdout or b"").decode("utf-8", "replace").splitlines(), "it did not end"
        complaint = done.stderr.decode("utf-8", "replace")[:2000]
        return done.stdout.decode("utf-8", "replace").splitlines(), f"ended with {done.returncode}: {complaint}"


def _what(said: list[str], ended: str) -> str:
    return said[-1].removeprefix("found ") if said and said[-1].startswith("found ") else ended


def findings(trials: Trials, seed: int, seconds: float) -> Iterator[Finding]:
    """Try seed after seed for so long; yield what is found."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        seed, found = trials.batch(seed, min(left, 30.0))
        if found is not None:
            yield found


def smaller(trials: Trials, tested: Case) -> Case:
    """Return a shorter case that goes wrong the same way: first of fewer steps, then of fewer bytes."""
    end = time.monotonic() + _SMALLER
    kind = trials.one(tested)[:20]

    def is_wrong(steps: tuple[Step, ...]) -> bool:
        return trials.one(msgspec.structs.replace(tested, steps=steps))[:20] == kind

    steps = _reduced(tested.steps, is_wrong, end)
    steps = _reduced(tuple(single for step in steps for single in _singles(step)), is_wrong, end)
    return msgspec.structs.replace(tested, steps=steps)


def _singles(step: Step) -> list[Step]:
    return [Feed(bytes([byte])) for byte in step.data] if isinstance(step, Feed) else [step]


def _reduced(steps: tuple[Step, ...], is_wrong: Callable[[tuple[Step, ...]], bool], end: float) -> tuple[Step, ...]:
    """Leave out ever smaller parts, as long as it goes wrong without them and there is time."""
    size = len(steps) // 2
    while size:
        at = 0
        while at < len(steps) and time.monotonic() < end:
            without = steps[:at] + steps[at + size :]
            if is_wrong(without):
                steps = without
            else:
                at += size
        size //= 2
    return steps


def main() -> int:
    """Look for findings and print each, made small; return how many there are, 1 at most."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--library", default="", help="a libvterm other than the system's")
    parser.add_argument("--harm", action="store_true", help="look for nothing but crashes and hangs")
    parser.add_argument("--view", action="store_true", help="draw as a view does, not as the daemon")
    chosen = parser.parse_args()
    trials = Trials(chosen.library, chosen.harm, chosen.view)
    is_clean = True
    for found in findings(trials, chosen.seed, chosen.seconds):
        is_clean = False
        print(f"seed {found.seed}: {found.what}", flush=True)
        print(f"  {smaller(trials, (view.made if chosen.view else case)(found.seed))}", flush=True)
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main())

"""The real daemon with faults built in: it dies at a chosen step of its work, its clock jumps, its age is another.

Options (JSON, first argument): ``die`` [step, number], ``beat_s``, ``jump_s``, ``clock`` (a file),
``version``, ``nofile``. Each replaces one function or constant of the product by one that does the same and then fails.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agents.runtime import journal, link
from agents.runtime.marks import MarkReader
from agents.supervisor import hold, pulse
from agents.supervisor.services import SystemClock
from agents.transcript.file import TranscriptFile
from app import daemon
from app.paths import home_from


class Dying:
    """Kills this process with -9 at the ``number``-th time its step is reached."""

    def __init__(self, number: int) -> None:
        self._left = number

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def before_checkpoint(die: Dying) -> None:
    replace = Path.replace

    def dying(self: Path, target: Path) -> Path:
        if target.name == "checkpoint":
            die()
        return replace(self, target)

    Path.replace = dying  # type: ignore[method-assign,assignment]


def in_checkpoint(die: Dying) -> None:
    """Die when half of the new file is there."""
    write = Path.write_bytes

    def dying(self: Path, data: Any) -> int:
        if self.name == ".checkpoint.new":
            write(self, data[: len(data) // 2])
            die()
        return write(self, data)

    Path.write_bytes = dying  # type: ignore[method-assign,assignment]


def in_transcript(die: Dying) -> None:
    """Die when half of the blocks is there."""
    append = TranscriptFile._append

    def dying(self: TranscriptFile, data: bytes) -> None:
        size = self._size
        append(self, data[: len(data) // 2])
        die()
        assert self._size == size
        append(self, data)

    TranscriptFile._append = dying  # type: ignore[method-assign]


def in_journal(die: Dying) -> None:
    """Die when half of a record is there: the torn last line."""
    append = journal.Journal.append

    def dying(self: journal.Journal, record: dict[str, Any], *, sync: bool) -> None:
        size = self._path.stat().st_size if self._path.exists() else 0
        append(self, record, sync=sync)
        whole = self._path.stat().st_size
        if record.get("t") == "intent" and record["intent"]["kind"] == "prompt":
            os.truncate(self._path, size + (whole - size) // 2)
            die()
            raise AssertionError("the torn line is only for the one who dies")

    journal.Journal.append = dying  # type: ignore[method-assign]


def in_adoption(die: Dying) -> None:
    """Die when some of the marks were replayed."""
    read = MarkReader.read

    def dying(self: MarkReader, from_seq: int, limit_bytes: int) -> Any:
        found = read(self, from_seq, limit_bytes)
        die()
        return found[:1]  # a mark at a time, so that there are borders to die at

    MarkReader.read = dying  # type: ignore[method-assign]


def after_connecting(die: Dying) -> None:
    """Die when the keepers have a new client, who knows nothing yet."""
    connect = link.KeeperLink.connect

    async def dying(*args: Any, **kwargs: Any) -> Any:
        connected = await connect(*args, **kwargs)
        die()
        return connected

    link.KeeperLink.connect = dying  # type: ignore[method-assign,assignment]


def sweeping(die: Dying) -> None:
    """Die when what a killed keeper left is killed, and nobody has written that down."""
    sweep = hold.Tether.sweep

    async def dying(self: Any, incarnation: int, nonce: str) -> list[int]:
        killed = await sweep(self, incarnation, nonce)
        die()
        return killed

    hold.Tether.sweep = dying  # type: ignore[method-assign]


def before_exec(seams: daemon.Seams, die: Dying) -> None:
    """Die when the old daemon let go of everything and the new one is not there."""

    def execute(program: str, argv: list[str], env: dict[str, str]) -> None:
        die()
        os.execve(program, argv, env)

    seams.execute = execute


class SteppedClock(SystemClock):
    """Goes wrong by as many seconds as a file says (of the wall clock, of the steady clock), once it is there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def wall(self) -> float:
        return super().wall() + self._steps()[0]

    def monotonic(self) -> float:
        return super().monotonic() + self._steps()[1]

    def _steps(self) -> tuple[float, float]:
        if not self._path.exists():
            return 0.0, 0.0
        wall, steady = self._path.read_text().split()
        return float(wall), float(steady)


STEPS: dict[str, Callable[[Dying], None]] = {
    "before checkpoint": before_checkpoint,
    "in checkpoint": in_checkpoint,
    "in transcript": in_transcript,
    "in journal": in_journal,
    "in adoption": in_adoption,
    "after connecting": after_connecting,
    "sweeping": sweeping,
}


def main() -> int:
    options = json.loads(sys.argv[1])
    seams = daemon.Seams(out_limit=options.get("out_limit"))
    if "die" in options:
        step, number = options["die"]
        if step == "before exec":
            before_exec(seams, Dying(number))
        else:
            STEPS[step](Dying(number))
    if "clock" in options:
        seams.clock = SteppedClock(Path(options["clock"]))
    pulse.BEAT_S = options.get("beat_s", pulse.BEAT_S)
    pulse.JUMP_S = options.get("jump_s", pulse.JUMP_S)
    daemon.VERSION = options.get("version", daemon.VERSION)
    if "nofile" in options:
        resource.setrlimit(resource.RLIMIT_NOFILE, (options["nofile"], options["nofile"]))
    home = home_from(os.environ)
    home.prepare()
    return daemon.run(home.places, seams=seams)


if __name__ == "__main__":
    sys.exit(main())

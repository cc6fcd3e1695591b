"""What the keeper says about the process: a fold over ctl marks and sizes of the logs. Pure.

Independent of every adapter, so that it stays right when an adapter fails.
"""

from __future__ import annotations

import json
import signal
from typing import Any

import msgspec

from agents.model import Lifecycle, Mark, Stream


class Vitals(msgspec.Struct):
    """Process facts of an agent's present incarnation; changed only by ``feed`` and the daemon's own findings."""

    lifecycle: Lifecycle = Lifecycle.STARTING
    incarnation: int = 0
    pid: int | None = None
    exit_code: int | None = None
    exit_signal: int | None = None
    reason: str = ""
    changed_at: float = 0.0  # epoch seconds
    out_size: int = 0
    err_size: int = 0
    seq: int = 0  # next mark to be fed
    wall: float = 0.0  # of the last mark
    monotonic: float = 0.0
    by_keeper: bool = False  # the keeper itself was told to end: a shutdown, a log-out
    rows: int = 0  # of its terminal, in cells; 0 when it has none, or it is not known
    cols: int = 0
    sized_at: int = 0  # bytes of output before it had this size
    began_at: int = 0  # bytes of output before the present process

    def feed(self, mark: Mark, data: bytes) -> str | None:
        """Take one mark; return the id of a write that is now wholly in the agent, if it says so."""
        self.seq, self.wall, self.monotonic = mark.seq + 1, mark.wall, mark.monotonic
        end = mark.offset + mark.length
        if mark.stream is Stream.OUT:
            self.out_size = max(self.out_size, end)
        elif mark.stream is Stream.ERR:
            self.err_size = max(self.err_size, end)
        elif mark.stream is Stream.CTL:
            return self._control(data, mark.wall)
        return None

    def enter(self, lifecycle: Lifecycle, wall: float, reason: str = "") -> None:
        """Change the lifecycle."""
        self.lifecycle, self.changed_at, self.reason = lifecycle, wall, reason

    def launching(self, incarnation: int, wall: float) -> None:
        """Forget the former process: another one is about to start."""
        self.incarnation, self.pid, self.exit_code, self.exit_signal = incarnation, None, None, None
        self.by_keeper = False
        self.enter(Lifecycle.STARTING, wall)

    def ended(self, code: int | None, number: int | None, wall: float) -> None:
        """Note that the process ended by ``code`` or by signal ``number``."""
        self.exit_code, self.exit_signal = code, number
        self.enter(Lifecycle.EXITED, wall, f"killed by {signal_name(number)}" if number is not None else "")

    def _sized(self, event: dict[str, Any]) -> None:
        rows, cols = event.get("rows"), event.get("cols")
        size = (rows, cols) if isinstance(rows, int) and isinstance(cols, int) else (0, 0)
        if size != (self.rows, self.cols):
            (self.rows, self.cols), self.sized_at = size, self.out_size

    def _control(self, data: bytes, wall: float) -> str | None:
        event = read_control(data)
        match event.get("ev"):
            case "start":
                self.launching(int(event.get("incarnation", 1)), wall)
                self.pid = event.get("pid")
                self.began_at = self.out_size
                self._sized(event)
                self.enter(Lifecycle.RUNNING, wall)
            case "failed":
                program, error = event.get("program", "the program"), event.get("error", "it did not start")
                self.enter(Lifecycle.FAILED, wall, f"{program}: {error}")
            case "signal" if event.get("by") == "keeper":
                self.by_keeper = True
            case "resize":
                self._sized(event)
            case "exit":
                self.ended(event.get("code"), event.get("signal"), wall)
            case "wrote":
                return str(event.get("id"))
        return None


def read_control(data: bytes) -> dict[str, Any]:
    """Return the object of a ctl mark, empty when it is none (a newer keeper, a damaged log)."""
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def signal_name(number: int) -> str:
    """Return ``SIGKILL`` for 9; the number where it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

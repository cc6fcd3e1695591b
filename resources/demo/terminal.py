"""The demo's program in a terminal: a screen of its own, an input box, an approval drawn on it; plays no protocol.

With ``--report`` it tells its status by OSC 7501 as well. Standard library only: it runs as an agent's program would.
"""

from __future__ import annotations

import base64
import os
import re
import select
import shutil
import signal
import sys
import termios
import time
import tty

COMMAND = "python -m unittest discover --start-directory tests"
WHY = "run the tests before and after the change"
OPTIONS = ("Yes", "Yes, and always allow it in this project", "No, and say what to do instead")

#: Seconds it works before it asks and after it was answered, at pace 1.
WORK_S = 2.0

_PASTE = re.compile(rb"\x1b\[200~(.*?)\x1b\[201~", re.DOTALL)
_KEYS = re.compile(rb"\x1b\[200~.*?\x1b\[201~|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|.", re.DOTALL)


class Screen:
    """What the program shows and where its turn is; owned by the one loop below."""

    def __init__(self, *, reports: bool, pace: float) -> None:
        self.reports = reports
        self.pace = pace
        self.said: list[str] = []
        self.box = ""
        self.asks = False
        self.is_allowed = False
        self.until: float | None = None

    def tell(self, state: str, message: str = "") -> None:
        """Report a status; nothing without ``--report``."""
        if self.reports:
            more = f":msg={base64.b64encode(message.encode()).decode()}" if message else ""
            os.write(1, f"\x1b]7501;state={state}:app=demo{more}\x1b\\".encode())

    def draw(self) -> None:
        """Draw the whole screen."""
        columns = shutil.get_terminal_size().columns
        lines = ["\x1b[1mDemo\x1b[0m \x1b[2mscripted: no key, no model, no network\x1b[0m", "", *self.said[-12:], ""]
        if self.asks:
            lines += ["─" * columns, "Run this command?", f"  $ {COMMAND}", f"  {WHY}", ""]
            lines += [f"{'❯' if n == 1 else ' '} {n}. {words}" for n, words in enumerate(OPTIONS, start=1)]
            lines += ["", "\x1b[2mEnter confirms, Esc denies\x1b[0m"]
        else:
            lines += ["✻ Working… (Esc interrupts)", ""] if self.until is not None else []
            lines += ["─" * columns, f"❯ {self.box}"]
        os.write(1, b"\x1b[H\x1b[2J" + "\r\n".join(lines).encode())

    def work(self) -> None:
        """Begin to work, for a moment."""
        self.until = time.monotonic() + WORK_S * self.pace
        self.tell("working")

    def worked(self) -> None:
        """Go on behind what was worked at: ask first, then be done."""
        self.until = None
        if self.is_allowed:
            self.is_allowed = False
            self.said += ["● Ran 14 tests, all passed.", "● Done: nothing else is to do."]
            self.tell("done")
            return
        self.asks = True
        self.said.append("● I know where it comes from. The tests first.")
        self.tell("blocked:kind=permission", COMMAND)

    def press(self, key: bytes) -> None:
        """Take one key, or one paste."""
        pasted = _PASTE.fullmatch(key)
        if pasted is not None:
            self.box += pasted[1].decode(errors="replace").replace("\n", " ")
        elif self.asks:
            self.choose(key)
        elif key == b"\x1b" and self.until is not None:
            self.rest("● Interrupted.")
        elif key == b"\r" and self.box:
            self.said += [f"\x1b[2m> {self.box}\x1b[0m", "● Reading the code…"]
            self.box = ""
            self.work()
        elif key == b"\x7f":
            self.box = self.box[:-1]
        elif key.isascii() and key.decode().isprintable():
            self.box += key.decode()

    def choose(self, key: bytes) -> None:
        """Answer what it asks."""
        if key in (b"1", b"2", b"\r"):
            self.asks, self.is_allowed = False, True
            self.said.append(f"● $ {COMMAND}")
            self.work()
        elif key in (b"3", b"\x1b"):
            self.asks = False
            self.rest("● Denied. What shall I do instead?")

    def rest(self, words: str) -> None:
        """End the turn with ``words``."""
        self.until = None
        self.said.append(words)
        self.tell("idle")


def main() -> None:
    """Draw and take keys until the terminal goes."""
    tty.setraw(0, termios.TCSANOW)
    screen = Screen(reports="--report" in sys.argv, pace=float(os.environ.get("QUARTERDECK_DEMO_PACE", "1")))
    os.write(1, b"\x1b[?2004h")
    screen.tell("idle")
    signal.signal(signal.SIGWINCH, lambda *_: screen.draw())
    while True:
        screen.draw()
        left = None if screen.until is None else max(0.0, screen.until - time.monotonic())
        if select.select([0], [], [], left)[0]:
            data = os.read(0, 65536)
            if not data:
                return
            while data.startswith(b"\x1b[200~") and b"\x1b[201~" not in data:
                data += os.read(0, 65536)
            for key in _KEYS.findall(data):
                screen.press(key)
        elif screen.until is not None:
            screen.worked()


if __name__ == "__main__":
    main()

"""A program with a screen of its own: an input box, a line while it works, an approval; its faults are arguments.

``ask CMD`` asks, ``work`` works until Esc, ``print FILE`` prints a file as it is, anything else is worked on for a
moment. ``--report`` tells its status by OSC 7501 once its query was answered, ``--deaf`` loses the first paste,
``--mute`` never takes an Enter.
"""

from __future__ import annotations

import os
import re
import select
import sys
import tempfile
import termios
import time
import tty
from pathlib import Path
from typing import Any

from agents.status import program

QUERIES = b"\x1b]7501;?\x1b\\\x1b[c\x1b[6n\x1b]11;?\x1b\\\x1b[?2004$p\x1b[>q\x1b[?u"
_KEYS = re.compile(
    rb"\x1b\[200~.*?\x1b\[201~|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP.*?\x1b\\|\x1b\[[0-?]*[ -/]*[@-~]|.", re.DOTALL
)

RULES = r"""
[[screen]]
name = "asks"
all = ['^Run this\?']
box = false
turn = "blocked"
blocked = "permission"
priority = 50

[[screen]]
name = "works"
all = ['^\* working']
turn = "working"
priority = 40

[[screen]]
name = "rests"
all = ['^>']
box = true
turn = "idle"
priority = 10

[keys]
submit = "\r"
interrupt = "\u001b"

[box]
first = '^>(?: (?P<text>.*))?$'
more = '^  (?P<text>.*)$'
above = '^-{10}'
pasted = '\[pasted \d+'

[[dialog]]
begin = '^Run this\?'
row = '^ (?P<n>\d)\. (?P<name>.*)$'
command = '^  \$ (?P<command>.*)$'

[[dialog.option]]
pattern = '^Yes$'
kind = "allow_once"
keys = "{n}"

[[dialog.option]]
pattern = '^Always$'
kind = "allow_always"
keys = "{n}"

[[dialog.option]]
pattern = '^No$'
kind = "reject_once"
keys = "{n}"
"""


def rules() -> dict[str, Any]:
    """Return the rules as a kind gets them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "boxed.toml").write_text(RULES)
        found = program.load([Path(folder)])
    assert not found.problems
    return found.tables["boxed"]


class Program:
    """The state of the program and its drawing."""

    def __init__(self, options: set[str]) -> None:
        self.options = options
        self.box = ""
        self.asked = ""
        self.said: list[str] = []
        self.until = 0.0  # works until then
        self.reports = False
        self.pending = b""
        self.lost_one = False

    def write(self, data: bytes) -> None:
        os.write(1, data)

    def draw(self) -> None:
        lines = list(self.said[-10:])
        if self.until:
            lines.append("* working")
        if self.asked:
            lines += ["Run this?", f"  $ {self.asked}", " 1. Yes", " 2. Always", " 3. No"]
        else:
            shown = f"[pasted {len(self.box)} characters]" if len(self.box) > 400 else self.box
            lines += ["-" * 20, *(("> " if n == 0 else "  ") + part for n, part in enumerate(shown.split("\n")))]
        self.write(b"\x1b[H\x1b[2J" + "\r\n".join(lines).encode())

    def state(self, what: str) -> None:
        if self.reports:
            self.write(f"\x1b]7501;state={what}:app=boxed\x1b\\".encode())

    def feed(self, data: bytes) -> None:
        self.pending += data
        if self.pending.startswith(b"\x1b[200~") and b"\x1b[201~" not in self.pending:
            return
        keys, self.pending = _KEYS.findall(self.pending), b""
        for key in keys:
            self.key(key)
        self.draw()

    def key(self, key: bytes) -> None:
        if key.startswith(b"\x1b[200~"):
            if "--deaf" in self.options and not self.lost_one:
                self.lost_one = True
                return
            self.box += key[6:-6].decode()
        elif key == b"\x1b]7501;?\x1b\\":
            self.reports = "--report" in self.options
            self.said.append("answer 7501")
            self.state("idle")
        elif key.startswith((b"\x1b[", b"\x1b]", b"\x1bP")):
            self.said.append("answer " + repr(key)[2:-1])
        elif key == b"\x1b":
            self.until, self.asked = 0.0, ""
            self.state("idle")
        elif self.asked:
            self.chosen(key)
        elif key == b"\r":
            self.enter()
        elif key.isascii() and key.decode().isprintable():
            self.box += key.decode()

    def chosen(self, key: bytes) -> None:
        words = {b"1": "allowed", b"2": "always", b"3": "denied"}.get(key)
        if words is not None:
            self.said.append(f"{words}: {self.asked}")
            self.asked = ""
            self.work(0.3)

    def work(self, seconds: float) -> None:
        self.until = time.monotonic() + seconds
        self.state("working")

    def enter(self) -> None:
        if "--mute" in self.options:
            return
        text, self.box = self.box, ""
        self.said.append(f"you: {text[:60]} ({len(text)})")
        verb, _, rest = text.partition(" ")
        if verb == "ask":
            self.asked = rest
            self.state("blocked:kind=permission")
        elif verb == "work":
            self.work(1e9)
        elif verb == "print":
            self.write(Path(rest).read_bytes())
        elif verb == "quit":
            sys.exit(0)
        else:
            self.work(0.3)

    def run(self) -> None:
        tty.setraw(0, termios.TCSANOW)
        self.write(b"\x1b[?2004h" + QUERIES)
        self.draw()
        while True:
            wait = None if not self.until else max(0.0, self.until - time.monotonic())
            if select.select([0], [], [], wait)[0]:
                data = os.read(0, 65536)
                if not data:
                    return
                self.feed(data)
            elif self.until:
                self.until = 0.0
                self.state("done")
                self.draw()


if __name__ == "__main__":
    Program(set(sys.argv[1:])).run()

"""Plays a recording of a terminal for ever, at the speed at which it was made: ``player.py FILE [once]``.

Standard library only, as the programs it stands for: it is one of a hundred. What is typed is swallowed; between two
rounds the terminal is reset, as a program does that begins.
"""

import json
import os
import sys
import threading
import time
import tty
from pathlib import Path

#: The longest pause that is kept: a program that waits costs nothing.
PAUSE_S = 2.0


def swallow() -> None:
    """Read what is typed: answers of the terminal."""
    while os.read(0, 4096):
        pass


def play(events: list[tuple[float, bytes]]) -> None:
    """Write one round."""
    before = events[0][0]
    for at, data in events:
        time.sleep(min(at - before, PAUSE_S))
        before = at
        os.write(1, data)


def main(file: str, *, once: bool) -> None:
    """Play ``file``."""
    with Path(file).open(encoding="utf-8") as lines:
        recorded = [json.loads(line) for line in lines][1:]
    events = [(at, text.encode("utf-8", "surrogateescape")) for at, code, text in recorded if code == "o"]
    tty.setraw(0)
    threading.Thread(target=swallow, daemon=True).start()
    play(events)
    while not once:
        os.write(1, b"\x1bc")
        play(events)
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], once="once" in sys.argv[2:])

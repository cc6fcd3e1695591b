"""A terminal in a real window on a real display: keys of the X server, dead keys, and what the middle button pastes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

pytestmark = pytest.mark.display

ROOT = Path(__file__).parents[4]


def start(stack: ExitStack, argv: list[str], **more: object) -> None:
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)  # type: ignore[call-overload]  # noqa: TID251

    def end() -> None:
        process.terminate()
        process.wait(timeout=90)

    stack.callback(end)


def wait_until(fact: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 90
    while not fact():
        assert time.monotonic() < deadline, f"this never came: {what}"
        time.sleep(0.05)


class Seat:
    """Somebody before a screen with one terminal on it."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder = folder
        self.env = env

    def xdotool(self, *argv: str) -> str:
        done = subprocess.run(["xdotool", *argv], env=self.env, capture_output=True, text=True, check=False, timeout=90)
        return done.stdout.strip()

    def holds(self, name: str) -> bytes:
        path = self.folder / name
        return path.read_bytes() if path.exists() else b""

    def at(self, number: int) -> tuple[str, str]:
        numbers = (self.folder / "place").read_text().split()
        return numbers[number * 2], numbers[number * 2 + 1]


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    with ExitStack() as stack:
        told, tell = os.pipe()
        argv = ["Xvfb", "-displayfd", str(tell), "-screen", "0", "1000x700x24", "-nolisten", "tcp"]
        start(stack, argv, pass_fds=(tell,))
        os.close(tell)
        with os.fdopen(told) as answer:
            env = {**os.environ, "DISPLAY": f":{answer.readline().strip()}", "QT_QPA_PLATFORM": "xcb"}
        env |= {"LC_ALL": "en_US.UTF-8", "LANG": "en_US.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        env.pop("WAYLAND_DISPLAY", None)
        start(stack, ["openbox"], env=env)
        start(stack, [sys.executable, "-m", "tests.fakes.seat_window", str(tmp_path)], env=env, cwd=ROOT)
        made = Seat(tmp_path, env)
        wait_until(lambda: made.xdotool("search", "--onlyvisible", "--name", "^seat$"), "a window")
        window = made.xdotool("search", "--onlyvisible", "--name", "^seat$").split()[0]
        made.xdotool("windowactivate", "--sync", window)
        # Keys before the window has the keyboard go nowhere.
        wait_until(lambda: made.xdotool("key", "a") or b"a" in made.holds("typed"), "the first key")
        yield made


def test_keys_selection_and_links_on_a_display(seat: Seat) -> None:
    before = len(seat.holds("typed"))
    seat.xdotool("type", "--delay", "20", "ls -l ~")
    seat.xdotool("key", "ctrl+c", "key", "Tab", "key", "alt+x", "key", "Up", "key", "shift+Tab")
    expected = b"ls -l ~\x03\t\x1bx\x1b[A\x1b[Z"
    wait_until(lambda: len(seat.holds("typed")) >= before + len(expected), "all keys")
    assert seat.holds("typed")[before:] == expected

    first, last, link = seat.at(0), seat.at(1), seat.at(2)
    seat.xdotool("mousemove", *first, "mousedown", "1", "mousemove", *last, "mousemove", *last, "mouseup", "1")
    seat.xdotool("click", "2")
    wait_until(lambda: seat.holds("pasted"), "the middle button")
    assert seat.holds("pasted") in {b"chose", b"chosen"}

    seat.xdotool("mousemove", *link, "keydown", "ctrl", "click", "1", "keyup", "ctrl")
    wait_until(lambda: seat.holds("opened"), "a link")
    assert seat.holds("opened") == b"https://example.org/page"
    assert seat.holds("typed")[before:] == expected


def test_dead_keys_compose(seat: Seat) -> None:
    before = len(seat.holds("typed"))
    seat.xdotool("key", "dead_acute", "key", "e", "key", "z")
    wait_until(lambda: seat.holds("typed").endswith(b"z"), "the key behind")
    assert seat.holds("typed")[before:] == "éz".encode()

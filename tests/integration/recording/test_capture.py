"""Recording programs on a real pty: every byte both ways, answers as the daemon gives them, nothing left behind."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.recording import cast
from agents.recording.answering import Answering
from agents.recording.capture import Capture, NotRecorded, NotSeen, Program
from agents.vt.screen import Snapshot

ENV = {"PATH": "/usr/bin:/bin", "TERM": "xterm", "PS1": "ready> "}


class Reel:
    """A recording in memory, and what it holds once it is written."""

    def __init__(self, tmp_path: Path) -> None:
        self._path = tmp_path / "it.cast"
        self._lines: list[str] = []
        self.writer = cast.Writer(self._lines.append, cast.Header(80, 24, "sh"))

    def read(self) -> cast.Cast:
        self._path.write_text("".join(self._lines))
        return cast.read(self._path)

    def bytes(self, code: str) -> bytes:
        return b"".join(event.data for event in self.read().events if event.code == code)


@pytest.fixture
def reel(tmp_path: Path) -> Reel:
    return Reel(tmp_path)


def sh(tmp_path: Path, script: str) -> Program:
    return Program(("sh", "-c", script), tmp_path, ENV)


def shows(text: str) -> Callable[[Snapshot], bool]:
    return lambda seen: any(text in line for line in seen.lines)


async def test_keys_output_size_and_exit_are_recorded_in_order(reel: Reel, tmp_path: Path) -> None:
    async with Capture.run(Program(("sh",), tmp_path, ENV), reel.writer, Answering(24, 80)) as capture:
        await capture.until(shows("ready>"))
        capture.resize(30, 100)
        capture.type("stty size; exit 3\r")
        await capture.until(shows("30 100"))
        assert await capture.wait() == 3
        reel.writer.exited(capture.now, 3)
    events = reel.read().events
    assert [event.code for event in events if event.code in "irx"] == ["r", "i", "x"]
    assert next(event for event in events if event.code == "r").data == b"100x30"
    assert [event.t for event in events] == sorted(event.t for event in events)


async def test_its_terminal_is_the_controlling_one_and_a_key_interrupts(reel: Reel, tmp_path: Path) -> None:
    program = sh(tmp_path, "trap 'echo stopped; exit 7' INT; echo begun > /dev/tty; while :; do sleep 0.05; done")
    async with Capture.run(program, reel.writer, Answering(24, 80)) as capture:
        await capture.until(shows("begun"))
        capture.type("\x03")
        await capture.until(shows("stopped"))
        assert await capture.wait() == 7


@pytest.mark.parametrize(
    ("unanswered", "answer"), [((), b"\x1b]7501;?\x1b\\\x1b[?62;22c"), (("osc7501",), b"\x1b[?62;22c")]
)
async def test_questions_are_answered_save_those_that_shall_not_be(
    reel: Reel, tmp_path: Path, unanswered: tuple[str, ...], answer: bytes
) -> None:
    shown = b""

    def show(data: bytes) -> None:
        nonlocal shown
        shown += data

    count = f"head -c {len(answer)} > /dev/null"
    ask = sh(tmp_path, rf"stty raw -echo; printf 'asking\033]7501;?\033\\\033[c'; {count}; printf 'over'")
    async with Capture.run(ask, reel.writer, Answering(24, 80, unanswered), show) as capture:
        await capture.until(shows("over"))
    assert reel.bytes("i") == answer
    assert b"\x1b[c" in reel.bytes("o")
    assert b"asking" in shown
    assert b"\x1b]7501;?\x1b\\\x1b[c" not in shown


async def test_a_recording_is_what_an_adapter_would_be_fed(reel: Reel, tmp_path: Path) -> None:
    odd = "\\303\\050 \\377 \\342\\234\\263"
    async with Capture.run(sh(tmp_path, f"printf '{odd}'"), reel.writer, Answering(24, 80)) as capture:
        assert await capture.wait() == 0
    assert reel.bytes("o") == b"\xc3\x28 \xff \xe2\x9c\xb3"


async def test_what_never_comes_is_told_with_the_screen(reel: Reel, tmp_path: Path) -> None:
    async with Capture.run(sh(tmp_path, "echo here; cat"), reel.writer, Answering(24, 80)) as capture:
        await capture.until(shows("here"))
        with pytest.raises(NotSeen, match="here"):
            await capture.until(shows("there"), within=0.1)
        capture.type("\x04")
        with pytest.raises(NotSeen, match="the program ended"):
            await capture.until(shows("there"))


async def test_a_long_paste_is_taken_whole_by_a_program_that_reads_slowly(reel: Reel, tmp_path: Path) -> None:
    text = "".join(f"{number:07}\n" for number in range(8000))
    script = f"stty raw -echo; echo ready; head -c {len(text)} | cksum"
    async with Capture.run(sh(tmp_path, script), reel.writer, Answering(24, 80)) as capture:
        await capture.until(shows("ready"))
        capture.type(text)
        assert await capture.wait() == 0
    assert reel.bytes("i") == text.encode()


async def test_leaving_ends_a_program_that_would_stay(reel: Reel, tmp_path: Path) -> None:
    async with Capture.run(
        sh(tmp_path, "trap '' HUP; echo up; exec sleep 1000"), reel.writer, Answering(24, 80)
    ) as capture:
        await capture.until(shows("up"))
        pid = capture.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_program_that_is_not_there_is_named(reel: Reel, tmp_path: Path) -> None:
    with pytest.raises(NotRecorded, match="no-such-program was not found"):
        async with Capture.run(Program(("no-such-program",), tmp_path, ENV), reel.writer, Answering(24, 80)):
            pass
    gone = tmp_path / "gone"
    with pytest.raises(NotRecorded, match="is no directory"):
        async with Capture.run(Program(("sh",), gone, ENV), reel.writer, Answering(24, 80)):
            pass


def test_a_question_nobody_asks_cannot_be_left_unanswered() -> None:
    with pytest.raises(ValueError, match="osc7501"):
        Answering(24, 80, ("osc9",))

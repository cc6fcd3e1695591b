"""Recording by hand, in a real terminal: the user sits at the program, and the terminal is as it was afterwards."""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import pytest

from agents.recording import cast, protocol
from agents.recording.answering import Answering
from agents.recording.capture import Capture, Program
from agents.vt.screen import Snapshot
from tests.integration.cli.conftest import PROGRAM, Deck, wait_until


class Nothing:
    """A recording of the terminal around the recorder, which nobody needs."""

    def output(self, t: float, data: bytes) -> None: ...
    def input(self, t: float, data: bytes) -> None: ...
    def resize(self, t: float, rows: int, cols: int) -> None: ...


def shows(text: str) -> Callable[[Snapshot], bool]:
    return lambda seen: any(text in line for line in seen.lines)


def at_a_shell(deck: Deck, env: Mapping[str, str]) -> Program:
    """Return a shell in a terminal, from which the recorder is started: its terminal must be usable afterwards."""
    return Program(("sh",), deck.root / "project", {**deck.env, "TERM": "xterm-256color", "PS1": "$ ", **env})


async def test_a_program_is_recorded_as_the_user_sat_at_it(deck: Deck) -> None:
    folder = deck.root / "project"
    async with Capture.run(at_a_shell(deck, {}), Nothing(), Answering(30, 100)) as user:
        await user.until(shows("$"))
        script = "stty size; echo ready; read line; stty size; printf '\\033[?2004h\\033[?1049h'; exit 5"
        user.type(" ".join((*PROGRAM, "record", "it", "--kind", "shell", "--", f'sh -c "{script}"')) + "\r")
        await user.until(shows("30 100"))
        user.resize(25, 90)
        user.type("typed\r")
        await user.until(shows("recorded it.cast"))
        user.type("echo code $?; stty -a | grep -o ' icanon'\r")
        await user.until(shows("code 5"))
        await user.until(shows(" icanon"))
        assert not user.modes.bracketed
        assert not user.modes.alternate
    path = folder / "it.cast"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    made = cast.read(path)
    assert (made.header.width, made.header.height, made.header.kind) == (100, 30, "shell")
    out = b"".join(event.data for event in made.events if event.code == "o")
    assert out.index(b"30 100") < out.index(b"ready") < out.index(b"25 90")
    codes = [event.code for event in made.events if event.code in "rx"]
    assert codes == ["r", "x"]
    assert b"typed\r" in b"".join(event.data for event in made.events if event.code == "i")


async def test_a_terminal_that_knows_no_size_is_taken_as_the_usual_one(deck: Deck) -> None:
    async with Capture.run(at_a_shell(deck, {}), Nothing(), Answering(30, 100)) as user:
        await user.until(shows("$"))
        user.type("stty rows 0 cols 0; " + " ".join((*PROGRAM, "record", "it", "--", "stty size")) + "\r")
        await user.until(shows("24 80"))
        await user.until(shows("recorded it.cast"))
    header = cast.read(deck.root / "project" / "it.cast").header
    assert (header.height, header.width) == (24, 80)


async def test_a_signal_from_outside_puts_the_terminal_back_and_keeps_what_there_is(deck: Deck) -> None:
    async with Capture.run(at_a_shell(deck, {}), Nothing(), Answering(30, 100)) as user:
        await user.until(shows("$"))
        user.type(" ".join((*PROGRAM, "record", "it", "--", "sh -c 'echo pid=$PPID=; exec sleep 1000'")) + "\r")
        await user.until(lambda seen: any("pid=" in line and "sh -c" not in line for line in seen.lines))
        seen = user.snapshot()
        assert seen is not None
        said = next(line for line in seen.lines if "pid=" in line and "sh -c" not in line)
        os.kill(int(said.split("=")[1]), signal.SIGTERM)
        await user.until(shows("recorded it.cast"))
        user.type("echo code $?; stty -a | grep -o ' icanon'\r")
        await user.until(shows("code 143"))
        await user.until(shows(" icanon"))
    assert b"pid=" in b"".join(event.data for event in cast.read(deck.root / "project" / "it.cast").events)


async def test_a_terminal_that_is_closed_ends_the_program_and_keeps_what_there_is(deck: Deck) -> None:
    folder = deck.root / "project"
    async with Capture.run(at_a_shell(deck, {}), Nothing(), Answering(30, 100)) as user:
        await user.until(shows("$"))
        script = "trap '' HUP; echo $$ > pid; echo up-$((40+2)); exec sleep 1000"
        user.type(" ".join((*PROGRAM, "record", "it", "--", f'sh -c "{script}"')).replace("$", "\\$") + "\r")
        await user.until(shows("up-42"))
        pid = int((folder / "pid").read_text())
    wait_until(lambda: not psutil.pid_exists(pid))
    # The program is gone before the recorder has written what it holds.
    wait_until(lambda: (folder / "it.cast").stat().st_size > 0)
    wait_until(lambda: b"up-42" in b"".join(event.data for event in cast.read(folder / "it.cast").events))


def test_a_protocol_is_recorded_between_its_two_ends(deck: Deck) -> None:
    ran = deck("record", "talk", "--pipes", "--", "sh", "-c", "read a; echo got $a; echo bad >&2; exit 3", input="hi\n")
    assert (ran.returncode, ran.stdout) == (3, "got hi\n")
    assert "bad" in ran.stderr
    events = protocol.read(deck.root / "project" / "talk.jsonl")
    assert {event.stream.value for event in events} == {"in", "out", "err", "ctl"}
    assert json.loads(events[-1].data)["code"] == 3


def test_a_program_that_reads_nothing_ends_the_recording_all_the_same(deck: Deck) -> None:
    with deck.start("record", "talk", "--pipes", "--", "echo", "over") as held:  # its stdin stays open
        assert held.stdout is not None
        assert held.stdout.read() == "over\n"
        assert held.wait(60) == 0


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        (("record", "it"), 2, "say what to record"),
        (("record", "it", "--", "true"), 1, "needs a terminal"),
        (("record", "it", "--pipes", "--", "no-such-program"), 1, "no-such-program was not found"),
        (("record", "it", "--kind", "shel", "--", "true"), 2, "did you mean shell"),
        (("record", "there", "--pipes", "--", "true"), 1, "there.jsonl is there already"),
        (("record", "no/folder", "--pipes", "--", "true"), 1, "no/folder.jsonl cannot be written"),
    ],
)
def test_what_cannot_be_recorded_is_said_with_the_next_step(
    deck: Deck, argv: tuple[str, ...], code: int, told: str
) -> None:
    folder: Path = deck.root / "project"
    (folder / "there.jsonl").write_text("mine")
    ran = deck(*argv)
    assert (ran.returncode, told in ran.stderr) == (code, True), ran.stderr
    assert (folder / "there.jsonl").read_text() == "mine"
    assert not (folder / "it.jsonl").exists()

"""Recording real programs on pipes: what is said and told, in order and exact, and how it ended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.model import Stream
from agents.recording import protocol
from agents.recording.capture import NotRecorded, NotSeen, Program
from agents.recording.piped import Piped

ENV = {"PATH": "/usr/bin:/bin"}


def sh(tmp_path: Path, script: str) -> Program:
    return Program(("sh", "-c", script), tmp_path, ENV)


async def test_both_ways_and_the_end_are_recorded(tmp_path: Path) -> None:
    lines: list[str] = []
    path = tmp_path / "it.jsonl"
    script = "echo ready; read line; echo \"got $line\"; echo bad >&2; printf '\\377'; exit 4"
    async with Piped.run(sh(tmp_path, script), protocol.Writer(lines.append)) as piped:
        assert (await piped.until(lambda line: line == b"ready"))[0] == 0
        await piped.write(b"this\n")
        number, at = await piped.until(lambda line: line.startswith(b"got"), since=1)
        assert piped.lines[number] == b"got this"
        assert 0 < at <= piped.now
        assert await piped.wait() == 4
    path.write_text("".join(lines))
    events = protocol.read(path)
    said = {stream: b"".join(event.data for event in events if event.stream is stream) for stream in Stream}
    assert said[Stream.OUT] == b"ready\ngot this\n\xff"
    assert said[Stream.ERR] == b"bad\n"
    assert said[Stream.IN] == b"this\n"
    assert json.loads(events[-1].data) == {"ev": "exit", "code": 4, "signal": None}


async def test_what_is_never_said_is_told_with_the_last_words(tmp_path: Path) -> None:
    async with Piped.run(sh(tmp_path, "echo here; cat"), protocol.Writer([].append)) as piped:
        with pytest.raises(NotSeen, match="here"):
            await piped.until(lambda line: line == b"there", within=0.2)
        piped.close_input()
        with pytest.raises(NotSeen, match="the program ended"):
            await piped.until(lambda line: line == b"there")
        assert await piped.wait() == 0


async def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotRecorded, match="no-such-program was not found"):
        async with Piped.run(Program(("no-such-program",), tmp_path, ENV), protocol.Writer([].append)):
            pass

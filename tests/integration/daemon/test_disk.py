"""A full disk: what must be durable is refused with a sentence, everything else waits, and nothing is lost."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents import wire
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Health, Stream


@pytest.fixture
def cramped(home: Any) -> Iterator[Any]:
    """Yield a daemon whose state lies on a disk of its own."""
    if os.getuid() != 0:
        pytest.skip("mounting a small disk needs root")
    state = home.places.state
    state.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "none", str(state)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no tmpfs here: {mounted.stderr.decode()}")
    try:
        home.start()
        yield home
    finally:
        home.close()
        subprocess.run(["umount", "-l", str(state)], check=True)


def fill(home: Any) -> Path:
    filler: Path = home.places.state / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 65536)
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x")
    return filler


def test_a_full_disk_stops_nothing_for_good(cramped: Any) -> None:
    talker = cramped.play([{"do": "say", "text": "hi"}], name="talker").id
    cramped.wait(talker, "done")
    gate = cramped.path / "gate"
    script = f"while ! test -e {gate}; do sleep 0.01; done; for i in $(seq 50000); do echo line $i; done; sleep 600"
    writer = cramped.run("shell", "bash", "-c", script, name="writer").id
    filler = fill(cramped)

    with pytest.raises(RpcError) as caught:
        cramped.call("agent.send", wire.Send(talker, "x" * 100_000))
    assert caught.value.code is ErrorCode.NOT_POSSIBLE
    assert "disk" in caught.value.message
    assert cramped.row(talker).queue == ()
    with pytest.raises(RpcError) as caught:
        cramped.run("shell", "true", name="third")
    assert "nothing was started" in caught.value.message
    cramped.open_gate()
    assert (
        cramped.until(writer, lambda row: row.health is Health.DISK_FULL).headline
        == f"parked: {os.strerror(errno.ENOSPC)}"
    )
    cramped.call("agent.annotate", wire.Annotate(talker, note="kept in memory " * 1000))

    filler.unlink()
    expected = "".join(f"line {i}\n" for i in range(1, 50001)).encode()
    row = cramped.until(writer, lambda row: row.out_size == len(expected) and row.health is Health.OK)
    assert cramped.raw(writer, Stream.OUT) == expected
    assert row.pid is not None
    sent = cramped.call("agent.send", wire.Send(talker, "again"))
    assert cramped.wait(talker, "done", turn=sent.turn).reached == "done"
    cramped.settle(lambda: any(r["t"] == "annotated" for r in cramped.journal(talker)))
    cramped.kill()
    cramped.start()
    assert cramped.row(talker).note.startswith("kept in memory")

"""Who may drive a keeper: the right secret, one at a time, and nonsense costs only the connection."""

from __future__ import annotations

import asyncio
import socket

import pytest

from agents.runtime.link import HEADER
from agents.runtime.places import Places
from tests.integration.runtime.conftest import Kept


async def test_a_wrong_secret_is_refused_and_changes_nothing(kept: Kept) -> None:
    link, ear = await kept.run("cat")
    with pytest.raises((EOFError, ConnectionError)):
        await kept.attach(secret="0" * 64)
    link.write("w", b"mine")
    link.close_stdin()
    assert (await ear.exit()).exit_code == 0
    assert kept.out == b"mine"
    assert not ear.lost


@pytest.mark.parametrize(
    "nonsense",
    [
        HEADER.pack(2, ord("W")) + b"\x00\x00",  # no hello first
        HEADER.pack(3, ord("H")) + b"{}}",
        HEADER.pack(4, ord("H")) + b"null",
        HEADER.pack(2, ord("H")) + b"\xff\xfe",
        HEADER.pack(1 << 31, ord("H")),
    ],
)
async def test_a_stranger_who_speaks_nonsense_is_dropped(kept: Kept, nonsense: bytes) -> None:
    _, ear = await kept.run("cat")
    stranger = socket.socket(socket.AF_UNIX)
    stranger.settimeout(60)
    stranger.connect(str(kept.socket))
    stranger.sendall(nonsense)
    assert await asyncio.to_thread(_drained, stranger)
    stranger.close()
    assert not ear.lost


def _drained(stranger: socket.socket) -> bool:
    try:
        return stranger.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("R", b"[]"),
        ("R", b'{"rows":1}'),
        ("R", b'{"rows":-1,"cols":1e99}'),
        ("S", b"{}"),
        ("T", b"x"),
        ("W", b"\x00"),
        ("W", b"\x01\x00\xff"),
    ],
)
async def test_a_client_that_speaks_nonsense_is_dropped_and_the_agent_goes_on(
    kept: Kept, kind: str, payload: bytes
) -> None:
    link, ear = await kept.run("cat", pty=kind == "R")
    transport = link._transport
    assert transport is not None
    transport.write(HEADER.pack(len(payload), ord(kind)) + payload)
    await ear.until(lambda: ear.lost)
    link, ear = await kept.attach()
    assert link.welcome.state in {"starting", "running"}
    link.stop(("kill",))
    await ear.exit()


async def test_unknown_frames_are_ignored(kept: Kept) -> None:
    link, ear = await kept.run("cat")
    transport = link._transport
    assert transport is not None
    transport.write(HEADER.pack(5, ord("Z")) + b"later")
    link.write("w", b"x")
    await ear.until(lambda: ("w", "written", "") in ear.acks)


async def test_a_second_client_replaces_the_first(kept: Kept) -> None:
    _, first = await kept.run("cat")
    link, second = await kept.attach()
    await first.until(lambda: first.lost)
    link.write("w", b"x")
    await second.until(lambda: ("w", "written", "") in second.acks)
    assert first.acks == []


async def test_silent_strangers_do_not_keep_the_client_out(kept: Kept) -> None:
    await kept.spawn("cat")
    strangers = [socket.socket(socket.AF_UNIX) for _ in range(100)]
    for stranger in strangers:
        stranger.connect(str(kept.socket))
    link, ear = await kept.attach()
    link.write("w", b"x")
    await ear.until(lambda: ("w", "written", "") in ear.acks)
    for stranger in strangers:
        stranger.close()


async def test_ten_keepers_are_adopted_at_once(places: Places, kept: Kept) -> None:
    fleet = [Kept(places, kept.program, f"b{number}") for number in range(10)]
    try:
        await asyncio.gather(
            *(agent.spawn("bash", "-c", f"echo {n}; read x; exit {n}") for n, agent in enumerate(fleet))
        )
        held = await asyncio.gather(*(agent.attach() for agent in fleet))
        for link, _ in held:
            link.write("go", b"\n")
        states = await asyncio.gather(*(ear.exit() for _, ear in held))
        assert [state.exit_code for state in states] == list(range(10))
        assert [agent.out for agent in fleet] == [b"%d\n" % number for number in range(10)]
    finally:
        for agent in fleet:
            agent.end()


async def test_a_client_that_does_not_listen_for_a_while_is_kept_and_hears_the_end(kept: Kept) -> None:
    """The daemon leaves unread what nobody waits for: neither the agent nor the connection may suffer."""
    code = "import time\nfor n in range(400): print(n, flush=True); time.sleep(0.011)"
    link, ear = await kept.python(code)
    await ear.until(lambda: ear.next_seq > 1)
    link.pause()
    heard = ear.next_seq
    # More pokes than the socket holds: the keeper keeps the rest to itself.
    await ear.until(lambda: kept.state().finished)
    assert (ear.next_seq, ear.exits, ear.lost) == (heard, [], False)
    assert kept.out.split() == [b"%d" % number for number in range(400)]
    link.resume()
    state = await ear.exit()
    assert (state.exit_code, ear.next_seq, ear.lost) == (0, len(kept.marks()), False)


async def test_a_client_that_does_not_listen_still_has_its_writes_done(kept: Kept) -> None:
    link, ear = await kept.run("cat")
    await ear.until(lambda: kept.events("start"))
    link.pause()
    link.write("w1", b"over here\n")
    await ear.until(lambda: kept.out == b"over here\n")
    assert ear.acks == []
    link.resume()
    await ear.until(lambda: [status for _, status, _ in ear.acks] == ["accepted", "written"])

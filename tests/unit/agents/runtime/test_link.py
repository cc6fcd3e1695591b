"""The link cuts frames wherever the bytes break, and tells each fact once, in order."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any

import pytest

from agents.runtime import link as module
from agents.runtime.directory import KeeperState
from agents.runtime.link import HEADER, MAX_FRAME, KeeperLink, KeeperSpokeNonsense

WELCOME = {"v": 1, "pid": 5, "child": 6, "state": "running", "incarnation": 2, "seq": 3, "later": "ignored"}
EXIT = {"v": 1, "pid": 5, "start": 1, "incarnation": 2, "state": "exited", "exit_code": 7}


def frame(kind: str, body: Any) -> bytes:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HEADER.pack(len(payload), ord(kind)) + payload


def poke(seq: int) -> bytes:
    return frame("p", struct.pack("<Q", seq))


class Ear:
    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def on_marks(self, next_seq: int) -> None:
        self.heard.append(("marks", next_seq))

    def on_ack(self, ident: str, status: str, reason: str) -> None:
        self.heard.append(("ack", ident, status, reason))

    def on_exit(self, state: KeeperState) -> None:
        self.heard.append(("exit", state.exit_code))

    def on_disk(self, full: bool, error: str) -> None:
        self.heard.append(("disk", full, error))

    def on_lost(self) -> None:
        self.heard.append(("lost",))


class Wire(asyncio.Transport):
    """A transport that keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.sent += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
async def link(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> KeeperLink:
    """Connect over a made-up wire; the welcome is followed by a poke in the same piece."""
    loop = asyncio.get_running_loop()

    async def connected(path: str) -> None:
        assert path == "/nowhere"

    async def connect(factory: Any, *, sock: None) -> tuple[Wire, KeeperLink]:
        wire, link = Wire(), factory()
        link.connection_made(wire)
        loop.call_soon(link.data_received, frame("h", WELCOME) + poke(3))
        return wire, link

    monkeypatch.setattr(module, "_connected", connected)
    monkeypatch.setattr(loop, "create_unix_connection", connect)
    return await KeeperLink.connect("/nowhere", "s3cret", ear)  # type: ignore[arg-type]


async def test_hello_is_said_and_what_comes_with_the_welcome_is_told_after_it(link: KeeperLink, ear: Ear) -> None:
    assert link._transport.sent == frame("H", b'{"v":1,"secret":"s3cret"}')  # type: ignore[union-attr]
    assert (link.welcome.incarnation, link.welcome.seq) == (2, 3)
    await asyncio.sleep(0)
    assert ear.heard == [("marks", 3)], "what came with the welcome is not lost"


async def test_frames_are_cut_wherever_the_bytes_break(link: KeeperLink, ear: Ear) -> None:
    await asyncio.sleep(0)
    ear.heard.clear()
    said = poke(4) + frame("a", {"id": "w", "status": "refused", "reason": "full"}) + frame("Z", b"?") + poke(5)
    said += frame("d", {"full": True, "error": "No space"}) + frame("x", EXIT)
    for byte in said:
        link.data_received(bytes([byte]))
    assert ear.heard == [
        ("marks", 4),
        ("ack", "w", "refused", "full"),
        ("marks", 5),
        ("disk", True, "No space"),
        ("exit", 7),
    ]


async def test_pokes_in_one_piece_are_one_and_come_before_the_exit(link: KeeperLink, ear: Ear) -> None:
    await asyncio.sleep(0)
    ear.heard.clear()
    link.data_received(poke(4) + poke(5) + poke(9) + frame("x", EXIT))
    assert ear.heard == [("marks", 9), ("exit", 7)]


async def test_losing_the_connection_is_told_once_and_only_when_it_was_not_ours(link: KeeperLink, ear: Ear) -> None:
    await asyncio.sleep(0)
    ear.heard.clear()
    link.connection_lost(None)
    link.connection_lost(None)
    assert ear.heard == [("lost",)]


async def test_after_closing_nothing_more_is_told(link: KeeperLink, ear: Ear) -> None:
    await asyncio.sleep(0)
    ear.heard.clear()
    link.close()
    link.data_received(poke(4))
    link.connection_lost(None)
    assert ear.heard == []
    with pytest.raises(ConnectionResetError):
        link.write("w", b"x")


async def test_a_listener_that_closes_hears_nothing_more_of_that_piece(link: KeeperLink, ear: Ear) -> None:
    await asyncio.sleep(0)
    ear.heard.clear()
    ear.on_exit = lambda state: link.bye()  # type: ignore[method-assign]
    link.data_received(frame("x", EXIT) + poke(10))
    assert ear.heard == []
    assert link._transport.sent.endswith(frame("B", b""))  # type: ignore[union-attr]


async def test_what_is_asked_is_framed(link: KeeperLink) -> None:
    wire = link._transport
    assert isinstance(wire, Wire)
    for ask, expected in (
        (lambda: link.write("ü", b"\x00data"), frame("W", b"\x02\x00\xc3\xbc\x00data")),
        (lambda: link.resize(1, 2), frame("R", b'{"rows":1,"cols":2}')),
        (lambda: link.signal(15), frame("S", b'{"signal":15}')),
        (lambda: link.stop(["kill"]), frame("T", b'{"steps":["kill"]}')),
        (link.close_stdin, frame("E", b"")),
    ):
        wire.sent = b""
        ask()
        assert wire.sent == expected


async def test_a_frame_no_keeper_sends_is_an_error(link: KeeperLink) -> None:
    with pytest.raises(KeeperSpokeNonsense):
        link.data_received(HEADER.pack(MAX_FRAME + 1, ord("p")))

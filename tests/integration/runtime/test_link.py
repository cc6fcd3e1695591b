"""The daemon's end of a keeper's connection, against a keeper that says much at once."""

from __future__ import annotations

import json
import socket
import struct
import threading
from pathlib import Path

from agents.runtime.link import HEADER, VERSION, KeeperLink
from tests.integration.runtime.conftest import Ear

POKES = 40_000  # more than one read takes: some come while the caller does not hold the link yet


def speak(listening: socket.socket) -> None:
    """Welcome one client and tell it of one mark after the other."""
    body = {"v": VERSION, "pid": 1, "child": 2, "state": "running", "incarnation": 1, "seq": 1}
    pokes = (struct.pack("<Q", number) for number in range(1, POKES + 1))
    frames = [(b"h", json.dumps(body).encode()), *((b"p", poke) for poke in pokes)]
    client, _ = listening.accept()
    with client:
        client.recv(1024)
        client.sendall(b"".join(HEADER.pack(len(body), kind[0]) + body for kind, body in frames))


async def test_what_comes_with_the_welcome_is_told_in_order(tmp_path: Path) -> None:
    heard = Ear()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        keeper = threading.Thread(target=speak, args=(listening,))
        keeper.start()
        link = await KeeperLink.connect(tmp_path / "s", "secret", heard, timeout=60)
        await heard.until(lambda: heard.lost)
        link.close()
        keeper.join()
    assert heard.next_seq == POKES

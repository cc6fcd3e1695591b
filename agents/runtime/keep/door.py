"""Who may talk to a keeper: strangers until they say hello, then one client; the newest replaces the last."""

from __future__ import annotations

import _socket as socket
import errno
import os
import select
import struct

from agents.runtime.keep.client import Client
from agents.runtime.keep.codec import decode
from agents.runtime.keep.store import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Interest = dict[int, tuple[int, Callable[[], None]]]

MAX_STRANGERS = 8
HELLO_S = 5.0
POKE_S = 0.01


class Door:
    """Owns the listening socket and all connections; frames of the client go to ``on_frame``."""

    def __init__(
        self,
        listener: socket.socket,
        secret: str,
        welcome: Callable[[], list[tuple[str, dict[str, Any]]]],
        on_frame: Callable[[str, bytes], None],
    ) -> None:
        self.listener = listener
        self.secret = secret
        self.welcome = welcome
        self.on_frame = on_frame
        self.client: Client | None = None
        self.strangers: list[Client] = []
        self.poke_at = 0.0

    def interest(self) -> Interest:
        """Return what to poll for."""
        wanted: Interest = {self.listener.fileno(): (select.POLLIN, self._accept)}
        for stranger in (s for s in self.strangers if s.fd >= 0):
            wanted[stranger.fd] = (select.POLLIN, lambda it=stranger: self._meet(it))  # type: ignore[misc]
        if self.client and self.client.fd >= 0:
            events = select.POLLIN | (select.POLLOUT if self.client.outbox else 0)
            wanted[self.client.fd] = (events, lambda it=self.client: self._serve(it))  # type: ignore[misc]
        return wanted

    def say(self, kind: str, payload: dict[str, Any]) -> None:
        """Send a frame to the client, if there is one."""
        if self.client:
            self.client.send(kind, payload)

    def drop(self) -> None:
        """Close the connection of the client."""
        if self.client:
            self.client.close()

    def tick(self, now: float, seq: int) -> float:
        """Forget closed and silent connections, poke the client; return when this is due again."""
        for stranger in [s for s in self.strangers if s.fd < 0 or now >= s.since + HELLO_S]:
            stranger.close()
            self.strangers.remove(stranger)
        if self.client and self.client.fd < 0:
            self.client = None
        hello = min((s.since + HELLO_S for s in self.strangers), default=NEVER)
        client = self.client
        if client is None or client.poked == seq or client.outbox:
            return hello
        if now < self.poke_at:
            return min(hello, self.poke_at)
        self.poke(seq)
        self.poke_at = now + POKE_S
        return hello

    def poke(self, seq: int) -> None:
        """Say that there are new marks. ``tick`` does: the first at once, then one each POKE_S, never two queued."""
        if self.client:
            self.client.send("p", struct.pack("<Q", seq))
            self.client.poked = seq

    def _accept(self) -> None:
        try:
            fd, _ = self.listener._accept()  # type: ignore[attr-defined]
        except OSError:  # the peer is gone already
            return
        self.strangers.append(Client(fd))
        if len(self.strangers) > MAX_STRANGERS:
            self.strangers.pop(0).close()

    def _meet(self, stranger: Client) -> None:
        frames = stranger.receive()
        if not frames:
            return
        (kind, payload), *rest = frames
        try:
            known = kind == "H" and decode(payload).get("secret") == self.secret
        except ValueError:
            known = False
        if not known or stranger.fd < 0:
            stranger.close()
            return
        self.strangers.remove(stranger)
        self.drop()
        self.client = stranger
        for answer in self.welcome():
            stranger.send(*answer)
        self._handle(stranger, rest)

    def _serve(self, client: Client) -> None:
        if client.outbox:
            client.flush()
        if client.fd >= 0:
            self._handle(client, client.receive())

    def _handle(self, client: Client, frames: list[tuple[str, bytes]]) -> None:
        for kind, payload in frames:
            if client.fd < 0:
                return
            try:
                self.on_frame(kind, payload)
            except (ValueError, LookupError, TypeError, struct.error, OverflowError):
                client.close()  # a client that speaks nonsense is dropped, the agent goes on


def listen(path: str) -> socket.socket:
    """Return a listening socket at ``path``; a dead keeper's socket is replaced. Raises OSError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(path)
    except OSError:
        probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            listener.bind(path)
        else:
            raise OSError(errno.EADDRINUSE, f"another keeper serves {path}") from None
        finally:
            probe.close()
    listener.listen(64)
    listener.setblocking(False)
    return listener

"""Reports one hook of an agent to the daemon: ``quarterdeck hook EVENT``, the hook's JSON on stdin.

Called by the agent's own program, often, while it waits: so it ends with 0 whatever happens, prints nothing, writes no
file and starts no daemon. It may also be run as a file. It parses nothing and imports next to nothing: ``json`` alone
takes three times as long as all of this (measured: 28 ms in place of 78 on a busy machine).
"""

from __future__ import annotations

import _socket
import os
import select
import sys
import time

TYPE_CHECKING = False  # as in typing, which takes 5 ms to import
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Where the daemon of this agent's home listens; set for every agent.
VARIABLE = "QUARTERDECK_SOCKET"

#: Seconds for all of it; an agent must not wait longer for a daemon that is busy.
LIMIT_S = 2.0

#: Bytes of a payload that are read and passed on (of a larger one only the event is told), and seconds for its end.
MAX_INPUT = 1024 * 1024
INPUT_S = 0.5

_NOTHING = b"{}"
_HELLO = b'{"jsonrpc":"2.0","id":1,"method":"hello","params":{"client":"hook","version":"","protocol":1}}\n'
_REPORT = b'{"jsonrpc":"2.0","id":2,"method":"agent.hook","params":{"event":"%b","payload":%b}}\n'


def main(argv: Sequence[str], env: Mapping[str, str]) -> int:
    """Report and return 0, also when nothing could be reported."""
    # Firewall: an agent is never disturbed by who watches it; what is lost is one piece of evidence.
    try:
        if argv:
            report(argv[0], payload(read_input(0)), env)
    except Exception:  # noqa: BLE001, S110
        pass
    return 0


def read_input(fd: int) -> bytes:
    """Return what is on ``fd`` until it ends, or until it has taken too long or too much."""
    deadline = time.monotonic() + INPUT_S
    parts: list[bytes] = []
    size = 0
    while size <= MAX_INPUT:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            break
        part = os.read(fd, 65536)
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def payload(data: bytes) -> bytes:
    """Return a hook's JSON on one line, an empty object for what cannot be any; the daemon checks it."""
    body = data.strip()
    if len(body) > MAX_INPUT or not (body.startswith(b"{") and body.endswith(b"}")):
        return _NOTHING
    return body.replace(b"\n", b" ").replace(b"\r", b" ")  # line breaks stand between values only


def name(event: str) -> bytes:
    """Return an event's name with nothing in it that could end the text it is put into."""
    return "".join(
        letter for letter in event[:100] if letter.isascii() and (letter.isalnum() or letter in "_-.")
    ).encode()


def report(event: str, body: bytes, env: Mapping[str, str]) -> None:
    """Send it and wait for the answer: who goes earlier cannot be told by its process any more. Raises OSError."""
    deadline = time.monotonic() + LIMIT_S
    path = env.get(VARIABLE)
    if not path:
        return  # no agent of ours
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.settimeout(LIMIT_S)
        connection.connect(path)
        answer = _ask(connection, _HELLO, deadline)
        if not answer:
            return
        answer = _ask(connection, _REPORT % (name(event), body), deadline)
        if b'"error"' in answer and body != _NOTHING:
            _ask(connection, _REPORT % (name(event), _NOTHING), deadline)  # no JSON: the event is worth telling alone
    finally:
        connection.close()


def _ask(connection: _socket.socket, line: bytes, deadline: float) -> bytes:
    """Write a line and wait for one; return what came, nothing at the end of the connection."""
    connection.settimeout(max(0.001, deadline - time.monotonic()))
    connection.sendall(line)
    answer = b""
    while not answer.endswith(b"\n"):
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        part = connection.recv(65536)
        if not part:
            return b""
        answer += part
    return answer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

"""Reports one hook of an agent to the daemon: ``quarterdeck hook EVENT``, the hook's JSON on stdin.

Called by the agent's own program, often, while it waits: so it imports only a few modules of the standard library, ends
with 0 whatever happens, prints nothing, writes no file and starts no daemon. It may also be run as a file.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

#: Where the daemon of this agent's home listens; set for every agent.
VARIABLE = "QUARTERDECK_SOCKET"

#: Seconds for all of it; an agent must not wait longer for a daemon that is busy.
LIMIT_S = 2.0

#: Bytes of a payload that are read, characters of a text that are passed on, and seconds its end is waited for.
MAX_INPUT = 4 * 1024 * 1024
MAX_TEXT = 4096
INPUT_S = 0.5

#: All that the daemon makes anything of.
KEYS = ("session_id", "transcript_path", "tool_name", "tool_use_id", "source", "reason", "error", "cwd", "agent_id")
INPUT_KEYS = ("command", "file_path", "url", "pattern")


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
    while size < MAX_INPUT:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            break
        part = os.read(fd, 65536)
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def payload(data: bytes) -> dict[str, Any]:
    """Return the parts of a hook's JSON that are passed on; empty for anything else."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(value, dict):
        return {}
    found: dict[str, Any] = {key: value[key][:MAX_TEXT] for key in KEYS if isinstance(value.get(key), str)}
    given = value.get("tool_input")
    if isinstance(given, dict):
        texts = {key: given[key][:MAX_TEXT] for key in INPUT_KEYS if isinstance(given.get(key), str)}
        found["tool_input"] = texts
    return found


def report(event: str, body: Mapping[str, Any], env: Mapping[str, str]) -> None:
    """Send it and wait for the answer: who goes earlier cannot be told by its process any more. Raises OSError."""
    deadline = time.monotonic() + LIMIT_S
    path = env.get(VARIABLE)
    if not path:
        return  # no agent of ours
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(LIMIT_S)
        connection.connect(path)
        hello = {"client": "hook", "version": "", "protocol": 1}
        connection.sendall(_call(1, "hello", hello))
        if not _answered(connection, deadline):
            return
        connection.sendall(_call(2, "agent.hook", {"event": event[:100], "payload": body}))
        _answered(connection, deadline)


def _call(number: int, method: str, params: Mapping[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n"


def _answered(connection: socket.socket, deadline: float) -> bool:
    """Wait for one line."""
    while True:
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        part = connection.recv(65536)
        if not part:
            return False
        if part.endswith(b"\n"):
            return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

"""What ``quarterdeck hook`` reads and sends, and that whatever happens it ends with 0 and prints nothing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import hook

FILE = Path(hook.__file__)


def test_a_payload_is_passed_on_as_it_is_on_one_line() -> None:
    body = json.dumps({"session_id": "s", "tool_input": {"command": "a\nb"}}, indent=2).encode()
    passed = hook.payload(b"\n " + body + b"\r\n")
    assert b"\n" not in passed
    assert json.loads(passed) == json.loads(body)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"[1]", b'"x"', b"{" * 100_000, b"{" + b" " * hook.MAX_INPUT + b"}"]
)
def test_garbage_is_an_empty_payload(data: bytes) -> None:
    assert hook.payload(data) == b"{}"


@pytest.mark.parametrize("event", ['Stop","payload":{},"x":"', "Stop\n", "\u202eStop", "S\\top\x00"])
def test_an_event_cannot_end_the_text_it_is_put_into(event: str) -> None:
    name = hook.name(event).decode()
    assert json.loads(hook._REPORT % (name.encode(), b"{}"))["params"] == {"event": name, "payload": {}}


def test_an_input_that_never_ends_is_not_waited_for() -> None:
    reader, writer = os.pipe()
    try:
        os.write(writer, b"{}")
        begun = time.monotonic()
        assert hook.read_input(reader) == b"{}"
        assert time.monotonic() - begun < 10 * hook.INPUT_S
    finally:
        os.close(reader)
        os.close(writer)


def test_an_endless_input_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook, "INPUT_S", 30.0)
    with Path("/dev/zero").open("rb") as zero:
        assert hook.MAX_INPUT < len(hook.read_input(zero.fileno())) <= hook.MAX_INPUT + 65536


def run(env: dict[str, str], data: bytes = b"{}", *argv: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", "-S", str(FILE), *(argv or ("Stop",))]
    return subprocess.run(command, env=env, input=data, capture_output=True, check=False, timeout=30)


@pytest.mark.parametrize(
    "env",
    [{}, {hook.VARIABLE: "/nonexistent/socket"}, {hook.VARIABLE: "/dev/full"}, {hook.VARIABLE: "x" * 300}],
    ids=["no agent", "no daemon", "no socket", "no path"],
)
@pytest.mark.parametrize("data", [b"{}", b"\xff garbage"], ids=["json", "garbage"])
def test_it_ends_with_0_and_says_nothing(env: dict[str, str], data: bytes) -> None:
    done = run(env, data)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_without_an_event_it_does_nothing() -> None:
    command = [sys.executable, "-I", "-S", str(FILE)]
    done = subprocess.run(command, env={}, input=b"", capture_output=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_it_is_the_same_by_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "hook", "Stop"], input=b"{", capture_output=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def serve(path: Path, behave: Callable[[socket.socket], None]) -> threading.Thread:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def accept() -> None:
        with listener:
            connection, _ = listener.accept()
            with connection:
                behave(connection)

    thread = threading.Thread(target=accept)
    thread.start()
    return thread


def test_it_introduces_itself_and_reports(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []

    def behave(connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        for _ in range(2):
            seen.append(json.loads(lines.readline()))
            connection.sendall(b'{"jsonrpc":"2.0","id":1,"result":{}}\n')

    thread = serve(tmp_path / "s", behave)
    assert run({hook.VARIABLE: str(tmp_path / "s")}, b'{"session_id": "abc"}').returncode == 0
    thread.join()
    assert [message["method"] for message in seen] == ["hello", "agent.hook"]
    assert seen[1]["params"] == {"event": "Stop", "payload": {"session_id": "abc"}}


def test_what_the_daemon_cannot_read_is_told_as_an_event_alone(tmp_path: Path) -> None:
    seen: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        for reply in (b'{"id":1,"result":{}}\n', b'{"id":null,"error":{"code":-32700}}\n', b'{"id":2,"result":{}}\n'):
            seen.append(lines.readline())
            connection.sendall(reply)

    thread = serve(tmp_path / "s", behave)
    assert run({hook.VARIABLE: str(tmp_path / "s")}, b"{not json}").returncode == 0
    thread.join()
    assert b"{not json}" in seen[1]
    assert json.loads(seen[2])["params"] == {"event": "Stop", "payload": {}}


def test_a_daemon_that_hangs_up_or_is_mute_is_not_waited_for_long(tmp_path: Path) -> None:
    hang_up = serve(tmp_path / "a", lambda connection: None)
    assert run({hook.VARIABLE: str(tmp_path / "a")}).returncode == 0
    hang_up.join()
    done = threading.Event()
    mute = serve(tmp_path / "b", lambda connection: done.wait(30) and None)
    begun = time.monotonic()
    assert run({hook.VARIABLE: str(tmp_path / "b")}).returncode == 0
    assert time.monotonic() - begun < 5 * hook.LIMIT_S
    done.set()
    mute.join()


def test_it_imports_nothing_that_takes_long() -> None:
    code = f"import sys; sys.argv=['x']; exec(open({str(FILE)!r}).read()); print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, check=False, timeout=30, text=True
    )
    assert not {
        "json",
        "re",
        "typing",
        "socket",
        "msgspec",
        "asyncio",
        "pathlib",
        "subprocess",
        "argparse",
        "agents",
        "app",
    } & set(done.stdout.split())

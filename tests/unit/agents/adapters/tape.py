"""Drives an adapter as a unit would, and records the marks it was fed so that they can be replayed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from agents.adapters.contract import Adapter, Fact
from agents.model import Mark, Stream
from agents.spec import Kind, Spec

WALL = 1_800_000_000.0


def spec(**fields: Any) -> Spec:
    values: dict[str, Any] = {
        "id": "a1", "name": "fix-login", "kind": "test", "family": "acp", "argv": ("agent",), "cwd": "/repo",
        "project": "/repo", "created_at": WALL,
    }  # fmt: skip
    return Spec(**{**values, **fields})


def kind(**fields: Any) -> Kind:
    return Kind(**{"name": "test", "family": "acp", "command": ("agent",), **fields})


class Tape:
    """The one ordered sequence of an agent: offsets per stream, one second between stimuli."""

    def __init__(self) -> None:
        self.marks: list[tuple[Mark, bytes]] = []
        self._offsets: dict[Stream, int] = {}
        self.now = 100.0

    def add(self, stream: Stream, data: bytes) -> tuple[Mark, bytes]:
        offset = self._offsets.get(stream, 0)
        mark = Mark(len(self.marks), stream, offset, len(data), WALL + self.now, self.now)
        self._offsets[stream] = offset + len(data)
        self.now += 1.0
        self.marks.append((mark, data))
        return mark, data


class Drive:
    """An adapter with its tape; every method returns the facts of what it did."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter
        self.tape = Tape()
        self.facts: list[Fact] = []
        self._written: set[str] = set()

    def feed(self, stream: Stream, data: bytes) -> list[Fact]:
        facts = list(self.adapter.feed(*self.tape.add(stream, data)))
        self.facts += facts
        return facts

    def ctl(self, ev: str, **fields: Any) -> list[Fact]:
        return self.feed(Stream.CTL, json.dumps({"ev": ev, **fields}).encode())

    def start(self, incarnation: int = 1) -> list[Fact]:
        return self.ctl(
            "start", incarnation=incarnation, pid=4000 + incarnation, argv=["agent"], cwd="/repo", pty=False
        )

    def says(self, *messages: Any) -> list[Fact]:
        """Let the agent write messages, one line each."""
        return self.feed(Stream.OUT, b"".join(json.dumps(m).encode() + b"\n" for m in messages))

    def write(self, data: bytes) -> list[Fact]:
        """Let bytes of ours reach the agent."""
        return self.feed(Stream.IN, data)

    def settle(self) -> list[dict[str, Any]]:
        """Write everything the adapter wants, as the supervisor does; return the messages."""
        sent: list[dict[str, Any]] = []
        while due := [want for want in self.adapter.wants() if want.key not in self._written]:
            for want in due:
                self._written.add(want.key)
                self.write(want.data)
                sent.append(json.loads(want.data))
        return sent

    def reply(self, result: Any) -> list[Fact]:
        """Settle, and let the agent answer the newest request of ours with ``result``."""
        request = [message for message in self.settle() if "method" in message][-1]
        return self.says({"jsonrpc": "2.0", "id": request["id"], "result": result})

    def reply_to(self, request: dict[str, Any], result: Any) -> list[Fact]:
        """Let the agent answer ``request``."""
        return self.says({"jsonrpc": "2.0", "id": request["id"], "result": result})

    def refuse(self, code: int, message: str, data: Any = None) -> list[Fact]:
        """Settle, and let the agent answer the newest request of ours with an error."""
        request = [one for one in self.settle() if "method" in one][-1]
        error = {"code": code, "message": message} | ({} if data is None else {"data": data})
        return self.says({"jsonrpc": "2.0", "id": request["id"], "error": error})


def open_session(
    drive: Drive, *, session: dict[str, Any] | None = None, incarnation: int = 1, **capabilities: Any
) -> list[Fact]:
    """Take an ACP adapter from a fresh process to an open session."""
    drive.start(incarnation)
    drive.reply({"protocolVersion": 1, "agentCapabilities": capabilities, "agentInfo": {"name": "x", "version": "1"}})
    return drive.reply({"sessionId": "s1", **(session or {})})


def prompt(drive: Drive, turn: int = 1, text: str = "fix the login") -> list[Fact]:
    return drive.write(drive.adapter.prompt(turn, text))


def update(body: dict[str, Any], session: str = "s1") -> dict[str, Any]:
    params = {"sessionId": session, "update": body}
    return {"jsonrpc": "2.0", "method": "session/update", "params": params}


def chunk(text: str, what: str = "agent_message_chunk", **more: Any) -> dict[str, Any]:
    return update({"sessionUpdate": what, "content": {"type": "text", "text": text}, **more})


def tool(call: str = "c1", **fields: Any) -> dict[str, Any]:
    return update({"sessionUpdate": "tool_call", "toolCallId": call, "title": "Run tests", **fields})


def tool_update(call: str = "c1", **fields: Any) -> dict[str, Any]:
    return update({"sessionUpdate": "tool_call_update", "toolCallId": call, **fields})


OPTIONS = [
    {"optionId": "y", "name": "Allow", "kind": "allow_once"},
    {"optionId": "yy", "name": "Always allow npm test", "kind": "allow_always"},
    {"optionId": "n", "name": "Reject", "kind": "reject_once"},
]


def permission(rpc_id: Any = 0, call: str = "c1", options: Sequence[Any] = OPTIONS, **fields: Any) -> dict[str, Any]:
    params = {"sessionId": "s1", "toolCall": {"toolCallId": call, **fields}, "options": list(options)}
    return {"jsonrpc": "2.0", "id": rpc_id, "method": "session/request_permission", "params": params}


def ended(turn: int = 1, reason: str = "end_turn", **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": f"t{turn}", "result": {"stopReason": reason, **more}}

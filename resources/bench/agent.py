"""An ACP agent for measuring: it writes logs of a given size, says when it said something, or keeps silent.

Run as a file with its plan (JSON) as argument; standard library only, imports nothing of Quarterdeck. The plan's
keys: ``err_mb`` and ``out_mb`` (log written in the first turn), ``end`` (how that turn goes on: done, working,
permission), ``bursts`` (FIFOs: each, once opened for writing, brings ``burst_kb`` of a busy turn), ``rate`` (events
a second, each with its number and monotonic nanoseconds, for ``seconds``).
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

SESSION = f"bench-{os.getpid()}"
WORDS = "The session starts at zero when nobody has signed in yet, so the very first check already fails. "
ERR_LINE = b"2026-11-21T10:00:00.000Z DEBUG provider.stream chunk received, 512 tokens in the window\n"
OPTIONS = [
    {"optionId": "yes", "name": "Allow", "kind": "allow_once"},
    {"optionId": "no", "name": "Deny", "kind": "reject_once"},
]
BIG = 64 * 1024
UPDATES = 40


def write(data: bytes, descriptor: int = 1) -> None:
    """Write all of ``data``."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def line(body: Json) -> bytes:
    """Return one JSON-RPC message."""
    return json.dumps({"jsonrpc": "2.0", **body}).encode() + b"\n"


def update(kind: str, /, **fields: Any) -> bytes:
    """Return one session update."""
    params = {"sessionId": SESSION, "update": {"sessionUpdate": kind, **fields}}
    return line({"method": "session/update", "params": params})


def said(text: str) -> bytes:
    """Return a piece of streamed text."""
    return update("agent_message_chunk", content={"type": "text", "text": text})


def tool(name: str, output: str, updates: int = 0) -> bytes:
    """Return a tool call that begins, tells its whole output ``updates`` times while it runs, and ends with it."""
    content = [{"type": "content", "content": {"type": "text", "text": output}}]
    begun = update("tool_call", toolCallId=name, title=f"Read {name}.py", kind="read", status="in_progress")
    running = update("tool_call_update", toolCallId=name, status="in_progress", content=content) * updates
    return begun + running + update("tool_call_update", toolCallId=name, status="completed", content=content)


def write_log(plan: Json) -> None:
    """Write what the plan says in large pieces."""
    errors = ERR_LINE * (BIG // len(ERR_LINE))
    for _ in range(int(plan.get("err_mb", 0) * 1_000_000 / len(errors))):
        write(errors, 2)
    output = (WORDS + "\n") * (BIG // len(WORDS))
    number, left = 0, plan.get("out_mb", 0) * 1_000_000
    while left > 0:
        number += 1
        # As real agents do: the output so far comes with every change of it, which is what makes logs large.
        piece = tool(f"file-{number}", output, UPDATES) + b"".join(said(WORDS) for _ in range(10))
        write(piece)
        left -= len(piece)


def burst(number: int, size: int) -> None:
    """Write as a model streams: many small pieces of text, a tool call now and then."""
    piece = b"".join(said(WORDS) for _ in range(20)) + tool(f"burst-{number}", WORDS * 20)
    for _ in range(max(1, size // len(piece))):
        write(piece)
    write(
        update("tool_call", toolCallId=f"open-{number}", title=f"Run check {number}", kind="execute", status="pending")
    )


def stream(rate: float, seconds: float) -> None:
    """Say at a steady rate when it is said: in turn as streamed text and as the title of a running tool call."""
    write(update("tool_call", toolCallId="clock", title="clock", kind="other", status="in_progress"))
    begun = time.monotonic() + os.getpid() % 97 / 97 / rate  # not all at the same moment
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        stamp = f"{number}:{time.monotonic_ns()}"
        if number % 2:
            write(update("tool_call_update", toolCallId="clock", title=stamp, status="in_progress"))
        else:
            write(said(stamp + "\n"))


class Agent:
    """The one session and its one turn."""

    def __init__(self, plan: Json) -> None:
        self.plan = plan

    def serve(self) -> None:
        """Answer until end of file."""
        for raw in sys.stdin.buffer:
            message = json.loads(raw)
            method = message.get("method")
            if method == "initialize":
                self.answer(message, {"protocolVersion": 1, "agentCapabilities": {"loadSession": True}})
            elif method == "session/new":
                self.answer(message, {"sessionId": SESSION})
            elif method == "session/prompt":
                self.turn(message)
            elif method and "id" in message:
                self.answer(message, {})

    def answer(self, message: Json, result: Json) -> None:
        """Answer one request."""
        write(line({"id": message["id"], "result": result}))

    def turn(self, message: Json) -> None:
        """Play the plan."""
        plan = self.plan
        write_log(plan)
        if "rate" in plan:
            stream(plan["rate"], plan["seconds"])
        end = plan.get("end", "done")
        if end == "permission":
            call = {"toolCallId": "ask", "title": "rm -rf build", "kind": "execute", "status": "pending"}
            write(update("tool_call", **call))
            params = {"sessionId": SESSION, "toolCall": call, "options": OPTIONS}
            write(line({"id": 1, "method": "session/request_permission", "params": params}))
        elif end == "working":
            plan_entries = [{"content": "Measure", "status": "in_progress", "priority": "medium"}]
            write(update("plan", entries=plan_entries))
            for number, fifo in enumerate(plan.get("bursts", ())):
                with Path(fifo).open("rb"):  # opens once somebody opens it for writing
                    burst(number, int(plan["burst_kb"] * 1000))
        else:
            self.answer(message, {"stopReason": "end_turn"})


if __name__ == "__main__":
    Agent(json.loads(sys.argv[1])).serve()

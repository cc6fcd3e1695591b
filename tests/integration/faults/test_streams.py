"""What agents may print: lines of any length, noise, torn, reordered and unknown messages. None of it hurts."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from agents import events, wire
from agents.model import MAX_INLINE_TEXT, BlockKind, Lifecycle, Stream, Turn

KIB, MIB = 1024, 1024 * 1024


def update(**fields: Any) -> dict[str, Any]:
    return {"do": "update", "update": fields, "keep": False}


def message(text: str) -> dict[str, Any]:
    return {"do": "say", "text": text}


def texts(home: Any, agent: str) -> str:
    blocks = home.call("transcript.page", wire.PageTranscript(agent)).blocks
    return "".join(block.text for block in blocks if block.kind is BlockKind.MESSAGE)


@pytest.mark.parametrize("size", [548 * KIB, pytest.param(50 * MIB, marks=pytest.mark.slow)])
def test_a_long_message_reaches_the_client_cut_with_a_reference_to_the_whole(running: Any, size: int) -> None:
    pattern = "0123456789abcdef" * (size // 16)
    watcher = running.client(subscribe=True)
    content = {"type": "text", "text": pattern}
    agent = running.play([running.gate(), update(sessionUpdate="agent_message_chunk", content=content)]).id
    watcher.call("pane.watch", wire.Watch((agent,)))
    running.open_gate()
    assert running.wait(agent, "done", turn=1).reached == "done"
    blocks = running.call("transcript.page", wire.PageTranscript(agent)).blocks
    (block,) = [b for b in blocks if b.kind is BlockKind.MESSAGE]
    assert len(block.text) <= MAX_INLINE_TEXT < size
    assert block.ref is not None
    read, offset = bytearray(), block.ref.offset
    while offset < block.ref.offset + block.ref.length:
        part = running.call("log.read", wire.ReadLog(agent, block.ref.stream, offset, MIB)).data
        assert part
        read += part
        offset += len(part)
    assert pattern.encode() in read
    seen: list[int] = []

    def heard() -> bool:
        while (event := watcher.next_event(0)) is not None:
            if isinstance(event.event, events.BlocksChanged):
                seen.extend(b.rev for b in event.event.blocks if b.n == block.n and len(b.text) == len(block.text))
        return block.rev in seen

    running.settle(heard)
    running.kill()
    running.start()
    assert running.adopted()[0].turn in (Turn.DONE, Turn.IDLE)


@pytest.mark.parametrize("size", [548 * KIB, pytest.param(50 * MIB, marks=pytest.mark.slow)])
def test_a_long_line_of_a_plain_program_is_kept_whole_and_costs_nobody_else(running: Any, size: int) -> None:
    other = running.play([{"do": "run", "command": "true", "ask": True}]).id
    code = f"head -c {size} /dev/zero | tr '\\0' y; echo"
    agent = running.run("shell", "bash", "-c", code).id
    running.wait(other, "blocked")
    running.call("agent.answer", wire.AnswerRequest(other, "allow"))
    assert running.wait(other, "done", turn=1).reached == "done"
    row = running.wait(agent, "exited").row
    assert row.out_size == size + 1
    assert running.raw(agent, Stream.OUT) == b"y" * size + b"\n"


NOISE = [
    b"\xff\xfe\x80 not utf-8\n",
    b"\0\0\0\n",
    b"\x1b[31mred\x1b[0m \x1b]0;title\x07\n",
    b'{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"x","update":\n',  # truncated
    b'{"jsonrpc":"2.0","method":"session/update"}\n',
    b'{"jsonrpc":"2.0","id":99,"result":{}}\n',  # answers what was never asked
    b'{"jsonrpc":"2.0","method":"no/such/thing","params":{"a":[1,2,{"b":null}]}}\n',
    b'{"jsonrpc":"2.0","id":"q1","method":"no/such/request","params":{}}\n',
    b'{"jsonrpc":"3.7","method":7,"params":[]}\n',
    b"[1,2,3]\n",
    b"null\n",
    b'"text"\n',
    b'{"a":' * 500 + b"1" + b"}" * 500 + b"\n",
    b'{"id":1e400,"method":"x"}\n',
    b"\r\n\n\n",
]


def raw(data: bytes) -> dict[str, Any]:
    return {"do": "raw", "base64": base64.b64encode(data).decode()}


def test_noise_between_the_messages_is_noted_and_the_turn_goes_on(running: Any) -> None:
    steps = [step for noise in NOISE for step in (message("a"), raw(noise))]
    agent = running.play([*steps, message("b"), {"do": "run", "command": "echo x >> ran", "ask": True}]).id
    running.wait(agent, "blocked")
    running.call("agent.answer", wire.AnswerRequest(agent, "allow"))
    row = running.wait(agent, "done", turn=1).row
    assert (row.lifecycle, row.turn_number) == (Lifecycle.RUNNING, 1)
    assert texts(running, agent) == "a" * len(NOISE) + "b"
    assert (running.project / "ran").read_text() == "x\n"
    blocks = running.call("transcript.page", wire.PageTranscript(agent)).blocks
    assert all("\x1b" not in block.text and "\0" not in block.text for block in blocks)
    # Whoever asks something unknown is answered: an agent that waits for ever would hang the turn.
    assert [m for m in running.sent(agent, "") if m.get("id") == "q1" and "error" in m]
    running.kill()
    running.start()
    (again,) = running.adopted()
    assert (again.turn_number, again.blocks) == (1, row.blocks)
    assert texts(running, agent) == "a" * len(NOISE) + "b"


def test_noise_inside_a_message_costs_that_message_only(running: Any) -> None:
    torn = b'{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"'
    agent = running.play([message("a"), raw(torn + b"\x1b[0m\n"), message("b")], [message("c")]).id
    running.wait(agent, "done", turn=1)
    running.call("agent.send", wire.Send(agent, "next"))
    assert running.wait(agent, "done", turn=2).reached == "done"
    assert texts(running, agent) == "abc"


def test_messages_out_of_order_settle_on_what_was_said_last(running: Any) -> None:
    call = {"sessionUpdate": "tool_call_update", "toolCallId": "t1"}
    agent = running.play(
        [
            update(**call, status="completed"),  # before anybody heard of it
            update(sessionUpdate="tool_call", toolCallId="t1", title="late", kind="read", status="in_progress"),
            update(**call, status="completed"),
            update(**call, status="in_progress"),
            update(**call, status="completed"),
            {"do": "respond", "result": {"stopReason": "end_turn"}},
            message("after the end"),
        ],
        [message("fine")],
    ).id
    running.wait(agent, "done", turn=1)
    running.call("agent.send", wire.Send(agent, "next"))
    row = running.wait(agent, "done", turn=2).row
    assert (row.lifecycle, row.activity) == (Lifecycle.RUNNING, "")
    assert texts(running, agent).endswith("fine")
    blocks = running.call("transcript.page", wire.PageTranscript(agent)).blocks
    assert [b.tool.status for b in blocks if b.tool is not None and b.tool.id == "t1"] == ["completed"]


def test_an_agent_that_dies_in_the_middle_of_a_line_says_so(running: Any) -> None:
    agent = running.play([message("a"), raw(b'{"jsonrpc":"2.0","meth'), {"do": "exit", "code": 3}]).id
    row = running.wait(agent, "exited").row
    assert (row.exit_code, row.lifecycle) == (3, Lifecycle.EXITED)
    assert row.state == "failed"
    assert texts(running, agent) == "a"

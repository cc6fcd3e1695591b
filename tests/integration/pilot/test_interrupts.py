"""Cancelling a turn anywhere leaves a history that the model takes and nothing that runs."""

from __future__ import annotations

import json
from typing import Any

import psutil
import pytest

from tests.fakes.acp_client import AcpClient
from tests.fakes.replies import Text, Tool
from tests.integration.pilot.conftest import Bench


async def cancel(client: AcpClient, session: str, turn: int) -> None:
    await client.send({"method": "session/cancel", "params": {"sessionId": session}})
    assert (await client.answer(turn))["result"]["stopReason"] == "cancelled"


def unanswered(messages: list[dict[str, Any]]) -> set[str]:
    """Return the calls without a result in a request's messages, of either vendor."""
    calls: set[str] = set()
    for message in messages:
        content = message["content"] if isinstance(message["content"], list) else []
        calls |= {block["id"] for block in content if block["type"] == "tool_use"}
        calls |= {call["id"] for call in message.get("tool_calls", ())}
        calls -= {block["tool_use_id"] for block in content if block["type"] == "tool_result"}
        calls -= {message.get("tool_call_id", "")}
    return calls


async def test_in_mid_stream(bench: Bench, vendor: str) -> None:
    async with bench.pilot("slow", vendor) as client:
        session = await client.open(bench.project)
        turn = await client.prompt(session, "Count")
        await client.message(lambda m: "three" in json.dumps(m))
        await cancel(client, session, turn)
        assert bench.api.wait_for(lambda: bool(bench.api.hung_up)), "it goes on reading what nobody wants"
        turn = await client.prompt(session, "Go on")
        await client.message(lambda m: "one" in json.dumps(m), 2)
        await cancel(client, session, turn)
    sent = bench.api.turns("slow")[-1].body["messages"]
    assert "one two three" in json.dumps(sent), "what it had said is remembered"
    assert "Go on" in json.dumps(sent[-1])


async def test_with_a_permission_open(bench: Bench, vendor: str) -> None:
    bench.api.script("p", Tool("write_file", {"path": "a", "content": "a"}), Text("Next: {prompt}"))
    async with bench.pilot("p", vendor) as client:
        session = await client.open(bench.project)
        turn = await client.prompt(session, "Write")
        asked = await client.request("session/request_permission")
        await cancel(client, session, turn)
        await client.send({"id": asked["id"], "result": {"outcome": {"outcome": "cancelled"}}})
        turn = await client.prompt(session, "Write again")
        await client.choose(await client.request("session/request_permission", 2), "allow_once")
        assert (await client.answer(turn))["result"]["stopReason"] == "end_turn"
    sent = bench.api.turns("p")[-1].body["messages"]
    assert unanswered(sent) == set()
    assert "cancelled the turn" in json.dumps(sent) or "nothing was done" in json.dumps(sent)
    assert (bench.project / "a").read_text() == "a"


@pytest.mark.parametrize("how", ["in its group", "in a session of its own"])
async def test_in_the_middle_of_a_command(bench: Bench, vendor: str, how: str) -> None:
    sleeper = "sleep 987" if how == "in its group" else "setsid sleep 987"
    command = f"trap '' TERM; {sleeper} & echo $! > child.pid; echo started; wait"
    bench.api.script("c", Tool("shell", {"command": command}), Text("Next: {prompt}"))
    async with bench.pilot("c", vendor) as client:
        session = await client.open(bench.project)
        turn = await client.prompt(session, "Run")
        await client.choose(await client.request("session/request_permission"), "allow_once")
        await client.message(lambda m: "started" in json.dumps(m.get("params", {}).get("update", {}).get("content")))
        child = int((bench.project / "child.pid").read_text())
        assert psutil.pid_exists(child)
        await cancel(client, session, turn)
        assert not _runs(child), "what the command started must be gone when the turn is"
        assert client.updates("tool_call_update")[-1]["status"] == "failed"
        bench.api.script("c", Text("Fine."))
        turn = await client.prompt(session, "Something else")
        assert (await client.answer(turn))["result"]["stopReason"] == "end_turn"
    assert unanswered(bench.api.turns("c")[-1].body["messages"]) == set()


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_a_command_ends_at_its_time(bench: Bench) -> None:
    bench.api.script("t", Tool("shell", {"command": "echo begun; sleep 987", "timeout_s": 1}), Text("Too long."))
    async with bench.pilot("t") as client:
        session = await client.open(bench.project)
        turn = await client.prompt(session, "Run")
        await client.choose(await client.request("session/request_permission"), "allow_once")
        await client.answer(turn)
    result = bench.api.turns("t")[-1].body["messages"][-1]["content"]
    assert "begun" in result
    assert "killed after 1 s" in result


async def test_what_a_command_leaves_in_the_background_does_not_hold_the_turn(bench: Bench) -> None:
    bench.api.script("b", Tool("shell", {"command": "sleep 600 & echo $! > child.pid; echo up"}), Text("It is up."))
    async with bench.pilot("b") as client:
        session = await client.open(bench.project)
        turn = await client.prompt(session, "Start the server")
        await client.choose(await client.request("session/request_permission"), "allow_once")
        assert (await client.answer(turn))["result"]["stopReason"] == "end_turn"
        child = int((bench.project / "child.pid").read_text())
        assert _runs(child)
        psutil.Process(child).kill()


async def test_the_end_of_input_in_a_command_leaves_nothing(bench: Bench) -> None:
    bench.api.script("c", Tool("shell", {"command": "echo $$ > me.pid; echo up; sleep 987"}), Text("Never."))
    async with bench.pilot("c") as client:
        session = await client.open(bench.project)
        await client.prompt(session, "Run")
        await client.choose(await client.request("session/request_permission"), "allow_once")
        await client.message(lambda m: "up" in json.dumps(m.get("params", {}).get("update", {}).get("content")))
        pid = int((bench.project / "me.pid").read_text())
        assert client.process.stdin is not None
        client.process.stdin.close()
        assert await client.process.wait() == 0
    assert not _runs(pid)


async def test_a_second_prompt_while_one_runs_is_refused(bench: Bench) -> None:
    async with bench.pilot("slow") as client:
        session = await client.open(bench.project)
        turn = await client.prompt(session, "Count")
        await client.message(lambda m: "one" in json.dumps(m))
        refused = await client.answer(await client.prompt(session, "Also this"))
        assert "a turn is running" in refused["error"]["message"]
        await cancel(client, session, turn)

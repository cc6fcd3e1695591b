"""Pilot before other clients than ours: the pinned SDK's own, hostile lines, a quick handshake."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Any

import acp
from acp import schema

from tests.fakes.replies import Text, Tool
from tests.integration.pilot.conftest import Bench

#: Slow to import: the handshake must not wait for them.
HEAVY = ("anthropic", "openai", "httpx2", "pydantic", "acp")


class Allowing(acp.Client):
    """The SDK's client, validating all it gets; allows everything once."""

    def __init__(self) -> None:
        self.updates: list[Any] = []
        self.asked: list[schema.ToolCallUpdate] = []

    async def session_update(self, session_id: str, update: Any, **kwargs: Any) -> None:
        self.updates.append(update)

    async def request_permission(
        self, session_id: str, tool_call: schema.ToolCallUpdate, options: list[schema.PermissionOption], **kwargs: Any
    ) -> schema.RequestPermissionResponse:
        self.asked.append(tool_call)
        option = next(option for option in options if option.kind == "allow_once")
        return schema.RequestPermissionResponse(
            outcome=schema.AllowedOutcome(outcome="selected", option_id=option.option_id)
        )


async def test_the_sdks_own_client_drives_it(bench: Bench) -> None:
    plan = Tool("update_plan", {"entries": [{"text": "Write", "status": "pending"}]})
    bench.api.script("s", plan, Tool("write_file", {"path": "a", "content": "a\n"}), Text("Done."))
    argv = [sys.executable, "-P", "-m", "agents.pilot"]
    client, cwd = Allowing(), str(bench.project)
    async with acp.spawn_agent_process(client, *argv, env=bench.env("s"), cwd=cwd) as (agent, process):
        hello = await agent.initialize(protocol_version=acp.PROTOCOL_VERSION)
        able = hello.agent_capabilities
        assert able is not None
        assert able.load_session
        assert able.session_capabilities is not None
        assert able.session_capabilities.fork is not None
        assert [type(method) for method in hello.auth_methods or []] == [schema.EnvVarAuthMethod] * 3
        session = await agent.new_session(cwd=cwd, mcp_servers=[])
        assert session.modes is not None
        assert session.modes.current_mode_id == "ask"
        done = await agent.prompt(session_id=session.session_id, prompt=[acp.text_block("Write a")])
        assert done.stop_reason == "end_turn"
        assert done.usage is not None
        assert done.usage.total_tokens > 0
        assert [call.title for call in client.asked] == ["Write a"]
        loaded = await agent.load_session(cwd=cwd, session_id=session.session_id, mcp_servers=[])
        assert loaded is not None
        listed = await agent.list_sessions(cwd=cwd)
        assert [one.title for one in listed.sessions] == ["Write a"]
        fork = await agent.fork_session(session_id=session.session_id, cwd=cwd, mcp_servers=[])
        assert fork.session_id != session.session_id
        await agent.set_session_mode(session_id=fork.session_id, mode_id="plan")
        await agent.close_session(session_id=fork.session_id)
    assert process.returncode == 0
    kinds = {update.session_update for update in client.updates}
    assert kinds >= {
        "plan",
        "tool_call",
        "tool_call_update",
        "agent_message_chunk",
        "user_message_chunk",
        "usage_update",
        "current_mode_update",
    }


async def test_a_line_of_50_mb_and_lines_that_are_no_messages(bench: Bench) -> None:
    async with bench.pilot("text") as client:
        session = await client.open(bench.project)
        for line in ("{", "[]", '"text"', "", '{"jsonrpc":"2.0","id":7}', '{"id":{"a":1},"method":"x","params":[]}'):
            await client.write(line)
        large = "a" * (50 * 1024 * 1024)
        answer = await client.answer(await client.prompt("no such session", large))
        assert "not open" in answer["error"]["message"]
        unknown = await client.call("session/delete", {"sessionId": session})
        assert unknown["error"]["code"] == -32601
        done = await client.answer(await client.prompt(session, "Still there?"))
        assert done["result"]["stopReason"] == "end_turn"
        errors = [
            message["error"]["code"]
            for message in client.messages()
            if message.get("id") is None and "error" in message
        ]
    assert errors == [-32700, -32600, -32600]
    assert client.errors == b""


async def test_what_it_does_not_take_is_refused_by_name(bench: Bench) -> None:
    async with bench.pilot("text") as client:
        session = await client.open(bench.project)
        image = {"type": "image", "data": "", "mimeType": "image/png"}
        for prompt, words in (([image], "image"), ([], "empty"), ("text", "list of content blocks")):
            refused = await client.call("session/prompt", {"sessionId": session, "prompt": prompt})
            assert words in refused["error"]["message"]
        mode = await client.call("session/set_mode", {"sessionId": session, "modeId": "yolo"})
        assert "ask, accept-edits, plan" in mode["error"]["message"]
        file = {"type": "resource", "resource": {"uri": "file:///a.txt", "text": "the text"}}
        link = {"type": "resource_link", "uri": "file:///b.txt", "name": "b.txt"}
        await client.call("session/prompt", {"sessionId": session, "prompt": [file, link]})
    assert "the text" in client.text()
    assert "[b.txt](file:///b.txt)" in client.text()


async def test_it_ends_when_nobody_reads_any_more(bench: Bench) -> None:
    source, sink = os.pipe()
    os.close(source)
    argv = [sys.executable, "-P", "-m", "agents.pilot"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, env=bench.env("text"), stdin=pipe, stdout=sink, stderr=pipe)
    os.close(sink)
    assert process.stdin is not None
    process.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1}}\n')
    async with asyncio.timeout(30):
        assert await process.wait() == 0, "its input is still open"


def test_the_handshake_waits_for_nothing_heavy() -> None:
    code = f"import sys, agents.pilot.__main__; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_wrong_argument_is_named() -> None:
    argv = [sys.executable, "-P", "-m", "agents.pilot", "--provider", "other"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--provider" in done.stderr


async def test_a_projects_own_agents_folder_does_not_stand_in_for_ours(bench: Bench) -> None:
    for folder in ("agents", "agents/pilot"):
        (bench.project / folder).mkdir()
        (bench.project / folder / "__init__.py").write_text("raise SystemExit('hijacked')\n")
    (bench.project / "agents/pilot/__main__.py").write_text("raise SystemExit('hijacked')\n")
    bench.api.script("s", Tool("search", {"pattern": "hijacked"}), Text("Found."))
    async with bench.pilot("s") as client:
        session = await client.open(bench.project)
        await client.answer(await client.prompt(session, "Search"))
    assert "agents/pilot/__main__.py:1: raise SystemExit" in str(bench.api.turns("s")[-1].body)
    assert client.errors == b""

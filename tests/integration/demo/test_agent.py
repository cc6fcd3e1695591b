"""The scripted agent is a real ACP agent: it does what it reports, and every message keeps the schema."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from acp import schema

from tests.fakes.acp_client import AcpClient

RESOURCES = Path(__file__).resolve().parents[3] / "resources" / "demo"
FORM = {"elicitation": {"form": {}}}
PERMISSION = "session/request_permission"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RESOURCES / "project" / "storefront", tmp_path / "storefront"))


@pytest.fixture
def tidelog(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RESOURCES / "project" / "tidelog", tmp_path / "tidelog"))


@pytest.fixture(autouse=True)
def _no_leftovers(tmp_path: Path) -> Iterator[None]:
    """End what the scenes leave in the background."""
    yield
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(str(tmp_path)):
                process.kill()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def agent(*argv: str, cwd: Path, state: Path | None = None) -> AcpClient:
    command = [sys.executable, str(RESOURCES / "agent.py"), *argv, "--pace", "0"]
    env = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    return AcpClient(command, cwd, env | ({"QUARTERDECK_DEMO_STATE": str(state)} if state else {}))


def script(tmp_path: Path, **scene: Any) -> str:
    path = tmp_path / "scene.json"
    path.write_text(json.dumps(scene))
    return str(path)


def check_schema(client: AcpClient) -> None:
    """Validate all the agent sent with the pinned models of the protocol; answers by what was asked."""
    results = {"initialize": schema.InitializeResponse, "session/new": schema.NewSessionResponse}
    results |= {"session/prompt": schema.PromptResponse, "session/load": schema.LoadSessionResponse}
    asked = {}
    for direction, line in client.trace:
        message = json.loads(line)
        if direction == "in":
            asked[message.get("id")] = message.get("method")
        elif message.get("method") == "session/update":
            schema.SessionNotification.model_validate(message["params"])
        elif message.get("method") == PERMISSION:
            schema.RequestPermissionRequest.model_validate(message["params"])
        elif message.get("method") == "elicitation/create":
            schema.CreateFormSessionElicitationRequest.model_validate(message["params"])
        elif "result" in message and asked.get(message["id"]) in results:
            results[asked[message["id"]]].model_validate(message["result"])


async def test_edits_and_runs_the_tests_when_allowed(repo: Path) -> None:
    async with agent("edits", cwd=repo) as client:
        session = await client.open(repo)
        turn = await client.prompt(session, "Fix the login")
        request = await client.request(PERMISSION)
        assert request["params"]["toolCall"]["rawInput"]["command"] == "python3 -m unittest -v"
        await client.choose(request, "allow_once")
        result = (await client.answer(turn))["result"]
        check_schema(client)
    assert result["stopReason"] == "end_turn"
    assert result["usage"]["outputTokens"] > 0
    assert "session.expires <= self._clock()" in (repo / "storefront/login.py").read_text()
    done = [u for u in client.updates("tool_call_update") if u["status"] == "completed"]
    assert done[-1]["rawOutput"] == {"exitCode": 0}
    assert "Ran 5 tests" in done[-1]["content"][0]["content"]["text"]
    assert client.updates("plan")[-1]["entries"][-1]["status"] == "completed"
    assert client.text("agent_thought_chunk")
    assert "All tests pass" in client.text()
    diffs = [c for u in client.updates("tool_call") for c in u.get("content", []) if c["type"] == "diff"]
    assert [Path(d["path"]).name for d in diffs] == ["login.py", "login.py"]
    assert client.process.returncode == 0


async def test_does_not_run_the_tests_when_denied(repo: Path) -> None:
    async with agent("edits", cwd=repo) as client:
        session = await client.open(repo)
        turn = await client.prompt(session, "Fix the login")
        await client.choose(await client.request(PERMISSION), "reject_once")
        await client.answer(turn)
        check_schema(client)
    assert "untested" in client.text()
    assert not [u for u in client.updates("tool_call_update") if "rawOutput" in u]


@pytest.mark.parametrize(("kind", "changed"), [("allow_once", True), ("reject_once", False)])
async def test_edits_only_when_allowed(repo: Path, kind: str, *, changed: bool) -> None:
    before = (repo / "docs/login.md").read_text()
    async with agent("permission", cwd=repo) as client:
        turn = await client.prompt(await client.open(repo), "Correct the docs")
        request = await client.request(PERMISSION)
        assert (repo / "docs/login.md").read_text() == before
        await client.choose(request, kind)
        await client.answer(turn)
        check_schema(client)
    after = (repo / "docs/login.md").read_text()
    assert ("30 minutes" in after) is changed
    assert (after != before) is changed
    assert client.updates("tool_call_update")[-1]["status"] == ("completed" if changed else "failed")
    assert ("Done:" in client.text()) is changed


async def test_an_allowance_for_good_is_remembered_in_the_session(repo: Path) -> None:
    async with agent("permission", cwd=repo) as client:
        session = await client.open(repo)
        turn = await client.prompt(session, "Correct the docs")
        await client.choose(await client.request(PERMISSION), "allow_always")
        await client.answer(turn)
        await client.answer(await client.prompt(session, "one more"))
    assert (repo / "docs/notes.md").exists()
    assert len([m for m in client.messages() if m.get("method") == PERMISSION]) == 1


async def test_asks_a_question_by_form(repo: Path) -> None:
    async with agent("question", cwd=repo) as client:
        turn = await client.prompt(await client.open(repo, **FORM), "Round properly")
        request = await client.request("elicitation/create")
        field = request["params"]["requestedSchema"]["properties"]["answer"]
        assert field["oneOf"][0]["const"] == "Half up (12.5 → 13)"
        answer = {"action": "accept", "content": {"answer": "Half up (12.5 → 13)"}}
        await client.send({"id": request["id"], "result": answer})
        await client.answer(turn)
        check_schema(client)
    assert "int(cents + 0.5)" in (repo / "storefront/cart.py").read_text()


async def test_a_declined_question_changes_nothing(repo: Path) -> None:
    before = (repo / "storefront/cart.py").read_text()
    async with agent("question", cwd=repo) as client:
        turn = await client.prompt(await client.open(repo, **FORM), "Round properly")
        request = await client.request("elicitation/create")
        await client.send({"id": request["id"], "result": {"action": "decline"}})
        await client.answer(turn)
    assert (repo / "storefront/cart.py").read_text() == before


async def test_asks_by_options_where_the_client_has_no_forms(repo: Path) -> None:
    async with agent("question", cwd=repo) as client:
        turn = await client.prompt(await client.open(repo), "Round properly")
        request = await client.request(PERMISSION)
        chosen = next(o for o in request["params"]["options"] if o["name"].startswith("Half to even"))
        outcome = {"outcome": "selected", "optionId": chosen["optionId"]}
        await client.send({"id": request["id"], "result": {"outcome": outcome}})
        await client.answer(turn)
        check_schema(client)
    assert "round(cents)" in (repo / "storefront/cart.py").read_text()


async def test_answers_goes_idle_and_leaves_a_server_running(tidelog: Path) -> None:
    async with agent("quick", cwd=tidelog) as client:
        session = await client.open(tidelog)
        await client.answer(await client.prompt(session, "What is slow?"))
        check_schema(client)
        assert client.updates("available_commands_update")[0]["availableCommands"][0]["name"] == "bench"
        assert client.updates("usage_update")[-1]["cost"]["amount"] > 0
        children = psutil.Process(client.process.pid).children()
        assert any("http.server" in " ".join(child.cmdline()) for child in children)
        assert "lines/s" in str(client.updates("tool_call_update"))


async def test_switches_modes_and_refuses_unknown_ones(tidelog: Path) -> None:
    async with agent("quick", cwd=tidelog) as client:
        session = await client.open(tidelog)
        assert (await client.call("session/set_mode", {"sessionId": session, "modeId": "plan"}))["result"] == {}
        assert client.updates("current_mode_update") == [
            {"sessionUpdate": "current_mode_update", "currentModeId": "plan"}
        ]
        refused = await client.call("session/set_mode", {"sessionId": session, "modeId": "yolo"})
        assert refused["error"]["message"] == "no mode yolo"


async def test_fails_like_a_rate_limit(tidelog: Path) -> None:
    async with agent("failing", cwd=tidelog) as client:
        answer = await client.answer(await client.prompt(await client.open(tidelog), "Report"))
        check_schema(client)
    assert answer["error"]["message"].startswith("429 Too Many Requests")
    assert answer["error"]["data"]["status"] == 429


async def test_floods_its_log_and_exits_with_a_child_left_behind(tidelog: Path) -> None:
    async with agent("flood", cwd=tidelog) as client:
        turn = await client.prompt(await client.open(tidelog), "Check")
        with pytest.raises(EOFError):
            await client.answer(turn)
        await client.process.wait()
        check_schema(client)
    assert client.process.returncode == 3
    assert client.errors.count(b"\n") == 60_001
    assert len(client.updates("tool_call")) == 61
    left = [p for p in psutil.process_iter() if p.pid != client.process.pid and _cwd(p) == str(tidelog)]
    assert len(left) == 1


def files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("**/*") if path.is_file()]


def _cwd(process: psutil.Process) -> str:
    try:
        return process.cwd()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return ""


async def test_a_session_is_told_again_when_it_is_loaded(repo: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with agent("permission", cwd=repo, state=state) as client:
        session = await client.open(repo)
        turn = await client.prompt(session, "Correct the docs")
        await client.choose(await client.request(PERMISSION), "allow_once")
        await client.answer(turn)
        said = client.text()
    async with agent("permission", cwd=repo, state=state) as again:
        ready = await again.call("initialize", {"protocolVersion": 1, "clientCapabilities": {}})
        assert ready["result"]["agentCapabilities"]["loadSession"] is True
        await again.call("session/load", {"sessionId": session, "cwd": str(repo), "mcpServers": []})
        assert again.text() == said
        assert again.text("user_message_chunk") == "Correct the docs"
        turn = await again.prompt(session, "and now?")
        await again.choose(await again.request(PERMISSION), "allow_once")
        await again.answer(turn)
        check_schema(again)
    assert {p.suffix for p in files(repo)} == {".md", ".py", ""}


async def test_killed_at_a_permission_the_session_can_be_loaded(repo: Path, tmp_path: Path) -> None:
    async with agent("permission", cwd=repo, state=tmp_path / "state") as client:
        session = await client.open(repo)
        await client.prompt(session, "Correct the docs")
        await client.request(PERMISSION)
        client.process.kill()
    async with agent("permission", cwd=repo, state=tmp_path / "state") as again:
        await again.call("initialize", {"protocolVersion": 1, "clientCapabilities": {}})
        answer = await again.call("session/load", {"sessionId": session, "cwd": str(repo), "mcpServers": []})
    assert "result" in answer
    assert again.text("user_message_chunk") == "Correct the docs"


async def test_an_unknown_session_and_an_unknown_method_are_errors(repo: Path) -> None:
    async with agent("permission", cwd=repo) as client:
        ready = await client.call("initialize", {"protocolVersion": 1, "clientCapabilities": {}})
        assert ready["result"]["agentCapabilities"]["loadSession"] is False
        answer = await client.call("session/load", {"sessionId": "x", "cwd": str(repo), "mcpServers": []})
        assert answer["error"]["message"] == "no session x"
        assert (await client.call("session/fly", {}))["error"]["code"] == -32601
        await client.write("this is no JSON")
        assert (await client.message(lambda m: "error" in m and m["id"] is None))["error"]["code"] == -32700


async def test_cancel_ends_a_turn_that_waits_for_a_permission(repo: Path) -> None:
    async with agent("permission", cwd=repo) as client:
        session = await client.open(repo)
        turn = await client.prompt(session, "Correct the docs")
        request = await client.request(PERMISSION)
        await client.send({"method": "session/cancel", "params": {"sessionId": session}})
        await client.send({"id": request["id"], "result": {"outcome": {"outcome": "cancelled"}}})
        assert (await client.answer(turn))["result"]["stopReason"] == "cancelled"
        check_schema(client)
    assert "30 minutes" not in (repo / "docs/login.md").read_text()


async def test_cancel_kills_the_command_that_runs(repo: Path, tmp_path: Path) -> None:
    scene = script(tmp_path, turns=[[{"do": "run", "command": "echo started; exec sleep 600"}]])
    async with agent("script", scene, cwd=repo) as client:
        session = await client.open(repo)
        turn = await client.prompt(session, "Go")
        await client.message(lambda m: "started" in str(m.get("params", {}).get("update", {}).get("content", "")))
        await client.send({"method": "session/cancel", "params": {"sessionId": session}})
        assert (await client.answer(turn))["result"]["stopReason"] == "cancelled"
        assert psutil.Process(client.process.pid).children() == []


async def test_end_of_input_ends_it_with_zero_even_in_a_turn(repo: Path) -> None:
    async with agent("permission", cwd=repo) as client:
        await client.prompt(await client.open(repo), "Correct the docs")
        await client.request(PERMISSION)
    assert client.process.returncode == 0


async def test_a_script_decides_the_handshake_and_writes_raw_bytes(repo: Path, tmp_path: Path) -> None:
    scene = script(
        tmp_path,
        on={
            "initialize": [{"do": "raw", "text": "{broken\n"}, {"do": "raw", "text": "x", "repeat": 1000}],
            "session/new": [
                {"do": "raw", "text": "\n"},
                {"do": "respond", "error": {"code": -32000, "message": "Authentication required"}},
            ],
        },
    )
    async with agent("script", scene, cwd=repo) as client:
        await client.start("initialize", {"protocolVersion": 1})
        # The answer stands on the same line as the thousand characters before it: no line is a message.
        await client.call("session/new", {"cwd": str(repo), "mcpServers": []})
    lines = [line for direction, line in client.trace if direction == "out"]
    assert lines[0] == "{broken"
    assert lines[1].startswith("x" * 1000 + '{"jsonrpc"')
    assert client.messages() == [
        {"jsonrpc": "2.0", "id": 2, "error": {"code": -32000, "message": "Authentication required"}}
    ]


async def test_a_gate_and_an_await_wait_for_facts(repo: Path, tmp_path: Path) -> None:
    gate = tmp_path / "now"
    steps = [{"do": "gate", "path": str(gate)}, {"do": "say", "text": "open"}, {"do": "await", "message": "x/ping"}]
    scene = script(tmp_path, turns=[[*steps, {"do": "end", "reason": "max_tokens"}]])
    async with agent("script", scene, cwd=repo) as client:
        turn = await client.prompt(await client.open(repo), "Go")
        # An answered request shows that the agent is alive and waits.
        await client.call("x/other", {})
        assert client.text() == ""
        gate.touch()
        await client.message(lambda m: "open" in str(m))
        await client.start("x/ping", {})
        assert (await client.answer(turn))["result"]["stopReason"] == "max_tokens"


async def test_a_stubborn_scene_survives_all_but_kill(repo: Path, tmp_path: Path) -> None:
    scene = script(tmp_path, stubborn=True, turns=[[{"do": "say", "text": "here"}]])
    async with agent("script", scene, cwd=repo) as client:
        session = await client.open(repo)
        client.process.send_signal(signal.SIGTERM)
        client.process.send_signal(signal.SIGINT)
        await client.answer(await client.prompt(session, "Still there?"))
        assert client.text() == "here"
        client.process.kill()
    assert client.process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("steps", [[{"do": "dance"}], [{"text": "no step"}]])
async def test_a_wrong_step_is_loud(repo: Path, tmp_path: Path, steps: list[dict[str, str]]) -> None:
    async with agent("script", script(tmp_path, turns=[steps]), cwd=repo) as client:
        turn = await client.prompt(await client.open(repo), "Go")
        try:
            answer = await client.answer(turn)
        except EOFError:
            assert await client.process.wait() == 70
            assert b"KeyError: 'do'" in client.errors
        else:
            assert answer["error"]["message"].endswith("does not exist: dance")


async def test_a_scene_that_is_not_there_is_named(repo: Path) -> None:
    async with agent("opera", cwd=repo) as client:
        await client.process.wait()
    assert client.process.returncode == 1
    assert b"opera.json" in client.errors
    assert b"permission, question, quick, script FILE" in client.errors

"""Sessions of Pilot: continued, shown again, listed and forked; also after a kill in the middle."""

from __future__ import annotations

import json

from tests.fakes.acp_client import AcpClient, Json
from tests.fakes.replies import Text, Tool
from tests.integration.pilot.conftest import Bench
from tests.integration.pilot.test_interrupts import unanswered


async def reopen(client: AcpClient, bench: Bench, method: str, session: str) -> Json:
    await client.call("initialize", {"protocolVersion": 1})
    return await client.call(method, {"sessionId": session, "cwd": str(bench.project), "mcpServers": []})


async def test_killed_and_resumed_it_remembers(bench: Bench, vendor: str) -> None:
    async with bench.pilot("text", vendor) as client:
        session = await client.open(bench.project)
        await client.call("session/set_mode", {"sessionId": session, "modeId": "plan"})
        await client.answer(await client.prompt(session, "The word is lighthouse"))
        client.process.kill()
        await client.process.wait()
    async with bench.pilot("text", vendor) as client:
        opened = await reopen(client, bench, "session/resume", session)
        assert opened["result"]["modes"]["currentModeId"] == "plan"
        assert client.updates("user_message_chunk") == []
        await client.answer(await client.prompt(session, "Which word?"))
    sent = json.dumps(bench.api.turns("text")[-1].body["messages"])
    assert "lighthouse" in sent
    assert "You said: The word" in sent


async def test_killed_in_the_middle_of_a_command(bench: Bench, vendor: str) -> None:
    bench.api.script("c", Tool("shell", {"command": "echo up; exec sleep 5"}), Text("Next: {prompt}"))
    async with bench.pilot("c", vendor) as client:
        session = await client.open(bench.project)
        await client.prompt(session, "Run")
        await client.choose(await client.request("session/request_permission"), "allow_once")
        await client.message(lambda m: "up" in json.dumps(m.get("params", {}).get("update", {}).get("content")))
        client.process.kill()
        await client.process.wait()
    async with bench.pilot("c", vendor) as client:
        await reopen(client, bench, "session/load", session)
        shown = client.updates("tool_call")[-1]
        assert (shown["status"], shown["kind"]) == ("failed", "other")
        assert "interrupted" in json.dumps(shown["content"])
        turn = await client.prompt(session, "Go on")
        await client.choose(await client.request("session/request_permission"), "reject_once")
        await client.answer(turn)
    sent = bench.api.turns("c")[1].body["messages"]
    assert unanswered(sent) == set()
    assert "was interrupted" in json.dumps(sent)


async def test_a_torn_last_line_is_cut_off(bench: Bench) -> None:
    async with bench.pilot("text") as client:
        session = await client.open(bench.project)
        await client.answer(await client.prompt(session, "First"))
    file = bench.sessions / f"{session}.jsonl"
    with file.open("a") as torn:
        torn.write('{"type":"said","text":"half')
    async with bench.pilot("text") as client:
        await reopen(client, bench, "session/resume", session)
        await client.answer(await client.prompt(session, "Second"))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["text"] for line in lines if line["type"] == "said"] == ["First", "Second"]


async def test_loading_shows_the_whole_history(bench: Bench) -> None:
    (bench.project / "a.txt").write_text("old\n")
    edit = Tool("edit_file", {"path": "a.txt", "old": "old", "new": "new"}, "I edit.")
    bench.api.script("e", edit, Text("Done."))
    async with bench.pilot("e") as client:
        session = await client.open(bench.project)
        turn = await client.prompt(session, "Edit it")
        await client.choose(await client.request("session/request_permission"), "allow_once")
        await client.answer(turn)
    async with bench.pilot("e") as client:
        await reopen(client, bench, "session/load", session)
        assert client.text("user_message_chunk") == "Edit it"
        assert client.text() == "I edit.Done."
        (call,) = client.updates("tool_call")
    assert (call["title"], call["kind"], call["status"]) == ("Edit a.txt", "edit", "completed")
    assert call["content"] == [{"type": "diff", "path": "a.txt", "oldText": "old", "newText": "new"}]


async def test_a_fork_goes_its_own_way(bench: Bench) -> None:
    async with bench.pilot("text") as client:
        session = await client.open(bench.project)
        await client.answer(await client.prompt(session, "The word is lighthouse"))
        forked = await client.call("session/fork", {"sessionId": session, "cwd": str(bench.project), "mcpServers": []})
        other = forked["result"]["sessionId"]
        assert other != session
        await client.answer(await client.prompt(other, "In the fork"))
        await client.answer(await client.prompt(session, "In the first"))
    fork, first = (json.dumps(seen.body["messages"]) for seen in bench.api.turns("text")[1:])
    assert "lighthouse" in fork
    assert "lighthouse" in first
    assert "In the fork" not in first


async def test_a_fork_in_the_middle_of_a_turn(bench: Bench, vendor: str) -> None:
    bench.api.script("w", Tool("write_file", {"path": "a", "content": "a"}), Text("Written."))
    async with bench.pilot("w", vendor) as client:
        session = await client.open(bench.project)
        await client.call("session/set_mode", {"sessionId": session, "modeId": "ask"})
        turn = await client.prompt(session, "Write")
        asked = await client.request("session/request_permission")
        forked = await client.call("session/fork", {"sessionId": session, "cwd": str(bench.project), "mcpServers": []})
        other = forked["result"]["sessionId"]
        await client.call("session/set_mode", {"sessionId": other, "modeId": "plan"})
        await client.answer(await client.prompt(other, "What now?"))
        sent = bench.api.turns("w")[-1].body["messages"]
        assert unanswered(sent) == set()
        assert "not known here" in json.dumps(sent)
        await client.choose(asked, "allow_once")
        assert (await client.answer(turn))["result"]["stopReason"] == "end_turn"
        again = await client.call("session/fork", {"sessionId": other, "cwd": str(bench.project), "mcpServers": []})
    assert again["result"]["modes"]["currentModeId"] == "plan", "a fork begins in the mode of its origin"
    assert (bench.project / "a").exists(), "the first goes on as it was"


async def test_another_process_forks_what_is_open_and_cannot_resume_it(bench: Bench) -> None:
    async with bench.pilot("text") as holder, bench.pilot("text") as client:
        session = await holder.open(bench.project)
        await holder.answer(await holder.prompt(session, "The word is lighthouse"))
        refused = await reopen(client, bench, "session/resume", session)
        assert "open in another process" in refused["error"]["message"]
        forked = await client.call("session/fork", {"sessionId": session, "cwd": str(bench.project), "mcpServers": []})
        await client.answer(await client.prompt(forked["result"]["sessionId"], "Which word?"))
    assert "lighthouse" in json.dumps(bench.api.turns("text")[-1].body["messages"])


async def test_sessions_are_listed_by_project(bench: Bench) -> None:
    elsewhere = bench.home / "elsewhere"
    elsewhere.mkdir()
    async with bench.pilot("text") as client:
        session = await client.open(bench.project)
        await client.answer(await client.prompt(session, "Mend the\nbuild"))
        await client.call("session/new", {"cwd": str(bench.project), "mcpServers": []})  # nothing said: not listed
        other = await client.call("session/new", {"cwd": str(elsewhere), "mcpServers": []})
        await client.answer(await client.prompt(other["result"]["sessionId"], "Elsewhere"))
        here = (await client.call("session/list", {"cwd": str(bench.project)}))["result"]["sessions"]
        everywhere = (await client.call("session/list", {}))["result"]["sessions"]
    assert [(one["sessionId"], one["title"], one["cwd"]) for one in here] == [
        (session, "Mend the build", str(bench.project))
    ]
    assert len(everywhere) == 2


async def test_what_is_no_session_is_refused_by_name(bench: Bench) -> None:
    async with bench.pilot("text") as client:
        for wanted in ("../../etc/passwd", "00000000-0000-0000-0000-000000000000"):
            refused = await reopen(client, bench, "session/load", wanted)
            assert refused["error"]["code"] == -32602
            assert wanted[:20] in refused["error"]["message"]
        relative = await client.call("session/new", {"cwd": "here", "mcpServers": []})
        assert "absolute path" in relative["error"]["message"]
        closed = await client.call("session/prompt", {"sessionId": "x", "prompt": []})
        assert "not open" in closed["error"]["message"]

"""A turn of Pilot from the outside: what a client sees, what happens to files, what the model is sent next."""

from __future__ import annotations

import json

from tests.fakes.replies import Text, Tool
from tests.integration.pilot.conftest import KEY, Bench

WRITE = Tool("write_file", {"path": "hello.txt", "content": "hello\n"}, "I write the file.")
SHELL = Tool("shell", {"command": "echo ran > ran.txt; echo done"})


async def test_prompt_permission_allow_changed_file(bench: Bench, vendor: str) -> None:
    bench.api.script("w", WRITE, Text("Written."))
    async with bench.pilot("w", vendor) as client:
        session = await client.open(bench.project)
        turn = await client.prompt(session, "Write hello.txt")
        asked = await client.request("session/request_permission")
        call = asked["params"]["toolCall"]
        path = str(bench.project / "hello.txt")
        assert (call["kind"], call["title"]) == ("edit", "Write hello.txt")
        assert call["locations"] == [{"path": path}]
        assert call["content"] == [{"type": "diff", "path": path, "oldText": None, "newText": "hello\n"}]
        kinds = [option["kind"] for option in asked["params"]["options"]]
        assert kinds == ["allow_once", "allow_always", "reject_once", "reject_always"]
        assert not (bench.project / "hello.txt").exists()
        await client.choose(asked, "allow_once")
        answer = await client.answer(turn)
    assert answer["result"]["stopReason"] == "end_turn"
    usage = answer["result"]["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] > 0
    assert (bench.project / "hello.txt").read_text() == "hello\n"
    assert client.text() == "I write the file.Written."
    assert client.updates("tool_call_update")[-1]["status"] == "completed"
    assert client.updates("usage_update")[-1]["used"] > 0
    assert client.errors == b""


async def test_a_refusal_changes_nothing_and_is_told_to_the_model(bench: Bench, vendor: str) -> None:
    bench.api.script("w", WRITE, Text("Then not."))
    async with bench.pilot("w", vendor) as client:
        session = await client.open(bench.project)
        turn = await client.prompt(session, "Write hello.txt")
        await client.choose(await client.request("session/request_permission"), "reject_once")
        assert (await client.answer(turn))["result"]["stopReason"] == "end_turn"
    assert not (bench.project / "hello.txt").exists()
    assert "refused this call" in json.dumps(bench.api.turns("w")[-1].body)
    assert client.updates("tool_call_update")[-1]["status"] == "failed"


async def test_always_is_remembered_for_the_very_command(bench: Bench) -> None:
    bench.api.script("sh", SHELL, SHELL, Tool("shell", {"command": "echo other"}), Text("Done."))
    async with bench.pilot("sh") as client:
        session = await client.open(bench.project)
        turn = await client.prompt(session, "Run it")
        first = await client.request("session/request_permission")
        assert first["params"]["toolCall"]["rawInput"]["command"] == "echo ran > ran.txt; echo done"
        await client.choose(first, "allow_always")
        second = await client.request("session/request_permission", 2)
        assert second["params"]["toolCall"]["rawInput"]["command"] == "echo other"
        await client.choose(second, "reject_always")
        await client.answer(turn)
    assert (bench.project / "ran.txt").exists()


async def test_reads_inside_need_no_permission_and_outside_always_do(bench: Bench) -> None:
    outside = bench.home / "secret.txt"
    outside.write_text("the secret\n")
    (bench.project / "in.txt").write_text("inside\n")
    (bench.project / "link.txt").symlink_to(outside)
    bench.api.script("r", Tool("read_file", {"path": "in.txt"}), Tool("read_file", {"path": "link.txt"}), Text("Read."))
    async with bench.pilot("r") as client:
        session = await client.open(bench.project)
        turn = await client.prompt(session, "Read both")
        asked = await client.request("session/request_permission")
        assert asked["params"]["toolCall"]["locations"][0]["path"] == str(outside)
        await client.choose(asked, "reject_once")
        await client.answer(turn)
    sent = json.dumps(bench.api.turns("r")[-1].body)
    assert "inside" in sent
    assert "the secret" not in sent


async def test_accept_edits_asks_for_commands_only(bench: Bench) -> None:
    bench.api.script("s", WRITE, SHELL, Text("Done."))
    async with bench.pilot("s") as client:
        session = await client.open(bench.project)
        answer = await client.call("session/set_mode", {"sessionId": session, "modeId": "accept-edits"})
        assert answer["result"] == {}
        assert client.updates("current_mode_update")[-1]["currentModeId"] == "accept-edits"
        turn = await client.prompt(session, "Do both")
        asked = await client.request("session/request_permission")
        assert asked["params"]["toolCall"]["kind"] == "execute"
        assert (bench.project / "hello.txt").exists()
        await client.choose(asked, "allow_once")
        await client.answer(turn)


async def test_plan_mode_is_read_only(bench: Bench) -> None:
    bench.api.script("s", WRITE, SHELL, Text("I would."))
    async with bench.pilot("s") as client:
        session = await client.open(bench.project)
        await client.call("session/set_mode", {"sessionId": session, "modeId": "plan"})
        answer = await client.answer(await client.prompt(session, "Do both"))
    assert answer["result"]["stopReason"] == "end_turn"
    assert not (bench.project / "hello.txt").exists()
    assert not (bench.project / "ran.txt").exists()
    assert json.dumps(bench.api.turns("s")[-1].body).count("plan mode") >= 2


async def test_the_model_is_switched_and_used(bench: Bench) -> None:
    async with bench.pilot("text") as client:
        await client.call("initialize", {"protocolVersion": 1})
        opened = await client.call("session/new", {"cwd": str(bench.project), "mcpServers": []})
        session = opened["result"]["sessionId"]
        (option,) = opened["result"]["configOptions"]
        assert (option["category"], option["currentValue"]) == ("model", "scripted")
        choice = {"sessionId": session, "configId": option["id"], "value": "other"}
        changed = await client.call("session/set_config_option", choice)
        assert changed["result"]["configOptions"][0]["currentValue"] == "other"
        await client.answer(await client.prompt(session, "Hello"))
        told = await client.call("session/set_model", {"sessionId": session, "modelId": "third"})
        assert told["result"] == {}
        await client.answer(await client.prompt(session, "Hello"))
    assert [seen.body["model"] for seen in bench.api.turns("text")] == ["other", "third"]


async def test_an_edit_by_exact_text_and_what_is_told_when_it_is_not_unique(bench: Bench) -> None:
    (bench.project / "a.py").write_text("x = 1\ny = 1\n")
    bench.api.script(
        "e",
        Tool("edit_file", {"path": "a.py", "old": "= 1", "new": "= 2"}),
        Tool("edit_file", {"path": "a.py", "old": "y = 1", "new": "y = 2"}),
        Text("Done."),
    )
    async with bench.pilot("e") as client:
        session = await client.open(bench.project)
        turn = await client.prompt(session, "Edit")
        asked = await client.request("session/request_permission")
        (diff,) = asked["params"]["toolCall"]["content"]
        assert (diff["oldText"], diff["newText"]) == ("x = 1\ny = 1\n", "x = 1\ny = 2\n")
        await client.choose(asked, "allow_once")
        await client.answer(turn)
    assert (bench.project / "a.py").read_text() == "x = 1\ny = 2\n"
    assert "occurs 2 times" in json.dumps(bench.api.turns("e")[1].body)


async def test_wrong_tools_and_arguments_are_told_to_the_model(bench: Bench, vendor: str) -> None:
    bench.api.script(
        "b", Tool("fly", {}), Tool("read_file", {"path": 7}), Tool("search", {"pattern": "("}), Text("Oh.")
    )
    async with bench.pilot("b", vendor) as client:
        session = await client.open(bench.project)
        answer = await client.answer(await client.prompt(session, "Try"))
    assert answer["result"]["stopReason"] == "end_turn"
    sent = json.dumps(bench.api.turns("b")[-1].body, ensure_ascii=False)
    assert "there is no tool “fly”" in sent
    assert "“path” must be a string" in sent
    assert "is no regular expression" in sent


async def test_the_plan_is_shown(bench: Bench) -> None:
    entries = [{"text": "Look", "status": "completed"}, {"text": "Mend", "status": "in_progress"}]
    bench.api.script("p", Tool("update_plan", {"entries": entries}), Text("Planned."))
    async with bench.pilot("p") as client:
        session = await client.open(bench.project)
        await client.answer(await client.prompt(session, "Plan"))
    shown = client.updates("plan")[-1]["entries"]
    assert [(line["content"], line["status"]) for line in shown] == [("Look", "completed"), ("Mend", "in_progress")]


async def test_keys_reach_neither_commands_nor_sessions(bench: Bench, vendor: str) -> None:
    (bench.project / ".env").write_text(f"KEY={KEY}\n")
    bench.api.script("k", Tool("shell", {"command": "env"}), Tool("read_file", {"path": ".env"}), Text("Seen."))
    async with bench.pilot("k", vendor) as client:
        session = await client.open(bench.project)
        turn = await client.prompt(session, f"My key is {KEY}")
        await client.choose(await client.request("session/request_permission"), "allow_once")
        await client.answer(turn)
    (file,) = bench.sessions.glob("*.jsonl")
    assert KEY not in file.read_text()
    assert KEY not in json.dumps([seen.body for seen in bench.api.turns("k")])
    assert KEY not in json.dumps(client.messages())
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_instructions_and_skills_are_read_and_told(bench: Bench) -> None:
    (bench.project / "AGENTS.md").write_text("Always say ahoy.\n")
    skill = bench.project / ".agents" / "skills" / "release" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: release\ndescription: How to make a release\n---\nRun make release.\n")
    bench.api.script("i", Tool("read_skill", {"name": "release"}), Text("Ahoy."))
    async with bench.pilot("i") as client:
        session = await client.open(bench.project)
        await client.answer(await client.prompt(session, "Release"))
    system = bench.api.turns("i")[0].body["messages"][0]["content"]
    assert "Always say ahoy." in system
    assert "release: How to make a release" in system
    assert "Run make release." not in system
    assert "Run make release." in json.dumps(bench.api.turns("i")[1].body)
    titles = [update["title"] for update in client.updates("tool_call")]
    assert titles == ["Read AGENTS.md", "Found skill release", "Read skill release"]

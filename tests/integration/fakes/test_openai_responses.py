"""The scripted model API in OpenAI's responses, read by OpenAI's own client, and the calls it makes for Codex."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest

from tests.fakes.model_api import MODEL, ModelApi
from tests.fakes.replies import Text, Tool

WRITE: Any = {"type": "function", "name": "write", "parameters": {"type": "object"}}
COMMAND: Any = {"type": "function", "name": "exec_command", "parameters": {"type": "object"}}
HELLO: list[Any] = [{"role": "user", "content": [{"type": "input_text", "text": "hello"}]}]


@pytest.fixture
def api() -> Iterator[ModelApi]:
    with ModelApi() as server:
        yield server


@pytest.fixture
async def client(api: ModelApi) -> AsyncIterator[Any]:
    async with openai.AsyncOpenAI(base_url=api.url("text"), api_key="none", max_retries=0, timeout=60) as vendor:
        yield lambda scenario: vendor.with_options(base_url=api.url(scenario)).responses


async def test_text_whole_and_streamed_is_the_same(client: Any) -> None:
    whole = await client("text").create(model=MODEL, input="hello", tools=[WRITE])
    assert whole.output_text == "You said: hello"
    assert whole.usage.total_tokens > 0
    events = [e async for e in await client("text").create(model=MODEL, input=HELLO, tools=[WRITE], stream=True)]
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == "You said: hello"
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == "You said: hello"
    assert [e.sequence_number for e in events] == list(range(len(events)))


async def test_the_conversation_says_which_step_is_next(client: Any) -> None:
    said = list(HELLO)
    names = []
    bash = {**WRITE, "name": "bash"}
    for _ in range(3):
        answer = await client("steps").create(model=MODEL, input=said, tools=[WRITE, bash])
        calls = [item for item in answer.output if item.type == "function_call"]
        names += [call.name for call in calls] or [answer.output_text]
        said += [item.model_dump(exclude_none=True) for item in answer.output]
        said += [{"type": "function_call_output", "call_id": call.call_id, "output": "done"} for call in calls]
    assert names == ["write", "bash", "Two steps are done."]
    ids = [item["call_id"] for item in said if item.get("type") == "function_call"]
    assert len(set(ids)) == 2


async def test_failures_are_the_vendors_own(client: Any) -> None:
    with pytest.raises(openai.RateLimitError) as raised:
        await client("quota").create(model=MODEL, input="hello", tools=[WRITE])
    assert raised.value.code == "insufficient_quota"


async def call(client: Any, scenario: str, body: dict[str, Any]) -> Any:
    answer = await client(scenario).create(model=MODEL, **body)
    return next(item for item in answer.output if item.type.endswith("_call"))


async def test_an_edit_is_a_command_where_commands_are_all_there_is(client: Any) -> None:
    made = await call(client, "write", {"input": HELLO, "tools": [COMMAND]})
    command = json.loads(made.arguments)["cmd"]
    assert (made.name, command.splitlines()[0]) == ("exec_command", "apply_patch <<'EOF'")
    assert "+hello from the model" in command
    made = await call(client, "bash", {"input": HELLO, "tools": [COMMAND]})
    assert json.loads(made.arguments) == {"cmd": "echo ran > ran.txt"}


async def test_a_script_makes_the_call_where_scripts_are_all_there_is(api: ModelApi, client: Any) -> None:
    tools = [{"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec"}]}]
    inside = [{"type": "additional_tools", "role": "developer", "tools": tools}, *HELLO]
    made = await call(client, "bash", {"input": inside})
    assert (made.type, made.name) == ("custom_tool_call", "exec")
    assert made.input == 'text(await tools.exec_command({"cmd": "echo ran > ran.txt"}))'
    assert [seen.side for seen in api.requests] == [False], "tools inside the conversation are tools"


async def test_a_tool_of_a_server_is_called_in_its_namespace(api: ModelApi, client: Any) -> None:
    api.script("server", Tool("mcp__db/count", {"table": "users"}), Text("done"))
    made = await call(client, "server", {"input": HELLO, "tools": [COMMAND]})
    assert (made.name, made.model_dump()["namespace"]) == ("count", "mcp__db")


async def test_a_request_without_tools_gets_a_title(api: ModelApi, client: Any) -> None:
    answer = await client("write").create(model=MODEL, input="hello")
    assert answer.output_text == "A scripted session"
    assert api.turns("write") == []

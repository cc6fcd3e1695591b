"""The two vendors' formats: what is sent for a conversation, and what odd answers are understood as."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from agents.model import Cause
from agents.pilot.conversation import Call, Replied, Result, Said, Text, Thought, Tokens
from agents.pilot.providers import anthropic_messages, openai_chat
from agents.pilot.providers.anthropic_messages import AnthropicMessages
from agents.pilot.providers.choice import Choice
from agents.pilot.providers.contract import Ask, Delta, Finished, ProviderFault, ToolSpec
from agents.pilot.providers.openai_chat import OpenAIChat

TALK = (
    Said("Look", 1),
    Replied((Thought("hm", "sig"), Thought("other"), Text("I look."), Call("c/1", "read", {"path": "a"})), "m", 2),
    Result("c/1", "", 3),
    Said("And b", 4),
    Replied((Text("   "),), "m", 5, is_whole=False),
    Said("Go on", 6),
)
ASK = Ask("m", "system", TALK, (ToolSpec("read", "reads", {"type": "object"}),), 100)


def test_anthropics_roles_alternate_and_results_follow_their_calls() -> None:
    sent = anthropic_messages.request(ASK)["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "user"]
    assert [block["type"] for block in sent[1]["content"]] == ["thinking", "text", "tool_use"]
    result, *said = sent[2]["content"]
    assert (result["tool_use_id"], result["content"]) == ("c_1", "(empty)")
    assert [block["text"] for block in said] == ["And b", "Go on"]
    assert sent[1]["content"][2]["id"] == "c_1"


def test_an_answer_that_is_only_a_thought_is_left_out() -> None:
    talk = (Said("Think", 1), Replied((Thought("hm", "sig"),), "m", 2), Said("Well?", 3))
    (message,) = anthropic_messages.messages(talk)
    assert [block["text"] for block in message["content"]] == ["Think", "Well?"]


def test_thinking_is_asked_for_only_when_wanted() -> None:
    assert "thinking" not in anthropic_messages.request(ASK)
    wanted = anthropic_messages.request(Ask("m", "s", TALK, (), 100, thinking=10))
    assert wanted["thinking"]["budget_tokens"] == 1024
    assert wanted["max_tokens"] > 1024


def test_openais_messages() -> None:
    sent = openai_chat.request(ASK, is_vendor=False)
    assert [message["role"] for message in sent["messages"]] == [
        "system", "user", "assistant", "tool", "user", "assistant", "user",
    ]  # fmt: skip
    call = sent["messages"][2]["tool_calls"][0]
    assert (call["id"], call["function"]["arguments"]) == ("c/1", '{"path": "a"}')
    assert sent["max_tokens"] == 100
    assert openai_chat.request(ASK, is_vendor=True)["max_completion_tokens"] == 100


class Stream:
    """Stands for an SDK's stream of events."""

    def __init__(self, events: list[Any]) -> None:
        self._events = events

    async def __aenter__(self) -> AsyncIterator[Any]:
        async def each() -> AsyncIterator[Any]:
            for event in self._events:
                yield event

        return each()

    async def __aexit__(self, *_: object) -> None: ...


def told(**fields: Any) -> SimpleNamespace:
    return SimpleNamespace(**fields)


def chunk(finish: str | None = None, usage: Any = None, **delta: Any) -> SimpleNamespace:
    content = told(**{"content": None, "tool_calls": None, **delta})
    return told(usage=usage, choices=[told(finish_reason=finish, delta=content)])


def piece(index: int | None, identity: str | None, name: str | None, arguments: str | None) -> SimpleNamespace:
    return told(index=index, id=identity, function=told(name=name, arguments=arguments))


async def chatted(*chunks: Any) -> tuple[list[Delta], Finished]:
    async def create(**_: Any) -> Stream:
        return Stream(list(chunks))

    provider = OpenAIChat(Choice(provider="openai"))
    provider._client = told(chat=told(completions=told(create=create)))
    events = [event async for event in provider.stream(ASK)]
    finished = events[-1]
    assert isinstance(finished, Finished)
    return [event for event in events if isinstance(event, Delta)], finished


async def test_pieces_of_calls_are_put_together() -> None:
    _, finished = await chatted(
        chunk(tool_calls=[piece(0, "a", "read", '{"pa'), piece(1, "b", "list", "")]),
        chunk(tool_calls=[piece(0, None, None, 'th": "x"}')]),
        chunk("tool_calls"),
    )
    assert finished.parts == (Call("a", "read", {"path": "x"}), Call("b", "list"))


async def test_servers_that_give_no_index_or_the_same_for_all() -> None:
    for index in (None, 0):
        _, finished = await chatted(
            chunk(tool_calls=[piece(index, "a", "read", "{}")]),
            chunk("stop", tool_calls=[piece(index, "b", "list", "{}")]),
        )
        assert [part.name for part in finished.parts if isinstance(part, Call)] == ["read", "list"]


async def test_a_call_without_an_id_gets_one_and_bad_arguments_are_kept() -> None:
    _, finished = await chatted(chunk("tool_calls", tool_calls=[piece(0, None, "read", "{oops")]))
    (call,) = finished.parts
    assert isinstance(call, Call)
    assert call.id.startswith("call_")
    assert call.broken == "{oops"


async def test_a_call_cut_at_the_limit_of_tokens_is_left_out() -> None:
    _, finished = await chatted(chunk("length", tool_calls=[piece(0, "a", "read", '{"path": "x')]))
    assert (finished.parts, finished.stop) == ((), "max_tokens")


async def test_thoughts_of_local_models_and_cached_tokens() -> None:
    details = told(cached_tokens=30)
    usage = told(prompt_tokens=100, completion_tokens=5, prompt_tokens_details=details)
    deltas, finished = await chatted(
        chunk(reasoning_content="hm"), chunk(content="yes"), chunk("stop"), told(usage=usage, choices=[])
    )
    assert deltas == [Delta("hm", is_thought=True), Delta("yes")]
    assert finished.parts == (Thought("hm"), Text("yes"))
    assert finished.tokens == Tokens(input=70, output=5, cache_read=30)


async def test_a_refusal_and_a_filter() -> None:
    _, finished = await chatted(chunk(refusal="I cannot."), chunk("stop"))
    assert (finished.stop, finished.parts) == ("refusal", (Text("I cannot."),))
    assert (await chatted(chunk("content_filter")))[1].stop == "refusal"


async def test_an_answer_without_its_end_was_cut() -> None:
    with pytest.raises(ProviderFault) as caught:
        await chatted(chunk(content="half"))
    assert caught.value.cause is Cause.NETWORK


async def messaged(*events: Any) -> tuple[list[Delta], Finished]:
    async def create(**_: Any) -> Stream:
        return Stream(list(events))

    provider = AnthropicMessages(Choice())
    provider._client = told(messages=told(create=create))
    seen = [event async for event in provider.stream(ASK)]
    finished = seen[-1]
    assert isinstance(finished, Finished)
    return [event for event in seen if isinstance(event, Delta)], finished


def start(index: int, **block: Any) -> SimpleNamespace:
    return told(type="content_block_start", index=index, content_block=told(**block))


def more(index: int, **delta: Any) -> SimpleNamespace:
    return told(type="content_block_delta", index=index, delta=told(**delta))


def ended(reason: str, usage: Any = None) -> list[SimpleNamespace]:
    return [told(type="message_delta", delta=told(stop_reason=reason), usage=usage), told(type="message_stop")]


async def test_anthropics_blocks() -> None:
    begun = told(input_tokens=10, output_tokens=1, cache_read_input_tokens=7, cache_creation_input_tokens=3)
    deltas, finished = await messaged(
        told(type="message_start", message=told(usage=begun)),
        start(0, type="thinking", thinking=""),
        more(0, type="thinking_delta", thinking="hm"),
        more(0, type="signature_delta", signature="sig"),
        start(1, type="redacted_thinking", data="xyz"),
        start(2, type="text", text=""),
        more(2, type="text_delta", text="yes"),
        start(3, type="tool_use", id="t1", name="read"),
        more(3, type="input_json_delta", partial_json='{"path"'),
        more(3, type="input_json_delta", partial_json=': "a"}'),
        start(4, type="some_later_block"),
        told(type="content_block_stop", index=4),
        *ended("tool_use", told(output_tokens=20)),
    )
    assert deltas == [Delta("hm", is_thought=True), Delta("yes")]
    assert finished.parts == (
        Thought("hm", "sig"),
        Thought("", redacted="xyz"),
        Text("yes"),
        Call("t1", "read", {"path": "a"}),
    )
    assert finished.tokens == Tokens(10, 20, 7, 3)


async def test_anthropics_ends() -> None:
    assert (await messaged(*ended("refusal")))[1].stop == "refusal"
    cut = start(0, type="tool_use", id="t", name="read"), more(0, type="input_json_delta", partial_json='{"pa')
    assert (await messaged(*cut, *ended("max_tokens")))[1] == Finished((), "max_tokens")
    with pytest.raises(ProviderFault) as caught:
        await messaged(start(0, type="text", text="half"))
    assert caught.value.cause is Cause.NETWORK

"""OpenAI's chat completions over its SDK: what OpenAI and nearly every local endpoint speak. No retries.

Lenient about what local servers leave out: ids and indexes of calls, usage, the right finish reason.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final

from agents.model import Cause
from agents.pilot.conversation import Call, Part, Replied, Result, Said, Spoken, Text, Thought, Tokens
from agents.pilot.providers import faults
from agents.pilot.providers.anthropic_messages import called
from agents.pilot.providers.choice import Choice
from agents.pilot.providers.contract import Ask, Delta, Finished, Offered, ProviderFault
from agents.pilot.providers.sdk import load

Json = dict[str, Any]

_VENDOR: Final = "https://api.openai.com/v1"
_STOPS: Final = {"length": "max_tokens", "content_filter": "refusal"}

#: Fields in which servers tell the size of a model's context.
_CONTEXT_FIELDS: Final = ("max_model_len", "context_length", "context_window", "max_context_length")


class OpenAIChat:
    """One endpoint; the SDK (0.5 s to import) is loaded at the first use, off the loop. Implements ``Provider``."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self._client: Any = None
        self._loading = asyncio.Lock()

    async def models(self) -> Sequence[Offered]:
        """Return what the endpoint offers."""
        client = await self._connected()
        with faults.told(self._choice.endpoint):
            page = await client.models.list()
            return [_offered(model) for model in page.data or []]

    async def stream(self, ask: Ask) -> AsyncIterator[Delta | Finished]:
        """Yield the answer piece by piece."""
        client = await self._connected()
        reading = _Reading()
        with faults.told(self._choice.endpoint):
            async with await client.chat.completions.create(**self._request(ask)) as chunks:
                async for chunk in chunks:
                    for delta in reading.take(chunk):
                        yield delta
        yield reading.finished(self._choice.endpoint)

    async def close(self) -> None:
        """Let connections go."""
        if self._client is not None:
            await self._client.close()

    async def _connected(self) -> Any:
        async with self._loading:
            if self._client is None:
                sdk = await load("openai")
                choice = self._choice
                timeout = sdk.Timeout(choice.timeout_s, connect=min(15.0, choice.timeout_s))
                self._client = sdk.AsyncOpenAI(
                    api_key=choice.key or "none",  # the SDK wants one, local endpoints do not look at it
                    base_url=choice.base_url or _VENDOR,
                    max_retries=0,
                    timeout=timeout,
                )
        return self._client

    def _request(self, ask: Ask) -> Json:
        return request(ask, is_vendor=self._choice.base_url in (None, _VENDOR))


def request(ask: Ask, *, is_vendor: bool) -> Json:
    """Return the arguments of the SDK's call."""
    functions = [{"name": t.name, "description": t.description, "parameters": t.schema} for t in ask.tools]
    # OpenAI's own models refuse max_tokens, local servers know nothing else.
    limit = "max_completion_tokens" if is_vendor else "max_tokens"
    return {
        "model": ask.model,
        "messages": [{"role": "system", "content": ask.system}, *messages(ask.spoken)],
        "tools": [{"type": "function", "function": function} for function in functions],
        "stream": True,
        "stream_options": {"include_usage": True},
        limit: ask.max_tokens,
    }


def messages(spoken: Iterable[Spoken]) -> list[Json]:
    """Return the conversation as chat completions take it."""
    return [message for entry in spoken if (message := _message(entry)) is not None]


def _message(entry: Spoken) -> Json | None:
    match entry:
        case Said():
            return {"role": "user", "content": entry.text}
        case Result():
            return {"role": "tool", "tool_call_id": entry.call, "content": entry.text or "(empty)"}
        case Replied():
            calls = [_called(call) for call in entry.calls()]
            if not calls and not entry.text():
                return None
            message: Json = {"role": "assistant", "content": entry.text() or None}
            return message | ({"tool_calls": calls} if calls else {})


def _called(call: Call) -> Json:
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


class _Reading:
    """The answer as far as its chunks came."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._thought: list[str] = []
        self._calls: list[Json] = []
        self._refused: list[str] = []
        self._finish: str | None = None
        self._tokens: Tokens | None = None

    def take(self, chunk: Any) -> list[Delta]:
        """Fold one chunk."""
        usage = getattr(chunk, "usage", None)
        if usage is not None:
            self._tokens = _tokens(usage)
        if not chunk.choices:
            return []
        choice = chunk.choices[0]
        self._finish = choice.finish_reason or self._finish
        delta = choice.delta
        if delta is None:
            return []
        for piece in delta.tool_calls or []:
            self._call(piece)
        return self._said(delta)

    def _said(self, delta: Any) -> list[Delta]:
        deltas: list[Delta] = []
        thought = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
        if isinstance(thought, str) and thought:
            self._thought.append(thought)
            deltas.append(Delta(thought, is_thought=True))
        if delta.content:
            self._text.append(delta.content)
            deltas.append(Delta(delta.content))
        refusal = getattr(delta, "refusal", None)
        if refusal:
            self._refused.append(refusal)
            deltas.append(Delta(refusal))
        return deltas

    def _call(self, piece: Any) -> None:
        """Fold a piece of a call: found by its index, by its id where servers leave the index out or repeat it."""
        index, identity = getattr(piece, "index", None), getattr(piece, "id", None) or ""
        kept = next((call for call in reversed(self._calls) if call["index"] == index), None)
        if kept is None or (identity and kept["id"] and identity != kept["id"]):
            kept = {"index": index, "id": "", "name": "", "arguments": ""}
            self._calls.append(kept)
        kept["id"] = kept["id"] or identity
        function = piece.function
        if function is not None:
            kept["name"] += function.name or ""
            kept["arguments"] += function.arguments or ""

    def finished(self, endpoint: str) -> Finished:
        """Return the whole answer. Raises ProviderFault when its end never came."""
        if self._finish is None:
            raise ProviderFault(Cause.NETWORK, f"The answer of {endpoint} was cut off in the middle.")
        stop = "refusal" if self._refused else _STOPS.get(self._finish or "", "end")
        parts: list[Part] = []
        if self._thought:
            parts.append(Thought("".join(self._thought)))
        text = "".join([*self._text, *self._refused])
        if text:
            parts.append(Text(text))
        calls = [
            called(call["id"] or f"call_{uuid.uuid4().hex[:12]}", call["name"], call["arguments"])
            for call in self._calls
        ]
        parts += [call for call in calls if stop != "max_tokens" or not call.broken]
        return Finished(tuple(parts), stop, self._tokens)


def _tokens(usage: Any) -> Tokens:
    sent, got = getattr(usage, "prompt_tokens", None) or 0, getattr(usage, "completion_tokens", None) or 0
    details = getattr(usage, "prompt_tokens_details", None)
    cached = min(getattr(details, "cached_tokens", None) or 0, sent)
    return Tokens(input=sent - cached, output=got, cache_read=cached)


def _offered(model: Any) -> Offered:
    fields = model.model_extra or {}
    told = (fields.get(name) for name in _CONTEXT_FIELDS)
    context = next((size for size in told if isinstance(size, int) and size > 0), None)
    created = getattr(model, "created", None)
    return Offered(model.id, model.id, context, float(created) if isinstance(created, int | float) else 0.0)

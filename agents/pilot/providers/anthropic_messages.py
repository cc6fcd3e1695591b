"""Anthropic's messages over its SDK, with marks for prompt caching. No retries: those are the supervisor's matter."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final

from agents.model import Cause
from agents.pilot.conversation import Call, Part, Replied, Result, Said, Spoken, Text, Thought, Tokens
from agents.pilot.providers import faults
from agents.pilot.providers.choice import Choice
from agents.pilot.providers.contract import Ask, Delta, Finished, Offered, ProviderFault
from agents.pilot.providers.sdk import load

Json = dict[str, Any]

#: Tells Anthropic that what comes before may be kept for the next request.
_MARK: Final = {"cache_control": {"type": "ephemeral"}}

_STOPS: Final = {"max_tokens": "max_tokens", "model_context_window_exceeded": "max_tokens", "refusal": "refusal"}
_UNFIT = re.compile(r"[^A-Za-z0-9_-]")


class AnthropicMessages:
    """One endpoint; the SDK (0.9 s to import) is loaded at the first use, off the loop. Implements ``Provider``."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self._client: Any = None
        self._loading = asyncio.Lock()

    async def models(self) -> Sequence[Offered]:
        """Return what the endpoint offers."""
        client = await self._connected()
        with faults.told(self._choice.endpoint):
            page = await client.models.list(limit=100)
            return [_offered(model) for model in page.data]

    async def stream(self, ask: Ask) -> AsyncIterator[Delta | Finished]:
        """Yield the answer piece by piece."""
        client = await self._connected()
        reading = _Reading()
        with faults.told(self._choice.endpoint):
            async with await client.messages.create(**request(ask)) as events:
                async for event in events:
                    for delta in reading.take(event):
                        yield delta
        yield reading.finished(self._choice.endpoint)

    async def close(self) -> None:
        """Let connections go."""
        if self._client is not None:
            await self._client.close()

    async def _connected(self) -> Any:
        async with self._loading:
            if self._client is None:
                sdk = await load("anthropic")
                self._client = sdk.AsyncAnthropic(**self._settings(sdk))
        return self._client

    def _settings(self, sdk: Any) -> Json:
        choice = self._choice
        # Without a key the SDK would look for other credentials of the user; a local endpoint asks for none.
        credential = {"auth_token": choice.key} if choice.is_token else {"api_key": choice.key or "none"}
        url = choice.base_url.rstrip("/").removesuffix("/v1") if choice.base_url else "https://api.anthropic.com"
        timeout = sdk.Timeout(choice.timeout_s, connect=min(15.0, choice.timeout_s))
        return {**credential, "base_url": url, "max_retries": 0, "timeout": timeout}


def request(ask: Ask) -> Json:
    """Return the arguments of the SDK's call."""
    tools = [{"name": tool.name, "description": tool.description, "input_schema": tool.schema} for tool in ask.tools]
    body: Json = {
        "model": ask.model,
        "max_tokens": ask.max_tokens,
        "system": [{"type": "text", "text": ask.system, **_MARK}],
        "messages": messages(ask.spoken),
        "tools": tools,
        "stream": True,
    }
    if ask.thinking:
        # The budget counts within max_tokens; the API takes no less than 1024.
        budget = max(1024, ask.thinking)
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
        body["max_tokens"] = ask.max_tokens + budget
    return body


def messages(spoken: Iterable[Spoken]) -> list[Json]:
    """Return the conversation as Anthropic takes it: roles alternate, results come first after their calls."""
    turns: list[Json] = []
    for entry in spoken:
        role, blocks = _blocks(entry)
        if not blocks:
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": role, "content": blocks})
    # The newest mark is written, the one before it is read: so each request finds the cache of the last.
    for turn in [turn for turn in turns if turn["role"] == "user"][-2:]:
        turn["content"][-1] |= _MARK
    return turns


def _blocks(entry: Spoken) -> tuple[str, list[Json]]:
    match entry:
        case Said():
            return "user", [{"type": "text", "text": entry.text or "(nothing)"}]
        case Result():
            block: Json = {
                "type": "tool_result",
                "tool_use_id": _identity(entry.call),
                "content": entry.text or "(empty)",
            }
            return "user", [block | ({"is_error": True} if entry.has_failed else {})]
        case Replied():
            made = [one for part in entry.parts if (one := _part(part)) is not None]
            # An answer may not end with a thought: one cut off there said nothing yet.
            return "assistant", [] if made and made[-1]["type"].endswith("thinking") else made


def _part(part: Part) -> Json | None:
    match part:
        case Text():
            return {"type": "text", "text": part.text} if part.text.strip() else None
        case Thought() if part.redacted:
            return {"type": "redacted_thinking", "data": part.redacted}
        case Thought():
            # Without its signature (another vendor's, or one that was cut off) a thought is not taken back.
            return {"type": "thinking", "thinking": part.text, "signature": part.signature} if part.signature else None
        case Call():
            return {"type": "tool_use", "id": _identity(part.id), "name": part.name, "input": part.arguments}


def _identity(call: str) -> str:
    return _UNFIT.sub("_", call)


class _Reading:
    """The answer as far as its events came."""

    def __init__(self) -> None:
        self._blocks: dict[int, Json] = {}
        self._stop: str | None = None
        self._tokens: Tokens | None = None
        self._is_whole = False

    def take(self, event: Any) -> list[Delta]:
        """Fold one event of the stream."""
        match event.type:
            case "message_start":
                self._count(event.message.usage)
            case "content_block_start":
                return self._begin(event.index, event.content_block)
            case "content_block_delta":
                return self._more(event.index, event.delta)
            case "message_delta":
                self._stop = event.delta.stop_reason
                self._count(event.usage)
            case "message_stop":
                self._is_whole = True
        return []

    def _begin(self, index: int, block: Any) -> list[Delta]:
        kept: Json = {"type": block.type, "text": "", "signature": "", "json": ""}
        kept["id"], kept["name"] = getattr(block, "id", ""), getattr(block, "name", "")
        kept["data"] = getattr(block, "data", "")
        self._blocks[index] = kept
        return self._said(kept, getattr(block, "text", None) or getattr(block, "thinking", None) or "")

    def _more(self, index: int, delta: Any) -> list[Delta]:
        kept = self._blocks.setdefault(index, {"type": "text", "text": "", "signature": "", "json": ""})
        match delta.type:
            case "text_delta":
                return self._said(kept, delta.text)
            case "thinking_delta":
                return self._said(kept, delta.thinking)
            case "signature_delta":
                kept["signature"] += delta.signature
            case "input_json_delta":
                kept["json"] += delta.partial_json
        return []

    def _said(self, kept: Json, text: str) -> list[Delta]:
        kept["text"] += text
        return [Delta(text, kept["type"] == "thinking")] if text else []

    def _count(self, usage: Any) -> None:
        if usage is None:
            return
        before = self._tokens or Tokens()
        told = {
            "input": getattr(usage, "input_tokens", None),
            "output": getattr(usage, "output_tokens", None),
            "cache_read": getattr(usage, "cache_read_input_tokens", None),
            "cache_write": getattr(usage, "cache_creation_input_tokens", None),
        }
        # Later events tell the whole again, and leave out what did not change.
        self._tokens = Tokens(**{name: getattr(before, name) if n is None else int(n) for name, n in told.items()})

    def finished(self, endpoint: str) -> Finished:
        """Return the whole answer. Raises ProviderFault when its end never came."""
        if not self._is_whole:
            raise ProviderFault(Cause.NETWORK, f"The answer of {endpoint} was cut off in the middle.")
        parts = [part for _, kept in sorted(self._blocks.items()) if (part := _made(kept)) is not None]
        if self._stop == "max_tokens":
            parts = [part for part in parts if not isinstance(part, Call) or not part.broken]
        return Finished(tuple(parts), _STOPS.get(self._stop or "", "end"), self._tokens)


def _made(kept: Json) -> Part | None:
    match kept["type"]:
        case "text":
            return Text(kept["text"]) if kept["text"] else None
        case "thinking":
            return Thought(kept["text"], kept["signature"])
        case "redacted_thinking":
            return Thought("", redacted=kept["data"])
        case "tool_use":
            return called(kept["id"], kept["name"], kept["json"])
        case _:
            return None  # a block of a later API: nothing we could do with it


def called(identity: str, name: str, arguments: str) -> Call:
    """Return a call with its arguments read; what is no JSON object is kept as it is, for the model to hear of."""
    if not arguments.strip():
        return Call(identity, name)
    try:
        read = json.loads(arguments)
    except (ValueError, RecursionError):
        return Call(identity, name, broken=arguments[:2000])
    return Call(identity, name, read) if isinstance(read, dict) else Call(identity, name, broken=arguments[:2000])


def _offered(model: Any) -> Offered:
    created: Any = getattr(model, "created_at", None)
    context = getattr(model, "max_input_tokens", None)
    return Offered(
        model.id,
        getattr(model, "display_name", None) or model.id,
        context if isinstance(context, int) else None,
        created.timestamp() if hasattr(created, "timestamp") else 0.0,
    )

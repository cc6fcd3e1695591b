"""Which models the endpoint offers, which one is used when none was asked for, and how large its context is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Final

from agents.model import Cause
from agents.pilot.providers.choice import DEFAULT_MODELS, OPENAI, Choice
from agents.pilot.providers.contract import Offered, Provider, ProviderFault

#: Seconds the list is waited for when a session is opened; with a model given, work can begin without it.
LIST_S: Final = 8.0

#: Most models offered to the client.
MOST: Final = 100

#: OpenAI lists everything it has; these can chat and use tools.
_CHATS = re.compile(r"^(?:gpt-|chatgpt-|o\d)")
_NO_CHAT = re.compile(r"audio|realtime|image|tts|transcribe|embedding|search|instruct|moderation|whisper")

#: Context sizes of model families, by the beginning of the name, for endpoints that do not tell.
_CONTEXTS: Final = (("claude-", 200_000), ("gpt-4.1", 1_000_000), ("gpt-4", 128_000), ("gpt-", 400_000), ("o", 200_000))


class Models:
    """The list of one endpoint, asked for once; a failure is asked again. Lives in the loop."""

    def __init__(self, provider: Provider, choice: Choice) -> None:
        self._provider, self._choice = provider, choice
        self._asking = asyncio.Lock()
        self._fault: ProviderFault | None = None
        self.offered: tuple[Offered, ...] = ()

    async def load(self) -> None:
        """Ask for the list, unless it is here; never fails: what went wrong is told when it matters."""
        async with self._asking:
            if self.offered:
                return
            try:
                async with asyncio.timeout(LIST_S):
                    self.offered = self._fitting(await self._provider.models())
                self._fault = None
            except TimeoutError:
                self._fault = ProviderFault(Cause.TIMEOUT, f"{self._choice.endpoint} did not list its models in time.")
            except ProviderFault as fault:
                self._fault = fault

    def default(self) -> str | None:
        """Return the model to begin with, ``None`` when the endpoint has to be asked and did not answer."""
        if self._choice.model is not None:
            return self._choice.model
        preferred = DEFAULT_MODELS[self._choice.provider]
        known = {model.id for model in self.offered}
        if preferred in known or (self._choice.base_url is None and not known):
            return preferred
        # Of a local endpoint's models the first is as good as any: mostly there is one.
        return next((model.id for model in self.offered), None)

    def missing(self) -> ProviderFault:
        """Return why there is no model."""
        if self._fault is not None:
            return self._fault
        text = f"{self._choice.endpoint} lists no model. Name one: --model or PILOT_MODEL."
        return ProviderFault(Cause.MODEL, text)

    def context(self, model: str) -> int:
        """Return the size of a model's context in tokens, 0 when nobody says."""
        if self._choice.context:
            return self._choice.context
        told = next((one.context for one in self.offered if one.id == model), None)
        if told:
            return told
        name = model.rpartition("/")[2]
        return next((size for start, size in _CONTEXTS if name.startswith(start)), 0)

    def _fitting(self, offered: Sequence[Offered]) -> tuple[Offered, ...]:
        if self._choice.provider == OPENAI and self._choice.base_url is None:
            offered = [one for one in offered if _CHATS.search(one.id) and not _NO_CHAT.search(one.id)]
            offered = sorted(offered, key=lambda one: one.created, reverse=True)
        return tuple(offered[:MOST])

"""What Pilot asks of a model provider and gets back, in no vendor's format.

Values, the protocol and the one exception every failure becomes. Imports no SDK.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

import msgspec

from agents.model import Cause
from agents.pilot.conversation import Part, Spoken, Tokens


class ProviderFault(Exception):
    """The model could not answer; ``until`` is epoch seconds, told by the provider."""

    def __init__(self, cause: Cause, message: str, status: int | None = None, until: float | None = None) -> None:
        super().__init__(message)
        self.cause, self.message, self.status, self.until = cause, message, status, until


class ToolSpec(msgspec.Struct, frozen=True):
    """A tool as the model is told of it; ``schema`` is a JSON schema of its arguments."""

    name: str
    description: str
    schema: dict[str, Any]


class Ask(msgspec.Struct, frozen=True):
    """One request to a model. ``thinking`` is the budget of tokens for thinking, 0 for none."""

    model: str
    system: str
    spoken: tuple[Spoken, ...]
    tools: tuple[ToolSpec, ...]
    max_tokens: int
    thinking: int = 0


class Delta(msgspec.Struct, frozen=True):
    """A piece of an answer as it streams in."""

    text: str
    is_thought: bool = False


class Finished(msgspec.Struct, frozen=True):
    """The whole answer. ``stop`` is end, max_tokens or refusal; that tools are wanted is in ``parts``."""

    parts: tuple[Part, ...]
    stop: str = "end"
    tokens: Tokens | None = None


class Offered(msgspec.Struct, frozen=True):
    """A model the endpoint offers; ``context`` in tokens where it says so, ``created`` in epoch seconds."""

    id: str
    name: str
    context: int | None = None
    created: float = 0.0


class Provider(Protocol):
    """One endpoint, used by all sessions of the process. Every failure is a ProviderFault."""

    async def models(self) -> Sequence[Offered]:
        """Return what the endpoint offers. Raises ProviderFault."""

    def stream(self, ask: Ask) -> AsyncIterator[Delta | Finished]:
        """Yield the answer piece by piece, ``Finished`` last. Raises ProviderFault."""

    async def close(self) -> None:
        """Let connections go."""

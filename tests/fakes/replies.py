"""What a scripted model does with a request, in no vendor's format; ``vendors/`` puts it on the wire.

A scenario is a list of replies, one per step of a turn. The step is read off the conversation itself (tool results
since the last user message), so a program that was killed and resumed goes on where it was.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Text(msgspec.Struct, frozen=True):
    """Streamed text that ends the turn; ``{prompt}`` is the user's last message. ``gap`` in seconds between words.

    ``stop`` is the vendor's own word for why it ends where that is not the usual one.
    """

    text: str
    gap: float = 0.0
    stop: str = ""


class Tool(msgspec.Struct, frozen=True):
    """A call of one of the program's tools, with some text before it."""

    name: str
    arguments: dict[str, Any]
    text: str = ""


class Fail(msgspec.Struct, frozen=True):
    """An HTTP error in the vendor's own words; only the first ``times`` requests fail when it is given."""

    status: int
    code: str = ""
    message: str = ""
    headers: dict[str, str] = {}
    times: int | None = None


class Hang(msgspec.Struct, frozen=True):
    """Accept and go silent: before the ``headers``, or in mid-``stream`` after the first words."""

    where: str = "headers"


class Cut(msgspec.Struct, frozen=True):
    """Close the connection in the middle of the stream."""


Reply = Text | Tool | Fail | Hang | Cut

_WRITE = Tool("write", {"filePath": "hello.txt", "content": "hello from the model\n"}, "I write the file.")
_BASH = Tool("bash", {"command": "echo ran > ran.txt", "description": "Say that it ran"})

#: Scenarios that need no test to set them up; the names are path segments of the base URL.
BUILT_IN: dict[str, tuple[Reply, ...]] = {
    "text": (Text("You said: {prompt}"),),
    "slow": (Text("one two three four five six seven eight nine ten " * 30, gap=0.2),),
    "write": (_WRITE, Text("The file is written.")),
    "bash": (_BASH, Text("The command ran.")),
    "steps": (_WRITE, _BASH, Text("Two steps are done.")),
    "empty": (Text(""),),
    "hang": (Hang("headers"),),
    "hang-stream": (Hang("stream"),),
    "cut": (Cut(),),
    "401": (Fail(401, "invalid_api_key", "Incorrect API key provided."),),
    "402": (Fail(402, "insufficient_quota", "Your credit balance is too low."),),
    "403": (Fail(403, "permission_denied", "This key may not use this model."),),
    "404": (Fail(404, "model_not_found", "The model does not exist."),),
    "429": (Fail(429, "rate_limit_exceeded", "Rate limit reached."),),
    "429-after": (Fail(429, "rate_limit_exceeded", "Rate limit reached.", {"retry-after": "3600"}),),
    "429-soon": (
        Fail(429, "rate_limit_exceeded", "Rate limit reached.", {"retry-after": "2"}, times=1),
        Text("Worked after the wait."),
    ),
    "context": (Fail(400, "context_length_exceeded", "prompt is too long: 250000 tokens > 200000 maximum"),),
    "quota": (Fail(429, "insufficient_quota", "You exceeded your current quota."),),
    "500": (Fail(500, "server_error", "The server had an error."),),
    "503": (Fail(503, "service_unavailable", "The engine is overloaded."),),
    "529": (Fail(529, "overloaded_error", "Overloaded."),),
    "flaky": (Fail(503, "service_unavailable", "The engine is overloaded.", times=2), Text("Worked in the end.")),
}

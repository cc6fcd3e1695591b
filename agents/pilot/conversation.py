"""What was said in a session, in no vendor's format: messages, replies, calls and their results.

Values and one invariant: every call has a result before the next request. Does no I/O and knows no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

#: Result of a call that nobody can tell about any more, by why it ended.
INTERRUPTED = (
    "This call was interrupted: Pilot's process ended while it ran. It may have been done in part: look before you "
    "repeat it."
)
COPIED = "This call still ran when the conversation was copied: what came of it is not known here."
CANCELLED = "The user cancelled the turn during this call. It may have been done in part."
NOT_BEGUN = "The turn ended before this call began; nothing was done."


class Text(msgspec.Struct, frozen=True, tag="text"):
    """A piece of what the model said."""

    text: str


class Thought(msgspec.Struct, frozen=True, tag="thought"):
    """What the model thought; ``signature`` lets Anthropic take it back, ``redacted`` is a body we cannot read."""

    text: str
    signature: str = ""
    redacted: str = ""


class Call(msgspec.Struct, frozen=True, tag="call"):
    """A tool the model wants used. ``broken`` is the raw text of arguments that are no JSON object."""

    id: str
    name: str
    arguments: dict[str, Any] = {}
    broken: str = ""


Part = Text | Thought | Call


class Tokens(msgspec.Struct, frozen=True):
    """Tokens of requests in the four buckets that have a price each."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def plus(self, other: Tokens) -> Tokens:
        """Return the sum."""
        return Tokens(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
        )

    @property
    def total(self) -> int:
        """Return the sum of the buckets: what the last request and its answer fill of the context."""
        return self.input + self.output + self.cache_read + self.cache_write


# ---------------------------------------------------------------- entries of a session, one line each


class Head(msgspec.Struct, frozen=True, tag="head"):
    """The first line of a session; ``parent`` is the session it was forked from. Times are epoch seconds."""

    id: str
    cwd: str
    at: float
    version: int = 1
    parent: str | None = None


class Said(msgspec.Struct, frozen=True, tag="said"):
    """What the user said."""

    text: str
    at: float


class Replied(msgspec.Struct, frozen=True, tag="replied"):
    """One answer of the model, whole or as far as it came; ``tokens`` is ``None`` when they were not told."""

    parts: tuple[Part, ...]
    model: str
    at: float
    is_whole: bool = True
    tokens: Tokens | None = None

    def calls(self) -> list[Call]:
        """Return the tools it wants used, in order."""
        return [part for part in self.parts if isinstance(part, Call)]

    def text(self) -> str:
        """Return what it said."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


class Result(msgspec.Struct, frozen=True, tag="result"):
    """What came of a call; ``title`` and ``kind`` are what the user saw of it."""

    call: str
    text: str
    at: float
    has_failed: bool = False
    title: str = ""
    kind: str = "other"


class Chosen(msgspec.Struct, frozen=True, tag="chosen"):
    """A setting the user changed: ``what`` is mode or model."""

    what: str
    value: str
    at: float


class Planned(msgspec.Struct, frozen=True, tag="planned"):
    """The whole plan as the model last wrote it: (text, status) each."""

    entries: tuple[tuple[str, str], ...]
    at: float


Entry = Head | Said | Replied | Result | Chosen | Planned
Spoken = Said | Replied | Result


class Conversation:
    """The entries of one session in memory, in order."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: list[Entry] = list(entries)

    def add(self, entry: Entry) -> None:
        """Append an entry."""
        self.entries.append(entry)

    def spoken(self) -> Iterator[Spoken]:
        """Yield what the model is told of."""
        for entry in self.entries:
            if isinstance(entry, Said | Replied | Result):
                yield entry

    def open_calls(self) -> list[Call]:
        """Return the calls that have no result yet, oldest first."""
        calls: dict[str, Call] = {}
        for entry in self.entries:
            if isinstance(entry, Replied):
                calls.update((call.id, call) for call in entry.calls())
            elif isinstance(entry, Result):
                calls.pop(entry.call, None)
        return list(calls.values())

    def chosen(self, what: str) -> str | None:
        """Return the setting the user last made."""
        found = (e.value for e in reversed(self.entries) if isinstance(e, Chosen) and e.what == what)
        return next(found, None)

    def title(self) -> str:
        """Return the first words of the user, on one line."""
        first = next((entry.text for entry in self.entries if isinstance(entry, Said)), "")
        return " ".join(first.split())[:80]

    def context_used(self) -> int | None:
        """Return how many tokens the last answered request and its answer were, ``None`` when nobody told."""
        for entry in reversed(self.entries):
            if isinstance(entry, Replied) and entry.tokens is not None:
                return entry.tokens.total
        return None


def repairs(conversation: Conversation, at: float, why: str, begun: str | None = None) -> list[Result]:
    """Return results for all open calls, so that every call has one; only ``begun`` may have done something.

    With ``begun`` left out nobody knows which call ran: then all get ``why``.
    """
    return [
        Result(call.id, why if begun in (None, call.id) else NOT_BEGUN, at, has_failed=True, title=call.name)
        for call in conversation.open_calls()
    ]


def unique_ids(parts: Sequence[Part], taken: Iterable[str]) -> tuple[Part, ...]:
    """Return the parts with ids of calls that are not ``taken``: some endpoints count from 0 in each answer."""
    used = set(taken)
    unique: list[Part] = []
    for part in parts:
        if isinstance(part, Call):
            identity, number = part.id, 2
            while identity in used:
                identity, number = f"{part.id}-{number}", number + 1
            used.add(identity)
            unique.append(msgspec.structs.replace(part, id=identity))
        else:
            unique.append(part)
    return tuple(unique)

"""One open session: what was said, its settings, and the file both are kept in. Talks to nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agents.pilot.conversation import (
    COPIED,
    INTERRUPTED,
    Chosen,
    Conversation,
    Entry,
    Head,
    Result,
    Said,
    repairs,
)
from agents.pilot.permissions import Remembered, SessionMode
from agents.pilot.places import Project
from agents.pilot.providers.choice import KEYS
from agents.pilot.store import File


class Secrets:
    """The values of the keys Pilot was given; they are shown and kept nowhere."""

    def __init__(self, env: Mapping[str, str]) -> None:
        names = [name for keys in KEYS.values() for name in keys]
        self._values = [value for name in names if len(value := env.get(name, "")) >= 8]

    def hide(self, text: str) -> str:
        """Return the text without them."""
        for value in self._values:
            text = text.replace(value, "[key]")
        return text


class Session:
    """Owned by Pilot; one turn at a time works on it."""

    def __init__(self, head: Head, conversation: Conversation, file: File, secrets: Secrets) -> None:
        self.id, self.cwd = head.id, head.cwd
        self.project = Project(head.cwd)
        self.conversation = conversation
        self.remembered = Remembered()
        self.mode = _mode(conversation.chosen("mode"))
        self.model = conversation.chosen("model")
        self.turn: asyncio.Task[Any] | None = None
        self.announced: tuple[tuple[str, str], ...] = ()  # the instructions the user was told of
        self._file, self._secrets = file, secrets

    def record(self, entry: Entry, *, sync: bool = False) -> None:
        """Keep an entry, in memory and in the file. Raises OSError."""
        if isinstance(entry, Said | Result):
            entry = msgspec.structs.replace(entry, text=self.hide(entry.text))
        self.conversation.add(entry)
        self._file.append(entry, sync=sync)

    def hide(self, text: str) -> str:
        """Return text without the keys."""
        return self._secrets.hide(text)

    def repair(self, why: str = INTERRUPTED, begun: str | None = None) -> list[Result]:
        """Give every call that has no result one that says why; return them."""
        results = repairs(self.conversation, time.time(), why, begun)
        for result in results:
            self.record(result)
        return results

    def begin_with(self, entries: Sequence[Entry]) -> None:
        """Take over what was said and chosen in another session, in one that is new. Raises OSError."""
        for entry in entries:
            self.record(entry)
        self.mode = _mode(self.conversation.chosen("mode"))
        self.model = self.conversation.chosen("model")
        self.repair(COPIED)

    def choose(self, what: str, value: str) -> None:
        """Change the mode or the model. Raises ValueError for a mode there is not."""
        if what == "mode":
            self.mode = SessionMode(value)
        else:
            self.model = value
        self.record(Chosen(what, value, time.time()))

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


def _mode(told: str | None) -> SessionMode:
    return SessionMode(told) if told in set(SessionMode) else SessionMode.ASK

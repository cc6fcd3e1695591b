"""What the parts of a pane ask of the daemon: answers, messages, input. Failures come back as words, never silence."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import msgspec

from agents.jsonrpc import RpcError
from agents.model import AgentId, Request
from agents.wire import Answered, AnswerRequest, EditQueued, Input, Send
from app.client.api import Caller, ConnectionLost, Spawner
from app.fleet import Fleet
from app.prompting import takes_prompts
from app.who import who


class Told(Protocol):
    """Who hears what became of it; the agent pane implements it."""

    def on_answered(self, words: str, *, failed: bool) -> None:
        """Say that another answer was first, or that this one did not arrive."""

    def on_not_sent(self, text: str, why: str) -> None:
        """Get a message back that could not be sent."""

    def on_trouble(self, words: str) -> None:
        """Say what else did not work."""


class Asking:
    """Implements ``Answering`` and ``Messaging`` for one agent. Lives in the GUI thread's loop."""

    def __init__(self, agent: AgentId, caller: Caller, spawner: Spawner, fleet: Fleet, told: Told) -> None:
        self._agent = agent
        self._caller = caller
        self._spawner = spawner
        self._fleet = fleet
        self._told = told

    def is_pending(self, key: str) -> bool:
        """Tell whether a request is still open."""
        row = self._fleet.row(self._agent)
        return row is not None and any(request.key == key for request in row.requests)

    def answer(self, request: Request, decision: str, *, reason: str, answers: dict[str, str]) -> None:
        """Answer this request and no other."""
        params = AnswerRequest(self._agent, decision, request.key, reason=reason, answers=answers, by="shell")

        async def work() -> None:
            try:
                answered: Answered = await self._caller.call("agent.answer", params)
            except (RpcError, ConnectionLost) as error:
                self._told.on_answered(f"Not answered: {words_of(error)}", failed=True)
                return
            if answered.already:
                self._told.on_answered(already_words(answered), failed=False)

        self._spawner.spawn(work(), "answering a request")

    def send(self, text: str) -> None:
        """Send a message, or type it into the input of an agent that takes no messages."""
        row = self._fleet.row(self._agent)
        what, failed = "sending a message", lambda why: self._told.on_not_sent(text, why)
        if row is not None and not takes_prompts(row):
            self._ask("agent.input", Input(self._agent, (text + "\n").encode()), what, failed)
        else:
            self._ask("agent.send", Send(self._agent, text), what, failed)

    def steer(self, text: str) -> None:
        """Put a message into the running turn."""
        self._ask(
            "agent.send",
            Send(self._agent, text, steer=True),
            "steering",
            lambda why: self._told.on_not_sent(text, why),
        )

    def edit_queued(self, turn: int, text: str | None) -> None:
        """Change or drop a waiting message; a change that comes too late gives the text back."""
        failed = self._told.on_trouble if text is None else lambda why: self._told.on_not_sent(text, why)
        self._ask("agent.edit_queued", EditQueued(self._agent, turn, text), "changing a waiting message", failed)

    def _ask(self, method: str, params: msgspec.Struct, what: str, failed: Callable[[str], None]) -> None:
        async def work() -> None:
            try:
                await self._caller.call(method, params)
            except (RpcError, ConnectionLost) as error:
                failed(words_of(error))

        self._spawner.spawn(work(), what)


def words_of(error: RpcError | ConnectionLost) -> str:
    """Return an error in words for the user."""
    if isinstance(error, RpcError):
        return error.message
    return "the connection to the daemon was lost; look whether it arrived"


def already_words(answered: Answered) -> str:
    """Return who was first."""
    when = time.strftime("%H:%M:%S", time.localtime(answered.at))
    return f"already {answered.outcome} by {who(answered.by)} at {when}"

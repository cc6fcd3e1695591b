"""What commands do to agents, through the daemon. Qt-free; every failure becomes a notice that names the agent.

Methods return at once: the call runs in the spawner's task group.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import msgspec

from agents.model import AgentId, AgentRow
from agents.wire import (
    AgentRef,
    Annotate,
    Answered,
    AnswerRequest,
    Fork,
    NoParams,
    Remove,
    Rename,
    Resumed,
    Run,
    Send,
    SetMode,
    SetModel,
    Snooze,
    Started,
)
from app.client.api import Caller, Spawner
from app.fleet import Fleet
from app.who import who


class AgentActions:
    """Asks the daemon for things; owned by the shell, lives in its loop."""

    def __init__(self, caller: Caller, spawner: Spawner, fleet: Fleet) -> None:
        self._caller = caller
        self._spawner = spawner
        self._fleet = fleet

    def start(self, run: Run, then: Callable[[Started], None]) -> None:
        """Start an agent; ``then`` gets it. A launch that fails is a row of its own and says why."""

        async def work() -> None:
            then(await self._caller.call("agent.run", run))

        self._spawner.spawn(work(), f"starting {run.name or run.kind}")

    def answer(self, row: AgentRow, decision: str, reason: str = "") -> None:
        """Answer the oldest open request of ``row`` as the user saw it; a later one is never answered by mistake."""
        request = row.requests[0]
        params = AnswerRequest(row.id, decision, request=request.key, reason=reason, by="shell")

        async def work() -> None:
            answered: Answered = await self._caller.call("agent.answer", params)
            if answered.already:
                when = time.strftime("%H:%M:%S", time.localtime(answered.at))
                text = f"{row.name}: already {answered.outcome} by {who(answered.by)} at {when}"
                self._fleet.note("info", text, time.time(), row.id)

        self._spawner.spawn(work(), f"answering {row.name}")

    def send(self, row: AgentRow, text: str) -> None:
        """Send a message; it waits in the queue while the agent is busy."""
        self._ask("agent.send", Send(row.id, text), f"sending to {row.name}")

    def interrupt(self, row: AgentRow) -> None:
        """Cancel the running turn."""
        self._ask("agent.interrupt", AgentRef(row.id), f"interrupting {row.name}")

    def stop(self, row: AgentRow) -> None:
        """Stop by the ladder."""
        self._ask("agent.stop", AgentRef(row.id), f"stopping {row.name}")

    def kill(self, row: AgentRow) -> None:
        """Kill the whole process tree."""
        self._ask("agent.kill", AgentRef(row.id), f"killing {row.name}")

    def resume(self, row: AgentRow) -> None:
        """Continue the session in a new process."""
        self._ask("agent.resume", AgentRef(row.id), f"resuming {row.name}")

    def resume_all(self) -> None:
        """Bring back every agent that was cut off; what is left to the user becomes a notice each."""

        async def work() -> None:
            resumed: Resumed = await self._caller.call("agent.resume_all", NoParams())
            for text in resumed.problems:
                self._fleet.note("error", text, time.time())
            for text in resumed.notes:
                self._fleet.note("warning", text, time.time())
            self._fleet.note(
                "info", f"{resumed.summary or 'nobody was cut off'}; resumed {len(resumed.resumed)}", time.time()
            )

        self._spawner.spawn(work(), "resuming all")

    def remove(self, row: AgentRow) -> None:
        """Forget an ended agent."""
        self._ask("agent.remove", Remove(row.id), f"removing {row.name}")

    def rename(self, row: AgentRow, name: str) -> None:
        """Give it another name."""
        if name and name != row.name:
            self._ask("agent.rename", Rename(row.id, name), f"renaming {row.name}")

    def annotate(self, row: AgentRow, change: Annotate) -> None:
        """Set note, labels, team, slot or archived."""
        self._ask("agent.annotate", change, f"changing {row.name}")

    def archive(self, row: AgentRow) -> None:
        """Take an ended agent out of the roster, or bring it back."""
        self.annotate(row, Annotate(row.id, archived=not row.archived))

    def snooze(self, rows: Iterable[AgentRow], seconds: float) -> None:
        """Hide from triage for ``seconds`` or until the state changes; 0 wakes."""
        for row in rows:
            self._ask("agent.snooze", Snooze(row.id, seconds), f"snoozing {row.name}")

    def set_mode(self, row: AgentRow, mode: str) -> None:
        """Switch the session mode."""
        self._ask("agent.set_mode", SetMode(row.id, mode), f"switching the mode of {row.name}")

    def set_model(self, row: AgentRow, model: str) -> None:
        """Switch the model."""
        self._ask("agent.set_model", SetModel(row.id, model), f"switching the model of {row.name}")

    def fork(self, row: AgentRow, then: Callable[[Started], None]) -> None:
        """Begin a new agent with a copy of its conversation; ``then`` gets it."""

        async def work() -> None:
            then(await self._caller.call("agent.fork", Fork(row.id)))

        self._spawner.spawn(work(), f"forking {row.name}")

    def seen(self, agent: AgentId) -> None:
        """Say that the user looked at it; asked only when there is something unread."""
        row = self._fleet.row(agent)
        if row is not None and row.unread and self._fleet.connected:
            self._ask("agent.seen", AgentRef(agent), f"marking {row.name} as seen")

    def _ask(self, method: str, params: msgspec.Struct, what: str) -> None:
        self._spawner.spawn(self._call(method, params), what)

    def _call(self, method: str, params: msgspec.Struct) -> Coroutine[Any, Any, None]:
        async def work() -> None:
            await self._caller.call(method, params)

        return work()

"""One turn: ask the model, run the tools it wants under permission, until it is done.

Tells the client everything as it happens and keeps everything in the session before it goes on. When it is cancelled it
just stops; whoever cancelled it calls ``end`` to make the history whole.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from agents.pilot import updates
from agents.pilot.conversation import Call, Planned, Replied, Result, Text, Tokens, unique_ids
from agents.pilot.instructions import Instructions
from agents.pilot.models import Models
from agents.pilot.permissions import USER_REFUSES, Verdict, decide, options, remember
from agents.pilot.providers.contract import Ask, Delta, Finished, Provider
from agents.pilot.rpc import Json, Peer
from agents.pilot.session import Session
from agents.pilot.tools.contract import Change, Job, Outcome, Tool, ToolError

#: Requests to the model in one turn.
STEPS: Final = 200

#: Seconds between two tellings of a command's output.
TELL_S: Final = 0.2


class Setting(msgspec.Struct, frozen=True):
    """What a turn works with."""

    session: Session
    peer: Peer
    provider: Provider
    models: Models
    instructions: Instructions
    tools: Mapping[str, Tool]
    model: str
    max_tokens: int
    thinking: int = 0


class Turn:
    """One prompt from its first request to its end; owned by Pilot, run as one task."""

    def __init__(self, setting: Setting) -> None:
        self._set = setting
        self._session = setting.session
        self._partial: list[str] = []
        self._begun: str | None = None
        self.spent: Tokens | None = None

    async def run(self) -> str:
        """Work until the model is done; return the stop reason. Raises ProviderFault and OSError."""
        self._announce()
        for _ in range(STEPS):
            finished = await self._ask_model()
            calls = self._reply(finished)
            if finished.stop == "refusal":
                return "refusal"
            if not calls:
                return "max_tokens" if finished.stop == "max_tokens" else "end_turn"
            for call in calls:
                await self._call(call)
        return "max_turn_requests"

    def end(self, why: str) -> None:
        """Make the history whole after the turn stopped in the middle."""
        text = "".join(self._partial)
        self._partial = []
        if text.strip():
            self._session.record(Replied((Text(text),), self._set.model, time.time(), is_whole=False))
        for result in self._session.repair(why, self._begun or ""):
            self._tell(updates.progress(result.call, "failed", result.text))

    def _tell(self, update: Json) -> None:
        self._set.peer.tell("session/update", {"sessionId": self._session.id, "update": update})

    def _announce(self) -> None:
        """Say which files became instructions, when that changed."""
        read = self._set.instructions.read
        for path, title in read:
            if (path, title) not in self._session.announced:
                self._tell(updates.was_read(f"instructions-{uuid.uuid4().hex[:8]}", title, path))
        self._session.announced = read

    # -- the model

    async def _ask_model(self) -> Finished:
        at = self._set
        specs = tuple(tool.spec for tool in at.tools.values())
        spoken = tuple(self._session.conversation.spoken())
        ask = Ask(at.model, at.instructions.text, spoken, specs, at.max_tokens, at.thinking)
        message = uuid.uuid4().hex
        finished = Finished(())
        async for event in at.provider.stream(ask):
            if isinstance(event, Finished):
                finished = event
                continue
            self._stream(event, message)
            await at.peer.room()
        return finished

    def _stream(self, delta: Delta, message: str) -> None:
        if not delta.is_thought:
            self._partial.append(delta.text)
        kind = "agent_thought" if delta.is_thought else "agent_message"
        self._tell(updates.chunk(kind, delta.text, f"{message}-{kind}"))

    def _reply(self, finished: Finished) -> list[Call]:
        """Keep the answer; return the calls in it."""
        entries = self._session.conversation.entries
        taken = [call.id for entry in entries if isinstance(entry, Replied) for call in entry.calls()]
        parts = unique_ids(finished.parts, taken)
        replied = Replied(parts, self._set.model, time.time(), tokens=finished.tokens)
        self._partial = []
        self._session.record(replied, sync=True)
        if finished.tokens is not None:
            self.spent = (self.spent or Tokens()).plus(finished.tokens)
            size = self._set.models.context(self._set.model)
            self._tell(updates.context(finished.tokens.total, size))
        return replied.calls()

    # -- tools

    async def _call(self, call: Call) -> None:
        try:
            job = self._job(call)
        except (ToolError, OSError, ValueError) as error:
            self._tell(updates.refused_call(call, str(error)))
            self._record(call, Outcome(str(error), has_failed=True), call.name, "other")
            return
        outcome = await self._allowed(call, job)
        self._record(call, outcome, job.title, job.kind)
        status = "failed" if outcome.has_failed else "completed"
        self._tell(updates.progress(call.id, status, self._session.hide(outcome.text), outcome.change))
        await self._set.peer.room()

    def _job(self, call: Call) -> Job:
        tool = self._set.tools.get(call.name)
        if tool is None:
            raise ToolError(f"there is no tool “{call.name[:60]}”; tools: {', '.join(self._set.tools)}")
        if call.broken:
            raise ToolError(f"the arguments are no JSON object: {call.broken[:300]}")
        return tool.job(call.arguments, self._session.project)

    def _record(self, call: Call, outcome: Outcome, title: str, kind: str) -> None:
        now = time.time()
        self._session.record(Result(call.id, outcome.text, now, outcome.has_failed, title, kind))
        if outcome.plan is not None:
            self._session.record(Planned(outcome.plan, now))
            self._tell(updates.plan(outcome.plan))
        self._begun = None

    async def _allowed(self, call: Call, job: Job) -> Outcome:
        """Run a job if it may be, asking the user where that is due."""
        session = self._session
        verdict, words = decide(session.mode, job.need, session.remembered)
        change, problem = await self._preview(job) if verdict is not Verdict.REFUSE else (None, "")
        self._tell(updates.tool_call(call.id, job, change))
        if problem and job.need.inside:
            return Outcome(problem, has_failed=True)
        if verdict is Verdict.ASK:
            # What is outside stays unknown to the model until the user allowed it, also that it cannot be done.
            if not await self._asked(call, job, change):
                return Outcome(USER_REFUSES, has_failed=True)
            # The mode may have been switched while the question stood.
            verdict, words = decide(session.mode, job.need, session.remembered)
        if verdict is Verdict.REFUSE:
            return Outcome(words, has_failed=True)
        return await self._run(call, job)

    async def _preview(self, job: Job) -> tuple[Change | None, str]:
        if job.preview is None:
            return None, ""
        try:
            return await asyncio.to_thread(job.preview), ""
        except (ToolError, OSError) as error:
            return None, str(error)

    async def _asked(self, call: Call, job: Job, change: Change | None) -> bool:
        params = {
            "sessionId": self._session.id,
            "toolCall": {**updates.tool_body(call.id, job, change), "status": "pending"},
            "options": options(job.need),
        }
        answer = await self._set.peer.ask("session/request_permission", params)
        outcome = answer.get("outcome")
        if not isinstance(outcome, dict) or outcome.get("outcome") != "selected":
            return False
        return remember(self._session.remembered, job.need, str(outcome.get("optionId")))

    async def _run(self, call: Call, job: Job) -> Outcome:
        self._begun = call.id
        self._tell(updates.progress(call.id, "in_progress"))
        told = _Telling(lambda text: self._tell(updates.progress(call.id, "in_progress", self._session.hide(text))))
        try:
            return await job.run(told)
        except (ToolError, OSError) as error:
            return Outcome(str(error), has_failed=True)
        finally:
            told.stop.set()


class _Telling:
    """Tells a command's output as it grows, not too often. Implements ``Progress``."""

    def __init__(self, tell: Callable[[str], Any]) -> None:
        self.stop = threading.Event()
        self._tell = tell
        self._next = 0.0

    def output(self, text: Callable[[], str]) -> None:
        """Show the output so far, when it is time to."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + TELL_S
            self._tell(text())

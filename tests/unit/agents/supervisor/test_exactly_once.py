"""Under any crash point of daemon and connection, what a user said reaches the agent once, and in order.

The journal, the outbox, the intents, the outflow and the keeper's queue are the real ones, over real files and a real
pipe. Only what lies between is played: the socket delivers what it likes before it breaks, the daemon dies at any
step, and the agent is a few lines that count what they were told.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agents.adapters.contract import Adapter, Answer, NotPossible, Want
from agents.model import Capability, Request, RequestKey
from agents.runtime.keep.input import Input
from agents.runtime.redact import Redactor
from agents.supervisor import decisions
from agents.supervisor.conversation import Conversation, Outcome
from agents.supervisor.decisions import Decisions
from agents.supervisor.intents import Intents
from agents.supervisor.outflow import Outflow
from agents.supervisor.recorder import Outbox, Recorder

SECRET = "sk-ant-" + "k" * 30
STEPS = ("decided", "recorded", "written", "acknowledged")


class Died(BaseException):
    """The daemon was killed here. No Exception: nothing in the product may catch it."""


class Log:
    """What the keeper records: only that it takes everything."""

    def __init__(self) -> None:
        self.sizes = [0, 0, 0, 0]
        self.error = ""
        self.wrote: list[str] = []

    def record(self, stream: int, data: bytes) -> None:
        self.sizes[stream] += len(data)

    def note(self, **event: Any) -> None:
        self.wrote.append(str(event["id"]))


class Agent:
    """The agent's program as its stdin tells: a turn asks for one permission and ends with its answer."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @property
    def started(self) -> int:
        return max((int(line.split()[1]) for line in self.told if line.startswith("prompt")), default=0)

    @property
    def answered(self) -> set[str]:
        return {line.split()[1] for line in self.told if line.startswith("answer")}

    @property
    def open(self) -> str:
        key = f"k{self.started}"
        return "" if self.started == 0 or key in self.answered else key


class Reading(Adapter):
    """The adapter: knows exactly what the keeper recorded, as an adapter that replays does."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.PROMPT})

    def wants(self) -> Sequence[Want]:
        return () if "hello" in self._agent.told else (Want("hello", b"hello\n"),)

    def ready(self) -> bool:
        return "hello" in self._agent.told and not self._agent.open

    def requests(self) -> Sequence[Request]:
        return ()

    def prompt(self, turn: int, text: str) -> bytes:
        if not self.ready():
            raise NotPossible("a turn runs")
        return f"prompt {turn} {text}\n".encode()

    def answer(self, key: RequestKey, answer: Answer) -> bytes:
        if key != self._agent.open:
            raise NotPossible("this request is not open any more")
        return f"answer {key} {answer.decision}\n".encode()


class Keeper:
    """The real queue of writes on a real pipe; it outlives every daemon."""

    def __init__(self) -> None:
        self.log = Log()
        self.acks: list[dict[str, Any]] = []
        self.input = Input(self.log, lambda _kind, body: self.acks.append(body))  # type: ignore[arg-type]
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)

    def take(self, ident: str, data: bytes) -> None:
        self.acks.append(self.input.add(ident, data))

    def feed(self) -> None:
        self.input.feed(self._write)

    def lines(self) -> list[str]:
        with contextlib.suppress(BlockingIOError):
            return os.read(self._read, 1 << 20).decode().splitlines()
        return []

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)


class Daemon:
    """One life of the daemon's side of one agent."""

    def __init__(self, folder: Path, agent: Agent) -> None:
        self.folded = Decisions()
        self.crash_at: tuple[str, str] | None = None
        self.sent: list[tuple[str, bytes]] = []  # on the socket, not yet at the keeper
        self.recorder = Recorder(
            folder / "events.jsonl", Outbox(folder / "outbox.jsonl"), Redactor(), self.folded, lambda _: None
        )
        self.problems = self.recorder.load()
        self.intents = Intents("a1", self.recorder, self.folded, self, lambda: 1.0)
        self.intents.writer = self
        self.outflow = Outflow(self.intents, self.folded, self.recorder, lambda: 1.0, lambda *_: None)
        self.adapter = Reading(agent)
        self.agent = agent
        self.outflow.tidy(self.talk, self.adapter)

    @property
    def talk(self) -> Conversation:
        outcomes = {key: Outcome("allowed", 1.0) for key in self.agent.answered}
        return Conversation(started=self.agent.started, ended=len(self.agent.answered), outcomes=outcomes)

    def reached(self, step: str, agent: str, what: str) -> None:
        if self.crash_at == (step, what):
            raise Died

    def write(self, ident: str, data: bytes) -> None:
        self.sent.append((ident, data))

    def resize(self, rows: int, cols: int) -> None:
        raise AssertionError

    def send(self, text: str) -> int:
        turn = self.folded.next_turn
        self.recorder.record(decisions.queued(1.0, turn, text), sync=True, hold=f"queued:{turn}")
        return turn

    def answer(self, key: str) -> None:
        args = {"key": key, "title": "t", "decision": "allow", "outcome": "allowed", "by": "me"}
        data = self.adapter.answer(key, Answer("allow"))
        self.intents.issue("answer", key, args, data)

    def pump(self) -> None:
        self.outflow.pump(self.adapter, self.talk, may_prompt=True)

    def marks(self, wrote: Sequence[str]) -> None:
        """Learn from the marks what was written and which turns began."""
        for ident in wrote:
            self.settle(ident)
        for prompt in self.folded.waiting:
            if prompt.turn <= self.agent.started:
                self.outflow.started(prompt.turn)

    def settle(self, ident: str) -> None:
        intent = self.intents.settle(ident, "written")
        if intent is not None:
            self.outflow.written(intent, self.adapter)

    def close(self) -> None:
        self.recorder._journal.close()
        self.recorder._outbox.close()


class ExactlyOnce(RuleBasedStateMachine):
    """Everything in any order, with a death at any step."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(tempfile.mkdtemp(prefix="qd-once-"))
        self.agent, self.keeper = Agent(), Keeper()
        self.accepted: dict[int, str] = {}  # turn -> text, of what the user was told is queued
        self.answers: set[str] = set()  # keys whose answer the user was told is given
        self.daemon = Daemon(self.path, self.agent)

    @initialize()
    def launch(self) -> None:
        self.daemon.recorder.record(decisions.launch(0.0, 1, "n"), sync=True)

    # -- what the daemon does, which may kill it at a step

    def attempt(self, work: Callable[[], object], crash: tuple[str, str] | None) -> bool:
        """Do something; tell whether the daemon survived. A dead one is followed by the next."""
        self.daemon.crash_at = crash
        try:
            work()
        except Died:
            self.die()
            return False
        self.daemon.crash_at = None
        return True

    def die(self, torn: bytes = b"") -> None:
        self.daemon.close()
        if torn:
            with (self.path / "events.jsonl").open("ab") as journal:
                journal.write(torn)
        self.daemon = Daemon(self.path, self.agent)
        assert self.daemon.problems == []

    crashes = st.none() | st.tuples(st.sampled_from(STEPS), st.sampled_from(("prompt", "answer", "want")))

    @rule(text=st.sampled_from(["fix it", "and test", f"use {SECRET}"]))
    def say(self, text: str) -> None:
        if len(self.accepted) < 6:
            self.accepted[self.daemon.send(text)] = text

    @rule(crash=crashes)
    def pump(self, crash: tuple[str, str] | None) -> None:
        self.attempt(self.daemon.pump, crash)

    @precondition(lambda self: self.agent.open and self.agent.open not in self.daemon.folded.given)
    @rule(crash=crashes)
    def allow(self, crash: tuple[str, str] | None) -> None:
        key = self.agent.open
        if self.attempt(lambda: self.daemon.answer(key), crash):
            self.answers.add(key)

    @rule(how_many=st.integers(1, 3), reads=st.booleans(), crash=crashes)
    def deliver(self, how_many: int, reads: bool, crash: tuple[str, str] | None) -> None:
        """Let the socket bring some of what was sent, the agent read it or not, the daemon read the marks of it."""
        before = len(self.keeper.log.wrote)
        self.arrive(how_many, reads=reads)
        self.attempt(lambda: self.daemon.marks(self.keeper.log.wrote[before:]), crash)

    def arrive(self, how_many: int, *, reads: bool) -> None:
        now, self.daemon.sent = self.daemon.sent[:how_many], self.daemon.sent[how_many:]
        for ident, data in now:
            self.keeper.take(ident, data)
        if reads:
            self.keeper.feed()
            self.agent.told += self.keeper.lines()

    @rule(
        how_many=st.integers(0, 3),
        reads=st.booleans(),
        torn=st.sampled_from([b"", b'{"t":"int', b'{"t":"intent","at":1.0,"intent":{}']),
    )
    def kill(self, how_many: int, reads: bool, torn: bytes) -> None:
        """Kill the daemon: some of what was on the socket still arrives, its last record may be torn."""
        self.arrive(how_many, reads=reads)
        self.die(torn)

    @rule()
    def resume(self) -> None:
        """End its process when everything on the way has arrived, and go on with the session in another one."""
        before = len(self.keeper.log.wrote)
        self.arrive(100, reads=True)
        self.daemon.marks(self.keeper.log.wrote[before:])
        if self.daemon.intents.pending() or self.agent.open:
            return
        again = decisions.launch(0.0, self.daemon.folded.incarnation + 1, "n")
        self.daemon.recorder.record(again, sync=True)
        self.daemon.outflow.forget()

    # -- what must hold

    @invariant()
    def nothing_is_told_twice(self) -> None:
        counts = Counter(" ".join(line.split()[:2]) for line in self.agent.told)
        assert all(count == 1 for count in counts.values()), self.agent.told

    @invariant()
    def turns_come_in_order_with_their_text(self) -> None:
        prompts = [line.split(" ", 2) for line in self.agent.told if line.startswith("prompt")]
        turns = [int(turn) for _, turn, _ in prompts]
        assert turns == sorted(turns)
        assert all(self.accepted[int(turn)] == text for _, turn, text in prompts)

    @invariant()
    def no_secret_is_in_the_journal(self) -> None:
        path = self.path / "events.jsonl"
        assert not path.exists() or SECRET.encode() not in path.read_bytes()

    def teardown(self) -> None:
        try:
            self.finish()
        finally:
            self.daemon.close()
            self.keeper.close()
            shutil.rmtree(self.path)

    def finish(self) -> None:
        """Go on without faults: then everything that was accepted arrives."""
        if self.daemon.folded.incarnation == 0:
            return
        self.die()
        for _ in range(4 * len(self.accepted) + 8):
            before = len(self.keeper.log.wrote)
            self.daemon.pump()
            if self.agent.open and self.agent.open not in self.daemon.folded.given:
                self.daemon.answer(self.agent.open)
            self.arrive(100, reads=True)
            self.daemon.marks(self.keeper.log.wrote[before:])
            self.nothing_is_told_twice()
        told = {int(line.split()[1]) for line in self.agent.told if line.startswith("prompt")}
        assert told == set(self.accepted), (self.agent.told, self.daemon.folded.waiting)
        assert self.answers <= self.agent.answered
        assert self.agent.told.count("hello") == 1
        assert self.daemon.intents.pending() == ()


TestExactlyOnce = ExactlyOnce.TestCase
TestExactlyOnce.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)


@pytest.mark.slow
@pytest.mark.timeout(600)
class TestExactlyOnceForLong(ExactlyOnce.TestCase):
    """The same with many more orders of events."""

    settings = settings(max_examples=500, stateful_step_count=50, deadline=None)

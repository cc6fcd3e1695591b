"""Recorded sessions of a real ACP agent, replayed as dialogues with an adapter.

What we say must be what the agent was told; what it answered becomes the facts a user sees.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, TypeVar

from agents.adapters.acp.adapter import AcpAdapter
from agents.adapters.contract import Answer, Fact, RequestClosed, TextAppended, ToolCallChanged
from agents.adapters.kinds import RESOURCES, load_kinds
from agents.model import Blocked, ToolCall, Turn
from agents.spec import Spec
from tests.unit.agents.adapters.tape import Drive, spec

CORPUS = Path(__file__).resolve().parents[3] / "corpus" / "acp"

#: The kinds as users have them, with their quirks.
KINDS = load_kinds([RESOURCES / "agents"]).kinds

#: Decisions by the kind of the option that was chosen in the recording.
DECISIONS = {"allow_once": "allow", "allow_always": "always", "reject_once": "deny"}


def recordings(kind: str) -> list[str]:
    """Return the names of a kind's recordings."""
    return sorted(path.stem for path in CORPUS.glob(f"{kind}-*.jsonl"))


def kind_of(name: str) -> str:
    """Return the kind a recording is of."""
    return max((kind for kind in KINDS if name.startswith(f"{kind}-")), key=len)


def spec_of(kind: str, **fields: Any) -> Spec:
    """Return the spec under which a kind was recorded."""
    return spec(kind=kind, cwd="/home/dev/repo", **fields)


def session_of(name: str) -> str:
    """Return the session a recording works in."""
    found = re.search(r'sessionId\\": ?\\"([\w-]+)', (CORPUS / f"{name}.jsonl").read_text())
    assert found is not None
    return found[1]


class Dialogue:
    """Replays recordings through one adapter: our lines are the adapter's own, compared with what was recorded."""

    def __init__(self, kind: str = "opencode", *, spec: Spec | None = None, can_resume: bool = True) -> None:
        self.kind = KINDS[kind]
        self.spec = spec or spec_of(kind)
        self.drive = Drive(AcpAdapter(self.kind, self.spec))
        self._can_resume = can_resume  # else the agent is played as one that offers session/load only
        self.states: list[tuple[Turn, Blocked | None]] = []
        self._ids: dict[Any, Any] = {}  # recorded id of a request of ours -> the adapter's
        self._sent: list[dict[str, Any]] = []  # what the adapter wrote and the recording has not shown yet
        self._turn = 0

    def play(self, name: str, incarnation: int = 1) -> list[Fact]:
        """Replay a recording as one process of the agent; return its facts."""
        before = len(self.drive.facts)
        self.drive.start(incarnation)
        self._ids, self._sent = {}, []
        for line in (CORPUS / f"{name}.jsonl").read_text().splitlines():
            entry = json.loads(line)
            message = json.loads(entry["line"])
            self._we_say(message) if entry["dir"] == "in" else self._it_says(message)
            self._remember()
        return self.drive.facts[before:]

    def _it_says(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            message["id"] = self._ids[message["id"]]
        if "agentCapabilities" in message.get("result", {}) and not self._can_resume:
            message["result"]["agentCapabilities"].get("sessionCapabilities", {}).pop("resume", None)
        self.drive.says(message)

    def _we_say(self, recorded: dict[str, Any]) -> None:
        if not self._sent:
            self._sent = self._spoken(recorded)
        assert self._sent, f"the adapter does not say {recorded}"
        ours = self._sent.pop(0)
        if "method" in recorded:
            assert ours["method"] == recorded["method"]
            if recorded["method"] == "initialize":
                assert ours["params"]["clientCapabilities"] == recorded["params"]["clientCapabilities"]
            else:
                assert ours["params"] == recorded["params"]
            self._ids[recorded.get("id")] = ours.get("id")
        else:
            assert ours["id"] == recorded["id"]
            assert ours.get("result") == recorded.get("result")
            assert ours.get("error", {}).get("code") == recorded.get("error", {}).get("code")

    def _spoken(self, recorded: dict[str, Any]) -> list[dict[str, Any]]:
        """Let the adapter say what was said here, by the call a user's action makes."""
        adapter = self.drive.adapter
        method = recorded.get("method")
        if method == "session/prompt":
            self._turn += 1
            return self._written(adapter.prompt(self._turn, recorded["params"]["prompt"][0]["text"]))
        if method == "session/cancel":
            return self._written(adapter.interrupt("e1"))
        if method in ("session/set_config_option", "session/set_mode", "session/set_model") and adapter.ready():
            return self._written(self._setting(recorded["params"]))
        if "result" in recorded:
            return self._written(self._decision(recorded["result"]["outcome"]))
        return self.drive.settle()

    def _setting(self, params: dict[str, Any]) -> bytes:
        model = params.get("modelId") or (params["value"] if params.get("configId") == "model" else None)
        if model is not None:
            return self.drive.adapter.set_model(model, f"e{len(self.drive.tape.marks)}")
        return self.drive.adapter.set_mode(params.get("modeId") or params["value"], f"e{len(self.drive.tape.marks)}")

    def _decision(self, outcome: dict[str, Any]) -> bytes:
        (request,) = self.drive.adapter.requests()
        option = next(option for option in request.options if option.id == outcome["optionId"])
        return self.drive.adapter.answer(request.key, Answer(DECISIONS[option.kind]))

    def _written(self, data: bytes) -> list[dict[str, Any]]:
        self.drive.write(data)
        return [json.loads(line) for line in data.splitlines()]

    def _remember(self) -> None:
        for evidence in self.drive.adapter.evidence():
            if not self.states or self.states[-1] != (evidence.turn, evidence.blocked):
                self.states.append((evidence.turn, evidence.blocked))


F = TypeVar("F", bound=Fact)


def of(facts: list[Fact], what: type[F]) -> list[F]:
    return [fact for fact in facts if isinstance(fact, what)]


def said(facts: list[Fact]) -> str:
    return "".join(fact.text for fact in of(facts, TextAppended) if fact.role == "message")


def calls(facts: list[Fact]) -> dict[str, ToolCall]:
    return {fact.call.id: fact.call for fact in of(facts, ToolCallChanged)}


def outcomes(facts: list[Fact]) -> list[str]:
    return [fact.outcome for fact in of(facts, RequestClosed)]

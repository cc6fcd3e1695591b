"""Sessions that begin as a copy, models and how they are switched, and a session that must not be opened at once."""

from __future__ import annotations

import pytest

from agents.adapters.acp.adapter import AcpAdapter
from agents.adapters.contract import ModelsChanged, NotPossible, SessionFailed, SessionStarted
from agents.model import Capability, Model
from tests.unit.agents.adapters.tape import Drive, kind, open_session, prompt, spec
from tests.unit.agents.adapters.test_acp_session import LOAD, drive, select, warnings

# ---------------------------------------------------------------- forks


FORK = {"loadSession": True, "sessionCapabilities": {"fork": {}}}


def test_a_fork_begins_with_a_copy_of_the_session_and_has_its_own() -> None:
    d = drive(fork_of="s0")
    d.start()
    d.reply({"protocolVersion": 1, "agentCapabilities": FORK})
    (request,) = d.settle()
    assert (request["method"], request["params"]["sessionId"]) == ("session/fork", "s0")
    assert d.reply_to(request, {"sessionId": "s9"}) == [SessionStarted("s9")]
    assert {Capability.FORK, Capability.RESUME} <= d.adapter.capabilities()
    d.ctl("exit", code=0, signal=None)
    d.start(2)
    d.reply({"protocolVersion": 1, "agentCapabilities": FORK})
    (request,) = d.settle()
    assert (request["method"], request["params"]["sessionId"]) == ("session/load", "s9")


def test_a_fork_that_fails_does_not_begin_without_the_conversation() -> None:
    d = drive(fork_of="s0")
    d.start()
    d.reply({"protocolVersion": 1, "agentCapabilities": FORK})
    (fact,) = d.refuse(-32603, "no such session")
    assert isinstance(fact, SessionFailed)
    assert fact.text == "session/fork failed: no such session"


def test_an_agent_that_cannot_copy_says_what_is_missing() -> None:
    d = drive(fork_of="s0")
    open_session(d, **LOAD)
    assert "does not offer to copy a session" in warnings(d)[0]
    assert Capability.FORK not in d.adapter.capabilities()


# ---------------------------------------------------------------- models


MODELS = {
    "models": {
        "currentModelId": "v/small",
        "availableModels": [
            {"modelId": "v/small", "name": "Small"},
            {"modelId": "v/big", "name": "Big", "description": "slow"},
            {"modelId": 7},
            "x",
        ],
    }
}


def test_models_of_the_session_are_told_and_the_one_asked_for_is_set() -> None:
    d = drive(model="big")
    models = (Model("v/small", "Small"), Model("v/big", "Big", "slow"))
    assert ModelsChanged(models, "v/small") in open_session(d, session=MODELS)
    assert Capability.MODELS in d.adapter.capabilities()
    (request,) = d.settle()
    assert (request["method"], request["params"]) == ("session/set_model", {"sessionId": "s1", "modelId": "v/big"})
    assert not d.adapter.ready()
    assert d.reply_to(request, {}) == [ModelsChanged(models, "v/big")]
    assert d.adapter.ready()


def test_the_model_is_switched_by_the_way_it_was_announced() -> None:
    d = drive()
    open_session(d, session=MODELS)
    facts = d.write(d.adapter.set_model("Big", "e1"))
    assert facts == []
    d.says({"jsonrpc": "2.0", "id": "model.e1", "error": {"code": -32603, "message": "not for you"}})
    assert warnings(d) == ["The agent refused model “v/big”: not for you; its model is unchanged."]
    with pytest.raises(NotPossible, match="there is no model “huge”; models: v/small, v/big"):
        d.adapter.set_model("huge", "e2")
    d = drive()
    open_session(d, session={"configOptions": [select("model", "m1", "m1", "m2")], **MODELS})
    d.write(d.adapter.set_model("m2", "e1"))
    answer = {"configOptions": [select("model", "m2", "m1", "m2")]}
    facts = d.says({"jsonrpc": "2.0", "id": "model.e1", "result": answer})
    (changed,) = [fact for fact in facts if isinstance(fact, ModelsChanged)]
    assert changed.current == "m2"


@pytest.mark.parametrize("told", [None, [], {"availableModels": "x"}, {"availableModels": [{}], "currentModelId": 7}])
def test_odd_models_are_left_out(told: object) -> None:
    d = drive()
    open_session(d, session={"models": told})
    assert d.adapter.ready()
    assert Capability.MODELS not in d.adapter.capabilities()
    with pytest.raises(NotPossible, match="it offers none"):
        d.adapter.set_model("x", "e1")


# ---------------------------------------------------------------- agents that would overwrite their own session


def restarted(first: float, second: float, *, quirk: bool = True) -> Drive:
    """Begin a session at second ``first`` of a minute and start the next process at second ``second``."""
    d = Drive(AcpAdapter(kind(quirks={"names_sessions_by_minute": quirk}), spec()))
    d.tape.now = 600.0 + first
    open_session(d, **LOAD)
    prompt(d)
    d.ctl("exit", code=None, signal=9)
    d.tape.now = 600.0 + second
    d.start(2)
    d.reply({"protocolVersion": 1, "agentCapabilities": LOAD})
    return d


def test_a_session_is_not_continued_in_the_minute_it_began_where_that_destroys_it() -> None:
    d = restarted(5, 30)
    assert d.adapter.wants() == []
    assert d.adapter.next_deadline() == 661.0
    assert "is continued in 29 s" in warnings(d)[0]
    assert d.adapter.tick(661.0) == []
    (request,) = d.settle()
    assert request["method"] == "session/load"


@pytest.mark.parametrize(("first", "second", "quirk"), [(50, 65, True), (5, 30, False)])
def test_otherwise_it_is_continued_at_once(first: float, second: float, quirk: bool) -> None:
    assert restarted(first, second, quirk=quirk).settle()[0]["method"] == "session/load"

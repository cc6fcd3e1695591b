"""The handshake: initialize, authenticate, open or continue a session, set mode and model."""

from __future__ import annotations

from typing import Any

import pytest

from agents.adapters.acp.adapter import AcpAdapter
from agents.adapters.contract import (
    Answer,
    ModesChanged,
    Noted,
    NotPossible,
    ProcessEnded,
    ProcessStarted,
    SessionFailed,
    SessionStarted,
    TextAppended,
    TurnEnded,
    UsageChanged,
)
from agents.model import Blocked, Capability, Cause, Mode, Stream, Turn
from tests.unit.agents.adapters.tape import Drive, chunk, ended, kind, open_session, prompt, spec, update

MODES = {
    "modes": {
        "currentModeId": "ask",
        "availableModes": [{"id": "ask", "name": "Ask"}, {"id": "yolo", "name": "Allow all", "description": "!"}],
    }
}


def drive(**fields: object) -> Drive:
    return Drive(AcpAdapter(kind(), spec(**fields)))


def warnings(d: Drive) -> list[str]:
    return [fact.text for fact in d.facts if isinstance(fact, Noted) and fact.level == "warning"]


def test_a_fresh_process_is_asked_to_initialize_without_file_system_or_terminal() -> None:
    d = drive()
    assert d.adapter.wants() == []
    assert d.start() == [ProcessStarted(1, 4001)]
    (request,) = d.settle()
    assert request["method"] == "initialize"
    assert request["params"]["protocolVersion"] == 1
    capabilities = request["params"]["clientCapabilities"]
    assert capabilities["fs"] == {"readTextFile": False, "writeTextFile": False}
    assert capabilities["terminal"] is False
    assert d.adapter.evidence() == ()
    assert not d.adapter.ready()


def test_a_want_stays_until_its_bytes_were_written() -> None:
    d = drive()
    d.start()
    (want,) = d.adapter.wants()
    assert d.adapter.wants() == [want]
    d.write(want.data[:20])
    assert d.adapter.wants() == [want]
    d.write(want.data[20:])
    assert d.adapter.wants() == []


def test_an_open_session_is_idle_and_takes_prompts() -> None:
    d = drive()
    facts = open_session(d)
    assert facts == [SessionStarted("s1")]
    assert d.adapter.ready()
    (evidence,) = d.adapter.evidence()
    assert (evidence.rank, evidence.turn) == (1, Turn.IDLE)


def test_the_session_is_opened_in_the_agents_directory() -> None:
    d = drive(cwd="/repo/wt")
    d.start()
    d.reply({"protocolVersion": 1})
    (request,) = d.settle()
    assert request["method"] == "session/new"
    assert request["params"] == {"cwd": "/repo/wt", "mcpServers": []}


def test_the_wanted_mode_is_set_before_the_first_prompt_and_read_back() -> None:
    d = drive(mode="yolo")
    facts = open_session(d, session=MODES)
    modes = (Mode("ask", "Ask"), Mode("yolo", "Allow all", "!"))
    assert ModesChanged(modes, "ask") in facts
    assert not d.adapter.ready()
    with pytest.raises(NotPossible, match="not open yet"):
        d.adapter.prompt(1, "x")
    (request,) = d.settle()
    assert (request["method"], request["params"]) == ("session/set_mode", {"sessionId": "s1", "modeId": "yolo"})
    assert d.reply_to(request, {}) == [ModesChanged(modes, "yolo")]
    assert d.adapter.ready()
    assert Capability.MODES in d.adapter.capabilities()


def test_a_mode_of_that_name_is_found_and_the_present_one_is_not_set_again() -> None:
    d = drive(mode="allow ALL")
    open_session(d, session=MODES)
    assert d.settle()[0]["params"]["modeId"] == "yolo"
    d = drive(mode="ask")
    open_session(d, session=MODES)
    assert d.settle() == []
    assert d.adapter.ready()


def test_an_agent_that_stays_in_another_mode_is_told() -> None:
    d = drive(mode="yolo")
    open_session(d, session=MODES)
    (request,) = d.settle()
    d.says(update({"sessionUpdate": "current_mode_update", "currentModeId": "ask"}))
    d.reply_to(request, None)
    assert warnings(d) == ["The agent stays in mode ask, asked for was yolo."]
    assert d.adapter.ready()


def test_a_mode_that_is_not_there_or_refused_is_a_warning_not_the_end() -> None:
    d = drive(mode="plan")
    open_session(d, session=MODES)
    assert warnings(d) == ["There is no mode “plan” (modes: ask, yolo); the agent runs in ask."]
    assert d.adapter.ready()
    d = drive(mode="yolo")
    open_session(d, session=MODES)
    d.refuse(-32603, "Internal error", {"details": "not allowed here"})
    assert warnings(d) == ["The agent refused mode “yolo”: not allowed here; it runs in ask."]
    assert d.adapter.ready()


def select(category: str, current: str, *values: str) -> dict[str, object]:
    options = [{"value": value, "name": value.title()} for value in values]
    return {
        "type": "select", "id": f"o-{category}", "name": category, "category": category, "currentValue": current,
        "options": options,
    }  # fmt: skip


def test_mode_and_model_as_configuration_options_are_both_set() -> None:
    d = drive(mode="code", model="m2")
    options = [select("mode", "ask", "ask", "code"), select("model", "v/m1", "v/m1", "v/m2")]
    open_session(d, session={"configOptions": options})
    (first,) = d.settle()
    assert (first["method"], first["params"]["configId"], first["params"]["value"]) == (
        "session/set_config_option", "o-mode", "code",
    )  # fmt: skip
    options[0] = select("mode", "code", "ask", "code")
    d.reply_to(first, {"configOptions": options})
    (second,) = d.settle()
    assert (second["params"]["configId"], second["params"]["value"]) == ("o-model", "v/m2")
    assert not d.adapter.ready()
    options[1] = select("model", "v/m2", "v/m1", "v/m2")
    d.reply_to(second, {"configOptions": options})
    assert d.adapter.ready()
    assert warnings(d) == []


def test_an_option_the_agent_kept_is_told_and_does_not_hang() -> None:
    d = drive(model="m2")
    options = [select("model", "m1", "m1", "m2")]
    open_session(d, session={"configOptions": options})
    d.reply({"configOptions": options})
    assert warnings(d) == ["The agent kept o-model at m1, asked for was m2."]
    assert d.adapter.ready()


def test_a_model_that_cannot_be_chosen_is_told() -> None:
    d = drive(model="gpt")
    open_session(d)
    assert "no way to choose the model" in warnings(d)[0]
    d = drive(model="gpt")
    open_session(d, session={"configOptions": [select("model", "m1", "m1")]})
    assert warnings(d) == ["The agent does not offer the model “gpt”; it runs with m1."]


def test_a_setting_answered_with_nonsense_does_not_hang_the_handshake() -> None:
    d = drive(mode="yolo")
    open_session(d, session=MODES)
    d.reply(["nonsense"])
    assert "refused mode “yolo”" in warnings(d)[0]
    assert d.adapter.ready()


def test_switching_the_mode_later() -> None:
    d = drive()
    open_session(d, session=MODES)
    with pytest.raises(NotPossible, match="there is no mode “x”; modes: ask, yolo"):
        d.adapter.set_mode("x", "e1-1")
    d.write(d.adapter.set_mode("yolo", "e1-2"))
    facts = d.says({"jsonrpc": "2.0", "id": "mode.e1-2", "result": {}})
    assert [fact.current for fact in facts if isinstance(fact, ModesChanged)] == ["yolo"]
    assert d.adapter.ready()


# ---------------------------------------------------------------- authentication


AUTH = {
    "protocolVersion": 1,
    "authMethods": [{"id": "key", "name": "API key", "description": "set X_KEY"}, {"id": "web", "name": "Browser"}],
}


def test_the_kinds_auth_method_is_used_once_the_agent_demands_it() -> None:
    d = Drive(AcpAdapter(kind(auth_method="key"), spec()))
    d.start()
    d.reply(AUTH)
    assert d.refuse(-32000, "Authentication required") == []
    (request,) = d.settle()
    assert (request["method"], request["params"]) == ("authenticate", {"methodId": "key"})
    d.reply_to(request, {})
    (again,) = d.settle()
    assert again["method"] == "session/new"
    assert d.reply_to(again, {"sessionId": "s1"}) == [SessionStarted("s1")]


def test_who_demands_a_login_after_the_login_is_not_asked_again() -> None:
    d = Drive(AcpAdapter(kind(auth_method="key", login=("x", "auth login")), spec()))
    d.start()
    d.reply(AUTH)
    d.refuse(-32000, "Authentication required")
    d.reply({})
    (fact,) = d.refuse(-32000, "Authentication required")
    assert isinstance(fact, SessionFailed)
    assert fact.hint.startswith("Log in to the agent with `x 'auth login'`, then resume it. It offers: API key")
    trouble = d.adapter.trouble()
    assert trouble is not None
    assert trouble.cause is Cause.AUTH
    assert d.adapter.wants() == []


def test_an_agent_without_a_demand_for_a_login_is_not_logged_in() -> None:
    d = Drive(AcpAdapter(kind(auth_method="key"), spec()))
    d.start()
    d.reply(AUTH)
    assert d.settle()[0]["method"] == "session/new"


def test_an_auth_method_that_is_not_offered_is_told() -> None:
    d = Drive(AcpAdapter(kind(auth_method="oauth"), spec()))
    d.start()
    d.reply(AUTH)
    assert warnings(d) == ["the kind's auth_method “oauth” is not offered (offered: key, web)"]
    assert d.settle()[0]["method"] == "session/new"


def test_a_missing_login_blocks_and_names_the_ways() -> None:
    d = drive()
    d.start()
    d.reply(AUTH)
    facts = d.refuse(-32000, "Authentication required")
    hint = "Log in to the agent, then resume it. It offers: API key: set X_KEY; Browser"
    assert facts == [SessionFailed("session/new failed: Authentication required", hint, auth=True)]
    (evidence,) = d.adapter.evidence()
    assert (evidence.turn, evidence.blocked, evidence.detail) == (Turn.BLOCKED, Blocked.AUTH, hint)
    assert not d.adapter.ready()
    with pytest.raises(NotPossible, match="Log in"):
        d.adapter.prompt(1, "x")


def test_a_refused_authentication_is_a_missing_login() -> None:
    d = Drive(AcpAdapter(kind(auth_method="key"), spec()))
    d.start()
    d.reply(AUTH)
    d.refuse(-32000, "Authentication required")
    (fact,) = d.refuse(-32603, "Internal error", {"message": "X_KEY is not set"})
    assert isinstance(fact, SessionFailed)
    assert (fact.text, fact.auth) == ("authenticate failed: X_KEY is not set", True)


# ---------------------------------------------------------------- failing


def test_another_protocol_version_is_refused_by_name() -> None:
    d = drive()
    d.start()
    (fact,) = d.reply({"protocolVersion": 7})
    assert isinstance(fact, SessionFailed)
    assert "speaks ACP version 7" in fact.text
    assert d.adapter.evidence()[0].turn is Turn.ERROR
    assert d.adapter.wants() == []


def test_an_answer_that_makes_no_sense_fails_the_handshake() -> None:
    d = drive()
    d.start()
    facts = d.reply("hello")
    assert [type(fact) for fact in facts] == [Noted, SessionFailed]


def test_a_program_that_ends_before_it_speaks_is_explained_by_its_stderr() -> None:
    d = drive()
    d.start()
    d.settle()
    d.feed(Stream.ERR, b"loading\n\x1b[31merror: no such model\x1b[0m\n\n")
    facts = d.ctl("exit", code=3, signal=None)
    text = "the agent exited with 3 before its session was open (initialize)"
    assert facts == [SessionFailed(text, "error: no such model"), ProcessEnded(3, None)]


def test_a_launch_that_failed_names_the_program_and_the_next_step() -> None:
    d = drive()
    (fact,) = d.ctl("failed", errno=2, error="No such file or directory", program="opencode")
    assert isinstance(fact, SessionFailed)
    assert fact.text == "opencode could not be started: No such file or directory"
    assert "installed" in fact.hint


def test_a_slow_step_is_told_once_and_still_waited_for() -> None:
    d = drive()
    d.start()
    assert d.adapter.next_deadline() is None
    d.settle()
    deadline = d.adapter.next_deadline()
    assert deadline is not None
    assert d.adapter.tick(deadline - 0.1) == []
    (note,) = d.adapter.tick(deadline)
    assert isinstance(note, Noted)
    assert "no answer to initialize for 30 s" in note.text
    assert d.adapter.next_deadline() is None
    d.says({"jsonrpc": "2.0", "id": "initialize.1", "result": {"protocolVersion": 1}})
    assert d.settle()[0]["method"] == "session/new"


# ---------------------------------------------------------------- another process


LOAD = {"loadSession": True}
RESUME = {"loadSession": True, "sessionCapabilities": {"resume": {}}}


def ended_after_a_turn(d: Drive, **capabilities: object) -> Drive:
    open_session(d, **capabilities)
    prompt(d)
    d.says(chunk("hello"), ended(1))
    d.ctl("exit", code=0, signal=None)
    d.facts.clear()
    return d


def test_the_session_is_resumed_where_that_is_offered() -> None:
    d = ended_after_a_turn(drive(), **RESUME)
    assert Capability.RESUME in d.adapter.capabilities()
    d.start(2)
    d.reply({"protocolVersion": 1, "agentCapabilities": RESUME})
    (request,) = d.settle()
    assert request["method"] == "session/resume"
    assert request["params"] == {"sessionId": "s1", "cwd": "/repo", "mcpServers": []}
    assert d.reply_to(request, {}) == [SessionStarted("s1", resumed=True)]
    assert d.adapter.ready()


def test_history_repeated_by_load_is_marked_and_changes_no_turn() -> None:
    d = ended_after_a_turn(drive(), **LOAD)
    d.start(2)
    d.reply({"protocolVersion": 1, "agentCapabilities": LOAD})
    (request,) = d.settle()
    assert request["method"] == "session/load"
    facts = d.says(chunk("fix the login", "user_message_chunk"), chunk("hello"))
    assert facts == [
        TextAppended("user", "fix the login", replayed=True),
        TextAppended("message", "hello", replayed=True),
    ]
    assert d.adapter.evidence() == ()
    assert d.reply_to(request, {}) == [SessionStarted("s1", resumed=True)]
    assert d.adapter.evidence()[0].turn is Turn.IDLE


def test_usage_repeated_by_load_is_not_counted_again() -> None:
    def cost(amount: float) -> dict[str, Any]:
        spent = {"amount": amount, "currency": "USD"}
        return update({"sessionUpdate": "usage_update", "used": 10, "size": 100, "cost": spent})

    d = drive()
    open_session(d, **LOAD)
    prompt(d)
    d.says(chunk("hello"), cost(0.5), ended())
    d.ctl("exit", code=0, signal=None)
    d.start(2)
    d.reply({"protocolVersion": 1, "agentCapabilities": LOAD})
    (request,) = d.settle()
    assert request["method"] == "session/load"
    assert d.says(cost(0.1), cost(0.5)) == []
    d.reply_to(request, {})
    (fact,) = d.says(cost(0.75))
    assert isinstance(fact, UsageChanged)
    assert fact.usage.cost == 0.75


def test_a_failing_resume_falls_back_to_load_and_then_to_a_new_session_that_says_what_is_lost() -> None:
    d = ended_after_a_turn(drive(), **RESUME)
    d.start(2)
    d.reply({"protocolVersion": 1, "agentCapabilities": RESUME})
    d.refuse(-32601, "Method not found")
    d.refuse(-32603, "Internal error", {"details": "session file is gone"})
    (request,) = d.settle()
    assert request["method"] == "session/new"
    facts = d.reply_to(request, {"sessionId": "s2"})
    assert SessionStarted("s2") in facts
    assert warnings(d) == [
        "The earlier session s1 is not continued: session/load failed: session file is gone. A new session begins; "
        "what was said stays in this transcript, but the agent does not remember it."
    ]
    told = [fact.text for fact in d.facts if isinstance(fact, Noted) and fact.level == "info"]
    assert told[1] == "session/load failed: session file is gone; trying session/new"


def test_nothing_is_said_to_be_lost_when_nothing_was_said() -> None:
    d = drive()
    open_session(d)
    d.ctl("exit", code=0, signal=None)
    assert Capability.RESUME in d.adapter.capabilities()
    open_session(d, incarnation=2)
    assert warnings(d) == []


def test_an_agent_that_cannot_continue_does_not_offer_it() -> None:
    d = ended_after_a_turn(drive())
    assert Capability.RESUME not in d.adapter.capabilities()


def test_a_session_named_at_the_start_is_continued() -> None:
    d = drive(session_id="old")
    d.start()
    d.reply({"protocolVersion": 1, "agentCapabilities": LOAD})
    (request,) = d.settle()
    assert (request["method"], request["params"]["sessionId"]) == ("session/load", "old")


def test_a_kind_that_never_resumes_starts_anew_and_says_so() -> None:
    d = ended_after_a_turn(Drive(AcpAdapter(kind(resume=False), spec())), **LOAD)
    d.start(2)
    d.reply({"protocolVersion": 1, "agentCapabilities": LOAD})
    assert d.reply({"sessionId": "s2"})[-1] == SessionStarted("s2")
    assert "its kind starts every process anew" in warnings(d)[0]


def test_usage_of_an_ended_session_is_kept_when_a_new_one_counts_from_zero() -> None:
    d = drive()
    open_session(d)
    prompt(d)
    cost = {"sessionUpdate": "usage_update", "used": 10, "size": 100}
    d.says(update({**cost, "cost": {"amount": 0.5, "currency": "USD"}}), ended(1))
    d.ctl("exit", code=0, signal=None)
    open_session(d, incarnation=2)
    facts = d.says(update({**cost, "cost": {"amount": 0.25, "currency": "USD"}}))
    assert [fact.usage.cost for fact in facts if isinstance(fact, UsageChanged)] == [0.75]


def test_a_process_replaced_without_an_exit_ends_its_turn_and_requests() -> None:
    d = drive()
    open_session(d)
    prompt(d)
    facts = d.start(2)
    assert isinstance(facts[0], TurnEnded)
    assert facts[0].reason == "process_ended"
    assert facts[-1] == ProcessStarted(2, 4002)


def test_what_a_dead_agent_is_asked_is_refused_with_the_next_step() -> None:
    d = ended_after_a_turn(drive())
    with pytest.raises(NotPossible, match="resume it first"):
        d.adapter.prompt(2, "x")
    with pytest.raises(NotPossible, match="no turn is running"):
        d.adapter.interrupt("e1-1")
    with pytest.raises(NotPossible, match="not open any more"):
        d.adapter.answer("1:0:abc", Answer("allow"))


def test_history_that_comes_after_the_answer_to_load_is_history_all_the_same() -> None:
    d = ended_after_a_turn(drive(), **LOAD)
    d.start(2)
    d.reply({"protocolVersion": 1, "agentCapabilities": LOAD})
    d.reply({})
    assert d.says(chunk("fix", "user_message_chunk"), chunk("hello")) == [
        TextAppended("user", "fix", None, replayed=True),
        TextAppended("message", "hello", None, replayed=True),
    ]
    prompt(d, 2)
    assert TextAppended("message", "now") in d.says(chunk("now"))

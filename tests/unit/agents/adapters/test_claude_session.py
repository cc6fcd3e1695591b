"""Claude Code's sessions: begun, copied, cleared; its modes, models and what it says on its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.adapters.claude.adapter import ClaudeAdapter
from agents.adapters.contract import (
    CommandsChanged,
    Fact,
    ModelsChanged,
    ModesChanged,
    Noted,
    NotPossible,
    SessionFailed,
    SessionStarted,
    TextAppended,
    UsageChanged,
)
from agents.model import Capability, SlashCommand, Stream, Usage
from tests.unit.agents.adapters import claude_tape as claude
from tests.unit.agents.adapters.claude_tape import KIND, handshake, opened
from tests.unit.agents.adapters.tape import Drive, prompt, spec

ORIGIN = "5d0c9a51-0000-4000-8000-000000000001"
OTHER = "114276e5-5429-4753-8873-d3392c144356"
MODELS = [
    {"value": "default", "resolvedModel": "claude-opus-5-5", "displayName": "Default", "description": "Opus 5.5"},
    {"value": "opus", "resolvedModel": "claude-opus-5-5", "displayName": "Opus"},
    {"value": "sonnet", "resolvedModel": "claude-sonnet-5-5", "displayName": "Sonnet"},
]


def notes(facts: list[Fact]) -> list[tuple[str, str]]:
    return [(fact.level, fact.text) for fact in facts if isinstance(fact, Noted)]


def usage(drive: Drive) -> Usage:
    return [fact.usage for fact in drive.facts if isinstance(fact, UsageChanged)][-1]


# ---------------------------------------------------------------- forks


def test_a_fork_begins_as_a_copy_and_then_is_on_its_own() -> None:
    drive = Drive(ClaudeAdapter(KIND, spec(family="claude", fork_of=ORIGIN, model="opus")))
    own = ClaudeAdapter(KIND, spec(family="claude")).arguments()[1]
    begin = ("--resume", ORIGIN, "--fork-session", "--session-id", own, "--model", "opus")
    assert drive.adapter.arguments() == begin
    handshake(drive)
    assert [fact for fact in drive.facts if isinstance(fact, SessionStarted)] == [SessionStarted(own)]
    assert ("notice", "It begins with a copy of another agent's conversation.") in notes(drive.facts)
    drive.ctl("exit", code=None, signal=9)
    assert drive.adapter.arguments() == begin, "killed before it began, it is copied again"
    handshake(drive, 2)
    prompt(drive)
    drive.says({**claude.INIT, "session_id": own})
    drive.ctl("exit", code=None, signal=9)
    assert drive.adapter.arguments() == ("--resume", own, "--model", "opus")
    handshake(drive, 3)
    assert drive.facts.count(SessionStarted(own, resumed=True)) == 1


def test_a_fork_of_a_session_without_transcript_says_what_to_do() -> None:
    drive = Drive(ClaudeAdapter(KIND, spec(family="claude", fork_of=ORIGIN)))
    drive.start()
    drive.settle()
    drive.feed(Stream.ERR, f"No conversation found with session ID: {ORIGIN}\n".encode())
    (failed,) = [f for f in drive.ctl("exit", code=1, signal=None) if isinstance(f, SessionFailed)]
    assert "send that one a message, then fork again" in failed.hint
    assert "--fork-session" in drive.adapter.arguments()


def test_a_fork_whose_transcript_was_lost_is_copied_again() -> None:
    drive = opened(fork_of=ORIGIN)
    prompt(drive)
    drive.says(claude.INIT)
    drive.ctl("exit", code=None, signal=9)
    drive.start(2)
    drive.settle()
    drive.feed(Stream.ERR, b"No conversation found with session ID: x\n")
    (failed,) = [f for f in drive.ctl("exit", code=1, signal=None) if isinstance(f, SessionFailed)]
    assert "Resume again to begin a fresh copy" in failed.hint
    assert "--fork-session" in drive.adapter.arguments()


def test_what_its_origin_had_cost_is_not_the_forks() -> None:
    drive = opened(fork_of=ORIGIN)
    prompt(drive)
    spent = {"opus": {"inputTokens": 5, "outputTokens": 2, "costUSD": 0.25, "contextWindow": 200_000}}
    drive.says(claude.result(total_cost_usd=7.5, usage={"input_tokens": 3}, model_usage_since_last_result=spent))
    told = usage(drive)
    assert (told.cost, told.input_tokens, told.output_tokens) == (0.25, 5, 2)


# ---------------------------------------------------------------- a session that changes


def test_a_cleared_conversation_goes_on_under_its_new_id() -> None:
    drive = opened()
    prompt(drive)
    drive.says(*claude.streamed("hello"))
    assert usage(drive).context_used == 7
    facts = drive.says({"type": "conversation_reset", "new_conversation_id": OTHER, "trigger": "clear"})
    assert [level for level, _ in notes(facts)] == ["notice"]
    assert usage(drive).context_used is None
    assert SessionStarted(OTHER) in drive.says({**claude.INIT, "session_id": OTHER})
    assert drive.says({**claude.INIT, "session_id": OTHER}) == []
    drive.ctl("exit", code=0, signal=None)
    drive.start(2)
    assert drive.adapter.arguments() == ("--resume", OTHER)


@pytest.mark.parametrize("told", [None, 7, "", "--dangerously-skip-permissions", OTHER + "\n", OTHER.upper()])
def test_what_is_no_session_id_is_never_an_argument(told: Any) -> None:
    drive = opened()
    before = drive.adapter.arguments()
    drive.says({**claude.INIT, "session_id": told})
    drive.ctl("exit", code=0, signal=None)
    assert drive.adapter.arguments()[1:] == before[1:]


# ---------------------------------------------------------------- models


def test_models_are_announced_and_the_present_one_is_read_back() -> None:
    drive = opened(announced={"models": MODELS})
    (told,) = [fact for fact in drive.facts if isinstance(fact, ModelsChanged)]
    assert [(model.id, model.name) for model in told.models] == [
        ("default", "Default"),
        ("opus", "Opus"),
        ("sonnet", "Sonnet"),
    ]
    assert told.current is None, "which one it takes is not known before it said so"
    assert Capability.MODELS in drive.adapter.capabilities()
    prompt(drive)
    (told,) = [f for f in drive.says({**claude.INIT, "model": "claude-opus-5-5"}) if isinstance(f, ModelsChanged)]
    assert told.current == "default"


def test_a_switch_is_read_back_and_kept_for_the_next_process() -> None:
    drive = opened(announced={"models": MODELS}, model="opus")
    data = drive.adapter.set_model("sonnet", "e1-1")
    assert json.loads(data)["request"] == {"subtype": "set_model", "model": "sonnet"}
    drive.write(data)
    (told,) = drive.says(claude.response("model.e1-1", {"model": "claude-sonnet-5-5"}))
    assert isinstance(told, ModelsChanged)
    assert told.current == "sonnet"
    drive.write(drive.adapter.set_model("claude-haiku-9", "e1-2"))
    (told,) = drive.says(claude.response("model.e1-2", {"model": "claude-haiku-9"}))
    assert isinstance(told, ModelsChanged)
    assert told.current == "claude-haiku-9", "a whole name need not be announced"
    drive.ctl("exit", code=0, signal=None)
    drive.start(2)
    assert drive.adapter.arguments()[-2:] == ("--model", "claude-haiku-9")


def test_a_refused_switch_is_told_and_changes_nothing() -> None:
    drive = opened(announced={"models": MODELS})
    drive.write(drive.adapter.set_model("sonnet", "e1-1"))
    assert notes(drive.says(claude.response("model.e1-1", error="not for this account"))) == [
        ("warning", "the model was not changed: not for this account")
    ]
    assert "--model" not in drive.adapter.arguments()


@pytest.mark.parametrize("name", ["", "  ", "nonsense"])
def test_a_model_that_is_a_slip_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(NotPossible, match="models: default, opus, sonnet, or any by its whole name"):
        opened(announced={"models": MODELS}).adapter.set_model(name, "e1-1")


# ---------------------------------------------------------------- modes


def test_every_mode_is_offered_but_bypass() -> None:
    told = [fact for fact in opened().facts if isinstance(fact, ModesChanged)][-1]
    assert [mode.id for mode in told.modes] == ["default", "acceptEdits", "plan", "auto", "dontAsk"]


@pytest.mark.parametrize("flag", ["--dangerously-skip-permissions", "--allow-dangerously-skip-permissions"])
def test_bypass_is_offered_only_where_the_launch_allowed_it(flag: str) -> None:
    with pytest.raises(NotPossible, match="not launched with --allow-dangerously-skip-permissions"):
        opened().adapter.set_mode("bypassPermissions", "e1-1")
    drive = opened(argv=("claude", "-p", flag))
    assert [fact for fact in drive.facts if isinstance(fact, ModesChanged)][-1].modes[-1].id == "bypassPermissions"
    assert b"bypassPermissions" in drive.adapter.set_mode("bypassPermissions", "e1-1")


# ---------------------------------------------------------------- what it says on its own


def system(subtype: str, **body: Any) -> dict[str, Any]:
    return {"type": "system", "subtype": subtype, **body}


@pytest.mark.parametrize(
    ("body", "words", "used"),
    [
        ({"trigger": "auto", "pre_tokens": 900, "post_tokens": 90}, "by itself from 900 tokens to 90", 90),
        ({"trigger": "manual", "pre_tokens": 900}, "as asked from 900 tokens:", None),
        ({}, "as asked:", None),
        ("odd", "as asked:", None),
    ],
)
def test_a_compaction_is_told_and_the_gauge_follows(body: Any, words: str, used: int | None) -> None:
    drive = opened()
    prompt(drive)
    drive.says(*claude.streamed("hello"))
    facts = drive.says(system("compact_boundary", compact_metadata=body))
    ((level, text),) = notes(facts)
    assert level == "notice"
    assert words in text
    assert usage(drive).context_used == used


def test_while_it_compacts_it_says_so() -> None:
    drive = opened()
    prompt(drive)
    drive.says(system("status", status="compacting"))
    assert claude.turn_now(drive)[1] == "compacting the conversation"
    facts = drive.says(system("status", status=None, compact_result="failed", compact_error="too short"))
    assert notes(facts) == [("warning", "the conversation could not be compacted: too short")]


def test_the_output_of_its_own_commands_is_a_message() -> None:
    (fact,) = opened().says(system("local_command_output", content="Total cost: $0", uuid="u1"))
    assert fact == TextAppended("message", "Total cost: $0", "u1")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (system("informational", content="a hook says no", level="warning"), ("warning", "a hook says no")),
        (system("informational", content="by the way", level="info"), ("info", "by the way")),
        (system("informational", level="notice"), ("notice", "the program says “informational”")),
        (system("notification", text="look", priority="high"), ("notice", "look")),
        (system("notification", text="look", priority="low"), ("info", "look")),
        (
            system("permission_denied", tool_name="Bash", decision_reason="a rule"),
            ("warning", "Bash was denied without asking: a rule"),
        ),
        (system("model_refusal_fallback", content="refused; sonnet answers"), ("warning", "refused; sonnet answers")),
        ({"type": "auth_status", "error": "token expired"}, ("warning", "its login failed: token expired")),
        (system("hologram"), ("info", "the program says “hologram”")),
    ],
)
def test_what_it_says_is_told_as_loud_as_it_means_it(message: dict[str, Any], told: tuple[str, str]) -> None:
    assert notes(opened().says(message)) == [told]


@pytest.mark.parametrize(
    "subtype",
    ["model_refusal_no_fallback", "task_progress", "thinking_tokens", "hook_started", "session_state_changed"],
)
def test_what_others_say_better_is_quiet(subtype: str) -> None:
    assert opened().says(system(subtype), {"type": "keep_alive"}, {"type": "auth_status"}) == []


def test_new_commands_replace_the_old_ones() -> None:
    (fact,) = opened().says(system("commands_changed", commands=[{"name": "deploy", "description": "Ship it"}, 7]))
    assert fact == CommandsChanged((SlashCommand("deploy", "Ship it"),))

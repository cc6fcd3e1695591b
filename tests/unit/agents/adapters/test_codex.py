"""The Codex adapter where no recording shows it: opening a thread, modes, models, turns, what cannot be done."""

from __future__ import annotations

import json

import pytest

from agents.adapters.codex.adapter import CodexAdapter
from agents.adapters.codex.modes import MODES
from agents.adapters.contract import (
    CommandsChanged,
    ModelsChanged,
    ModesChanged,
    NotPossible,
    PromptTaken,
    SessionFailed,
    SessionStarted,
    TurnEnded,
    TurnStarted,
)
from agents.model import Blocked, Capability, Cause, Stream, Turn
from tests.unit.agents.adapters import codex_tape as codex
from tests.unit.agents.adapters.tape import Drive, prompt, spec

# ---------------------------------------------------------------- opening


def test_the_handshake_step_by_step() -> None:
    drive = codex.fresh()
    assert [m["method"] for m in drive.settle()] == ["initialize"]
    drive.says(codex.answer("initialize.1", {"userAgent": "codex"}))
    assert [m["method"] for m in drive.settle()] == ["initialized", "account/read"]
    drive.says(codex.answer("account.1", {"account": {"type": "apiKey"}, "requiresOpenaiAuth": True}))
    (start,) = drive.settle()
    assert start["method"] == "thread/start"
    assert start["params"] == {
        "cwd": "/repo",
        "approvalPolicy": "untrusted",
        "approvalsReviewer": "user",
        "sandbox": "workspace-write",
    }
    assert not drive.adapter.ready()
    facts = drive.says(codex.answer(start["id"], codex.opened_thread()))
    assert [type(fact) for fact in facts] == [CommandsChanged, ModesChanged, ModelsChanged, SessionStarted]
    assert drive.adapter.ready()
    assert [m["method"] for m in drive.settle()] == ["model/list"]
    assert all("jsonrpc" not in m for m in (start,))


def test_no_id_is_used_by_two_processes_or_two_things() -> None:
    drive = codex.opened()
    prompt(drive)
    drive.says(codex.answer("t1", {"turn": {"id": "tu-1"}}))
    drive.write(drive.adapter.interrupt("e1-1"))
    drive.write(drive.adapter.set_mode("auto", "e1-2"))
    drive.write(drive.adapter.set_model("x", "e1-3"))
    drive.ctl("exit", code=0, signal=None)
    codex.open_codex(drive, 2)
    written = [json.loads(line) for mark, data in drive.tape.marks if mark.stream is Stream.IN for line in [data]]
    ids = [m["id"] for m in written if "id" in m]
    assert len(ids) == len(set(ids))


def test_a_login_that_is_missing_is_asked_for() -> None:
    drive = codex.fresh()
    drive.reply({"userAgent": "codex"})
    facts = drive.reply({"account": None, "requiresOpenaiAuth": True})
    assert facts == [
        SessionFailed("Codex is not logged in", "Log in with `codex login`, then stop and resume it.", auth=True)
    ]
    (evidence,) = drive.adapter.evidence()
    assert (evidence.turn, evidence.blocked) == (Turn.BLOCKED, Blocked.AUTH)
    assert drive.settle() == []
    with pytest.raises(NotPossible, match="could not be opened"):
        drive.adapter.prompt(1, "x")


def test_a_model_that_was_asked_for_begins_the_thread_and_the_chosen_one_continues_it() -> None:
    drive = codex.fresh(spec(family="codex", model="big"))
    codex.greet(drive)
    (start,) = drive.settle()
    assert start["params"]["model"] == "big"
    drive.says(codex.answer(start["id"], codex.opened_thread(model="big")))
    settings = {"approvalPolicy": "untrusted", "sandboxPolicy": codex.WRITABLE, "model": "small"}
    drive.says(codex.notice("thread/settings/updated", threadSettings=settings))
    prompt(drive)
    drive.ctl("exit", code=None, signal=9)
    drive.start(2)
    codex.greet(drive)
    (resume,) = drive.settle()
    assert (resume["method"], resume["params"]["threadId"]) == ("thread/resume", codex.THREAD)
    assert resume["params"]["model"] == "small"


def test_a_mode_that_is_not_set_is_set_before_the_thread_counts_as_open() -> None:
    drive = codex.fresh(spec(family="codex", mode="plan"))
    codex.greet(drive)
    facts = drive.reply(codex.opened_thread(approvalPolicy="on-request", sandbox=codex.READ_ONLY))
    assert not drive.adapter.ready()
    assert not [fact for fact in facts if isinstance(fact, SessionStarted)]
    (switch,) = drive.settle()
    assert switch["method"] == "thread/settings/update"
    assert switch["params"]["collaborationMode"]["mode"] == "plan"
    facts = drive.says(codex.answer(switch["id"], {}))
    assert [type(fact) for fact in facts] == [SessionStarted]


def test_a_mode_that_is_refused_is_told_and_the_one_in_force_is_shown() -> None:
    drive = codex.fresh(spec(family="codex", mode="full-access"))
    codex.greet(drive)
    facts = drive.reply(codex.opened_thread())
    facts += drive.refuse(-32600, "not allowed by your organisation")
    assert [fact.current for fact in facts if isinstance(fact, ModesChanged)] == ["ask"]
    assert codex.notes(facts) == ["the mode was not set: not allowed by your organisation"]
    assert drive.adapter.ready()


def test_a_mode_nobody_knows_is_named_and_replaced() -> None:
    drive = codex.fresh(spec(family="codex", mode="yolo"))
    codex.greet(drive)
    (note,) = codex.notes(drive.reply(codex.opened_thread()))
    assert "“yolo”: it begins in “ask”; modes: ask, read-only, auto" in note


def test_a_pair_that_is_no_mode_of_ours_is_shown_as_it_is() -> None:
    drive = codex.opened()
    settings = {"approvalPolicy": {"granular": {}}, "sandboxPolicy": codex.READ_ONLY, "model": "gpt"}
    (changed,) = drive.says(codex.notice("thread/settings/updated", threadSettings=settings))
    assert isinstance(changed, ModesChanged)
    assert changed.current == "granular · readOnly · default"


@pytest.mark.parametrize("mode", [mode.id for mode in MODES])
def test_every_mode_is_read_back_as_itself(mode: str) -> None:
    drive = codex.opened()
    request = codex.sent(drive.adapter.set_mode(mode, "e1"))["params"]
    told = {"approvalPolicy": request["approvalPolicy"], "sandboxPolicy": request["sandboxPolicy"], "model": "gpt"}
    told["collaborationMode"] = request.get("collaborationMode", {"mode": "default"})
    facts = drive.says(codex.notice("thread/settings/updated", threadSettings=told))
    assert [fact.current for fact in facts if isinstance(fact, ModesChanged)] == ([] if mode == "ask" else [mode])


def test_the_users_own_folders_stay_writable_over_a_switch() -> None:
    own = {**codex.WRITABLE, "writableRoots": ["/data"], "networkAccess": True}
    drive = codex.opened(sandbox=own)
    assert codex.sent(drive.adapter.set_mode("auto", "e1"))["params"]["sandboxPolicy"] == own


def test_modes_it_does_not_have_are_named() -> None:
    with pytest.raises(NotPossible, match="ask, read-only, auto, unattended, full-access, plan"):
        codex.opened().adapter.set_mode("yolo", "e1")


def test_models_come_in_pages_and_hidden_ones_stay_hidden() -> None:
    drive = Drive(CodexAdapter(codex.KIND, spec(family="codex")))
    codex.open_codex(drive)
    drive.reply({"data": [{"id": "a", "displayName": "A"}, {"id": "h", "hidden": True}], "nextCursor": "2"})
    (page,) = [m for m in drive.settle() if m["method"] == "model/list"]
    assert page["params"]["cursor"] == "2"
    (changed,) = drive.says(codex.answer(page["id"], {"data": [{"id": "b", "displayName": "B"}], "nextCursor": None}))
    assert isinstance(changed, ModelsChanged)
    assert ([model.id for model in changed.models], changed.current) == (["a", "b"], "gpt")
    assert drive.settle() == []
    with pytest.raises(NotPossible, match="which model"):
        drive.adapter.set_model("  ", "e1")


def test_a_program_that_ends_in_the_handshake_is_explained_without_its_logs_prefix() -> None:
    drive = codex.fresh()
    drive.settle()
    drive.feed(Stream.ERR, b"2026-11-21T18:02:56.69Z ERROR codex_core::config: no such profile\n")
    facts = drive.ctl("exit", code=1, signal=None)
    assert [f.hint for f in facts if isinstance(f, SessionFailed)] == ["no such profile"]


def test_a_handshake_that_is_refused_says_so() -> None:
    drive = codex.fresh()
    (failed,) = drive.refuse(-32600, "too old")
    assert isinstance(failed, SessionFailed)
    assert failed.text == "the program refused initialize: too old"


def test_a_slow_handshake_is_told() -> None:
    drive = codex.fresh()
    drive.settle()
    deadline = drive.adapter.next_deadline()
    assert deadline is not None
    assert codex.notes(list(drive.adapter.tick(deadline))) == ["the handshake has taken 30 s and goes on (initialize)"]
    assert drive.adapter.next_deadline() is None


def test_it_can_be_forked_once_something_was_said() -> None:
    drive = codex.opened()
    assert Capability.FORK not in drive.adapter.capabilities()
    prompt(drive)
    assert Capability.FORK in drive.adapter.capabilities()


# ---------------------------------------------------------------- turns


def test_a_prompt_is_taken_once_the_program_shows_it() -> None:
    drive = codex.opened()
    assert prompt(drive, 3, "x") == [TurnStarted(3, "x")]
    assert drive.says(codex.answer("t3", {"turn": {"id": "tu-1"}}), *codex.turn_started()) == []
    assert drive.says(codex.taken("a1.t3")) == [PromptTaken(3)]
    assert drive.says(codex.taken("a1.t3")) == []


def test_a_refused_prompt_fails_its_turn() -> None:
    drive = codex.opened()
    prompt(drive)
    facts = drive.says(codex.answer("t1", error="thread not found"))
    assert [(f.reason, f.ok, f.detail) for f in facts if isinstance(f, TurnEnded)] == [
        ("refused", False, "thread not found")
    ]
    assert drive.adapter.ready()


def test_a_turn_the_program_began_on_its_own_is_working_and_ends() -> None:
    drive = codex.opened()
    drive.says(*codex.turn_started("own"))
    assert codex.turn_now(drive) == (Turn.WORKING, "on its own")
    with pytest.raises(NotPossible, match="still running"):
        drive.adapter.prompt(1, "x")
    assert codex.sent(drive.adapter.interrupt("e1"))["params"]["turnId"] == "own"
    assert not [f for f in drive.says(codex.turn_completed("own")) if isinstance(f, TurnEnded)]
    assert codex.turn_now(drive)[0] is Turn.DONE


def test_a_thread_that_is_active_and_then_idle_without_a_turn_is_idle() -> None:
    drive = codex.opened()
    drive.says(codex.notice("thread/status/changed", status=codex.active()))
    assert codex.turn_now(drive)[0] is Turn.WORKING
    drive.says(codex.notice("thread/status/changed", status={"type": "idle"}))
    assert codex.turn_now(drive)[0] is Turn.IDLE
    assert drive.adapter.ready()


def test_the_end_of_another_turn_ends_nothing() -> None:
    drive = codex.running()
    assert drive.says(codex.turn_completed("another")) == []
    assert not drive.adapter.ready()


def test_what_the_thread_waits_for_is_told_where_no_request_of_it_is_known() -> None:
    drive = codex.running()
    drive.says(codex.notice("thread/status/changed", status=codex.active("waitingOnApproval")))
    assert codex.turn_now(drive) == (Turn.WORKING, "waits for an approval")


def test_a_message_can_only_steer_a_turn_that_told_its_id() -> None:
    drive = codex.opened()
    with pytest.raises(NotPossible, match="no turn is running"):
        drive.adapter.steer("x", "e1")
    prompt(drive)
    with pytest.raises(NotPossible, match="try again in a moment"):
        drive.adapter.steer("x", "e1")
    drive.says(codex.answer("t1", {"turn": {"id": "tu-1"}}))
    assert codex.sent(drive.adapter.steer("x", "e1"))["params"]["expectedTurnId"] == "tu-1"


def test_a_message_that_did_not_steer_is_told() -> None:
    drive = codex.running()
    drive.write(drive.adapter.steer("be quick", "e1"))
    assert codex.notes(drive.says(codex.answer("steer.e1", error="no active turn to steer"))) == [
        "the message was not put into the running turn, send it again: no active turn to steer"
    ]
    drive.write(drive.adapter.steer("be tidy", "e2"))
    facts = drive.says(codex.answer("steer.e2", {}), codex.turn_completed())
    assert codex.notes(facts) == ["not taken into the turn any more, send it again: be tidy"]


def test_an_interrupt_the_program_refuses_is_told() -> None:
    drive = codex.running()
    drive.write(drive.adapter.interrupt("e1"))
    assert codex.turn_now(drive) == (Turn.WORKING, "stopping")
    facts = drive.says(codex.answer("stop.e1", error="no active turn to interrupt"))
    assert codex.notes(facts) == ["the turn was not interrupted: no active turn to interrupt"]


def test_a_turn_that_says_and_does_nothing_is_worth_a_check() -> None:
    drive = codex.running()
    (ended,) = drive.says(codex.turn_completed())
    assert isinstance(ended, TurnEnded)
    assert ended.empty


def test_an_interrupted_turn_that_names_an_error_failed() -> None:
    drive = codex.running()
    error = {"message": "blocked", "codexErrorInfo": "cyberPolicy"}
    (ended,) = drive.says(codex.turn_completed(status="interrupted", error=error))
    assert isinstance(ended, TurnEnded)
    assert (ended.reason, ended.ok, ended.cause) == ("cyberPolicy", False, Cause.REFUSAL)


def test_an_error_that_may_pass_by_a_login_asks_for_it() -> None:
    drive = codex.running()
    error = {"message": "token expired", "codexErrorInfo": "unauthorized"}
    drive.says(codex.turn_completed(status="failed", error=error))
    (evidence,) = drive.adapter.evidence()
    assert (evidence.turn, evidence.blocked) == (Turn.BLOCKED, Blocked.AUTH)
    assert evidence.detail == "token expired; log in with `codex login`, or set the key of its provider"
    assert drive.adapter.ready(), "after a login it can be told to go on"


def test_it_says_what_it_cannot_do_now() -> None:
    drive = Drive(CodexAdapter(codex.KIND, spec(family="codex")))
    with pytest.raises(NotPossible, match="resume it first"):
        drive.adapter.prompt(1, "x")
    drive.start()
    with pytest.raises(NotPossible, match="not open yet"):
        drive.adapter.set_model("x", "e1")
    codex.open_codex(drive)
    with pytest.raises(NotPossible, match="no turn is running"):
        drive.adapter.interrupt("e1")
    drive.ctl("eof", stream="out")
    with pytest.raises(NotPossible, match="stop and resume"):
        drive.adapter.prompt(1, "x")
    assert list(drive.adapter.wants()) == []


def test_a_thread_without_an_id_is_no_thread() -> None:
    drive = codex.fresh()
    codex.greet(drive)
    (failed,) = drive.reply({"thread": {}})
    assert isinstance(failed, SessionFailed)
    assert "without an id" in failed.text


def test_an_older_program_that_knows_no_accounts_is_taken_as_it_is() -> None:
    drive = codex.fresh()
    drive.reply({"userAgent": "codex"})
    drive.refuse(-32600, "unknown variant `account/read`")
    assert [m["method"] for m in drive.settle()] == ["thread/start"]


def test_a_turn_that_began_before_its_prompt_was_answered_is_the_prompts() -> None:
    drive = codex.opened()
    prompt(drive)
    drive.says(*codex.turn_started("tu-7"))
    assert codex.sent(drive.adapter.interrupt("e1"))["params"]["turnId"] == "tu-7"
    assert [f.turn for f in drive.says(codex.turn_completed("tu-7")) if isinstance(f, TurnEnded)] == [1]
    assert drive.says(codex.answer("t1", {"turn": {"id": "tu-7"}})) == []
    assert drive.adapter.ready()

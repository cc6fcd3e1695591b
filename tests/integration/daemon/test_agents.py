"""From run to exit: what the daemon makes of real programs."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from agents import wire
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Lifecycle, Stream, Turn
from agents.runtime import tree
from agents.runtime.directory import AgentDirectory
from agents.runtime.lease import Leases, Owner
from agents.runtime.tree import find_by_nonce
from tests.integration.daemon.conftest import wait_for


def refused(home: Any, method: str, params: Any) -> RpcError:
    with pytest.raises(RpcError) as caught:
        home.call(method, params)
    return caught.value


def test_a_program_runs_and_its_exit_code_is_kept(running: Any) -> None:
    started = running.run("shell", "bash", "-c", "echo out; echo err >&2; exit 7")
    assert started.pid is not None
    waited = running.wait(started.id, "exited")
    assert waited.reached == "exited"
    row = waited.row
    assert (row.lifecycle, row.exit_code, row.exit_signal, row.headline) == (Lifecycle.EXITED, 7, None, "exited 7")
    log = running.call("log.read", wire.ReadLog(started.id, Stream.OUT, 0, 100))
    assert (log.data, log.size, log.start) == (b"out\n", 4, 0)
    assert running.call("log.read", wire.ReadLog(started.id, Stream.OUT, -2, 100)).data == b"t\n"


def test_what_cannot_be_started_is_refused_by_name_and_leaves_nothing(running: Any) -> None:
    project = str(running.project)
    missing = refused(running, "agent.run", wire.Run("shell", project, argv=("no-such-program-x",)))
    assert (missing.code, "no-such-program-x" in missing.message) == (ErrorCode.NOT_FOUND, True)
    folder = refused(running, "agent.run", wire.Run("shell", "/no/such/folder"))
    assert "/no/such/folder does not exist" in folder.message
    relative = refused(running, "agent.run", wire.Run("shell", "here"))
    assert "absolute" in relative.message
    kind = refused(running, "agent.run", wire.Run("shel", project))
    assert "there is no kind “shel”" in kind.message
    assert "shell" in kind.message
    assert running.call("agent.list").agents == ()
    assert list((running.places.state / "agents").iterdir()) == []


def test_a_program_the_kernel_refuses_is_a_failed_row_with_the_reason(running: Any) -> None:
    script = running.project / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    started = running.run("shell", str(script))
    assert started.pid is None
    row = running.row(started.id)
    assert row.lifecycle is Lifecycle.FAILED
    assert str(script) in row.reason


def test_a_prompt_becomes_a_turn_and_a_transcript(running: Any) -> None:
    started = running.play([{"do": "say", "text": "all done"}], prompt="fix the tests")
    assert (started.turn, started.name) == (1, "fix-tests")
    waited = running.wait(started.id, "done", turn=1)
    assert (waited.reached, waited.row.turn, waited.row.unread) == ("done", Turn.DONE, 1)
    page = running.call("transcript.page", wire.PageTranscript(started.id))
    assert [block.text for block in page.blocks][:2] == ["fix the tests", "all done"]
    running.call("agent.seen", wire.AgentRef(started.id))
    assert (running.row(started.id).unread, running.row(started.id).headline) == (0, "idle")


def test_messages_wait_for_their_turn_and_can_be_edited_and_dropped(running: Any) -> None:
    agent = running.play([running.gate(), {"do": "say", "text": "first"}]).id
    running.until(agent, lambda row: row.turn is Turn.WORKING)
    second = running.call("agent.send", wire.Send(agent, "second"))
    third = running.call("agent.send", wire.Send(agent, "third"))
    fourth = running.call("agent.send", wire.Send(agent, "fourth"))
    assert [(s.turn, s.queued) for s in (second, third, fourth)] == [(2, True), (3, True), (4, True)]
    running.call("agent.edit_queued", wire.EditQueued(agent, 3, "third, edited"))
    running.call("agent.edit_queued", wire.EditQueued(agent, 2, None))
    assert [(p.turn, p.text, p.state) for p in running.row(agent).queue] == [
        (3, "third, edited", "queued"),
        (4, "fourth", "queued"),
    ]
    running.open_gate()
    assert running.wait(agent, "done", turn=4).reached == "done"
    texts = [m["params"]["prompt"][0]["text"] for m in running.sent(agent, "session/prompt")]
    assert texts == ["go", "third, edited", "fourth"]
    assert refused(running, "agent.edit_queued", wire.EditQueued(agent, 3, "x")).code is ErrorCode.NOT_FOUND


def test_the_first_answer_wins_and_the_second_is_told_so(running: Any) -> None:
    agent = running.play([{"do": "run", "command": "touch allowed", "ask": True}]).id
    row = running.wait(agent, "blocked").row
    assert row.headline.startswith("allow ")
    key = row.requests[0].key
    first = running.call("agent.answer", wire.AnswerRequest(agent, "allow", key, by="first"))
    second = running.call("agent.answer", wire.AnswerRequest(agent, "deny", key, by="second"))
    assert (first.outcome, first.by, first.already) == ("allowed", "first", False)
    assert (second.outcome, second.by, second.already) == ("allowed", "first", True)
    assert running.wait(agent, "done").reached == "done"
    assert (running.project / "allowed").exists()
    assert len([m for m in running.sent(agent, "") if "outcome" in m.get("result", {})]) == 1
    third = running.call("agent.answer", wire.AnswerRequest(agent, "allow", key, by="third"))
    assert (third.already, third.by) == (True, "first")
    nothing = refused(running, "agent.answer", wire.AnswerRequest(agent, "allow"))
    assert "asks for nothing" in nothing.message


def test_a_denial_does_nothing_and_its_reason_follows_as_a_message(running: Any) -> None:
    agent = running.play([{"do": "run", "command": "touch denied", "ask": True}]).id
    running.wait(agent, "blocked")
    running.call("agent.answer", wire.AnswerRequest(agent, "deny", reason="use the Makefile"))
    running.wait(agent, "done", turn=2)
    assert not (running.project / "denied").exists()
    assert running.sent(agent, "session/prompt")[1]["params"]["prompt"][0]["text"] == "use the Makefile"
    blocks = running.call("transcript.page", wire.PageTranscript(agent)).blocks
    decision = next(block.decision for block in blocks if block.decision)
    assert (decision.outcome, decision.by, decision.reason) == ("denied", "test", "use the Makefile")


def test_an_interrupt_ends_the_turn_and_the_agent_goes_on(running: Any) -> None:
    agent = running.play([running.gate()]).id
    running.until(agent, lambda row: row.turn is Turn.WORKING)
    running.call("agent.interrupt", wire.AgentRef(agent))
    assert running.wait(agent, "idle", turn=1).row.turn is Turn.IDLE
    sent = running.call("agent.send", wire.Send(agent, "again"))
    assert running.wait(agent, "done", turn=sent.turn).reached == "done"


def test_stop_cancels_then_ends_and_resume_continues_the_session(running: Any) -> None:
    running.env["QUARTERDECK_DEMO_STATE"] = str(running.path / "demo-state")
    running.kill()
    running.start()
    agent = running.play([running.gate()]).id
    row = running.until(agent, lambda row: row.turn is Turn.WORKING)
    done = running.call("agent.stop", wire.AgentRef(agent))
    assert "exited" in done.detail
    assert len(running.sent(agent, "session/cancel")) == 1
    ended = running.row(agent)
    assert (ended.lifecycle, ended.pid) == (Lifecycle.EXITED, None)
    again = running.call("agent.resume", wire.AgentRef(agent))
    assert again.id == agent
    assert again.pid not in (None, row.pid)
    resumed = running.wait(agent, "idle").row
    assert (resumed.incarnation, resumed.session_id) == (2, row.session_id)
    assert len(running.sent(agent, "session/new")) == 1


def test_kill_ends_the_whole_tree(running: Any) -> None:
    agent = running.run("shell", "bash", "-c", "trap '' TERM INT HUP; setsid sleep 500 & echo $!; sleep 600").id
    running.until(agent, lambda row: row.out_size > 0)
    running.call("agent.kill", wire.AgentRef(agent))
    row = running.row(agent)
    assert (row.lifecycle, row.exit_signal) == (Lifecycle.EXITED, signal.SIGKILL)
    nonce = next(r["nonce"] for r in running.journal(agent) if r["t"] == "launch")
    assert find_by_nonce(nonce) == []


def test_remove_needs_an_end_or_force_and_keeps_the_files_in_the_trash(running: Any) -> None:
    agent = running.run("shell", "sleep", "600").id
    assert "is running" in refused(running, "agent.remove", wire.Remove(agent)).message
    running.call("agent.remove", wire.Remove(agent, force=True))
    assert running.call("agent.list").agents == ()
    (files,) = (running.places.state / "trash").iterdir()
    assert files.name.partition("-")[0] == agent
    keeper = AgentDirectory(files).keeper_state()
    assert keeper is not None
    wait_for(lambda: not tree.is_same(keeper.pid, keeper.start), lambda: f"keeper {keeper.pid} waits for a reader")
    assert refused(running, "agent.show", wire.AgentRef(agent)).code is ErrorCode.NOT_FOUND


def test_ids_names_and_ambiguity(running: Any) -> None:
    one = running.run("shell", "sleep", "600", name="one").id
    running.run("shell", "sleep", "600", name="two")
    assert running.row("one").id == one
    assert running.row(one[:5]).id == one
    assert "taken" in refused(running, "agent.run", wire.Run("shell", str(running.project), name="one")).message
    assert "taken" in refused(running, "agent.rename", wire.Rename("two", "one")).message
    running.call("agent.rename", wire.Rename("two", "three"))
    assert running.row("three").slot == 2
    running.call("agent.annotate", wire.Annotate("three", slot=1, note="hello", labels=("x",)))
    assert (running.row("three").slot, running.row("one").slot, running.row("three").note) == (1, None, "hello")
    running.call("agent.kill", wire.AgentRef("one"))
    running.call("agent.kill", wire.AgentRef("three"))


def test_a_message_to_a_program_on_pipes_is_a_line_and_raw_input_is_as_typed(running: Any) -> None:
    agent = running.run("shell", "cat").id
    running.call("agent.send", wire.Send(agent, "a line"))
    running.until(agent, lambda row: row.out_size == 7)
    running.call("agent.input", wire.Input(agent, b"typed"))
    running.until(agent, lambda row: row.out_size == 12)
    assert running.raw(agent, Stream.OUT) == b"a line\ntyped"
    assert running.row(agent).queue == ()
    assert b"typed" not in running.places.agent(agent).joinpath("events.jsonl").read_bytes()
    assert refused(running, "agent.answer", wire.AnswerRequest(agent, "allow")).code is ErrorCode.NOT_POSSIBLE


def test_waiting_cannot_miss_what_is_already_true_and_says_what_cannot_come(running: Any) -> None:
    agent = running.play([{"do": "exit", "code": 3}]).id
    waited = running.wait(agent, "done", turn=1)
    assert (waited.reached, waited.row.exit_code) == ("failed", 3)
    assert running.wait(agent, "idle").reached == "exited"
    with pytest.raises(RpcError) as caught:
        running.call("agent.wait", wire.Wait(running.run("shell", "sleep", "600").id, "exited", timeout=0.1))
    assert caught.value.code is ErrorCode.TIMEOUT


def test_children_left_behind_by_a_turn_are_counted(running: Any) -> None:
    agent = running.play([{"do": "background", "command": "sleep 500"}, {"do": "say", "text": "ok"}]).id
    running.wait(agent, "done")
    left = running.until(agent, lambda row: row.background >= 1).background
    running.kill()
    running.start()
    running.until(agent, lambda row: row.background == left)
    running.call("agent.kill", wire.AgentRef(agent))
    assert running.row(agent).background == 0


def test_what_a_command_in_a_terminal_leaves_behind_is_counted_and_a_helper_is_not(running: Any) -> None:
    """A shell with marks: a helper from before the first command, a job that works, a server it leaves."""
    script = (
        "sleep 501 & printf '\\033]133;A\\007'; read go; printf '\\033]133;C\\007'; sleep 502 & read on;"
        "printf '\\033]133;D;0\\007\\033]133;A\\007'; read end"
    )
    agent = running.run("shell", "bash", "-c", script, pty=True).id
    running.until(agent, lambda row: row.turn is Turn.IDLE)
    running.call("agent.input", wire.Input(agent, b"\r"))
    running.until(agent, lambda row: row.turn is Turn.WORKING and row.background == 0)
    running.call("agent.input", wire.Input(agent, b"\r"))
    row = running.until(agent, lambda row: row.turn in (Turn.IDLE, Turn.DONE) and row.background == 1)
    assert row.source == "title"
    explained = running.call("agent.explain", wire.AgentRef(agent))
    assert "sleep" in explained.evidence[-1].detail
    assert explained.why


def test_a_stuck_keeper_cannot_keep_its_agent_from_being_killed(running: Any) -> None:
    agent = running.run("shell", "bash", "-c", "setsid sleep 500 & sleep 600").id
    child = running.row(agent).pid
    running.until(agent, lambda _: len(tree.descendants(child)) == 2)
    left = [child, *tree.descendants(child)]
    keeper = AgentDirectory(running.places.agent(agent)).keeper_state()
    os.kill(keeper.pid, signal.SIGSTOP)
    running.call("agent.kill", wire.AgentRef(agent))
    row = running.row(agent)
    assert row.lifecycle is Lifecycle.LOST
    assert [pid for pid in (keeper.pid, *left) if tree.identity(pid) is not None] == []


def test_a_session_that_runs_elsewhere_is_not_resumed(running: Any) -> None:
    running.env["QUARTERDECK_DEMO_STATE"] = str(running.path / "demo-state")
    running.kill()
    running.start()
    agent = running.play([{"do": "say", "text": "hi"}]).id
    session = running.wait(agent, "done").row.session_id
    leases = Leases(running.places.leases)
    holder = leases.holder("demo-script", session)
    assert (holder.agent, holder.home) == (agent, str(running.places.state))
    running.call("agent.stop", wire.AgentRef(agent))
    running.settle(lambda: leases.holder("demo-script", session) is None)
    other = Owner.of(running.path / "elsewhere", "other", os.getpid())
    leases.acquire("demo-script", session, other)
    error = refused(running, "agent.resume", wire.AgentRef(agent))
    assert ("other" in error.message, str(os.getpid()) in error.message) == (True, True)
    leases.release("demo-script", session, other)
    assert running.call("agent.resume", wire.AgentRef(agent)).pid is not None


def test_resume_all_continues_what_was_not_stopped_by_the_user(running: Any) -> None:
    running.env["QUARTERDECK_DEMO_STATE"] = str(running.path / "demo-state")
    running.kill()
    running.start()
    lost, stopped = (running.play([{"do": "say", "text": "hi"}], name=name).id for name in ("lost", "stopped"))
    for agent in (lost, stopped):
        running.wait(agent, "done")
    running.call("agent.stop", wire.AgentRef(stopped))
    keeper = AgentDirectory(running.places.agent(lost)).keeper_state()
    os.kill(keeper.pid, signal.SIGKILL)
    running.until(lost, lambda row: row.lifecycle is Lifecycle.LOST)
    done = running.call("agent.resume_all")
    assert (done.resumed, done.problems) == ((lost,), ())
    assert running.wait(lost, "idle").row.incarnation == 2
    assert running.row(stopped).lifecycle is Lifecycle.EXITED


def test_a_snooze_ends_with_what_it_was_for(running: Any) -> None:
    agent = running.play(
        [{"do": "run", "command": "true", "ask": True}, {"do": "run", "command": "false", "ask": True}]
    ).id
    running.wait(agent, "blocked")
    running.call("agent.snooze", wire.Snooze(agent, 600))
    row = running.row(agent)
    assert (row.snoozed_until is not None, running.call("agent.next", wire.Next()).row) == (True, None)
    running.call("agent.answer", wire.AnswerRequest(agent, "allow"))
    second = running.wait(agent, "blocked").row
    assert second.state is row.state
    assert running.row(agent).snoozed_until is None
    assert running.call("agent.next", wire.Next()).row.id == agent

"""Terminals are asked for where the agent works, and an ended program goes on in the way it can."""

from __future__ import annotations

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Capability
from agents.wire import Run, Started
from app.actions.terminals import TerminalActions, is_resumed
from app.client.api import ConnectionLost
from tests.fakes.caller import RecordingCaller
from tests.fakes.rows import row

BEGUN = Started("t", "shell", 4711)


def test_the_terminal_beside_an_agent_begins_in_its_worktree_and_belongs_to_it() -> None:
    caller = RecordingCaller()
    caller.answers["agent.run"] = lambda _: BEGUN
    got: list[Started] = []
    actions = TerminalActions(caller, caller)
    actions.open_beside(row("fix", worktree="/srv/wt/fix"), got.append, lambda why: None)
    actions.open_beside(row("docs", cwd="/srv/api/docs"), got.append, lambda why: None)
    assert caller.of("agent.run") == [
        Run("shell", "/srv/api", cwd="/srv/wt/fix", pty=True, terminal_of="id-fix"),
        Run("shell", "/srv/api", cwd="/srv/api/docs", pty=True, terminal_of="id-docs"),
    ]
    assert got == [BEGUN, BEGUN]


def test_why_there_is_none_is_told_in_words() -> None:
    caller = RecordingCaller()
    whys: list[str] = []
    actions = TerminalActions(caller, caller)
    for failure in RpcError(ErrorCode.NOT_FOUND, "the working directory /gone does not exist"), ConnectionLost("gone"):

        def fail(_: object, failure: Exception = failure) -> Started:
            raise failure

        caller.answers["agent.run"] = fail
        actions.open_beside(row("fix"), lambda _: None, whys.append)
    assert whys[0] == "the working directory /gone does not exist"
    assert "try again" in whys[1]


def test_a_plain_terminal_is_a_row_of_its_own_in_the_project() -> None:
    caller = RecordingCaller()
    caller.answers["agent.run"] = lambda _: BEGUN
    TerminalActions(caller, caller).open_plain("/srv/api", lambda _: None)
    assert caller.of("agent.run") == [Run("shell", "/srv/api", pty=True)]


def test_an_ended_program_resumes_its_session_or_begins_again() -> None:
    caller = RecordingCaller()
    caller.answers["agent.resume"] = lambda _: BEGUN
    caller.answers["agent.restart"] = lambda _: BEGUN
    with_session = row("fix", capabilities=(Capability.TERMINAL, Capability.RESUME))
    without = row("sh", capabilities=(Capability.TERMINAL, Capability.INPUT))
    assert (is_resumed(with_session), is_resumed(without)) == (True, False)
    for ended in with_session, without:
        TerminalActions(caller, caller).again(ended)
    assert [ref.id for ref in caller.of("agent.resume")] == ["id-fix"]
    assert [ref.id for ref in caller.of("agent.restart")] == ["id-sh"]

"""``sessions``, ``adopt``, ``switch`` and ``hook``."""

from __future__ import annotations

from typing import Any

import pytest

from agents.jsonrpc import ErrorCode, RpcError
from agents.wire import AdoptSession, FoundSession, FoundSessions, Started, Switch
from app.cli.exits import Exit
from tests.unit.app.cli.conftest import NOW

ONE = FoundSession("6f1c1d0e-8a54-4d0b-9d0e-51a9b6c2e7f4", ("claude", "claude-tui"), "fix the login", "/p", NOW - 120)
TWO = FoundSession("6f1d2222-8a54-4d0b-9d0e-51a9b6c2e7f4", ("codex",), "\x1b[31mdocs", "/p", NOW - 7200, 9, "a1", "old")


def test_sessions_are_listed(shell: Any) -> None:
    running = FoundSession(
        "777777777777777", ("claude",), "", "/p", NOW - 10, agent="a2", agent_name="now", is_running=True
    )
    with shell.daemon({"session.list": FoundSessions((ONE, TWO, running), ("codex cannot be read",))}):
        ran = shell("sessions", "-p", "/tmp")
        assert shell("sessions", "-p", "/tmp", "--json").json["sessions"][0]["kinds"] == ["claude", "claude-tui"]
    lines = ran.out.splitlines()
    assert lines[0].split() == ["6f1c1d0e-8a5", "fix", "the", "login", "claude,", "claude-tui", "2", "m", "ago"]
    assert "docs" in lines[1]
    assert lines[1].endswith("old (ended)")
    assert "\x1b" not in ran.out
    assert "(nothing said)" in lines[2]
    assert lines[2].endswith("now")
    assert ran.err == "quarterdeck: codex cannot be read\n"


def test_no_session_says_where_to_look(shell: Any) -> None:
    with shell.daemon({"session.list": FoundSessions(())}):
        ran = shell("sessions", "-p", "/tmp")
    assert (ran.code, ran.out) == (0, "no session was held here that could be adopted; look elsewhere with -p DIR\n")


@pytest.mark.parametrize(
    ("argv", "asked"),
    [
        (("6f1c",), AdoptSession("claude", ONE.id, "/tmp")),
        (
            (ONE.id, "--kind", "claude-tui", "-n", "docs", "--prompt", "go on"),
            AdoptSession("claude-tui", ONE.id, "/tmp", "docs", "go on"),
        ),
        (("6f1d",), AdoptSession("codex", TWO.id, "/tmp")),
    ],
)
def test_a_session_is_adopted_by_its_beginning(shell: Any, argv: tuple[str, ...], asked: AdoptSession) -> None:
    answers = {"session.list": FoundSessions((ONE, TWO)), "session.adopt": Started("b1", "docs", 77)}
    with shell.daemon(answers) as daemon:
        ran = shell("adopt", *argv, "-p", "/tmp")
        assert daemon.asked("session.adopt") == [asked]
    assert (ran.code, ran.out) == (0, "started docs (b1), pid 77\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [("6f1", "2 sessions begin with 6f1:"), ("x", "no session of this project begins with x; there are:")],
)
def test_what_is_not_one_session_lists_what_there_is(shell: Any, text: str, said: str) -> None:
    with shell.daemon({"session.list": FoundSessions((ONE, TWO))}):
        ran = shell("adopt", text, "-p", "/tmp")
    assert ran.code == Exit.FAILED
    assert ran.err.startswith(f"quarterdeck: {said}")
    assert ONE.id in ran.err
    assert "\x1b" not in ran.err


def test_nothing_to_adopt(shell: Any) -> None:
    with shell.daemon({"session.list": FoundSessions(())}):
        assert "name its directory with -p DIR" in shell("adopt", "x", "-p", "/tmp").err


def test_an_agent_goes_on_as_another_kind(shell: Any) -> None:
    with shell.daemon({"agent.switch": Started("a", "fix-login", 78)}) as daemon:
        assert shell("switch", "a", "claude-tui").out == "started fix-login (a), pid 78\n"
        assert shell("switch", "a", "claude", "--when-idle").code == 0
        assert daemon.asked("agent.switch") == [Switch("a", "claude-tui"), Switch("a", "claude", wait=True)]
        daemon.answers["agent.switch"] = RpcError(ErrorCode.NOT_POSSIBLE, "in the middle of a turn")
        refused = shell("switch", "a", "claude")
    assert (refused.code, refused.err) == (1, "quarterdeck: in the middle of a turn\n")


def test_a_hook_is_silent_and_never_fails(shell: Any) -> None:
    ran = shell("hook", "Stop", QUARTERDECK_SOCKET="/nowhere")
    assert (ran.code, ran.out, ran.err) == (0, "", "")

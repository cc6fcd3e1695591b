"""``wait``, and waiting through what an agent asks meanwhile."""

from __future__ import annotations

import pytest

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import (
    Block,
    Blocked,
    BlockKind,
    Cause,
    Headline,
    Lifecycle,
    QueuedPrompt,
    Request,
    TurnEnd,
)
from agents.wire import Page, Started, Wait, Waited
from app.cli.waiting import why_not
from tests.fakes.scripted_daemon import HangUp, asking, row
from tests.unit.app.cli.conftest import NOW
from tests.unit.app.cli.test_see import shown

STARTED = Started("habc123", "tests", 42, 1)


def test_wait_prints_what_was_reached(shell) -> None:
    with shell.daemon({"agent.wait": Waited(asking(), "blocked")}) as daemon:
        assert (
            shell("wait", "a", "--until", "blocked", "--turn", "2", "--timeout", "9").out
            == "fix-login: allow npm test?\n"
        )
        (params,) = daemon.asked("agent.wait")
    assert (params.id, params.until, params.turn) == ("a", "blocked", 2)
    assert 8 < params.timeout <= 9


def test_wait_for_what_can_no_longer_come_exits_1_with_the_reason(shell) -> None:
    gone = row(
        lifecycle=Lifecycle.FAILED, state=Headline.FAILED, headline="failed: gone", reason="OOM killer", since=NOW - 5
    )
    with shell.daemon({"agent.wait": Waited(gone, "failed")}):
        ran = shell("wait", "a", "--until", "idle")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == "quarterdeck: fix-login can no longer be idle: failed: gone (OOM killer), 5 s ago\n"
        assert shell("wait", "a", "--until", "idle", "--json").json["reached"] == "failed"


def test_wait_times_out_with_3(shell) -> None:
    with shell.daemon({"agent.wait": RpcError(ErrorCode.TIMEOUT, "a is not idle after 1 s")}):
        assert shell("wait", "a", "--until", "idle", "--timeout", "1").code == 3


def test_wait_goes_on_with_the_time_that_is_left_when_the_daemon_dies(shell) -> None:
    asked: list[float] = []

    def flaky(params) -> Waited:
        asked.append(params.timeout)
        if len(asked) < 3:
            raise HangUp
        return Waited(row(), "idle")

    with shell.daemon({"agent.wait": flaky}):
        assert shell("wait", "a", "--until", "idle", "--timeout", "60").code == 0
    assert 60 >= asked[0] > asked[1] > asked[2] > 50


def test_a_fact_of_a_message_is_told_with_its_turn(shell) -> None:
    with shell.daemon({"agent.wait": Waited(row(), "submitted", 3)}) as daemon:
        assert shell("wait", "a", "--until", "submitted").out == "fix-login: turn 3 submitted\n"
        assert [order.turn for order in daemon.asked("agent.wait")] == [None]


@pytest.mark.parametrize(
    ("waited", "words"),
    [
        (
            Waited(row(queue=(QueuedPrompt(3, "x", 0.0, "undelivered", "its input is closed"),)), "undelivered", 3),
            "turn 3 was not delivered: its input is closed",
        ),
        (Waited(row(), "dropped", 3), "turn 3 was taken back before it was delivered"),
        (Waited(row(), "over", 3), "turn 3 is over and nothing waits (idle)"),
        (Waited(row(), "delivered", 3), "turn 3 was delivered; shell has no turns, more cannot be known"),
        (
            Waited(row(), "failed", 3, TurnEnd(3, "error", ok=False, detail="429: slow down", cause=Cause.RATE_LIMIT)),
            "turn 3 failed: 429: slow down (rate_limit)",
        ),
        (Waited(row(), "failed", 3, TurnEnd(3, "refusal", ok=False)), "turn 3 failed: refusal"),
        (Waited(row(headline="exited 0", since=NOW - 60), "exited", 3), "exited 0, 1 m ago"),
    ],
)
def test_why_it_can_no_longer_come(waited: Waited, words: str) -> None:
    assert why_not(waited, NOW) == words


EDIT = Request("1:8:cd34", Blocked.PERMISSION, "Edit", NOW)
RUN = Request("1:7:ab12", Blocked.PERMISSION, "Run", NOW)


def stages(*waited: Waited | Exception):
    """Answer one call of agent.wait after the other."""
    left = list(waited)
    return lambda params: left.pop(0)


def test_waiting_says_each_request_once_and_goes_on(shell, tmp_path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    from_agent = Page(
        (
            Block(0, 1, BlockKind.USER, 1, NOW, text="go"),
            Block(1, 1, BlockKind.MESSAGE, 1, NOW, text="first I look"),
            Block(2, 1, BlockKind.MESSAGE, 1, NOW, text="all is well\n"),
            Block(3, 1, BlockKind.TURN, 1, NOW, text="done"),
        ),
        4,
    )
    answers = {
        "agent.run": STARTED,
        "transcript.page": from_agent,
        "agent.wait": stages(
            Waited(asking(requests=(RUN,)), "blocked", 1),
            Waited(asking(headline="log in"), "blocked", 1),
            Waited(asking(headline="allow Edit?", requests=(EDIT,)), "blocked", 1),
            Waited(row(), "done", 1, TurnEnd(1, "end_turn", ok=True)),
        ),
    }
    with shell.daemon(answers) as daemon:
        ran = shell("run", "shell", "-p", str(tmp_path), "--prompt", "go", "--wait")
        waits = daemon.asked("agent.wait")
    assert (ran.code, ran.out) == (0, "all is well\n")
    assert ran.err.splitlines() == [
        "started tests (habc123), pid 42, turn 1",
        "fix-login waits for you: allow npm test?  `quarterdeck allow habc123`",
        "fix-login waits for you: log in  `quarterdeck show habc123`",
        "fix-login waits for you: allow Edit?  `quarterdeck allow habc123`",
    ]
    assert [order.also for order in waits] == [("blocked",)] * 4
    assert [order.seen for order in waits] == [
        (),
        ("1:7:ab12",),
        ("", "1:7:ab12"),
        ("", "1:7:ab12", "1:8:cd34"),
    ]


def test_a_failed_turn_exits_1_with_the_reason_and_the_cause(shell, tmp_path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    end = TurnEnd(1, "error", ok=False, detail="no credit", cause=Cause.BILLING)
    with shell.daemon({"agent.run": STARTED, "agent.wait": Waited(row(), "failed", 1, end)}):
        ran = shell("run", "shell", "-p", str(tmp_path), "--prompt", "go", "--wait", "--json")
    assert (ran.code, ran.err) == (1, "quarterdeck: fix-login: turn 1 failed: no credit (billing)\n")
    assert (ran.json["reached"], ran.json["cause"], ran.json["message"]) == ("failed", "billing", None)
    assert ran.json["error"] == "turn 1 failed: no credit (billing)"


def test_too_late_exits_3_and_says_that_it_goes_on(shell, tmp_path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    late = RpcError(ErrorCode.TIMEOUT, "not in time")
    with shell.daemon({"agent.run": STARTED, "agent.wait": late, "agent.show": shown(asking())}):
        argv = ["run", "shell", "-p", str(tmp_path), "--prompt", "go", "--wait", "--timeout", "9"]
        ran = shell(*argv)
        assert (ran.code, ran.out) == (3, "")
        assert "quarterdeck: fix-login is not done after 9 s: allow npm test?; it goes on" in ran.err
        assert shell(*argv, "--json").json["reached"] == "timeout"


def test_another_failure_while_waiting_is_not_taken_for_lateness(shell, tmp_path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    gone = RpcError(ErrorCode.NOT_POSSIBLE, "there is no agent “habc123”")
    with shell.daemon({"agent.run": STARTED, "agent.wait": gone}):
        ran = shell("run", "shell", "-p", str(tmp_path), "--prompt", "go", "--wait", "--timeout", "9")
    assert (ran.code, "there is no agent" in ran.err) == (1, True)


def test_timeout_without_wait_is_wrong_usage(shell, no_start, tmp_path) -> None:
    ran = shell("run", "shell", "-p", str(tmp_path), "--timeout", "9")
    assert (ran.code, "--timeout is for --wait" in ran.err) == (2, True)


@pytest.mark.parametrize("blocks", [0, 150])
def test_the_last_message_is_found_behind_any_number_of_blocks_or_is_missing(shell, tmp_path, blocks: int) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    said = [Block(1, 1, BlockKind.MESSAGE, 1, NOW, text="far away")] if blocks else []
    everything = (
        Block(0, 1, BlockKind.USER, 1, NOW, text="go"),
        *said,
        *(Block(n, 1, BlockKind.TOOL, 1, NOW) for n in range(2, 2 + blocks)),
    )

    def page(params) -> Page:
        before = [b for b in everything if params.before is None or b.n < params.before]
        return Page(tuple(before[-params.n :]), len(everything))

    answers = {"agent.run": STARTED, "agent.wait": Waited(row(), "done", 1), "transcript.page": page}
    with shell.daemon(answers):
        ran = shell("run", "shell", "-p", str(tmp_path), "--prompt", "go", "--wait")
    assert ran.out == ("far away\n" if blocks else "fix-login: idle\n")


def test_the_order_to_wait_keeps_what_was_asked(shell) -> None:
    with shell.daemon({"agent.wait": Waited(row(), "idle")}) as daemon:
        shell("wait", "a", "--until", "idle")
        assert daemon.asked("agent.wait") == [Wait("a", "idle")]

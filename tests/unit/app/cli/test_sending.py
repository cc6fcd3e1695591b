"""``send``: to whom, in which words, and how far it got."""

from __future__ import annotations

import pytest

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Lifecycle, QueuedPrompt
from agents.wire import Listing, Send, Sent, Waited
from tests.fakes.scripted_daemon import row
from tests.unit.app.cli.test_see import shown

TAKEN = Waited(row(), "submitted", 3)
NOW_SENT = Sent("habc123", 3, queued=False)


def test_a_message_is_sent_once_it_was_taken(shell) -> None:
    with shell.daemon({"agent.send": NOW_SENT, "agent.wait": TAKEN}) as daemon:
        assert shell("send", "a", "now", "lint").out == "turn 3 (submitted)\n"
        document = shell("send", "a", "-", "--json", stdin="from\nstdin").json
        assert daemon.asked("agent.send") == [Send("a", "now lint"), Send("a", "from\nstdin")]
        (wait, _) = daemon.asked("agent.wait")
    assert (wait.id, wait.until, wait.turn) == ("habc123", "submitted", 3)
    assert 29 < wait.timeout <= 30
    assert (document["id"], document["turn"], document["queued"], document["delivery"]) == (
        "habc123",
        3,
        False,
        "submitted",
    )


def test_behind_a_running_turn_it_waits_and_nobody_waits_for_it(shell) -> None:
    with shell.daemon({"agent.send": Sent("habc123", 3, queued=True, behind="turn 2 (working)")}) as daemon:
        ran = shell("send", "a", "next")
        assert (ran.code, ran.out) == (0, "turn 3 (queued, behind turn 2 (working))\n")
        assert daemon.asked("agent.wait") == []


def test_no_wait_and_steer_do_not_look(shell) -> None:
    with shell.daemon({"agent.send": NOW_SENT}) as daemon:
        assert shell("send", "a", "x", "--no-wait").out == "turn 3 (sent)\n"
        assert shell("send", "a", "x", "--steer").out == "turn 3 (sent, put into the running turn 3)\n"
        assert [order.steer for order in daemon.asked("agent.send")] == [False, True]


def test_a_program_without_turns_has_it_once_it_is_written(shell) -> None:
    with shell.daemon({"agent.send": NOW_SENT, "agent.wait": Waited(row(), "delivered", 3)}):
        assert shell("send", "a", "ls").out == "turn 3 (delivered)\n"


def prompts(state: str, reason: str = "") -> tuple[QueuedPrompt, ...]:
    return (QueuedPrompt(3, "x", 0.0, state, reason),)


@pytest.mark.parametrize(
    ("reached", "row_", "words"),
    [
        (
            "undelivered",
            {"queue": prompts("undelivered", "closed")},
            "turn 3 not delivered: closed",
        ),
        ("dropped", {}, "turn 3 not delivered: turn 3 was taken back"),
        ("exited", {"headline": "exited 1"}, "turn 3 not delivered: exited 1"),
        (
            None,
            {"headline": "starting", "queue": prompts("queued")},
            "it still waits after 5 s (starting)",
        ),
        (None, {"headline": "silent", "queue": prompts("sent")}, "the agent has not read it after 5 s"),
        (None, {"headline": "working"}, "not submitted: it was written to the agent, which did not show within 5 s"),
    ],
)
def test_what_was_not_taken_is_no_success(shell, reached: str | None, row_: dict, words: str) -> None:
    state = row(**row_)
    waited = RpcError(ErrorCode.TIMEOUT, "late") if reached is None else Waited(state, reached, 3)
    with shell.daemon({"agent.send": NOW_SENT, "agent.wait": waited, "agent.show": shown(state)}):
        ran = shell("send", "a", "x", "--timeout", "5")
        document = shell("send", "a", "x", "--timeout", "5", "--json").json
    assert (ran.code, ran.out, words in ran.err) == (1, "", True), ran.err
    assert document["is_late"] is (reached is None)


def test_another_failure_while_it_is_followed_is_told_as_it_is(shell) -> None:
    gone = RpcError(ErrorCode.NOT_FOUND, "there is no agent “habc123”")
    with shell.daemon({"agent.send": NOW_SENT, "agent.wait": gone, "agent.list": Listing(())}):
        ran = shell("send", "a", "x")
    assert (ran.code, "there is no agent" in ran.err) == (1, True)


FLEET = (
    row("a1", name="one", team="web"),
    row("b2", name="two", team="web", kind="claude"),
    row("c3", name="three", kind="claude"),
    row("d4", name="gone", team="web", lifecycle=Lifecycle.EXITED),
    row("e5", name="put-away", team="web", archived=True),
)


def several(shell, refuse: str = "", **answers):
    known = {ref: agent for agent in FLEET for ref in (agent.id, agent.name)}

    def show(params):
        if params.id not in known:
            raise RpcError(ErrorCode.NOT_FOUND, f"there is no agent “{params.id}”")
        return shown(known[params.id])

    def send(params):
        if params.id == refuse:
            raise RpcError(ErrorCode.NOT_POSSIBLE, f"{params.id} is not running (exited 0): resume it first")
        return Sent(params.id, 7, queued=False)

    def wait(params):
        return Waited(known[params.id], "submitted", 7)

    return shell.daemon(
        {"agent.list": Listing(FLEET), "agent.show": show, "agent.send": send, "agent.wait": wait} | answers
    )


@pytest.mark.parametrize(
    ("argv", "sent"),
    [
        (["one", "three", "--", "go", "on"], ["a1", "c3"]),
        (["one", "a1", "--", "go", "on"], ["a1"]),  # each once
        (["--team", "web", "--", "go", "on"], ["a1", "b2"]),  # who runs and is not put away
        (["--kind", "claude", "--", "go", "on"], ["b2", "c3"]),
        (["--kind", "claude", "--team", "web", "--", "go", "on"], ["b2"]),
        (["three", "--team", "web", "--", "go", "on"], ["c3", "a1", "b2"]),
        (["one", "--", "go", "on"], ["one"]),  # one alone is the daemon's to find
    ],
)
def test_several_agents_stand_before_the_dashes(shell, argv: list[str], sent: list[str]) -> None:
    with several(shell) as daemon:
        ran = shell("send", *argv)
        assert [(order.id, order.text) for order in daemon.asked("agent.send")] == [(ref, "go on") for ref in sent]
    assert ran.code == 0
    assert len(ran.out.splitlines()) == len(sent)


def test_each_agent_has_its_line_and_one_failure_fails_the_command(shell) -> None:
    with several(shell, refuse="b2") as daemon:
        ran = shell("send", "one", "two", "three", "--", "-", stdin="go")
        assert (ran.code, ran.out) == (1, "one: turn 7 (submitted)\nthree: turn 7 (submitted)\n")
        assert ran.err == "quarterdeck: two: not delivered: b2 is not running (exited 0): resume it first\n"
        document = shell("send", "one", "two", "--json", "--", "x").json
        assert [order.text for order in daemon.asked("agent.send")] == ["go"] * 3 + ["x"] * 2
    assert [(agent["name"], agent["turn"], agent["delivery"]) for agent in document["agents"]] == [
        ("one", 7, "submitted"),
        ("two", None, "undelivered"),
    ]


def test_one_wrong_name_among_several_sends_to_nobody(shell) -> None:
    with several(shell) as daemon:
        ran = shell("send", "one", "nobody", "--", "x")
        assert daemon.asked("agent.send") == []
    assert (ran.code, "there is no agent “nobody”" in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        ([], 2, "name the agent and the message"),
        (["one"], 2, "name the agent and the message"),
        (["--team", "web", "go"], 2, "the message stands behind --"),
        (["one", "--", " "], 2, "the message is empty"),
        (["--team", "nobody", "--", "go"], 1, "no running agent of team nobody"),
        (["--", "go"], 2, "name the agents before --"),
    ],
)
def test_what_is_unclear_is_refused(shell, argv: list[str], code: int, words: str) -> None:
    with several(shell) as daemon:
        ran = shell("send", *argv)
        assert daemon.asked("agent.send") == []
    assert (ran.code, words in ran.err) == (code, True), ran.err

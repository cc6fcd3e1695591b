"""``allow``, ``deny``, ``interrupt``, ``stop``, ``kill``, ``resume``, ``rm``."""

from __future__ import annotations

import time

import pytest

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Blocked, Question, Request
from agents.wire import Answered, AnswerRequest, Done, Listing, Remove, Resumed, Started
from tests.fakes.scripted_daemon import asking
from tests.unit.app.cli.conftest import NOW
from tests.unit.app.cli.test_see import shown

ALLOWED = Answered("habc123", "1:7:ab12", "allowed", "cli", NOW)
RUN = Request("1:7:ab12", Blocked.PERMISSION, "Run", NOW)
EDIT = Request("1:8:cd34", Blocked.PERMISSION, "Edit", NOW)
ASK = Request("1:9:ef56", Blocked.QUESTION, "DB", NOW, questions=(Question("Which DB?"), Question("Which port?")))


def test_allow_without_request_lets_the_daemon_choose(shell) -> None:
    with shell.daemon({"agent.answer": ALLOWED}) as daemon:
        assert shell("allow", "a").out == "allowed (1:7:ab12)\n"
        assert shell("allow", "a", "--always", "--json").json["outcome"] == "allowed"
        assert shell("deny", "a", "--reason", "no net").code == 0
        orders = daemon.asked("agent.answer")
    assert orders == [
        AnswerRequest("a", "allow", by="cli"),
        AnswerRequest("a", "always", by="cli"),
        AnswerRequest("a", "deny", reason="no net", by="cli"),
    ]


def test_part_of_a_request_names_it_when_it_is_unique(shell) -> None:
    open_ = asking(requests=(RUN, EDIT))
    answers = {"agent.answer": ALLOWED, "agent.show": shown(open_), "agent.list": Listing((open_,))}
    with shell.daemon(answers) as daemon:
        shell("allow", "a", "cd34")
        shell("allow", "a", "1:")
        shell("allow", "a", "1:1:0000")
        keys = [order.request for order in daemon.asked("agent.answer")]
    assert keys == ["1:8:cd34", "1:", "1:1:0000"]  # what is not unique or not open is the daemon's to judge


@pytest.mark.parametrize(
    ("argv", "outcome", "code"),
    [
        (["allow", "a"], "allowed", 0),
        (["allow", "a"], "denied", 1),
        (["allow", "a", "--always"], "allowed", 1),
        (["deny", "a"], "denied", 0),
        (["deny", "a"], "allowed", 1),
    ],
)
def test_the_second_answer_says_who_was_first_and_fails_when_it_wanted_another(
    shell, argv: list[str], outcome: str, code: int
) -> None:
    given = Answered("a", "1:7:ab12", outcome, "shell", NOW, already=True)
    with shell.daemon({"agent.answer": given}):
        ran = shell(*argv)
    at = time.strftime("%H:%M:%S", time.localtime(NOW))
    assert (ran.code, ran.out) == (code, f"already {outcome} by you at {at}\n")
    assert ("yours changed nothing" in ran.err) is bool(code)


def test_answers_to_questions_go_by_their_order(shell) -> None:
    answers = {"agent.answer": ALLOWED, "agent.show": shown(asking(requests=(RUN, ASK)))}
    with shell.daemon(answers) as daemon:
        assert shell("allow", "a", "--answer", "sqlite", "--answer", "80").code in (0, 1)
        (order,) = daemon.asked("agent.answer")
    assert (order.decision, order.request) == ("answer", "1:9:ef56")
    assert order.answers == {"Which DB?": "sqlite", "Which port?": "80"}


@pytest.mark.parametrize(
    ("requests", "argv", "code", "message"),
    [
        ((RUN,), ["--answer", "x"], 1, "asks no question now"),
        ((ASK,), ["--answer", "x"], 2, "2 questions, 1 answers"),
        ((ASK, ASK), ["--answer", "x"], 1, "name one of these requests"),
        ((ASK,), ["9:9", "--answer", "x"], 1, "name one of these requests"),
    ],
)
def test_answers_that_do_not_fit_are_refused_by_name(shell, requests, argv, code: int, message: str) -> None:
    with shell.daemon({"agent.show": shown(asking(requests=requests))}) as daemon:
        ran = shell("allow", "a", *argv)
        assert daemon.asked("agent.answer") == []
    assert (ran.code, message in ran.err) == (code, True)


def test_an_agent_is_refused(shell) -> None:
    refused = RpcError(ErrorCode.REFUSED, "an agent may not answer its own requests")
    with shell.daemon({"agent.answer": refused}):
        ran = shell("allow", "a")
    assert (ran.code, ran.err) == (1, "quarterdeck: an agent may not answer its own requests\n")


@pytest.mark.parametrize("command", ["interrupt", "stop", "kill"])
def test_orders_print_the_daemons_words(shell, command: str) -> None:
    with shell.daemon({f"agent.{command}": Done("in its words")}) as daemon:
        assert shell(command, "a").out == "in its words\n"
        assert shell(command, "a", "--json").json == {"detail": "in its words"}
        assert [ref.id for ref in daemon.asked(f"agent.{command}")] == ["a", "a"]


def test_rm_and_force(shell) -> None:
    with shell.daemon({"agent.remove": Done()}) as daemon:
        assert shell("rm", "a").out == "removed\n"
        shell("rm", "a", "--force")
        assert daemon.asked("agent.remove") == [Remove("a"), Remove("a", force=True)]


def test_resume_one_and_all(shell) -> None:
    problems = Resumed(("a", "b"), ("c: its program is gone",))
    with shell.daemon({"agent.resume": Started("a", "x", 1), "agent.resume_all": problems}) as daemon:
        assert shell("resume", "a").out == "resumed a\n"
        ran = shell("resume", "--all")
        assert (ran.code, ran.out, ran.err) == (
            1,
            "resumed a\nresumed b\n",
            "quarterdeck: c: its program is gone\n",
        )
        left = ("s: it has no session to continue:\nrun it again",)
        daemon.answers["agent.resume_all"] = Resumed(("a",), (), "2 agents: 1 can resume, 1 lost", left)
        told = shell("resume", "--all")
        assert told.code == 0
        assert told.out.splitlines()[:2] == ["2 agents: 1 can resume, 1 lost", "resumed a"]
        assert told.out.splitlines()[2].startswith("s: it has no session to continue:")
        daemon.answers["agent.resume_all"] = Resumed(())
        assert shell("resume", "--all").out == "nothing to resume\n"

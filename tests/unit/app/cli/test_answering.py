"""``allow`` and ``deny`` for several agents: who is meant, never the wrong one, and a line for each."""

from __future__ import annotations

import msgspec
import pytest

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Blocked, Diff, Request
from agents.wire import Answered, AnswerRequest, Listing
from app.cli.answering import is_like
from tests.fakes.scripted_daemon import asking, row
from tests.unit.app.cli.conftest import NOW
from tests.unit.app.cli.test_see import shown

TEST = Request("1:7:ab12", Blocked.PERMISSION, "Run npm test", NOW, tool_kind="execute", command="npm test")
SAME = msgspec.structs.replace(TEST, key="1:3:0001", title="Test it", cwd="/elsewhere")
LINT = Request("1:4:0002", Blocked.PERMISSION, "Run lint", NOW, tool_kind="execute", command="npm run lint")
ASK = Request("1:5:0003", Blocked.QUESTION, "Which DB?", NOW)

ONE = asking("a1", name="one", requests=(TEST,))
TWO = asking("b2", name="two", requests=(SAME, LINT))
THREE = asking("c3", name="three", requests=(ASK,))
IDLE = row("d4", name="ab12")  # a name that is part of a request's key
FLEET = (ONE, TWO, THREE, IDLE)


def fleet(shell, outcome: str = "allowed", *, already: bool = False):
    known = {ref: agent for agent in FLEET for ref in (agent.id, agent.name)}

    def show(params):
        if params.id not in known:
            raise RpcError(ErrorCode.NOT_FOUND, f"there is no agent “{params.id}”")
        return shown(known[params.id])

    def answer(params):
        agent = known[params.id]
        if params.request is None and len(agent.requests) != 1:
            raise RpcError(ErrorCode.NOT_FOUND, f"{agent.name} asks for nothing now (idle)")
        key = params.request or agent.requests[0].key
        return Answered(agent.id, key, outcome, "shell", NOW, already=already)

    return shell.daemon({"agent.list": Listing(FLEET), "agent.show": show, "agent.answer": answer})


def given(daemon) -> list[tuple[str, str | None]]:
    return [(order.id, order.request) for order in daemon.asked("agent.answer")]


@pytest.mark.parametrize(
    ("argv", "answered"),
    [
        (["one"], [("one", None)]),
        (["one", "1:7"], [("one", "1:7:ab12")]),
        (["one", "zz99"], [("one", "zz99")]),  # neither an agent nor a request: the daemon judges
        (["one", "three"], [("a1", None), ("c3", None)]),
        (["one", "two", "one"], [("a1", None), ("b2", None)]),
        (["--all"], [("a1", "1:7:ab12"), ("b2", "1:3:0001"), ("b2", "1:4:0002")]),
        (["--like", "one"], [("a1", "1:7:ab12"), ("b2", "1:3:0001")]),
        (["--like", "two", "0002"], [("b2", "1:4:0002")]),
    ],
)
@pytest.mark.parametrize("command", ["allow", "deny"])
def test_who_is_meant(shell, command: str, argv: list[str], answered: list[tuple[str, str | None]]) -> None:
    with fleet(shell) as daemon:
        shell(command, *argv)
        assert given(daemon) == answered
        assert {order.decision for order in daemon.asked("agent.answer")} == {command}


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        ([], 2, "name the agent, or give --all or --like ID"),
        (["one", "ab12"], 2, "is an agent, and part of a request of one"),
        (["one", "--all"], 2, "--all takes no agents"),
        (["--all", "--like", "one"], 2, "give one of them"),
        (["--like", "one", "x", "y"], 2, "at most one REQUEST"),
        (["--like", "two"], 1, "two asks 2 things, name one of these requests"),
        (["--like", "three"], 1, "three asks for no permission now"),
        (["--like", "nobody"], 1, "there is no agent “nobody”"),
        (["one", "two", "nobody"], 1, "there is no agent “nobody”"),
    ],
)
def test_what_is_unclear_answers_nobody(shell, argv: list[str], code: int, words: str) -> None:
    with fleet(shell) as daemon:
        ran = shell("allow", *argv)
        assert given(daemon) == []
    assert (ran.code, words in ran.err) == (code, True), ran.err


def test_an_answer_to_a_question_is_for_one(shell) -> None:
    with fleet(shell) as daemon:
        for argv in (["--all"], ["--like", "one"], ["one", "two", "three"], []):
            ran = shell("allow", *argv, "--answer", "x")
            assert (ran.code, "--answer is for one agent" in ran.err) == (2, True)
        assert given(daemon) == []


def test_nobody_asks(shell) -> None:
    with shell.daemon({"agent.list": Listing((IDLE, THREE))}):
        ran = shell("deny", "--all")
    assert (ran.code, "nobody asks for a permission now" in ran.err) == (1, True)


def test_each_has_its_line_and_one_failure_fails_the_command(shell) -> None:
    with fleet(shell) as daemon:
        ran = shell("deny", "a1", "d4", "c3", "--reason", "no")
        assert (ran.code, ran.out) == (1, "one: allowed (1:7:ab12)\nthree: allowed (1:5:0003)\n")
        assert ran.err == "quarterdeck: ab12: ab12 asks for nothing now (idle)\n"
        assert daemon.asked("agent.answer")[0] == AnswerRequest("a1", "deny", reason="no", by="cli")
        document = shell("allow", "--all", "--json").json
    assert [(to["name"], to["title"], to["outcome"]) for to in document["agents"]] == [
        ("one", "Run npm test", "allowed"),
        ("two", "Test it", "allowed"),
        ("two", "Run lint", "allowed"),
    ]


def test_who_was_answered_otherwise_before_is_a_failure(shell) -> None:
    with fleet(shell, "denied", already=True):
        ran = shell("allow", "--all")
        assert (ran.code, ran.out) == (1, "")
        assert "quarterdeck: one: already denied by shell: the first answer wins" in ran.err
        assert shell("deny", "--all").code == 0


@pytest.mark.parametrize(
    ("changes", "alike"),
    [
        ({"key": "9:9:9", "title": "other words", "cwd": "/x"}, True),
        ({"command": "npm test; rm -rf /"}, False),
        ({"command": "npm  test"}, False),
        ({"tool_kind": "edit"}, False),
        ({"kind": Blocked.QUESTION}, False),
    ],
)
def test_the_same_command_is_the_same_request(changes: dict, alike: bool) -> None:
    assert is_like(TEST, msgspec.structs.replace(TEST, **changes)) is alike


def test_without_a_command_words_and_changes_must_be_the_same() -> None:
    edit = Request("1:1:1", Blocked.PERMISSION, "Edit a", NOW, diffs=(Diff("/a", "x", "y"),))
    assert is_like(edit, msgspec.structs.replace(edit, key="2:2:2"))
    assert not is_like(edit, msgspec.structs.replace(edit, diffs=(Diff("/a", "x", "z"),)))
    assert not is_like(edit, msgspec.structs.replace(edit, title="Edit b"))

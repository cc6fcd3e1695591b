"""``compare``: one prompt to several kinds, and the one that is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Lifecycle
from agents.wire import AgentRef, Annotate, Done, Listing, Started
from tests.fakes.scripted_daemon import row
from tests.unit.app.cli.test_see import shown

ONE = row("a1", name="one", kind="claude", labels=("x", "compare:3"))
TWO = row("b2", name="two", kind="codex", labels=("compare:3",))
ENDED = row("c3", name="three", kind="pilot", labels=("compare:3",), lifecycle=Lifecycle.EXITED)
AWAY = row("e5", name="old", labels=("compare:12", "compare:x", "compare:"), archived=True)
FLEET = (ONE, TWO, ENDED, row("d4", name="other"), AWAY)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("main", "tree"):
        (tmp_path / name / ".git").mkdir(parents=True)
        (tmp_path / name / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return tmp_path / "main"


def fleet(shell, **answers):
    known = {ref: agent for agent in FLEET for ref in (agent.id, agent.name)}
    return shell.daemon(
        {
            "agent.list": Listing(FLEET),
            "agent.show": lambda params: shown(known[params.id]),
            "agent.stop": Done(),
            "agent.annotate": Done(),
        }
        | answers
    )


def run(params):
    if params.kind == "gone":
        raise RpcError(ErrorCode.NOT_FOUND, "there is no kind “gone”")
    return Started(f"id-{params.kind}", params.kind, None if params.kind == "broken" else 7, 1)


def test_one_agent_per_kind_with_one_label(shell, project: Path) -> None:
    tree = project.parent / "tree"
    with fleet(shell, **{"agent.run": run}) as daemon:
        argv = ["compare", "-p", str(project), "--prompt", "-", "claude", "codex", "claude", "--dir", f"codex={tree}"]
        ran = shell(*argv, stdin="speed up", PATH="/my/bin")
        orders = daemon.asked("agent.run")
    assert ran.code == 0
    assert [(o.kind, o.prompt, o.labels, o.project) for o in orders] == [
        (kind, "speed up", ("compare:13",), str(project)) for kind in ("claude", "codex", "claude")
    ]
    assert [o.cwd for o in orders] == [str(project), str(tree), str(project)]
    assert orders[0].env == {"PATH": "/my/bin"}
    assert ran.out.splitlines()[:2] == ["comparison 13", "  claude (id-claude), pid 7"]
    assert "share the directory and its files" in ran.err


def test_with_a_directory_each_nothing_is_shared(shell, project: Path) -> None:
    tree = project.parent / "tree"
    with fleet(shell, **{"agent.run": run}):
        ran = shell("compare", "-p", str(project), "--prompt", "x", "a", "b", "--dir", f"b={tree}", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert (ran.json["number"], [agent["id"] for agent in ran.json["agents"]]) == (13, ["id-a", "id-b"])


def test_a_kind_that_cannot_start_fails_the_command_and_the_others_run(shell, project: Path) -> None:
    with fleet(shell, **{"agent.run": run}):
        ran = shell("compare", "-p", str(project), "--prompt", "x", "gone", "codex")
        assert (ran.code, "quarterdeck: gone: there is no kind" in ran.err, "codex (id-codex), pid 7" in ran.out) == (
            1,
            True,
            True,
        )
        broken = shell("compare", "-p", str(project), "--prompt", "x", "broken", "codex")
    assert (broken.code, "broken (id-broken), could not be started" in broken.out) == (1, True)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["a", "b"], "give the prompt"),
        (["a", "--prompt", "x"], "name two kinds or more"),
        (["a", "b", "--prompt", "x", "--dir", "c=/"], "with a kind that is compared"),
        (["a", "b", "--prompt", "x", "--dir", "a"], "give KIND=PATH"),
        (["a", "b", "--prompt", " "], "the prompt is empty"),
        (["show"], "compare show takes the number"),
        (["show", "3", "4"], "compare show takes the number"),
        (["keep", "a", "--prompt", "x"], "compare keep takes the ID"),
    ],
)
def test_wrong_usage_starts_nothing(shell, project: Path, argv: list[str], words: str) -> None:
    with fleet(shell) as daemon:
        ran = shell("compare", "-p", str(project), *argv)
        assert daemon.asked("agent.run") == []
    assert (ran.code, words in ran.err) == (2, True), ran.err


def test_show_lists_the_compared(shell) -> None:
    with fleet(shell):
        out = shell("compare", "show", "3").out
        document = shell("compare", "show", "3", "--json").json
        missing = shell("compare", "show", "99")
    assert [name in out for name in ("one", "two", "three", "other")] == [True, True, True, False]
    assert [agent["id"] for agent in document] == ["a1", "b2", "c3"]
    assert (missing.code, "there is no comparison 99" in missing.err) == (1, True)


def test_keep_stops_and_archives_the_others_and_says_so(shell) -> None:
    with fleet(shell) as daemon:
        ran = shell("compare", "keep", "one")
        assert daemon.asked("agent.stop") == [AgentRef("b2")]
        assert daemon.asked("agent.annotate") == [Annotate("b2", archived=True), Annotate("c3", archived=True)]
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "kept one (a1)",
        "  two (b2) stopped and archived",
        "  three (c3) archived",
        "`quarterdeck compare undo 3` lists them again; what was stopped is resumed one by one",
    ]


def test_keep_goes_on_over_one_that_cannot_be_stopped(shell) -> None:
    stuck = RpcError(ErrorCode.NOT_POSSIBLE, "two has ended already")
    with fleet(shell, **{"agent.stop": stuck}) as daemon:
        ran = shell("compare", "keep", "one")
        assert daemon.asked("agent.annotate") == [Annotate("c3", archived=True)]
    assert (ran.code, ran.err) == (1, "quarterdeck: two: two has ended already\n")


def test_keep_of_who_is_compared_with_nobody(shell) -> None:
    with fleet(shell) as daemon:
        ran = shell("compare", "keep", "other")
        assert daemon.asked("agent.annotate") == []
    assert (ran.code, "other is in no comparison" in ran.err) == (1, True)


def test_undo_lists_them_again(shell) -> None:
    with fleet(shell) as daemon:
        assert shell("compare", "undo", "12").out == "old (e5) is listed again (idle)\n"
        assert shell("compare", "undo", "3").out == "nobody of comparison 3 was archived\n"
        assert daemon.asked("agent.annotate") == [Annotate("e5", archived=False)]

"""``rule``: what is made of the words, and how rules are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Rule
from agents.wire import RemoveRule, Rules
from app.cli.rules import seconds, words
from tests.fakes.scripted_daemon import row
from tests.unit.app.cli.conftest import NOW
from tests.unit.app.cli.test_see import shown


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_words_behind_the_dashes_are_the_command(shell, project: Path) -> None:
    stored = Rule(3, "allow", command=("git", "status"), project="/home/me/api")
    with shell.daemon({"rule.add": stored}) as daemon:
        ran = shell("rule", "add", "allow", "--", "git", "status")
        document = shell("rule", "add", "allow", "--json", "--", "git", "status").json
        (order, _) = daemon.asked("rule.add")
    assert order.rule == Rule(0, "allow", command=("git", "status"), project=str(project))
    assert ran.out.splitlines() == [
        "added rule 3: allow `git status`, in ~/api",
        "`quarterdeck rule rm 3` takes it away",
    ]
    assert (document["done"], document["rule"]["id"]) == ("added", 3)


def test_everything_a_rule_can_say(shell, project: Path) -> None:
    with shell.daemon({"rule.add": Rule(1, "deny"), "agent.show": shown(row("a1"))}) as daemon:
        argv = ["--tool", "edit", "--path", "docs/**", "--everywhere", "--kind", "claude", "--agent", "fix-login"]
        shell("rule", "add", "deny", *argv, "--team", "web", "--for", "2h", "--note", "not now")
        (order,) = daemon.asked("rule.add")
    assert order.rule == Rule(
        0,
        "deny",
        tool="edit",
        path="docs/**",
        kind="claude",
        agent="a1",
        team="web",
        expires=NOW + 7200,
        note="not now",
    )


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["add"], "say what the rule does"),
        (["add", "ask", "--tool", "edit"], "say what the rule does"),
        (["add", "allow"], "name what the rule is about"),
        (["add", "allow", "--tool", "execute"], "may be anything"),
        (["add", "allow", "--path", "/etc/**"], "inside the project"),
        (["add", "allow", "--tool", "edit", "--for", "soon"], "give minutes, hours or days"),
        (["add", "allow", "--tool", "edit", "--for", "0h"], "give minutes, hours or days"),
        (["add", "allow", "--tool", "edit", "--undo"], "--undo is for rule rm"),
        (["add", "allow", "--tool", "edit", "-p", ".", "--everywhere"], "give one of them"),
        (["ls", "3"], "takes nothing more"),
        (["ls", "--", "x"], "takes nothing behind --"),
        (["rm"], "give the number"),
        (["rm", "x"], "give the number"),
        (["rm", "3", "--", "x"], "takes nothing behind --"),
        (["list"], "is not one of add, ls, rm"),
    ],
)
def test_wrong_usage(shell, no_start, project: Path, argv: list[str], words: str) -> None:
    ran = shell("rule", *argv)
    assert (ran.code, words in ran.err) == (2, True), ran.err


def test_rules_are_listed(shell) -> None:
    rules = (
        Rule(3, "allow", command=("npm", "test")),
        Rule(12, "deny", tool="edit", path="secrets/**", project="/p", expires=NOW - 1, note="never\x1b[2J"),
    )
    with shell.daemon({"rule.list": Rules(rules)}) as daemon:
        lines = shell("rule", "ls").out.splitlines()
        assert lines[0] == " 3  allow `npm test`, everywhere"
        assert lines[1].startswith("12  deny edit secrets/**, in /p, until ")
        assert lines[1].endswith("– never  expired")
        daemon.answers["rule.list"] = Rules((), problems=("/h/rules.jsonl: it is of another version",))
        broken = shell("rule", "ls")
    assert (broken.code, "No rules: every permission is asked" in broken.out) == (1, True)
    assert "it is of another version" in broken.err


def test_a_rule_is_taken_away_and_put_back(shell) -> None:
    with shell.daemon({"rule.remove": Rule(3, "allow", tool="edit")}) as daemon:
        assert shell("rule", "rm", "3").out.splitlines() == [
            "removed rule 3: allow edit, everywhere",
            "`quarterdeck rule rm 3 --undo` puts it back",
        ]
        assert shell("rule", "rm", "3", "--undo").out.startswith("restored rule 3: ")
        assert daemon.asked("rule.remove") == [RemoveRule(3), RemoveRule(3, undo=True)]
        daemon.answers["rule.remove"] = RpcError(ErrorCode.NOT_POSSIBLE, "there is no rule 9")
        gone = shell("rule", "rm", "9")
    assert (gone.code, gone.err) == (1, "quarterdeck: there is no rule 9\n")


@pytest.mark.parametrize(("text", "value"), [("90m", 5400.0), ("8h", 28800.0), ("7d", 604800.0)])
def test_how_long(text: str, value: float) -> None:
    assert seconds(text) == value


def test_a_rule_in_words() -> None:
    rule = Rule(1, "allow", "execute", ("a b", "c"), kind="claude", agent="a1", team="web", project="/home/me")
    assert words(rule, "/home/me") == "allow execute `'a b' c`, kind claude, agent a1, team web, in ~"

"""Standing answers: what a rule matches, what never is allowed by one, and who wins."""

from __future__ import annotations

from typing import Any

import pytest

from agents.model import Blocked, Diff, Question, Request, Rule
from agents.status.rules import Judgement, Subject, judge, plain_words, problem

NOW = 1000.0
PROJECT = "/src/api"


def run(command: str | None, **fields: Any) -> Request:
    values = {"tool_kind": "execute", "command": command, "cwd": PROJECT} | fields
    return Request("1:7:ab", Blocked.PERMISSION, "Run it", NOW, **values)


def edit(*paths: str, tool: str = "edit") -> Request:
    return Request("1:8:cd", Blocked.PERMISSION, "Edit", NOW, tool_kind=tool, paths=paths, cwd=PROJECT)


def subject(request: Request, **fields: Any) -> Subject:
    paths = tuple(f"{PROJECT}/{path}" if not path.startswith("/") else path for path in request.paths)
    values = {"agent": "a1", "kind": "claude", "project": PROJECT, "cwd": PROJECT, "team": "web", "paths": paths}
    return Subject(request=request, **(values | fields))


def allow(*command: str, number: int = 1, **fields: Any) -> Rule:
    return Rule(number, "allow", command=command, **fields)


def deny(*command: str, number: int = 2, **fields: Any) -> Rule:
    return Rule(number, "deny", command=command, **fields)


def effect(request: Request, *rules: Rule, now: float = NOW, **fields: Any) -> str:
    return judge(rules, subject(request, **fields), now).effect


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("git status", "allow"),
        ("git  status   -s", "allow"),
        ("git status 'a b'", "allow"),
        ('"git" status', "allow"),
        ("git", ""),
        ("git statusx", ""),
        ("git diff", ""),
        ("/tmp/git status", ""),
        ("./git status", ""),
        ("git 'status -s'", ""),
        ("git status; rm -rf x", ""),
        ("git status && curl evil", ""),
        ("git status || true", ""),
        ("git status | sh", ""),
        ("git status & rm x", ""),
        ("git status\nrm x", ""),
        ("git status\trm", ""),
        ("git status\r", ""),
        ("git status $(rm x)", ""),
        ("git status `rm x`", ""),
        ("git status $HOME", ""),
        ('git status "$(rm x)"', ""),
        ('git status "`rm x`"', ""),
        ('git status "a\\"b"', ""),
        ("git status > x", ""),
        ("git status < x", ""),
        ("git status *", ""),
        ("git status [a]", ""),
        ("git status ~", ""),
        ("git status {a,b}", ""),
        ("git status # x", ""),
        ("git status !x", ""),
        ("git status 'open", ""),
        ("git status \\; x", ""),
        ("GIT_PAGER=evil git status", ""),
        ("env git status", ""),
        ("sh -c 'git status'", "allow"),
        ("/bin/bash -lc 'git status -s'", "allow"),
        ("bash -lc 'git status; rm x'", ""),
        ("bash -lc 'bash -lc \"git status\"'", ""),
        ("bash -xc 'git status'", ""),
        ("bash -c 'git status' x", ""),
        ("bash --rcfile 'git status'", ""),
        ("git status 'a\nb'", ""),
        ("git status \u202e x", ""),
        ("git status ⟨U+000A⟩ x", ""),
        ("git status '⟨U+202E⟩'", ""),
        ("git status " + "x" * 4096, ""),
        ("", ""),
        ("   ", ""),
    ],
)
def test_an_allowance_is_for_one_plain_command_compared_word_by_word(command: str, expected: str) -> None:
    assert effect(run(command), allow("git", "status")) == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("git push", "deny"),
        ("git push origin main", "deny"),
        ("cd x && git push", "deny"),
        ("sudo git push", "deny"),
        ("/usr/bin/git push", "deny"),
        ("sh -c 'cd x; git push'", "deny"),
        ("/bin/bash -lc 'cd x; git push'", "deny"),
        ("bash -x -lc 'git push'", "deny"),
        ("bash -lc", ""),
        ("echo $(git push)", "deny"),
        ("echo `git push`", "deny"),
        ("A=b git push", "deny"),
        ("git status", ""),
        ("echo git push", ""),
        ("git", ""),
        (None, ""),
    ],
)
def test_a_denial_holds_wherever_the_command_stands(command: str | None, expected: str) -> None:
    assert effect(run(command), deny("git", "push")) == expected


def test_deny_wins_over_allow_whatever_their_numbers() -> None:
    rules = (allow("npm", number=1), deny("npm", "publish", number=2), allow("npm", "publish", number=3))
    assert judge(rules, subject(run("npm publish")), NOW) == Judgement("deny", 2)
    assert judge(rules, subject(run("npm test")), NOW).rule == 1


def test_the_lowest_number_decides_and_its_note_is_kept() -> None:
    rules = (allow("npm", number=7), allow("npm", number=4, note="tests are fine"))
    assert judge(rules, subject(run("npm test")), NOW) == Judgement("allow", 4, "tests are fine")


@pytest.mark.parametrize(
    ("command", "rule", "expected"),
    [
        ("rm -rf build", ("rm",), ""),
        ("rm -rf build", ("rm", "-rf"), ""),
        ("rm -rf build", ("rm", "-rf", "build"), "allow"),  # named exactly
        ("git push", ("git",), ""),
        ("git push", ("git", "push"), "allow"),
        ("git push --force", ("git", "push"), ""),
        ("npm install", ("npm",), ""),
        ("touch ../x", ("touch",), ""),
        ("sudo ls", ("sudo",), ""),
    ],
)
def test_what_is_risky_is_allowed_only_by_its_whole_name(command: str, rule: tuple[str, ...], expected: str) -> None:
    found = judge((allow(*rule),), subject(run(command)), NOW)
    assert found.effect == expected
    if not expected:
        (note,) = found.notes
        assert note.startswith("rule 1 would allow it, but it is risky (")


def test_a_later_rule_may_name_exactly_what_a_broader_one_must_not_allow() -> None:
    rules = (allow("git", number=1), allow("git", "push", number=2))
    found = judge(rules, subject(run("git push")), NOW)
    assert (found.effect, found.rule, len(found.notes)) == ("allow", 2, 1)


@pytest.mark.parametrize(
    ("glob", "paths", "expected"),
    [
        ("docs/**", ("docs/a.md",), "allow"),
        ("docs/**", ("docs/deep/er/a.md",), "allow"),
        ("docs/*", ("docs/a.md",), "allow"),
        ("docs/*", ("docs/deep/a.md",), ""),
        ("**/*.md", ("a.md",), "allow"),
        ("**/*.md", ("x/y/a.md",), "allow"),
        ("?.md", ("a.md",), "allow"),
        ("?.md", ("ab.md",), ""),
        ("a.md", ("aXmd",), ""),  # a dot is a dot
        ("docs/**", ("docs/a.md", "src/b.py"), ""),  # all of them must be meant
        ("docs/**", (), ""),
        ("**", ("/etc/passwd",), ""),
        ("**", ("/src/apix/a",), ""),
        ("docs/**", ("docs/../src/a",), ""),
    ],
)
def test_paths_are_globs_inside_the_project(glob: str, paths: tuple[str, ...], expected: str) -> None:
    assert effect(edit(*paths), allow(tool="edit", path=glob)) == expected


def test_a_denied_path_is_denied_when_any_file_is_meant() -> None:
    rule = deny(path="secrets/**")
    assert effect(edit("src/a", "secrets/key"), rule) == "deny"
    assert effect(edit("src/a"), rule) == ""


def test_deleting_is_allowed_only_for_the_very_file() -> None:
    gone = edit("docs/a.md", tool="delete")
    assert effect(gone, allow(path="docs/*")) == ""
    assert effect(gone, allow(tool="delete")) == ""
    assert effect(gone, allow(path="docs/a.md")) == "allow"
    assert effect(edit("docs/a.md", "docs/b.md", tool="delete"), allow(path="docs/a.md")) == ""


def test_what_a_tool_runs_must_be_known_to_be_allowed() -> None:
    assert effect(edit("a", tool="read"), allow(tool="read")) == "allow"
    assert effect(run(None), allow(tool="execute")) == ""
    assert effect(edit("a", tool="other"), allow(tool="other", path="**")) == ""
    assert effect(run("ls", tool_kind="read"), allow(tool="read")) == ""
    assert effect(edit("a"), allow("ls")) == ""
    assert effect(run(None, tool_kind="fetch"), allow(tool="fetch")) == ""  # it uses the network
    assert effect(run(None, tool_kind="fetch"), deny(tool="fetch")) == "deny"
    assert effect(edit("a"), Rule(1, "allow")) == ""


def test_a_command_may_be_tied_to_files() -> None:
    rule = allow("prettier", path="docs/**")
    assert effect(run("prettier docs/a.md", paths=("docs/a.md",)), rule) == "allow"
    assert effect(run("prettier src/a", paths=("src/a",)), rule) == ""
    assert effect(run("prettier docs/a.md"), rule) == ""


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"kind": "claude"}, "allow"),
        ({"kind": "codex"}, ""),
        ({"project": PROJECT}, "allow"),
        ({"project": "/src"}, ""),
        ({"agent": "a1"}, "allow"),
        ({"agent": "a2"}, ""),
        ({"team": "web"}, "allow"),
        ({"team": "red"}, ""),
        ({"tool": "execute"}, "allow"),
        ({"tool": "read"}, ""),
        ({"expires": NOW + 1}, "allow"),
        ({"expires": NOW}, ""),
    ],
)
def test_where_for_whom_and_how_long_it_holds(scope: dict[str, Any], expected: str) -> None:
    assert effect(run("ls"), allow("ls", **scope)) == expected


def test_only_permissions_are_decided() -> None:
    asked = Request("k", Blocked.QUESTION, "Which?", NOW, questions=(Question("Which?"),))
    assert judge((deny(tool="other"),), subject(asked), NOW) == Judgement()


def test_an_edit_outside_the_project_is_never_allowed_by_a_tool() -> None:
    outside = Request("k", Blocked.PERMISSION, "Edit", NOW, tool_kind="edit", diffs=(Diff("/etc/x", None, "y"),))
    found = judge((allow(tool="edit"),), subject(outside, paths=("/etc/x",)), NOW)
    assert (found.effect, "outside the worktree" in found.notes[0]) == ("", True)


def test_plain_words() -> None:
    assert plain_words("a 'b c' \"d e\" f''g") == ("a", "b c", "d e", "fg")
    assert plain_words("a ''") == ("a", "")
    assert plain_words("a=b") is None


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule(1, "ask", tool="edit"), "a rule allows or denies"),
        (Rule(1, "allow"), "name what the rule is about"),
        (Rule(1, "deny", kind="claude"), "name what the rule is about"),
        (allow("git", ""), "neither empty"),
        (allow("git\nrm"), "neither empty"),
        (Rule(1, "deny", path="/etc/**"), "inside the project"),
        (Rule(1, "deny", path="~/x"), "inside the project"),
        (Rule(1, "deny", path="a/../../x"), "inside the project"),
        (Rule(1, "allow", tool="execute"), "may be anything"),
        (Rule(1, "allow", tool="other", path="x"), "may be anything"),
        (Rule(1, "allow", tool="edit"), ""),
        (Rule(1, "allow", path="docs/**"), ""),
        (Rule(1, "deny", tool="execute"), ""),
        (allow("ls"), ""),
    ],
)
def test_what_may_be_a_rule(rule: Rule, words: str) -> None:
    assert (words in problem(rule)) is True
    assert bool(problem(rule)) is bool(words)

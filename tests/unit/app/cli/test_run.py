"""``run``: which directory, which environment, and how a start is told from a failed one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agents.model import Headline, Lifecycle
from agents.wire import Page, Started, Waited
from app.cli import project as projects
from app.cli.exits import CommandError
from app.cli.project import locate
from tests.fakes.scripted_daemon import row
from tests.unit.app.cli.test_see import shown

STARTED = Started("habc123", "tests", 42)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / "src" / "deep").mkdir(parents=True)
    return tmp_path


def ordered(shell, *argv: str, **options):
    with shell.daemon({"agent.run": STARTED}) as daemon:
        ran = shell("run", *argv, **options)
        assert ran.code == 0, ran.err
        (order,) = daemon.asked("agent.run")
    return ran, order


def test_everything_given_is_passed_on(shell, repository: Path) -> None:
    flags = ["--here", "--pty", "--mode", "plan", "--model", "big", "--team", "red", "--label", "a", "--label", "b"]
    inner = repository / "src" / "deep"
    _, order = ordered(shell, "shell", "-p", str(inner), "-n", "tests", *flags, "--", "npm", "--", "-x")
    assert (order.kind, order.name, order.argv) == ("shell", "tests", ("npm", "--", "-x"))
    assert (order.project, order.cwd) == (str(repository), str(inner))
    assert (order.pty, order.mode, order.model, order.team, order.labels) == (True, "plan", "big", "red", ("a", "b"))


def test_defaults_leave_the_choice_to_the_kind(shell, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    ran, order = ordered(shell, "shell")
    assert (order.cwd, order.pty, order.mode, order.prompt, order.argv) == (str(repository), None, None, None, ())
    assert ran.out == "started tests (habc123), pid 42\n"
    assert ran.err == ""


def test_the_prompt_may_come_from_stdin(shell, repository: Path) -> None:
    _, order = ordered(shell, "shell", "-p", str(repository), "--prompt", "-", stdin="fix\nit\n")
    assert order.prompt == "fix\nit\n"


def test_the_agent_gets_our_path_and_the_variables_asked_for(shell, repository: Path) -> None:
    argv = ["shell", "-p", str(repository), "-e", "KEY", "-e", "A=b=c", "-e", "EMPTY="]
    _, order = ordered(shell, *argv, PATH="/my/bin", KEY="k", SECRET="not asked for")
    assert order.env == {"PATH": "/my/bin", "KEY": "k", "A": "b=c", "EMPTY": ""}


def test_an_empty_git_directory_is_no_repository(shell, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "inner").mkdir()
    _, order = ordered(shell, "shell", "-p", str(tmp_path / "inner"), "--json")
    assert order.project == str(tmp_path / "inner")


def test_a_directory_in_no_repository_is_allowed_and_said(shell, tmp_path: Path) -> None:
    ran, order = ordered(shell, "shell", "-p", str(tmp_path), "--json")
    assert (order.project, order.cwd) == (str(tmp_path), str(tmp_path))
    assert ran.err == f"note: {tmp_path} is in no git repository: there will be no diff\n"
    assert (ran.json["id"], ran.json["name"], ran.json["pid"]) == ("habc123", "tests", 42)


@pytest.mark.parametrize(
    ("name", "message"),
    [("nowhere", "does not exist: give the directory of a project with -p"), ("file", "is a file"), ("loop", "loop")],
)
def test_what_is_no_project_is_named_with_the_next_step(
    shell, no_start, tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    ran = shell("run", "shell", "-p", str(tmp_path / name))
    assert (ran.code, ran.out) == (1, "")
    assert str(tmp_path / name) in ran.err
    assert message in ran.err.lower()


def test_an_unreadable_directory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.access
    # Root may read everything, so permission bits alone would not show it.
    monkeypatch.setattr(projects.os, "access", lambda path, mode: path != tmp_path and real(path, mode))
    with pytest.raises(CommandError, match="cannot be read: permission denied"):
        locate(str(tmp_path))


def test_a_worktree_is_not_offered_yet(shell, no_start, repository: Path) -> None:
    ran = shell("run", "shell", "-p", str(repository), "--worktree")
    assert (ran.code, "unrecognized arguments: --worktree" in ran.err) == (2, True)


def failed(**changes):
    fields = {
        "lifecycle": Lifecycle.FAILED,
        "state": Headline.FAILED,
        "headline": "failed: gone",
        "reason": "npm: gone",
    }
    return shown(row(**(fields | changes)))


def test_a_program_that_cannot_start_exits_1_with_the_reason(shell, repository: Path) -> None:
    answers = {"agent.run": Started("habc123", "tests", None), "agent.show": failed()}
    with shell.daemon(answers) as daemon:
        ran = shell("run", "shell", "-p", str(repository), "--json")
        assert (ran.code, ran.json["pid"]) == (1, None)
        assert ran.err == "quarterdeck: tests could not be started: npm: gone\n"
        daemon.answers["agent.show"] = failed(lifecycle=Lifecycle.STARTING, headline="starting", reason="")
        assert "tests is not running yet: starting" in shell("run", "shell", "-p", str(repository)).err


@pytest.mark.parametrize(
    ("turn", "until", "row_", "reached", "code"),
    [
        (None, "exited", {"lifecycle": Lifecycle.EXITED, "exit_code": 0, "headline": "exited 0"}, "exited", 0),
        (None, "exited", {"lifecycle": Lifecycle.EXITED, "exit_code": 7, "headline": "exited 7"}, "exited", 1),
        (None, "exited", {"lifecycle": Lifecycle.EXITED, "exit_signal": 9, "headline": "exited SIGKILL"}, "exited", 1),
        (1, "done", {}, "done", 0),
        (1, "done", {"lifecycle": Lifecycle.EXITED, "exit_code": 3, "headline": "exited 3"}, "done", 0),
        (1, "done", {"lifecycle": Lifecycle.EXITED, "exit_code": 0, "headline": "exited 0"}, "exited", 1),
    ],
)
def test_wait_waits_for_the_turn_or_the_end_and_its_code_says_how_that_went(
    shell, repository: Path, turn: int | None, until: str, row_: dict[str, object], reached: str, code: int
) -> None:
    answers = {
        "agent.run": Started("habc123", "tests", 42, turn),
        "agent.wait": Waited(row(**row_), reached),
        "transcript.page": Page((), 0),
    }
    with shell.daemon(answers) as daemon:
        ran = shell("run", "shell", "-p", str(repository), "--wait")
        assert ran.code == code, ran.err
        assert ("quarterdeck: " in ran.err) is bool(code)
        document = shell("run", "shell", "-p", str(repository), "--wait", "--json").json
        (first, _) = daemon.asked("agent.wait")
    assert (first.until, first.turn, first.timeout) == (until, turn, None)
    assert (document["reached"], document["exit_code"]) == (reached, row_.get("exit_code"))

"""From a command line to an exit code: usage, errors, hints, hand-overs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from agents.jsonrpc import ErrorCode, RpcError
from agents.spec import KindInfo
from agents.wire import Done, Kinds, Listing, Role
from app.cli import main as module
from app.cli.commands import COMMANDS
from app.cli.main import load, main
from app.client.launch import DaemonNotStarted
from app.demo import DemoFailed
from app.version import VERSION
from tests.fakes.scripted_daemon import HangUp, row


def test_every_command_has_a_handler_and_help_with_examples(shell, capsys) -> None:
    for command in COMMANDS:
        assert callable(load(command))
        with pytest.raises(SystemExit) as ended:
            shell(command.name, "--help")
        assert ended.value.code == 0
        text = capsys.readouterr().out
        assert f"usage: quarterdeck {command.name}" in text
        assert all(example.line in text for example in command.examples)
        assert command.examples


def test_help_lists_every_command_once_by_group(shell, capsys) -> None:
    with pytest.raises(SystemExit):
        shell("--help")
    text = capsys.readouterr().out
    for command in COMMANDS:
        assert text.count(f"\n  {command.name} ") == 1, command.name


def test_version(shell) -> None:
    assert shell("--version").out == f"quarterdeck {VERSION}\n"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["lss"], "no command 'lss' (did you mean ls?)"),
        (["interupt", "x"], "did you mean interrupt?"),
        (["zzzzz"], "no command 'zzzzz', and no directory of that name"),
        (["--jsn"], "unrecognized arguments: --jsn"),
        (["ls", "--jso"], "unrecognized arguments: --jso"),
        (["show"], "the following arguments are required: ID"),
        (["wait", "x"], "the following arguments are required: --until"),
        (
            ["wait", "x", "--until", "blokced"],
            "(did you mean blocked?)",
        ),
        (["wait", "x", "--until", "idle", "--timeout", "soon"], "'soon' is no time"),
        (["wait", "x", "--until", "idle", "--timeout", "-1"], "no time"),
        (["wait", "x", "--until", "idle", "--timeout", "nan"], "no time"),
        (["wait", "x", "--until", "idle", "--turn", "0"], "'0' is no turn: give a number from 1 on"),
        (["daemon", "restart"], "'restart' is not one of run, start, stop, status"),
        (["daemon", "status", "--agents"], "--agents belongs to `daemon stop`"),
        (["completion", "csh"], "'csh' is not one of bash, zsh, fish"),
        (["ls", "--", "x"], "ls takes nothing after --"),
        (["log", "x", "--raw", "--json"], "--raw and --json exclude each other"),
        (["allow", "x", "--always", "--answer", "y"], "give one of them"),
        (["resume"], "name the agent to resume, or give --all"),
        (["resume", "x", "--all"], "name the agent to resume, or give --all"),
        (["send", "x", " "], "the message is empty"),
        (["run", "shell", "-e", "1=2"], "--env '1=2': give NAME or NAME=VALUE"),
        (["run", "shell", "-e", "NOT_SET_ANYWHERE"], "--env NOT_SET_ANYWHERE: it is not set here"),
        (["run", "shell", "--prompt", ""], "the prompt is empty"),
        (["bench"], "name one of spine"),
        (["bench", "spin"], "no benchmark 'spin' (did you mean spine?)"),
        (["/tmp", "extra"], "one PATH only: 'extra' is too much"),
    ],
)
def test_wrong_usage_is_named_with_the_next_step_and_exits_2(shell, no_start, argv: list[str], message: str) -> None:
    ran = shell(*argv)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert ran.err.startswith("quarterdeck: ")


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        (ErrorCode.NOT_POSSIBLE, 1),
        (ErrorCode.REFUSED, 1),
        (ErrorCode.AMBIGUOUS, 1),
        (ErrorCode.INTERNAL, 1),
        (ErrorCode.TIMEOUT, 3),
        (ErrorCode.INVALID_PARAMS, 2),
    ],
)
def test_the_daemons_errors_become_text_and_exit_code(shell, code: ErrorCode, exit_code: int) -> None:
    with shell.daemon({"agent.stop": RpcError(code, "because")}):
        ran = shell("stop", "x")
    assert (ran.code, ran.out, ran.err) == (exit_code, "", "quarterdeck: because\n")


def test_an_unknown_agent_brings_the_nearest_name(shell) -> None:
    answers = {
        "agent.stop": RpcError(ErrorCode.NOT_FOUND, "there is no agent “fix-logn”"),
        "agent.list": Listing((row(),)),
    }
    with shell.daemon(answers):
        ran = shell("stop", "fix-logn")
    assert (ran.code, ran.err) == (1, "quarterdeck: there is no agent “fix-logn” (did you mean fix-login?)\n")


def test_an_agent_that_may_not_list_the_fleet_gets_the_error_without_a_hint(shell) -> None:
    refused = RpcError(ErrorCode.REFUSED, "an agent may not")
    answers = {"agent.stop": RpcError(ErrorCode.NOT_FOUND, "no agent"), "agent.list": refused}
    with shell.daemon(answers, role=Role.AGENT):
        assert shell("stop", "x").err == "quarterdeck: no agent\n"


def test_an_unknown_kind_brings_the_nearest_kind(shell, tmp_path: Path) -> None:
    kinds = Kinds((KindInfo("opencode", "acp", "", "", available=True, program="opencode"),))
    answers = {"agent.run": RpcError(ErrorCode.NOT_FOUND, "there is no kind “opncode”"), "kind.list": kinds}
    with shell.daemon(answers):
        assert "(did you mean opencode?)" in shell("run", "opncode", "-p", str(tmp_path)).err


def test_not_found_about_something_else_brings_no_hint(shell, tmp_path: Path) -> None:
    kinds = Kinds((KindInfo("shell", "terminal", "", "", available=True, program=""),))
    answers = {"agent.run": RpcError(ErrorCode.NOT_FOUND, "the program is gone"), "kind.list": kinds}
    with shell.daemon(answers):
        assert "did you mean" not in shell("run", "shell", "-p", str(tmp_path)).err


def test_a_daemon_that_cannot_be_started_exits_4_with_its_last_words(shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise DaemonNotStarted("the daemon ended while it started; the end of x.log:\n  no space left")

    monkeypatch.setattr("app.client.blocking.ensure_daemon", fail)
    ran = shell("ls")
    assert ran.code == 4
    assert ran.err.splitlines() == [
        "quarterdeck: the daemon ended while it started; the end of x.log:",
        "  no space left",
    ]


def test_a_home_that_is_refused_exits_4_and_names_it(shell) -> None:
    ran = shell("ls", QUARTERDECK_HOME="relative")
    assert (ran.code, ran.err) == (4, "quarterdeck: QUARTERDECK_HOME is 'relative': give an absolute path\n")


def test_a_daemon_that_dies_between_two_calls_is_found_again_for_what_may_be_repeated(shell) -> None:
    answered: list[object] = []

    def flaky(_: object) -> Listing:
        answered.append(None)
        if len(answered) == 1:
            raise HangUp
        return Listing(())

    with shell.daemon({"agent.list": flaky}) as daemon:
        assert shell("ls", "--json").out == "[]\n"
        assert len(daemon.asked("hello")) == 2


def test_what_may_not_be_repeated_is_not_and_the_user_is_told(shell) -> None:
    def hang_up(_: object) -> Done:
        raise HangUp

    with shell.daemon({"agent.kill": hang_up}) as daemon:
        ran = shell("kill", "x")
        assert len(daemon.asked("agent.kill")) == 1
    assert ran.code == 1
    assert "it may or may not have been done" in ran.err


def test_ctrl_c_exits_130(shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_run", interrupt)
    assert shell("ls").code == 130


def test_a_closed_pipe_is_no_error(shell, tmp_path: Path) -> None:
    class Closed(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

        def fileno(self) -> int:
            return spare.fileno()

    err = io.StringIO()
    with shell.daemon({"agent.list": Listing(())}), (tmp_path / "spare").open("w") as spare:
        assert main(["ls"], shell.roots, shell.env, (io.StringIO(), Closed(), err)) == 141
    assert err.getvalue() == ""


# ---------------------------------------------------------------- hand-overs


def test_a_path_opens_the_window_at_its_project(shell, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    inner = tmp_path / "src"
    inner.mkdir()
    assert shell(str(inner), DISPLAY=":0").code == 0
    assert shell(DISPLAY=":0").code == 0
    assert shell.roots.handed == [("window", tmp_path), ("window", None)]


def test_without_a_display_the_window_says_what_is_missing_and_what_works(shell) -> None:
    ran = shell()
    assert (ran.code, shell.roots.handed) == (1, [])
    assert "neither DISPLAY nor WAYLAND_DISPLAY is set" in ran.err
    assert "quarterdeck demo --headless" in ran.err


def test_a_path_that_is_not_there_is_named(shell) -> None:
    ran = shell("./nowhere", DISPLAY=":0")
    assert (ran.code, ran.err.startswith("quarterdeck: nowhere does not exist")) == (1, True)


def test_demo_opens_a_window_where_there_is_a_display(shell) -> None:
    assert shell("demo", DISPLAY=":0").code == 0
    assert shell.roots.handed == [("demo_window",)]


@pytest.mark.parametrize("argv", [["demo"], ["demo", "--headless"], ["demo", "--shot", "shots"]])
def test_demo_without_a_display_prints_the_fleet_and_the_pictures(shell, argv: list[str]) -> None:
    shell.roots.played = ((row(),), (Path("shots/fleet.png"),))
    ran = shell(*argv)
    assert (ran.code, shell.roots.handed) == (0, [("demo_headless", Path("shots"))])
    assert "fix-login" in ran.out
    assert "drew shots/fleet.png" in ran.out


def test_a_demo_that_fails_says_why(shell) -> None:
    shell.roots.played = DemoFailed("git is not on PATH")
    ran = shell("demo", "--headless")
    assert (ran.code, ran.err) == (1, "quarterdeck: git is not on PATH\n")


def test_daemon_run_prepares_the_home_and_hands_over(shell) -> None:
    assert shell("daemon", "run").code == 0
    assert shell.roots.handed == [("daemon", shell.home)]
    assert shell.home.places.state.is_dir()

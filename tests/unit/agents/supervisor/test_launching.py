"""From a request to a spec: what is wrong is named before anything is made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.jsonrpc import ErrorCode, RpcError
from agents.spec import Kind, Spec
from agents.supervisor.launching import MAX_ARGV, plan
from agents.wire import Run

ENV = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
TERMINAL = Kind("shell", "terminal")
FIXED = Kind("fixed", "terminal", command=("sh", "-c"), mode="ask", install="apt install fixed")


def make(kind: Kind, project: Path | str, taken: dict[str, Spec] | None = None, **fields: Any) -> Spec:
    return plan(Run(kind.name, str(project), **fields), kind, taken or {}, ENV, "a1")


def refusal(*args: Any, **fields: Any) -> RpcError:
    with pytest.raises(RpcError) as caught:
        make(*args, **fields)
    return caught.value


def test_a_spec_takes_from_the_kind_what_the_user_did_not_say(tmp_path: Path) -> None:
    spec = make(FIXED, tmp_path, argv=("true",), prompt="Fix the bug")
    assert (spec.argv, spec.mode, spec.name, spec.cwd) == (("sh", "-c", "true"), "ask", "fix-bug", str(tmp_path))
    assert make(FIXED, tmp_path, mode="plan").mode == "plan"
    assert make(TERMINAL, tmp_path).argv == ("/bin/sh",)
    assert make(TERMINAL, tmp_path, argv=("ls", "-l"), pty=True).pty


def test_names_are_unique_and_checked(tmp_path: Path) -> None:
    taken = {"b1": msgspec.structs.replace(make(TERMINAL, tmp_path), id="b1", name="mine")}
    assert "taken" in refusal(TERMINAL, tmp_path, taken, name="mine").message
    assert refusal(TERMINAL, tmp_path, name="a/b").code is ErrorCode.INVALID_PARAMS
    assert make(TERMINAL, tmp_path, taken, name="yours").name == "yours"


@pytest.mark.parametrize(
    ("what", "expected"),
    [("missing", "does not exist"), ("file", "is not a directory"), ("relative", "must be an absolute path")],
)
def test_an_unfit_directory_is_named(tmp_path: Path, what: str, expected: str) -> None:
    (tmp_path / "file").write_text("")
    path = "relative" if what == "relative" else tmp_path / what
    error = refusal(TERMINAL, path)
    assert expected in error.message
    assert str(path) in error.message


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_an_unreadable_directory_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    assert "cannot be read" in refusal(TERMINAL, closed).message


def test_a_missing_program_is_named_with_the_next_step(tmp_path: Path) -> None:
    kind = Kind("x", "terminal", command=("no-such-program",), install="npm i x")
    error = refusal(kind, tmp_path)
    assert error.code is ErrorCode.NOT_FOUND
    assert "“no-such-program” was not found on PATH; install it: npm i x" in error.message
    assert "does not exist" in refusal(TERMINAL, tmp_path, argv=("./nothing",)).message
    (tmp_path / "plain").write_text("no program")
    assert "not a program" in refusal(TERMINAL, tmp_path, argv=("./plain",)).message


def test_a_kind_that_needs_a_command_says_so(tmp_path: Path) -> None:
    assert "needs a command" in refusal(Kind("acp", "acp"), tmp_path).message


def test_an_endless_command_and_an_unknown_parent_are_refused(tmp_path: Path) -> None:
    assert "put it into a script" in refusal(TERMINAL, tmp_path, argv=("echo", "x" * MAX_ARGV)).message
    assert refusal(TERMINAL, tmp_path, parent="nobody").code is ErrorCode.NOT_FOUND

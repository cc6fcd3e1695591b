"""Terminals beside agents: their place, their name, and what may not be one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.jsonrpc import ErrorCode, RpcError
from agents.spec import Kind, Spec
from agents.supervisor import companions
from agents.wire import Run

SHELL = Kind("shell", "terminal")
OWNER = Spec("a1", "fix", "claude", "claude", ("claude",), "/p/sub", "/p", created_at=1.0)
BESIDE = msgspec.structs.replace(OWNER, id="t1", name="fix-terminal", terminal_of="a1")


def placed(*taken: Spec, kind: Kind = SHELL, **fields: Any) -> Run:
    run = Run(**{"kind": kind.name, "project": "/elsewhere", "terminal_of": "a1", **fields})
    return companions.beside(run, kind, {spec.id: spec for spec in taken})


def test_it_stands_where_its_agent_works() -> None:
    run = placed(OWNER)
    assert (run.project, run.cwd, run.pty, run.name) == ("/p", "/p/sub", True, "fix-terminal")
    assert placed(msgspec.structs.replace(OWNER, worktree="/trees/fix")).cwd == "/trees/fix"
    assert placed(OWNER, cwd="/tmp").cwd == "/tmp"
    assert placed(OWNER, name="mine").name == "mine"


def test_several_beside_one_agent_have_names_of_their_own() -> None:
    second = placed(OWNER, BESIDE).name
    assert second == "fix-terminal-1"
    long = msgspec.structs.replace(OWNER, name="n" * 64)
    assert len(placed(long).name or "") <= 64


def test_without_an_agent_nothing_changes() -> None:
    assert placed(terminal_of=None) == Run("shell", "/elsewhere")


@pytest.mark.parametrize(
    ("fields", "code", "text"),
    [
        ({"terminal_of": "x9"}, ErrorCode.NOT_FOUND, "there is no agent x9 to have a terminal"),
        ({"terminal_of": "t1"}, ErrorCode.NOT_POSSIBLE, "fix-terminal is itself the terminal of fix: open another one"),
        ({"pty": False}, ErrorCode.NOT_POSSIBLE, "shell is no terminal"),
        ({"kind": Kind("claude", "claude")}, ErrorCode.NOT_POSSIBLE, "claude is no terminal"),
    ],
)
def test_what_cannot_stand_beside_an_agent_is_refused_by_name(
    fields: dict[str, Any], code: ErrorCode, text: str
) -> None:
    kind = fields.pop("kind", SHELL)
    with pytest.raises(RpcError) as caught:
        placed(OWNER, BESIDE, kind=kind, **fields)
    assert caught.value.code is code
    assert text in caught.value.message


def test_whose_they_are_and_who_stands_beside_nobody() -> None:
    lost = msgspec.structs.replace(BESIDE, id="t2", terminal_of="gone")
    everybody = (OWNER, BESIDE, lost)
    assert companions.of("a1", everybody) == ("t1",)
    assert companions.of("t1", everybody) == ()
    assert companions.orphans(everybody) == ("t2",)

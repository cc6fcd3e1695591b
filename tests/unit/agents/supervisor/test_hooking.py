"""Hooks from the arguments that turn them on to what is made of them."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import msgspec
import pytest

from agents.adapters.kinds import RESOURCES, load_kinds
from agents.model import Turn
from agents.runtime.lease import Owner
from agents.status.hooks import REPORTED, Call
from agents.supervisor import hooking
from agents.supervisor.decisions import Decisions
from agents.supervisor.shapes import Shape
from tests.unit.agents.adapters.tape import kind

TUI = load_kinds([RESOURCES / "agents"]).kinds["claude-tui"]
COMMAND = ("/opt/my python", "-I", "/opt/hook.py")
SHAPE = Shape("claude-tui", "terminal", ("claude",), pty=True, hooks=REPORTED["claude"])
CALL = Call("SessionStart", 10.0, 100.0, 1, source="startup")


def test_all_are_turned_on_for_a_kind_that_has_them() -> None:
    assert hooking.wanted(TUI, ("claude",), COMMAND) == REPORTED["claude"]


@pytest.mark.parametrize(
    ("quirks", "argv", "command"),
    [
        ({}, ("x",), COMMAND),
        ({"hooks": "parrot"}, ("x",), COMMAND),
        ({"hooks": ["claude"]}, ("x",), COMMAND),
        ({"hooks": "claude"}, ("x", "--settings", "{}"), COMMAND),
        ({"hooks": "claude"}, ("x", "--settings=/a.json"), COMMAND),
        ({"hooks": "claude"}, ("x",), ()),
    ],
)
def test_none_are_turned_on_otherwise(quirks: dict[str, Any], argv: tuple[str, ...], command: tuple[str, ...]) -> None:
    assert hooking.wanted(kind(quirks=quirks), argv, command) == ()


def test_they_are_arguments_and_no_file() -> None:
    assert hooking.arguments((), COMMAND) == ()
    option, settings = hooking.arguments(("Stop", "SessionEnd"), COMMAND)
    assert option == "--settings"
    hooks = json.loads(settings)["hooks"]
    assert set(hooks) == {"Stop", "SessionEnd"}
    (entry,) = hooks["Stop"][0]["hooks"]
    assert entry["type"] == "command"
    assert entry["command"].startswith("'/opt/my python' -I /opt/hook.py Stop")


def test_a_hook_that_cannot_be_started_objects_to_nothing() -> None:
    settings = hooking.arguments(("Stop",), ("/nowhere/python", "x"))[1]
    command = json.loads(settings)["hooks"]["Stop"][0]["hooks"][0]["command"]
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_evidence_needs_a_process_that_was_told_to_report() -> None:
    made = Decisions()
    made.hook = CALL
    assert hooking.evidence(made, TUI, None) is None
    assert hooking.evidence(made, TUI, msgspec.structs.replace(SHAPE, hooks=())) is None
    found = hooking.evidence(made, TUI, SHAPE)
    assert found is not None
    assert found.turn is Turn.IDLE


def test_a_message_is_typed_when_the_program_listens() -> None:
    made = Decisions()
    assert hooking.types_at(made, None, Turn.UNKNOWN, 5.0) == 0.0, "a program without hooks says nothing about it"
    assert hooking.types_at(made, SHAPE, Turn.UNKNOWN, 5.0) is None, "it has not begun"
    made.hook = CALL
    assert hooking.types_at(made, SHAPE, Turn.WORKING, 5.0) is None
    assert hooking.types_at(made, SHAPE, Turn.BLOCKED, 5.0) is None
    assert hooking.types_at(made, SHAPE, Turn.IDLE, 5.0) == CALL.monotonic + hooking.QUIET_S
    assert hooking.types_at(made, SHAPE, Turn.UNKNOWN, 30.0) == 30.0 + hooking.QUIET_S


def test_a_session_of_another_agent_is_not_believed() -> None:
    call = msgspec.structs.replace(CALL, session="s1234567", transcript="/x")
    owner = Owner("/home", "a1", 1, 1)
    assert not hooking.is_foreign("s1234567", None, "/home", "a1")
    assert not hooking.is_foreign("s1234567", owner, "/home", "a1")
    assert not hooking.is_foreign("", owner, "/home", "a2")
    assert hooking.is_foreign("s1234567", owner, "/home", "a2")
    assert hooking.is_foreign("s1234567", owner, "/other", "a1")
    assert hooking.trusted(call, is_session_foreign=False) == call
    assert hooking.trusted(call, is_session_foreign=True) == CALL

"""The documented JSON is the printed JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.model import Rule
from agents.wire import (
    Answered,
    DaemonStatus,
    Done,
    Explained,
    FoundSession,
    FoundSessions,
    Listing,
    NextEntry,
    Rebuilt,
    Resumed,
    Rules,
    Sent,
    Started,
    Waited,
)
from app.cli.commands import COMMANDS
from app.cli.schema import components, printed_type, struct
from tests.fakes.scripted_daemon import asking, row
from tests.unit.app.cli.test_doctor import FACTS, KINDS
from tests.unit.app.cli.test_see import ASKED, shown
from tests.unit.app.cli.test_talk import ALLOWED

ROOT = Path(__file__).resolve().parents[4]
STATUS = DaemonStatus(1, "0.1.0", 0, "e", 0.0, 1, "/h", "double-fork")
FULL = asking(requests=(ASKED,))
FOUND = FoundSessions((FoundSession("abcdef", ("claude",), "fix it", "/p", 1.0),))

#: A command line for each command that prints JSON, with what the daemon says to it.
LINES: dict[str, tuple[list[str], dict[str, Any]]] = {
    "run": (["run", "shell", "-p", str(ROOT)], {"agent.run": Started("a", "n", 1)}),
    "ls": (["ls"], {"agent.list": Listing((row(), FULL))}),
    "show": (["show", "a"], {"agent.show": shown(FULL)}),
    "next": (["next"], {"agent.next": NextEntry(FULL, 1)}),
    "explain": (["explain", "a"], {"agent.explain": Explained(row(), None, (), ())}),
    "send": (["send", "a", "x", "--no-wait"], {"agent.send": Sent("a", 1, queued=False)}),
    "allow": (["allow", "a"], {"agent.answer": ALLOWED}),
    "deny": (["deny", "a"], {"agent.answer": Answered("a", "k", "denied", "cli", 0.0)}),
    "interrupt": (["interrupt", "a"], {"agent.interrupt": Done()}),
    "wait": (["wait", "a", "--until", "idle"], {"agent.wait": Waited(row(), "idle")}),
    "model": (["model", "a", "m"], {"agent.set_model": Done()}),
    "mode": (["mode", "a", "plan"], {"agent.set_mode": Done()}),
    "compare": (
        ["compare", "-p", str(ROOT), "--prompt", "x", "shell", "shell"],
        {"agent.list": Listing(()), "agent.run": Started("a", "n", 1)},
    ),
    "rule": (["rule", "ls"], {"rule.list": Rules((Rule(1, "deny", tool="fetch"),))}),
    "restart": (["restart", "a"], {"agent.restart": Started("a", "n", 2)}),
    "fork": (["fork", "a"], {"agent.fork": Started("b", "n", 2)}),
    "sessions": (["sessions", "-p", str(ROOT)], {"session.list": FOUND}),
    "adopt": (["adopt", "abc", "-p", str(ROOT)], {"session.list": FOUND, "session.adopt": Started("b", "n", 2)}),
    "switch": (["switch", "a", "claude"], {"agent.switch": Started("a", "n", 2)}),
    "kinds": (["kinds"], {"kind.list": KINDS}),
    "stop": (["stop", "a"], {"agent.stop": Done()}),
    "kill": (["kill", "a"], {"agent.kill": Done()}),
    "resume": (["resume", "--all"], {"agent.resume_all": Resumed(("a",))}),
    "rm": (["rm", "a"], {"agent.remove": Done()}),
    "log": (["log", "a"], {"agent.show": shown(row())}),
    "doctor": (["doctor"], {"daemon.doctor": FACTS, "kind.list": KINDS}),
    "daemon": (["daemon", "status"], {"daemon.status": STATUS}),
    "demo": (["demo", "--headless"], {}),
    "bench": ([], {}),  # measured, not scripted: tests/integration/cli
    "status": ([], {}),  # replayed, not scripted: test_replaying.py
    "reindex": (["reindex"], {"index.rebuild": Rebuilt(1, 2, 0.5)}),
}


def test_every_command_that_prints_json_is_tried() -> None:
    assert set(LINES) == {command.name for command in COMMANDS if command.result}


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.result and LINES[c.name][0]], ids=lambda c: c.name)
def test_what_is_printed_is_what_is_documented(shell, command) -> None:
    argv, answers = LINES[command.name]
    with shell.daemon(answers):
        ran = shell(*argv, "--json")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    for line in lines:
        # Decoding checks types; coming back the same checks that nothing is undocumented or left out.
        value = msgspec.json.decode(line, type=printed_type(command), strict=True)
        assert json.loads(msgspec.json.encode(value)) == json.loads(line)
    assert len(lines) == (0 if command.is_stream else 1)


def test_every_property_is_required_and_every_reference_leads_somewhere() -> None:
    found = components()
    for name, schema in found.items():
        assert schema.get("required", []) == list(schema.get("properties", {})), name
    for reference in {part.split('"')[0] for part in json.dumps(found).split("#/$defs/")[1:]}:
        assert reference in found


def test_an_unknown_struct_in_a_declaration_is_named() -> None:
    with pytest.raises(LookupError, match="Nothing"):
        struct("Nothing")

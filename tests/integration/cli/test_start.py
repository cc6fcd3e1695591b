"""What a start of the command line imports: that is what its time is spent on."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.cli.commands import COMMANDS

#: Never needed to talk to the daemon; each costs tens of milliseconds or more.
HEAVY = (
    *("asyncio", "psutil", "PySide6", "acp", "pydantic", "anthropic", "openai"),
    *("shtab", "watchfiles", "markdown_it", "pygments", "sqlite3", "ssl"),
    *("agents.supervisor", "agents.server", "agents.adapters", "ui"),
)

#: Commands whose work needs one of them.
MAY = {
    "completion": {"shtab"},
    "recording": {"asyncio", "ssl", "agents.adapters"},  # it runs the program itself
    "replaying": {"agents.supervisor", "agents.adapters"},  # it judges as the daemon does
}

_PROBE = """
import sys
from app.__main__ import main  # what the console script imports
import app.cli.main, importlib
importlib.import_module(sys.argv[1])
print(*sys.modules)
"""


@pytest.mark.parametrize(
    "module", sorted({command.handler.partition(":")[0] for command in COMMANDS} | {"app.cli.window"})
)
def test_no_command_imports_what_it_does_not_need(module: str) -> None:
    run = subprocess.run([sys.executable, "-c", _PROBE, module], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    may = MAY.get(module.rpartition(".")[2], set())
    assert [name for name in HEAVY if name in loaded and name not in may] == []


def test_importing_the_parser_loads_no_handler() -> None:
    code = "import sys, app.cli.main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    handlers = {command.handler.partition(":")[0] for command in COMMANDS}
    assert handlers.isdisjoint(loaded)

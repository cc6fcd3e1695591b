"""Completion scripts know every command."""

from __future__ import annotations

import pytest

from app.cli.commands import COMMANDS, SHELLS
from app.cli.completion import script


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_is_in_the_script(shell: str) -> None:
    text = script(shell)
    for command in COMMANDS:
        assert command.name in text
    assert "--until" in text or "until" in text

"""``attach``: who has no terminal, and who may not sit at his own."""

from __future__ import annotations

import pytest

from agents.model import Capability, Headline, Lifecycle
from tests.fakes.scripted_daemon import row
from tests.unit.app.cli.test_see import shown


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "it speaks a protocol. Send a message with `quarterdeck send habc123 TEXT`"),
        ({"capabilities": (Capability.INPUT,)}, "attach needs a terminal on stdin and stdout"),
        (
            {"lifecycle": Lifecycle.EXITED, "state": Headline.EXITED, "headline": "exited 0"},
            "fix-login does not run (exited 0)",
        ),
    ],
)
def test_who_cannot_be_attached_to_is_told_what_to_do(shell, changes: dict[str, object], message: str) -> None:
    with shell.daemon({"agent.show": shown(row(**changes))}):
        ran = shell("attach", "x")
    assert (ran.code, message in ran.err) == (1, True)


def test_a_terminal_is_not_shown_in_itself(shell) -> None:
    able = (Capability.INPUT, Capability.TERMINAL)
    with shell.daemon({"agent.show": shown(row(capabilities=able))}):
        ran = shell("attach", "fix-login", QUARTERDECK_AGENT="habc123:7f00")
    assert (ran.code, ran.err) == (
        1,
        "quarterdeck: this is the terminal of fix-login itself: it would show itself in itself without end\n",
    )

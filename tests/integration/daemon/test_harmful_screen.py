"""A screen that ends the daemon which draws it: it ends two, then it is left alone, and everything else goes on."""

from __future__ import annotations

import contextlib
import signal
from typing import Any

import pytest

from agents import wire
from agents.model import Lifecycle, Stream
from agents.vt import libvterm
from tests.integration.daemon.test_views import SHELL, opened, restart, type_in

pytestmark = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there is a core")


def dies(home: Any) -> None:
    """Start a daemon that ends by a fault of its core."""
    with contextlib.suppress(AssertionError):  # it may be gone before it was seen to listen
        home.start(harmful=True)
    assert home.daemon.wait(60) == -signal.SIGSEGV


def test_daemons_do_not_die_over_the_same_screen_for_ever(home: Any) -> None:
    home.start()
    sibling = home.run("shell", *SHELL, pty=True).id
    agent = home.run("shell", *SHELL, pty=True).id
    type_in(home, agent, "clear; printf 'poi''son'\r")
    home.settle(lambda: b"poison" in home.raw(agent, Stream.OUT))
    home.kill()
    dies(home)
    dies(home)
    home.start(harmful=True)
    row = home.until(agent, lambda row: not row.catching_up)
    assert row.lifecycle is Lifecycle.RUNNING
    assert row.reason.startswith("its screen is not drawn: two daemons ended while they did that")
    assert opened(home, agent).lines is None
    assert row.reason in home.call("agent.explain", wire.AgentRef(agent)).ignored
    assert opened(home, sibling).lines is not None
    type_in(home, agent, "echo still-$((1+1))\r")
    home.settle(lambda: b"still-2" in home.raw(agent, Stream.OUT))
    home.kill()
    home.start(harmful=True)
    assert home.until(agent, lambda row: not row.catching_up).reason == row.reason
    home.call("agent.stop", wire.AgentRef(agent))
    restart(home, agent)
    home.settle(lambda: any("#" in line for line in opened(home, agent).lines or ()))
    assert not home.row(agent).reason
    home.kill()
    home.start(harmful=True)
    home.until(agent, lambda row: not row.catching_up)
    assert opened(home, agent).lines is not None
    assert home.daemon.poll() is None

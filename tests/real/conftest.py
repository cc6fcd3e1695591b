"""Fixtures of the tests that drive real agent programs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.real import codex as codex_programs
from tests.real.install import WANTED_VARIABLE, program


def installed(name: str) -> Path:
    """Return a program; missing it is a failure where it was asked for, else a reason to skip."""
    wanted = os.environ.get(WANTED_VARIABLE, "")
    try:
        path = program(name, latest=wanted == "latest")
    except LookupError as problem:
        reason = str(problem)
    else:
        if path.is_file():
            return path
        reason = f"{name} is not installed in {path.parent}: run `make real`"
    if wanted:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def opencode() -> Path:
    """Return opencode."""
    return installed("opencode")


@pytest.fixture(scope="session")
def claude() -> Path:
    """Return Claude Code."""
    return installed("claude")


@pytest.fixture(scope="session")
def codex() -> Path:
    """Return Codex."""
    return installed("codex")


@pytest.fixture(scope="session")
def gemini() -> Path:
    """Return Gemini CLI, a script of node: found and run by the PATH of ``tests.real.install.path``."""
    return installed("gemini")


@pytest.fixture(scope="session")
def claude_agent_acp() -> Path:
    """Return Claude over ACP, a script of node like ``gemini``."""
    return installed("claude-agent-acp")


@pytest.fixture
def codex_home() -> Iterator[Path]:
    """Make a home for Codex; whoever takes it with ``deck`` opens one of their own, so that it outlives the agents."""
    with codex_programs.home() as path:
        yield path


@pytest.fixture
def api() -> Iterator[ModelApi]:
    """Serve the scripted model API."""
    with ModelApi() as server:
        yield server


@pytest.fixture
def deck() -> Iterator[Deck]:
    """Open a Quarterdeck of its own."""
    with Deck() as own:
        yield own

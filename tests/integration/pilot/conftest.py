"""Pilot as a process with the scripted model API behind it, for either vendor."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.acp_client import AcpClient
from tests.fakes.model_api import ModelApi

#: What a test looks for where it must not be.
KEY = "sk-scripted-0123456789abcdef"


class Bench:
    """A project, a home and an API; starts Pilots in them."""

    def __init__(self, root: Path, api: ModelApi) -> None:
        self.api = api
        self.project = root / "project"
        self.project.mkdir()
        (self.project / ".git").mkdir()
        self.home = root / "home"
        self.home.mkdir()

    @property
    def sessions(self) -> Path:
        return self.home / "deck" / "data" / "pilot" / "sessions"

    def env(self, scenario: str | None = None, vendor: str = "openai", **more: str) -> dict[str, str]:
        known = {"PATH": os.environ["PATH"], "HOME": str(self.home), "QUARTERDECK_HOME": str(self.home / "deck")}
        if scenario is not None:
            name = vendor.upper()
            known |= {f"{name}_API_KEY": KEY, f"{name}_BASE_URL": self.api.url(scenario)}
        return known | {"PILOT_TIMEOUT_S": "30"} | more

    def pilot(self, scenario: str | None = None, vendor: str = "openai", *argv: str, **more: str) -> AcpClient:
        line = [sys.executable, "-P", "-m", "agents.pilot", *argv]
        return AcpClient(line, self.project, self.env(scenario, vendor, **more))


@pytest.fixture
def api() -> Iterator[ModelApi]:
    with ModelApi() as server:
        yield server


@pytest.fixture
def bench(tmp_path: Path, api: ModelApi) -> Bench:
    return Bench(tmp_path, api)


@pytest.fixture(params=["anthropic", "openai"])
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)

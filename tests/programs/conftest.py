"""Where programs run in these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.seat import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    home = tmp_path / "home"
    home.mkdir()
    return Place(home)

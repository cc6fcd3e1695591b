"""The page of faults names tests that exist, and every fault test is on the page."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
PAGE = TESTS.parent / "docs" / "reference" / "faults.md"
NAMED = re.findall(r"`((?:unit|integration|e2e|ui)/[\w/]+\.py)::(\w+)`", PAGE.read_text("utf-8"))


def defined(path: Path) -> set[str]:
    """Return the tests of a file: functions, and the state machines assigned to a name."""
    names: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return {name for name in names if name.lower().startswith("test")}


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_named_test_exists(file: str, name: str) -> None:
    assert name in defined(TESTS / file)


@pytest.mark.parametrize("path", sorted((TESTS / "integration" / "faults").glob("test_*.py")), ids=lambda p: p.stem)
def test_every_file_of_faults_is_on_the_page(path: Path) -> None:
    assert path.relative_to(TESTS).as_posix() in {file for file, _ in NAMED}


def test_every_row_names_a_test() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")]
    faults = [row for row in rows if not row.startswith(("| fault |", "|---"))]
    assert len(faults) == len(NAMED) > 50

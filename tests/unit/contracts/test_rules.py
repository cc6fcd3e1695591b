"""The page of rules names code and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROWS = [
    line
    for line in (ROOT / "docs" / "reference" / "rules.md").read_text("utf-8").splitlines()
    if line.startswith("|") and not line.startswith(("| rule |", "|---"))
]
ROW = re.compile(
    r"\| [^|]+ \| `((?:agents|app)/[\w/]+\.py)` \| `((?:unit|integration|e2e|ui|real)/[\w/]+\.py)::(\w+)` \|"
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:60])
def test_a_rule_is_kept_somewhere_and_shown_by_a_test(row: str) -> None:
    found = ROW.fullmatch(row)
    assert found, "a row is: rule, one file, one test"
    code, file, name = found.groups()
    assert (ROOT / code).is_file()
    defined = re.compile(rf"^(?:(?:async )?def |class )?{name}\b", re.MULTILINE)
    assert defined.search((ROOT / "tests" / file).read_text("utf-8"))


def test_every_chapter_has_rules() -> None:
    assert len(ROWS) > 60

"""The version constant."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from app.version import VERSION, is_newer


def test_the_constant_is_the_packages_version() -> None:
    assert version("quarterdeck") == VERSION


@pytest.mark.parametrize(
    ("ours", "theirs", "newer"),
    [
        ("0.2.0", "0.1.9", True),
        ("0.10.0", "0.9.0", True),
        ("0.1.0", "0.1.0", False),
        ("0.1.0", "0.2.0", False),
        ("1.0", "1.0.1", False),
        ("0.1.0", "0.1.rc1", True),
        ("0.1.0+local", "0.1.0", False),
    ],
)
def test_versions_compare_by_number(ours: str, theirs: str, newer: bool) -> None:
    assert is_newer(ours, theirs) is newer

"""The version of this installation; a constant, since reading package metadata costs a tenth of the CLI's start.

``tests/unit/app/test_version.py`` holds it equal to the package's own.
"""

from __future__ import annotations

VERSION = "0.1.0"


def is_newer(version: str, than: str) -> bool:
    """Tell whether ``version`` is newer; a part that is no number counts as older than any number."""
    return _parts(version) > _parts(than)


def _parts(version: str) -> tuple[int, ...]:
    release = version.partition("+")[0]
    return tuple(int(part) if part.isdigit() else -1 for part in release.split("."))

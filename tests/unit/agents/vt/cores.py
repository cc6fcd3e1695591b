"""The native cores that tests run on: the system's, and those that ``LIBVTERM_TESTED`` names (paths, by colons)."""

from __future__ import annotations

import os

import pytest

from agents.vt import libvterm
from agents.vt.libvterm import Library

needed = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there")


def libraries() -> list[Library]:
    """Return every core there is; one that is named and cannot be taken is an error."""
    named = [path for path in os.environ.get("LIBVTERM_TESTED", "").split(":") if path]
    there = [] if libvterm.missing() else [libvterm.system()]
    return there + [libvterm.load((path,), path) for path in named]

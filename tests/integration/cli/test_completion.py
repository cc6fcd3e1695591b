"""Completion scripts do complete in a real shell."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from app.cli.completion import script
from app.cli.declared.talk import UNTIL


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["quarterdeck", "int"], {"interrupt"}),
        (["quarterdeck", "wait", "x", "--until", ""], set(UNTIL)),
        (["quarterdeck", "daemon", "st"], {"start", "stop", "status"}),
    ],
)
def test_bash_completes(words: list[str], expected: set[str]) -> None:
    ask = (
        f"COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}; "
        f"_shtab_quarterdeck quarterdeck '{words[-1]}' '{words[-2]}'; echo \"${{COMPREPLY[@]}}\""
    )
    run = subprocess.run(
        ["bash", "--norc", "-c", script("bash") + "\n" + ask], capture_output=True, text=True, check=True
    )
    assert set(run.stdout.split()) == expected

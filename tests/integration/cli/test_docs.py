"""The generated reference pages are up to date, and a stale one fails the check."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def check(root: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(root / "docs" / "generate.py"), *argv], capture_output=True, text=True, check=False
    )


def test_the_pages_are_up_to_date() -> None:
    ran = check(ROOT, "--check")
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout + ran.stderr


def test_a_stale_page_fails_the_check_and_is_written_anew(tmp_path: Path) -> None:
    for folder in ("docs", "app", "agents", "resources"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.ttf", "*.otf")
        )
    page = tmp_path / "docs" / "reference" / "cli.md"
    right = page.read_text()
    page.write_text(right + "edited by hand\n")
    stale = check(tmp_path, "--check")
    assert (stale.returncode, stale.stdout) == (1, "stale: docs/reference/cli.md\n")
    assert "run: python docs/generate.py" in stale.stderr
    assert check(tmp_path).stdout == "wrote: docs/reference/cli.md\n"
    assert page.read_text() == right


def test_wrong_usage() -> None:
    assert check(ROOT, "--chek").returncode == 2

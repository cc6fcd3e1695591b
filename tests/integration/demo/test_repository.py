"""The demo's repositories are real, whole, and independent of the user's git configuration."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from app.demo import DemoFailed, make_repository


def git(folder: Path, *argv: str) -> str:
    return subprocess.run(["git", *argv], cwd=folder, text=True, capture_output=True, check=True).stdout


@pytest.mark.parametrize("project", ["storefront", "tidelog"])
def test_a_repository_has_a_history_and_is_clean(project: str, tmp_path: Path) -> None:
    make_repository(project, tmp_path / project)
    assert git(tmp_path / project, "status", "--porcelain", "--ignored") == ""
    assert len(git(tmp_path / project, "log", "--format=%s").splitlines()) == 3
    assert git(tmp_path / project, "branch", "--show-current") == "main\n"
    assert git(tmp_path / project, "log", "-1", "--format=%an %ai") == "Ada Demo 2026-11-04 10:00:00 +0000\n"
    committed = git(tmp_path / project, "ls-files").splitlines()
    assert ".gitignore" in committed
    assert "README.md" in committed


def test_the_users_hooks_and_signing_do_not_apply(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".gitconfig").write_text("[commit]\n\tgpgsign = true\n[init]\n\tdefaultBranch = trunk\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    make_repository("tidelog", tmp_path / "tidelog")
    assert git(tmp_path / "tidelog", "branch", "--show-current") == "main\n"


def test_a_missing_git_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DemoFailed, match="git is not on PATH: install git"):
        make_repository("tidelog", tmp_path / "tidelog")


def test_a_git_that_fails_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "bin" / "git"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'disk quota exceeded' >&2\nexit 128\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}:/bin:/usr/bin")
    with pytest.raises(DemoFailed, match=r"git init failed in .*disk quota exceeded"):
        make_repository("tidelog", tmp_path / "tidelog")

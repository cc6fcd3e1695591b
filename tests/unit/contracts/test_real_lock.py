"""The real agent programs are pinned exactly, by content, and from no particular registry."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.real import install

REAL = Path(__file__).resolve().parents[2] / "real"
PACKAGE: dict[str, Any] = json.loads((REAL / "package.json").read_text())
PINS: dict[str, str] = {**PACKAGE["dependencies"], **PACKAGE["optionalDependencies"]}
LOCK: dict[str, Any] = json.loads((REAL / "package-lock.json").read_text())
LOCKED = {name.removeprefix("node_modules/"): entry for name, entry in LOCK["packages"].items() if name}


def test_every_pin_is_one_version() -> None:
    aliased = r"npm:@[\w/-]+@"  # a platform's build that is published as a version of the package itself
    pins = {name: re.sub(aliased, "", version) for name, version in PINS.items()}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+(-linux-x64)?", version) for version in pins.values())
    assert {name: LOCKED[name]["version"] for name in pins} == pins


@pytest.mark.parametrize("name", LOCKED)
def test_what_is_locked_is_known_by_its_content_and_not_by_where_it_lies(name: str) -> None:
    assert LOCKED[name]["integrity"].startswith("sha512-")
    assert "resolved" not in LOCKED[name]


def test_no_address_is_in_the_files() -> None:
    for path in (REAL / "package.json", REAL / "package-lock.json"):
        assert "://" not in path.read_text()


def test_every_program_is_pinned_and_nothing_else_is() -> None:
    assert set(PINS) == {package for builds in install.PROGRAMS.values() for package, _ in builds.values()}


def test_another_lock_is_another_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    monkeypatch.setattr(install, "HERE", tmp_path)
    (tmp_path / "package-lock.json").write_text("{}")
    first = install.folder()
    (tmp_path / "package-lock.json").write_text("{ }")
    assert first.parent == Path("/cache/quarterdeck/real")
    assert install.folder() != first
    assert install.folder(latest=True).name == "latest"


def test_a_machine_without_a_pinned_build_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "s390x")
    with pytest.raises(LookupError, match=r"no build of opencode is pinned for \w+ s390x"):
        install.program("opencode")


def test_a_missing_npm_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="npm is not on PATH: install it"):
        install.install(latest=False)
    assert sorted(path.name for path in (tmp_path / "quarterdeck" / "real").iterdir()) == [".lock"]

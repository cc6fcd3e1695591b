"""The program's entry: packages of other distributions under our names are noticed."""

from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from app import __main__ as entry


def test_ours_are_ours() -> None:
    assert entry.foreign_package() == ""


@pytest.mark.parametrize(
    ("name", "origin", "said"),
    [
        ("agents", "/site-packages/agents/__init__.py", "(openai-agents installs one)"),
        ("ui", "/site-packages/ui/__init__.py", "belongs to another distribution"),
        ("agents", None, "is missing"),
    ],
)
def test_somebody_elses_package_is_named_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, origin: str | None, said: str
) -> None:
    real = importlib.util.find_spec

    def find(wanted: str) -> ModuleSpec | None:
        if wanted != name:
            return real(wanted)
        return ModuleSpec(name, None, origin=origin) if origin else None

    monkeypatch.setattr(entry.importlib.util, "find_spec", find)
    assert entry.main() == 1
    text = capsys.readouterr().err
    assert f"the package {name!r}" in text
    assert said in text
    assert "pipx install quarterdeck" in text


def test_each_hand_over_imports_its_own_root_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []

    class Root:
        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, function: str) -> object:
            def call(*args: object) -> int:
                asked.append((f"{self._name}.{function}", args))
                return 3

            return call

    monkeypatch.setattr(entry.importlib, "import_module", Root)
    launchers = entry.Launchers()

    class Home:
        places = "places"

    home = Home()
    assert launchers.daemon(home) == 3  # type: ignore[arg-type]
    assert launchers.window(home, Path("/p")) == 3  # type: ignore[arg-type]
    assert launchers.demo_window({}) == 3
    launchers.demo_headless({}, Path("s"))
    assert asked == [
        ("app.daemon.run", ("places",)),
        ("app.desktop.run", (home, Path("/p"))),
        ("app.desktop.run_demo", ({},)),
        ("app.desktop.run_demo_headless", ({}, Path("s"))),
    ]

"""The log benchmark measures what it says, here with little to measure."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from app.cli.results import Figure

SOURCE = Path(__file__).parents[2] / "bench" / "logs.py"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_logs", SOURCE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, value in {"LINES": 30_000, "PANES": 6, "SECONDS": 2.4, "TIMES": 1}.items():
        monkeypatch.setattr(module, name, value)
    return module


@pytest.mark.slow
def test_figures_have_the_documented_names(bench: ModuleType, qapp: object) -> None:
    figures: list[Figure] = list(bench.figures())
    assert [figure.name for figure in figures if figure.target is not None] == [
        "10 M lines: frame p99",
        "10 M lines: first hit",
        "10 M lines: whole search",
        "10 M lines: memory",
        "100 panes: CPU",
        "100 panes: growth",
        "100 panes: longest stall",
    ]
    values = {figure.name: figure.value for figure in figures}
    assert values["10 M lines: frame p50"] > 0
    assert values["10 M lines: whole search"] > 0
    assert all(figure.baseline is not None for figure in figures if figure.name.startswith("100 panes"))

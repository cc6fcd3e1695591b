"""The terminal benchmark measures what it says, in a real window with a real daemon, here with little to measure."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import psutil
import pytest

from agents.vt import libvterm
from app.bench import scene, terminal
from app.bench.terminal import Size
from app.cli.results import Figure

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(libvterm.missing()), reason="needs libvterm"),
    pytest.mark.timeout(300),
]

SMALL = Size(parsed=50_000, updates=5, keys=4, flood=300_000, seconds=0.2, lines=60, panes=2, times=1, beside=2)


def measured(part: str) -> dict[str, Figure]:
    figures: Iterable[Figure] = terminal.of_size(SMALL)[part]()
    return {figure.name: figure for figure in figures}


def belongs(process: psutil.Process, prefix: str) -> bool:
    try:
        return process.environ().get("QUARTERDECK_HOME", "").startswith(f"/tmp/{prefix}")
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch: pytest.MonkeyPatch) -> Iterable[None]:
    prefix = f"qd-bench-{os.getpid()}-"  # another run on this machine is none of ours
    monkeypatch.setattr(scene, "_PREFIX", prefix)
    yield
    assert list(Path("/tmp").glob(f"{prefix}*")) == []
    assert [process for process in psutil.process_iter() if belongs(process, prefix)] == []


def test_parsing() -> None:
    found = measured("parse")
    assert {"parse, plain", "parse, coloured", "parse, recorded TUIs"} <= set(found)
    ours = found["parse, coloured"]
    assert (ours.target, ours.ok) == (15.0, ours.value >= 15.0)
    assert ours.value > 0


def test_painting() -> None:
    found = measured("paint")
    assert [figure.target for figure in found.values()] == [4.0, 16.0]
    assert all(figure.value > 0 for figure in found.values())


def test_typing_alone_and_beside_others() -> None:
    found = measured("echo")
    assert [figure.target for figure in found.values()] == [20.0, 30.0, 30.0]
    assert all("4 keys" in figure.detail for figure in found.values())


@pytest.mark.display
def test_typing_on_a_display() -> None:
    found = measured("display")
    assert found["typing echo on a display, p99"].value > 0


def test_flooding() -> None:
    found = measured("flood")
    assert [figure.target for figure in found.values()] == [40.0, 100.0, 40.0, 100.0, None]
    assert len([name for name, figure in found.items() if "Ctrl+C" in name and figure.value > 0]) == 2
    assert found["cat of 0.3 MB in a visible pane"].value > 0


def test_scrolling() -> None:
    (figure,) = measured("scroll").values()
    assert figure.value > 0
    assert " frames of 5 lines" in figure.detail


def test_holding() -> None:
    found = measured("memory")
    assert list(found) == [
        "memory of a visible terminal",
        "memory of what a hidden terminal leaves",
        "cores of hidden terminals",
        "timers of hidden terminals",
    ]
    assert found["cores of hidden terminals"].value == 0

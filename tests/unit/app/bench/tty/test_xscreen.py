"""Pictures of a display are compared by rows; what the display needs is named when it is missing."""

from __future__ import annotations

import pytest

from app.bench.scene import BenchFailed
from app.bench.tty import rivals, xscreen
from app.bench.tty.inside import quantile
from app.bench.tty.xscreen import Area


def test_the_band_that_differs_is_found() -> None:
    area = Area(10, 20, 2, 5)
    before = bytes(40)  # two pixels of four bytes a row
    after = bytearray(before)
    after[8] = after[24] = 1
    assert xscreen.rows_that_differ(area, before, bytes(after)) == Area(10, 21, 2, 3)
    with pytest.raises(BenchFailed, match="the same"):
        xscreen.rows_that_differ(area, before, before)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xscreen, "_LIBRARIES", ("libnowhere.so.9",))
    assert xscreen.missing() == "libnowhere.so.9"
    monkeypatch.setenv("PATH", "/nowhere")
    assert rivals.missing("tmux") == "tmux not measured: tmux is not installed"
    assert rivals.missing("xterm") == "xterm not measured: xterm is not installed"


def test_a_quantile_of_few_is_the_longest() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert quantile([float(n) for n in range(100)], 0.5) == 50.0
    assert quantile([1.0], 0.5) == 1.0

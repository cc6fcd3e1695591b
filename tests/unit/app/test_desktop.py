"""The desktop's composition root: refuses with a sentence before Qt is loaded, and loads it only then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app import desktop
from app.libraries import Library
from app.paths import home_from


def test_importing_it_loads_no_qt() -> None:
    code = "import sys, app.desktop; sys.exit(any(name.startswith('PySide6') for name in sys.modules))"
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_a_pyside_that_aborts_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(desktop, "_pyside", lambda: "6.12.0")
    monkeypatch.setattr(sys, "version_info", (3, 11, 7))
    monkeypatch.setattr(desktop, "_run", lambda *_: pytest.fail("must not start"))
    home = home_from({"QUARTERDECK_HOME": str(tmp_path / "home"), "QUARTERDECK_LEASES": str(tmp_path / "leases")})
    assert desktop.run(home, None) == desktop.FAILED
    assert "PySide6 6.12.0 aborts on Python 3.11" in capsys.readouterr().err


def test_missing_libraries_are_refused_by_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = Library("libxcb-cursor.so.0", "libxcb-cursor0", window=True)
    monkeypatch.setattr(desktop.libraries, "missing", lambda: (lost,))
    assert desktop.run_demo({}) == desktop.FAILED
    assert "sudo apt-get install libxcb-cursor0" in capsys.readouterr().err

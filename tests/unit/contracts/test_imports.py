"""The import contracts hold, and each of them catches a violation.

A contract that cannot fail is worth nothing: for every one a copy of the tree gets a forbidden import and
must be refused by that very contract.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from agents.runtime.process import bundle

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("app", "agents", "ui", "resources")

#: contract id, file that gets the line, the violating line
VIOLATIONS = [
    ("layers", "agents/model.py", "import app.fleet"),
    ("layers", "app/fleet.py", "import ui.panes"),
    ("layers", "ui/__init__.py", "import app.cli"),
    ("domain", "agents/model.py", "import agents.wire"),
    ("domain", "agents/runtime/journal.py", "import agents.adapters.contract"),
    ("domain", "agents/status/reduce.py", "import agents.supervisor.fleet"),
    ("no-qt", "agents/supervisor/fleet.py", "from PySide6 import QtCore"),
    ("no-qt", "app/cli/__init__.py", "import PySide6.QtWidgets"),
    ("light-clients", "app/client/stream.py", "import acp"),
    ("light-clients", "ui/roster/view.py", "import openai"),
    ("light-clients", "app/fleet.py", "import agents.supervisor"),
    ("keeper", "agents/runtime/keeper.py", "from agents import model"),
    ("pilot", "agents/pilot/turn.py", "import agents.adapters.contract"),
    ("pilot", "agents/pilot/rpc.py", "import acp"),
    ("pilot-alone", "agents/supervisor/fleet.py", "import agents.pilot.store"),
]


def contract_ids() -> list[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [contract["id"] for contract in config["tool"]["importlinter"]["contracts"]]


def copy_tree(target: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, target / package, ignore=shutil.ignore_patterns("__pycache__", "*.svg", "*.ttf")
        )
    shutil.copy(ROOT / "pyproject.toml", target)


def lint(tree: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    argv = [
        sys.executable,
        "-c",
        "import sys; sys.path.insert(0, ''); from importlinter.cli import lint_imports_command as c; c()",
    ]
    for contract in contracts:
        argv += ["--contract", contract]
    return subprocess.run([*argv, "--no-cache"], cwd=tree, capture_output=True, text=True, timeout=120, check=False)


def test_every_contract_has_a_violation_test() -> None:
    assert {contract for contract, _, _ in VIOLATIONS} == set(contract_ids())


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("contract", "file", "line"), VIOLATIONS)
def test_a_violation_is_caught(tmp_path: Path, contract: str, file: str, line: str) -> None:
    copy_tree(tmp_path)
    target = tmp_path / file
    source = target.read_text()
    # After the docstring and the __future__ import, where an import may stand.
    body = ast.parse(source).body
    anchor = next((n.end_lineno for n in body if isinstance(n, ast.ImportFrom) and n.module == "__future__"), None)
    lines = source.splitlines()
    lines.insert(anchor or body[0].end_lineno or 0, line)
    target.write_text("\n".join(lines) + "\n")
    result = lint(tmp_path, contract)
    assert result.returncode != 0, result.stdout
    assert "BROKEN" in result.stdout


def test_the_keeper_imports_the_standard_library_only() -> None:
    tree = ast.parse(bundle())  # what runs: the keeper and its parts as one file
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add((node.module or "").split(".")[0])
    assert modules
    assert modules <= sys.stdlib_module_names


def imported(file: Path) -> set[str]:
    """Return the top-level packages a file imports, also inside functions."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add((node.module or "").split(".")[0])
    return modules


def test_only_the_shell_knows_qt() -> None:
    """Also for modules no contract names yet: a new file of app is below the shell unless it is a root."""
    roots = {ROOT / "app/desktop.py", ROOT / "app/__main__.py"}
    # Programs of their own: `bench` runs them as processes.
    roots |= {*(ROOT / "app/bench").glob("paint*.py"), *(ROOT / "app/bench/tty/window").glob("*.py")}
    below = {*(ROOT / "app").rglob("*.py"), *(ROOT / "agents").rglob("*.py")} - roots
    qt = {"PySide6", "PySide6QtAds", "qasync", "shiboken6", "ui"}
    assert {str(path.relative_to(ROOT)): imported(path) & qt for path in below if imported(path) & qt} == {}


def test_no_package_init_holds_code() -> None:
    for package in PACKAGES:
        for init in (ROOT / package).rglob("__init__.py"):
            if "project" in init.parts:
                continue  # the demo's project is material an agent works on, not our code
            body = ast.parse(init.read_text()).body
            assert len(body) == 1, init
            assert isinstance(body[0], ast.Expr), init


def test_no_file_grows_beyond_600_lines() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert {name: lines for name, lines in sizes.items() if lines >= 600} == {}

"""The keeper's modules can be joined into one file, and released ones stay as they were."""

from __future__ import annotations

import ast
import collections
import hashlib
from pathlib import Path

from agents.runtime.process import bundle

CORPUS = Path(__file__).parents[3] / "corpus" / "keepers"


def top_level_names() -> list[str]:
    names = []
    for node in ast.parse(bundle()).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    return names


def test_no_two_parts_define_the_same_name() -> None:
    counts = collections.Counter(top_level_names())
    del counts["TYPE_CHECKING"]
    assert {name: count for name, count in counts.items() if count > 1} == {}


def test_nothing_of_ours_is_imported() -> None:
    source = bundle().decode()
    assert "from agents" not in source
    assert "import agents" not in source
    compile(source, "keeper", "exec")


def test_released_keepers_are_never_touched() -> None:
    sums = dict(reversed(line.split()) for line in (CORPUS / "SHA256SUMS").read_text().splitlines())
    assert sums == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in CORPUS.glob("*.py")}
    assert "keeper-1.py" in sums

"""The keeper's modules can be joined into one file: no name means two things."""

from __future__ import annotations

import ast
import collections

from agents.runtime.process import bundle


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


def test_an_interpreter_flag_never_changes_the_bundle() -> None:
    assert bundle() == bundle()

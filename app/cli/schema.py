"""The JSON Schemas of what ``--json`` prints, from the very structs that are printed."""

from __future__ import annotations

import types
from typing import Any

import msgspec

from agents import model, wire
from app.cli import results
from app.cli.commands import COMMANDS
from app.cli.declaration import Command


def struct(name: str) -> Any:
    """Return the struct a declaration names. Raises LookupError."""
    for module in (results, wire, model):
        if hasattr(module, name):
            return getattr(module, name)
    raise LookupError(f"no result struct {name!r}")


def printed_type(command: Command) -> Any:
    """Return the type of a command's output, or of one line of it when it is a stream."""
    one: Any = struct(command.result)
    return types.GenericAlias(list, one) if command.is_list else one


def components() -> dict[str, Any]:
    """Return the schema of every struct that can be printed, by its name.

    Every property is required: what is unknown is null or "unknown", never absent.
    """
    names = {name for command in COMMANDS if command.result for name in (command.result, *(n for n, _ in command.also))}
    _, found = msgspec.json.schema_components([struct(name) for name in sorted(names)], ref_template="#/$defs/{name}")
    for schema in found.values():
        if "properties" in schema:
            schema["required"] = list(schema["properties"])
        if "description" in schema:  # how a docstring is indented differs between versions of Python
            schema["description"] = " ".join(schema["description"].split())
    return dict(sorted(found.items()))

"""The wire between daemon and clients, from the declarations in ``agents/wire.py``."""

from __future__ import annotations

import enum
import inspect
import re
import types
import typing
from typing import Any

import msgspec

from agents import events, jsonrpc
from agents import wire as declared

FILE = "wire.md"

_INTRODUCTION = """\
JSON-RPC 2.0, one message a line (at most {max_line:,} bytes), on a unix socket that only its owner can open. The
first call of a connection is `hello`. With `subscribe` the answer holds a snapshot and the daemon then sends the
notification `event` with `{{"seq", "event"}}`; a client that reconnects with the `epoch` and the last `seq` it saw gets
what it missed, as long as that is among the last {history:,} events, else a new snapshot. Bytes are base64. Unknown
fields are ignored."""


def page() -> str:
    """Return the page."""
    parts = [
        f"# Wire protocol, version {declared.PROTOCOL}",
        _INTRODUCTION.format(max_line=declared.MAX_LINE, history=events.EVENT_HISTORY),
        "## Methods",
        _methods(),
        "## Events",
        "The field `type` says which one it is.",
        _events(),
        "## Errors",
        _errors(),
        "## Types",
        *(_section(struct) for struct in _all_types()),
    ]
    return "\n\n".join(parts)


def _methods() -> str:
    lines = ["| method | params | result | who | |", "|---|---|---|---|---|"]
    for method in declared.METHODS.values():
        who = "everyone" if len(method.roles) == len(declared.Role) else f"role {', '.join(sorted(method.roles))}"
        lines.append(
            f"| `{method.name}` | {_link(method.params)} | {_link(method.result)} | {who} | {method.summary} |"
        )
    return "\n".join(lines)


def _events() -> str:
    lines = ["| type | fields | |", "|---|---|---|"]
    for event in typing.get_args(events.Event):
        fields = ", ".join(f"`{field.name}`" for field in msgspec.structs.fields(event))
        lines.append(f"| `{event.__struct_config__.tag}` | {fields} | {_doc(event)} |")
    return "\n".join(lines)


def _errors() -> str:
    lines = ["| code | name |", "|---|---|"]
    return "\n".join([*lines, *(f"| {int(code)} | `{code.name.lower()}` |" for code in jsonrpc.ErrorCode)])


def _all_types() -> list[Any]:
    """Return every struct and enum that params, results and events reach, by name."""
    found: dict[str, Any] = {}
    roots = [part for method in declared.METHODS.values() for part in (method.params, method.result)]
    todo: list[Any] = [*roots, *typing.get_args(events.Event)]
    while todo:
        kind = todo.pop()
        if _is_named(kind) and kind.__name__ not in found:
            found[kind.__name__] = kind
            todo += [field.type for field in msgspec.structs.fields(kind)] if _is_struct(kind) else []
        todo += typing.get_args(kind)
    return [found[name] for name in sorted(found)]


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _is_named(kind: Any) -> bool:
    return _is_struct(kind) or (isinstance(kind, type) and issubclass(kind, enum.Enum))


def _section(kind: Any) -> str:
    parts = [f"### {kind.__name__}", _doc(kind)]
    if not _is_struct(kind):
        parts.append(" · ".join(f"`{member.value}`" for member in kind))
    elif fields := msgspec.structs.fields(kind):
        lines = ["| field | type | default |", "|---|---|---|"]
        lines += [f"| `{field.encode_name}` | {_type(field.type)} | {_default(field)} |" for field in fields]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _doc(kind: Any) -> str:
    text = inspect.getdoc(kind) or ""
    return re.sub(r"``(.+?)``", r"`\1`", " ".join(text.split())).replace("|", "\\|")


def _link(kind: Any) -> str:
    return f"[{kind.__name__}](#{kind.__name__.lower()})" if _is_named(kind) else f"`{kind.__name__}`"


def _type(kind: Any) -> str:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return " or ".join("null" if part is types.NoneType else _type(part) for part in args)
    if origin is tuple:
        return f"list of {_type(args[0])}"
    if origin is dict:
        return f"object of {_type(args[1])}"
    if kind is Any:
        return "anything"
    if kind is bytes:
        return "`base64`"
    return _link(kind)


def _default(field: Any) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, msgspec.Struct):
        return "all defaults"
    return f"`{msgspec.json.encode(value).decode()}`"

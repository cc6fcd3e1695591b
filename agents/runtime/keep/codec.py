"""JSON as the keeper needs it: the C scanner, and an encoder that loads nothing.

The json package loads re and enum, which costs a keeper more than all else it imports.
"""

from __future__ import annotations

import _json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Scanner:
    """What the C scanner asks a JSON decoder for."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def decode(data: bytes) -> dict[str, Any]:
    """Return the JSON object in ``data``. Raises ValueError."""
    try:
        value: object = _json.make_scanner(Scanner)(data.decode("utf-8").strip(), 0)[0]  # type: ignore[arg-type]
    except StopIteration:
        raise ValueError("not JSON") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  bad input, not a bad call
    return value


def encode(value: object) -> str:
    """Return ``value`` (None, bool, int, float, str, list, tuple, dict) as JSON."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _json.encode_basestring_ascii(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{encode(key)}:{encode(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(encode, value)) + "]"
    return repr(value)

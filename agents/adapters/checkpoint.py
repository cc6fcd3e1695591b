"""The saved state of an adapter, read back: one refusal for all families when it is not theirs.

Values only; what the state means is the family's.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec


class Versioned(Protocol):
    """A state that says which version of its adapter wrote it."""

    version: int


S = TypeVar("S", bound=Versioned)


def read(saved: bytes, kind: type[S], version: int) -> S:
    """Return the state ``saved`` holds. Raises ValueError when it is no such state, or one of another version."""
    try:
        state = msgspec.json.decode(saved, type=kind)
    except msgspec.DecodeError as error:
        raise ValueError(f"no state of this adapter: {error}") from error
    if state.version != version:
        raise ValueError(f"state of version {state.version}, this is {version}")
    return state

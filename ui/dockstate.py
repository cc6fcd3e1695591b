"""The dock manager's saved state as text: what can be said of it without the manager."""

from __future__ import annotations

import base64
import binascii
import re

from PySide6.QtCore import QXmlStreamReader

from agents.model import AgentId

_ROOT = "QtAdvancedDockingSystem"


def agents_in(state: str) -> frozenset[AgentId]:
    """Return the agents a state has a place for."""
    names = re.findall(rb'Name="agent:([^"]+)"', decoded(state))
    return frozenset(name.decode("utf-8", "replace") for name in names)


def decoded(state: str) -> bytes:
    """Return the bytes behind base64, none when it is not base64."""
    try:
        return base64.b64decode(state, validate=True)
    except (binascii.Error, ValueError):
        return b""


def is_state(raw: bytes) -> bool:
    """Tell whether this can be a state: the manager itself complains on stderr about what is not even XML."""
    reader = QXmlStreamReader(raw.decode("utf-8", "replace"))
    is_ours = reader.readNextStartElement() and reader.name() == _ROOT
    while is_ours and not reader.atEnd():
        reader.readNext()
    return is_ours and not reader.hasError()

"""What the steps of the handshake share: what they depend on, and what a step is. Values only."""

from __future__ import annotations

from typing import Any

import msgspec

from agents.adapters.acp.state import State
from agents.model import Mark, Stream
from agents.spec import Kind, Spec


class Context(msgspec.Struct, frozen=True):
    """What a step of the handshake depends on. ``mark`` is the stimulus being folded."""

    state: State
    kind: Kind
    spec: Spec
    mark: Mark = Mark(0, Stream.CTL, 0, 0, 0.0, 0.0)


class Step(msgspec.Struct, frozen=True):
    """One request of the handshake; ``setting`` is mode or model while configuring."""

    method: str
    params: dict[str, Any]
    setting: str = ""

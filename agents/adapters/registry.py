"""The families of adapters, handed out by a function so that nothing is looked up in a global."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from agents.adapters.contract import Adapter, Factory
from agents.spec import Kind, Spec


class Family(Factory, Protocol):
    """An adapter class: makes fresh adapters and rebuilds saved ones."""

    VERSION: int

    def load(self, kind: Kind, spec: Spec, state: bytes) -> Adapter:
        """Rebuild an adapter from ``dump``. Raises ValueError when the bytes are not of this VERSION."""


def families() -> Mapping[str, Family]:
    """Return the adapter class of every family. Only the daemon calls this: it imports ``acp``."""
    # Heavy (acp and pydantic: 0.45 s, 30 MB), so that kinds can be read without it.
    from agents.adapters.acp.adapter import AcpAdapter  # noqa: PLC0415
    from agents.adapters.claude.adapter import ClaudeAdapter  # noqa: PLC0415
    from agents.adapters.codex.adapter import CodexAdapter  # noqa: PLC0415
    from agents.adapters.terminal.adapter import TerminalAdapter  # noqa: PLC0415

    return {"acp": AcpAdapter, "claude": ClaudeAdapter, "codex": CodexAdapter, "terminal": TerminalAdapter}

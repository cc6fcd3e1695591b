"""Where the daemon keeps things, as plain values handed in by the composition root.

Computes no path from the environment: that is ``app.paths``.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from agents.model import AgentId


class Places(msgspec.Struct, frozen=True):
    """Directories of one home; all 0700 and ours (``app.paths`` checks that before anything is written)."""

    state: Path  # agents/, trash/, index.sqlite, daemon.log
    sockets: Path  # daemon.sock and one keeper socket per agent; short enough for sun_path
    keepers: Path  # copies of keeper.py named by hash
    leases: Path  # shared by all homes of this user
    kinds: tuple[Path, ...]  # folders of kind files, later ones override earlier ones

    @property
    def daemon_socket(self) -> Path:
        """Return the daemon's socket."""
        return self.sockets / "daemon.sock"

    @property
    def daemon_lock(self) -> Path:
        """Return the file whose lock makes the daemon the only one of this home."""
        return self.state / "daemon.lock"

    @property
    def index(self) -> Path:
        """Return the search index (deletable at any time)."""
        return self.state / "index.sqlite"

    @property
    def rules(self) -> Path:
        """Return the file of the standing answers to permissions."""
        return self.state / "rules.jsonl"

    def agent(self, agent: AgentId) -> Path:
        """Return the directory of one agent."""
        return self.state / "agents" / agent

    def keeper_socket(self, agent: AgentId) -> Path:
        """Return the socket of an agent's keeper."""
        return self.sockets / f"{agent}.sock"

"""What the daemon tells its clients unasked: numbered events and the snapshot they continue.

Values only; imports only ``agents.model``. ``docs/reference/wire.md`` is derived from ``Event``.
"""

from __future__ import annotations

import msgspec

from agents.model import AgentId, AgentRow, Block
from agents.spec import KindInfo

#: Events kept for clients that reconnect.
EVENT_HISTORY = 10_000


class AgentAdded(msgspec.Struct, frozen=True, tag="agent_added"):
    """A new agent is in the fleet."""

    row: AgentRow


class AgentChanged(msgspec.Struct, frozen=True, tag="agent_changed"):
    """The whole new row of an agent (coalesced, a few milliseconds)."""

    row: AgentRow


class AgentRemoved(msgspec.Struct, frozen=True, tag="agent_removed"):
    """The agent left the fleet (``rm``)."""

    id: AgentId


class BlocksChanged(msgspec.Struct, frozen=True, tag="blocks_changed"):
    """New or revised transcript blocks; only for agents the client watches."""

    agent: AgentId
    blocks: tuple[Block, ...]


class LogGrew(msgspec.Struct, frozen=True, tag="log_grew"):
    """Sizes in bytes of the raw logs; only for agents the client watches, at most 10 a second, more while one types.

    ``rows`` and ``cols`` are the size of its terminal in cells as of ``out``; 0 where it has none.
    """

    agent: AgentId
    out: int
    err: int
    rows: int = 0
    cols: int = 0


class Noticed(msgspec.Struct, frozen=True, tag="noticed"):
    """Something the user should be able to read later: level info, warning or error."""

    level: str
    text: str
    at: float
    agent: AgentId | None = None


Event = AgentAdded | AgentChanged | AgentRemoved | BlocksChanged | LogGrew | Noticed


class NumberedEvent(msgspec.Struct, frozen=True):
    """An event with its place in the one sequence; gaps are events this client does not watch."""

    seq: int
    event: Event


class Snapshot(msgspec.Struct, frozen=True):
    """Fleet facts and open requests at ``seq``; no transcripts."""

    seq: int
    agents: tuple[AgentRow, ...]
    notices: tuple[Noticed, ...] = ()
    kinds: tuple[KindInfo, ...] = ()

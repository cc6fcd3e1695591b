"""Terminals of agents, apart from what their programs mean by them: where a view of one begins.

Reads the replica; writes nothing to any program.
"""

from __future__ import annotations

import msgspec

from agents.jsonrpc import ErrorCode, RpcError
from agents.supervisor.unit import Unit
from agents.wire import TerminalState


def open_view(unit: Unit) -> TerminalState:
    """Return what a view begins with; of a terminal nobody reads any more its size alone. Raises RpcError."""
    if not unit.shapes.at(unit.made.incarnation).spec.pty:
        text = f"{unit.name} has no terminal: read what it says with `quarterdeck log {unit.id}`"
        raise RpcError(ErrorCode.NOT_POSSIBLE, text)
    if unit.catching_up:
        text = f"{unit.name} is catching up with its log; try again in a moment"
        raise RpcError(ErrorCode.NOT_POSSIBLE, text)
    vitals = unit.replica.vitals
    found = None
    with unit.firewall("reading its screen"):
        found = unit.adapter and unit.adapter.terminal(vitals.out_size)
    rows, cols = unit.cells
    begun = found or TerminalState(vitals.out_size, rows or unit.spec.rows, cols or unit.spec.cols)
    return msgspec.structs.replace(begun, offset=max(begun.offset, vitals.began_at), began=vitals.began_at)

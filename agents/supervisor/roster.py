"""The agents of one home: found by name or process, listed, ordered by urgency, named and noted.

Starts and ends nothing (``agents.supervisor.fleet`` does).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from agents import wire
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import AgentId, AgentRow
from agents.spec import Spec
from agents.supervisor import decisions, names
from agents.supervisor.life import Life
from agents.supervisor.services import Clock
from agents.supervisor.unit import Unit


class Roster:
    """Owns the table of who there is, in creation order; filled and emptied by the supervisor."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lives: dict[AgentId, Life] = {}

    def add(self, life: Life) -> None:
        """Take in an agent."""
        self._lives[life.unit.id] = life

    def drop(self, agent: AgentId) -> None:
        """Forget an agent."""
        del self._lives[agent]

    def lives(self) -> tuple[Life, ...]:
        """Return all agents as of now."""
        return tuple(self._lives.values())

    def units(self) -> Iterator[Unit]:
        """Yield all agents without what runs them."""
        return (life.unit for life in self.lives())

    # -- reading

    def rows(self) -> tuple[AgentRow, ...]:
        """Return all rows in creation order."""
        return tuple(unit.row() for unit in self.units())

    def agents(self) -> tuple[AgentRow, ...]:
        """Return the rows of agents alone, without the terminals beside them."""
        return tuple(row for row in self.rows() if row.terminal_of is None)

    def specs(self) -> tuple[Spec, ...]:
        """Return what was asked for of each, in creation order."""
        return tuple(unit.spec for unit in self.units())

    def row(self, agent: AgentId) -> AgentRow | None:
        """Return one row, ``None`` when there is no such agent (any more)."""
        life = self._lives.get(agent)
        return None if life is None else life.unit.row()

    def vendors(self) -> dict[str, str]:
        """Return whose login each kind in use runs on."""
        return {unit.kind.name: unit.kind.sessions or unit.kind.name for unit in self.units()}

    def triage(self) -> list[AgentRow]:
        """Return who needs the user, most urgent first, oldest first inside a rank."""
        now = self._clock.wall()
        waiting = [
            row
            for row in self.rows()
            if row.rank is not None and not row.archived and (row.snoozed_until is None or row.snoozed_until <= now)
        ]
        return sorted(waiting, key=lambda row: (row.rank or 0, row.since, row.id))

    def get(self, agent: AgentId) -> Life | None:
        """Return the agent with exactly this id."""
        return self._lives.get(agent)

    def resolve(self, ref: str) -> Unit:
        """Return the agent meant by an id, a name or a unique beginning of an id. Raises RpcError."""
        return self.life(ref).unit

    def life(self, ref: str) -> Life:
        """Return the life of the agent meant, like ``resolve``. Raises RpcError."""
        exact = self._lives.get(ref)
        if exact is not None:
            return exact
        found = [life for life in self._lives.values() if life.unit.name == ref]
        found = found or [life for agent, life in self._lives.items() if ref and agent.startswith(ref)]
        if len(found) == 1:
            return found[0]
        if found:
            matches = [{"id": life.unit.id, "name": life.unit.name} for life in found]
            listed = ", ".join(f"{life.unit.id} ({life.unit.name})" for life in found)
            raise RpcError(ErrorCode.AMBIGUOUS, f"“{ref}” may be any of {listed}", {"matches": matches})
        raise RpcError(ErrorCode.NOT_FOUND, f"there is no agent “{ref}”; `quarterdeck ls` lists them")

    # -- who is who among processes (agents.server.peer)

    def owners(self) -> Mapping[int, AgentId]:
        """Return the agent of every keeper's and agent's own process id."""
        return {pid: agent for agent, life in self._lives.items() for pid in life.hold.pids()}

    def nonces(self) -> Mapping[str, AgentId]:
        """Return the agent of every ``QUARTERDECK_AGENT`` value in use."""
        return {f"{unit.id}:{unit.made.nonce}": unit.id for unit in self.units()}

    def ended_nonces(self) -> Mapping[str, AgentId]:
        """Return the nonce of every agent that has ended: no process should carry one of these."""
        return {unit.made.nonce: unit.id for unit in self.units() if not unit.is_live and unit.made.nonce}

    def grants(self, agent: AgentId) -> Collection[str]:
        """Return the methods an agent's spec allows it beyond its role."""
        return self._lives[agent].unit.spec.grants

    # -- names and notes

    def rename(self, ref: str, name: str) -> None:
        """Give an agent another name. Raises RpcError when it cannot have that."""
        unit = self.resolve(ref)
        problem = names.check(name)
        if problem is None and any(other.name == name for other in self.units() if other is not unit):
            problem = f"the name {name} is taken"
        if problem is not None:
            raise RpcError(ErrorCode.INVALID_PARAMS, problem)
        unit.record(decisions.named(self._clock.wall(), name))
        unit.changed()

    def annotate(self, params: wire.Annotate) -> None:
        """Set note, labels, team, slot or archived; a slot is taken away from who had it. Raises RpcError."""
        unit = self.resolve(params.id)
        given = {"note": params.note, "labels": params.labels, "team": params.team, "archived": params.archived}
        changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        if params.slot is not None:
            if params.slot not in (0, *names.SLOTS):
                raise RpcError(
                    ErrorCode.INVALID_PARAMS, f"agent.annotate: slot is 1 to 9, or 0 for none, not {params.slot}"
                )
            self._free_slot(params.slot, unit)
            changes["slot"] = params.slot
        if changes:
            unit.record(decisions.annotated(self._clock.wall(), changes))
            unit.changed()

    def _free_slot(self, slot: int, taker: Unit) -> None:
        for unit in self.units():
            if slot and unit is not taker and unit.row().slot == slot:
                unit.record(decisions.annotated(self._clock.wall(), {"slot": 0}))
                unit.changed()

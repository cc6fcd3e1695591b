"""What each method of the wire does, in terms of the supervisor; decodes nothing and knows no socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from agents import wire
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import AgentId, Headline, Rule
from agents.server.connection import Connection
from agents.status import incidents
from agents.supervisor import looking, onscreen, orders, ruling, terminals
from agents.supervisor.fleet import Supervisor


class Control(Protocol):
    """The daemon's own process, as far as clients may ask about it."""

    def status(self, clients: int) -> wire.DaemonStatus:
        """Return facts about the daemon."""

    async def doctor(self, clients: int) -> wire.DoctorFacts:
        """Return leftovers, sizes and problems."""

    async def stop(self, *, agents: bool) -> str:
        """Begin to stop the daemon, the agents first if asked; return a sentence."""

    async def hand_over(self, argv: tuple[str, ...]) -> str:
        """Begin to replace the program by ``argv``. Raises RpcError when that cannot work."""


class Context(Protocol):
    """What a method may use."""

    supervisor: Supervisor
    control: Control

    @property
    def clients(self) -> int:
        """Return how many clients are connected."""

    def greet(self, connection: Connection, params: wire.Hello) -> wire.Welcome:
        """Introduce a client."""

    def watch(self, connection: Connection, agents: frozenset[AgentId]) -> None:
        """Set which agents' transcripts and logs a client follows."""


Handler = Callable[[Context, Connection, Any], Awaitable[Any]]


async def _hello(context: Context, connection: Connection, params: wire.Hello) -> wire.Welcome:
    return context.greet(connection, params)


# ---------------------------------------------------------------- the daemon


async def _daemon_status(context: Context, _c: Connection, _p: wire.NoParams) -> wire.DaemonStatus:
    return context.control.status(context.clients)


async def _daemon_stop(context: Context, _c: Connection, params: wire.StopDaemon) -> wire.Done:
    return wire.Done(await context.control.stop(agents=params.agents))


async def _daemon_handover(context: Context, _c: Connection, params: wire.HandOver) -> wire.Done:
    return wire.Done(await context.control.hand_over(params.argv))


async def _daemon_doctor(context: Context, _c: Connection, _p: wire.NoParams) -> wire.DoctorFacts:
    return await context.control.doctor(context.clients)


async def _kind_list(context: Context, _c: Connection, _p: wire.NoParams) -> wire.Kinds:
    return context.supervisor.kinds()


async def _index_rebuild(context: Context, _c: Connection, _p: wire.NoParams) -> wire.Rebuilt:
    return await context.supervisor.reindex()


# ---------------------------------------------------------------- the fleet


async def _run(context: Context, _c: Connection, params: wire.Run) -> wire.Started:
    return await context.supervisor.run_agent(params)


async def _list(context: Context, _c: Connection, params: wire.ListAgents) -> wire.Listing:
    roster = context.supervisor.roster
    return wire.Listing(roster.rows() if params.terminals else roster.agents())


async def _show(context: Context, _c: Connection, params: wire.AgentRef) -> wire.Shown:
    unit = context.supervisor.roster.resolve(params.id)
    return wire.Shown(unit.row(), unit.spec, str(unit.directory.path), unit.made.session_file)


async def _explain(context: Context, _c: Connection, params: wire.AgentRef) -> wire.Explained:
    unit = context.supervisor.roster.resolve(params.id)
    await looking.glance(unit)
    return msgspec.structs.replace(unit.explain(), rules=ruling.explain(unit))


async def _next(context: Context, _c: Connection, params: wire.Next) -> wire.NextEntry:
    roster = context.supervisor.roster
    waiting, vendors = roster.triage(), roster.vendors()
    queue, befell = incidents.heads(waiting, vendors), incidents.incidents(waiting, vendors)
    row = next((row for row in queue if row.id not in params.after), None)
    parked = tuple(i for i in incidents.incidents(roster.agents(), vendors) if i.state is Headline.PARKED)
    return wire.NextEntry(row, len(queue), None if row is None else incidents.of(row.id, befell), parked)


async def _resume(context: Context, _c: Connection, params: wire.AgentRef) -> wire.Started:
    return await context.supervisor.resuming.one(params.id)


async def _restart(context: Context, _c: Connection, params: wire.AgentRef) -> wire.Started:
    return await context.supervisor.resuming.restart(params.id)


async def _resume_all(context: Context, _c: Connection, _p: wire.NoParams) -> wire.Resumed:
    return await context.supervisor.resuming.all()


async def _remove(context: Context, _c: Connection, params: wire.Remove) -> wire.Done:
    return wire.Done(await context.supervisor.remove(params.id, force=params.force))


async def _rename(context: Context, _c: Connection, params: wire.Rename) -> wire.Done:
    context.supervisor.roster.rename(params.id, params.name)
    return wire.Done()


async def _annotate(context: Context, _c: Connection, params: wire.Annotate) -> wire.Done:
    context.supervisor.roster.annotate(params)
    return wire.Done()


# ---------------------------------------------------------------- one agent


async def _send(context: Context, _c: Connection, params: wire.Send) -> wire.Sent:
    unit = context.supervisor.roster.resolve(params.id)
    await orders.caught_up(unit)
    sent = orders.steer(unit, params.text) if params.steer else orders.send(unit, params.text)
    await orders.kept(unit)
    return sent


async def _edit_queued(context: Context, _c: Connection, params: wire.EditQueued) -> wire.Done:
    unit = context.supervisor.roster.resolve(params.id)
    turn = orders.edit_queued(unit, params.turn, params.text)
    await orders.kept(unit)
    return wire.Done("" if turn == params.turn else f"it will be turn {turn}")


async def _wait(context: Context, _c: Connection, params: wire.Wait) -> wire.Waited:
    return await orders.wait(context.supervisor.roster.resolve(params.id), params)


async def _answer(context: Context, connection: Connection, params: wire.AnswerRequest) -> wire.Answered:
    by = params.by or connection.client or "a client"
    unit = context.supervisor.roster.resolve(params.id)
    await orders.caught_up(unit)
    await onscreen.drawn(unit)
    answered = orders.answer(unit, params, by)
    await orders.kept(unit)
    return answered


async def _interrupt(context: Context, _c: Connection, params: wire.AgentRef) -> wire.Done:
    unit = context.supervisor.roster.resolve(params.id)
    await orders.caught_up(unit)
    return wire.Done(orders.interrupt(unit))


async def _stop(context: Context, _c: Connection, params: wire.AgentRef) -> wire.Done:
    return wire.Done(await orders.end(context.supervisor.roster.resolve(params.id), "stop"))


async def _kill(context: Context, _c: Connection, params: wire.AgentRef) -> wire.Done:
    return wire.Done(await orders.end(context.supervisor.roster.resolve(params.id), "kill"))


async def _seen(context: Context, _c: Connection, params: wire.AgentRef) -> wire.Done:
    orders.see(context.supervisor.roster.resolve(params.id))
    return wire.Done()


async def _snooze(context: Context, _c: Connection, params: wire.Snooze) -> wire.Done:
    orders.snooze(context.supervisor.roster.resolve(params.id), params.seconds)
    return wire.Done()


async def _set_mode(context: Context, _c: Connection, params: wire.SetMode) -> wire.Done:
    orders.set_mode(context.supervisor.roster.resolve(params.id), params.mode)
    return wire.Done()


async def _set_model(context: Context, _c: Connection, params: wire.SetModel) -> wire.Done:
    orders.set_model(context.supervisor.roster.resolve(params.id), params.model)
    return wire.Done()


async def _fork(context: Context, _c: Connection, params: wire.Fork) -> wire.Started:
    return await context.supervisor.fork(params)


async def _switch(context: Context, _c: Connection, params: wire.Switch) -> wire.Started:
    return await context.supervisor.switch(params)


async def _session_list(context: Context, _c: Connection, params: wire.ListSessions) -> wire.FoundSessions:
    return await context.supervisor.sessions(params)


async def _session_adopt(context: Context, _c: Connection, params: wire.AdoptSession) -> wire.Started:
    return await context.supervisor.adopt(params)


async def _input(context: Context, _c: Connection, params: wire.Input) -> wire.Done:
    orders.type_in(context.supervisor.roster.resolve(params.id), params.data)
    return wire.Done()


async def _resize(context: Context, _c: Connection, params: wire.Resize) -> wire.Done:
    orders.resize(context.supervisor.roster.resolve(params.id), params.rows, params.cols)
    return wire.Done()


async def _terminal_open(context: Context, _c: Connection, params: wire.AgentRef) -> wire.TerminalState:
    unit = context.supervisor.roster.resolve(params.id)
    await orders.caught_up(unit)
    return terminals.open_view(unit)


async def _hook(context: Context, connection: Connection, params: wire.Hook) -> wire.Done:
    agent = connection.peer.agent
    if agent is None:
        raise RpcError(ErrorCode.REFUSED, "a hook is reported by a process of an agent, about that agent")
    orders.hook(context.supervisor.roster.resolve(agent), params.event, params.payload)
    return wire.Done()


# ---------------------------------------------------------------- bodies


async def _rule_list(context: Context, _c: Connection, _p: wire.NoParams) -> wire.Rules:
    book = context.supervisor.rules
    return wire.Rules(book.rules, book.removed, book.problems)


async def _rule_add(context: Context, _c: Connection, params: wire.AddRule) -> Rule:
    added = context.supervisor.rules.add(params.rule)
    context.supervisor.rules_changed()
    return added


async def _rule_remove(context: Context, _c: Connection, params: wire.RemoveRule) -> Rule:
    removed = context.supervisor.rules.remove(params.id, undo=params.undo)
    context.supervisor.rules_changed()
    return removed


async def _pane_watch(context: Context, connection: Connection, params: wire.Watch) -> wire.Done:
    context.watch(connection, frozenset(params.agents))
    return wire.Done()


async def _log_read(context: Context, _c: Connection, params: wire.ReadLog) -> wire.LogBytes:
    unit = context.supervisor.roster.resolve(params.id)
    return await asyncio.to_thread(orders.read_log, unit, params)


async def _transcript_page(context: Context, _c: Connection, params: wire.PageTranscript) -> wire.Page:
    return orders.page(context.supervisor.roster.resolve(params.id), params.before, params.n)


#: The handler of every method of ``wire.METHODS``; a test holds the two equal.
HANDLERS: dict[str, Handler] = {
    "hello": _hello,
    "daemon.status": _daemon_status,
    "daemon.stop": _daemon_stop,
    "daemon.handover": _daemon_handover,
    "daemon.doctor": _daemon_doctor,
    "kind.list": _kind_list,
    "agent.run": _run,
    "agent.list": _list,
    "agent.show": _show,
    "agent.explain": _explain,
    "agent.next": _next,
    "agent.send": _send,
    "agent.edit_queued": _edit_queued,
    "agent.wait": _wait,
    "agent.answer": _answer,
    "agent.interrupt": _interrupt,
    "agent.stop": _stop,
    "agent.kill": _kill,
    "agent.resume": _resume,
    "agent.restart": _restart,
    "agent.resume_all": _resume_all,
    "agent.remove": _remove,
    "agent.rename": _rename,
    "agent.annotate": _annotate,
    "agent.seen": _seen,
    "agent.snooze": _snooze,
    "agent.set_mode": _set_mode,
    "agent.set_model": _set_model,
    "agent.fork": _fork,
    "agent.switch": _switch,
    "session.list": _session_list,
    "session.adopt": _session_adopt,
    "agent.input": _input,
    "agent.resize": _resize,
    "terminal.open": _terminal_open,
    "agent.hook": _hook,
    "rule.list": _rule_list,
    "rule.add": _rule_add,
    "rule.remove": _rule_remove,
    "pane.watch": _pane_watch,
    "log.read": _log_read,
    "transcript.page": _transcript_page,
    "index.rebuild": _index_rebuild,
}

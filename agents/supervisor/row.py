"""The row of one agent from everything that is known about it: pure, and the only place rows are made."""

from __future__ import annotations

import msgspec

from agents.model import (
    LIVE,
    AgentRow,
    Blocked,
    Capability,
    Delivery,
    Headline,
    Health,
    Lifecycle,
    Request,
    Trouble,
    Turn,
    TurnDelivery,
)
from agents.spec import Kind, Spec
from agents.status import words
from agents.status.asked import subject
from agents.status.headline import Axes, headline
from agents.status.recovery import Cut, assess
from agents.status.reduce import Verdict
from agents.supervisor.conversation import Conversation
from agents.supervisor.decisions import Decisions
from agents.supervisor.vitals import Vitals

_WANTED = {"stop": "stopping", "kill": "killing"}


class Parts(msgspec.Struct):
    """What a row is made of; gathered by the unit at the moment of building."""

    spec: Spec
    kind: Kind
    decisions: Decisions
    vitals: Vitals
    conversation: Conversation
    verdict: Verdict
    requests: tuple[Request, ...] = ()
    capabilities: frozenset[Capability] = frozenset()
    health: Health = Health.OK
    trouble: Trouble | None = None  # what the agent itself said is wrong around it
    health_since: float = 0.0
    background: int = 0
    branch: str | None = None
    has_directory: bool = True
    blocks: int = 0
    catching_up: bool = False
    is_answered: bool = False  # all it asked was decided; the answers are on their way
    is_starting: bool = False  # the process is there, its protocol is not yet
    broken: str = ""  # why nothing it says is understood any more
    undrawn: str = ""  # why its screen is not drawn
    disk: str = ""  # why something of it cannot be written


def build(parts: Parts) -> AgentRow:
    """Return the row."""
    spec, made, vitals, talk = parts.spec, parts.decisions, parts.vitals, parts.conversation
    lifecycle, reason = _lifecycle(parts)
    turn, blocked = _turn(parts)
    unread = talk.unread(made.seen_seq)
    asks = subject(parts.requests[0]) if parts.requests else parts.verdict.detail if turn is Turn.BLOCKED else ""
    # A terminal beside an agent asks for nobody, and there is nothing in it to be continued.
    is_beside = spec.terminal_of is not None
    is_unknown = parts.catching_up or bool(parts.broken) or is_beside
    recovery, recovery_note = (None, "") if is_unknown else assess(_cut(parts))
    state, said, rank = headline(
        Axes(
            lifecycle=lifecycle,
            turn=turn,
            blocked=blocked,
            health=parts.health,
            unread=unread,
            exit_code=vitals.exit_code,
            exit_signal=vitals.exit_signal,
            reason=reason,
            detail=parts.verdict.detail or talk.detail or talk.failure,
            cause=_cause_words(parts),
            disk=parts.disk,
            asks=asks,
            empty=talk.empty,
            stop_wanted=bool(made.want),
        )
    )
    return AgentRow(
        id=spec.id,
        name=made.name or spec.name,
        kind=spec.kind,
        family=spec.family,
        project=spec.project,
        branch=parts.branch,
        cwd=spec.cwd,
        lifecycle=lifecycle,
        exit_code=vitals.exit_code,
        turn=turn,
        blocked=blocked,
        health=parts.health,
        headline=said,
        since=_since(parts, state),
        unread=unread,
        cost=talk.usage.cost,
        team=made.team if made.team is not None else spec.team,
        labels=spec.labels if made.labels is None else made.labels,
        state=state,
        rank=None if is_beside else rank,
        exit_signal=vitals.exit_signal,
        reason=_reason(parts, reason, turn, blocked) or parts.undrawn,
        source=parts.verdict.source,
        activity=_activity(parts) if turn is Turn.WORKING else "",
        until=parts.trouble.until if parts.trouble else None,
        background=parts.background,
        usage=talk.usage,
        note=made.note,
        parent=spec.parent,
        terminal_of=spec.terminal_of,
        slot=made.slot if made.slot_set else spec.slot,
        worktree=spec.worktree,
        mode=talk.mode or spec.mode,
        modes=talk.modes,
        model=talk.model or spec.model,
        models=talk.models,
        commands=talk.commands,
        capabilities=_capabilities(parts),
        requests=parts.requests,
        queue=made.waiting,
        turn_number=talk.started,
        plan=talk.plan,
        session_id=made.session_id or talk.session_id or spec.session_id,
        pid=vitals.pid if vitals.lifecycle in LIVE else None,
        incarnation=vitals.incarnation,
        created_at=spec.created_at,
        archived=made.archived,
        demo=spec.demo,
        catching_up=parts.catching_up,
        snoozed_until=made.snoozed_until if made.snoozed_state == state.value else None,
        out_size=vitals.out_size,
        err_size=vitals.err_size,
        blocks=parts.blocks,
        recovery=recovery,
        recovery_note=recovery_note,
        cause=parts.trouble.cause if parts.trouble else talk.cause,
        trouble=parts.trouble,
        delivery=_delivery(made, talk),
    )


def _cause_words(parts: Parts) -> str:
    """Return why its last turn failed, in a few words."""
    trouble, cause = parts.trouble, parts.conversation.cause
    if cause is None or trouble is None or trouble.cause is not cause:
        return words.failed(cause, None, 0.0)
    return words.failed(cause, trouble.until, trouble.since)


def _activity(parts: Parts) -> str:
    """Return what it does: trying again while it does nothing else, else its tool or its plan."""
    trouble = parts.trouble
    if trouble is not None and trouble.retrying:
        return words.trying(trouble)
    return parts.conversation.activity or parts.verdict.detail


def _delivery(made: Decisions, talk: Conversation) -> TurnDelivery | None:
    """Return how far the newest message that left the queue got."""
    turn = max(made.delivered, talk.started)
    if not turn:
        return None
    if any(prompt.turn == turn and prompt.state == Delivery.UNDELIVERED for prompt in made.waiting):
        return TurnDelivery(turn, Delivery.UNDELIVERED)  # its bytes were written, and the program did not take them
    state = Delivery.STARTED if talk.begun >= turn else Delivery.SUBMITTED if talk.taken >= turn else Delivery.DELIVERED
    return TurnDelivery(turn, state)


def can_resume(kind: Kind, capabilities: frozenset[Capability]) -> bool:
    """Tell whether a new process can go on where an ended one was."""
    return kind.resume and Capability.RESUME in capabilities


def _cut(parts: Parts) -> Cut:
    made, vitals, talk = parts.decisions, parts.vitals, parts.conversation
    waiting = [key for key in talk.asking if key not in made.given]
    return Cut(
        lifecycle=vitals.lifecycle,
        exit_signal=vitals.exit_signal,
        is_end_wanted=bool(made.want),
        is_archived=made.archived,
        by_keeper=vitals.by_keeper,
        has_begun=made.incarnation > 0,
        can_resume=made.incarnation == 0 or can_resume(parts.kind, parts.capabilities),
        directory="" if parts.has_directory else parts.spec.cwd,
        in_turn=talk.started > talk.ended or talk.is_typed or parts.verdict.turn is Turn.ERROR,
        asked=talk.asking[waiting[0]] if waiting else talk.cut_off,
        failure=f"{talk.failure} {talk.hint}".strip(),
    )


def _lifecycle(parts: Parts) -> tuple[Lifecycle, str]:
    vitals, want = parts.vitals, parts.decisions.want
    if parts.broken:
        alive = f"; its process {vitals.pid} goes on" if vitals.lifecycle in LIVE and vitals.pid else ""
        return Lifecycle.FAILED, f"{parts.broken}{alive}"
    if vitals.lifecycle is Lifecycle.RUNNING and want:
        return Lifecycle.STOPPING, _WANTED[want]
    if vitals.lifecycle is Lifecycle.RUNNING and parts.is_starting:
        return Lifecycle.STARTING, ""
    return vitals.lifecycle, vitals.reason


def _turn(parts: Parts) -> tuple[Turn, Blocked | None]:
    """Return the turn; a process that is gone works at nothing, and waits for nobody."""
    verdict = parts.verdict
    if verdict.turn is Turn.BLOCKED and parts.is_answered:
        return Turn.WORKING, None
    if parts.vitals.lifecycle in LIVE or verdict.turn in (Turn.DONE, Turn.ERROR):
        return verdict.turn, verdict.blocked
    return Turn.UNKNOWN, None


def _reason(parts: Parts, reason: str, turn: Turn, blocked: Blocked | None) -> str:
    talk = parts.conversation
    if reason:
        return reason
    if talk.failure:
        return f"{talk.failure} {talk.hint}".strip()
    has_why = turn is Turn.ERROR or (turn is Turn.BLOCKED and blocked is Blocked.AUTH)
    return (parts.verdict.detail or talk.detail) if has_why else ""


def _capabilities(parts: Parts) -> tuple[Capability, ...]:
    found = parts.capabilities
    if parts.vitals.lifecycle not in LIVE or parts.broken:
        found = found & {Capability.RESUME, Capability.TRANSCRIPT, Capability.TERMINAL}
    return tuple(sorted(found))


_BY_PROCESS = frozenset({Headline.STARTING, Headline.STOPPING, Headline.QUEUED, Headline.EXITED})
_BY_HEALTH = frozenset({Headline.SILENT, Headline.PARKED, Headline.OVERLOADED})


def _since(parts: Parts, state: Headline) -> float:
    """Return when the fact behind the headline became true, epoch seconds: the same after every replay."""
    chosen, process = parts.verdict.chosen, parts.vitals.changed_at or parts.spec.created_at
    if state in _BY_PROCESS or (state is Headline.FAILED and parts.vitals.lifecycle not in LIVE):
        return process
    if state in _BY_HEALTH:
        return parts.health_since or process
    return chosen.wall if chosen is not None else process

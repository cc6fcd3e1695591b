"""What ``--json`` prints where that is no struct of the wire; ``docs/reference/json.md`` is generated from these."""

from __future__ import annotations

import msgspec

from agents.model import AgentId, AgentRow, Cause, Delivery, RequestKey, Rule, Stream
from agents.recording.change import Change


class Ran(msgspec.Struct, frozen=True):
    """``run``: the new agent; ``pid`` is ``null`` when its program could not be started.

    With ``--wait``, ``reached`` says how that ended (done, exited, failed, or timeout) and ``exit_code`` is the
    program's; of a turn, ``message`` is the last thing it said, ``error`` why it failed and ``cause`` that in one word.
    """

    id: AgentId
    name: str
    pid: int | None
    turn: int | None = None
    reached: str | None = None
    exit_code: int | None = None
    message: str | None = None
    error: str | None = None
    cause: Cause | None = None


class Choice(msgspec.Struct, frozen=True):
    """A model or a mode an agent announced."""

    id: str
    name: str
    description: str = ""


class Choices(msgspec.Struct, frozen=True):
    """``model`` and ``mode``: the present one, and those the agent announced."""

    id: AgentId
    present: str | None
    known: tuple[Choice, ...]


class AnswerTo(msgspec.Struct, frozen=True):
    """One request answered together with others; ``problem`` says why it was not."""

    id: AgentId
    name: str
    request: RequestKey | None
    title: str
    outcome: str | None
    problem: str = ""


class Answers(msgspec.Struct, frozen=True):
    """``allow`` and ``deny`` for several: one entry per request."""

    agents: tuple[AnswerTo, ...]


class Compared(msgspec.Struct, frozen=True):
    """``compare``: its number, who was started, and which kinds could not be."""

    number: int
    agents: tuple[Ran, ...]
    problems: tuple[str, ...] = ()


class RuleChange(msgspec.Struct, frozen=True):
    """``rule add`` and ``rule rm``: the rule, and what was done: added, removed or restored."""

    done: str
    rule: Rule


class SentTo(msgspec.Struct, frozen=True):
    """``send``: the turn the message will be, and how far it got; ``turn`` is ``null`` when it was refused.

    ``delivery`` is queued (it waits for its turn), sent (nobody looked further), delivered (a program without turns),
    submitted (the program itself showed that it took it) or undelivered. ``is_late``: not taken within the time given.
    """

    id: AgentId
    name: str
    turn: int | None
    queued: bool | None
    delivery: Delivery
    reason: str = ""
    is_late: bool = False


class Deliveries(msgspec.Struct, frozen=True):
    """``send`` to several: one entry per agent, in their order."""

    agents: tuple[SentTo, ...]


class ShownAgent(AgentRow, frozen=True):
    """``show``: the row as in ``ls``, then the command, the directory that holds the agent's files, and its session's.

    ``session_file`` is the vendor's file as a hook named it, empty when none did.
    """

    argv: tuple[str, ...] = ()
    directory: str = ""
    session_file: str = ""


class LogMark(msgspec.Struct, frozen=True):
    """``log --json``: one recorded stimulus; ``text`` when its bytes are UTF-8, else ``base64``.

    ``seq`` counts all stimuli of the agent, ``offset`` and ``length`` are bytes of the stream, ``wall`` is epoch
    seconds. Stream ``ctl`` holds the keeper's own JSON records.
    """

    seq: int
    stream: Stream
    offset: int
    length: int
    wall: float
    text: str | None
    base64: str | None


class Check(msgspec.Struct, frozen=True):
    """One thing ``doctor`` looked at; ``state`` is ok, note, warning or problem, ``next`` what to do about it."""

    area: str
    name: str
    state: str
    detail: str
    next: str = ""


class Diagnosis(msgspec.Struct, frozen=True):
    """``doctor``: ``ok`` when no check found a problem."""

    ok: bool
    checks: tuple[Check, ...]


class Figure(msgspec.Struct, frozen=True):
    """One measured figure. ``ok`` is ``null`` without a target, ``ratio`` is value by baseline.

    ``detail`` says what the baseline is, how often was measured, and whatever else the number needs to be honest.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    ok: bool | None = None
    baseline: float | None = None
    ratio: float | None = None
    detail: str = ""


class Machine(msgspec.Struct, frozen=True):
    """Where it was measured; ``load`` is how many processes wanted to run over the minute before."""

    system: str
    cpu: str
    cores: int
    memory_mb: int
    python: str
    version: str
    load: float


class Measured(msgspec.Struct, frozen=True):
    """``bench``: the machine and the figures."""

    machine: Machine
    figures: tuple[Figure, ...]


class StatusScore(msgspec.Struct, frozen=True):
    """How right a status was over some recordings; ``null`` where there was nothing to measure.

    Recall and precision are shares of episodes, ``right_share``, ``unknown_share`` and ``open_share`` (more than one
    class is right there) of the ``seconds`` that are labelled, ``needs_you_false`` a count.
    Delays are from a true change until it is said: of all, and of changes to working or needs you (``prompt``) and to
    at rest. What counts as right is in ``docs/reference/status-bench.md``.
    """

    recordings: int
    seconds: float
    needs_you_recall: float | None
    needs_you_precision: float | None
    needs_you_false: int
    idle_recall: float | None
    idle_precision: float | None
    unknown_share: float | None
    delay_p50_ms: float | None
    delay_p99_ms: float | None
    prompt_delay_p99_ms: float | None
    rest_delay_p99_ms: float | None
    right_share: float | None
    open_share: float | None
    needs_you_other_reason: int = 0


class StatusFlaw(msgspec.Struct, frozen=True):
    """One stretch of a recording in which the status was not right; times are seconds since its beginning."""

    recording: str
    begin: float
    end: float
    what: str
    problem: str


class StatusMeasured(Measured, frozen=True):
    """``bench status``: scores of all recordings, by kind, by the strongest source in them, by group; the baselines.

    ``flaws`` are those of the tuned recordings; those of the others are told only with ``--only untuned``.
    """

    total: StatusScore
    by_kind: dict[str, StatusScore]
    by_source: dict[str, StatusScore]
    by_group: dict[str, StatusScore]
    baselines: dict[str, StatusScore]
    flaws: tuple[StatusFlaw, ...] = ()


class StatusChange(Change, frozen=True):
    """``status replay``: what is said from ``t`` on, seconds since the recording began."""


class Bench(msgspec.Struct, frozen=True):
    """``bench --list``: one benchmark there is."""

    name: str
    summary: str


class Demo(msgspec.Struct, frozen=True):
    """``demo --headless``: the scripted fleet after its last step, and the pictures drawn."""

    agents: tuple[AgentRow, ...]
    shots: tuple[str, ...] = ()

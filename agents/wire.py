"""The wire between the daemon and its clients: JSON-RPC 2.0, one message a line, methods and events declared once.

Server dispatch, clients, ``docs/reference/wire.md`` and the tests are derived from ``METHODS`` and ``Event``.
Imports only ``agents.model``; opens no socket.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from agents.events import Snapshot
from agents.model import (
    AgentId,
    AgentRow,
    Block,
    Capability,
    Evidence,
    Incident,
    RequestKey,
    Rule,
    Stream,
    TurnEnd,
)
from agents.spec import KindInfo, Spec

#: Version of this wire; a daemon speaks one, a newer client asks it to hand over.
PROTOCOL = 1

#: Longest line either side accepts, bytes. Larger bodies are read by reference.
MAX_LINE = 16 * 1024 * 1024


class Role(StrEnum):
    """Who a peer is: a person's client, or a process inside an agent's tree."""

    USER = "user"
    AGENT = "agent"


# ---------------------------------------------------------------- params and results


class NoParams(msgspec.Struct, frozen=True):
    """No parameters."""


class Done(msgspec.Struct, frozen=True):
    """It was done; ``detail`` is a sentence for the user."""

    detail: str = ""


class Hello(msgspec.Struct, frozen=True):
    """First message of every connection. With ``since`` and the same ``epoch`` missed events are replayed."""

    client: str
    version: str
    protocol: int = PROTOCOL
    subscribe: bool = False
    epoch: str | None = None
    since: int | None = None


class Welcome(msgspec.Struct, frozen=True):
    """``snapshot`` is absent when the missed events are replayed instead, or without ``subscribe``."""

    version: str
    protocol: int
    epoch: str
    pid: int
    role: Role
    seq: int
    snapshot: Snapshot | None = None


class DaemonStatus(msgspec.Struct, frozen=True):
    """``daemon status``; sizes in bytes, ``started`` epoch seconds."""

    pid: int
    version: str
    agents: int
    epoch: str
    started: float
    clients: int
    home: str
    launcher: str
    rss: int | None = None
    index_size: int | None = None


class StopDaemon(msgspec.Struct, frozen=True):
    """Stop the daemon; agents go on unless ``agents``."""

    agents: bool = False


class HandOver(msgspec.Struct, frozen=True):
    """Replace the daemon's program by ``argv`` (a newer version); agents never stop for it."""

    argv: tuple[str, ...]


class Run(msgspec.Struct, frozen=True):
    """Start an agent. ``argv`` replaces (family terminal) or extends the kind's command."""

    kind: str
    project: str
    cwd: str | None = None
    name: str | None = None
    prompt: str | None = None
    argv: tuple[str, ...] = ()
    env: dict[str, str] = {}
    pty: bool | None = None
    mode: str | None = None
    model: str | None = None
    team: str | None = None
    labels: tuple[str, ...] = ()
    parent: AgentId | None = None
    terminal_of: AgentId | None = None
    rows: int = 40
    cols: int = 120


class Started(msgspec.Struct, frozen=True):
    """``run``: ``pid`` is the agent's process, ``None`` when the launch failed (see the row)."""

    id: AgentId
    name: str
    pid: int | None
    turn: int | None = None


class AgentRef(msgspec.Struct, frozen=True):
    """An agent by id, unique id prefix, or name."""

    id: str


class ListAgents(msgspec.Struct, frozen=True):
    """Which of the fleet: with ``terminals`` those beside agents too."""

    terminals: bool = False


class Listing(msgspec.Struct, frozen=True):
    """The fleet in roster order."""

    agents: tuple[AgentRow, ...]


class Shown(msgspec.Struct, frozen=True):
    """One agent: its row, what was asked for, where its files are, and the vendor's file of its session if it told."""

    row: AgentRow
    spec: Spec
    directory: str
    session_file: str = ""


class Explained(msgspec.Struct, frozen=True):
    """Why the status is what it is: all current evidence in rank order, the chosen one, what was ignored and why.

    ``rules`` says what standing answers decided lately, and why they do not decide what is open; ``why`` why the
    chosen one was chosen.
    """

    row: AgentRow
    chosen: Evidence | None
    evidence: tuple[Evidence, ...]
    ignored: tuple[str, ...]
    rules: tuple[str, ...] = ()
    why: str = ""


class Remove(msgspec.Struct, frozen=True):
    """Remove an ended agent; a live one only with ``force`` (it is killed first)."""

    id: str
    force: bool = False


class Send(msgspec.Struct, frozen=True):
    """A message for the agent; waits in the queue while it is busy, or goes into the running turn with ``steer``."""

    id: str
    text: str
    steer: bool = False


class Sent(msgspec.Struct, frozen=True):
    """The turn the message will be; with ``queued`` it waits, ``behind`` says for what when that may take long."""

    id: AgentId
    turn: int
    queued: bool
    behind: str = ""


class EditQueued(msgspec.Struct, frozen=True):
    """Change (``text``) or drop (``None``) a message that still waits."""

    id: str
    turn: int
    text: str | None


class Wait(msgspec.Struct, frozen=True):
    """Until: delivered, submitted, started, working, idle, blocked, done or exited; ``also`` ends the wait as well.

    With ``turn``, the state is of that turn or a later one; the first three are facts of a message (default: the
    newest) and stay true. Open requests in ``seen`` do not count as blocked. Seconds.
    """

    id: str
    until: str
    turn: int | None = None
    timeout: float | None = None
    also: tuple[str, ...] = ()
    seen: tuple[RequestKey, ...] = ()


class Waited(msgspec.Struct, frozen=True):
    """What was reached: a value asked for, or why it can no longer come.

    That is exited, failed, undelivered, dropped (the message was taken back), over (the turn, at rest), or delivered
    when more can never be known (a program without turns). ``turn`` is the one asked about, ``end`` how it ended.
    """

    row: AgentRow
    reached: str
    turn: int | None = None
    end: TurnEnd | None = None


class AnswerRequest(msgspec.Struct, frozen=True):
    """Decision: allow, always, deny, or answer (with ``answers``, question text -> choice or text)."""

    id: str
    decision: str
    request: RequestKey | None = None
    option: str | None = None
    reason: str = ""
    answers: dict[str, str] = {}
    by: str = ""


class Answered(msgspec.Struct, frozen=True):
    """The first answer wins; with ``already`` the outcome is an earlier one, made ``by`` at ``at``."""

    id: AgentId
    request: RequestKey
    outcome: str
    by: str
    at: float
    already: bool = False


class Rename(msgspec.Struct, frozen=True):
    """Give an agent another name."""

    id: str
    name: str


class Annotate(msgspec.Struct, frozen=True):
    """Set what is given: note, labels, team, slot (1-9, 0 = none), archived."""

    id: str
    note: str | None = None
    labels: tuple[str, ...] | None = None
    team: str | None = None
    slot: int | None = None
    archived: bool | None = None


class Snooze(msgspec.Struct, frozen=True):
    """Hide an entry from triage until its state changes or ``seconds`` have passed; 0 wakes it."""

    id: str
    seconds: float


class SetMode(msgspec.Struct, frozen=True):
    """Switch the session mode to one the agent announced."""

    id: str
    mode: str


class SetModel(msgspec.Struct, frozen=True):
    """Switch the model of the session."""

    id: str
    model: str


class Fork(msgspec.Struct, frozen=True):
    """Begin a new agent with a copy of an agent's conversation; the first goes on as it was."""

    id: str
    name: str | None = None
    prompt: str | None = None


class Switch(msgspec.Struct, frozen=True):
    """Go on as another kind with the same session: refused in the middle of a turn, with ``wait`` done at its end."""

    id: str
    kind: str
    wait: bool = False


class ListSessions(msgspec.Struct, frozen=True):
    """The saved sessions of a project, of one kind or of all."""

    project: str
    kind: str | None = None


class FoundSession(msgspec.Struct, frozen=True):
    """A session a vendor's program keeps: ``kinds`` can continue it, ``used_at`` is epoch seconds, ``size`` bytes.

    ``agent`` is the one of ours whose session it is, ``is_running`` whether it runs it now.
    """

    id: str
    kinds: tuple[str, ...]
    title: str
    cwd: str
    used_at: float
    size: int = 0
    agent: AgentId | None = None
    agent_name: str = ""
    is_running: bool = False


class FoundSessions(msgspec.Struct, frozen=True):
    """Sessions, the last used first; problems are sentences about stores that could not be read."""

    sessions: tuple[FoundSession, ...]
    problems: tuple[str, ...] = ()


class AdoptSession(msgspec.Struct, frozen=True):
    """Start an agent that continues a saved session."""

    kind: str
    session: str
    project: str
    name: str | None = None
    prompt: str | None = None


class Input(msgspec.Struct, frozen=True):
    """Raw bytes for the agent's pty or stdin, base64."""

    id: str
    data: bytes


class Resize(msgspec.Struct, frozen=True):
    """Size of the pty in cells."""

    id: str
    rows: int
    cols: int


class TerminalState(msgspec.Struct, frozen=True):
    """What a view needs to begin in the middle of a terminal's output.

    All of it as of ``offset`` bytes of the output. ``modes`` are bytes that set the modes again; ``lines`` is what is
    on the screen (``None``: not known here), ``row`` and ``col`` the cursor, from 0. The output of its present process
    begins at ``began``.
    """

    offset: int
    rows: int
    cols: int
    modes: bytes = b""
    alternate: bool = False
    lines: tuple[str, ...] | None = None
    row: int = 0
    col: int = 0
    began: int = 0


class Watch(msgspec.Struct, frozen=True):
    """The agents whose transcript and log events this client wants (replaces the former set)."""

    agents: tuple[AgentId, ...]


class ReadLog(msgspec.Struct, frozen=True):
    """Bytes of a raw log; a negative ``offset`` counts from the end. At most 1 MiB a call."""

    id: str
    stream: Stream
    offset: int
    length: int


class LogBytes(msgspec.Struct, frozen=True):
    """``data`` begins at ``offset``; the log is ``size`` bytes long and holds what lies from ``start`` on."""

    data: bytes
    offset: int
    size: int
    start: int


class PageTranscript(msgspec.Struct, frozen=True):
    """The ``n`` blocks before block number ``before`` (``None`` = the newest), oldest first."""

    id: str
    before: int | None = None
    n: int = 100


class Page(msgspec.Struct, frozen=True):
    """``total`` counts all blocks of the agent."""

    blocks: tuple[Block, ...]
    total: int


class Next(msgspec.Struct, frozen=True):
    """The first entry of the triage queue, skipping ``after`` (ids already seen)."""

    after: tuple[AgentId, ...] = ()


class NextEntry(msgspec.Struct, frozen=True):
    """The agent that needs the user most, and how many entries wait.

    ``incident`` is set where it stands for others that lost the same login; ``parked`` are the providers several
    agents wait for, who need nobody.
    """

    row: AgentRow | None
    waiting: int
    incident: Incident | None = None
    parked: tuple[Incident, ...] = ()


class Resumed(msgspec.Struct, frozen=True):
    """What ``resume --all`` did; problems are sentences naming the agent.

    ``summary`` is “12 agents: 9 can resume, 2 need you, 1 lost” as it was found, ``notes`` what is left to you.
    """

    resumed: tuple[AgentId, ...]
    problems: tuple[str, ...] = ()
    summary: str = ""
    notes: tuple[str, ...] = ()


class Kinds(msgspec.Struct, frozen=True):
    """Known kinds, and the problems of files that do not parse (file, line, what)."""

    kinds: tuple[KindInfo, ...]
    problems: tuple[str, ...] = ()


class Leftover(msgspec.Struct, frozen=True):
    """A process that carries one of our nonces but belongs to no live keeper."""

    pid: int
    agent: AgentId
    command: str


class DoctorFacts(msgspec.Struct, frozen=True):
    """What only the daemon knows for ``doctor``."""

    status: DaemonStatus
    leftovers: tuple[Leftover, ...]
    log_bytes: int
    disk_free: int
    problems: tuple[str, ...] = ()


class Rebuilt(msgspec.Struct, frozen=True):
    """``reindex``: how many agents and blocks the new index holds, and seconds taken."""

    agents: int
    blocks: int
    seconds: float


class AddRule(msgspec.Struct, frozen=True):
    """Add a standing answer to permissions; ``id`` and ``created_at`` of the rule are given by the daemon."""

    rule: Rule


class RemoveRule(msgspec.Struct, frozen=True):
    """Take a rule away, or with ``undo`` put a removed one back under its number."""

    id: int
    undo: bool = False


class Rules(msgspec.Struct, frozen=True):
    """The rules there are, those taken away, and what is wrong with the file they lie in."""

    rules: tuple[Rule, ...]
    removed: tuple[Rule, ...] = ()
    problems: tuple[str, ...] = ()


class Hook(msgspec.Struct, frozen=True):
    """A hook call of an agent about itself."""

    event: str
    payload: dict[str, Any] = {}


class Method(msgspec.Struct, frozen=True):
    """A method of the wire: its types, who may call it, and one line for the reference."""

    name: str
    params: Any
    result: Any
    summary: str
    roles: frozenset[Role] = frozenset({Role.USER})


_EVERYONE = frozenset({Role.USER, Role.AGENT})

METHODS: dict[str, Method] = {
    m.name: m
    for m in (
        Method("hello", Hello, Welcome, "Introduce a client; the answer says its role.", _EVERYONE),
        Method("daemon.status", NoParams, DaemonStatus, "Facts about the daemon."),
        Method("daemon.stop", StopDaemon, Done, "Stop the daemon; agents go on unless asked."),
        Method("daemon.handover", HandOver, Done, "Exec a newer version in place; agents never stop."),
        Method("daemon.doctor", NoParams, DoctorFacts, "Leftover processes, sizes, problems."),
        Method("kind.list", NoParams, Kinds, "The kinds that can be run."),
        Method("agent.run", Run, Started, "Start an agent."),
        Method("agent.list", ListAgents, Listing, "The fleet."),
        Method("agent.show", AgentRef, Shown, "One agent (an agent may show only itself).", _EVERYONE),
        Method("agent.explain", AgentRef, Explained, "Why its status is what it is.", _EVERYONE),
        Method("agent.next", Next, NextEntry, "Who needs the user most."),
        Method("agent.send", Send, Sent, "Queue a message; the answer names its turn."),
        Method("agent.edit_queued", EditQueued, Done, "Change or drop a waiting message."),
        Method("agent.wait", Wait, Waited, "Wait for a state."),
        Method("agent.answer", AnswerRequest, Answered, "Allow, deny or answer an open request."),
        Method("agent.interrupt", AgentRef, Done, "Cancel the running turn."),
        Method("agent.stop", AgentRef, Done, "Stop by the ladder: cancel, EOF, INT, TERM, KILL."),
        Method("agent.kill", AgentRef, Done, "Kill the whole process tree now."),
        Method("agent.resume", AgentRef, Started, "Continue an ended agent in a new process."),
        Method("agent.restart", AgentRef, Started, "Run an ended terminal's program again, in the same place."),
        Method("agent.resume_all", NoParams, Resumed, "Resume every agent that was cut off and can go on, staggered."),
        Method("agent.fork", Fork, Started, "Begin a new agent with a copy of its conversation."),
        Method("agent.switch", Switch, Started, "Go on as another kind with the same session."),
        Method("session.list", ListSessions, FoundSessions, "Sessions of a project that can be continued here."),
        Method("session.adopt", AdoptSession, Started, "Start an agent that continues a saved session."),
        Method("agent.remove", Remove, Done, "Forget an ended agent; its files go to the trash."),
        Method("agent.rename", Rename, Done, "Give it another name."),
        Method("agent.annotate", Annotate, Done, "Note, labels, team, slot, archived."),
        Method("agent.seen", AgentRef, Done, "The user looked at it: nothing is unread."),
        Method("agent.snooze", Snooze, Done, "Hide it from triage for a while."),
        Method("agent.set_mode", SetMode, Done, "Switch its session mode."),
        Method("agent.set_model", SetModel, Done, "Switch its model."),
        Method("agent.input", Input, Done, "Raw bytes for its terminal or stdin."),
        Method("agent.resize", Resize, Done, "Size of its terminal."),
        Method("terminal.open", AgentRef, TerminalState, "Its terminal as it is now: where a view begins."),
        Method("agent.hook", Hook, Done, "An agent reports a hook about itself.", frozenset({Role.AGENT})),
        Method("rule.list", NoParams, Rules, "The standing answers to permissions."),
        Method("rule.add", AddRule, Rule, "Add a standing answer; it also answers what is open."),
        Method("rule.remove", RemoveRule, Rule, "Take one away, or put it back."),
        Method("pane.watch", Watch, Done, "Which agents' transcript and log events to send."),
        Method("log.read", ReadLog, LogBytes, "Bytes of a raw log."),
        Method("transcript.page", PageTranscript, Page, "A page of transcript blocks."),
        Method("index.rebuild", NoParams, Rebuilt, "Rebuild the search index from the transcripts."),
    )
}

#: Capability a row must have for a method to make sense; the server says why otherwise. ``agent.steer`` is
#: ``agent.send`` with ``steer``.
REQUIRES: dict[str, Capability] = {
    "agent.send": Capability.PROMPT,
    "agent.answer": Capability.ANSWER,
    "agent.interrupt": Capability.INTERRUPT,
    "agent.resume": Capability.RESUME,
    "agent.set_mode": Capability.MODES,
    "agent.set_model": Capability.MODELS,
    "agent.fork": Capability.FORK,
    "agent.steer": Capability.STEER,
    "agent.input": Capability.INPUT,
    "agent.resize": Capability.TERMINAL,
    "terminal.open": Capability.TERMINAL,
}

#: Grants a spec may hold (``spec.grants``) are method names; they extend the role ``agent``.

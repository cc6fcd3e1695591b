"""The client's fleet: folding, telling, triage."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.events import AgentAdded, AgentChanged, AgentRemoved, Event, LogGrew, Noticed, NumberedEvent, Snapshot
from agents.jsonrpc import encode_event
from agents.model import Headline, Health
from app.client.frames import decode_line
from app.fleet import NOTICE_LIMIT, Change, Fleet, What, needs_user
from tests.fakes import rows
from tests.fakes.scripted_daemon import asking, row

IDS = ("a", "b", "c", "d")

#: What may happen to a fleet; events about agents that are not there are made impossible below.
HAPPENING = st.tuples(
    st.sampled_from(["add", "change", "remove", "notice", "grow"]), st.sampled_from(IDS), st.integers(0, 99)
)


class Daemon:
    """The other side: the same happenings as a snapshot at any number, and as numbered events."""

    def __init__(self, happenings: list[tuple[str, str, int]], gaps: list[int]) -> None:
        self.rows: dict[str, object] = {}
        self.notices: tuple[Noticed, ...] = ()
        self.snapshots = [Snapshot(0, ())]
        self.events: list[NumberedEvent] = []
        seq = 0
        for at, (what, agent, number) in enumerate(happenings):
            event = self._event(what, agent, number)
            if event is None:
                continue
            seq += 1 + gaps[at % len(gaps)]  # others' events this client does not watch
            self.events.append(NumberedEvent(seq, event))
            self.snapshots.append(Snapshot(seq, tuple(self.rows.values()), self.notices))  # type: ignore[arg-type]

    def _event(self, what: str, agent: str, number: int) -> Event | None:
        if what == "notice":
            notice = Noticed("info", str(number), float(number), agent)
            self.notices = (*self.notices, notice)
            return notice
        if what == "grow":
            return LogGrew(agent, number, number)
        is_there = agent in self.rows
        if what == "remove" and is_there:
            del self.rows[agent]
            return AgentRemoved(agent)
        if what == "remove" or (what == "add") is is_there:
            return None
        changed = row(agent, unread=number, headline=f"h{number}")
        self.rows[agent] = changed
        return AgentChanged(changed) if is_there else AgentAdded(changed)


def folded(start: Snapshot, events: list[NumberedEvent]) -> tuple[object, ...]:
    fleet = Fleet()
    fleet.reset(start)
    for event in events:
        fleet.apply(event)
    return fleet.rows(), tuple(fleet.notices), fleet.seq


@given(happenings=st.lists(HAPPENING, max_size=40), gaps=st.lists(st.integers(0, 3), min_size=1, max_size=4))
def test_a_snapshot_at_any_point_and_the_events_behind_it_give_the_same_fleet(
    happenings: list[tuple[str, str, int]], gaps: list[int]
) -> None:
    daemon = Daemon(happenings, gaps)
    last = daemon.snapshots[-1]
    whole = (last.agents, last.notices, last.seq)
    for snapshot in daemon.snapshots:
        behind = [event for event in daemon.events if event.seq > snapshot.seq]
        assert folded(snapshot, behind) == whole
        # A reconnect may repeat events that the snapshot already holds.
        assert folded(snapshot, daemon.events) == whole


@given(happenings=st.lists(HAPPENING, max_size=20))
def test_the_wire_changes_nothing_about_the_fold(happenings: list[tuple[str, str, int]]) -> None:
    daemon = Daemon(happenings, [0])
    travelled = [decode_line(encode_event(event).rstrip(b"\n")) for event in daemon.events]
    assert travelled == daemon.events


def test_listeners_hear_changes_in_order_with_the_row_replaced() -> None:
    fleet, heard = Fleet(), list[Change]()
    stop = fleet.listen(heard.append)
    fleet.reset(Snapshot(1, (row("a"),)))
    fleet.apply(NumberedEvent(2, AgentChanged(row("a", unread=1))))
    fleet.apply(NumberedEvent(2, AgentChanged(row("a", unread=9))))  # repeated number
    fleet.apply(NumberedEvent(3, AgentRemoved("a")))
    fleet.note("error", "x", 1.0)
    fleet.set_connection(connected=True, detail="connected")
    stop()
    fleet.set_connection(connected=False, detail="lost")
    assert [change.what for change in heard] == [
        What.RESET,
        What.CHANGED,
        What.REMOVED,
        What.NOTICE,
        What.CONNECTION,
    ]
    assert heard[1].before == row("a")
    assert heard[2].before == row("a", unread=1)
    assert (fleet.connected, fleet.connection_detail) == (False, "lost")


def test_notices_of_both_sides_are_kept_up_to_the_limit() -> None:
    fleet = Fleet()
    for number in range(NOTICE_LIMIT + 5):
        fleet.apply(NumberedEvent(number + 1, Noticed("info", str(number), 0.0)))
    fleet.note("error", "ours", 1.0)
    assert len(fleet.notices) == NOTICE_LIMIT
    assert fleet.notices[-1].text == "ours"
    assert fleet.notices[-2].text == str(NOTICE_LIMIT + 4)


def test_triage_is_by_rank_then_age_then_id_without_snoozed_and_archived() -> None:
    fleet = Fleet()
    fleet.reset(
        Snapshot(
            1,
            (
                asking("late", since=20.0),
                asking("early", since=10.0),
                asking("same-b", since=15.0),
                asking("same-a", since=15.0),
                row("login", rank=1, since=30.0),
                row("idle"),
                asking("snoozed", snoozed_until=100.0),
                asking("archived", archived=True),
            ),
        )
    )
    assert [r.id for r in fleet.triage(99.0)] == ["login", "early", "same-a", "same-b", "late"]
    assert "snoozed" in [r.id for r in fleet.triage(100.0)]


@pytest.mark.parametrize(
    ("changes", "needs"),
    [
        ({}, True),
        ({"rank": None}, False),
        ({"archived": True}, False),
        ({"snoozed_until": 5.0}, True),
        ({"snoozed_until": 5.1}, False),
    ],
)
def test_who_needs_the_user(changes: dict[str, object], needs: bool) -> None:
    assert needs_user(msgspec.structs.replace(asking(), **changes), 5.0) is needs


def test_counts_are_by_headline() -> None:
    fleet = Fleet()
    fleet.reset(Snapshot(1, (asking("a"), asking("b"), row("c"))))
    assert fleet.counts() == {Headline.ALLOW: 2, Headline.IDLE: 1}


def test_own_notices_outlive_a_snapshot_in_order_of_time() -> None:
    fleet = Fleet()
    fleet.note("warning", "settings.toml:3: bad", 20.0)
    fleet.reset(Snapshot(1, (), (Noticed("info", "early", 10.0), Noticed("info", "late", 30.0))))
    assert [notice.text for notice in fleet.notices] == ["early", "settings.toml:3: bad", "late"]


def test_a_lost_login_is_one_entry_of_the_queue_and_its_rows_stay_rows() -> None:
    fleet = Fleet()
    lost = [row(name, state=Headline.LOG_IN, rank=1, since=float(at)) for at, name in enumerate("abc", 1)]
    fleet.reset(Snapshot(1, (*lost, asking("q", since=0.0))))
    assert [entry.id for entry in fleet.triage(50.0)] == ["a", "q"]
    assert [entry.id for entry in fleet.entries(50.0)] == ["a", "q"]
    (incident,) = fleet.incidents(50.0)
    assert incident.agents == ("a", "b", "c")
    fleet.apply(NumberedEvent(2, AgentChanged(row("a", snoozed_until=90.0, state=Headline.LOG_IN, rank=1))))
    assert [entry.id for entry in fleet.triage(50.0)] == ["b", "q"]
    assert len(fleet.rows()) == 4


def test_agents_parked_by_one_provider_are_one_incident_and_no_entry() -> None:
    fleet = Fleet()
    held = [row(name, state=Headline.PARKED, health=Health.PROVIDER_DOWN) for name in "ab"]
    fleet.reset(Snapshot(1, tuple(held)))
    assert fleet.triage(50.0) == ()
    assert [(found.state, found.agents) for found in fleet.incidents(50.0)] == [(Headline.PARKED, ("a", "b"))]
    assert fleet.entries(50.0) == fleet.rows(), "each waits by itself"


def test_a_terminal_beside_an_agent_is_found_by_it_and_is_no_row() -> None:
    fleet = rows.fleet_of(
        [rows.row("fix"), rows.row("sh", terminal_of="id-fix"), rows.row("sh-2", terminal_of="id-fix")]
    )
    assert [found.name for found in fleet.rows()] == ["fix"]
    beside = fleet.terminal_beside("id-fix")
    assert beside is not None
    assert beside.name == "sh"
    assert fleet.row("id-sh") == beside
    assert fleet.terminal_beside("id-sh") is None
    assert fleet.entries(0.0) == fleet.rows()


def test_growth_tells_the_size_of_the_terminal() -> None:
    fleet = rows.fleet_of([rows.row("fix")])
    changes: list[Change] = []
    fleet.listen(changes.append)
    fleet.apply(NumberedEvent(fleet.seq + 1, LogGrew("id-fix", 10, 2, 40, 120)))
    assert [(change.sizes, change.cells) for change in changes] == [((10, 2), (40, 120))]

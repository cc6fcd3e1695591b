"""The cast of the demo: its kinds exist, its repositories leave nothing out, and what "settled" means."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.adapters.kinds import load_kinds
from agents.model import AgentRow, Blocked, Health, Lifecycle, PlanEntry, Request, Turn
from app import demo

RESOURCES = Path(__file__).resolve().parents[3] / "resources"


def row(name: str, **facts: Any) -> AgentRow:
    basis = AgentRow(
        id=name,
        name=name,
        kind="demo-edit",
        family="acp",
        project="/p",
        branch="main",
        cwd="/p",
        lifecycle=Lifecycle.RUNNING,
        exit_code=None,
        turn=Turn.WORKING,
        blocked=None,
        health=Health.OK,
        headline="working",
        since=0.0,
        unread=0,
        cost=None,
        team=None,
        labels=(),
    )
    return msgspec.structs.replace(basis, **facts)


SETTLED: dict[str, dict[str, Any]] = {
    "fix-login": {"plan": (PlanEntry("Find", "completed"), PlanEntry("Fix", "completed"), PlanEntry("Test"))},
    "docs-pass": {"turn": Turn.BLOCKED, "blocked": Blocked.PERMISSION},
    "cart-rounding": {"turn": Turn.BLOCKED, "blocked": Blocked.QUESTION},
    "perf-hunt": {"turn": Turn.DONE, "turn_number": 1},
    "nightly-report": {"turn": Turn.ERROR},
    "import-check": {"lifecycle": Lifecycle.EXITED, "exit_code": 3},
}


def test_a_settled_fleet_misses_nobody() -> None:
    assert set(SETTLED) == {member.name for member in demo.CAST}
    assert demo.unsettled([row(name, **facts) for name, facts in SETTLED.items()]) == []


@pytest.mark.parametrize("name", SETTLED)
def test_an_agent_that_still_works_is_named(name: str) -> None:
    rows = [row(n, **({} if n == name else facts)) for n, facts in SETTLED.items()]
    assert demo.unsettled(rows) == [f"{name} (running, working)"]


@pytest.mark.parametrize("name", SETTLED)
def test_an_agent_that_is_gone_is_named(name: str) -> None:
    rows = [row(n, **facts) for n, facts in SETTLED.items() if n != name]
    assert demo.unsettled(rows) == [f"{name} is not there"]


def test_an_agent_that_has_not_begun_is_not_settled_by_being_idle() -> None:
    rows = [row(n, **facts) for n, facts in SETTLED.items() if n != "perf-hunt"]
    rows.append(row("perf-hunt", turn=Turn.IDLE, headline="idle"))
    assert demo.unsettled(rows) == ["perf-hunt (running, idle)"]


@pytest.mark.parametrize("member", demo.CAST, ids=lambda member: member.name)
def test_every_kind_is_a_demo_kind_with_a_scene(member: demo.Member) -> None:
    kind = tomllib.loads((RESOURCES / "agents" / f"{member.kind}.toml").read_text())
    assert kind["name"] == member.kind
    assert kind["demo"] is True
    scene = json.loads((RESOURCES / "demo" / "scenes" / f"{kind['command'][-1]}.json").read_text())
    assert scene["title"] == kind["title"]
    assert scene["later"], "an agent that is told something more must answer"


@pytest.mark.parametrize("member", demo.TERMINALS, ids=lambda member: member.name)
def test_the_programs_in_terminals_are_demo_kinds_that_are_read_by_rules(member: demo.Member) -> None:
    kind = load_kinds([RESOURCES / "agents"]).kinds[member.kind]
    assert (kind.family, kind.pty, kind.demo, kind.hidden) == ("terminal", True, True, True)
    assert kind.status["name"] == "demo"
    assert member.name not in {one.name for one in demo.CAST}


def test_an_approval_counts_as_settled_once_it_can_be_answered() -> None:
    told = [row(m.name, turn=Turn.BLOCKED, blocked=Blocked.PERMISSION) for m in demo.TERMINALS]
    assert len(demo.unsettled(told, demo.TERMINALS)) == 2
    asked = Request("1:1:a", Blocked.PERMISSION, "Run this command?", 0.0)
    assert demo.unsettled([msgspec.structs.replace(r, requests=(asked,)) for r in told], demo.TERMINALS) == []


def test_all_six_scenes_are_in_the_cast() -> None:
    kinds = [tomllib.loads(path.read_text()) for path in (RESOURCES / "agents").glob("demo-*.toml")]
    scenes = {kind["command"][-1] for kind in kinds if kind["name"] in {m.kind for m in demo.CAST}}
    assert scenes == {path.stem for path in (RESOURCES / "demo" / "scenes").glob("*.json")}
    assert len(scenes) == 6


@pytest.mark.parametrize(("pace", "fix_login", "docs_pass"), [(0.0, "1.0", "0.0"), (3.0, "3.0", "3.0")])
def test_one_stays_at_work_while_the_others_are_hurried(
    tmp_path: Path, pace: float, fix_login: str, docs_pass: str
) -> None:
    fleet = demo.DemoFleet({}, pace=pace, folder=tmp_path)
    fleet.root = tmp_path
    runs = {run.name: run for run in fleet.runs()}
    assert runs["fix-login"].env["QUARTERDECK_DEMO_PACE"] == fix_login
    assert runs["docs-pass"].env["QUARTERDECK_DEMO_PACE"] == docs_pass
    assert runs["docs-pass"].labels == ("demo",)
    assert runs["perf-hunt"].project == str(tmp_path / "tidelog")

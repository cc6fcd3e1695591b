"""At start every usable agent is found, in creation order, and every other directory is set aside by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.jsonrpc import RpcError
from agents.runtime.directory import AgentDirectory
from agents.spec import Spec
from agents.supervisor.catalog import Catalog
from agents.supervisor.finding import find


def add(state: Path, agent: str, created_at: float, family: str = "acp") -> None:
    AgentDirectory(state / "agents" / agent).write_spec(
        Spec(agent, agent, "k", family, ("x",), "/", "/", created_at=created_at)
    )


def test_agents_come_in_creation_order(tmp_path: Path) -> None:
    for agent, at in (("a1", 3.0), ("b1", 1.0), ("c1", 2.0)):
        add(tmp_path, agent, at)
    told: list[str] = []
    found = find(tmp_path, {"acp"}, 5.0, lambda level, text: told.append(text))
    assert [spec.id for _, spec in found] == ["b1", "c1", "a1"]
    assert told == []


def test_unfit_directories_are_moved_and_told(tmp_path: Path) -> None:
    add(tmp_path, "good", 1.0)
    add(tmp_path, "future", 1.0, family="telepathy")
    agents = tmp_path / "agents"
    (agents / "empty").mkdir()
    (agents / "torn").mkdir()
    (agents / "torn" / "spec.json").write_text("{")
    (agents / "stray-file").write_text("")
    told: list[str] = []
    found = find(tmp_path, {"acp"}, 5.0, lambda level, text: told.append(text))
    assert [spec.id for _, spec in found] == ["good"]
    assert sorted(path.name for path in (tmp_path / "damaged").iterdir()) == ["empty-5", "future-5", "torn-5"]
    text = "\n".join(told)
    for part in ("empty", "no spec.json", "torn", "telepathy", str(tmp_path / "damaged")):
        assert part in text


def test_one_that_can_not_even_be_moved_is_left_and_told(tmp_path: Path) -> None:
    (tmp_path / "agents" / "empty").mkdir(parents=True)
    (tmp_path / "damaged").write_text("a file where the folder should be")
    told: list[str] = []
    assert find(tmp_path, {"acp"}, 5.0, lambda level, text: told.append(text)) == []
    assert "nor can it be moved" in told[0]
    assert (tmp_path / "agents" / "empty").exists()


def test_kinds_are_read_anew_and_a_missing_one_is_answered_with_those_there_are(tmp_path: Path) -> None:
    catalog = Catalog((tmp_path,), "/bin")
    (tmp_path / "one.toml").write_text('name = "one"\nfamily = "terminal"\ncommand = ["sh"]\n')
    (tmp_path / "two.toml").write_text(
        'name = "two"\nfamily = "terminal"\ncommand = ["no-such-x"]\ninstall = "get it"\n'
    )
    assert catalog.find("one").name == "one"
    infos = {info.name: info for info in catalog.infos()}
    assert (infos["one"].available, infos["two"].available, infos["two"].install) == (True, False, "get it")
    (tmp_path / "bad.toml").write_text("family =\n")
    with pytest.raises(RpcError) as caught:
        catalog.find("three")
    assert "one, two" in caught.value.message
    assert "bad.toml:1" in caught.value.message
    assert catalog.listing().problems


def test_an_agent_whose_kind_is_gone_goes_on_without_it(tmp_path: Path) -> None:
    spec = Spec("a", "a", "gone", "acp", ("x",), "/", "/", created_at=0.0)
    assert (Catalog((tmp_path,), None).of(spec).name, Catalog((tmp_path,), None).of(spec).family) == ("gone", "acp")

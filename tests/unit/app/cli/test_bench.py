"""``bench``: finding, judging and printing figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bench import spine, terminal
from app.bench.resting import Spent, middle
from app.cli import bench
from app.cli.bench import benchmarks, judged
from app.cli.results import Figure


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "logs.py").write_text(
        '"""How fast logs are drawn."""\n'
        "from app.cli.results import Figure\n"
        "def figures():\n"
        "    yield Figure('frame', 8.6, 'ms', target=10.0, baseline=17.2)\n"
        "    yield Figure('lines', 3.3e6, '1/s')\n"
    )
    (tmp_path / "slow.py").write_text(
        '"""Misses."""\nfrom app.cli.results import Figure\n'
        'def figures():\n    yield Figure("x", 2.0, "ms", target=1.0)\n'
    )
    (tmp_path / "test_logs.py").write_text("raise RuntimeError('not a benchmark')\n")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('not a benchmark')\n")
    monkeypatch.setattr(bench.benchmarks, "__defaults__", (tmp_path,))
    return tmp_path


def test_a_checkout_adds_its_own_and_nothing_is_loaded_to_list_them(checkout: Path, shell) -> None:
    ran = shell("bench", "--list", "--json")
    assert [(b["name"], b["summary"]) for b in ran.json][3:] == [
        ("logs", "How fast logs are drawn."),
        ("slow", "Misses."),
    ]
    assert ran.json[0]["name"] == "spine"
    assert ran.json[0]["summary"]
    assert "logs" in shell("bench", "--list").out


def test_figures_are_judged_and_printed(checkout: Path, shell) -> None:
    ran = shell("bench", "logs", "--json")
    assert ran.code == 0
    first, second = ran.json["figures"]
    assert first == {
        "name": "frame",
        "value": 8.6,
        "unit": "ms",
        "target": 10.0,
        "ok": True,
        "baseline": 17.2,
        "ratio": 0.5,
        "detail": "",
    }
    assert (second["ok"], second["ratio"]) == (None, None)
    assert set(ran.json["machine"]) == {"system", "cpu", "cores", "memory_mb", "python", "version", "load"}
    text = shell("bench", "logs").out
    assert f"Python {ran.json['machine']['python']}, load " in text.partition("\n")[0]
    assert "✓  frame" in text
    assert "baseline 17.2 (×0.50)" in text


def test_a_smaller_run_where_there_is_one(checkout: Path, shell) -> None:
    with (checkout / "logs.py").open("a") as module:
        module.write("def quick():\n    yield Figure('frame', 9.0, 'ms', detail='one run')\n")
    ran = shell("bench", "logs", "--quick", "--json")
    assert [(figure["value"], figure["detail"]) for figure in ran.json["figures"]] == [(9.0, "one run")]
    assert "one run" in shell("bench", "logs", "--quick").out
    ran = shell("bench", "slow", "--quick")
    assert (ran.code, ran.err) == (2, "quarterdeck: slow has no smaller run: leave --quick out\n")


def test_a_missed_target_fails(checkout: Path, shell) -> None:
    ran = shell("bench", "slow")
    assert (ran.code, ran.err) == (1, "quarterdeck: missed the target: x\n")
    assert "✕  x" in ran.out


def test_without_a_checkout_there_are_the_installed_ones(tmp_path: Path) -> None:
    assert [named.name for named in benchmarks(tmp_path / "nowhere")] == ["spine", "status", "terminal"]


def test_a_verdict_of_its_own_is_kept() -> None:
    figure = Figure("throughput", 5.0, "MB/s", target=3.0, ok=True, ratio=2.0, baseline=0.0)
    assert judged(figure) == figure


def test_parts_are_measured_alone(checkout: Path, shell) -> None:
    with (checkout / "logs.py").open("a") as module:
        module.write(
            "quick = figures\n"
            "def parts(*, is_quick):\n"
            "    one, two = Figure('one', 1.0 + is_quick, 'ms'), Figure('two', 2.0, 'ms')\n"
            "    return {'first': lambda: [one], 'second': lambda: [two], 'broken': lambda: 1 / 0}\n"
        )

    def measured(*arguments: str) -> list[tuple[str, float]]:
        figures = shell("bench", "logs", *arguments, "--json").json["figures"]
        return [(figure["name"], figure["value"]) for figure in figures]

    assert measured("--only", "second") == [("two", 2.0)]
    assert measured("--only", "second, first") == [("two", 2.0), ("one", 1.0)]
    assert measured("--only", "first", "--quick") == [("one", 2.0)]
    ran = shell("bench", "logs", "--only", "first,secnd")
    assert (ran.code, ran.out) == (2, "")
    assert "no part 'secnd'" in ran.err
    assert "second" in ran.err
    ran = shell("bench", "slow", "--only", "x")
    assert (ran.code, ran.err) == (2, "quarterdeck: slow has no parts: leave --only out\n")


def test_every_part_of_the_spine_can_be_measured_alone() -> None:
    whole, small = spine.parts(), spine.parts(is_quick=True)
    assert (
        list(whole)
        == list(small)
        == ["keeper", "opening", "latency", "echo", "typing", "flood", "idle", "busy", "adopting"]
    )


def test_every_part_of_the_terminal_can_be_measured_alone() -> None:
    whole, small = terminal.parts(), terminal.parts(is_quick=True)
    assert list(whole) == list(small) == ["parse", "paint", "echo", "display", "flood", "scroll", "memory"]


def test_the_run_of_median_cost_counts_as_a_whole() -> None:
    runs = [(Spent(cpu, 10.0 * cpu), Spent(1.0, 5.0)) for cpu in (3.0, 1.0, 9.0)]
    assert middle(runs, lambda run: sum(part.cpu for part in run)) == (runs[0], "2.0 to 10.0 %")

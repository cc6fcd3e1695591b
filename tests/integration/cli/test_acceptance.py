"""The acceptance sequence of the command line, with the daemon killed -9 between any two commands."""

from __future__ import annotations

import os
import signal
import subprocess

import psutil
import pytest

from tests.integration.cli.conftest import Deck, wait_until

COUNT = "for i in 1 2 3; do echo $i; sleep 0.2; done; exit 7"


@pytest.mark.parametrize(
    "kills",
    [(), *(pytest.param((step,), marks=pytest.mark.slow) for step in range(4)), (0, 1, 2, 3)],
    ids=lambda kills: "".join(map(str, kills)) or "none",
)
def test_an_agent_is_started_listed_awaited_and_read_over_any_daemons_death(deck: Deck, kills: tuple[int, ...]) -> None:
    def between(step: int) -> None:
        if step in kills:
            deck.kill_daemon()

    started = deck.json("run", "shell", "--here", "-n", "count", "--", "bash", "-c", COUNT)
    assert started["name"] == "count"
    assert psutil.pid_exists(started["pid"])
    between(0)
    (row,) = deck.json("ls")
    assert (row["id"], row["kind"], row["project"]) == (started["id"], "shell", str(deck.root / "project"))
    between(1)
    assert deck("wait", "count", "--until", "exited").returncode == 0
    between(2)
    assert deck("log", "count", "--raw").stdout == "1\n2\n3\n"
    between(3)
    shown = deck.json("show", started["id"])
    assert (shown["lifecycle"], shown["exit_code"], shown["headline"]) == ("exited", 7, "exited 7")


def test_a_daemon_killed_while_a_command_waits_changes_nothing(deck: Deck) -> None:
    deck.json("run", "shell", "-n", "gate", "--", "bash", "-c", "read line; exit 5")
    waiting = deck.start("wait", "gate", "--until", "exited", "--timeout", "40")
    with waiting:
        wait_until(lambda: deck.json("daemon", "start")["clients"] >= 2)
        deck.kill_daemon()
        wait_until(lambda: deck.json("daemon", "start")["clients"] >= 2)
        deck("kill", "gate")
        assert waiting.wait(90) == 0


def test_wait_times_out_with_3_and_says_what_it_is_instead(deck: Deck) -> None:
    deck.json("run", "shell", "-n", "long", "--", "sleep", "600")
    ran = deck("wait", "long", "--until", "exited", "--timeout", "0.1")
    assert (ran.returncode, ran.stdout) == (3, "")
    assert "long is not exited after" in ran.stderr


def test_a_log_is_followed_over_a_daemons_death_until_the_end(deck: Deck) -> None:
    gate = deck.root / "gate"
    os.mkfifo(gate)
    deck.json(
        "run", "shell", "-n", "slow", "--", "bash", "-c", f"echo one; cat {gate} >/dev/null; echo two; echo err >&2"
    )
    following = deck.start("log", "slow", "-f")
    with following:
        assert following.stdout is not None
        assert following.stdout.readline() == "one\n"
        deck.kill_daemon()
        gate.write_text("")
        out, err = following.communicate(timeout=90)
    assert (following.returncode, out, err) == (0, "two\n", "err\n")


#: What an agent tries on itself, and whether it may.
TRIES = {
    "quarterdeck allow self": False,
    "quarterdeck deny self": False,
    "quarterdeck send self hello": False,
    "quarterdeck ls": False,
    "quarterdeck show other": False,
    "quarterdeck daemon stop": False,
    "quarterdeck run shell -- true": False,
    "env -u QUARTERDECK_AGENT quarterdeck allow self": False,
    "setsid -w quarterdeck allow self": False,
    "env -u QUARTERDECK_AGENT setsid -w quarterdeck kill other": False,
    "quarterdeck show self": True,
    "quarterdeck explain self": True,
}


def test_an_agent_cannot_answer_itself_nor_command_others(deck: Deck) -> None:
    deck.json("run", "shell", "-n", "other", "--", "sleep", "600")
    script = "".join(f"{line} >>out 2>>said; echo $? >>codes; " for line in TRIES)
    assert deck("run", "shell", "-n", "self", "--wait", "--", "bash", "-c", script).returncode == 0
    codes = (deck.root / "project" / "codes").read_text().split()
    assert dict(zip(TRIES, codes, strict=True)) == {line: "0" if may else "1" for line, may in TRIES.items()}
    said = (deck.root / "project" / "said").read_text()
    assert said.count("quarterdeck: refused: ") == sum(not may for may in TRIES.values())
    assert deck.json("show", "other")["lifecycle"] == "running"


def test_an_agent_cannot_start_a_daemon(deck: Deck) -> None:
    gate = deck.root / "gate"
    os.mkfifo(gate)
    deck.json("run", "shell", "-n", "self", "--", "bash", "-c", f"cat {gate}; quarterdeck ls 2>said; echo $? >code")
    deck.kill_daemon()
    gate.write_text("")
    code = deck.root / "project" / "code"
    wait_until(lambda: code.exists() and code.read_text().strip())
    assert code.read_text().strip() == "4"
    assert "a process of an agent may not start one" in (deck.root / "project" / "said").read_text()


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_agents_are_ended_and_removed(deck: Deck, ending: str) -> None:
    started = deck.json("run", "shell", "-n", "long", "--", "bash", "-c", "sleep 601 & sleep 602")
    children = psutil.Process(started["pid"]).children(recursive=True)
    refused = deck("rm", "long")
    assert refused.returncode == 1
    assert deck(ending, "long").returncode == 0
    assert deck("wait", "long", "--until", "exited", "--timeout", "30").returncode == 0
    wait_until(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children))
    assert deck("rm", "long").returncode == 0
    assert deck.json("ls") == []


def test_daemon_stop_leaves_agents_and_stop_agents_does_not(deck: Deck) -> None:
    pid = deck.json("run", "shell", "-n", "long", "--", "sleep", "600")["pid"]
    assert deck("daemon", "stop").returncode == 0
    stopped = deck("daemon", "status")
    assert (stopped.returncode, "no daemon runs" in stopped.stderr) == (1, True)
    assert psutil.pid_exists(pid)
    assert deck.json("ls")[0]["lifecycle"] == "running"
    assert deck("daemon", "stop", "--agents").returncode == 0
    wait_until(lambda: not psutil.pid_exists(pid))


def test_many_clients_at_once_start_one_daemon(deck: Deck) -> None:
    clients = [deck.start("daemon", "start", "--json") for _ in range(6)]
    pids = set()
    for client in clients:
        out, err = client.communicate(timeout=90)
        assert client.returncode == 0, err
        pids.add(out.split(",")[0])
    assert len(pids) == 1


def test_a_daemon_that_cannot_start_exits_4_with_the_end_of_its_log(deck: Deck) -> None:
    assert deck("ls").returncode == 0
    assert deck("daemon", "stop").returncode == 0
    broken = deck.root / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import sys\nif 'daemon' in sys.argv: raise SystemExit('no more memory')\n"
    )
    ran = deck("ls", env={"PYTHONPATH": str(broken)})
    assert ran.returncode == 4
    assert "the daemon ended while it started" in ran.stderr
    assert "no more memory" in ran.stderr


def test_the_daemon_and_keepers_survive_the_terminal_they_were_started_from(deck: Deck) -> None:
    shell = subprocess.Popen(  # noqa: TID251 (the test owns it)
        ["bash", "-c", "quarterdeck run shell -n x -- sleep 600; read"],
        env=deck.env,
        cwd=deck.root / "project",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with shell:
        assert shell.stdout is not None
        assert b"started" in shell.stdout.readline()
        os.killpg(shell.pid, signal.SIGHUP)
        os.killpg(shell.pid, signal.SIGKILL)
    before = deck.json("ls")
    assert (before[0]["name"], before[0]["lifecycle"]) == ("x", "running")

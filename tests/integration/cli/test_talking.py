"""Talking to real agents from the command line: what was taken, who waits, how a turn ended."""

from __future__ import annotations

import json
import signal
import subprocess

import pytest

from tests.integration.cli.conftest import Deck, wait_until

ECHO = "while read line; do echo got $line; done"


@pytest.fixture
def quick(deck: Deck) -> Deck:
    deck.env["QUARTERDECK_DEMO_PACE"] = "0.02"
    return deck


def script(deck: Deck, *turns: list[dict[str, object]]) -> tuple[str, ...]:
    scene = deck.root / "scene.json"
    scene.write_text(json.dumps({"title": "t", "turns": turns, "later": [{"do": "say", "text": "later"}]}))
    return ("--", str(scene))


def told(running: subprocess.Popen[str], beginning: str) -> None:  # noqa: TID251 (the test owns it)
    """Read what it says on stderr up to a line that begins so."""
    assert running.stderr is not None
    lines = iter(running.stderr.readline, "")
    assert next((line for line in lines if line.startswith(beginning)), None), f"it never said {beginning!r}"


def test_run_waits_says_who_waits_and_prints_the_last_message(quick: Deck) -> None:
    ask = {"do": "run", "command": "echo x > ran", "ask": True}
    tail = script(quick, [{"do": "say", "text": "first I look"}, ask, {"do": "say", "text": "all is well"}])
    running = quick.start("run", "demo-script", "-n", "fox", "--prompt", "go", "--wait", "--timeout", "40", *tail)
    with running:
        told(running, "started fox (")
        told(running, "fox waits for you: allow ")
        quick.kill_daemon()
        assert quick("allow", "fox").returncode == 0
        out, err = running.communicate(timeout=90)
    assert (running.returncode, out, err) == (0, "all is well\n", "")
    assert (quick.root / "project" / "ran").exists()


def test_a_failed_turn_is_a_failed_command_with_the_reason(quick: Deck) -> None:
    tail = script(quick, [{"do": "error", "code": -32000, "message": "the model is gone"}])
    ran = quick("run", "demo-script", "-n", "fox", "--prompt", "go", "--wait", "--json", *tail)
    document = json.loads(ran.stdout)
    assert (ran.returncode, document["reached"], document["message"]) == (1, "failed", None)
    assert "the model is gone" in document["error"]
    assert "turn 1 failed: " in ran.stderr


def test_too_late_is_3_and_the_agent_goes_on(quick: Deck) -> None:
    tail = script(quick, [{"do": "gate", "path": str(quick.root / "gate")}])
    ran = quick("run", "demo-script", "-n", "fox", "--prompt", "go", "--wait", "--timeout", "0.2", *tail)
    assert (ran.returncode, "is not done after 0.2 s" in ran.stderr) == (3, True)
    queued = quick("send", "fox", "and then")
    assert (queued.returncode, queued.stdout) == (0, "turn 2 (queued, behind turn 1 (working))\n")
    (quick.root / "gate").touch()
    assert quick("wait", "fox", "--turn", "2", "--until", "submitted").stdout == "fox: turn 2 submitted\n"
    sent = quick.json("send", "fox", "third")
    assert (sent["turn"], sent["delivery"]) == (3, "submitted")
    assert quick("wait", "fox", "--turn", "1", "--until", "done").returncode == 0


def test_what_the_program_does_not_take_is_no_success(quick: Deck) -> None:
    tail = script(quick, [{"do": "say", "text": "one"}], [{"do": "gate", "path": str(quick.root / "gate")}])
    quick("run", "demo-script", "-n", "fox", "--prompt", "go", "--wait", *tail)
    ran = quick("send", "fox", "two", "--timeout", "0.3")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "turn 2 not submitted: it was written to the agent, which did not show within 0.3 s" in ran.stderr
    (quick.root / "gate").touch()
    assert quick("wait", "fox", "--turn", "2", "--until", "done").returncode == 0


def test_one_message_for_several_and_one_of_them_gone(quick: Deck) -> None:
    for name in ("one", "two", "gone"):
        quick.json("run", "shell", "-n", name, "--team", "web", "--", "sh", "-c", ECHO)
    quick("kill", "gone")
    ran = quick("send", "one", "two", "gone", "--", "hello", "you")
    assert (ran.returncode, ran.stdout) == (1, "one: turn 1 (delivered)\ntwo: turn 1 (delivered)\n")
    assert "quarterdeck: gone: not delivered: gone is not running" in ran.stderr
    team = quick("send", "--team", "web", "--", "-", input="from stdin")
    assert (team.returncode, team.stdout) == (0, "one: turn 2 (delivered)\ntwo: turn 2 (delivered)\n")
    for name in ("one", "two"):
        wait_until(lambda name=name: quick("log", name, "--raw").stdout == "got hello you\ngot from stdin\n")


def test_modes_are_listed_and_switched(quick: Deck) -> None:
    quick("run", "demo-quick", "-n", "fox", "--prompt", "go", "--wait")
    assert quick("mode", "fox", "plan").returncode == 0
    wait_until(lambda: quick.json("mode", "fox")["present"] == "plan")
    assert "* plan" in quick("mode", "fox").stdout
    wrong = quick("mode", "fox", "nonsense")
    assert (wrong.returncode, "no mode “nonsense”" in wrong.stderr) == (1, True)
    unable = quick("model", "fox", "big")
    assert (unable.returncode, "cannot do that" in unable.stderr) == (1, True)
    assert quick("fork", "fox").returncode == 1


def test_ctrl_c_ends_the_wait_and_not_the_agent(quick: Deck) -> None:
    tail = script(quick, [{"do": "gate", "path": str(quick.root / "gate")}])
    running = quick.start("run", "demo-script", "-n", "fox", "--prompt", "go", "--wait", *tail)
    with running:
        told(running, "started fox")
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130
    assert quick.json("show", "fox")["lifecycle"] == "running"


ASKS = [{"do": "run", "command": "echo x >> ran", "ask": True}, {"do": "say", "text": "done"}]


def test_the_same_request_of_several_is_answered_once(quick: Deck) -> None:
    tail = script(quick, ASKS)
    other = quick.root / "other.json"
    turn = [{"do": "run", "command": "echo y >> ran", "ask": True}]
    other.write_text(json.dumps({"title": "t", "turns": [turn], "later": []}))
    for name in ("one", "two"):
        quick.json("run", "demo-script", "-n", name, "--prompt", "go", *tail)
    quick.json("run", "demo-script", "-n", "else", "--prompt", "go", "--", str(other))
    for name in ("one", "two", "else"):
        assert quick("wait", name, "--until", "blocked", "--timeout", "20").returncode == 0
    ran = quick("allow", "--like", "one")
    assert (ran.returncode, len(ran.stdout.splitlines())) == (0, 2), ran.stderr
    for name in ("one", "two"):
        assert quick("wait", name, "--turn", "1", "--until", "done").returncode == 0
    assert (quick.root / "project" / "ran").read_text() == "x\nx\n"
    assert quick.json("show", "else")["blocked"] == "permission"
    denied = quick("deny", "--all")
    assert (denied.returncode, denied.stdout.startswith("else: denied ")) == (0, True)
    assert quick("deny", "--all").returncode == 1


def test_one_prompt_to_several_kinds_and_one_is_kept(quick: Deck) -> None:
    own = quick.root / "tree"
    own.mkdir()
    ran = quick.json("compare", "--prompt", "go", "--dir", f"demo-quick={own}", "demo-quick", "demo-question")
    first, second = (agent["id"] for agent in ran["agents"])
    assert ran["number"] == 1
    assert quick.json("show", first)["cwd"] == str(own)
    kept = quick("compare", "keep", first)
    assert (kept.returncode, f"({second}) stopped and archived" in kept.stdout) == (0, True), kept.stderr
    assert [agent["id"] for agent in quick.json("ls")] == [first]
    assert quick.json("show", second)["archived"]
    assert f"({second}) is listed again" in quick("compare", "undo", "1").stdout
    assert [agent["id"] for agent in quick.json("ls")] == [first, second]

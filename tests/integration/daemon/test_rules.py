"""Standing answers with real agents: given on record, told, undone, never to oneself and never by a look-alike."""

from __future__ import annotations

from typing import Any

import pytest

from agents import wire
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Rule, Stream


def ask(command: str) -> dict[str, Any]:
    return {"do": "run", "command": command, "ask": True}


def add(home: Any, effect: str, **fields: Any) -> Rule:
    rule: Rule = home.call("rule.add", wire.AddRule(Rule(0, effect, **fields)))
    return rule


def decisions(home: Any, agent: str) -> list[tuple[str, str]]:
    blocks = home.call("transcript.page", wire.PageTranscript(agent, n=300)).blocks
    return [(block.decision.outcome, block.decision.by) for block in blocks if block.decision]


def test_a_rule_answers_is_on_record_and_explained(running: Any) -> None:
    rule = add(running, "allow", command=("touch",), project=str(running.project))
    agent = running.play([ask("touch one"), ask("touch two")]).id
    assert running.wait(agent, "done", turn=1).reached == "done"
    assert (running.project / "two").exists()
    assert decisions(running, agent) == [("allowed", f"rule {rule.id}")] * 2
    told = running.call("agent.explain", wire.AgentRef(agent)).rules
    assert [line.startswith("rule 1 allowed request ") for line in told] == [True, True]
    intents = [
        record["intent"]["args"]["by"]
        for record in running.journal(agent)
        if record["t"] == "intent" and record["intent"]["kind"] == "answer"
    ]
    assert intents == ["rule 1", "rule 1"]


def test_who_waits_for_a_question_is_not_woken_by_one_that_a_rule_answers(running: Any) -> None:
    add(running, "allow", command=("touch",))
    asks = [step for number in range(20) for step in ({"do": "say", "text": "x" * 5000}, ask(f"touch f{number}"))]
    agent = running.play(asks).id
    assert running.wait(agent, "done", turn=1, also=("blocked",)).reached == "done"
    assert decisions(running, agent) == [("allowed", "rule 1")] * 20


def test_what_only_begins_like_an_allowed_command_is_asked(running: Any) -> None:
    add(running, "allow", command=("touch", "fine"))
    agent = running.play([ask("touch fine; touch evil")]).id
    running.wait(agent, "blocked", turn=1)
    assert not (running.project / "evil").exists()
    (why,) = running.call("agent.explain", wire.AgentRef(agent)).rules
    assert why.startswith("no rule decides ")


def test_what_is_risky_is_asked_and_explain_says_why(running: Any) -> None:
    (running.project / "keep").touch()
    add(running, "allow", command=("rm",))
    agent = running.play([ask("rm keep")]).id
    running.wait(agent, "blocked", turn=1)
    (why,) = running.call("agent.explain", wire.AgentRef(agent)).rules
    assert why.startswith("rule 1 would allow it, but it is risky (deletes: rm keep)")
    add(running, "allow", command=("rm", "keep"))  # named exactly: also answers what is open
    assert running.wait(agent, "done", turn=1).reached == "done"
    assert not (running.project / "keep").exists()
    assert decisions(running, agent) == [("allowed", "rule 2")]


def test_deny_wins_and_the_agent_goes_on(running: Any) -> None:
    add(running, "allow", command=("touch",))
    add(running, "deny", command=("touch", "secret"))
    agent = running.play([ask("touch secret"), ask("touch open")]).id
    assert running.wait(agent, "done", turn=1).reached == "done"
    assert [(running.project / name).exists() for name in ("secret", "open")] == [False, True]
    assert decisions(running, agent) == [("denied", "rule 2"), ("allowed", "rule 1")]


def test_a_rule_taken_away_decides_no_more_and_outlives_the_daemon_until_then(running: Any) -> None:
    add(running, "allow", command=("touch",))
    running.kill()
    running.start()
    assert [rule.id for rule in running.call("rule.list").rules] == [1]
    first = running.play([ask("touch one")]).id
    assert running.wait(first, "done", turn=1).reached == "done"
    running.call("rule.remove", wire.RemoveRule(1))
    second = running.play([ask("touch two")], name="second").id
    running.wait(second, "blocked", turn=1)
    running.call("rule.remove", wire.RemoveRule(1, undo=True))
    assert running.wait(second, "done", turn=1).reached == "done"


def test_a_link_out_of_the_project_is_not_inside_it(running: Any) -> None:
    outside = running.path / "outside"
    outside.mkdir()
    (running.project / "docs").mkdir()
    (running.project / "docs" / "out").symlink_to(outside)
    add(running, "allow", path="docs/**")
    edit = {"do": "edit", "path": "docs/out/a.txt", "content": "x", "new": "x", "ask": True}
    agent = running.play([edit]).id
    row = running.wait(agent, "blocked", turn=1).row
    assert row.requests[0].paths or row.requests[0].diffs
    assert not list(outside.iterdir())


def test_an_agent_touches_no_rule(running: Any) -> None:
    script = running.path / "try.py"
    script.write_text(
        "import socket, json, sys\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); f = s.makefile('rwb')\n"
        "def call(i, m, p):\n"
        "    f.write(json.dumps({'jsonrpc': '2.0', 'id': i, 'method': m, 'params': p}).encode() + b'\\n'); f.flush()\n"
        "    return json.loads(f.readline())\n"
        "call(1, 'hello', {'client': 'x', 'version': '0'})\n"
        "rule = {'id': 0, 'effect': 'allow', 'command': ['rm']}\n"
        "for m, p in (('rule.add', {'rule': rule}), ('rule.list', {}), ('rule.remove', {'id': 1})):\n"
        "    print(m, 'error' in call(2, m, p), flush=True)\n"
    )
    add(running, "deny", tool="fetch")
    agent = running.run("shell", "python3", str(script), str(running.places.daemon_socket)).id
    running.wait(agent, "exited")
    assert running.raw(agent, Stream.OUT).splitlines() == [b"rule.add True", b"rule.list True", b"rule.remove True"]
    assert [(rule.id, rule.effect) for rule in running.call("rule.list").rules] == [(1, "deny")]


def test_what_cannot_be_a_rule_is_refused(running: Any) -> None:
    with pytest.raises(RpcError) as wrong:
        add(running, "allow", tool="execute")
    assert (wrong.value.code, "may be anything" in wrong.value.message) == (ErrorCode.INVALID_PARAMS, True)
    assert running.call("rule.list").rules == ()

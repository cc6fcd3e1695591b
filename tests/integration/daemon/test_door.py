"""The door: roles, snapshots against events, slow clients, floods, hand-over, two daemons, damaged index."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agents import events, wire
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Health, Lifecycle, Turn
from agents.wire import MAX_LINE, Hello
from app.client.api import ConnectionLost
from app.client.blocking import BlockingClient
from app.fleet import Fleet

ROOT = Path(__file__).parents[3]

#: A process inside an agent that calls the daemon and prints what came back.
SNITCH = """
import json, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); f = s.makefile("rb")
def call(n, method, params):
    s.sendall(json.dumps({"jsonrpc": "2.0", "id": n, "method": method, "params": params}).encode() + b"\\n")
    reply = json.loads(f.readline())
    print(method, reply["error"]["code"] if "error" in reply else "ok", (reply.get("error") or {}).get("message", ""))
    return reply
role = call(1, "hello", {"client": "agent", "version": "0"})["result"]["role"]
print("role", role)
me, other = sys.argv[2], sys.argv[3]
for n, (method, params) in enumerate(json.loads(sys.argv[4]), 2):
    call(n, method, params)
"""


def test_a_process_inside_an_agent_sees_only_itself_and_answers_nothing(running: Any) -> None:
    asking = running.play([{"do": "run", "command": "touch no", "ask": True}]).id
    running.wait(asking, "blocked")
    calls = [
        ["agent.answer", {"id": asking, "decision": "allow"}],
        ["agent.show", {"id": asking}],
        ["agent.show", {"id": "spy"}],
        ["agent.explain", {"id": "spy"}],
        ["agent.hook", {"event": "Stop", "payload": {"a": 1}}],
        ["agent.list", {}],
        ["agent.run", {"kind": "shell", "project": "/"}],
        ["daemon.stop", {}],
        ["daemon.handover", {"argv": ["/bin/true"]}],
        ["hello", {"client": "x", "version": "0", "subscribe": True}],
    ]
    # Also from a session and a process group of its own, as a child of a child, with a clean environment.
    script = running.path / "spy.py"
    script.write_text(SNITCH)
    argv = ["env", "-i", "setsid", "-w", sys.executable, str(script), str(running.places.daemon_socket), "spy", asking]
    agent = running.run("shell", "bash", "-c", '"$@"; true', "-", *argv, json.dumps(calls), name="spy").id
    running.wait(agent, "exited")
    out = running.call("log.read", wire.ReadLog(agent, "out", 0, 100_000)).data.decode()
    lines = [line.split(" ", 2) for line in out.splitlines()]
    got = [(line[0], line[1]) for line in lines]
    refused = str(int(ErrorCode.REFUSED))
    assert got == [
        ("hello", "ok"),
        ("role", "agent"),
        ("agent.answer", refused),
        ("agent.show", refused),
        ("agent.show", "ok"),
        ("agent.explain", "ok"),
        ("agent.hook", "ok"),
        ("agent.list", refused),
        ("agent.run", refused),
        ("daemon.stop", refused),
        ("daemon.handover", refused),
        ("hello", refused),
    ], out
    assert f"runs inside agent {agent}" in out
    assert [r["call"]["event"] for r in running.journal(agent) if r["t"] == "hooked"] == ["Stop"]
    assert running.row(asking).turn is Turn.BLOCKED


def test_the_socket_is_private(running: Any) -> None:
    assert running.places.daemon_socket.stat().st_mode & 0o777 == 0o600
    assert running.places.sockets.stat().st_mode & 0o777 == 0o700


def test_bad_lines_are_answered_by_name_and_the_connection_goes_on(running: Any) -> None:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(running.places.daemon_socket))
    with connection, connection.makefile("rb") as lines:

        def ask(line: bytes) -> dict[str, Any]:
            connection.sendall(line + b"\n")
            reply: dict[str, Any] = json.loads(lines.readline())
            return reply

        assert ask(b"{")["error"]["code"] == ErrorCode.PARSE
        assert ask(b"[1]")["error"]["code"] == ErrorCode.INVALID_REQUEST
        early = ask(b'{"id":1,"method":"agent.list"}')
        assert (early["id"], early["error"]["code"]) == (1, ErrorCode.INVALID_REQUEST)
        newer = ask(b'{"id":2,"method":"hello","params":{"client":"x","version":"9","protocol":99}}')
        assert newer["error"]["code"] == ErrorCode.VERSION
        assert ask(b'{"id":3,"method":"daemon.status"}')["result"]["agents"] == 0
        assert ask(b'{"id":4,"method":"hello","params":{"client":"x","version":"9"}}')["result"]["role"] == "user"
        wrong = ask(b'{"id":5,"method":"agent.send","params":{"id":"a","text":7}}')["error"]
        assert (wrong["code"], "$.text" in wrong["message"]) == (ErrorCode.INVALID_PARAMS, True)
        lacking = ask(b'{"id":6,"method":"agent.send","params":{"id":"a"}}')["error"]
        assert "`text`" in lacking["message"]
        assert ask(b'{"id":7,"method":"agent.fly"}')["error"]["code"] == ErrorCode.METHOD_NOT_FOUND
        assert ask(b'{"id":8,"method":"agent.show","params":{"id":"no"}}')["error"]["code"] == ErrorCode.NOT_FOUND


def test_a_line_without_end_is_refused_and_costs_nobody_else_anything(running: Any) -> None:
    other = running.client()
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(running.places.daemon_socket))
    with connection, connection.makefile("rb") as lines:
        chunk = b"x" * (1024 * 1024)
        try:
            for _ in range(MAX_LINE // len(chunk) * 3):
                connection.sendall(chunk)
        except OSError:
            pass
        try:
            reply = lines.readline()
        except OSError:
            reply = b""
        assert not reply or json.loads(reply)["error"]["code"] == ErrorCode.PARSE
    assert other.call("agent.list", wire.NoParams()).agents == ()


def drain(client: BlockingClient) -> None:
    while client.next_event(20) is not None:
        pass


def follow(home: Any, client: BlockingClient, fleet: Fleet, until: Any) -> None:
    home.settle(lambda: _drained(client, fleet) and until(fleet))


def _drained(client: BlockingClient, fleet: Fleet) -> bool:
    while (event := client.next_event(0)) is not None:
        fleet.apply(event)
    return True


def test_a_snapshot_and_events_equal_a_later_snapshot_also_after_a_reconnect(running: Any) -> None:
    client = running.client(subscribe=True)
    fleet = Fleet()
    fleet.reset(client.welcome.snapshot)
    running.play([{"do": "say", "text": "hi"}], name="one")
    running.wait("one", "done")
    follow(running, client, fleet, lambda f: any(r.turn is Turn.DONE for r in f.rows()))
    epoch = client.welcome.epoch
    client.close()
    running.run("shell", "true", name="two")
    running.wait("two", "exited")
    running.call("agent.seen", wire.AgentRef("one"))
    running.call("agent.remove", wire.Remove("one", force=True))
    again = running.client(subscribe=True, epoch=epoch, since=fleet.seq)
    assert again.welcome.snapshot is None
    follow(running, again, fleet, lambda f: f.seq >= again.welcome.seq)
    fresh = running.client(subscribe=True).welcome.snapshot
    assert fleet.rows() == fresh.agents
    assert [row.name for row in fresh.agents] == ["two"]
    other = running.client(subscribe=True, epoch="another", since=1)
    assert other.welcome.snapshot is not None


def test_blocks_and_log_sizes_go_only_to_those_who_watch(running: Any) -> None:
    watcher, other = running.client(subscribe=True), running.client(subscribe=True)
    agent = running.play([running.gate(), {"do": "say", "text": "hello"}]).id
    watcher.call("pane.watch", wire.Watch((agent,)))
    running.open_gate()
    running.wait(agent, "done")
    texts: list[str] = []
    sizes: list[int] = []

    def heard() -> bool:
        while (event := watcher.next_event(0)) is not None:
            if isinstance(event.event, events.BlocksChanged):
                texts.extend(block.text for block in event.event.blocks)
            elif isinstance(event.event, events.LogGrew):
                sizes.append(event.event.out)
        return "hello" in texts and bool(sizes) and sizes[-1] == running.row(agent).out_size

    running.settle(heard)
    while (event := other.next_event(0)) is not None:
        assert not isinstance(event.event, events.BlocksChanged | events.LogGrew)


def test_a_client_that_does_not_read_is_cut_off_and_delays_nobody(home: Any) -> None:
    home.start(out_limit=64 * 1024)
    deaf, other = home.client(subscribe=True), home.client()
    agent = home.run("shell", "sleep", "600", name="n0").id

    def shout() -> bool:
        for n in range(50):
            other.call("agent.annotate", wire.Annotate(agent, note=f"{n}" * 2000))
        return "does not read" in home.log()

    home.settle(shout)
    with pytest.raises(ConnectionLost):
        drain(deaf)
    assert other.call("agent.list", wire.NoParams()).agents[0].id == agent


def test_a_flood_does_not_delay_the_answer_to_another_agent(running: Any) -> None:
    flood = running.run("shell", "yes", "flooding the log").id
    agent = running.play([{"do": "run", "command": "true", "ask": True}] * 8).id
    watcher = running.client(subscribe=True)
    watcher.call("pane.watch", wire.Watch((flood,)))
    before = running.row(flood).out_size
    for _ in range(8):
        key = running.wait(agent, "blocked").row.requests[0].key
        running.call("agent.answer", wire.AnswerRequest(agent, "allow", key))
        running.until(agent, lambda row, key=key: all(r.key != key for r in row.requests))
    assert running.wait(agent, "done").reached == "done"
    running.until(flood, lambda row: row.out_size > before)
    running.call("agent.kill", wire.AgentRef(flood))


def test_only_one_daemon_runs_per_home_and_the_second_names_the_first(running: Any) -> None:
    main = Path(__file__).with_name("main.py")
    second = subprocess.run(
        [sys.executable, str(main), "{}"], env=running.env, capture_output=True, text=True, check=False, timeout=90
    )
    assert second.returncode == 1
    assert str(running.daemon.pid) in second.stderr
    assert running.call("agent.list").agents == ()


def test_a_stale_socket_is_replaced(running: Any) -> None:
    running.kill()
    assert running.places.daemon_socket.exists()
    running.start()
    assert running.call("agent.list").agents == ()
    running.daemon.terminate()
    assert running.daemon.wait(60) == 0
    assert not running.places.daemon_socket.exists()


def test_sigterm_ends_the_daemon_and_no_agent(running: Any) -> None:
    agent = running.run("shell", "sleep", "600").id
    pid = running.row(agent).pid
    running.daemon.send_signal(signal.SIGTERM)
    assert running.daemon.wait(60) == 0
    os.kill(pid, 0)
    running.start()
    assert running.until(agent, lambda row: not row.catching_up).pid == pid


def test_stop_with_agents_ends_them_all(running: Any) -> None:
    pids = [running.run("shell", "sleep", "600").pid for _ in range(3)]
    running.call("daemon.stop", wire.StopDaemon(agents=True))
    assert running.daemon.wait(60) == 0
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_hand_over_is_only_a_reconnect_for_clients_and_nothing_for_agents(running: Any) -> None:
    agent = running.play([{"do": "run", "command": "touch ran", "ask": True}]).id
    before = running.wait(agent, "blocked").row
    client = running.client(subscribe=True)
    successor = (sys.executable, str(Path(__file__).with_name("main.py")), "{}")
    running.call("daemon.handover", wire.HandOver(successor))
    with pytest.raises(ConnectionLost):
        drain(client)
    # No moment without a listening socket: connecting never fails, it only waits.
    after = running.client(subscribe=True, epoch=client.welcome.epoch, since=client.welcome.seq).welcome
    assert (after.pid, after.epoch == client.welcome.epoch) == (running.daemon.pid, False)
    assert after.snapshot is not None
    assert running.wait(agent, "blocked").row.requests == before.requests
    running.call("agent.answer", wire.AnswerRequest(agent, "allow"))
    assert running.wait(agent, "done", turn=1).reached == "done"


def test_a_hand_over_to_nothing_is_refused_and_one_that_fails_leaves_the_daemon(running: Any) -> None:
    agent = running.run("shell", "sleep", "600").id
    with pytest.raises(RpcError) as caught:
        running.call("daemon.handover", wire.HandOver(("/no/such/program",)))
    assert "/no/such/program" in caught.value.message
    broken = running.path / "broken"
    broken.write_bytes(b"\x7fELF but not really")
    broken.chmod(0o755)
    running.call("daemon.handover", wire.HandOver((str(broken),)))
    running.settle(lambda: "this daemon goes on" in running.log())
    assert running.until(agent, lambda row: not row.catching_up).lifecycle is Lifecycle.RUNNING
    assert running.call("daemon.status").pid == running.daemon.pid


def test_the_index_is_rebuilt_when_it_is_deleted_or_damaged(running: Any) -> None:
    agent = running.play([{"do": "say", "text": "a very findable word: xylophone"}]).id
    running.wait(agent, "done")
    rebuilt = running.call("index.rebuild")
    assert (rebuilt.agents, rebuilt.blocks) == (1, running.row(agent).blocks)
    for damage in (lambda p: p.unlink(), lambda p: p.write_bytes(b"no database" * 100)):
        damage(running.places.index)
        for name in ("-wal", "-shm"):
            running.places.index.with_name(running.places.index.name + name).unlink(missing_ok=True)
        running.call("agent.send", wire.Send(agent, "more"))
        running.settle(lambda: running.call("index.rebuild").blocks == running.row(agent).blocks)


def test_status_and_doctor_tell_facts(running: Any) -> None:
    running.run("shell", "echo", "hello")
    facts = running.call("daemon.doctor")
    assert facts.status.pid == running.daemon.pid
    assert facts.status.agents == 1
    assert facts.status.home == str(running.places.state)
    assert facts.leftovers == ()
    assert facts.log_bytes >= 6
    assert facts.disk_free > 0
    kinds = running.call("kind.list")
    assert {"shell", "acp"} <= {kind.name for kind in kinds.kinds}


def test_a_kind_file_that_does_not_parse_is_named_with_its_line(running: Any) -> None:
    folder = running.path / "config" / "agents"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.toml").write_text('name = "mine"\nfamily = "teminal"\n')
    (folder / "ok.toml").write_text('name = "ok"\nfamily = "terminal"\ncommand = ["true"]\n')
    kinds = running.call("kind.list")
    assert any("mine.toml:2" in problem for problem in kinds.problems)
    assert running.run("ok").name == "ok-1"


def test_next_goes_through_the_queue_in_order(running: Any) -> None:
    done = running.play([{"do": "say", "text": "x"}], name="done-one").id
    running.wait(done, "done")
    asks = running.play([{"do": "run", "command": "true", "ask": True}], name="asks-one").id
    running.wait(asks, "blocked")
    first = running.call("agent.next", wire.Next())
    assert (first.row.id, first.waiting) == (asks, 2)
    second = running.call("agent.next", wire.Next((asks,)))
    assert second.row.id == done
    running.call("agent.snooze", wire.Snooze(asks, 600))
    assert running.call("agent.next", wire.Next()).row.id == done
    running.call("agent.answer", wire.AnswerRequest(asks, "deny"))
    running.wait(asks, "done")
    # The snooze was for the question, not for what comes after it.
    assert {running.call("agent.next", wire.Next((done,))).row.id} == {asks}
    assert running.row(asks).health is Health.OK
    assert Hello("x", "0").protocol == wire.PROTOCOL


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_json_nested_without_end_costs_its_sender_an_answer_and_nobody_else_anything(
    running: Any, opening: bytes
) -> None:
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(str(running.places.daemon_socket))
    with peer, peer.makefile("rb") as lines:
        peer.sendall(b'{"id":1,"method":"hello","params":' + opening * 200_000 + b"\n")
        assert json.loads(lines.readline())["error"]["code"] == ErrorCode.PARSE
        hello = {"jsonrpc": "2.0", "id": 2, "method": "hello", "params": {"client": "x", "version": "0"}}
        peer.sendall(json.dumps(hello).encode() + b"\n")
        assert json.loads(lines.readline())["id"] == 2
    assert running.call("agent.list").agents == ()

"""What every family keeps: purity, determinism, replay from any checkpoint, and no exception for any bytes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.adapters.contract import Adapter, Answer, Fact, NotPossible
from agents.adapters.registry import families
from agents.model import Mark, Stream
from agents.spec import Kind, Spec
from tests.fakes import boxed
from tests.unit.agents.adapters import claude_tape as claude
from tests.unit.agents.adapters import codex_tape as codex
from tests.unit.agents.adapters.tape import (
    WALL,
    Drive,
    chunk,
    ended,
    kind,
    open_session,
    permission,
    prompt,
    spec,
    tool,
    tool_update,
    update,
)

Tape = list[tuple[Mark, bytes]]
FAMILIES = families()


class Case:
    """A recorded life of an agent, and how to make its adapter."""

    def __init__(self, name: str, family: str, record: Callable[[Drive], None], **fields: Any) -> None:
        self.name = name
        self.kind: Kind = kind(family=family, **fields.pop("kind", {}))
        self.spec: Spec = spec(family=family, **fields)
        self.family = FAMILIES[family]
        drive = Drive(self.fresh())
        record(drive)
        self.tape: Tape = drive.tape.marks
        self.facts = drive.facts

    def fresh(self) -> Adapter:
        return self.family(self.kind, self.spec)

    def load(self, state: bytes) -> Adapter:
        return self.family.load(self.kind, self.spec, state)


def record_shell(d: Drive) -> None:
    d.start()
    d.feed(Stream.OUT, b"$ ")
    d.write(d.adapter.prompt(1, "ls"))
    d.feed(Stream.OUT, b"a\r\nb\r\n$ ")
    d.ctl("resize", rows=30, cols=100)
    d.ctl("stdin_closed")
    d.ctl("exit", code=0, signal=None)
    d.start(2)
    d.ctl("exit", code=None, signal=9)


def record_terminal(d: Drive) -> None:
    """Play a program with rules: a message, an approval, a typed turn, a question, a torn screen, a death."""

    def at(stream: Stream, data: bytes) -> None:
        while (due := d.adapter.next_deadline()) is not None and due <= d.tape.now:
            d.facts += d.adapter.tick(due)
        d.feed(stream, data)

    def wrote(what: str, data: bytes) -> None:
        at(Stream.IN, data)
        at(Stream.CTL, json.dumps({"ev": "wrote", "id": f"1:{what}"}).encode())

    def draw(text: str) -> None:
        at(Stream.OUT, b"\x1b[H\x1b[2J" + text.encode())

    box, asks = "-" * 20 + "\r\n> ", "Run this?\r\n  $ make\r\n 1. Yes\r\n 2. Always\r\n 3. No"
    d.start()
    at(Stream.OUT, b"\x1b[?2004h" + boxed.QUERIES)
    for want in d.adapter.wants():
        wrote(f"want:{want.key}", want.data)
    draw(box)
    draw(box)
    wrote("prompt:1", d.adapter.prompt(1, "grüße\nfix it ✓"))
    draw(f"{box}grüße\r\n  fix it ✓")
    at(Stream.ERR, b"warming up")
    for want in d.adapter.wants():
        wrote(f"want:{want.key}", want.data)
    at(Stream.OUT, b"\x1b]7501;state=working:app=boxed\x1b\\\x1b]0;busy\x07")
    draw(asks)
    at(Stream.OUT, b"\x1b]7501;state=blocked:kind=permission\x1b\\\x07")
    at(Stream.OUT, b"\x1b[c")
    for request in d.adapter.requests():
        wrote(f"answer:{request.key}", d.adapter.answer(request.key, Answer("allow")))
    draw(f"* working\r\n{box}")
    at(Stream.OUT, b"\x1b]7501;state=done\x1b\\")
    draw(box)
    d.ctl("resize", rows=30, cols=90)
    at(Stream.OUT, b"x\xff\xc3" * 90_000)
    draw(box)
    at(Stream.OUT, b"\x1b]7501;state=working\x1b\\")
    at(Stream.OUT, b"\x1b]7501;state=error:msg=bm8=\x1b\\")
    wrote("prompt:2", b"\x1b[200~lost\x1b[201~")
    at(Stream.CTL, b'{"ev":"exit","code":null,"signal":9}')


def record_acp(d: Drive) -> None:
    modes = {"currentModeId": "ask", "availableModes": [{"id": "ask", "name": "Ask"}, {"id": "code", "name": "Code"}]}
    open_session(d, session={"modes": modes}, loadSession=True)
    d.reply({})
    d.feed(Stream.OUT, b"\x1b[33mstray\x1b[0m line\n")
    d.feed(Stream.ERR, b"warming up\n")
    prompt(d, 1, "grüße, fix the login")
    d.says(chunk("let me see 漢字", "agent_thought_chunk"), tool(kind="execute", rawInput={"command": "npm test"}))
    d.says(permission(0), {"jsonrpc": "2.0", "id": 1, "method": "fs/read_text_file", "params": {}})
    d.settle()
    d.write(d.adapter.answer(d.adapter.requests()[0].key, Answer("allow")))
    diff = [{"type": "diff", "path": "/repo/a", "oldText": "1", "newText": "2"}]
    d.says(tool_update(status="in_progress"), tool("c2", kind="edit", content=diff), tool_update(status="completed"))
    d.says(update({"sessionUpdate": "plan", "entries": [{"content": "x", "priority": "low", "status": "pending"}]}))
    d.says(update({"sessionUpdate": "usage_update", "used": 1, "size": 9, "cost": {"amount": 0.1, "currency": "USD"}}))
    d.says(chunk("done", messageId="m"), ended(1, usage={"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}))
    prompt(d, 2, "and again")
    d.says(permission("q", "c3", title="Delete"))
    d.write(d.adapter.interrupt("e1-1"))
    d.says(ended(2, "cancelled"), ended(2, "cancelled"), update({"sessionUpdate": "hologram"}))
    prompt(d, 3, "crash")
    d.feed(Stream.OUT, b'{"jsonrpc":"2.0","method":"sess')
    d.ctl("exit", code=None, signal=11)
    d.start(2)
    d.reply({"protocolVersion": 1, "agentCapabilities": {"loadSession": True}})
    (load,) = [m for m in d.settle() if m["method"] == "session/load"]
    d.says(chunk("fix", "user_message_chunk"), chunk("done"))
    d.reply_to(load, {"modes": modes})
    d.reply({})
    prompt(d, 4, "go on")
    d.says({"jsonrpc": "2.0", "id": "t4", "error": {"code": -32603, "message": "Internal error", "data": "quota"}})
    d.ctl("eof", stream="out")
    d.ctl("exit", code=1, signal=None)


#: An ACP kind with everything that is data of a kind.
QUIRKS: dict[str, Any] = {
    "client_meta": {"vendor": True},
    "failure": {"at": ["vendor"], "text": "title", "retrying": {"again": True}},
    "names_sessions_by_minute": True,
}


def record_quirks(d: Drive) -> None:
    models = {"currentModelId": "m1", "availableModels": [{"modelId": "m1", "name": "One"}, {"modelId": "m2"}]}
    d.start()
    d.reply(
        {
            "protocolVersion": 1,
            "authMethods": [{"id": "key", "name": "Key"}],
            "agentCapabilities": {"loadSession": True},
        }
    )
    d.refuse(-32000, "Authentication required")
    d.reply({})
    d.reply({"sessionId": "s1", "models": models})
    d.reply({})
    prompt(d, 1, "go")
    retry = update(
        {"sessionUpdate": "session_info_update", "_meta": {"vendor": {"title": "attempt 1 of 2", "again": True}}}
    )
    d.says(retry, chunk("hi"), ended(1, _meta={"vendor": {"title": "503 overloaded"}}))
    d.ctl("exit", code=None, signal=9)
    d.start(2)
    d.reply({"protocolVersion": 1, "agentCapabilities": {"loadSession": True}})
    deadline = d.adapter.next_deadline()
    assert deadline is not None, "it is held back to the next minute"
    d.adapter.tick(deadline)
    d.tape.now = deadline + 1.0
    d.reply({"models": models})
    d.says(chunk("late history"))
    d.reply({})
    prompt(d, 2, "again")
    d.says({"jsonrpc": "2.0", "id": "t2", "error": {"code": 429, "message": "Retry in 5s"}})


def record_login(d: Drive) -> None:
    d.start()
    d.reply({"protocolVersion": 1, "authMethods": [{"id": "key", "name": "Key"}]})
    d.refuse(-32000, "Authentication required")
    d.ctl("exit", code=0, signal=None)


def record_claude(d: Drive) -> None:
    d.start()
    d.settle()
    commands = [{"name": "compact", "description": "Make room"}]
    d.says(claude.response("init.1", {"commands": commands}))
    d.settle()
    d.says(claude.response("configure.1", {"mode": "plan"}))
    d.feed(Stream.OUT, b"\x1b[33mstray\x1b[0m line\n")
    d.feed(Stream.ERR, b"warming up\n")
    prompt(d, 1, "grüße, fix the login")
    d.says(claude.INIT, *claude.streamed("let me see 漢字"), claude.tool("t1", "Bash", command="npm test"))
    d.says(claude.asks("r1", "Bash", "t1", command="npm test"), claude.control("r2", subtype="mcp_message"))
    d.settle()
    d.write(d.adapter.answer(d.adapter.requests()[0].key, Answer("always")))
    d.says(claude.tool_result("t1", "ok"), claude.tool("t2", "Edit", file_path="a", old_string="1", new_string="2"))
    d.write(d.adapter.steer("and be quick", "e1-0"))
    d.says(claude.tool_result("t2", "no", is_error=True), claude.retry(), claude.result(usage={"output_tokens": 2}))
    d.write(d.adapter.set_mode("default", "e1-1"))
    d.says(claude.response("mode.e1-1", {"mode": "default"}))
    d.write(d.adapter.set_model("claude-opus-5", "e1-3"))
    d.says(claude.response("model.e1-3", {"model": "claude-opus-5"}))
    prompt(d, 2, "and again")
    d.says(claude.asks("r3", "Write", "t3", file_path="b", content="x"))
    d.write(d.adapter.interrupt("e1-2"))
    d.says({"type": "control_cancel_request", "request_id": "r3"}, claude.response("stop.e1-2", {}))
    d.says(claude.result(subtype="error_during_execution", terminal_reason="aborted_tools", is_error=True))
    prompt(d, 3, "crash")
    d.says(claude.asks("r4", "AskUserQuestion", "t4", questions=[{"question": "Which?", "options": []}]))
    d.feed(Stream.OUT, b'{"type":"assist')
    d.ctl("exit", code=None, signal=11)
    d.start(2)
    d.settle()
    d.says(claude.response("init.2", {}))
    d.settle()
    d.says(claude.response("configure.2", error="no"), {"type": "hologram"})
    prompt(d, 4, "go on")
    d.says(claude.result(is_error=True, api_error_status=401, result="Please run /login"))
    d.ctl("eof", stream="out")
    d.ctl("exit", code=1, signal=None)


def record_codex(d: Drive) -> None:
    codex.open_codex(d)
    d.reply({"data": [{"id": "gpt", "displayName": "GPT", "description": "one"}], "nextCursor": "more"})
    d.refuse(-32600, "no more")
    d.feed(Stream.OUT, b"\x1b[33mstray\x1b[0m line\n")
    d.feed(Stream.ERR, b"warming up\n")
    prompt(d, 1, "grüße, fix the login")
    d.says(codex.answer("t1", {"turn": {"id": "tu-1"}}), *codex.turn_started(), codex.taken("a1.t1"))
    d.says(codex.delta("let me see 漢字", "r1", "item/reasoning/summaryTextDelta", summaryIndex=1), codex.delta("well"))
    d.says(codex.command("c1", "npm test"), codex.asks(0, "commandExecution", command="npm test"))
    d.says(codex.request("x", "attestation/generate"))
    d.settle()
    d.write(d.adapter.answer(d.adapter.requests()[0].key, Answer("always")))
    d.says(
        codex.notice("serverRequest/resolved", requestId=0),
        codex.delta("ok\n", "c1", "item/commandExecution/outputDelta"),
    )
    d.write(d.adapter.steer("and be quick", "e1-s"))
    d.says(codex.answer("steer.e1-s", {"turnId": "tu-1"}), codex.taken("a1.steer.e1-s", "and be quick"))
    d.says(codex.command("c1", "npm test", done=True, aggregatedOutput="ok\n"), codex.edit("c2", codex.added()))
    d.says(codex.tokens(10, 10), codex.retry({"responseStreamDisconnected": {"httpStatusCode": 429}}))
    d.says(codex.notice("turn/plan/updated", plan=[{"step": "x", "status": "inProgress"}]), codex.turn_completed())
    d.write(d.adapter.set_mode("plan", "e1-1"))
    d.says(codex.answer("mode.e1-1"))
    settings = {
        "approvalPolicy": "on-request",
        "sandboxPolicy": codex.READ_ONLY,
        "model": "gpt",
        "collaborationMode": {"mode": "plan"},
    }
    d.says(codex.notice("thread/settings/updated", threadSettings=settings))
    d.write(d.adapter.set_model("other", "e1-2"))
    d.says(codex.answer("model.e1-2", error="no such model"))
    prompt(d, 2, "and again")
    d.write(d.adapter.interrupt("e1-3"))
    d.says(
        codex.answer("t2", {"turn": {"id": "tu-2"}}),
        codex.answer("stop.e1-3"),
        codex.turn_completed("tu-2", "interrupted"),
    )
    prompt(d, 3, "crash")
    questions = [{"id": "q", "question": "Which?", "options": [{"label": "a"}]}]
    d.says(codex.request(7, "item/tool/requestUserInput", itemId="q1", questions=questions))
    d.feed(Stream.OUT, b'{"method":"item/st')
    d.ctl("exit", code=None, signal=11)
    codex.open_codex(d, 2)
    prompt(d, 4, "go on")
    error = {"message": "You've hit your limit", "codexErrorInfo": "usageLimitExceeded"}
    d.says(
        *codex.turn_started("tu-4"),
        codex.retry("usageLimitExceeded", again=False),
        codex.turn_completed("tu-4", "failed", error),
    )
    d.says(codex.notice("thread/started", "sub-1"), codex.notice("hologram", None), {"id": "late", "result": {}})
    d.ctl("eof", stream="out")
    d.ctl("exit", code=1, signal=None)


CASES = [
    Case("shell on a pty", "terminal", record_shell, pty=True),
    Case("shell on pipes", "terminal", record_shell),
    Case("a terminal with rules", "terminal", record_terminal, pty=True, kind={"status": boxed.rules()}),
    Case("an ACP agent", "acp", record_acp, mode="code"),
    Case("a login that is missing", "acp", record_login),
    Case("an ACP agent with quirks", "acp", record_quirks, kind={"quirks": QUIRKS, "auth_method": "key"}, model="m2"),
    Case("Claude Code", "claude", record_claude, mode="plan"),
    Case("Codex", "codex", record_codex),
]

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def seen(adapter: Adapter) -> tuple[Any, ...]:
    """Everything a unit can see of an adapter."""
    return (
        tuple(adapter.wants()),
        tuple(adapter.evidence()),
        tuple(adapter.requests()),
        adapter.capabilities(),
        adapter.ready(),
        adapter.next_deadline(),
        adapter.trouble(),
    )


def play(adapter: Adapter, tape: Tape) -> list[Fact]:
    """Feed a tape as a replay does: tick at each deadline before later marks."""
    facts: list[Fact] = []
    for mark, data in tape:
        while (deadline := adapter.next_deadline()) is not None and deadline <= mark.monotonic:
            facts += adapter.tick(deadline)
        facts += adapter.feed(mark, data)
    return facts


@every_case
def test_the_recording_is_worth_replaying(case: Case) -> None:
    assert len(case.facts) >= 3
    assert {mark.stream for mark, _ in case.tape} >= {Stream.CTL, Stream.IN, Stream.OUT}


@every_case
def test_a_replay_gives_the_same_facts_and_the_same_state(case: Case) -> None:
    adapter, again = case.fresh(), case.fresh()
    assert play(adapter, case.tape) == case.facts
    assert play(again, case.tape) == case.facts
    assert adapter.dump() == again.dump()
    assert seen(adapter) == seen(again)


@every_case
def test_checkpoint_and_rest_is_the_whole_at_every_mark(case: Case) -> None:
    whole = case.fresh()
    for cut in range(len(case.tape) + 1):
        adapter = case.fresh()
        facts = play(adapter, case.tape[:cut])
        loaded = case.load(adapter.dump())
        assert seen(loaded) == seen(adapter)
        assert loaded.dump() == adapter.dump()
        assert facts + play(loaded, case.tape[cut:]) == case.facts
        if cut == 0:
            play(whole, case.tape)
        assert loaded.dump() == whole.dump()


def cut_up(tape: Tape, sizes: Sequence[int]) -> Tape:
    """Cut every mark of a byte stream into pieces; times stay, so that only the cuts differ."""
    pieces: Tape = []
    step = 0
    for mark, data in tape:
        if mark.stream is Stream.CTL:
            pieces.append((mark, data))
            continue
        at = 0
        while at < len(data):
            length = sizes[step % len(sizes)]
            step += 1
            piece = data[at : at + length]
            fields = (mark.seq, mark.stream, mark.offset + at, len(piece), mark.wall, mark.monotonic)
            pieces.append((Mark(*fields), piece))
            at += length
    return pieces


@every_case
@given(sizes=st.lists(st.integers(1, 200), min_size=1, max_size=20), point=st.floats(0, 1))
@settings(max_examples=25, suppress_health_check=[HealthCheck.differing_executors], deadline=None)
def test_how_bytes_are_cut_and_where_a_checkpoint_falls_changes_nothing(
    case: Case, sizes: list[int], point: float
) -> None:
    tape = cut_up(case.tape, sizes)
    cut = int(point * len(tape))
    adapter = case.fresh()
    facts = play(adapter, tape[:cut])
    loaded = case.load(adapter.dump())
    assert facts + play(loaded, tape[cut:]) == case.facts


@every_case
def test_what_the_user_does_changes_nothing_until_it_was_written(case: Case) -> None:
    adapter = case.fresh()
    for mark, data in case.tape:
        adapter.feed(mark, data)
        before = adapter.dump()
        actions: list[Callable[[Adapter], object]] = [
            lambda a: a.prompt(99, "x"),
            lambda a: a.interrupt("e9-1"),
            lambda a: a.set_mode("code", "e9-2"),
            lambda a: a.set_model("gpt-x", "e9-3"),
            lambda a: a.steer("and be quick", "e9-4"),
            *(
                lambda a, key=request.key, decision=decision: a.answer(key, Answer(decision))  # type: ignore[misc]
                for request in adapter.requests()
                for decision in ("allow", "always", "deny", "answer")
            ),
            lambda a: a.answer("no such key", Answer("allow")),
        ]
        for act in actions:
            with contextlib.suppress(NotPossible):
                assert act(adapter)
        first = seen(adapter)
        assert first == seen(adapter)
        assert adapter.dump() == before


@every_case
def test_ticks_are_deterministic_and_before_the_deadline_do_nothing(case: Case) -> None:
    adapter = case.fresh()
    for mark, data in case.tape:
        adapter.feed(mark, data)
        deadline = adapter.next_deadline()
        state = adapter.dump()
        early = mark.monotonic if deadline is None else deadline - 0.001
        assert list(adapter.tick(early)) == []
        assert adapter.dump() == state
        if deadline is not None:
            one, two = case.load(state), case.load(state)
            assert list(one.tick(deadline)) == list(two.tick(deadline))
            assert one.dump() == two.dump()
            after = one.next_deadline()
            assert after is None or after > deadline


@every_case
def test_states_of_another_version_or_kind_are_refused(case: Case) -> None:
    state = json.loads(case.fresh().dump())
    state["version"] += 1
    with pytest.raises(ValueError, match="version"):
        case.load(json.dumps(state).encode())
    for damaged in (b"", b"{", b"[]", b'{"version":"x"}', b"\xff"):
        with pytest.raises(ValueError):
            case.load(damaged)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
METHODS = st.sampled_from(
    ["session/update", "session/request_permission", "elicitation/create", "elicitation/complete", "$/cancel_request"]
)
KINDS = st.sampled_from(
    [
        "agent_message_chunk", "agent_thought_chunk", "user_message_chunk", "tool_call", "tool_call_update", "plan",
        "plan_update", "plan_removed", "available_commands_update", "current_mode_update", "config_option_update",
        "session_info_update", "usage_update", "future",
    ]
)  # fmt: skip
FIELDS = st.sampled_from(
    [
        "content", "toolCallId", "title", "status", "kind", "rawInput", "rawOutput", "entries", "used", "size", "cost",
        "currentModeId", "availableCommands", "configOptions", "locations", "plan", "messageId", "_meta",
    ]
)  # fmt: skip
UPDATES = st.builds(
    lambda what, fields: {"sessionId": "s1", "update": {**fields, "sessionUpdate": what}},
    KINDS,
    st.dictionaries(FIELDS, JSON, max_size=6),
)
CLAUDE_TYPES = st.sampled_from(
    [
        "assistant", "user", "result", "system", "stream_event", "control_request", "control_response",
        "control_cancel_request", "rate_limit_event", "future",
    ]
)  # fmt: skip
CLAUDE_BODIES = JSON | st.fixed_dictionaries(
    {},
    optional={
        "subtype": st.sampled_from(["can_use_tool", "success", "error", "initialize", "set_permission_mode"]),
        "type": st.sampled_from(["message_start", "content_block_start", "content_block_delta"]),
        "tool_name": st.sampled_from(["Bash", "Edit", "Write", "AskUserQuestion"]) | JSON,
        "content": st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from(["text", "tool_use", "tool_result"])},
                optional=dict.fromkeys(("text", "id", "name", "input", "content", "tool_use_id"), JSON),
            )
        ),
        "input": st.dictionaries(
            st.sampled_from(["file_path", "content", "questions", "edits", "command"]), JSON, max_size=4
        ),
        **dict.fromkeys(("request_id", "response", "permission_suggestions", "delta", "content_block", "id"), JSON),
    },
)
CODEX_METHODS = st.sampled_from(
    [
        "thread/status/changed", "thread/settings/updated", "thread/tokenUsage/updated", "account/rateLimits/updated",
        "turn/started", "turn/completed", "turn/plan/updated", "error", "item/started", "item/completed",
        "item/agentMessage/delta", "item/commandExecution/outputDelta", "item/fileChange/patchUpdated", "warning",
        "serverRequest/resolved", "item/commandExecution/requestApproval", "item/fileChange/requestApproval",
        "item/permissions/requestApproval", "item/tool/requestUserInput", "mcpServer/elicitation/request",
    ]
)  # fmt: skip
CODEX_PARAMS = JSON | st.fixed_dictionaries(
    {},
    optional={
        "threadId": st.sampled_from(["th-1", "sub-1"]) | JSON,
        "item": st.fixed_dictionaries(
            {"type": st.sampled_from(["commandExecution", "fileChange", "mcpToolCall", "agentMessage", "webSearch"])},
            optional=dict.fromkeys(("id", "command", "changes", "commandActions", "status", "result", "action"), JSON),
        )
        | JSON,
        "turn": st.fixed_dictionaries({}, optional={"id": st.just("tu-1") | JSON, "status": JSON, "error": JSON}),
        "mode": st.sampled_from(["form", "url"]) | JSON,
        "requestId": st.sampled_from([0, "x"]) | JSON,
        **dict.fromkeys(
            (
                "status", "error", "delta", "itemId", "tokenUsage", "rateLimits", "plan", "threadSettings", "command",
                "availableDecisions", "permissions", "questions", "requestedSchema", "_meta", "message", "url",
                "willRetry",
            ),
            JSON,
        ),
    },
)  # fmt: skip
MESSAGES = (
    st.fixed_dictionaries({"method": CODEX_METHODS}, optional={"id": JSON, "params": CODEX_PARAMS})
    | st.fixed_dictionaries({"method": METHODS}, optional={"id": JSON, "params": UPDATES | JSON})
    | st.fixed_dictionaries(
        {
            "id": st.sampled_from(["t1", "t3", "initialize.1", "open-0.1", "account.1", "models-0.1", 0]) | JSON,
            "result": JSON,
        }
    )
    | st.fixed_dictionaries({"id": st.sampled_from(["t1", "session/new.1"]), "error": JSON})
    | st.fixed_dictionaries(
        {"type": CLAUDE_TYPES},
        optional={
            "subtype": st.sampled_from(["init", "api_retry", "status", "success"]) | JSON,
            "request_id": st.sampled_from(["init.1", "r1", "mode.e1-1"]) | JSON,
            "request": CLAUDE_BODIES,
            "response": CLAUDE_BODIES,
            "message": CLAUDE_BODIES,
            "event": CLAUDE_BODIES,
            **dict.fromkeys(("usage", "total_cost_usd", "modelUsage", "errors", "uuid", "permissionMode"), JSON),
        },
    )
)
LINES = st.builds(lambda message: json.dumps(message).encode() + b"\n", MESSAGES | JSON)


@every_case
@given(
    point=st.floats(0, 1),
    noise=st.lists(st.tuples(st.sampled_from(list(Stream)), st.binary(max_size=80) | LINES), max_size=12),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.differing_executors], deadline=None)
def test_no_bytes_at_any_time_raise_or_break_a_checkpoint(
    case: Case, point: float, noise: list[tuple[Stream, bytes]]
) -> None:
    adapter = case.fresh()
    cut = int(point * len(case.tape))
    play(adapter, case.tape[:cut])
    for n, (stream, data) in enumerate(noise):
        adapter.feed(Mark(cut + n, stream, 0, len(data), WALL, 500.0 + n), data)
        seen(adapter)
        loaded = case.load(adapter.dump())
        assert loaded.dump() == adapter.dump()
        assert seen(loaded) == seen(adapter)
    play(adapter, case.tape[cut:])

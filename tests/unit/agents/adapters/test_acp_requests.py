"""What an agent asks: permissions and questions opened, answered by kind, repeated, withdrawn, refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.adapters.acp.adapter import AcpAdapter
from agents.adapters.contract import (
    Answer,
    Noted,
    NotPossible,
    PromptTaken,
    RequestClosed,
    RequestOpened,
    ToolCallChanged,
)
from agents.model import Blocked, Diff, Question, Request, Turn
from tests.unit.agents.adapters.tape import (
    OPTIONS,
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
)


@pytest.fixture
def d() -> Drive:
    drive = Drive(AcpAdapter(kind(), spec()))
    open_session(drive)
    prompt(drive)
    return drive


def only(d: Drive) -> Request:
    (request,) = d.adapter.requests()
    return request


def reply(data: bytes) -> Any:
    message = json.loads(data)
    return message["id"], message["result"]


# ---------------------------------------------------------------- permissions


def test_a_permission_carries_what_the_card_shows(d: Drive) -> None:
    d.says(tool(kind="execute", title="npm test", rawInput={"command": "npm test -- --runInBand"}))
    facts = d.says(permission(0, rawInput={"cwd": "/repo/wt", "description": "Run the tests"}))
    request = only(d)
    assert facts[-1] == RequestOpened(request)
    assert request.key.startswith("1:0:")
    assert (request.kind, request.title, request.tool_kind) == (Blocked.PERMISSION, "npm test", "execute")
    assert (request.command, request.cwd) == ("npm test -- --runInBand", "/repo/wt")
    assert request.detail == "Run the tests"
    assert request.opened_at == WALL + d.tape.now - 1
    assert [option.kind for option in request.options] == ["allow_once", "allow_always", "reject_once"]
    (evidence,) = d.adapter.evidence()
    assert (evidence.turn, evidence.blocked) == (Turn.BLOCKED, Blocked.PERMISSION)
    assert evidence.detail == "running npm test -- --runInBand"


def test_a_permission_for_a_tool_call_never_told_brings_it(d: Drive) -> None:
    diff = {"type": "diff", "path": "/repo/a.py", "oldText": "1", "newText": "2"}
    facts = d.says(
        permission(3, "c7", title="Edit a.py", kind="edit", content=[diff], rawInput={"filePath": "/repo/a.py"})
    )
    assert [type(fact) for fact in facts] == [PromptTaken, ToolCallChanged, RequestOpened]
    assert only(d).diffs == (Diff("/repo/a.py", "1", "2"),)
    assert only(d).paths == ("/repo/a.py",)
    assert only(d).tool_call == "c7"


def test_a_patch_is_shown_where_there_is_no_diff_to_draw(d: Drive) -> None:
    d.says(permission(3, "c7", kind="edit", title="Edit", rawInput={"filepath": "/repo/a", "diff": "-1\n+2"}))
    assert (only(d).detail, only(d).paths) == ("-1\n+2", ("/repo/a",))


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"title": "/repo/hello.txt", "kind": "edit"}, "Edit hello.txt"),
        ({"title": "src/a.py", "kind": "delete", "locations": [{"path": "src/a.py"}]}, "Delete a.py"),
        ({"title": "/tmp/x"}, "Use x"),
        ({"title": "/bin/rm -rf build", "kind": "execute"}, "/bin/rm -rf build"),
    ],
)
def test_a_bare_path_says_what_would_be_done_to_it(d: Drive, fields: dict[str, Any], title: str) -> None:
    d.says(permission(0, **fields))
    assert only(d).title == title


def test_deceptive_characters_of_a_command_are_shown_not_dropped(d: Drive) -> None:
    d.says(permission(0, kind="execute", title="x", rawInput={"command": "rm \u202e-rf \x1b[8m/"}))
    assert only(d).command == "rm ⟨U+202E⟩-rf ⟨U+001B⟩[8m/"


@pytest.mark.parametrize(
    ("decision", "option", "outcome"), [("allow", "y", "allowed"), ("always", "yy", "always"), ("deny", "n", "denied")]
)
def test_options_are_chosen_by_kind_never_by_place(d: Drive, decision: str, option: str, outcome: str) -> None:
    d.says(permission(0, options=list(reversed(OPTIONS))))
    key = only(d).key
    data = d.adapter.answer(key, Answer(decision))
    assert reply(data) == (0, {"outcome": {"outcome": "selected", "optionId": option}})
    assert d.adapter.requests()
    assert d.write(data) == [RequestClosed(key, outcome)]
    assert d.adapter.requests() == []
    assert d.adapter.evidence()[0].turn is Turn.WORKING


def test_a_named_option_must_fit_the_decision(d: Drive) -> None:
    more = [*OPTIONS, {"optionId": "y2", "name": "Allow npm *", "kind": "allow_always"}]
    d.says(permission(0, options=more))
    key = only(d).key
    assert reply(d.adapter.answer(key, Answer("always", option="y2")))[1]["outcome"]["optionId"] == "y2"
    with pytest.raises(NotPossible, match="no option “n” to allow with"):
        d.adapter.answer(key, Answer("allow", option="n"))


def test_what_is_not_offered_is_refused_by_name_but_denying_always_works(d: Drive) -> None:
    d.says(permission(0, options=[{"optionId": "a", "name": "Always", "kind": "allow_always"}]))
    key = only(d).key
    with pytest.raises(NotPossible, match=r"no way to allow this; it offers Always \(allow_always\)"):
        d.adapter.answer(key, Answer("allow"))
    assert reply(d.adapter.answer(key, Answer("deny"))) == (0, {"outcome": {"outcome": "cancelled"}})
    with pytest.raises(NotPossible, match="allow, always or deny"):
        d.adapter.answer(key, Answer("answer"))


def test_ids_that_look_alike_are_two_and_any_id_comes_back_as_it_was(d: Drive) -> None:
    d.says(permission(1, "a"), permission("1", "b"), permission(None, "c"), permission("x/ y", "e"))
    keys = [request.key for request in d.adapter.requests()]
    assert len(set(keys)) == 4
    assert keys[3].startswith("1:x__y:")
    assert [reply(d.adapter.answer(key, Answer("allow")))[0] for key in keys] == [1, "1", None, "x/ y"]
    d.write(d.adapter.answer(keys[1], Answer("allow")))
    assert [request.key for request in d.adapter.requests()] == [keys[0], keys[2], keys[3]]


def test_a_repeated_open_request_is_one_and_another_under_its_id_takes_its_place(d: Drive) -> None:
    d.says(permission(0, "a"))
    first = only(d).key
    (note,) = d.says(permission(0, "a"))
    assert isinstance(note, Noted)
    facts = d.says(permission(0, "b"))
    assert facts[0] == RequestClosed(first, "withdrawn")
    assert only(d).key != first


def test_the_same_request_asked_again_after_its_answer_is_a_new_one(d: Drive) -> None:
    keys = []
    for _ in range(3):
        d.says(permission(0, "a"))
        keys.append(only(d).key)
        d.write(d.adapter.answer(keys[-1], Answer("allow")))
    assert keys[1:] == [f"{keys[0]}~2", f"{keys[0]}~3"]


def test_another_process_asking_the_same_is_another_request(d: Drive) -> None:
    d.says(permission(0))
    first = only(d).key
    d.ctl("exit", code=1, signal=None)
    open_session(d, incarnation=2)
    d.says(permission(0))
    assert only(d).key.startswith("2:0:")
    assert only(d).key.rsplit(":", 1)[1] == first.rsplit(":", 1)[1]


def test_tool_activity_after_the_question_withdraws_it_and_the_agent_still_gets_an_answer(d: Drive) -> None:
    d.says(tool("c1", status="pending"), permission(4, "c1"))
    key = only(d).key
    d.says(tool_update("c1", status="in_progress"), tool("c2", status="completed"))
    assert only(d).key == key
    facts = d.says(tool_update("c1", status="completed"))
    assert RequestClosed(key, "withdrawn") in facts
    assert d.adapter.evidence()[0].turn is Turn.WORKING
    (owed,) = d.settle()
    assert owed == {"jsonrpc": "2.0", "id": 4, "result": {"outcome": {"outcome": "cancelled"}}}
    assert d.adapter.wants() == []


def test_the_end_of_the_turn_withdraws_what_it_asked(d: Drive) -> None:
    d.says(permission(4, "c1"))
    key = only(d).key
    facts = d.says(chunk("never mind"), ended(1))
    assert RequestClosed(key, "withdrawn") in facts
    assert [message["id"] for message in d.settle()] == [4]
    with pytest.raises(NotPossible, match="not open any more"):
        d.adapter.answer(key, Answer("allow"))


def test_the_agent_can_take_its_request_back(d: Drive) -> None:
    d.says(permission(4, "c1"))
    key = only(d).key
    facts = d.says({"jsonrpc": "2.0", "method": "$/cancel_request", "params": {"requestId": 4}})
    assert facts == [RequestClosed(key, "withdrawn")]


@pytest.mark.parametrize("method", ["fs/read_text_file", "terminal/create", "session/new", "_x/y"])
def test_requests_we_do_not_serve_are_answered_with_an_error(d: Drive, method: str) -> None:
    (note,) = d.says({"jsonrpc": "2.0", "id": 9, "method": method, "params": {}})
    assert isinstance(note, Noted)
    (answer,) = d.settle()
    assert answer["id"] == 9
    assert answer["error"] == {"code": -32601, "message": f"Quarterdeck does not offer {method}"}
    assert d.adapter.wants() == []


@pytest.mark.parametrize("params", [None, {}, [], {"sessionId": "s1", "toolCall": {}, "options": "all"}])
def test_a_permission_that_is_not_understood_is_answered_with_an_error(d: Drive, params: Any) -> None:
    facts = d.says({"jsonrpc": "2.0", "id": 9, "method": "session/request_permission", "params": params})
    assert isinstance(facts[-1], Noted)
    assert facts[-1].level == "warning"
    assert d.settle()[0]["error"]["code"] == -32602
    assert d.adapter.requests() == []


def test_a_flood_of_requests_is_bounded(d: Drive) -> None:
    d.says(*(permission(n, f"c{n}") for n in range(100)))
    assert len(d.adapter.requests()) == 32
    assert len(d.settle()) == 68
    d.says(*({"jsonrpc": "2.0", "id": n, "method": "x"} for n in range(1000, 3000)))
    assert len(d.adapter.wants()) == 256


def test_a_huge_edit_fits_into_the_request_and_keeps_what_changed(d: Drive) -> None:
    old = "".join(f"line {n}\n" for n in range(100_000))
    diff = {"type": "diff", "path": "/repo/big", "oldText": old, "newText": old.replace("line 50000\n", "CHANGED\n")}
    d.says(permission(0, kind="edit", title="Edit big", content=[diff]))
    (shown,) = only(d).diffs
    assert len(shown.new) < 2000
    assert "… 49980 equal lines …" in shown.new
    assert "CHANGED\n" in shown.new
    assert "line 50000\n" in (shown.old or "")


# ---------------------------------------------------------------- questions


def elicit(properties: dict[str, Any], message: str = "Which DB?", rpc_id: Any = 5, **schema: Any) -> dict[str, Any]:
    params = {
        "sessionId": "s1", "mode": "form", "message": message,
        "requestedSchema": {"type": "object", "properties": properties, **schema},
    }  # fmt: skip
    return {"jsonrpc": "2.0", "id": rpc_id, "method": "elicitation/create", "params": params}


DB = {"db": {"type": "string", "enum": ["sqlite", "postgres"]}}


def test_a_question_is_asked_and_answered(d: Drive) -> None:
    d.says(elicit(DB))
    request = only(d)
    assert (request.kind, request.title) == (Blocked.QUESTION, "Which DB?")
    assert request.questions == (Question("Which DB?", ("sqlite", "postgres")),)
    assert d.adapter.evidence()[0].blocked is Blocked.QUESTION
    data = d.adapter.answer(request.key, Answer("answer", answers={"Which DB?": "sqlite"}))
    assert reply(data) == (5, {"action": "accept", "content": {"db": "sqlite"}})
    assert d.write(data) == [RequestClosed(request.key, "answered")]


@pytest.mark.parametrize(("decision", "action", "outcome"), [("deny", "decline", "denied")])
def test_a_question_can_be_denied(d: Drive, decision: str, action: str, outcome: str) -> None:
    d.says(elicit(DB))
    key = only(d).key
    data = d.adapter.answer(key, Answer(decision))
    assert reply(data)[1] == {"action": action}
    assert d.write(data) == [RequestClosed(key, outcome)]


SIZES = [{"const": "s", "title": "Small"}, {"const": "l", "title": "Large"}]
FORM = {
    "name": {"type": "string", "title": "Name"},
    "count": {"type": "integer", "title": "How many"},
    "ratio": {"type": "number", "title": "Ratio"},
    "ok": {"type": "boolean", "title": "Sure"},
    "size": {"type": "string", "title": "Size", "oneOf": SIZES},
    "tags": {"type": "array", "title": "Tags", "items": {"type": "string", "enum": ["a", "b", "c, d"]}},
}  # fmt: skip


def test_a_form_asks_one_question_a_field_and_answers_have_their_types(d: Drive) -> None:
    d.says(elicit(FORM, "Set it up"))
    request = only(d)
    assert request.questions == (
        Question("Name"), Question("How many"), Question("Ratio"), Question("Sure", ("yes", "no")),
        Question("Size", ("Small", "Large")), Question("Tags", ("a", "b", "c, d"), multiple=True),
    )  # fmt: skip
    answers = {"Name": "x", "count": "3", "Ratio": "0.5", "Sure": "No", "Size": "large", "Tags": "a, b"}
    content = reply(d.adapter.answer(request.key, Answer("answer", answers=answers)))[1]["content"]
    assert content == {"name": "x", "count": 3, "ratio": 0.5, "ok": False, "size": "l", "tags": ["a", "b"]}


@pytest.mark.parametrize(
    ("text", "values"),
    [("c, d", ["c, d"]), ('["a", "c, d"]', ["a", "c, d"]), ("a\nc, d", ["a", "c, d"]), ("b,a", ["b", "a"])],
)
def test_several_choices_come_as_a_list_lines_or_commas(d: Drive, text: str, values: list[str]) -> None:
    d.says(elicit({"tags": FORM["tags"]}, "Tags?"))
    content = reply(d.adapter.answer(only(d).key, Answer("answer", answers={"Tags?": text})))[1]["content"]
    assert content == {"tags": values}


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, "“How many” needs an answer"),
        ({"How many": "few"}, "“How many” needs a whole number, not “few”"),
        ({"How many": "1", "Ratio": "nan"}, "needs a number"),
        ({"How many": "1", "Ratio": "x"}, "needs a number"),
        ({"How many": "1", "Sure": "maybe"}, "answered with yes or no"),
        ({"How many": "1", "Size": "XL"}, "“XL” is no answer to “Size”: one of Small, Large"),
        ({"How many": "1", "Colour": "red"}, "“Colour” was not asked"),
    ],
)
def test_wrong_and_missing_answers_are_named(d: Drive, answers: dict[str, str], words: str) -> None:
    d.says(elicit(FORM, "Set it up", required=["count"]))
    with pytest.raises(NotPossible, match=words):
        d.adapter.answer(only(d).key, Answer("answer", answers=answers))


def test_a_question_is_no_permission(d: Drive) -> None:
    d.says(elicit(DB))
    with pytest.raises(NotPossible, match="answered or denied, not “always”"):
        d.adapter.answer(only(d).key, Answer("always"))


def test_a_form_without_fields_is_accepted_as_it_is(d: Drive) -> None:
    d.says(elicit({}, "Continue?"))
    assert reply(d.adapter.answer(only(d).key, Answer("allow")))[1] == {"action": "accept"}


def test_a_question_answered_in_the_browser_is_withdrawn(d: Drive) -> None:
    params = {
        "sessionId": "s1",
        "mode": "url",
        "message": "Sign in",
        "elicitationId": "e1",
        "url": "https://x.example/",
    }
    d.says({"jsonrpc": "2.0", "id": 5, "method": "elicitation/create", "params": params})
    assert (only(d).title, only(d).detail) == ("Sign in", "https://x.example/")
    key = only(d).key
    facts = d.says({"jsonrpc": "2.0", "method": "elicitation/complete", "params": {"elicitationId": "e1"}})
    assert facts == [RequestClosed(key, "withdrawn")]
    assert d.settle()[0]["result"] == {"action": "cancel"}


def test_an_interrupt_cancels_a_question_in_its_own_words(d: Drive) -> None:
    d.says(elicit(DB))
    data = d.adapter.interrupt("e1")
    assert json.loads(data.splitlines()[1])["result"] == {"action": "cancel"}
    (closed,) = d.write(data)
    assert closed == RequestClosed(closed.key, "cancelled")  # type: ignore[attr-defined]


def test_a_long_question_keeps_its_whole_text_and_strange_fields_are_asked_as_text(d: Drive) -> None:
    fields = {"a": {"type": "hologram"}, "b": {"type": "array", "items": {"type": "x"}}}
    d.says(elicit(fields, "Set up\nwith care", description="Read this first"))
    request = only(d)
    assert (request.title, request.detail) == ("Set up", "Read this first")
    assert request.questions == (Question("a"), Question("b", multiple=True))
    data = d.adapter.answer(request.key, Answer("answer", answers={"a": "1", "b": "[not json"}))
    assert reply(data)[1]["content"] == {"a": "1", "b": ["[not json"]}
    d.write(data)
    d.says(elicit({}, "Continue?\nIt takes long.", rpc_id=6))
    assert (only(d).title, only(d).detail) == ("Continue?", "Continue?\nIt takes long.")


def test_the_only_question_may_be_answered_under_any_name(d: Drive) -> None:
    d.says(elicit({"db": {"type": "string"}}))
    assert reply(d.adapter.answer(only(d).key, Answer("answer", answers={"": "any"})))[1]["content"] == {"db": "any"}
    with pytest.raises(NotPossible, match="“Which DB\\?” needs an answer"):
        d.adapter.answer(only(d).key, Answer("answer"))


@pytest.mark.parametrize("result", [None, {"outcome": "x"}, {"outcome": {"outcome": "selected", "optionId": "gone"}}])
def test_an_answer_of_unknown_meaning_counts_as_cancelled(d: Drive, result: Any) -> None:
    d.says(permission(0))
    key = only(d).key
    message = {"jsonrpc": "2.0", "id": 0, "result": result}
    assert d.write(json.dumps(message).encode() + b"\n") == [RequestClosed(key, "cancelled")]


def test_a_second_refused_request_under_the_same_id_is_answered_as_well(d: Drive) -> None:
    unoffered = {"jsonrpc": "2.0", "id": 7, "method": "fs/read_text_file", "params": {"path": "/etc/passwd"}}
    keys: list[str] = []
    for adapter in (d.adapter, None):
        # The second time in another daemon, which begins with a checkpoint: the count goes on.
        d.adapter = adapter or AcpAdapter.load(kind(), spec(), d.adapter.dump())
        d.says(unoffered)
        keys += [want.key for want in d.adapter.wants()]
        (sent,) = d.settle()
        assert (sent["id"], sent["error"]["code"]) == (7, -32601)
        assert not d.adapter.wants()
    assert len(set(keys)) == len(keys) == 2


def test_keys_of_owed_replies_follow_from_the_marks_alone(d: Drive) -> None:
    for path in ("/a", "/b"):
        d.says({"jsonrpc": "2.0", "id": 7, "method": "fs/read_text_file", "params": {"path": path}})
    replayed = AcpAdapter(kind(), spec())
    for mark, data in d.tape.marks:
        replayed.feed(mark, data)
    assert [want.key for want in replayed.wants()] == [want.key for want in d.adapter.wants()] != []

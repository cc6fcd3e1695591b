"""The one invariant of a conversation, sessions on disk, the choice of a model, and lines of any length."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agents.model import Cause
from agents.pilot.conversation import (
    CANCELLED,
    NOT_BEGUN,
    Call,
    Conversation,
    Replied,
    Result,
    Said,
    Text,
    Tokens,
    repairs,
    unique_ids,
)
from agents.pilot.models import Models
from agents.pilot.providers.choice import Choice
from agents.pilot.providers.contract import Offered, ProviderFault
from agents.pilot.rpc import Lines
from agents.pilot.store import SessionRefused, Store, folder


def asked() -> Conversation:
    calls = (Call("a", "read"), Call("b", "write"), Call("c", "shell"))
    return Conversation([Said("Do", 1), Replied(calls, "m", 2), Result("a", "done", 3)])


def test_every_open_call_gets_a_result() -> None:
    talk = asked()
    results = repairs(talk, 9.0, CANCELLED, begun="b")
    assert [(result.call, result.text) for result in results] == [("b", CANCELLED), ("c", NOT_BEGUN)]
    for result in results:
        talk.add(result)
    assert talk.open_calls() == []
    assert repairs(talk, 9.0, CANCELLED) == []


def test_when_nobody_knows_which_call_ran_all_may_have() -> None:
    assert {result.text for result in repairs(asked(), 9.0, CANCELLED)} == {CANCELLED}


def test_ids_that_come_again_are_told_apart() -> None:
    parts = (Text("x"), Call("call_0", "a"), Call("call_0", "b"))
    assert [p.id for p in unique_ids(parts, ["call_0"]) if isinstance(p, Call)] == ["call_0-2", "call_0-3"]


def test_what_is_known_of_a_conversation() -> None:
    talk = asked()
    assert (talk.title(), talk.context_used(), talk.chosen("mode")) == ("Do", None, None)
    talk.add(Replied((), "m", 4, tokens=Tokens(1, 2, 3, 4)))
    assert talk.context_used() == 10


def test_a_session_is_private_locked_and_survives_damage(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    head, file = store.create("/p", 1.0)
    file.append(Said("Hello", 2.0), sync=True)
    assert file.path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SessionRefused, match="open in another process"):
        store.open(head.id)
    file.close()
    with file.path.open("ab") as spoiled:
        spoiled.write(b'{"type":"moon"}\nnot json\n{"type":"said","te')
    again, talk, file = store.open(head.id)
    file.append(Said("More", 3.0))
    file.close()
    assert again == head
    assert talk.title() == "Hello"
    assert [e.text for e in store.read(head.id)[1].entries if isinstance(e, Said)] == ["Hello", "More"]


def test_a_file_that_is_no_session_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    empty = tmp_path / "00000000-0000-0000-0000-000000000000.jsonl"
    empty.touch()
    for method in (store.open, store.read):
        with pytest.raises(SessionRefused, match="damaged"):
            method(empty.stem)
        with pytest.raises(SessionRefused, match="no session of Pilot"):
            method("../x")
    with pytest.raises(SessionRefused, match="there is no session"):
        store.open("10000000-0000-0000-0000-000000000000")
    with pytest.raises(SessionRefused, match="cannot be read"):
        store.read("10000000-0000-0000-0000-000000000000")
    assert store.listed(None) == []
    assert Store(tmp_path / "none").listed(None) == []


def test_sessions_lie_in_the_home_that_was_chosen(tmp_path: Path) -> None:
    assert folder({"QUARTERDECK_HOME": str(tmp_path)}) == tmp_path / "data" / "pilot" / "sessions"
    assert folder({}).parts[-3:] == ("quarterdeck", "pilot", "sessions")


class Listing:
    """A provider that only lists."""

    def __init__(self, *names: str, fault: ProviderFault | None = None) -> None:
        self.offers = [Offered(name, name, 4096 if name == "sized" else None) for name in names]
        self.fault = fault
        self.asked = 0

    async def models(self) -> Sequence[Offered]:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return self.offers

    def stream(self, ask: Any) -> Any:
        raise NotImplementedError

    async def close(self) -> None: ...


@pytest.mark.parametrize(
    ("choice", "names", "default"),
    [
        (Choice(model="mine"), ["other"], "mine"),
        (Choice(), [], "claude-sonnet-5-5"),
        (Choice(), ["claude-x"], "claude-x"),
        (Choice(), ["claude-x", "claude-sonnet-5-5"], "claude-sonnet-5-5"),
        (Choice(provider="openai"), ["gpt-5-audio", "text-embedding-3", "gpt-5"], "gpt-5"),
        (Choice(provider="openai", base_url="http://x"), ["qwen", "llama"], "qwen"),
        (Choice(provider="openai", base_url="http://x"), [], None),
    ],
)
async def test_the_model_to_begin_with(choice: Choice, names: list[str], default: str | None) -> None:
    models = Models(Listing(*names), choice)
    await models.load()
    assert models.default() == default
    if default is None:
        assert "PILOT_MODEL" in models.missing().message


async def test_a_list_is_asked_for_once_and_again_after_a_failure() -> None:
    provider = Listing("sized", fault=ProviderFault(Cause.NETWORK, "down"))
    models = Models(provider, Choice(provider="openai", base_url="http://x"))
    await models.load()
    assert (models.default(), models.missing().message) == (None, "down")
    provider.fault = None
    await models.load()
    await models.load()
    assert (models.default(), provider.asked) == ("sized", 2)


async def test_the_size_of_a_context() -> None:
    models = Models(Listing("sized"), Choice(provider="openai"))
    assert models.context("claude-opus-5") == 200_000
    assert models.context("vendor/gpt-4.1-mini") == 1_000_000
    assert models.context("llama") == 0
    local = Models(Listing("sized"), Choice(provider="openai", base_url="http://x"))
    await local.load()
    assert local.context("sized") == 4096
    assert Models(Listing(), Choice(context=5)).context("sized") == 5


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_are_cut_anywhere(size: int) -> None:
    data = b"one\n\nthree and more\nfour\nunfinished"
    lines = Lines()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert [line for piece in pieces for line in lines.feed(piece)] == [b"one", b"", b"three and more", b"four"]


def test_a_line_that_is_too_long_is_skipped_and_the_next_is_read() -> None:
    lines = Lines(limit=5)
    assert list(lines.feed(b"123456")) == []
    assert list(lines.feed(b"789\n12345\n")) == [None, b"12345"]

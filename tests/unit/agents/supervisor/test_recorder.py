"""Two rules at once: no secret in ``events.jsonl``, and the user's words arrive unchanged after any crash."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.runtime.journal import Journal
from agents.runtime.redact import Redactor
from agents.supervisor import decisions
from agents.supervisor.decisions import Decisions
from agents.supervisor.recorder import Outbox, Recorder

SECRET = "sk-ant-" + "x" * 24


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folded = Decisions()
        self.told: list[str] = []
        self.recorder = Recorder(
            folder / "events.jsonl",
            Outbox(folder / "outbox.jsonl"),
            Redactor(),
            self.folded,
            self.told.append,
        )

    def text(self, name: str) -> str:
        path = self.folder / name
        return path.read_text("utf-8") if path.exists() else ""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def again(desk: Desk) -> Desk:
    """Return the same files in the hands of the next daemon."""
    after = Desk(desk.folder)
    assert after.recorder.load() == []
    return after


def test_a_secret_in_a_message_is_not_in_the_journal_yet_survives_the_daemon(desk: Desk) -> None:
    desk.recorder.record(decisions.queued(1, 1, f"use {SECRET}"), sync=True, hold="queued:1")
    assert SECRET not in desk.text("events.jsonl")
    assert SECRET in desk.text("outbox.jsonl")
    assert (desk.folder / "outbox.jsonl").stat().st_mode & 0o777 == 0o600
    assert again(desk).folded.queue[1].text == f"use {SECRET}"


def test_what_was_delivered_leaves_nothing_in_the_outbox(desk: Desk) -> None:
    desk.recorder.record(decisions.queued(1, 1, f"use {SECRET}"), hold="queued:1")
    desk.recorder.record(decisions.queued(1, 2, f"and {SECRET}"), hold="queued:2")
    desk.recorder.release("queued:1")
    assert again(desk).folded.queue[2].text == f"and {SECRET}"
    desk.recorder.release("queued:2")
    assert desk.text("outbox.jsonl") == ""
    assert "redacted" in again(desk).folded.queue[1].text


def test_an_ordinary_message_does_not_use_the_outbox(desk: Desk) -> None:
    desk.recorder.record(decisions.queued(1, 1, "hello"), hold="queued:1")
    assert desk.text("outbox.jsonl") == ""
    assert again(desk).folded.queue[1].text == "hello"


def test_an_edit_of_a_secret_message_does_not_bring_the_former_text_back(desk: Desk) -> None:
    desk.recorder.record(decisions.queued(1, 1, f"a {SECRET}"), hold="queued:1")
    desk.recorder.record(decisions.edited(2, 1, f"b {SECRET}"), hold="edited:1")
    assert again(desk).folded.queue[1].text == f"b {SECRET}"


def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Journal, "append", fail)
    return monkeypatch.undo


def test_a_full_disk_refuses_what_must_be_durable(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    full(monkeypatch)
    with pytest.raises(OSError, match="No space"):
        desk.recorder.record(decisions.queued(1, 1, "hello"), sync=True)
    assert desk.folded.queue == {}
    assert desk.told == ["No space left on device"]


def test_a_full_disk_holds_back_the_rest_and_writes_it_in_order_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mend = full(monkeypatch)
    desk.recorder.record(decisions.named(1, "first"))
    desk.recorder.record(decisions.named(1, "second"))
    assert desk.folded.name == "second"
    assert desk.recorder.held_back
    mend()
    desk.recorder.record(decisions.seen(2, 5), sync=True)
    assert not desk.recorder.held_back
    assert desk.told[-1] == ""
    assert [r["t"] for r in Journal(desk.folder / "events.jsonl").read()] == ["named", "named", "seen"]
    assert again(desk).folded.name == "second"


def test_a_damaged_line_costs_that_line(desk: Desk) -> None:
    desk.recorder.record(decisions.named(1, "first"))
    desk.recorder.close()
    with (desk.folder / "events.jsonl").open("ab") as file:
        file.write(b"\x00garbage\n")
    desk.recorder.record(decisions.queued(1, 1, "after"))
    after = Desk(desk.folder)
    problems = after.recorder.load()
    assert len(problems) == 1
    assert "events.jsonl:2" in problems[0]
    assert (after.folded.name, after.folded.queue[1].text) == ("first", "after")

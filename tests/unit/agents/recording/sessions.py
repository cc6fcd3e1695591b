"""Recordings made of the sessions of Claude Code in tests/corpus/claude, a line every half second."""

from __future__ import annotations

import json
from pathlib import Path

from agents.model import Stream
from agents.recording import protocol, tape
from agents.recording.labels import Span
from agents.recording.tape import Recording

CORPUS = Path(__file__).resolve().parents[3] / "corpus" / "claude"


def recorded(folder: Path, name: str, step: float = 0.5) -> Recording:
    """Return a session as a recording in which every line comes ``step`` seconds after the former."""
    lines: list[str] = []
    writer = protocol.Writer(lines.append)
    t = 0.0
    for line in (CORPUS / f"{name}.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["dir"] in ("in", "out"):
            t += step
            writer.event(t, Stream(entry["dir"]), entry["line"].encode() + b"\n")
    path = folder / f"{name}.jsonl"
    path.write_text("".join(lines))
    return tape.load(path)


def allowed(recording: Recording) -> tuple[Span, ...]:
    """Return what is true of the session ``allow``, by what was said and asked in it."""

    def at(kind: str, stream: Stream, word: bytes = b"") -> float:
        return next(
            s.t
            for s in recording.stimuli
            if s.stream is stream and word in s.data and json.loads(s.data)["type"] == kind
        )

    opened = at("control_response", Stream.OUT)
    prompted = at("user", Stream.IN)
    asked = at("control_request", Stream.OUT, b"can_use_tool")
    answered = at("control_response", Stream.IN)
    ended = at("result", Stream.OUT)
    return (
        Span(0.0, opened, "starting"),
        Span(opened, prompted, "idle"),
        Span(prompted, asked, "working"),
        Span(asked, answered, "blocked", "permission"),
        Span(answered, ended, "working"),
        Span(ended, recording.end + 5, "done"),
    )

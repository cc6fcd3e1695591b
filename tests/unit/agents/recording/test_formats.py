from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.model import Stream
from agents.recording import cast, labels, protocol, tape
from agents.recording.cast import Header
from agents.recording.labels import Labels, Span
from agents.recording.lines import RecordingBroken

HEADER = '{"version": 2, "width": 80, "height": 24}\n'
LABELS = Labels("claude-tui", "terminal", "2.1.328", True, 4.0, (Span(0.0, 4.0, "idle"),))


def written(*chunks: tuple[str, bytes], header: Header | None = None) -> str:
    lines: list[str] = []
    writer = cast.Writer(lines.append, header or Header(80, 24))
    for number, (code, data) in enumerate(chunks):
        (writer.output if code == "o" else writer.input)(number * 0.5, data)
    writer.close(len(chunks) * 0.5)
    return "".join(lines)


def read(path: Path, text: str) -> cast.Cast:
    path.write_text(text)
    return cast.read(path)


# ---------------------------------------------------------------- terminals


@given(st.lists(st.tuples(st.sampled_from("oi"), st.binary(max_size=40)), max_size=8))
def test_bytes_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[tuple[str, bytes]]
) -> None:
    found = read(tmp_path_factory.mktemp("cast") / "a.cast", written(*chunks))
    for code in "oi":
        assert b"".join(e.data for e in found.events if e.code == code) == b"".join(d for c, d in chunks if c == code)


def test_no_event_of_text_ends_within_a_character() -> None:
    text = "grün ✳ 😀 ".encode() * 20
    rng = random.Random(4)
    chunks, at = [], 0
    while at < len(text):
        step = rng.randint(1, 5)
        chunks.append(("o", text[at : at + step]))
        at += step
    for line in written(*chunks).splitlines()[1:-1]:
        json.loads(line)[2].encode()  # raises for half a character


def test_what_is_no_text_is_kept_and_does_not_wait_for_more() -> None:
    lines = [json.loads(line) for line in written(("o", b"\xff\xfe"), ("o", b"ok"), ("o", b"\xe2\x9c")).splitlines()]
    assert [line[2] for line in lines[1:]] == ["\udcff\udcfe", "ok", "\udce2\udc9c", "end"]


def test_a_header_says_what_ran_in_which_window(tmp_path: Path) -> None:
    header = Header(120, 40, "claude", "claude-tui", "2.1.328", 1_800_000_000, "xterm-256color")
    found = read(tmp_path / "a.cast", written(("o", b"x"), header=header))
    assert found.header == header
    first = json.loads(written(header=header).splitlines()[0])
    assert first["version"] == 2
    assert first["quarterdeck"] == {"kind": "claude-tui", "version": "2.1.328"}


def test_times_never_fall(tmp_path: Path) -> None:
    lines: list[str] = []
    writer = cast.Writer(lines.append, Header(80, 24))
    writer.output(2.0, b"a")
    writer.resize(1.0, 30, 100)
    writer.exited(1.5, None, 9)
    found = read(tmp_path / "a.cast", "".join(lines))
    assert [(e.t, e.code, e.data) for e in found.events] == [(2.0, "o", b"a"), (2.0, "r", b"100x30"), (2.0, "x", b"-9")]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "empty: an asciicast begins with its header"),
        ("[0.1, 1]\n", 1, "no header of an asciicast"),
        (
            '{"version": 3, "term": {"cols": 80, "rows": 24}}\n',
            1,
            "asciicast version 3: `asciinema convert` makes version 2",
        ),
        ('{"version": 2, "width": 0, "height": 24}\n', 1, "width 0 is no size of a window"),
        ('{"version": 2, "width": true, "height": 24}\n', 1, "width True is no size"),
        ('{"version": 2, "width": 80}\n', 1, "height None is no size of a window"),
        (HEADER + '[0.1, "o", "a"]\n[0.2, "o"\n[0.3, "o", "b"]\n', 3, "no JSON"),
        (HEADER + '[0.1, "o"]\n', 2, r"no event: it is \[time, code, data\]"),
        (HEADER + '{"t": 1}\n', 2, "no event"),
        (HEADER + '["now", "o", "a"]\n', 2, "'now' is no time"),
        (HEADER + '[NaN, "o", "a"]\n', 2, "nan is no time"),
        (HEADER + '[-1, "o", "a"]\n', 2, "-1 s lies before 0 s"),
        (HEADER + '[2, "o", "a"]\n\n[1, "o", "b"]\n', 4, "1 s lies before 2 s"),
        (HEADER + '[1, "o", 7]\n', 2, "the data is no text"),
        (HEADER + '[1, "o", "\\ud800"]\n', 2, "the data is neither UTF-8 nor bytes"),
        (HEADER + '[1, "r", "80 by 24"]\n', 2, "'80 by 24' is no size: give COLUMNSxROWS"),
        (HEADER + '[1, "x", "crashed"]\n', 2, "'crashed' is no exit code"),
        (HEADER + "[" * 100_000 + "\n\n", 2, "no JSON"),
    ],
)
def test_a_broken_recording_is_named_with_its_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    path = tmp_path / "broken.cast"
    with pytest.raises(RecordingBroken, match=f"broken.cast:{line}: {what}"):
        read(path, text)


def test_a_line_the_recorder_was_killed_in_is_left_out(tmp_path: Path) -> None:
    assert [e.data for e in read(tmp_path / "a.cast", HEADER + '[1, "o", "a"]\n[2, "o", "b').events] == [b"a"]


# ---------------------------------------------------------------- protocols


@given(st.lists(st.tuples(st.sampled_from([Stream.OUT, Stream.ERR, Stream.IN]), st.binary(max_size=60)), max_size=8))
def test_reads_and_writes_come_back_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[Stream, bytes]]
) -> None:
    lines: list[str] = []
    writer = protocol.Writer(lines.append)
    for number, (stream, data) in enumerate(events):
        writer.event(number * 0.25, stream, data)
    path = tmp_path_factory.mktemp("protocol") / "a.jsonl"
    path.write_text("".join(lines))
    assert [(e.t, e.stream, e.data) for e in protocol.read(path)] == [
        (number * 0.25, stream, data) for number, (stream, data) in enumerate(events)
    ]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("[1]", "no event: it is"),
        ('{"t": 1, "dir": "out"}', "no event: it is"),
        ('{"t": 1, "dir": "up", "data": ""}', "unknown dir 'up': one of out, err, in, ctl"),
        ('{"t": 1, "dir": ["in"], "data": ""}', r"unknown dir \['in'\]"),
        ('{"t": 0.5, "dir": "in", "data": ""}', "0.5 s lies before 1 s"),
        ('{"t": 1, "dir": "in", "data": null}', "the data is no text"),
    ],
)
def test_a_broken_protocol_recording_is_named_with_its_line(tmp_path: Path, line: str, what: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(f'{{"t": 1, "dir": "out", "data": "{{}}\\n"}}\n{line}\n\n')
    with pytest.raises(RecordingBroken, match=f"broken.jsonl:2: {what}"):
        protocol.read(path)


# ---------------------------------------------------------------- labels


def test_labels_come_back_as_they_were_and_in_the_documented_shape(tmp_path: Path) -> None:
    spans = (Span(0.0, 1.5, "starting", alt=("idle",)), Span(1.5, 4.0, "blocked", "permission", note="the dialog"))
    whole = Labels("gemini-tui", "terminal", "0.61.0", None, 4.0, spans)
    path = labels.beside(tmp_path / "allow.cast")
    labels.write(path, whole)
    assert path.name == "allow.labels.json"
    assert labels.read(path) == whole
    fields = json.loads(path.read_text())
    assert list(fields) == ["kind", "family", "version", "osc7501_answered", "duration", "spans"]
    assert fields["spans"][1] == {
        "from": 1.5, "to": 4.0, "turn": "blocked", "blocked": "permission", "alt": [], "note": "the dialog",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"duration": 0}, "duration 0 is no length of a recording"),
        ({"spans": [{"from": 1, "to": 1, "turn": "idle"}]}, "span 1: ends at 1 s, before it begins"),
        (
            {"spans": [{"from": 0, "to": 2, "turn": "idle"}, {"from": 1, "to": 3, "turn": "done"}]},
            "span 2: begins at 1 s, before the one before it ends at 2 s",
        ),
        ({"spans": [{"from": 0, "to": 5, "turn": "idle"}]}, "span 1: ends at 5 s, after the recording's 4 s"),
        ({"spans": [{"from": 0, "to": 1, "turn": "busy"}]}, "span 1: unknown turn “busy”: one of idle, working"),
        ({"spans": [{"from": 0, "to": 1, "turn": "idle", "alt": ["zzz"]}]}, "span 1: unknown turn “zzz”"),
        (
            {"spans": [{"from": 0, "to": 1, "turn": "blocked", "blocked": "x"}]},
            "span 1: unknown reason “x” to be blocked",
        ),
        (
            {"spans": [{"from": 0, "to": 1, "turn": "idle", "blocked": "auth"}]},
            "span 1: says what blocks it and that it is idle",
        ),
        ({"spans": [{"from": "a"}]}, r"Expected `float`, got `str` - at `\$.spans\[0\].from`"),
        ({"kind": None}, r"Expected `str`, got `null` - at `\$.kind`"),
    ],
)
def test_labels_that_cannot_be_true_are_refused_by_name(tmp_path: Path, change: dict[str, Any], what: str) -> None:
    path = tmp_path / "a.labels.json"
    labels.write(path, LABELS)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(RecordingBroken, match=f"a.labels.json: {what}"):
        labels.read(path)


def test_labels_that_cannot_be_true_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="after the recording's 4 s"):
        labels.write(tmp_path / "a.labels.json", Labels("k", "acp", "", None, 4.0, (Span(0.0, 9.0, "idle"),)))
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- tapes


def test_a_terminal_is_read_back_as_the_marks_of_its_keeper(tmp_path: Path) -> None:
    lines: list[str] = []
    writer = cast.Writer(lines.append, Header(100, 30, kind="claude-tui", version="2.1.328", timestamp=1_700_000_000))
    writer.output(0.5, b"hello ")
    writer.input(1.0, b"\r")
    writer.resize(1.5, 31, 101)
    writer.output(2.0, b"world")
    writer.exited(2.5, 3)
    writer.close(4.0)
    path = tmp_path / "a.cast"
    path.write_text("".join(lines))
    recording = tape.load(path)
    assert (recording.kind, recording.version, recording.rows, recording.cols) == ("claude-tui", "2.1.328", 30, 100)
    assert recording.end == 4.0
    found = list(tape.marks(recording))
    assert [mark.seq for mark, _ in found] == list(range(6))
    assert [(mark.stream.value, mark.offset, data) for mark, data in found if mark.stream is not Stream.CTL] == [
        ("out", 0, b"hello "), ("in", 0, b"\r"), ("out", 6, b"world"),
    ]  # fmt: skip
    controls = [json.loads(data) for mark, data in found if mark.stream is Stream.CTL]
    assert [control["ev"] for control in controls] == ["start", "resize", "exit"]
    assert (controls[0]["rows"], controls[0]["cols"], controls[0]["pty"]) == (30, 100, True)
    assert (controls[1]["rows"], controls[1]["cols"]) == (31, 101)
    assert (controls[2]["code"], controls[2]["signal"]) == (3, None)
    assert [mark.monotonic - tape.BEGIN_S for mark, _ in found] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert found[1][0].wall == 1_700_000_000.5


def test_a_program_that_was_killed_ends_by_its_signal(tmp_path: Path) -> None:
    path = tmp_path / "a.cast"
    path.write_text(HEADER + '[1, "x", "-15"]\n')
    _, (_, data) = tape.marks(tape.load(path))
    assert json.loads(data)["signal"] == 15


def test_a_protocol_keeps_its_own_start(tmp_path: Path) -> None:
    lines: list[str] = []
    writer = protocol.Writer(lines.append)
    writer.event(0.0, Stream.CTL, b'{"ev": "start", "incarnation": 4, "pid": 7}')
    writer.event(0.5, Stream.OUT, b"{}\n")
    writer.exited(1.0, 0)
    path = tmp_path / "a.jsonl"
    path.write_text("".join(lines))
    found = list(tape.marks(tape.load(path)))
    assert [mark.stream.value for mark, _ in found] == ["ctl", "out", "ctl"]
    assert json.loads(found[0][1])["incarnation"] == 4


def test_a_control_that_is_none_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"t": 1, "dir": "ctl", "data": "[]"}\n')
    with pytest.raises(RecordingBroken, match=r"a\.jsonl: at 1 s: the data of a ctl is no record of a keeper"):
        tape.load(path)
    with pytest.raises(RecordingBroken, match=r"a\.txt: no recording: a terminal's ends in \.cast"):
        tape.load(tmp_path / "a.txt")

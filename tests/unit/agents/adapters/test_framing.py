from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.adapters import framing
from agents.adapters.framing import Garbage, Splitter


def whole(data: bytes) -> list[Any]:
    return list(Splitter().frames(data))


def test_frames_cut_at_every_byte_are_the_same_frames() -> None:
    data = '{"a":1}\r\n\n[{"b":2},{"c":"é漢"}]\nnoise\n{"d":"\\ud83d\\ude00"}\n'.encode()
    expected = whole(data)
    assert expected[:3] == [{"a": 1}, {"b": 2}, {"c": "é漢"}]
    for cut in range(len(data)):
        splitter = Splitter()
        assert [*splitter.frames(data[:cut]), *splitter.frames(data[cut:])] == expected


@given(st.lists(st.binary(max_size=40)))
def test_no_bytes_raise_and_cuts_change_nothing(chunks: list[bytes]) -> None:
    splitter = Splitter()
    parts = [frame for data in chunks for frame in splitter.frames(data)]
    assert parts == whole(b"".join(chunks))
    rest = splitter.reset()
    assert rest == b"".join(chunks).rpartition(b"\n")[2]
    assert splitter == Splitter()


@pytest.mark.parametrize(
    ("line", "frame"),
    [
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'\x1b[2K\x1b[32m{"a":1}\x1b[0m', {"a": 1}),
        (b'\x00{"a":1}\x00', {"a": 1}),
        (b'{"a":"\xff!"}', {"a": "\ufffd!"}),
        (b'{"a":"\\ud83d!"}', {"a": "\ufffd!"}),
        (b'{"a":["\\ud83d"],"\\udc00":1}', {"a": ["\ufffd"], "\ufffd": 1}),
    ],
)
def test_damaged_but_readable(line: bytes, frame: dict[str, Any]) -> None:
    assert whole(line + b"\n") == [frame]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"npm WARN deprecated", "not JSON"),
        (b'{"a":', "not JSON"),
        (b'{"a":NaN}', "not JSON"),
        (b"[1]", "not an object"),
        (b'"text"', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "nested deeper"),
    ],
)
def test_garbage_says_why_and_keeps_its_beginning(line: bytes, why: str) -> None:
    (garbage,) = whole(line + b"\n")
    assert isinstance(garbage, Garbage)
    assert why in garbage.why
    assert garbage.raw == line[: framing.MAX_RAW].decode()


def test_wide_is_not_deep() -> None:
    line = json.dumps({"a": [[n] for n in range(1000)]}).encode()
    assert isinstance(whole(line + b"\n")[0], dict)


def test_a_line_of_50_mb_in_small_chunks_is_linear() -> None:
    body = b'{"a":"' + b"x" * 50_000_000 + b'"}\n'
    splitter = Splitter()
    begun = time.process_time()
    frames: list[Any] = []
    for at in range(0, len(body), 65536):
        frames += splitter.frames(body[at : at + 65536])
    assert len(frames[0]["a"]) == 50_000_000
    # Quadratic copying of 50 MB in 763 pieces is 19 GB; the bound is only there to tell the two apart.
    assert time.process_time() - begun < 5


def test_a_line_beyond_the_limit_is_dropped_and_the_next_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MAX_LINE", 100)
    splitter = Splitter()
    frames = [frame for _ in range(50) for frame in splitter.frames(b"x" * 30)]
    assert frames == []
    assert splitter.held <= 100
    garbage, good = splitter.frames(b'x\n{"a":1}\n')
    assert isinstance(garbage, Garbage)
    assert "longer than" in garbage.why
    assert good == {"a": 1}
    (garbage,) = splitter.frames(b"y" * 101 + b"\n")
    assert isinstance(garbage, Garbage)


def test_the_unfinished_line_survives_a_checkpoint() -> None:
    splitter = Splitter()
    assert list(splitter.frames(b'{"a":\xc3')) == []
    saved = msgspec.json.decode(msgspec.json.encode(splitter), type=Splitter)
    assert list(saved.frames(b"\n")) != []
    assert list(splitter.frames(b"\n")) != []

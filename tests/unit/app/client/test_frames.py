"""Lines out of chunks, and messages out of lines."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.events import LogGrew, NumberedEvent
from agents.jsonrpc import ErrorCode, Reply, RpcError, encode_error, encode_event, encode_result
from app.client.frames import BrokenWire, LineBuffer, decode_line, result_of

LINE = st.binary(max_size=40).map(lambda b: b.replace(b"\n", b""))


@given(lines=st.lists(LINE, max_size=8), cuts=st.lists(st.integers(0, 400)))
def test_any_cutting_gives_the_same_lines(lines: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    buffer = LineBuffer()
    out: list[bytes] = []
    edges = sorted({0, len(whole), *(c for c in cuts if c < len(whole))})
    for begin, end in itertools.pairwise(edges):
        out += buffer.feed(whole[begin:end])
    assert out == lines


def test_a_line_over_the_limit_is_refused_and_one_at_the_limit_is_not() -> None:
    assert LineBuffer(10).feed(b"x" * 10 + b"\n") == [b"x" * 10]
    with pytest.raises(BrokenWire, match="more than 10 bytes"):
        LineBuffer(10).feed(b"x" * 11)


def test_a_line_of_fifteen_megabytes_passes_in_small_chunks() -> None:
    buffer = LineBuffer()
    line = b"x" * (15 * 1024 * 1024)
    out = [found for i in range(0, len(line), 65536) for found in buffer.feed(line[i : i + 65536])]
    assert out == []
    assert buffer.feed(b"\n") == [line]


def test_events_and_replies_are_told_apart() -> None:
    event = NumberedEvent(4, LogGrew("a", 1, 2))
    assert decode_line(encode_event(event)) == event
    reply = decode_line(encode_result(3, {"detail": "ok"}))
    assert isinstance(reply, Reply)
    assert result_of("agent.stop", reply).detail == "ok"
    assert decode_line(b'{"jsonrpc":"2.0","method":"weather","params":{}}') is None


@pytest.mark.parametrize("line", [b"", b"not json", b"[1]", b'{"method":"event","params":{"seq":1}}'])
def test_what_we_cannot_read_breaks_the_connection_with_a_reason(line: bytes) -> None:
    with pytest.raises(BrokenWire, match="cannot read"):
        decode_line(line)


def test_errors_keep_code_text_and_data_and_unknown_codes_are_internal() -> None:
    reply = decode_line(encode_error(1, RpcError(ErrorCode.AMBIGUOUS, "two match", {"matches": ["a", "b"]})))
    assert isinstance(reply, Reply)
    with pytest.raises(RpcError) as caught:
        result_of("agent.show", reply)
    assert (caught.value.code, caught.value.data) == (ErrorCode.AMBIGUOUS, {"matches": ["a", "b"]})
    strange = decode_line(b'{"id":1,"error":{"code":-1,"message":"x"}}')
    assert isinstance(strange, Reply)
    with pytest.raises(RpcError) as caught:
        result_of("agent.show", strange)
    assert caught.value.code is ErrorCode.INTERNAL


@pytest.mark.parametrize("line", [b'{"id":1}', b'{"id":1,"result":{"row":3}}'])
def test_an_answer_of_another_shape_is_named(line: bytes) -> None:
    reply = decode_line(line)
    assert isinstance(reply, Reply)
    with pytest.raises(BrokenWire, match=r"agent\.show"):
        result_of("agent.show", reply)

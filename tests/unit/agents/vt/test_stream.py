"""Cutting a terminal stream into pieces: what counts, in order, however it is cut."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.vt.stream import CSI_LIMIT, OSC_7501_LIMIT, STRING_LIMIT, Bell, Csi, Osc, Piece, Reset, Splitter, Str, Text

EVIDENCE = [
    b"\x1b]7501;state=blocked:app=codex:kind=permission\x1b\\",
    b"\x1b]7501;state=working\x07",
    b"\x1b]7501;?\x1b\\",
    "\x1b]0;\u2733 Claude Code\x07".encode(),
    "\x1b]2;\u270b  Action Required (dir)\x1b\\".encode(),
    b"\x1b]9;4;3;50\x07",
    b"\x1b]9;it is done\x07",
    b"\x1b]99;i=1:d=0;Hello\x1b\\",
    b"\x1b]777;notify;Title;Body\x07",
    b"\x1b]133;A\x07",
    b"\x1b]133;D;0\x1b\\",
    b"\x07",
    b"\x1b[c",
    b"\x1b[>0q",
    b"\x1b[?2026$p",
    b"\x1b[?1049h",
    b"\x1b[>1u",
    b"\x1b[?u",
    b"\x1b[!p",
    b"\x1bP+q544e\x1b\\",
    b"\x1b_Gi=31,a=q;AAAA\x1b\\",
    b"\x1bc",
]


def pieces(*portions: bytes) -> list[Piece]:
    """Return what a new splitter makes of ``portions``, neighbouring text joined."""
    splitter = Splitter()
    return joined([piece for portion in portions for piece in splitter.feed(portion)])


def joined(found: list[Piece]) -> list[Piece]:
    whole: list[Piece] = []
    for piece in found:
        last = whole[-1] if whole else None
        if isinstance(piece, Text) and isinstance(last, Text):
            whole[-1] = Text(last.data + piece.data)
        else:
            whole.append(piece)
    return whole


@pytest.mark.parametrize("sequence", EVIDENCE, ids=repr)
def test_evidence_is_the_same_cut_at_every_byte(sequence: bytes) -> None:
    stream = "before \u2733".encode() + sequence + b"after"
    whole = pieces(stream)
    assert len(whole) == 3
    assert not isinstance(whole[1], Text)
    for at in range(len(stream) + 1):
        assert pieces(stream[:at], stream[at:]) == whole
    assert pieces(*(stream[n : n + 1] for n in range(len(stream)))) == whole


def test_what_the_pieces_are() -> None:
    assert pieces(b"a\x07\x1b]0;t\x07\x1b[?6n\x1b[1;2H\x1b7\x1bcb\x1bX s \x1b\\\x1b^p\x1b\\") == [
        Text(b"a"),
        Bell(),
        Osc(0, b"t", b"\x07"),
        Csi(b"\x1b[?6n", "?", "6", "", "n"),
        Text(b"\x1b[1;2H\x1b7"),
        Reset(),
        Text(b"b"),
        Str("sos", b" s "),
        Str("pm", b"p"),
    ]


def test_a_command_without_a_code_is_told_whole() -> None:
    assert pieces(b"\x1b]lname\x07\x1b]\x07\x1b]104\x07") == [
        Osc(None, b"lname", b"\x07"),
        Osc(None, b"", b"\x07"),
        Osc(104, b"", b"\x07"),
    ]


def test_bytes_of_a_character_end_nothing() -> None:
    glyphs = "\u2733 \u271c \u009c \u009d"  # all with 0x9c, 0x9d or 0x98 in them
    assert pieces(b"\x1b]0;" + glyphs.encode() + b"\x07") == [Osc(0, glyphs.encode(), b"\x07")]
    assert pieces(glyphs.encode()) == [Text(glyphs.encode())]
    assert pieces(b"\x9d0;title\x9c\x07") == [Text(b"\x9d0;title\x9c"), Bell()]


def test_a_query_inside_of_a_string_is_no_query() -> None:
    assert pieces(b"\x1b]0;[c 7501;? [6n\x07") == [Osc(0, b"[c 7501;? [6n", b"\x07")]
    assert pieces(b"\x1bP]7501;?\x07[c\x1b\\") == [Str("dcs", b"]7501;?\x07[c")]


@pytest.mark.parametrize("stop", [b"\x18", b"\x1a"])
def test_cancel_ends_a_sequence_without_a_trace(stop: bytes) -> None:
    for begun in (b"\x1b]7501;state=blocked", b"\x1bPabc", b"\x1b[31", b"\x1b", b"\x1b("):
        assert pieces(b"a" + begun + stop + b"b") == [Text(b"ab")]


def test_an_escape_aborts_a_sequence_and_begins_the_next() -> None:
    assert pieces(b"\x1b]0;lost\x1b]2;kept\x07") == [Osc(2, b"kept", b"\x07")]
    assert pieces(b"\x1b]0;lost\x1b[c") == [Csi(b"\x1b[c", "", "", "", "c")]
    assert pieces(b"\x1b[31\x1b[6nhello") == [Csi(b"\x1b[6n", "", "6", "", "n"), Text(b"hello")]
    assert pieces(b"\x1b]0;kept\x1b\x1b\\x") == [Osc(0, b"kept"), Text(b"x")]
    assert pieces(b"\x1b\x1b\x1b]0;t\x07") == [Osc(0, b"t", b"\x07")]


def test_controls_inside_of_a_sequence_are_done_and_the_sequence_counts() -> None:
    assert pieces(b"\x1b[?10\n49h") == [Csi(b"\x1b[?10\n49h", "?", "1049", "", "h")]
    assert pieces(b"\x1b[3\r1\x18x") == [Text(b"\rx")]
    assert pieces(b"\x1b\nx\x1b\x07") == [Text(b"\nx"), Bell()]


def test_an_unfinished_string_keeps_what_follows_until_its_end() -> None:
    splitter = Splitter()
    assert splitter.feed(b"a\x1b]0;title and \n more text") == [Text(b"a")]
    assert splitter.feed(b"\x07b") == [Osc(0, b"title and \n more text", b"\x07"), Text(b"b")]


@pytest.mark.parametrize("end", [b"\x07", b"\x1b\\"])
def test_a_report_is_taken_up_to_its_limit_and_no_further(end: bytes) -> None:
    head = b"\x1b]7501;state=working:x="
    fits = head + b"a" * (OSC_7501_LIMIT - len(head) - len(end)) + end
    assert len(fits) == OSC_7501_LIMIT
    assert [type(piece) for piece in pieces(fits)] == [Osc]
    long = fits.replace(b"aa", b"aaa", 1)
    for at in (len(long), len(long) - 1, len(long) - 2, OSC_7501_LIMIT, 100, 3):
        assert pieces(long[:at], long[at:], b"after") == [Text(b"after")]
    assert [type(piece) for piece in pieces(long.replace(b"7501", b"7502"))] == [Osc]


@pytest.mark.parametrize("begin", [b"\x1b]0;", b"\x1b]7501;", b"\x1bP", b"\x1b_", b"\x1b[", b"\x1b]"])
def test_a_megabyte_of_one_sequence_costs_no_memory(begin: bytes) -> None:
    splitter = Splitter()
    assert splitter.feed(begin) == []
    for _ in range(1024):
        assert splitter.feed(b"1" * 1024) == []
        assert len(msgspec.json.encode(splitter)) < STRING_LIMIT * 2
    assert splitter.pending == b""
    end = b"m" if begin == b"\x1b[" else b"\x1b\\"
    assert splitter.feed(end + b"after") == [Text(b"after")]
    assert splitter == Splitter()


def test_an_endless_row_of_escapes_costs_no_memory() -> None:
    splitter = Splitter()
    splitter.feed(b"\x1b]0;t")
    for _ in range(200):
        splitter.feed(b"\x1b" * 1000)
        assert len(splitter.pending) <= STRING_LIMIT
    assert splitter.feed(b"\\x") == [Text(b"x")]


def test_a_control_sequence_at_its_limit() -> None:
    fits = b"\x1b[" + b"1" * (CSI_LIMIT - 3) + b"h"
    assert [type(piece) for piece in pieces(fits)] == [Csi]
    assert pieces(fits[:-1] + b"1h" + b"x") == [Text(b"x")]


def test_a_state_goes_through_a_checkpoint() -> None:
    stream = b"".join(EVIDENCE) + b"\x1b]0;" + b"x" * (STRING_LIMIT + 5) + b"\x1b\\end"
    whole = pieces(stream)
    for at in range(0, len(stream), 331):
        first = Splitter()
        before = first.feed(stream[:at])
        second = msgspec.msgpack.decode(msgspec.msgpack.encode(first), type=Splitter)
        assert second == first
        assert joined(before + second.feed(stream[at:])) == whole


MARKS = [b"\x1b", b"\\", b"\x1b\\", b"\x1b]", b"\x1b[", b"7501;", b"\x18", b"\x1a", b"\n", b"31", b";", b"m", b"$p"]
CONTENT = [b"plain text", "\u2733".encode(), b"\x80", b"\x9c", b" ", b"\x7f"]
LONG = [b"\x1b]7501;" + b"x" * 4080, b"\x1b[" + b"1;" * 510]
PARTS = st.sampled_from([*EVIDENCE, *MARKS, *CONTENT, *LONG])


@given(st.lists(st.one_of(PARTS, st.binary(max_size=5)), max_size=14), st.randoms(use_true_random=False))
def test_any_cut_gives_the_same_pieces(parts: list[bytes], chance: random.Random) -> None:
    stream = b"".join(parts)
    whole = pieces(stream)
    cuts = sorted(chance.randrange(len(stream) + 1) for _ in range(6))
    portions = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert pieces(*portions) == whole
    if len(stream) < 400:
        assert pieces(*(stream[n : n + 1] for n in range(len(stream)))) == whole


def test_noise_is_read_to_its_end_and_the_cuts_do_not_matter() -> None:
    noise = random.Random(7).randbytes(400_000)
    whole = pieces(noise)
    assert pieces(*(noise[n : n + 977] for n in range(0, len(noise), 977))) == whole
    shown = sum(len(piece.data) for piece in whole if isinstance(piece, Text))
    assert 0 < shown < len(noise)


def test_plain_output_is_one_piece_a_portion() -> None:
    portion = b"y\r\n" * 20_000
    splitter = Splitter()
    assert splitter.feed(portion) == [Text(portion)]
    coloured = b"\x1b[32my\x1b[0m\x1b[K\r\n" * 5_000
    assert splitter.feed(coloured) == [Text(coloured)]


def test_the_core_is_never_left_inside_of_a_sequence() -> None:
    noise = random.Random(11).randbytes(100_000)
    for piece in pieces(noise + b"\x1b[c"):
        if isinstance(piece, Text):
            again = Splitter()
            assert joined(again.feed(piece.data)) == [piece]
            assert not again.pending

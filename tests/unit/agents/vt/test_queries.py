"""What a terminal answers, and that it answers nothing else."""

from __future__ import annotations

import random
import re

import pytest

from agents.vt.modes import Modes
from agents.vt.queries import Known, for_core, is_query, reply
from agents.vt.stream import Splitter

KNOWN = Known(
    rows=40, cols=120, row=4, col=9, modes=Modes(dec=(7, 25, 2004)), foreground=(1, 2, 3), background=(4, 5, 255)
)

#: Everything a query may be answered with.
FORMS = re.compile(
    rb"(?:\x1b\[[?>]?[0-9;]*\$?[cRnytum]|\x1bP[>!|0-9A-Za-z+$]*\x1b\\"
    rb"|\x1b\](?:[0-9]+(?:;[0-9]+)?;rgb:[0-9a-f/]{14}|7501;\?|[lL])(?:\x07|\x1b\\))*"
)


def answer(query: bytes, known: Known = KNOWN) -> bytes:
    """Return all that is answered to ``query``."""
    return b"".join(reply(piece, known) for piece in Splitter().feed(query))


@pytest.mark.parametrize(
    ("query", "answered"),
    [
        (b"\x1b]7501;?\x1b\\", b"\x1b]7501;?\x1b\\"),
        (b"\x1b]7501;?\x07", b"\x1b]7501;?\x07"),
        (b"\x1b[c", b"\x1b[?62;22c"),
        (b"\x1b[0c", b"\x1b[?62;22c"),
        (b"\x1b[>c", b"\x1b[>1;100;0c"),
        (b"\x1b[=c", b"\x1bP!|00000000\x1b\\"),
        (b"\x1b[>q", b"\x1bP>|Quarterdeck\x1b\\"),
        (b"\x1b[>0q", b"\x1bP>|Quarterdeck\x1b\\"),
        (b"\x1b[5n", b"\x1b[0n"),
        (b"\x1b[6n", b"\x1b[5;10R"),
        (b"\x1b[?6n", b"\x1b[?5;10R"),
        (b"\x1b[?996n", b"\x1b[?997;1n"),
        (b"\x1b[?u", b"\x1b[?0u"),
        (b"\x1b[?2004$p", b"\x1b[?2004;1$y"),
        (b"\x1b[?1049$p", b"\x1b[?1049;2$y"),
        (b"\x1b[?2031$p", b"\x1b[?2031;0$y"),
        (b"\x1b[4$p", b"\x1b[4;2$y"),
        (b"\x1b[18t", b"\x1b[8;40;120t"),
        (b"\x1b[19t", b"\x1b[9;40;120t"),
        (b"\x1b[14t", b"\x1b[4;640;960t"),
        (b"\x1b[16t", b"\x1b[6;16;8t"),
        (b"\x1b[21t", b"\x1b]l\x1b\\"),
        (b"\x1b]10;?\x07", b"\x1b]10;rgb:0101/0202/0303\x07"),
        (b"\x1b]11;?\x1b\\", b"\x1b]11;rgb:0404/0505/ffff\x1b\\"),
        (b"\x1b]12;?\x1b\\", b"\x1b]12;rgb:0101/0202/0303\x1b\\"),
        (b"\x1b]10;?;?\x1b\\", b"\x1b]10;rgb:0101/0202/0303\x1b\\\x1b]11;rgb:0404/0505/ffff\x1b\\"),
        (b"\x1b]4;1;?\x07", b"\x1b]4;1;rgb:cdcd/0000/0000\x07"),
        (b"\x1b]4;231;?;255;?\x07", b"\x1b]4;231;rgb:ffff/ffff/ffff\x07\x1b]4;255;rgb:eeee/eeee/eeee\x07"),
        (b"\x1bP$qm\x1b\\", b"\x1bP0$r\x1b\\"),
        (b"\x1bP+q544e\x1b\\", b"\x1bP0+r\x1b\\"),
        (b"\x1b[?4m", b"\x1b[>4;0m"),
    ],
    ids=repr,
)
def test_a_query_is_answered_and_not_for_the_core(query: bytes, answered: bytes) -> None:
    assert answer(query) == answered
    (piece,) = Splitter().feed(query)
    assert is_query(piece)
    assert for_core(piece) == b""


def test_the_report_of_status_is_answered_before_the_attributes() -> None:
    assert answer(b"\x1b]7501;?\x1b\\\x1b[c") == b"\x1b]7501;?\x1b\\\x1b[?62;22c"


@pytest.mark.parametrize(
    "stream",
    [
        b"\x1b]7501;state=working\x1b\\",
        b"\x1b]7501;??\x1b\\",
        b"\x1b]0;?\x07",
        b"\x1b]52;c;?\x07",
        b"\x1b]11;rgb:0000/0000/0000\x07",
        b"\x1b[?1049h",
        b"\x1b[>1u",
        b"\x1b[22t",
        b"\x1b[8;10;10t",
        b"\x1b[7n",
        b"\x1b[?99999999999999$p",
        b"\x1b]4;300;?\x07",
        b"\x1b]4;?;?\x07",
        b"\x1b[!p",
        b"\x1bc",
        b"\x1b_Gi=31;AAAA\x1b\\",
    ],
    ids=repr,
)
def test_what_is_no_query_gets_no_answer(stream: bytes) -> None:
    assert answer(stream) == b""


def test_what_is_not_a_query_goes_to_the_core_as_it_came() -> None:
    stream = b"\x1b[1mtext\x1b[?25l\x1b[>1u\x1bcmore\x1b[22t"
    assert b"".join(for_core(piece) for piece in Splitter().feed(stream)) == stream


def test_an_echoed_answer_is_no_query_again() -> None:
    queries = b"\x1b[c\x1b[>c\x1b[=c\x1b[>q\x1b[6n\x1b[5n\x1b[?996n\x1b[?u\x1b[?2004$p\x1b[18t\x1b[?4m"
    queries += b"\x1b]11;?\x07\x1bP$qm\x1b\\"
    answered = answer(queries)
    assert answered.count(b"\x1b") > 13
    assert answer(answered) == b""


def test_a_light_ground_is_a_light_scheme() -> None:
    assert answer(b"\x1b[?996n", Known(background=(255, 255, 255))) == b"\x1b[?997;2n"


def test_what_a_program_prints_never_comes_back_as_input() -> None:
    chance = random.Random(5)
    for query in (
        b"\x1b]11;%s\x07",
        b"\x1b]4;%s;?\x07",
        b"\x1bP$q%s\x1b\\",
        b"\x1bP+q%s\x1b\\",
        b"\x1b[%s$p",
        b"\x1b]7501;%s\x07",
    ):
        for _ in range(200):
            content = bytes(chance.choice(b"0123456789;?rm -f\n$qp") for _ in range(chance.randrange(12)))
            answered = answer(query.replace(b"%s", content))
            assert FORMS.fullmatch(answered), answered
    noise = answer(chance.randbytes(300_000))
    assert FORMS.fullmatch(noise)


def test_many_questions_in_one_command_get_a_bounded_answer() -> None:
    assert len(answer(b"\x1b]4;" + b"1;?;" * 10_000 + b"\x07")) < 10_000
    assert answer(b"\x1b]10;" + b"?;" * 1000 + b"\x07").count(b"rgb") == 10

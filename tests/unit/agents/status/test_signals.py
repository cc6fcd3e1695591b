from __future__ import annotations

import base64
import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.model import Blocked, Evidence, Rank, Turn
from agents.status import signals
from agents.status.program import Program
from agents.status.reading.rules import TextRule
from agents.status.reduce import reduce
from agents.status.signals import Progress, Signals
from agents.vt.stream import Bell, Csi, Osc, Piece, Reset, Splitter, Str, Text

WALL = 1_800_000_000.0

ASKING = TextRule("asking", re.compile(r"Action Required(?: \((?P<detail>.*)\))?"), Turn.BLOCKED, Blocked.PERMISSION)
WORKING = TextRule("working", re.compile(r"^[⠂⠐⠋⠙✦]"), Turn.WORKING)
READY = TextRule("ready", re.compile(r"^◇|ready"), Turn.IDLE)

RULES = Program(name="it", titles=(ASKING, WORKING, READY), notices=(ASKING, WORKING, READY))
#: What any program without rules is to us: a shell.
SHELL = Program()


def heard(*steps: tuple[float, str], program: Program = RULES) -> Signals:
    """Feed terminal text at times, as it comes out of a pty."""
    said, splitter = Signals(), Splitter()
    for now, text in steps:
        for piece in splitter.feed(text.encode()):
            said.feed(piece, now, WALL + now, program)
    return said


def title(text: str) -> str:
    return f"\x1b]2;{text}\x1b\\"


def spoken(said: Signals, last_output: float = 0.0) -> list[tuple[Turn, float]]:
    return [(evidence.turn, evidence.since) for evidence in said.evidence(last_output)]


def turn(said: Signals, now: float = 50.0) -> Turn:
    return reduce(said.evidence(now), now).turn


# ---------------------------------------------------------------- titles


@pytest.mark.parametrize("end", ["\x07", "\x1b\\"])
@pytest.mark.parametrize("code", [0, 2])
def test_a_title_claims_what_the_rules_of_its_program_say(code: int, end: str) -> None:
    said = heard((3.0, f"\x1b]{code};✋  Action Required (src){end}"))
    assert said.title == "✋  Action Required (src)"
    assert said.evidence(3.0) == [
        Evidence(Rank.TITLE, Turn.BLOCKED, 3.0, WALL + 3, Blocked.PERMISSION, "src", confidence=0.8, rule="asking")
    ]


def test_a_title_holds_until_the_next_one_and_one_without_a_rule_claims_nothing() -> None:
    said = heard((1.0, title("⠂ it")))
    assert turn(said, 9_999.0) is Turn.WORKING
    assert spoken(heard((1.0, title("⠂ it")), (2.0, title("✳ it")))) == []
    assert spoken(heard((1.0, "\x1b]1;⠂ icon\x07"))) == []


def test_a_spinner_is_one_turn() -> None:
    said = heard((1.0, title("⠂ it")), (2.0, title("⠐ it")), (3.0, title("⠂ it")))
    assert spoken(said) == [(Turn.WORKING, 1.0)]
    assert spoken(heard((1.0, title("⠂ it")), (2.0, title("◇ it")), (3.0, title("⠂ it")))) == [(Turn.WORKING, 3.0)]


def test_titles_are_made_safe_and_short() -> None:
    said = heard((1.0, title("a\u202eb\u200b\u0085" + "x" * 5000)))
    assert said.title.startswith("abx")
    assert len(said.title) == signals.LONGEST_TEXT
    assert heard((1.0, "\x1b]2;")).title == ""
    broken = Signals()
    broken.feed(Osc(2, b"\xff\xfe ok"), 1.0, WALL, RULES)
    assert broken.title.endswith("ok")


# ---------------------------------------------------------------- progress


@pytest.mark.parametrize(
    ("report", "progress", "works"),
    [
        ("4;1;40", Progress(1, 40), True),
        ("4;1;400", Progress(1, 100), True),
        ("4;3", Progress(3), True),
        ("4;3;", Progress(3), True),
        ("4;3;0;", Progress(3, 0), True),
        ("4;2;50", Progress(2, 50), False),
        ("4;4;50", Progress(4, 50), False),
        ("4;0;0", None, False),
        ("4;0", None, False),
    ],
)
def test_progress_is_work_only_while_it_runs(report: str, progress: Progress | None, works: bool) -> None:
    said = heard((1.0, "\x1b]9;4;1;5\x07"), (2.0, f"\x1b]9;{report}\x07"))
    assert said.progress == progress
    assert spoken(said) == ([(Turn.WORKING, 1.0)] if works else [])


@pytest.mark.parametrize("broken", ["4", "4;", "4;5", "4;x", "4;1;x", "4;1;5000", "44;1", "4;1;4;4;4"])
def test_broken_progress_changes_nothing(broken: str) -> None:
    said = heard((1.0, "\x1b]9;4;1;5\x07"), (2.0, f"\x1b]9;{broken}\x07"))
    assert said == heard((1.0, "\x1b]9;4;1;5\x07"))


def test_progress_is_forgotten_ten_minutes_after_the_last_output() -> None:
    said = heard((1.0, "\x1b]9;4;3\x07"))
    assert [e.expires for e in said.evidence(0.0)] == [601.0]
    assert [e.expires for e in said.evidence(100.0)] == [700.0]
    assert said.evidence(1.0)[0].detail == ""
    assert heard((1.0, "\x1b]9;4;1;7\x07")).evidence(1.0)[0].detail == "7 %"


# ---------------------------------------------------------------- notifications


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b]9;it: Action Required\x07",
        "\x1b]777;notify;it;Action Required\x07",
        "\x1b]777;notify;Action Required\x1b\\",
        "\x1b]99;;Action Required\x1b\\",
        "\x1b]99;i=1:d=0;it\x1b\\\x1b]99;i=1:p=body;Action Required\x1b\\",
        f"\x1b]99;i=1:e=1;{b64('Action Required')}\x1b\\",
        "\x1b]99;d=0:i=2;other\x1b\\"
        "\x1b]99;d=0:i=1;Action\x1b\\\x1b]99;i=1:p=body;x\x1b\\\x1b]99;;Action Required\x1b\\",
    ],
)
def test_a_notification_claims_what_the_rules_say(sequence: str) -> None:
    (evidence,) = heard((2.0, sequence)).evidence(2.0)
    assert (evidence.turn, evidence.blocked, evidence.since) == (Turn.BLOCKED, Blocked.PERMISSION, 2.0)


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b]9;2;Action Required\x07",  # a message box of ConEmu
        "\x1b]9;9;Action Required\x07",  # its working directory
        "\x1b]777;precmd;Action Required\x07",
        "\x1b]777;Action Required\x07",
        "\x1b]99;i=1:d=0;Action Required\x07",  # not whole yet
        "\x1b]99;p=close;Action Required\x07",
        "\x1b]99;Action Required\x07",
        "\x1b]99;e=1;####\x07",
        "\x1b]99;e=1;A\x07",
        "\x1b]1337;Action Required\x07",
        "\x1b]52;c;Action Required\x07",
        "\x1b]Action Required\x07",
    ],
)
def test_what_is_no_notification_claims_nothing(sequence: str) -> None:
    assert heard((2.0, sequence)).evidence(2.0) == []


def test_a_notification_is_over_once_somebody_types_or_something_else_is_said() -> None:
    asked = (2.0, "\x1b]9;Action Required\x07")
    typed = heard(asked)
    typed.typed()
    assert typed.evidence(3.0) == []
    assert spoken(heard(asked, (3.0, title("⠂ it")))) == [(Turn.WORKING, 3.0)]
    assert spoken(heard(asked, (3.0, "\x1b]9;4;3\x07"))) == [(Turn.WORKING, 3.0)]
    # A title that means nothing does not answer it.
    assert turn(heard(asked, (3.0, title("✳ it")))) is Turn.BLOCKED
    # Typing says nothing about a title: the program still shows it.
    shown = heard((1.0, title("✋ Action Required")), asked)
    shown.typed()
    assert spoken(shown) == [(Turn.BLOCKED, 1.0)]


def test_open_notifications_are_bounded() -> None:
    said = heard(*((1.0, f"\x1b]99;i=n{n}:d=0;{'x' * 2000}\x1b\\") for n in range(300)))
    assert len(said.open_notices) == signals.MOST_OPEN_NOTICES
    said = heard(*((1.0, f"\x1b]99;i=1:d=0;{'x' * 900}\x1b\\") for n in range(300)))
    assert max(map(len, said.open_notices.values())) <= signals.LONGEST_TEXT


# ---------------------------------------------------------------- shell marks


def mark(what: str) -> str:
    return f"\x1b]133;{what}\x07"


def test_a_shell_works_from_its_command_to_the_next_prompt() -> None:
    assert turn(heard((1.0, mark("A") + mark("B")), program=SHELL)) is Turn.IDLE
    assert spoken(heard((1.0, mark("A")), (2.0, mark("C")), program=SHELL)) == [(Turn.WORKING, 2.0)]
    ended = heard((1.0, mark("C")), (2.0, mark("D;1")), (2.1, mark("A;cl=m") + mark("B")), program=SHELL)
    (evidence,) = ended.evidence(3.0)
    assert (evidence.turn, evidence.since, evidence.detail) == (Turn.IDLE, 2.0, "the last command ended with 1")
    assert heard((1.0, mark("D;0")), program=SHELL).evidence(1.0)[0].detail == ""
    assert heard((1.0, mark("D")), program=SHELL).evidence(1.0)[0].detail == ""
    assert heard((1.0, mark("D;rm -rf /")), program=SHELL).evidence(1.0)[0].detail == ""


@pytest.mark.parametrize("broken", ["", "E", "AA", "L", "a"])
def test_other_marks_claim_nothing(broken: str) -> None:
    assert heard((1.0, mark(broken)), program=SHELL).evidence(1.0) == []


def test_marks_inside_a_program_with_rules_are_something_it_shows() -> None:
    assert heard((1.0, mark("C"))).evidence(1.0) == []


# ---------------------------------------------------------------- together


def test_bel_is_kept_and_claims_nothing() -> None:
    said = heard((1.0, "\x07"), (4.0, "ding\x07"), (5.0, title("x")))
    assert said.rang == 4.0
    assert said.evidence(4.0) == []


def test_of_several_the_one_told_last_counts_though_it_began_long_ago() -> None:
    said = heard((1.0, title("⠂ it")), (2.0, "\x1b]9;ready\x07"), program=RULES)
    assert turn(said) is Turn.IDLE
    bar = heard((1.0, "\x1b]9;4;3\x07"), (2.0, title("◇ it")), (3.0, "\x1b]9;4;3\x07"))
    assert turn(bar) is Turn.WORKING
    # It works since the title was overruled, not since the bar first showed.
    assert spoken(bar) == [(Turn.WORKING, 2.0), (Turn.IDLE, 2.0)]
    assert bar.evidence(3.0)[0].wall == WALL + 2.0
    assert spoken(heard((1.0, title("⠂ it")), (2.0, "\x1b]9;4;3\x07"), (3.0, title("⠐ it")))) == [
        (Turn.WORKING, 1.0),
        (Turn.WORKING, 2.0),
    ]


def test_a_full_reset_and_another_process_end_all() -> None:
    everything = title("⠂ it") + "\x1b]9;4;3\x07\x1b]9;Action Required\x07\x07\x1b]99;i=1:d=0;x\x07"
    assert heard((1.0, everything), (2.0, "\x1bc")) == Signals()


def test_other_pieces_mean_nothing() -> None:
    said = Signals()
    pieces: list[Piece] = [Text(b"ready"), Csi(b"\x1b[6n", "", "6", "", "n"), Str("dcs", b"ready"), Osc(None, b"ready")]
    for piece in pieces:
        said.feed(piece, 1.0, WALL, RULES)
    assert said == Signals()


@pytest.mark.parametrize("program", [RULES, SHELL])
def test_every_cut_of_the_stream_says_the_same(program: Program) -> None:
    stream = (
        f"a{title('✋  Action Required (ü)')}\x1b]9;4;1;50\x1b\\\x1b]9;it is ready\x07{mark('A')}{mark('C')}\x07"
        "\x1b]99;i=1:d=0;Action\x1b\\b\x1b]99;i=1:p=body;Required\x07\x1b]777;notify;x;Action Required\x1b\\"
        "\x1b]0;⠂ it\x07"
    ).encode()

    def fed(*portions: bytes) -> Signals:
        said, splitter = Signals(), Splitter()
        for portion in portions:
            for piece in splitter.feed(portion):
                said.feed(piece, 1.0, WALL, program)
        return said

    whole = fed(stream)
    assert whole.claims
    for cut in range(len(stream)):
        assert fed(stream[:cut], stream[cut:]) == whole, cut


_OSCS = st.builds(
    Osc,
    st.sampled_from([None, 0, 1, 2, 9, 99, 133, 777, 7501]),
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(
                [b"4", b"1", b"3", b"notify", b"A", b"C", b"d=0:i=1", b"e=1:i=2", b"p=body", b"ready", b"\xff"]
            ),
            max_size=5,
        ).map(b";".join),
        st.integers(0, 99).map(lambda n: b"i=%d:d=0;" % n + b"x" * 3000),
    ),
)
_PIECES = st.one_of(_OSCS, st.just(Bell()), st.just(Reset()), st.builds(Text, st.binary(max_size=9)))


@settings(max_examples=300)
@given(st.lists(_PIECES, max_size=60), st.integers(0, 60), st.sampled_from([RULES, SHELL]))
def test_whatever_comes_nothing_raises_the_state_is_bounded_and_survives_a_dump(
    pieces: list[Piece], cut: int, program: Program
) -> None:
    live, saved = Signals(), Signals()
    for at, piece in enumerate(pieces):
        if at == cut:
            saved = msgspec.json.decode(msgspec.json.encode(saved), type=Signals)
        for said in (live, saved):
            said.feed(piece, float(at), WALL + at, program)
    assert saved == live
    assert len(msgspec.json.encode(live)) < 100_000
    evidence = live.evidence(60.0)
    assert evidence == saved.evidence(60.0)
    newest = max(live.claims.values(), key=lambda said: said.told, default=None)
    if newest is not None:
        assert reduce(evidence, 60.0).turn is newest.turn

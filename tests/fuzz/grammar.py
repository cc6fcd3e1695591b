"""Makes up what a hostile terminal program might write, from a seed alone; runs nothing."""

from __future__ import annotations

from random import Random

import msgspec

#: Numbers at which sums overflow, screens end and limits lie.
_NUMBERS = (0, 1, 2, 3, 4, 5, 7, 8, 16, 23, 24, 25, 79, 80, 81, 255, 256, 999, 1000, 9999, 10000, 32767, 65535, 65536)
_HUGE = (2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63, 10**30)
_MODES = (1, 3, 4, 5, 6, 7, 12, 20, 25, 47, 69, 1000, 1004, 1006, 1047, 1048, 1049, 2004, 2026)

#: Finals that draw, move, scroll, erase and set margins, apart from all others.
_FINALS = b"@ABCDEFGHIJKLMPSTXZ`abcdefghijklmnpqrstuvwxyz{|}~"
_TEXTS = (
    *("a", "hello", " ", "x" * 100, "漢字", "ｗ", "é", "e\u0301", "\u0301", "e" + "\u0301" * 40, "\u200d", "\ufe0f"),
    *(
        "👩\u200d👩\u200d👧",
        "🇩🇪",
        "👍🏽",
        "ที่นี่",
        "\u202eab\u202c",
        "\ufeff",
        "\U0010ffff",
        "│─┐",
        "\u00ad",
        "\u1160\u11a8",
    ),
    *("\u0085", "\u009b5A", "\u0090x\u009c", "\u008d\u008d\u0084", "lqqk", "\u0e33", "\u0600", "\u2028"),
)
_INVALID = (
    *(b"\x80", b"\xff", b"\xc2", b"\xe6\xbc", b"\xf0\x9f", b"\xed\xa0\x80", b"\xc0\x80", b"\xf8\x88\x80\x80\x80"),
    *(b"\x9b5A", b"\x90x\x9c", b"\xf4\x90\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xe0\x80\xaf"),
)
_STRINGS = (b"\x1b]", b"\x1bP", b"\x1b_", b"\x1b^", b"\x1bX", b"\x1bk")
_BODIES = (b"", b"0;title", b"7501;state=idle", b"$q", b"8;;http://x", b"x" * 5000, b"\xc2\x9c", b"\x1b[5A")
_ENDS = (b"\x07", b"\x1b\\", b"", b"\x18", b"\x1a", b"\x1b", b"\x9c")
_ODD = (b"\n", b"\r", b"\x00", b"\x7f", b"\x18", b"\x1a", b"\x1b", b"\x0e", b"\xc2\x80", b"\xe6", b"\x1b[", b"\x1b]")
_ESCAPES = (
    *(b"\x1b7", b"\x1b8", b"\x1bc", b"\x1bD", b"\x1bE", b"\x1bH", b"\x1bM", b"\x1bN", b"\x1bO", b"\x1bn", b"\x1bo"),
    *(
        b"\x1b|",
        b"\x1b}",
        b"\x1b~",
        b"\x1b=",
        b"\x1b>",
        b"\x1b(0",
        b"\x1b(B",
        b"\x1b)0",
        b"\x1b*0",
        b"\x1b+A",
        b"\x1b(A",
    ),
    *(
        b"\x1b#3",
        b"\x1b#4",
        b"\x1b#5",
        b"\x1b#6",
        b"\x1b#8",
        b"\x1b F",
        b"\x1b G",
        b"\x1b%G",
        b"\x1b%@",
        b"\x1b/",
        b"\x1b\x1b",
    ),
)


class Feed(msgspec.Struct, frozen=True, tag="feed"):
    """Output of the program."""

    data: bytes


class Resize(msgspec.Struct, frozen=True, tag="resize"):
    """Another size of the terminal."""

    rows: int
    cols: int


class Look(msgspec.Struct, frozen=True, tag="look"):
    """Somebody looks at the screen; ``reload``: and the other one is taken from a checkpoint."""

    reload: bool = False


Step = Feed | Resize | Look


class Case(msgspec.Struct, frozen=True):
    """One terminal's life. ``tail`` is how much the screen keeps before it is written down."""

    rows: int
    cols: int
    tail: int
    steps: tuple[Step, ...]


def case(seed: int) -> Case:
    """Return the case of ``seed``."""
    random = Random(seed)
    rows, cols = _size(random)
    stream = b"".join(_token(random) for _ in range(random.choice((5, 40, 150, 400))))
    if random.random() < 0.2:
        stream = _damaged(random, stream)
    steps: list[Step] = []
    at = 0
    longest = random.choice((3, 40, 400, 4000))
    while at < len(stream):
        end = at + random.randint(1, longest)
        steps.append(Feed(stream[at:end]))
        at = end
        steps += _between(random)
    return Case(rows, cols, random.choice((200, 400, 2000, 128 * 1024)), (*steps, Look(reload=True), Look()))


def _between(random: Random) -> list[Step]:
    chance = random.random()
    if chance < 0.08:
        return [Resize(*_size(random)) for _ in range(random.choice((1, 1, 3)))]
    if chance < 0.3:
        return [Look(reload=chance < 0.15)]
    return []


def _size(random: Random) -> tuple[int, int]:
    if random.random() < 0.3:
        return random.choice(((1, 2), (1, 1), (2, 3), (1, 1000), (500, 2), (0, -1)))
    return random.choice((2, 5, 24, 50)), random.choice((3, 10, 80, 132))


def _token(random: Random) -> bytes:
    chance = random.random()
    if chance < 0.22:
        return random.choice(_TEXTS).encode() * random.choice((1, 1, 1, 3, 30))
    if chance < 0.27:
        return random.choice(_INVALID)
    if chance < 0.35:
        return bytes([random.choice((*range(32), 0x7F))]) * random.choice((1, 1, 2, 30))
    if chance < 0.45:
        return random.choice(_ESCAPES)
    if chance < 0.5:
        return _string(random)
    if chance < 0.58:
        return b"\x1b[?%d%c" % (random.choice(_MODES), random.choice(b"hhl"))
    if chance < 0.63:
        return b"\x1b[%d;%d%c" % (random.randint(0, 30), random.randint(0, 90), random.choice(b"rsH"))
    sequence = _sequence(random)
    return _inside(random, sequence) if chance > 0.93 else sequence


def _sequence(random: Random) -> bytes:
    count = random.choice((0, 0, 1, 1, 1, 2, 2, 3, 8, 9, 16, 17, 40, 400))
    parameters = b"".join(_number(random) + random.choice((b";", b";", b";", b":")) for _ in range(count))
    if random.random() < 0.8:
        parameters = parameters[:-1]
    private = random.choice((b"",) * 6 + (b"?", b">", b"=", b"<"))
    intermediate = random.choice((b"",) * 8 + (b" ", b"!", b"$", b'"', b"'", b"#", b"  ", b"*"))
    final = random.choice(_FINALS) if random.random() < 0.9 else random.randint(0x40, 0x7E)
    return b"\x1b[" + private + parameters + intermediate + bytes([final])


def _number(random: Random) -> bytes:
    chance = random.random()
    if chance < 0.15:
        return b""
    number = random.randint(0, 30) if chance < 0.5 else random.choice(_NUMBERS if chance < 0.93 else _HUGE)
    return b"%d" % number


def _string(random: Random) -> bytes:
    body = random.choice(
        (b"", b"0;title", b"7501;state=idle", b"$q", b"8;;http://x", b"x" * 5000, b"\xc2\x9c", b"\x1b[5A")
    )
    return random.choice(_STRINGS) + body + random.choice(_ENDS)


def _inside(random: Random, sequence: bytes) -> bytes:
    """Put what has no place there into the middle of a sequence."""
    at = random.randint(1, len(sequence))
    odd = random.choice(_ODD)
    return sequence[:at] + odd * random.choice((1, 1, 3)) + sequence[at:]


def _damaged(random: Random, stream: bytes) -> bytes:
    damaged = bytearray(stream)
    for _ in range(1 + len(damaged) // 50):
        damaged[random.randrange(len(damaged))] = random.randrange(256)
    return bytes(damaged)

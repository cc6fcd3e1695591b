"""What keys send, as data: each case with the section it comes from. Those of xterm were typed into xterm 379."""

from __future__ import annotations

import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.vt.keys import Key, encode
from agents.vt.modes import DEFAULTS, Modes
from tests.fakes.chords import NAMED, key

PLAIN = Modes()
APPLICATION = Modes(dec=(1, *DEFAULTS))
KEYPAD = Modes(dec=(*DEFAULTS, 66))
KITTY = Modes(keyboard=(0, 1))


def on_keypad(chord: str, *, numlock: bool = False) -> Key:
    return msgspec.structs.replace(key(chord), keypad=True, shift="Shift" in chord, numlock=numlock)


#: xterm's ctlseqs, "PC-Style Function Keys": cursor keys, their modifiers, and what DECCKM makes of them.
CURSOR = [
    ("Up", PLAIN, b"\x1b[A"),
    ("Down", PLAIN, b"\x1b[B"),
    ("Right", PLAIN, b"\x1b[C"),
    ("Left", PLAIN, b"\x1b[D"),
    ("Home", PLAIN, b"\x1b[H"),
    ("End", PLAIN, b"\x1b[F"),
    ("Begin", PLAIN, b"\x1b[E"),
    ("Up", APPLICATION, b"\x1bOA"),
    ("Down", APPLICATION, b"\x1bOB"),
    ("Right", APPLICATION, b"\x1bOC"),
    ("Left", APPLICATION, b"\x1bOD"),
    ("Home", APPLICATION, b"\x1bOH"),
    ("End", APPLICATION, b"\x1bOF"),
    ("Shift+Up", PLAIN, b"\x1b[1;2A"),
    ("Alt+Up", PLAIN, b"\x1b[1;3A"),
    ("Alt+Shift+Up", PLAIN, b"\x1b[1;4A"),
    ("Ctrl+Up", PLAIN, b"\x1b[1;5A"),
    ("Ctrl+Shift+Up", PLAIN, b"\x1b[1;6A"),
    ("Ctrl+Alt+Up", PLAIN, b"\x1b[1;7A"),
    ("Ctrl+Alt+Shift+Up", PLAIN, b"\x1b[1;8A"),
    ("Meta+Up", PLAIN, b"\x1b[1;9A"),
    ("Ctrl+Up", APPLICATION, b"\x1b[1;5A"),
    ("Shift+End", PLAIN, b"\x1b[1;2F"),
    ("Ctrl+Home", APPLICATION, b"\x1b[1;5H"),
]

#: "PC-Style Function Keys" and "VT220-Style Function Keys"; from F21 on as xterm does.
FUNCTION = [
    ("F1", PLAIN, b"\x1bOP"),
    ("F2", PLAIN, b"\x1bOQ"),
    ("F3", PLAIN, b"\x1bOR"),
    ("F4", PLAIN, b"\x1bOS"),
    ("F1", APPLICATION, b"\x1bOP"),
    ("F5", PLAIN, b"\x1b[15~"),
    ("F6", PLAIN, b"\x1b[17~"),
    ("F7", PLAIN, b"\x1b[18~"),
    ("F8", PLAIN, b"\x1b[19~"),
    ("F9", PLAIN, b"\x1b[20~"),
    ("F10", PLAIN, b"\x1b[21~"),
    ("F11", PLAIN, b"\x1b[23~"),
    ("F12", PLAIN, b"\x1b[24~"),
    ("F13", PLAIN, b"\x1b[25~"),
    ("F14", PLAIN, b"\x1b[26~"),
    ("F15", PLAIN, b"\x1b[28~"),
    ("F16", PLAIN, b"\x1b[29~"),
    ("F17", PLAIN, b"\x1b[31~"),
    ("F18", PLAIN, b"\x1b[32~"),
    ("F19", PLAIN, b"\x1b[33~"),
    ("F20", PLAIN, b"\x1b[34~"),
    ("F21", PLAIN, b"\x1b[42~"),
    ("F24", PLAIN, b"\x1b[45~"),
    ("Shift+F1", PLAIN, b"\x1b[1;2P"),
    ("Ctrl+F3", PLAIN, b"\x1b[1;5R"),
    ("Alt+F5", PLAIN, b"\x1b[15;3~"),
    ("Ctrl+Shift+F12", PLAIN, b"\x1b[24;6~"),
    ("Menu", PLAIN, b"\x1b[29~"),
    ("Insert", PLAIN, b"\x1b[2~"),
    ("Delete", PLAIN, b"\x1b[3~"),
    ("PageUp", PLAIN, b"\x1b[5~"),
    ("PageDown", PLAIN, b"\x1b[6~"),
    ("Ctrl+Delete", PLAIN, b"\x1b[3;5~"),
    ("Ctrl+PageDown", PLAIN, b"\x1b[6;5~"),
    ("Shift+Insert", PLAIN, b"\x1b[2;2~"),
    ("Insert", APPLICATION, b"\x1b[2~"),
]

#: Controls: xterm, and kitty's table "C0 controls" where xterm has a use of its own for a chord (Alt+Enter).
CONTROLS = [
    ("Enter", PLAIN, b"\r"),
    ("Shift+Enter", PLAIN, b"\r"),
    ("Ctrl+Enter", PLAIN, b"\r"),
    ("Alt+Enter", PLAIN, b"\x1b\r"),
    ("Enter", Modes(ansi=(20,)), b"\r\n"),  # LNM
    ("Tab", PLAIN, b"\t"),
    ("Shift+Tab", PLAIN, b"\x1b[Z"),
    ("Ctrl+Tab", PLAIN, b"\t"),
    ("Ctrl+Shift+Tab", PLAIN, b"\x1b[Z"),
    ("Alt+Tab", PLAIN, b"\x1b\t"),
    ("Alt+Shift+Tab", PLAIN, b"\x1b\x1b[Z"),
    ("Backspace", PLAIN, b"\x7f"),
    ("Shift+Backspace", PLAIN, b"\x7f"),
    ("Ctrl+Backspace", PLAIN, b"\x08"),
    ("Alt+Backspace", PLAIN, b"\x1b\x7f"),
    ("Ctrl+Alt+Backspace", PLAIN, b"\x1b\x08"),
    ("Backspace", Modes(dec=(*DEFAULTS, 67)), b"\x08"),  # DECBKM
    ("Ctrl+Backspace", Modes(dec=(*DEFAULTS, 67)), b"\x7f"),
    ("Esc", PLAIN, b"\x1b"),
    ("Alt+Esc", PLAIN, b"\x1b\x1b"),
    ("Space", PLAIN, b" "),
    ("Shift+Space", PLAIN, b" "),
    ("Ctrl+Space", PLAIN, b"\x00"),
    ("Alt+Space", PLAIN, b"\x1b "),
    ("Ctrl+Alt+Space", PLAIN, b"\x1b\x00"),
]

#: What Ctrl makes of characters: libX11's XkbToControl, as xterm shows it.
CTRL = [(f"Ctrl+{letter}", PLAIN, bytes([ord(letter) - 96])) for letter in string.ascii_lowercase]
CTRL += [(f"Ctrl+{letter}", PLAIN, bytes([ord(letter) - 64])) for letter in string.ascii_uppercase]
CTRL += [
    ("Ctrl+@", PLAIN, b"\x00"),
    ("Ctrl+[", PLAIN, b"\x1b"),
    ("Ctrl+\\", PLAIN, b"\x1c"),
    ("Ctrl+]", PLAIN, b"\x1d"),
    ("Ctrl+^", PLAIN, b"\x1e"),
    ("Ctrl+_", PLAIN, b"\x1f"),
    ("Ctrl+{", PLAIN, b"\x1b"),
    ("Ctrl+~", PLAIN, b"\x1e"),
    ("Ctrl+`", PLAIN, b"\x00"),
    ("Ctrl+/", PLAIN, b"\x1f"),
    ("Ctrl+?", PLAIN, b"\x7f"),
    ("Ctrl+-", PLAIN, b"-"),
    ("Ctrl+;", PLAIN, b";"),
    ("Ctrl+1", PLAIN, b"1"),
    ("Ctrl+2", PLAIN, b"\x00"),
    ("Ctrl+3", PLAIN, b"\x1b"),
    ("Ctrl+4", PLAIN, b"\x1c"),
    ("Ctrl+5", PLAIN, b"\x1d"),
    ("Ctrl+6", PLAIN, b"\x1e"),
    ("Ctrl+7", PLAIN, b"\x1f"),
    ("Ctrl+8", PLAIN, b"\x7f"),
    ("Ctrl+9", PLAIN, b"9"),
    ("Ctrl+0", PLAIN, b"0"),
    ("Ctrl+Alt+a", PLAIN, b"\x1b\x01"),
    ("Ctrl+Alt+1", PLAIN, b"\x1b1"),
    ("Ctrl+Alt+2", PLAIN, b"\x1b\x00"),
]

#: ctlseqs, "Alt and Meta Keys" with metaSendsEscape.
ALT = [(f"Alt+{letter}", PLAIN, b"\x1b" + letter.encode()) for letter in string.ascii_letters]
ALT += [
    ("Alt+.", PLAIN, b"\x1b."),
    ("Alt+<", PLAIN, b"\x1b<"),
    ("Alt+1", PLAIN, b"\x1b1"),
    ("Alt+ä", PLAIN, b"\x1b\xc3\xa4"),
]
ALT += [("Meta+a", PLAIN, b""), ("Ctrl+Meta+a", PLAIN, b"")]  # the desktop's key is none of the program's

#: Kitty, "Disambiguate escape codes", with its tables "Functional key codes" and "Modifiers".
DISAMBIGUATED = [
    ("a", KITTY, b"a"),
    ("A", KITTY, b"A"),
    ("ä", KITTY, b"\xc3\xa4"),
    ("Space", KITTY, b" "),
    ("Shift+Space", KITTY, b" "),
    ("Ctrl+Space", KITTY, b"\x1b[32;5u"),
    ("Alt+Space", KITTY, b"\x1b[32;3u"),
    ("Esc", KITTY, b"\x1b[27u"),
    ("Shift+Esc", KITTY, b"\x1b[27;2u"),
    ("Enter", KITTY, b"\r"),
    ("Tab", KITTY, b"\t"),
    ("Backspace", KITTY, b"\x7f"),
    ("Shift+Enter", KITTY, b"\x1b[13;2u"),
    ("Alt+Enter", KITTY, b"\x1b[13;3u"),
    ("Ctrl+Enter", KITTY, b"\x1b[13;5u"),
    ("Shift+Tab", KITTY, b"\x1b[9;2u"),
    ("Ctrl+Shift+Tab", KITTY, b"\x1b[9;6u"),
    ("Ctrl+Backspace", KITTY, b"\x1b[127;5u"),
    ("Ctrl+c", KITTY, b"\x1b[99;5u"),
    ("Ctrl+C", KITTY, b"\x1b[99;6u"),
    ("Ctrl+i", KITTY, b"\x1b[105;5u"),
    ("Ctrl+[", KITTY, b"\x1b[91;5u"),
    ("Alt+[", KITTY, b"\x1b[91;3u"),
    ("Alt+A", KITTY, b"\x1b[97;4u"),
    ("Ctrl+Alt+a", KITTY, b"\x1b[97;7u"),
    ("Meta+a", KITTY, b"\x1b[97;9u"),
    ("Ctrl+@", KITTY, b"\x1b[50;6u"),
    ("Up", KITTY, b"\x1b[A"),
    ("Ctrl+Up", KITTY, b"\x1b[1;5A"),
    ("Up", Modes(dec=(1, *DEFAULTS), keyboard=(1,)), b"\x1b[A"),
    ("F1", KITTY, b"\x1b[P"),
    ("Shift+F2", KITTY, b"\x1b[1;2Q"),
    ("F3", KITTY, b"\x1b[13~"),
    ("Ctrl+F3", KITTY, b"\x1b[13;5~"),
    ("F5", KITTY, b"\x1b[15~"),
    ("F12", KITTY, b"\x1b[24~"),
    ("F13", KITTY, b"\x1b[57376u"),
    ("Shift+F24", KITTY, b"\x1b[57387;2u"),
    ("Menu", KITTY, b"\x1b[57363u"),
    ("Delete", KITTY, b"\x1b[3~"),
    ("Ctrl+PageUp", KITTY, b"\x1b[5;5~"),
]

CASES = [*CURSOR, *FUNCTION, *CONTROLS, *CTRL, *ALT, *DISAMBIGUATED]


@pytest.mark.parametrize(("chord", "modes", "sent"), CASES, ids=[f"{chord} {sent!r}" for chord, _, sent in CASES])
def test_a_chord_sends(chord: str, modes: Modes, sent: bytes) -> None:
    assert encode(key(chord), modes) == sent


#: ctlseqs, "VT220-Style Function Keys", the keypad; kitty's numbers of its keys.
ON_KEYPAD = [
    ("+", KEYPAD, b"\x1bOk"),
    ("-", KEYPAD, b"\x1bOm"),
    ("*", KEYPAD, b"\x1bOj"),
    ("/", KEYPAD, b"\x1bOo"),
    ("=", KEYPAD, b"\x1bOX"),
    (",", KEYPAD, b"\x1bOl"),
    ("Enter", KEYPAD, b"\x1bOM"),
    ("5", KEYPAD, b"5"),  # it types, so NumLock is on
    ("Home", KEYPAD, b"\x1b[H"),
    ("Begin", KEYPAD, b"\x1b[E"),
    ("Up", Modes(dec=(1, *DEFAULTS, 66)), b"\x1bOA"),
    ("Alt+Enter", KEYPAD, b"\x1b\r"),
    ("+", PLAIN, b"+"),
    ("Enter", PLAIN, b"\r"),
    ("5", KITTY, b"5"),
    ("+", KITTY, b"+"),
    ("Enter", KITTY, b"\x1b[57414u"),
    ("Ctrl+5", KITTY, b"\x1b[57404;5u"),
    ("Up", KITTY, b"\x1b[57419u"),
    ("Shift+Begin", KITTY, b"\x1b[57427;2u"),
]


@pytest.mark.parametrize(("chord", "modes", "sent"), ON_KEYPAD)
def test_a_key_of_the_keypad_sends(chord: str, modes: Modes, sent: bytes) -> None:
    assert encode(on_keypad(chord), modes) == sent


def test_under_numlock_the_keypad_types() -> None:
    assert encode(on_keypad("+", numlock=True), KEYPAD) == b"+"
    assert encode(on_keypad("Enter", numlock=True), KEYPAD) == b"\r"


@pytest.mark.parametrize(
    ("pressed", "plain", "kitty"),
    [
        # Ctrl is of the key: under a Russian layout the same one interrupts.
        (Key(text="с", base="c", ctrl=True), b"\x03", b"\x1b[99;5u"),
        (Key(text="С", base="c", ctrl=True, shift=True), b"\x03", b"\x1b[99;6u"),
        (Key(text="ф", base="a", alt=True), b"\x1b\xd1\x84", b"\x1b[97;3u"),
        (Key(text="с", base="c"), b"\xd1\x81", b"\xd1\x81"),
        # Characters of AltGr and of dead keys come without modifiers.
        (Key(text="@"), b"@", b"@"),
        (Key(text="{"), b"{", b"{"),
        (Key(text="ê"), b"\xc3\xaa", b"\xc3\xaa"),
        (Key(text="日本語"), "日本語".encode(), "日本語".encode()),
        (Key(text="ä", base="ä", ctrl=True), b"\xc3\xa4", b"\x1b[228;5u"),
        (Key(text="👩‍🚀"), "👩‍🚀".encode(), "👩‍🚀".encode()),
        (Key(text="\ud800x"), b"x", b"x"),
        (Key(), b"", b""),
        (Key(ctrl=True), b"", b""),
        (Key(name="Print"), b"", b""),
        (Key(name="Print", ctrl=True), b"", b""),
    ],
)
def test_text_of_every_script(pressed: Key, plain: bytes, kitty: bytes) -> None:
    assert encode(pressed, PLAIN) == plain
    assert encode(pressed, KITTY) == kitty


KEYS = st.builds(
    Key,
    name=st.sampled_from(["", *NAMED]),
    text=st.text(max_size=3),
    base=st.text(max_size=1),
    shift=st.booleans(),
    ctrl=st.booleans(),
    alt=st.booleans(),
    meta=st.booleans(),
    keypad=st.booleans(),
    numlock=st.booleans(),
)
MODES = st.builds(
    Modes,
    dec=st.sets(st.sampled_from([1, 7, 66, 67])).map(lambda found: tuple(sorted(found))),
    ansi=st.sampled_from([(), (20,)]),
    keyboard=st.sampled_from([(0,), (1,), (31,)]),
)


@given(KEYS, MODES)
def test_any_key_can_be_written(pressed: Key, modes: Modes) -> None:
    sent = encode(pressed, modes)
    assert not pressed.name or pressed.meta or sent
    sent.decode()


def test_under_kitty_no_two_chords_are_alike() -> None:
    held = [(s, c, a) for s in (False, True) for c in (False, True) for a in (False, True)]
    pressed = [Key(name=name, shift=s, ctrl=c, alt=a) for name in NAMED if name != "Space" for s, c, a in held]
    pressed += [
        Key(text=letter.upper() if s else letter, base=letter, shift=s, ctrl=c, alt=a)
        for letter in string.ascii_lowercase + string.digits
        for s, c, a in held
        if c or a or not s
    ]
    sent = [encode(one, KITTY) for one in pressed]
    assert len(set(sent)) == len(sent)

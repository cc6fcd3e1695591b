"""What programs call a chord, told from its name alone or from terminfo, never from the encoder that is tested."""

from __future__ import annotations

import curses
import string
from pathlib import Path

import resources
from app import keymap
from app.commands import Zone
from tests.fakes.chords import split

ARROWS = ("Up", "Down", "Left", "Right")
HELD = ("", "Shift+", "Alt+", "Alt+Shift+", "Ctrl+", "Ctrl+Shift+", "Ctrl+Alt+", "Ctrl+Alt+Shift+")

#: Of xterm's function keys terminfo knows these; behind them it means modified ones.
KNOWN_FUNCTION_KEYS = 12

_VIM = {"PageUp": "PageUp", "PageDown": "PageDown", "Insert": "Insert", "Delete": "Del", "Home": "Home", "End": "End"}
_VIM |= {name: name for name in (*ARROWS, *(f"F{n}" for n in range(1, KNOWN_FUNCTION_KEYS + 1)))}
_VIM_PLAIN = {"Enter": "<CR>", "Esc": "<Esc>", "Tab": "<Tab>", "Backspace": "<BS>", "Space": "<Space>", "<": "<lt>"}
#: Control characters that vim calls otherwise than by their letter.
_VIM_CONTROL = {"I": "<Tab>", "J": "<NL>", "M": "<CR>", "[": "<Esc>", "@": "<Nul>", "?": "<BS>"}

_TERMINFO = {"Up": "UP", "Down": "DN", "Left": "LFT", "Right": "RIT", "Home": "HOM", "End": "END", "Insert": "IC"}
_TERMINFO |= {"Delete": "DC", "PageUp": "PRV", "PageDown": "NXT"}
_TERMINFO_PLAIN = {"Up": "kcuu1", "Down": "kcud1", "Left": "kcub1", "Right": "kcuf1", "Home": "khome", "End": "kend"}
_TERMINFO_PLAIN |= {"Insert": "kich1", "Delete": "kdch1", "PageUp": "kpp", "PageDown": "knp"}
#: What terminfo adds to the number of a function key for each of the modifiers it knows.
_TERMINFO_F = {"": 0, "Shift": 12, "Ctrl": 24, "Ctrl+Shift": 36, "Alt": 48}


def typed_chords() -> tuple[str, ...]:
    """Return every chord of the keymap, Ctrl and Alt with letters, function keys, arrows with modifiers; each once."""
    keys, problems = keymap.load(Path(resources.__file__).parent / "keymap.toml", Path("/nonexistent"))
    assert problems == ()
    bound = sorted({chord for zone in Zone for binding, _ in keys.bound(zone) for chord in binding.split(" ")})
    wanted = [*bound, *(f"Ctrl+{letter}" for letter in string.ascii_lowercase)]
    wanted += [f"Alt+{letter}" for letter in string.ascii_letters]
    wanted += [f"F{n}" for n in range(1, 25)]
    wanted += [
        held + name for name in (*ARROWS, "Home", "End", "Insert", "Delete", "PageUp", "PageDown") for held in HELD
    ]
    wanted += [held + "F5" for held in HELD] + [held + "F1" for held in HELD]
    wanted += ["Enter", "Tab", "Backspace", "Esc", "Space", "Alt+Enter", "Alt+Backspace", "Ctrl+@", "Ctrl+[", "Ctrl+?"]
    wanted += ["Ctrl+\\", "Ctrl+]", "Ctrl+^", "Ctrl+_", "Shift+Tab", "Ctrl+Space"]
    return tuple(dict.fromkeys(wanted))


def in_vim(chord: str) -> str:
    """Return how vim writes what it gets for a chord."""
    held, last = split(chord)
    if last in _VIM:
        marks = "".join(f"{mark}-" for name, mark in (("Alt", "M"), ("Ctrl", "C"), ("Shift", "S")) if name in held)
        return f"<{marks}{_VIM[last]}>"
    if last.startswith("F") and last[1:].isdigit():
        number = (25, 26, 28, 29, 31, 32, 33, 34, 42, 43, 44, 45)[int(last[1:]) - 13]
        return {14: "<Undo>", 15: "<Help>"}.get(int(last[1:]), f"<Esc>[{number}~")
    if chord == "Shift+Tab":
        return "<S-Tab>"
    prefix = "<Esc>" if "Alt" in held else ""
    if "Ctrl" in held and last == "Space":
        return prefix + "<Nul>"
    if "Ctrl" in held and ("@" <= last.upper() <= "_" or last == "?"):
        return prefix + _VIM_CONTROL.get(last.upper(), f"<C-{last.upper()}>")
    return prefix + _VIM_PLAIN.get(last, last)


def in_readline(chord: str) -> str | None:
    """Return the key sequence of a chord as one writes it in an inputrc; ``None`` where nothing tells it."""
    held, last = split(chord)
    prefix = "\\e" if "Alt" in held else ""
    if last == "Space" and "Ctrl" in held:
        return prefix + "\\C-@"
    if len(last) == 1:
        is_control = "Ctrl" in held and ("@" <= last.upper() <= "_" or last == "?")
        return prefix + {"[": "\\e", "\\": "\\C-\\\\"}.get(last, f"\\C-{last.lower()}") if is_control else prefix + last
    plain = {"Enter": "\\C-m", "Tab": "\\C-i", "Esc": "\\e", "Backspace": "\\C-?", "Space": " "}.get(last)
    if plain and set(held) <= {"Alt"}:
        return prefix + plain
    capability = _capability("+".join(held), last)
    sequence = curses.tigetstr(capability) if capability else None
    return sequence.decode().replace("\x1b", "\\e") if sequence else None


def _capability(held: str, last: str) -> str | None:
    curses.setupterm("xterm-256color", 1)
    if last.startswith("F") and last[1:].isdigit():
        added = _TERMINFO_F.get(held)
        known = added is not None and int(last[1:]) <= KNOWN_FUNCTION_KEYS
        return f"kf{int(last[1:]) + (added or 0)}" if known else None
    if last == "Tab" and held == "Shift":
        return "kcbt"
    if not held:
        return _TERMINFO_PLAIN.get(last)
    number = 1 + ("Shift" in held) + 2 * ("Alt" in held) + 4 * ("Ctrl" in held)
    if last not in _TERMINFO:
        return None
    return f"k{_TERMINFO[last]}" + (
        "" if number == 2 and last not in {"Up", "Down"} else str(number) if number != 2 else ""
    )

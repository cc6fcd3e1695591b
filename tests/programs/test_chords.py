"""Every chord typed into vim and bash as programs on a terminal: each gets what it knows the chord as."""

from __future__ import annotations

from tests.programs.chord_names import in_readline, in_vim, typed_chords
from tests.programs.seat import Place

#: Says in its status line which keys it got; "¶" begins anew.
HEAR = r"""
set encoding=utf-8 ttimeout ttimeoutlen=30 notimeout noshowcmd nomore laststatus=2 statusline=[%{g:heard}]
let heard = ''
function Hear()
  while 1
    redrawstatus
    try
      let key = getcharstr()
    catch /^Vim:Interrupt$/
      let key = "\x03"
    endtry
    let g:heard = key ==# "\u00b6" ? '' : g:heard . keytrans(key)
  endwhile
endfunction
"""

#: For readline: "¶" empties the line.
_CLEAR = '"\\302\\266": kill-whole-line\n'


async def test_vim_gets_every_chord(place: Place) -> None:
    (place.home / "hear.vim").write_text(HEAR)
    argv = ("vim", "-N", "-u", "NONE", "-i", "NONE", "-n", "-S", "hear.vim", "-c", "call Hear()")
    heard = {}
    async with place.sit(*argv) as seat:
        await seat.until(lambda: seat.lines[-2] == "[]")
        for chord in typed_chords():
            expected = f"[{in_vim(chord)}]"
            seat.press(chord)
            await seat.until(lambda wanted=expected: len(seat.lines[-2]) >= len(wanted))  # type: ignore[misc]
            heard[chord] = (seat.lines[-2], expected)
            seat.write("¶")
            await seat.until(lambda: seat.lines[-2] == "[]")
    assert {chord: got for chord, (got, expected) in heard.items() if got != expected} == {}
    assert len(heard) == len(typed_chords()) > 200


async def test_readline_gets_every_chord(place: Place) -> None:
    """Bind each chord to its own name, by the sequence terminfo has for it, and read the names as they are typed."""
    chords = {chord: in_readline(chord) for chord in typed_chords()}
    named = {sequence: f"<{n}>" for n, sequence in enumerate(sorted({s for s in chords.values() if s and len(s) > 1}))}
    macros = "".join(f'"{sequence}": "{name}"\n' for sequence, name in named.items())
    (place.home / "names").write_text(
        f"set bind-tty-special-chars off\nset enable-keypad on\nset keyseq-timeout 50\n{macros}{_CLEAR}"
    )
    env = {"INPUTRC": "/dev/null", "PS1": "$", "HISTFILE": ""}
    heard = {}
    async with place.sit("bash", "--noprofile", "--norc", "-i", env=env, rows=3, cols=60) as seat:
        await seat.until(lambda: seat.lines[0] == "$")
        seat.write(
            "stty intr undef quit undef susp undef eof undef -ixon -iexten; bind -f names; PS1=:; clear\n"
        )  # no key is the system's own
        await seat.until(lambda: seat.lines == [":", "", ""])
        for chord, sequence in chords.items():
            if sequence is None:
                continue
            expected = ":|" + named.get(sequence, sequence).rstrip()
            seat.write("|")  # Ctrl+D on an empty line ends the shell, whatever it is bound to
            await seat.until(lambda: seat.lines[0] == ":|")  # readline loses a NUL that comes with another key
            seat.press(chord)
            await seat.until(lambda wanted=expected: len(seat.lines[0]) >= len(wanted))  # type: ignore[misc]
            heard[chord] = (seat.lines[0], expected)
            seat.write("¶")
            await seat.until(lambda: seat.lines[0] == ":")
    assert {chord: got for chord, (got, expected) in heard.items() if got != expected} == {}
    assert len(heard) > 150

"""Reads an approval off a program's screen: what is asked, and which keys choose which answer.

Pure. What it reads was drawn by a program and may be forged: it is shown to the user and answered only by him, and a
dialog of which one option is not understood is still a dialog, with the options that are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from agents.model import RequestOption
from agents.status.reading import rows
from agents.status.reading.box import read_box
from agents.status.reading.rules import Dialog, DialogOption, DialogReading, Program, Seen
from agents.status.untrusted import clean, one_line, reveal

_DETAIL_LIMIT: Final = 4000
#: What frames text on a screen and is none of it.
_FRAME = re.compile(r"^[\s│┃|─╌╭╮╰╯]+|[\s│┃|─╌╭╮╰╯]+$")


class _Choice(msgspec.Struct):
    """One option as it is on the screen."""

    name: str
    row: int
    col: int
    number: str = ""


def read_dialog(program: Program, snapshot: Seen) -> DialogReading | None:
    """Return the approval on the screen, ``None`` when there is none or none of its options is understood."""
    if read_box(program, snapshot) is not None:
        return None  # what looks like a dialog is quoted: programs put theirs in the place of the box
    for dialog in program.dialogs:
        reading = _read(dialog, rows.select(snapshot, dialog.region), rows.span(snapshot, dialog.region)[0])
        if reading is not None:
            return reading
    return None


def _read(dialog: Dialog, seen: Sequence[str], top: int) -> DialogReading | None:
    if not rows.has_all(dialog.every, seen) or rows.has_any(dialog.none, seen):
        return None
    span = _option_rows(dialog, seen)
    if span is None:
        return None
    begin = next((at for at in range(span[0] - 1, -1, -1) if dialog.begin.search(seen[at])), None)
    if begin is None:
        return None
    body = [row for row in seen[begin : span[0]] if not any(noise.search(row) for noise in dialog.noise)]
    choices = list(_choices(dialog, seen, span))
    meant = tuple(_meant(dialog, choices))
    if not meant:
        return None
    command = _command(dialog, body)
    return DialogReading(
        key=_hash(dialog, body, choices),
        title=_title(dialog, body),
        command=None if command is None else reveal(command),
        detail=clean("\n".join(filter(None, map(_unframed, body))))[:_DETAIL_LIMIT],
        options=tuple(_option(choice, number, option) for choice, number, option in meant),
        rows=(begin, span[1]),
        clicks=tuple(_click(choice, top) if option.click else b"" for choice, _, option in meant),
    )


def _option_rows(dialog: Dialog, seen: Sequence[str]) -> tuple[int, int] | None:
    """Return from where to where the lowest options on the screen go."""
    last = next((at for at in range(len(seen) - 1, -1, -1) if dialog.row.search(seen[at])), None)
    if last is None:
        return None
    end = last + 1
    while end < len(seen) and dialog.row_more is not None and dialog.row_more.search(seen[end]):
        end += 1
    begin = last
    for at in range(last - 1, -1, -1):
        if dialog.row.search(seen[at]):
            begin = at
        elif dialog.row_more is None or not dialog.row_more.search(seen[at]):
            break
    return begin, end


def _choices(dialog: Dialog, seen: Sequence[str], span: tuple[int, int]) -> Iterator[_Choice]:
    choice: _Choice | None = None
    for at, row in enumerate(seen[span[0] : span[1]], start=span[0]):
        found = dialog.row.search(row)
        if found is None:
            if choice is not None:
                choice.name += " " + _unframed(row)
            continue
        if choice is not None:
            yield choice
        name = _unframed(found["name"] or "")
        choice = _Choice(name, at, row.find(name), found.groupdict().get("n") or "")
        if dialog.split is not None:
            yield from (_Choice(part, at, row.find(part, choice.col)) for part in dialog.split.split(name) if part)
            choice = None
    if choice is not None:
        yield choice


def _meant(dialog: Dialog, choices: Sequence[_Choice]) -> Iterator[tuple[_Choice, str, DialogOption]]:
    """Yield the choices that are understood, with their numbers and what they mean."""
    for position, choice in enumerate(choices, start=1):
        option = next((option for option in dialog.options if option.pattern.search(choice.name)), None)
        if option is not None:
            yield choice, choice.number or str(position), option


def _option(choice: _Choice, number: str, option: DialogOption) -> tuple[RequestOption, bytes]:
    keys = option.keys.replace("{n}", number).encode()
    return RequestOption(id=number, kind=option.kind, name=one_line(choice.name)), keys


def _click(choice: _Choice, top: int) -> bytes:
    """Return a press and a release of the first button on the second character of it (SGR, mode 1006)."""
    place = f"{choice.col + 2};{top + choice.row + 1}"
    return f"\x1b[<0;{place}M\x1b[<0;{place}m".encode()


def _title(dialog: Dialog, body: Sequence[str]) -> str:
    found = rows.first_of(dialog.titles, body)
    if found is None:
        return one_line(next(filter(None, map(_unframed, body)), dialog.name))
    return one_line(found.groupdict().get("title") or _unframed(found[0]))


def _command(dialog: Dialog, body: Sequence[str]) -> str | None:
    if dialog.command_if is not None and not rows.has(dialog.command_if, body):
        return None
    held = _fenced(dialog, body) if dialog.fence is not None else _marked(dialog, body)
    return "\n".join(held).strip() or None


def _fenced(dialog: Dialog, body: Sequence[str]) -> list[str]:
    if dialog.fence is None:
        return []
    fences = [at for at, row in enumerate(body) if dialog.fence.search(row)]
    # One fence alone: the other has scrolled off, and half a command is worse than none.
    return [row.strip() for row in body[fences[0] + 1 : fences[-1]]] if len(fences) > 1 else []


def _marked(dialog: Dialog, body: Sequence[str]) -> list[str]:
    held: list[str] = []
    for row in body:
        pattern = dialog.command_more if held else dialog.command
        found = pattern.search(row) if pattern is not None else None
        if found is not None:
            held.append(found["command"] or "")
        elif held:
            break
    return held


def _hash(dialog: Dialog, body: Sequence[str], choices: Sequence[_Choice]) -> str:
    """Return the hash of what is asked: not of which option is selected, nor of what blinks beside it."""
    told = [dialog.name, *filter(None, map(_unframed, body)), *(choice.name for choice in choices)]
    return hashlib.sha256("\0".join(told).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _unframed(row: str) -> str:
    return _FRAME.sub("", row)

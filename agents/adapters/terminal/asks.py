"""Approvals a program shows on its screen, as requests that are answered by keys.

Pure over the state. What a screen shows can be forged by whatever is printed: nobody but the user answers it, and only
while exactly that is still on the screen.
"""

from __future__ import annotations

from typing import Final

import msgspec

from agents.adapters.contract import Answer, Fact, NotPossible, RequestClosed, RequestOpened
from agents.adapters.terminal.state import Asked, State
from agents.model import Blocked, Request, Turn
from agents.status.program import DialogReading

#: Seconds an approval must look the same, place and all, before it is opened: a program draws in several writes, and
#: may draw before it listens.
STEADY_S: Final = 0.2

#: Seconds after which an approval that is still there was not answered by the key that was pressed.
UNHEARD_S: Final = 3.0

_OUTCOMES: Final = {
    "allow_once": "allowed",
    "allow_always": "always",
    "reject_once": "denied",
    "reject_always": "denied",
}

#: What a terminal tells of its focus; no key.
_FOCUS: Final = (b"\x1b[I", b"\x1b[O")

#: The kinds of options each decision takes, the first that is there.
_CHOICES: Final = {
    "allow": ("allow_once",),
    "always": ("allow_always",),
    "deny": ("reject_once", "reject_always"),
}


def follow(state: State, dialog: DialogReading | None, *, looked: bool) -> list[Fact]:
    """Open and close what is asked; ``dialog`` is what was read, if the screen was ``looked`` at just now."""
    asks = state.asks
    if not _is_asking(state):
        asks.seen, asks.is_touched = "", False
        return _close(state)
    if not looked:
        return []
    if not _is_steady(state, dialog) or dialog is None:
        return []
    if asks.open is None:
        return [_open(state, dialog)]
    if asks.open.content == dialog.key:  # where it is may be another place by now
        asks.open = msgspec.structs.replace(asks.open, keys=choices(state, dialog))
    # Gone and there again since a key was pressed is another one, though it says the same.
    was_heard = asks.open.content != dialog.key or (asks.pressed_at is not None and asks.since > asks.pressed_at)
    if not was_heard and not _is_unheard(state):
        return []
    return [*_close(state, was_changed=was_heard), _open(state, dialog)]


def _is_steady(state: State, dialog: DialogReading | None) -> bool:
    """Take one look; tell whether this and the one before, long enough ago, read the same."""
    asks = state.asks
    seen, rows = ("", (0, 0)) if dialog is None else (dialog.key, dialog.rows)
    if (asks.seen, asks.rows) != (seen, rows):
        asks.seen, asks.rows, asks.since = seen, rows, state.now
    return bool(seen) and state.now >= asks.since + STEADY_S


def _is_asking(state: State) -> bool:
    verdict = state.turns
    return state.alive and verdict.turn is Turn.BLOCKED and verdict.blocked in (Blocked.PERMISSION, None)


def _is_unheard(state: State) -> bool:
    pressed_at = state.asks.pressed_at
    return pressed_at is not None and state.now >= pressed_at + UNHEARD_S


def _open(state: State, dialog: DialogReading) -> Fact:
    asks = state.asks
    asks.count += 1
    asks.pressed_at, asks.outcome = None, ""
    request = Request(
        key=f"{state.incarnation}:{asks.count}:{dialog.key}",
        kind=Blocked.PERMISSION,
        title=dialog.title,
        opened_at=state.wall,
        tool_kind="other" if dialog.command is None else "execute",
        command=dialog.command,
        detail=dialog.detail,
        options=tuple(option for option, _ in dialog.options),
    )
    asks.open = Asked(request, dialog.key, choices(state, dialog))
    return RequestOpened(request)


def choices(state: State, dialog: DialogReading) -> tuple[tuple[str, str, bytes], ...]:
    """Return what chooses each option now: for some a click on it, without a mouse what is highlighted at first.

    It is empty where the highlight may have been moved: then nothing is known that surely chooses it.
    """
    found = []
    for (option, pressed), click in zip(dialog.options, dialog.clicks, strict=True):
        data = click if click and state.modes.clicks else pressed
        is_unsure = data != click and bool(click) and state.asks.is_touched
        found.append((option.id, option.kind, b"" if is_unsure else data))
    return tuple(found)


def _close(state: State, *, was_changed: bool = True) -> list[Fact]:
    asks = state.asks
    opened, asks.open = asks.open, None
    if opened is None:
        return []
    asks.is_touched = False
    outcome = asks.outcome if was_changed and asks.outcome else "withdrawn"
    asks.pressed_at, asks.outcome = None, ""
    return [RequestClosed(opened.request.key, outcome)]


def withdraw(state: State) -> list[Fact]:
    """Close what is open: its process is gone."""
    return _close(state)


def pressed(state: State, data: bytes) -> None:
    """Note keys that reached the program: they may be the answer, whoever pressed them."""
    asks = state.asks
    if asks.open is None:
        asks.is_touched = asks.is_touched or (bool(asks.seen) and data not in _FOCUS)
        return
    kind = next((kind for _, kind, keys in asks.open.keys if keys == data), None)
    if kind is not None:
        asks.pressed_at, asks.outcome = state.now, _OUTCOMES.get(kind, "answered")
    elif data not in _FOCUS:
        asks.is_touched = True


def due(state: State) -> float | None:
    """Return when it is to be looked whether a dialog has stayed as it was, or whether a pressed key was heard."""
    asks, due = state.asks, list[float]()
    if asks.seen and state.shown.at < asks.since + STEADY_S:
        due.append(asks.since + STEADY_S)
    if is_pressed(state, state.now) and asks.pressed_at is not None:
        due.append(asks.pressed_at + UNHEARD_S)
    return min(due, default=None)


def is_pressed(state: State, now: float) -> bool:
    """Tell whether a key was pressed of which it is not known yet whether it was heard."""
    asks = state.asks
    return asks.open is not None and asks.pressed_at is not None and now < asks.pressed_at + UNHEARD_S


def keys(asked: Asked, offered: tuple[tuple[str, str, bytes], ...], answer: Answer, name: str) -> bytes:
    """Return what answers, by the ``choices`` on the screen now. Raises NotPossible naming the options there are."""
    if answer.option is not None:
        found = [pressed for option, _, pressed in offered if option == answer.option]
    else:
        kinds = _CHOICES.get(answer.decision, ())
        found = [pressed for wanted in kinds for _, kind, pressed in offered if kind == wanted]
    if found and not found[0]:
        raise NotPossible(f"keys were pressed in {name} since it asked, and Enter may choose another: answer in it")
    if found:
        return found[0]
    options = ", ".join(f"{option.id} ({option.name})" for option in asked.request.options)
    raise NotPossible(f"{name} offers no way to {answer.option or answer.decision} on its screen; it offers {options}")

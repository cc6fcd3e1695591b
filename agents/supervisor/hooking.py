"""An agent's hooks, from the words that turn them on at a launch to what is recorded and believed of them.

Turns on nothing in a user's files. What a hook says is evidence of rank 3 and nothing else: it answers no request,
ends no process and starts none.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Any

import msgspec

from agents.model import Evidence, Turn
from agents.runtime.lease import Owner
from agents.spec import Kind
from agents.status import hooks
from agents.supervisor.decisions import Decisions
from agents.supervisor.shapes import Shape

#: Seconds a program may wait for one of its hooks; ours takes a few hundredths.
TIMEOUT_S = 5

#: Seconds without any output after which a program that is at rest listens.
QUIET_S = 1.0


def vocabulary(kind: Kind) -> str:
    """Return whose hooks the programs of a kind have, empty for none that are known."""
    found = kind.quirks.get("hooks")
    return found if isinstance(found, str) and found in hooks.REPORTED else ""


def wanted(kind: Kind, argv: Sequence[str], command: Sequence[str]) -> tuple[str, ...]:
    """Return the hooks to turn on; none where the user's own arguments hold settings, which ours would replace."""
    is_taken = any(word == "--settings" or word.startswith("--settings=") for word in argv)
    known = vocabulary(kind)
    return hooks.REPORTED[known] if known and command and not is_taken else ()


def arguments(events: Sequence[str], command: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments that have ``command`` called with each event, for this process only.

    A hook that cannot even be started must not be taken for one that objects (its exit code would be 2).
    """
    if not events:
        return ()
    table = {event: [{"hooks": [_entry([*command, event])]}] for event in events}
    return ("--settings", json.dumps({"hooks": table}, separators=(",", ":")))


def _entry(command: Sequence[str]) -> dict[str, Any]:
    return {"type": "command", "command": f"{shlex.join(command)} >/dev/null 2>&1 || :", "timeout": TIMEOUT_S}


def evidence(made: Decisions, kind: Kind, shape: Shape | None) -> Evidence | None:
    """Return what the newest hook of the present process claims about the turn."""
    return None if shape is None else hooks.evidence(made.hook, vocabulary(kind), shape.hooks, made.typed_at)


def types_at(made: Decisions, shape: Shape | None, turn: Turn, last_mark: float) -> float | None:
    """Return when a message may be typed (the agent's clock), ``None`` for not now.

    Not before the program is there, nor into a turn or a question. A terminal program says that it begins before it
    listens, and redraws while it comes up: what is typed then is lost, so it must have been quiet for a moment.
    """
    if shape is None or not shape.hooks:
        return 0.0
    if made.hook is None or turn in (Turn.WORKING, Turn.BLOCKED):
        return None
    return max(last_mark, made.hook.monotonic) + QUIET_S


def is_foreign(session: str, holder: Owner | None, home: str, agent: str) -> bool:
    """Tell whether a session that a hook names is run by somebody else: a claim that is not to be acted on."""
    return bool(session) and holder is not None and (holder.home, holder.agent) != (home, agent)


def trusted(call: hooks.Call, *, is_session_foreign: bool) -> hooks.Call:
    """Return the call without a session that is another agent's."""
    return msgspec.structs.replace(call, session="", transcript="") if is_session_foreign else call

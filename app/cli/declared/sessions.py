"""The commands about vendors' sessions: those one already has, one that goes on elsewhere, and hooks."""

from __future__ import annotations

from app.cli.declaration import Argument, Command, Example
from app.cli.declared.shared import FLEET, HOUSE, ID, LIFE

_PROJECT = Argument(("-p", "--project"), "directory they were held in (default: here)", metavar="DIR")

SESSIONS = Command(
    "sessions",
    FLEET,
    "list the sessions held here outside Quarterdeck, which can be adopted",
    "app.cli.adopting:sessions",
    (_PROJECT, Argument(("--kind",), "only those this kind can continue", metavar="KIND")),
    (
        Example("quarterdeck sessions", "of this project, the last used first"),
        Example("quarterdeck sessions -p ~/src/api --kind codex --json", "of another one, for a script"),
    ),
    description="Reads what Claude Code and Codex keep on the disk; changes nothing.",
    result="FoundSessions",
)

ADOPT = Command(
    "adopt",
    LIFE,
    "start an agent that continues a session one already has",
    "app.cli.adopting:adopt",
    (
        Argument(("session",), "id of the session, or a unique beginning of it"),
        Argument(("--kind",), "what continues it (default: the first kind that can)", metavar="KIND"),
        _PROJECT,
        Argument(("-n", "--name"), "name of the agent (default: from the prompt or the kind)", metavar="NAME"),
        Argument(("--prompt",), "first message; - reads it from stdin", metavar="TEXT|-"),
    ),
    (
        Example("quarterdeck adopt 6f1c1d0e", "structured, with permissions as cards"),
        Example("quarterdeck adopt 6f1c1d0e --kind claude-tui -n docs", "in the vendor's own terminal"),
    ),
    description="End the program that held it first: a session must not run twice.",
    result="Ran",
)

SWITCH = Command(
    "switch",
    LIFE,
    "let an agent go on as another kind, with the same session",
    "app.cli.adopting:switch",
    (
        ID,
        Argument(("kind",), "what it goes on as; `kinds` says who pays for it"),
        Argument(("--when-idle",), "in the middle of a turn: as soon as it ends, instead of refusing", "flag"),
    ),
    (
        Example("quarterdeck switch fix-login claude-tui", "from cards to Claude Code's own terminal"),
        Example("quarterdeck switch fix-login claude --when-idle", "and back, once its turn is over"),
    ),
    description="Kinds that share their sessions can take over from each other. It stays the same agent.",
    result="Ran",
)

HOOK = Command(
    "hook",
    HOUSE,
    "report a hook of an agent's own program (called by agents, not by people)",
    "app.cli.adopting:hook",
    (Argument(("event",), "name of the hook; its JSON is read from stdin"),),
    (Example("quarterdeck hook Stop < hook.json", "what Claude Code is told to call"),),
    description="Evidence only: it answers and allows nothing. Ends with 0 and prints nothing, whatever happens.",
)

"""The commands about a conversation: to send, to answer, to wait, to switch its model."""

from __future__ import annotations

from app.cli.declaration import Argument, Command, Example
from app.cli.declared.shared import ID, TALK

UNTIL = ("delivered", "submitted", "started", "working", "idle", "blocked", "done", "exited")

_ANSWERED = (
    Argument(ID.names, ID.help, required=False),
    Argument(
        ("more",),
        "which request, when several are open: its key or a unique part of it (see show); or more agents",
        "rest",
        metavar="REQUEST|ID",
        required=False,
    ),
    Argument(("--all",), "every permission asked for now, of all agents", "flag"),
    Argument(("--like",), "what this agent asks for, and whoever else asks for the same", metavar="ID"),
)

SEND = Command(
    "send",
    TALK,
    "send a message to one agent or several",
    "app.cli.sending:send",
    (
        Argument(ID.names, ID.help, required=False),
        Argument(
            ("text",),
            "the message; - reads it from stdin. More agents when the message stands behind --",
            "rest",
            metavar="TEXT|ID",
            required=False,
        ),
        Argument(("--team",), "every running agent of a team; the message stands behind --", metavar="TEAM"),
        Argument(("--kind",), "every running agent of a kind; the message stands behind --", metavar="KIND"),
        Argument(("--steer",), "into the running turn instead of the queue, where the agent can", "flag"),
        Argument(("--no-wait",), "do not look whether it was taken", "flag"),
        Argument(
            ("--timeout",), "seconds the program gets to show that it took it (default: 30)", "seconds", metavar="S"
        ),
    ),
    (
        Example("quarterdeck send fix-login 'now run the linter'", "waits its turn while the agent is busy"),
        Example("quarterdeck send fix-login - < task.md", "from a file"),
        Example("quarterdeck send fix-login docs perf -- 'rebase on main'", "to several"),
        Example("quarterdeck send --team web -- - < task.md", "to a team, from a file"),
    ),
    description="Prints the turn it will be, for `wait --turn`, once the program showed that it took the message. "
    "Exit code 1 says that it did not, and why; a message behind a running turn counts as sent.",
    result="SentTo",
    also=(("Deliveries", "for several agents"),),
    tail="TEXT",
)

ALLOW = Command(
    "allow",
    TALK,
    "allow what agents ask for, or answer a question",
    "app.cli.talk:allow",
    (
        *_ANSWERED,
        Argument(("--always",), "and remember it, where the agent can", "flag"),
        Argument(("--answer",), "answer to a question; repeat it for several, in their order", "many", metavar="TEXT"),
    ),
    (
        Example("quarterdeck allow fix-login", "once"),
        Example("quarterdeck allow fix-login --always", "and do not ask again"),
        Example("quarterdeck allow fix-login --answer sqlite", "answer a question"),
        Example("quarterdeck allow --like fix-login", "the same of everybody who asks for it"),
        Example("quarterdeck allow fix-login docs perf", "what each of them asks for"),
    ),
    description="The first answer wins. Refused without REQUEST when several are open. An agent cannot allow itself. "
    "For several there is a line each, and exit code 1 when one failed.",
    result="Answered",
    also=(("Answers", "for several agents"),),
)

DENY = Command(
    "deny",
    TALK,
    "deny what agents ask for",
    "app.cli.talk:deny",
    (*_ANSWERED, Argument(("--reason",), "told to the agent, where it listens", metavar="TEXT")),
    (
        Example("quarterdeck deny fix-login --reason 'use the test database'", "and say why"),
        Example("quarterdeck deny --all", "everything that is asked now"),
    ),
    result="Answered",
    also=(("Answers", "for several agents"),),
)

INTERRUPT = Command(
    "interrupt",
    TALK,
    "cancel the running turn; the agent stays",
    "app.cli.talk:interrupt",
    (ID,),
    (Example("quarterdeck interrupt fix-login", ""),),
    result="Done",
)

WAIT = Command(
    "wait",
    TALK,
    "wait for a state",
    "app.cli.waiting:wait",
    (
        ID,
        Argument(("--turn",), "of this turn or a later one", "integer", metavar="N"),
        Argument(("--until",), "what to wait for", choices=UNTIL, demanded=True),
        Argument(("--timeout",), "give up after that many seconds, with exit code 3", "seconds", metavar="S"),
    ),
    (
        Example("quarterdeck wait fix-login --until blocked --timeout 600", "until it asks something"),
        Example("quarterdeck wait tests --until exited", "until the program ended"),
        Example("quarterdeck wait fix-login --turn 3 --until submitted", "until the program took that message"),
    ),
    description="delivered, submitted and started are facts of a message (default: the newest) and stay true. "
    "Exit code 1 when the state can no longer come (the agent ended, the turn is over); 3 on timeout.",
    result="Waited",
)

MODEL = Command(
    "model",
    TALK,
    "switch the model of an agent, or list those it has",
    "app.cli.tuning:model",
    (ID, Argument(("model",), "which one; without it the models are listed", required=False)),
    (
        Example("quarterdeck model fix-login", "which there are, and the present one"),
        Example("quarterdeck model fix-login haiku", "from the next message on"),
    ),
    result="Done",
    also=(("Choices", "without MODEL"),),
)

MODE = Command(
    "mode",
    TALK,
    "switch the session mode of an agent, or list those it has",
    "app.cli.tuning:mode",
    (ID, Argument(("mode",), "which one; without it the modes are listed", required=False)),
    (
        Example("quarterdeck mode fix-login", "which there are, and the present one"),
        Example("quarterdeck mode fix-login plan", "it thinks and changes nothing"),
    ),
    result="Done",
    also=(("Choices", "without MODE"),),
)

COMPARE = Command(
    "compare",
    TALK,
    "one prompt to several kinds; look at them, keep one",
    "app.cli.compare:compare",
    (
        Argument(("kinds",), "two kinds or more; or show N, keep ID, undo N", "rest", metavar="KIND"),
        Argument(("--prompt",), "the message for all of them; - reads it from stdin", metavar="TEXT|-"),
        Argument(("-p", "--project"), "directory to work in (default: here)", metavar="DIR"),
        Argument(("--dir",), "a directory of its own for one kind", "many", metavar="KIND=PATH"),
    ),
    (
        Example("quarterdeck compare --prompt 'speed up the tests' claude codex", "one agent per kind"),
        Example("quarterdeck compare show 1", "how they are doing"),
        Example("quarterdeck compare keep fix-tests-2", "the others are stopped and archived"),
        Example("quarterdeck compare undo 1", "they are listed again"),
    ),
    description="The agents share the directory and its files unless --dir gives one its own. Nothing is deleted.",
    result="Compared",
    also=(("AgentRow", "for `show`, `keep` and `undo`, an array of"),),
)

COMMANDS = (SEND, ALLOW, DENY, INTERRUPT, WAIT, MODEL, MODE, COMPARE)

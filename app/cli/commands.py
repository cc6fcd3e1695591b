"""The table of commands: every command of the command line is declared here, once, and nowhere else."""

from __future__ import annotations

from app.cli.declaration import Argument, Command, Example
from app.cli.declared import recording, rules, sessions, talk
from app.cli.declared.shared import FLEET, HOUSE, ID, LIFE, LOGS
from app.cli.sitting.keys import LEAVING

SHELLS = ("bash", "zsh", "fish")

_RUN = Command(
    "run",
    LIFE,
    "start an agent",
    "app.cli.run:run",
    (
        Argument(("kind",), "what to run; `doctor` lists the kinds there are"),
        Argument(("-p", "--project"), "directory to work in (default: here)", metavar="DIR"),
        Argument(("-n", "--name"), "name of the agent (default: from the prompt or the kind)", metavar="NAME"),
        Argument(("--here",), "work in the project directory itself (this is the default)", "flag"),
        Argument(("--pty",), "give the program a terminal", "flag"),
        Argument(("--prompt",), "first message; - reads it from stdin", metavar="TEXT|-"),
        Argument(("--mode",), "session mode, where the agent has modes", metavar="MODE"),
        Argument(("--model",), "model, where the agent lets one choose", metavar="MODEL"),
        Argument(("--team",), "team line to group it under", metavar="TEAM"),
        Argument(("--label",), "label; may be repeated", "many", metavar="LABEL"),
        Argument(
            ("-e", "--env"), "variable for the agent; without =VALUE its value here", "many", metavar="NAME[=VALUE]"
        ),
        Argument(
            ("--wait",), "wait until the prompt's turn is done, or the program exited; Ctrl-C ends the wait", "flag"
        ),
        Argument(
            ("--timeout",), "with --wait: give up after that many seconds, with exit code 3", "seconds", metavar="S"
        ),
    ),
    (
        Example("quarterdeck run opencode --prompt 'fix the failing test'", "start a coding agent on a task"),
        Example("quarterdeck run shell -n tests -- npm test", "watch over any program"),
        Example("quarterdeck run shell --pty -- htop", "a program that needs a terminal"),
        Example("git diff | quarterdeck run opencode --prompt - --wait", "the task from stdin, and wait for the turn"),
    ),
    description="Agents go on when this command, the window or the daemon ends. With --wait the agent's last message "
    "is printed; exit code 1 when the turn failed, 3 on timeout, and stderr says when it waits for you.",
    result="Ran",
    tail="ARGV…",
)

_LS = Command(
    "ls",
    FLEET,
    "list the fleet by project",
    "app.cli.see:ls",
    (
        Argument(("-a", "--all"), "archived agents too", "flag"),
        Argument(("--terminals",), "the terminals beside agents too", "flag"),
    ),
    (
        Example("quarterdeck ls", "everybody, by project"),
        Example("quarterdeck ls --terminals", "also those you opened beside an agent, to attach to one"),
        Example("quarterdeck ls --json | jq -r '.[] | select(.headline | startswith(\"allow\")) | .id'", "who asks"),
    ),
    result="AgentRow",
    is_list=True,
)

_SHOW = Command(
    "show",
    FLEET,
    "everything about one agent",
    "app.cli.see:show",
    (ID,),
    (Example("quarterdeck show fix-login", "state, open requests, waiting messages, files"),),
    result="ShownAgent",
)

_NEXT = Command(
    "next",
    FLEET,
    "the agent that needs you most",
    "app.cli.see:next_entry",
    (),
    (
        Example("quarterdeck next", "who, and what it asks"),
        Example('quarterdeck allow "$(quarterdeck next --json | jq -r .row.id)"', "allow what was asked first"),
    ),
    result="NextEntry",
)

_EXPLAIN = Command(
    "explain",
    FLEET,
    "why the status is what it is",
    "app.cli.see:explain",
    (ID,),
    (Example("quarterdeck explain fix-login", "all evidence, what was chosen, what was ignored and why"),),
    result="Explained",
)

_STOP = Command(
    "stop",
    LIFE,
    "stop an agent, gently first",
    "app.cli.life:stop",
    (ID,),
    (Example("quarterdeck stop fix-login", ""),),
    description="Cancels the turn, closes its input, then INT, TERM and KILL to its whole process tree.",
    result="Done",
)
_KILL = Command(
    "kill",
    LIFE,
    "kill an agent's whole process tree now",
    "app.cli.life:kill",
    (ID,),
    (Example("quarterdeck kill fix-login", ""),),
    result="Done",
)
_RESUME = Command(
    "resume",
    LIFE,
    "continue an ended agent in a new process",
    "app.cli.life:resume",
    (
        Argument(ID.names, ID.help, required=False),
        Argument(("--all",), "every agent that can be, one after the other (after a reboot)", "flag"),
    ),
    (
        Example("quarterdeck resume fix-login", "its session goes on"),
        Example("quarterdeck resume --all", "after a reboot"),
    ),
    result="Resumed",
)
_RESTART = Command(
    "restart",
    LIFE,
    "run an ended terminal's program again, in its place",
    "app.cli.life:restart",
    (ID,),
    (Example("quarterdeck restart tests", "the same command; its log goes on"),),
    description="For programs without a session, such as a shell. An agent that speaks a protocol is resumed instead.",
    result="Ran",
)
_FORK = Command(
    "fork",
    LIFE,
    "begin a new agent with a copy of an agent's conversation",
    "app.cli.life:fork",
    (
        ID,
        Argument(("-n", "--name"), "name of the new agent (default: from the prompt or the kind)", metavar="NAME"),
        Argument(("--prompt",), "its first message; - reads it from stdin", metavar="TEXT|-"),
    ),
    (
        Example("quarterdeck fork fix-login", "the first goes on as it was"),
        Example("quarterdeck fork fix-login -n other-way --prompt 'try it without a cache'", "and go another way"),
    ),
    description="Both work in the same directory.",
    result="Ran",
)
_RM = Command(
    "rm",
    LIFE,
    "forget an ended agent; its files go to the trash",
    "app.cli.life:remove",
    (ID, Argument(("-f", "--force"), "kill it first when it still runs", "flag")),
    (Example("quarterdeck rm tests", ""),),
    result="Done",
)

_LOG = Command(
    "log",
    LOGS,
    "print what an agent wrote",
    "app.cli.log:log",
    (
        ID,
        Argument(("-f", "--follow"), "go on until it exits", "flag"),
        Argument(("--raw",), "the very bytes: its output to stdout, its errors to stderr", "flag"),
    ),
    (
        Example("quarterdeck log tests -f", "follow until it exits"),
        Example("quarterdeck log tests --raw > out.log", "the bytes as they came"),
        Example("quarterdeck log tests --json | jq -r 'select(.stream == \"err\") | .text'", "errors only"),
    ),
    description="Control characters are removed except with --raw; with --json every recorded stimulus is one line.",
    result="LogMark",
    is_stream=True,
)
_ATTACH = Command(
    "attach",
    LOGS,
    "sit at an agent's terminal",
    "app.cli.attach:attach",
    (ID, Argument(("-r", "--read-only"), "only look: nothing typed passes, its size stays", "flag")),
    (
        Example("quarterdeck attach htop", f"{LEAVING}; the agent goes on"),
        Example("ssh -t host quarterdeck attach htop", "from elsewhere; also inside tmux"),
    ),
    description=f"Shows its terminal as it is, then everything it writes, and passes on what you type. {LEAVING}. "
    "The terminal takes the size of the view that was last typed into; while that is another one, this shows its "
    "text, and any key takes it here.",
)

_DOCTOR = Command(
    "doctor",
    HOUSE,
    "check this installation and say what to do",
    "app.cli.doctor:doctor",
    (),
    (Example("quarterdeck doctor", ""),),
    result="Diagnosis",
)
_KINDS = Command(
    "kinds",
    HOUSE,
    "the kinds of agents there are, who pays, how to install them and to log in",
    "app.cli.kinds:kinds",
    (Argument(("-a", "--all"), "also those of the demo", "flag"),),
    (Example("quarterdeck kinds", ""), Example("quarterdeck kinds --json | jq -r '.kinds[].name'", "the names")),
    result="Kinds",
)
_DAEMON = Command(
    "daemon",
    HOUSE,
    "run, start, stop or ask the daemon",
    "app.cli.daemon:daemon",
    (
        Argument(
            ("action",),
            "run stays in the foreground",
            metavar="run|start|stop|status",
            choices=("run", "start", "stop", "status"),
        ),
        Argument(("--agents",), "with stop: stop the agents too", "flag"),
    ),
    (
        Example("quarterdeck daemon status", ""),
        Example("quarterdeck daemon stop", "agents go on; the next command starts a daemon that adopts them"),
        Example("quarterdeck daemon stop --agents", "end everything"),
    ),
    description="Other commands start the daemon when they need it.",
    result="DaemonStatus",
    also=(("Done", "with `stop`"),),
)
_DEMO = Command(
    "demo",
    HOUSE,
    "a scripted fleet in throw-away repositories",
    "app.cli.demo:demo",
    (
        Argument(("--headless",), "without a window: play it, print the fleet, draw pictures", "flag"),
        Argument(("--shot",), "directory for the pictures (default: shots)", metavar="DIR"),
    ),
    (
        Example("quarterdeck demo", "needs no key and no network"),
        Example("quarterdeck demo --headless --shot shots", "pictures without a display"),
    ),
    result="Demo",
)
_BENCH = Command(
    "bench",
    HOUSE,
    "measure, beside baselines",
    "app.cli.bench:bench",
    (
        Argument(("name",), "which one", required=False),
        Argument(("--list",), "the ones there are", "flag"),
        Argument(("--quick",), "a smaller run, where there is one", "flag"),
        Argument(("--only",), "these parts of it alone, separated by commas", metavar="PARTS"),
        Argument(("--corpus",), "with status: the labelled recordings (default: a checkout's own)", metavar="DIR"),
    ),
    (
        Example("quarterdeck bench spine --quick", ""),
        Example("quarterdeck bench status", "how right the status is, on recordings of real programs"),
        Example("quarterdeck bench spine --only idle,busy", "two of its parts"),
    ),
    description="Exit code 1 when a figure misses its target.",
    result="Measured",
    also=(("Bench", "with `--list`, an array of"), ("StatusMeasured", "with `status`")),
)
_STATUS = Command(
    "status",
    HOUSE,
    "say what would be said of a recorded agent",
    "app.replaying:status",
    (
        Argument(("action",), "what to do", metavar="replay", choices=("replay",)),
        Argument(("file",), "a terminal's recording (.cast) or a protocol's (.jsonl); see `record`", metavar="FILE"),
        Argument(("--kind",), "as which kind it is read (default: the one it names)", metavar="KIND"),
    ),
    (
        Example("quarterdeck status replay allow.cast --kind claude-tui", "every change, one a line"),
        Example("quarterdeck status replay allow.cast | jq -r 'select(.turn == \"blocked\") | .t'", "when it asks"),
    ),
    description="Prints every change of verdict as a line of JSON, the very ones the daemon would have come to.",
    result="StatusChange",
    is_stream=True,
)
_REINDEX = Command(
    "reindex",
    HOUSE,
    "rebuild the search index from the transcripts",
    "app.cli.daemon:reindex",
    (),
    (Example("quarterdeck reindex", ""),),
    result="Rebuilt",
)
_COMPLETION = Command(
    "completion",
    HOUSE,
    "print a completion script",
    "app.cli.completion:completion",
    (Argument(("shell",), "for which shell", metavar="|".join(SHELLS), choices=SHELLS),),
    (
        Example("quarterdeck completion bash > ~/.local/share/bash-completion/completions/quarterdeck", "bash"),
        Example("quarterdeck completion zsh > ~/.zfunc/_quarterdeck", "zsh"),
    ),
)

COMMANDS: tuple[Command, ...] = (
    *(_RUN, _LS, _SHOW, _NEXT, _EXPLAIN),
    *talk.COMMANDS,
    rules.RULE,
    sessions.SESSIONS,
    *(_STOP, _KILL, _RESUME, _RESTART, _FORK, sessions.ADOPT, sessions.SWITCH, _RM),
    *(_LOG, _ATTACH),
    *(_DOCTOR, _KINDS, _DAEMON, _DEMO, _BENCH, recording.RECORD, _STATUS, _REINDEX, _COMPLETION, sessions.HOOK),
)

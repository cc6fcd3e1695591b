"""What ``ls``, ``show``, ``next`` and ``explain`` print."""

from __future__ import annotations

import msgspec
import pytest

from agents.model import (
    AgentRow,
    Blocked,
    Capability,
    Diff,
    Evidence,
    Headline,
    Incident,
    Lifecycle,
    Question,
    QueuedPrompt,
    Rank,
    Request,
    RequestOption,
    Turn,
    Usage,
)
from agents.spec import Spec
from agents.wire import Explained, ListAgents, Listing, NextEntry, Shown
from app.cli.columns import cells
from tests.fakes.scripted_daemon import asking, row
from tests.unit.app.cli.conftest import NOW

ASKED = Request(
    "1:7:ab12",
    Blocked.PERMISSION,
    "Run npm test",
    NOW - 30,
    command="npm test",
    cwd="/src/api",
    diffs=(Diff("a.py", None, "x"),),
    paths=("a.py", "b.py"),
)


def shown(agent: AgentRow) -> Shown:
    spec = Spec(agent.id, agent.name, "shell", "terminal", ("npm", "test"), "/src/api", "/src/api", NOW - 60)
    return Shown(agent, spec, "/state/agents/habc123")


def fleet() -> tuple[AgentRow, ...]:
    return (
        asking("a1", name="fix-login", since=NOW - 125, slot=1, cost=0.42, unread=2, rank=2),
        row("b1", name="notes", project="/home/me/notes", branch=None, since=NOW - 9),
        row(
            "a2", name="docs", turn=Turn.WORKING, state=Headline.WORKING, headline="working", activity="reading README"
        ),
    )


def test_ls_groups_by_project_with_glyph_word_and_age(shell) -> None:
    with shell.daemon({"agent.list": Listing(fleet())}):
        ran = shell("ls")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "/src/api",
        "  1  ◆  fix-login  allow npm test?           2 m  shell  main  2 new  $0.42  a1",
        "     ◐  docs       working · reading README  2 m  shell  main                a2",
        "",
        "~/notes",
        "     ○  notes      idle                      9 s  shell                      b1",
        "",
        "◆ 1 allow   ◐ 1 working   ○ 1 idle",
    ]


@pytest.mark.parametrize("width", [30, 40, 60, 79, 80, 100, 132])
def test_ls_fits_the_terminal_and_keeps_glyph_name_and_words(
    shell, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    wide = row("c1", name="名前が長い" * 4, headline="編集中 " * 20)
    with shell.daemon({"agent.list": Listing((*fleet(), wide))}):
        lines = shell("ls", is_terminal=True, NO_COLOR="1").out.splitlines()
    assert max(cells(line) for line in lines) <= width
    agents = [line for line in lines if line.startswith("  ")]
    assert len(agents) == 4
    assert all(any(glyph in line for glyph in "◆◐○") for line in agents)
    assert "fix-lo" in agents[0]
    assert "allow" in agents[0]


def test_colour_only_on_a_terminal_and_without_no_color(shell) -> None:
    with shell.daemon({"agent.list": Listing(fleet())}):
        assert "\x1b[1;35m◆\x1b[0m" in shell("ls", is_terminal=True).out
        assert "\x1b" not in shell("ls").out
        assert "\x1b" not in shell("ls", is_terminal=True, NO_COLOR="1").out
        assert "\x1b" not in shell("ls", is_terminal=True, TERM="dumb").out


def test_an_empty_fleet_says_what_to_do_next(shell) -> None:
    with shell.daemon({"agent.list": Listing(())}):
        text = shell("ls").out
    assert text.startswith("No agents yet.")
    for command in ("quarterdeck run", "quarterdeck doctor", "quarterdeck demo"):
        assert command in text


def test_terminals_beside_agents_are_asked_for_and_stand_behind_theirs(shell) -> None:
    asked = []

    def listing(params: ListAgents) -> Listing:
        asked.append(params.terminals)
        beside = row("t1", name="fix-terminal", terminal_of="a1")
        return Listing((*fleet(), beside) if params.terminals else fleet())

    with shell.daemon({"agent.list": listing}):
        assert "fix-terminal" not in shell("ls").out
        lines = shell("ls", "--terminals").out.splitlines()
        rows = msgspec.json.decode(shell("ls", "--terminals", "--json").out)
    assert asked == [False, True, True]
    assert "fix-login" in lines[1]
    assert "└ fix-terminal" in lines[2]
    assert [each["terminal_of"] for each in rows] == [None, None, None, "a1"]


def test_archived_agents_are_left_out_unless_asked_for(shell) -> None:
    with shell.daemon({"agent.list": Listing((row(archived=True),))}):
        assert shell("ls").out == "No agents but 1 archived: `quarterdeck ls --all` shows them.\n"
        assert shell("ls", "--json").out == "[]\n"
        assert "fix-login" in shell("ls", "--all").out


def test_ls_json_is_the_rows_with_unknown_as_null(shell) -> None:
    with shell.daemon({"agent.list": Listing(fleet())}):
        (first, second, _) = shell("ls", "--json").json
    named = "id name kind project branch lifecycle exit_code turn blocked health headline since unread cost team labels"
    assert set(named.split()) <= set(first)
    assert (first["id"], first["blocked"], first["exit_code"]) == ("a1", "permission", None)
    assert (second["branch"], second["cost"]) == (None, None)


HOSTILE = "ev\x1b[31mil\x1b]0;title\x07\u202egnp.exe\u200b\x9b5n\r\nrm"


def test_nothing_an_agent_says_reaches_the_terminal_unclean(shell) -> None:
    request = msgspec.structs.replace(ASKED, title=HOSTILE, command=HOSTILE, detail=HOSTILE, paths=(HOSTILE,))
    bad = asking(
        name=HOSTILE,
        headline=HOSTILE,
        activity=HOSTILE,
        reason=HOSTILE,
        branch=HOSTILE,
        project="/" + HOSTILE,
        kind=HOSTILE,
        model=HOSTILE,
        labels=(HOSTILE,),
        requests=(request,),
        queue=(QueuedPrompt(1, HOSTILE, NOW),),
    )
    claim = Evidence(Rank.PROTOCOL, Turn.WORKING, 0.0, NOW, detail=HOSTILE)
    answers = {
        "agent.list": Listing((bad,)),
        "agent.show": shown(bad),
        "agent.next": NextEntry(bad, 1),
        "agent.explain": Explained(bad, claim, (claim,), (HOSTILE,)),
    }
    with shell.daemon(answers):
        for command in (["ls"], ["show", "x"], ["next"], ["explain", "x"]):
            for is_json in ([], ["--json"]):
                ran = shell(*command, *is_json, is_terminal=True, NO_COLOR="1")
                assert ran.code == 0, ran.err
                suspicious = [c for c in ran.out if not (c.isprintable() or c == "\n")]
                assert suspicious == [], (command, is_json)


def test_json_escapes_what_it_must_not_print_and_loses_nothing(shell) -> None:
    with shell.daemon({"agent.list": Listing((row(name=HOSTILE + "\U000e0041"),))}):
        ran = shell("ls", "--json")
    assert ran.json[0]["name"] == HOSTILE + "\U000e0041"
    assert "\\u202e" in ran.out
    assert "\\udb40\\udc41" in ran.out


OFFERED = (RequestOption("1", "allow_once", "Yes"), RequestOption("2", "reject_once", "No, and say why"))


def test_show_has_the_facts_the_request_and_the_waiting_messages(shell) -> None:
    agent = asking(
        requests=(msgspec.structs.replace(ASKED, options=OFFERED),),
        queue=(QueuedPrompt(2, "hi", NOW, "undelivered", "its box\x1b[2J is full"), QueuedPrompt(3, "then lint", NOW)),
        usage=Usage(input_tokens=1234, output_tokens=5),
        pid=42,
        turn_number=2,
        capabilities=(Capability.PROMPT,),
        created_at=NOW - 7200,
    )
    with shell.daemon({"agent.show": shown(agent)}):
        lines = shell("show", "fix-login").out.splitlines()
    assert lines[0] == "◆ fix-login  allow npm test?  2 m"
    text = "\n".join(lines)
    for fact in (
        "process  running, pid 42",
        "turn     2 blocked permission",
        "tokens   1,234 in, 5 out",
        "started  2 h ago",
        "command  npm test",
        "files    /state/agents/habc123",
        "◆ Run npm test",
        "files    a.py",
        "asked    30 s ago",
        "request  1:7:ab12",
        "offers   Yes · No, and say why",
        "turn 2 undelivered: hi  (its box is full)",
        "turn 3 queued: then lint",
    ):
        assert fact in text, fact
    assert text.count("a.py") == 1
    assert "model" not in text


def test_show_json_is_flat_with_the_command_and_the_directory_and_without_the_environment(shell) -> None:
    secret = shown(row())
    secret = msgspec.structs.replace(secret, spec=msgspec.structs.replace(secret.spec, env={"KEY": "sk-secret"}))
    with shell.daemon({"agent.show": secret}):
        ran = shell("show", "x", "--json")
    assert (ran.json["id"], ran.json["argv"]) == ("habc123", ["npm", "test"])
    assert ran.json["directory"] == "/state/agents/habc123"
    assert "sk-secret" not in ran.out


def test_next_shows_the_card_and_how_many_wait(shell) -> None:
    with shell.daemon({"agent.next": NextEntry(asking(requests=(ASKED,)), 3)}):
        text = shell("next").out
    assert "◆ Run npm test" in text
    assert "quarterdeck allow habc123" in text
    assert "and 2 more" in text


def test_next_shows_a_question_with_its_choices(shell) -> None:
    question = Request(
        "1:8:cd", Blocked.QUESTION, "Which DB?", NOW, questions=(Question("Which DB?", ("sqlite", "pg")),)
    )
    with shell.daemon({"agent.next": NextEntry(asking(state=Headline.ASKS, requests=(question,)), 1)}):
        text = shell("next").out
    assert "- sqlite" in text
    assert "more" not in text


def test_next_with_nobody_waiting(shell) -> None:
    with shell.daemon({"agent.next": NextEntry(None, 0)}):
        assert shell("next").out == "Nobody needs you.\n"
        assert shell("next", "--json").json == {"row": None, "waiting": 0, "incident": None, "parked": []}


def test_next_says_for_whom_else_an_entry_stands_and_who_is_parked(shell) -> None:
    lost = Incident(Headline.LOG_IN, "claude", ("habc123", "b", "c"), ("fix-login", "docs\x1b[31m", "perf"))
    parked = Incident(Headline.PARKED, "codex", ("d", "e"), ("d", "e"))
    with shell.daemon({"agent.next": NextEntry(row(state=Headline.LOG_IN), 1, lost, (parked,))}):
        text = shell("next").out
    assert "3 agents wait for one login to claude: fix-login, docs, perf" in text
    assert "2 agents are parked by codex: d, e" in text
    assert "more" not in text
    with shell.daemon({"agent.next": NextEntry(None, 0, None, (parked,))}):
        assert shell("next").out == "Nobody needs you.\n2 agents are parked by codex: d, e\n"


def test_explain_lists_chosen_other_and_ignored(shell) -> None:
    chosen = Evidence(
        Rank.SCREEN, Turn.BLOCKED, 10.0, NOW - 30, Blocked.PERMISSION, "npm test", expires=100.0, rule="claude: allow"
    )
    weaker = Evidence(Rank.PROCESS, Turn.WORKING, 0.0, NOW - 5, confidence=0.4, expires=4.0)
    explained = Explained(
        asking(), chosen, (chosen, weaker), ("process says working: processes only corroborate",), why="the strongest"
    )
    with shell.daemon({"agent.explain": explained}):
        lines = [line.strip() for line in shell("explain", "x").out.splitlines()]
    assert lines[1:3] == ["chosen: the strongest", "5 screen: blocked (permission)"]
    told = dict(line.split(maxsplit=1) for line in lines[3:8])
    assert (told["says"], told["rule"], told["sure"]) == ("npm test", "claude: allow", "100%")
    assert told["since"].endswith(", 30 s ago")
    assert told["expires"].endswith(", in 1 m")
    assert lines[8:10] == ["other evidence, strongest first:", "6 processes: working"]
    assert "sure     40%" in lines[10:]
    assert lines[12].endswith(", over")
    assert lines[-1] == "process says working: processes only corroborate"


def test_explain_without_evidence_says_so(shell) -> None:
    with shell.daemon({"agent.explain": Explained(row(state=Headline.UNKNOWN), None, (), ())}):
        assert "  chosen: nothing\n" in shell("explain", "x").out


@pytest.mark.parametrize(
    ("changes", "shows"),
    [
        ({"lifecycle": Lifecycle.EXITED, "exit_code": 7, "state": Headline.EXITED}, "exited, code 7"),
        ({"lifecycle": Lifecycle.EXITED, "exit_signal": 9, "state": Headline.EXITED}, "exited, signal 9"),
        ({"background": 2}, "running, 2 in the background"),
    ],
)
def test_show_says_how_the_process_is(shell, changes: dict[str, object], shows: str) -> None:
    with shell.daemon({"agent.show": shown(row(**changes))}):
        assert shows in shell("show", "x").out


def test_the_vendor_s_file_of_the_session_is_named_when_a_hook_named_it(shell) -> None:
    told = msgspec.structs.replace(shown(row()), session_file="/home/me/s.jsonl")
    with shell.daemon({"agent.show": told}):
        assert "session file  /home/me/s.jsonl" in shell("show", "a").out
        assert shell("show", "a", "--json").json["session_file"] == "/home/me/s.jsonl"
    with shell.daemon({"agent.show": shown(row())}):
        assert "session file" not in shell("show", "a").out

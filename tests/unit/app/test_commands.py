"""Commands: declared once, disabled with a reason that names the thing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agents.model import Capability, Health, Lifecycle, Model, Turn
from app.commands import BY_ID, COMMANDS, SLOTS, TYPING, Command, Context, Zone
from app.keymap import Keymap, load
from tests.fakes.rows import request, row

KEYMAP = Path(__file__).resolve().parents[3] / "resources" / "keymap.toml"


@pytest.fixture(scope="module")
def keymap() -> Keymap:
    found, problems = load(KEYMAP, Path("/nowhere/keymap.toml"))
    assert problems == ()
    return found


def reason(command: str, context: Context) -> str | None:
    return BY_ID[command].enabled(context)


def test_ids_are_unique_and_say_noun_and_verb() -> None:
    assert len(BY_ID) == len(COMMANDS)
    assert all(command.id.count(".") == 1 and command.id.islower() for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_every_command_explains_itself(command: Command) -> None:
    assert command.title[0].isupper()
    assert command.help.endswith(".")
    assert command.label == command.label.strip() != ""


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_a_command_says_why_or_acts_in_the_empty_window(command: Command) -> None:
    why = command.enabled(Context(is_connected=False))
    assert why is None or len(why) > 5


def test_keys_are_bound_only_where_their_command_acts(keymap: Keymap) -> None:
    wrong = [
        (zone, keys, command)
        for zone in Zone
        for keys, command in keymap.bound(zone)
        if BY_ID[command].zones and zone not in BY_ID[command].zones
    ]
    assert wrong == []


def test_letters_are_never_bound_where_one_types(keymap: Keymap) -> None:
    letters = [(zone, keys) for zone in TYPING for keys, _ in keymap.bound(zone) if len(keys.split()[0]) == 1]
    assert letters == []


def test_a_terminal_keeps_every_key_but_function_keys_and_ctrl_shift_letters(keymap: Keymap) -> None:
    taken = [keys for keys, _ in keymap.bound(Zone.TERMINAL)]
    assert [keys for keys in taken if not re.fullmatch(r"Ctrl\+Shift\+[A-Z]|(Shift\+)?F[68]|F11", keys)] == []


def test_without_an_agent_agent_commands_ask_for_one() -> None:
    for command in ("agent.stop", "agent.toggle", "request.allow", "agent.explain", "agent.peek"):
        assert reason(command, Context()) == "select an agent first"


def test_what_needs_the_daemon_says_that_it_is_gone() -> None:
    context = Context(agent=row("fix", Turn.WORKING), is_connected=False)
    assert "reconnecting" in (reason("agent.interrupt", context) or "")
    assert reason("agent.peek", context) is None


def test_answers_need_an_open_request() -> None:
    assert reason("request.allow", Context(agent=row("fix"))) == "fix asks nothing now"
    assert reason("request.allow", Context(agent=row("fix", requests=(request(),)))) is None


def test_always_needs_the_option() -> None:
    asked = request()
    once = row(
        "fix", requests=(type(asked)(asked.key, asked.kind, asked.title, asked.opened_at, options=asked.options[:1]),)
    )
    assert "always" in (reason("request.always", Context(agent=once)) or "")
    assert reason("request.always", Context(agent=row("fix", requests=(asked,)))) is None


def test_answering_needs_the_capability() -> None:
    mute = row("fix", requests=(request(),), capabilities=())
    assert "open its pane" in (reason("request.deny", Context(agent=mute)) or "")


@pytest.mark.parametrize(
    ("turn", "lifecycle", "word"),
    [
        (Turn.IDLE, Lifecycle.RUNNING, "no turn"),
        (Turn.WORKING, Lifecycle.EXITED, "not running"),
        (Turn.WORKING, Lifecycle.RUNNING, None),
        (Turn.BLOCKED, Lifecycle.RUNNING, None),
    ],
)
def test_interrupt_needs_a_running_turn(turn: Turn, lifecycle: Lifecycle, word: str | None) -> None:
    why = reason("agent.interrupt", Context(agent=row("fix", turn, lifecycle=lifecycle)))
    assert (word is None and why is None) or (word and word in (why or ""))


def test_interrupt_needs_the_capability() -> None:
    stubborn = row("fix", Turn.WORKING, capabilities=(Capability.PROMPT,))
    assert "stop it" in (reason("agent.interrupt", Context(agent=stubborn)) or "")


def test_resume_and_remove_need_an_ended_agent() -> None:
    live, ended = row("fix"), row("fix", lifecycle=Lifecycle.EXITED, exit_code=0)
    assert "still running" in (reason("agent.resume", Context(agent=live)) or "")
    assert "stop it first" in (reason("agent.remove", Context(agent=live)) or "")
    assert reason("agent.resume", Context(agent=ended)) is None
    assert reason("agent.remove", Context(agent=ended)) is None
    assert reason("agent.stop", Context(agent=ended)) == "fix is not running"
    cannot = row("fix", lifecycle=Lifecycle.EXITED, exit_code=0, capabilities=())
    assert "start a new one" in (reason("agent.resume", Context(agent=cannot)) or "")


def test_snooze_modes_and_pin_say_what_is_missing() -> None:
    assert "does not need you" in (reason("agent.snooze", Context(agent=row("fix"))) or "")
    assert "modes" in (reason("agent.mode", Context(agent=row("fix", modes=()))) or "")
    assert "hidden" in (reason("agent.pin", Context(agent=row("fix"))) or "")
    assert reason("agent.pin", Context(agent=row("fix"), is_shown=True)) is None
    assert "no messages" in (reason("request.reply", Context(agent=row("fix", capabilities=()))) or "")


MODELS = (Model("big", "Big"),)


@pytest.mark.parametrize(
    ("command", "fields", "words"),
    [
        ("agent.model", {"lifecycle": Lifecycle.EXITED}, "is not running"),
        ("agent.model", {}, "cannot switch its model"),
        ("agent.model", {"capabilities": (Capability.MODELS,)}, "announced no models"),
        ("agent.model", {"capabilities": (Capability.MODELS,), "models": MODELS}, None),
        ("agent.fork", {"lifecycle": Lifecycle.EXITED}, "resume it first"),
        ("agent.fork", {}, "cannot be forked: duplicate it"),
        ("agent.fork", {"capabilities": (Capability.FORK,)}, "there is nothing to fork"),
        ("agent.fork", {"capabilities": (Capability.FORK,), "session_id": "s"}, None),
        ("agent.steer", {"lifecycle": Lifecycle.EXITED}, "is not running"),
        ("agent.steer", {"capabilities": (Capability.STEER,)}, "has no running turn"),
        ("agent.steer", {"turn": Turn.WORKING}, "takes nothing into a running turn"),
        ("agent.steer", {"turn": Turn.WORKING, "capabilities": (Capability.STEER,)}, None),
        ("agent.copy_login", {}, "needs no login"),
        ("agent.copy_login", {"health": Health.AUTH_LOST}, None),
    ],
)
def test_models_forks_steering_and_logins_say_what_is_missing(command: str, fields: dict, words: str | None) -> None:
    why = reason(command, Context(zone=Zone.COMPOSER, agent=row("fix", **fields)))
    assert (why is None) if words is None else (words in (why or ""))


def test_the_window_says_what_there_is_not() -> None:
    empty = Context()
    assert reason("triage.next", empty) == "nobody needs you"
    assert reason("triage.back", empty) is not None
    assert reason("edit.undo", empty) == "nothing to undo"
    assert reason("filter.clear", empty) == "no filter is set"
    assert reason("roster.hidden", empty) == "no agent is hidden"
    assert "no pane" in (reason("pane.find", empty) or "")
    assert reason("pane.find_next", Context(has_pane=True)) is not None
    full = Context(waiting=1, has_back=True, undo="x", has_filter=True, has_hidden=True, has_pane=True, has_find=True)
    for command in ("triage.next", "triage.back", "edit.undo", "filter.clear", "roster.hidden", "pane.find_next"):
        assert reason(command, full) is None


@pytest.mark.parametrize("slot", SLOTS)
def test_slots_are_named_when_empty(slot: int) -> None:
    assert reason(f"slot.toggle_{slot}", Context()) == f"slot {slot} is empty"
    assert reason(f"slot.toggle_{slot}", Context(slots=frozenset({slot}))) is None


def test_open_acts_on_a_project_header_too() -> None:
    assert reason("agent.open", Context(is_on_project=True)) is None
    assert reason("agent.open", Context()) == "select an agent first"


def test_new_agents_need_the_daemon() -> None:
    assert reason("agent.new", Context()) is None
    assert reason("agent.new", Context(is_connected=False)) is not None
    assert reason("agent.duplicate", Context(agent=row("fix"))) is None


def test_what_acts_on_a_terminal_needs_one_with_the_keyboard() -> None:
    for command in ("terminal.copy", "terminal.paste", "terminal.allow", "terminal.larger"):
        assert reason(command, Context(zone=Zone.ROSTER)) == "no terminal has the keyboard"
        assert reason(command, Context(zone=Zone.TERMINAL)) is None


def test_a_terminal_needs_an_agent_or_a_project() -> None:
    assert reason("terminal.toggle", Context()) == "select an agent or a project first"
    assert reason("terminal.toggle", Context(project="/srv/api")) is None
    assert reason("terminal.toggle", Context(agent=row("fix"))) is None


def test_an_ended_terminal_is_run_again_where_no_session_goes_on() -> None:
    ended = {"lifecycle": Lifecycle.EXITED, "exit_code": 1}
    assert reason("agent.resume", Context(agent=row("sh", capabilities=(Capability.TERMINAL,), **ended))) is None
    assert "cannot be resumed" in (reason("agent.resume", Context(agent=row("sh", capabilities=(), **ended))) or "")

"""``model`` and ``mode``, ``kinds``, ``fork``, and what ``show`` and ``explain`` say about trouble."""

from __future__ import annotations

import pytest

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Cause, Delivery, Mode, Model, Trouble, TurnDelivery
from agents.spec import KindInfo
from agents.wire import Done, Explained, Fork, Kinds, SetMode, SetModel, Started
from tests.fakes.scripted_daemon import row
from tests.unit.app.cli.conftest import NOW
from tests.unit.app.cli.test_see import shown

MODELS = (Model("big", "Big one", "slow and clever"), Model("small", "small"))
MODES = (Mode("ask", "Ask"), Mode("plan", "Plan", "changes nothing"))


def test_models_are_listed_with_the_present_one(shell) -> None:
    with shell.daemon({"agent.show": shown(row(models=MODELS, model="small"))}) as daemon:
        assert shell("model", "a").out == "  big    Big one – slow and clever\n* small\n"
        document = shell("model", "a", "--json").json
        assert (document["present"], [known["id"] for known in document["known"]]) == ("small", ["big", "small"])
        daemon.answers["agent.show"] = shown(row(models=MODELS, model="claude-big-4"))
        assert "* claude-big-4  the present one, which it did not name" in shell("model", "a").out


def test_modes_are_listed_with_the_present_one(shell) -> None:
    with shell.daemon({"agent.show": shown(row(modes=MODES, mode="plan"))}):
        assert shell("mode", "a").out == "  ask   Ask\n* plan  Plan – changes nothing\n"


@pytest.mark.parametrize(("model", "said"), [(None, ""), ("big", "; it runs with big")])
def test_who_named_no_models_says_what_is_known(shell, model: str | None, said: str) -> None:
    with shell.daemon({"agent.show": shown(row(model=model))}):
        ran = shell("model", "a")
    assert (ran.code, ran.err) == (1, f"quarterdeck: fix-login (shell) named no models{said}\n")


def test_a_switch_is_an_order_to_the_daemon(shell) -> None:
    with shell.daemon({"agent.set_model": Done(), "agent.set_mode": Done("in its words")}) as daemon:
        assert shell("model", "a", "big").out == "asked for model big\n"
        assert shell("mode", "a", "plan").out == "in its words\n"
        assert shell("model", "a", "big", "--json").json == {"detail": ""}
        assert daemon.asked("agent.set_model") == [SetModel("a", "big")] * 2
        assert daemon.asked("agent.set_mode") == [SetMode("a", "plan")]
        daemon.answers["agent.set_model"] = RpcError(ErrorCode.NOT_POSSIBLE, "there is no model big")
        refused = shell("model", "a", "big")
    assert (refused.code, refused.err) == (1, "quarterdeck: there is no model big\n")


def test_a_fork_is_a_new_agent(shell) -> None:
    with shell.daemon({"agent.fork": Started("bnew", "other", 7, 1)}) as daemon:
        ran = shell("fork", "a", "-n", "other", "--prompt", "-", stdin="go on")
        assert (ran.code, ran.out) == (0, "started other (bnew), pid 7, turn 1\n")
        assert shell("fork", "a", "--json").json["id"] == "bnew"
        assert daemon.asked("agent.fork") == [Fork("a", "other", "go on"), Fork("a")]
        daemon.answers["agent.fork"] = RpcError(ErrorCode.NOT_POSSIBLE, "a (shell) cannot be forked: start a new agent")
        refused = shell("fork", "a")
        daemon.answers["agent.fork"] = Started("bnew", "other", None)
        daemon.answers["agent.show"] = shown(row("bnew", headline="failed: gone"))
        failed = shell("fork", "a")
    assert (refused.code, "cannot be forked" in refused.err) == (1, True)
    assert (failed.code, "other is not running yet: failed: gone" in failed.err) == (1, True)


KINDS = Kinds(
    (
        KindInfo(
            "claude",
            "claude",
            "Claude Code",
            "x",
            True,
            "claude",
            pool="the plan",
            login=("claude", "auth", "log me"),
        ),
        KindInfo("gemini", "acp", "", "", False, "gemini", install="npm i g", problem="“gemini” is not on PATH"),
        KindInfo("demo-edit", "acp", "Demo", "", True, "python", demo=True),
    ),
    ("/k/bad.toml:3: no family",),
)


def test_kinds_say_who_pays_how_to_log_in_and_what_to_install(shell) -> None:
    with shell.daemon({"kind.list": KINDS}):
        ran = shell("kinds")
        every = shell("kinds", "-a")
        document = shell("kinds", "--json").json
    assert ran.out.splitlines() == [
        "claude  Claude Code",
        "    what    x",
        "    pays    the plan",
        "    log in  claude auth 'log me'",
        "gemini  not installed",
        "    problem  “gemini” is not on PATH",
        "    install  npm i g",
    ]
    assert ran.err == "quarterdeck: /k/bad.toml:3: no family\n"
    assert "demo-edit  Demo" in every.out
    assert [kind["name"] for kind in document["kinds"]] == ["claude", "gemini"]


WAITS = Trouble(Cause.RATE_LIMIT, "slow\ndown", NOW - 60, NOW + 60, retrying=True, attempt=3, attempts=10, status=429)


def test_show_has_cause_models_and_delivery(shell) -> None:
    agent = row(cause=Cause.RATE_LIMIT, trouble=WAITS, models=MODELS, delivery=TurnDelivery(3, Delivery.SUBMITTED))
    with shell.daemon({"agent.show": shown(agent)}):
        out = shell("show", "a").out
    assert "cause    rate_limit: rate limited, attempt 3 of 10, until " in out
    assert "– it goes on by itself" in out
    assert "models   big, small" in out
    assert "message  turn 3 submitted" in out


def test_explain_tells_the_trouble_while_it_lasts_and_the_cause_after(shell) -> None:
    lasting = row(cause=Cause.RATE_LIMIT, trouble=WAITS)
    with shell.daemon({"agent.explain": Explained(lasting, None, (), ())}) as daemon:
        out = shell("explain", "a").out.splitlines()
        daemon.answers["agent.explain"] = Explained(row(cause=Cause.MODEL, reason="no such"), None, (), ())
        after = shell("explain", "a").out
        daemon.answers["agent.explain"] = Explained(row(), None, (), ())
        fine = shell("explain", "a").out
    told = {line.split()[0]: line for line in out[1:6]}
    assert told["says"] == "  says     slow down, HTTP 429"
    assert told["attempt"] == "  attempt  attempt 3 of 10"
    assert set(told) == {"cause", "says", "attempt", "since", "until"}
    assert "cause  model: model not available – switch to a model this account may use" in after
    assert "why    no such" in after
    assert "cause" not in fine

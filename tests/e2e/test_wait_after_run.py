"""A script that starts an agent with a prompt and waits for idle gets the end of that turn, not the moment before."""

from __future__ import annotations

from tests.fakes.deck import Deck


def test_idle_is_after_the_first_turn_and_not_before() -> None:
    with Deck({"QUARTERDECK_DEMO_PACE": "0"}) as deck:
        repo = str(deck.repository())
        for number in range(5):
            name = f"report-{number}"
            deck.cli("run", "demo-failing", "-p", repo, "--here", "-n", name, "--prompt", "Write the report")
            waited = deck.cli_json("wait", name, "--until", "idle")
            assert (waited["reached"], waited["row"]["turn_number"]) == ("idle", 1)
            assert waited["row"]["turn"] == "error"

"""What is due to be written to an agent: protocol steps, the next message, and after an adoption what was cut off.

Decides and hands over to ``Intents``; reads nothing. Only runs while the replica is up to date with the marks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from agents.adapters.contract import Adapter, Answer, NotPossible
from agents.model import QueuedPrompt, has_turns
from agents.status.untrusted import one_line
from agents.supervisor import decisions
from agents.supervisor.conversation import Conversation
from agents.supervisor.decisions import Decisions, Intent
from agents.supervisor.intents import Intents
from agents.supervisor.recorder import Recorder

log = logging.getLogger(__name__)

Notice = Callable[[str, str], None]  # level, text


class Outflow:
    """Owned by one unit."""

    def __init__(
        self, intents: Intents, folded: Decisions, recorder: Recorder, wall: Callable[[], float], notice: Notice
    ) -> None:
        self._intents = intents
        self._folded = folded
        self._recorder = recorder
        self._wall = wall
        self._notice = notice
        self._wanted: set[str] = set()  # handed over in this life of the daemon
        self.is_reconciled = False  # what a former daemon left unacknowledged was looked at

    def forget(self) -> None:
        """Begin anew with another process or another connection."""
        self._wanted.clear()
        self.is_reconciled = False

    def pump(self, adapter: Adapter, talk: Conversation, *, may_prompt: bool) -> None:
        """Write what is due now."""
        if not self.is_reconciled:
            self._reconcile(adapter, talk)
            self.is_reconciled = True
        for want in adapter.wants():
            if want.key not in self._wanted:
                self._wanted.add(want.key)
                self._intents.issue("want", want.key, {"key": want.key}, want.data)
        if may_prompt:
            self._next_prompt(adapter)

    def written(self, intent: Intent, adapter: Adapter | None) -> None:
        """Take note that an intent is wholly in the agent."""
        if intent.kind != "prompt":
            return
        # A program without turns is ready at once: the message was delivered, more cannot be known.
        if adapter is not None and adapter.ready():
            self.started(int(intent.args["turn"]))

    def started(self, turn: int) -> None:
        """Take note that a message became a turn, or was dropped: it waits no longer."""
        if turn in self._folded.queue:  # on record: to a later daemon the next launch would put it back into the queue
            self._recorder.record(decisions.began(self._wall(), turn))
        self._folded.started(turn)
        self._recorder.release(f"queued:{turn}")
        self._recorder.release(f"edited:{turn}")

    def refused(self, intent: Intent, reason: str) -> None:
        """Take note that the keeper will not write an intent."""
        if intent.kind == "prompt":
            self.lose(int(intent.args["turn"]), reason)
        elif intent.kind != "want":
            self._notice("warning", f"{_words(intent)} was not delivered: {reason}")

    def lose(self, turn: int, reason: str) -> None:
        """Mark a message as undelivered; it stays visible and can be sent again."""
        self._recorder.record(decisions.undelivered(self._wall(), turn, reason))

    def tidy(self, talk: Conversation, adapter: Adapter | None) -> None:
        """Drop from the queue what became a turn before the checkpoint a daemon began with."""
        tells = adapter is None or has_turns(adapter.capabilities())
        for prompt in self._folded.waiting:
            is_turn = prompt.state in ("sent", "delivered") and prompt.turn <= talk.started
            if is_turn or (prompt.state == "delivered" and not tells):
                self.started(prompt.turn)

    def lose_all(self, reason: str) -> None:
        """Mark every message that did not reach the ended agent as undelivered."""
        for prompt in self._folded.waiting:
            if prompt.state == "delivered":
                self.started(prompt.turn)
            elif prompt.state != "undelivered":
                self.lose(prompt.turn, reason)

    def _next_prompt(self, adapter: Adapter) -> None:
        waiting = [prompt for prompt in self._folded.waiting if prompt.state != "undelivered"]
        if waiting and waiting[0].state == "queued" and adapter.ready():
            self._prompt(adapter, waiting[0])

    def _prompt(self, adapter: Adapter, prompt: QueuedPrompt) -> None:
        def make() -> bytes:
            return adapter.prompt(prompt.turn, prompt.text)

        try:
            data = make()
        except NotPossible as error:
            self.lose(prompt.turn, str(error))
            return
        self._intents.issue("prompt", prompt.turn, {"turn": prompt.turn}, data, make)

    # -- after an adoption

    def _reconcile(self, adapter: Adapter, talk: Conversation) -> None:
        """Send again what was recorded and not acknowledged, where the adapter still finds it valid."""
        for intent in self._intents.pending():
            if self._has_arrived(intent, adapter, talk):
                self._intents.settle(intent.id, "written")
                continue
            try:
                data = self._again(intent, adapter, talk)
            except NotPossible as error:
                # A message goes back into the queue: under its id it can still be written only once.
                self._intents.settle(intent.id, "out of date")
                if intent.kind != "prompt":
                    self.refused(intent, f"the daemon ended on the way, and now {error}")
            else:
                self._intents.send(intent, data)

    def _has_arrived(self, intent: Intent, adapter: Adapter, talk: Conversation) -> bool:
        """Tell whether the agent's own stream shows that it got this."""
        args = intent.args
        match intent.kind:
            case "prompt":
                return talk.started >= int(args["turn"])
            case "answer":
                return args["key"] in talk.outcomes
            case "interrupt":
                return talk.ended >= int(args["turn"])
            case "mode":
                return bool(talk.mode == args["mode"])
            case "model":
                return bool(talk.model == args["model"])
            case "want":
                return all(want.key != args["key"] for want in adapter.wants())
        return False

    def _again(self, intent: Intent, adapter: Adapter, talk: Conversation) -> bytes:
        """Return the bytes of an intent as the adapter makes them now. Raises NotPossible when it is out of date."""
        args = intent.args
        match intent.kind:
            case "prompt":
                prompt = self._folded.queue.get(int(args["turn"]))
                if prompt is None:
                    raise NotPossible("it was dropped")
                return adapter.prompt(prompt.turn, prompt.text)
            case "answer":
                return adapter.answer(args["key"], answer_of(args))
            case "mode":
                return adapter.set_mode(args["mode"], args["token"])
            case "model":
                return adapter.set_model(args["model"], args["token"])
            case "steer":
                if talk.started != int(args["turn"]):
                    raise NotPossible("that turn is over: send it as the next message")
                return adapter.steer(args["text"], args["token"])
            case "interrupt":
                return adapter.interrupt(args["token"])
            case "want":
                self._wanted.add(args["key"])
                return next(want.data for want in adapter.wants() if want.key == args["key"])
        raise NotPossible("what is typed is not typed again: something else may be on the screen by now")


def answer_of(args: Mapping[str, object]) -> Answer:
    """Return the answer an intent's record holds."""
    answers = args.get("answers")
    option = args.get("option")
    return Answer(
        decision=str(args["decision"]),
        option=None if option is None else str(option),
        reason=str(args.get("reason", "")),
        answers={str(k): str(v) for k, v in answers.items()} if isinstance(answers, dict) else {},
    )


def _words(intent: Intent) -> str:
    match intent.kind:
        case "answer":
            return f"the answer “{intent.args.get('decision')}” to “{intent.args.get('title')}”"
        case "mode":
            return f"the switch to mode {intent.args.get('mode')}"
        case "model":
            return f"the switch to model {intent.args.get('model')}"
        case "steer":
            return f"the message “{one_line(str(intent.args.get('text')), 80)}” for the running turn"
        case "input":
            return f"what was typed ({intent.args.get('bytes')} bytes)"
        case _:
            return f"the {intent.kind}"

"""An ACP agent nobody has heard of, that does what the protocol allows and much that it does not.

A program of its own on the standard library: string ids, unknown updates, enums and requests, no usage, stray lines,
huge lines, notifications before the answers they belong to. Its sessions lie under ``ODD_HOME``. The prompt says what
it does: write, wait, recall; anything else is answered. Knows nothing of Quarterdeck.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]

#: Characters of its longest line, more than most readers take.
HUGE = 1_500_000


class Agent:
    """One process: reads a line, does what it says, reads the next; a turn reads on while it waits."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._session = ""
        self._cwd = Path()
        self._said: list[str] = []
        self._asked = 0
        self._lines = self._read()

    def serve(self) -> None:
        """Answer until the input ends."""
        print("odd agent v0.0.1-pre\x1b[0m starting…", flush=True)
        for message in self._lines:
            self._take(message)

    def _take(self, message: Json) -> None:
        handlers = {
            "initialize": self._initialize,
            "session/new": self._new,
            "session/load": self._load,
            "session/list": self._list,
            "session/set_mode": lambda _: {},
            "session/prompt": self._prompt,
        }
        method = message.get("method", "")
        if "id" not in message:
            return
        if method not in handlers:
            self._send({"id": message["id"], "error": {"code": -32601, "message": f"{method}? never heard of it"}})
            return
        result = handlers[method](message.get("params", {}))
        self._send({"id": message["id"], "result": result, "x-odd": [1, 2, 3]})

    # -- the session

    def _initialize(self, params: Json) -> Json:
        able = {"loadSession": True, "telepathy": {"range": 9}, "promptCapabilities": {"smell": True}}
        return {"protocolVersion": 1, "agentCapabilities": able, "authMethods": [], "vibe": "odd"}

    def _new(self, params: Json) -> Json:
        self._session, self._cwd = f"odd-{os.getpid()}", Path(params["cwd"])
        # Before the answer that tells the session's id.
        self._update(
            {"sessionUpdate": "available_commands_update", "availableCommands": [{"name": "odd", "description": ""}]}
        )
        self._update({"sessionUpdate": "weather_update", "sky": "purple"})
        return {"sessionId": self._session, "modes": self._modes(), "weather": None}

    def _load(self, params: Json) -> Json:
        self._session, self._cwd = params["sessionId"], Path(params["cwd"])
        self._said = json.loads(self._file().read_text())
        for text in self._said:
            self._say(text, "user_message_chunk")
        return {"modes": self._modes()}

    def _list(self, params: Json) -> Json:
        odd: list[Any] = [{"sessionId": ["?"]}, "nothing", {"sessionId": "odd-far", "cwd": "/far/away", "title": "Far"}]
        here = [
            {"sessionId": path.stem, "cwd": params["cwd"], "title": json.loads(path.read_text())[0], "mood": 7}
            for path in sorted(self._home.glob("*.json"))
        ]
        return {"sessions": odd + here, "nextCursor": None}

    def _modes(self) -> Json:
        modes = [{"id": "careful", "name": "Careful", "description": None}, {"id": "wild", "name": "Wild", "mood": 7}]
        return {"currentModeId": "wild", "availableModes": modes}

    def _file(self) -> Path:
        return self._home / f"{self._session}.json"

    # -- turns

    def _prompt(self, params: Json) -> Json:
        text = params["prompt"][0]["text"]
        self._said.append(text)
        self._file().write_text(json.dumps(self._said))
        if "write" in text:
            return self._write()
        if "wait" in text:
            return self._wait()
        if "recall" in text:
            self._say("You said: " + "; ".join(self._said[:-1]))
        else:
            self._say("x" * HUGE)
        return {"stopReason": "end_turn"}

    def _write(self) -> Json:
        path = self._cwd / "odd.txt"
        call = {"toolCallId": "1", "title": "Conjure", "kind": "conjuration", "status": "vibing", "rawInput": ["?"]}
        self._update({"sessionUpdate": "tool_call", **call})
        self._update({"sessionUpdate": "tool_call", "toolCallId": "1", "title": "Conjure odd.txt", "kind": "edit"})
        # A request of its own invention, under an id of its own invention: it waits for the answer.
        assert "error" in self._ask("_odd/horoscope", {"sign": "fish"})
        diff = {"type": "diff", "path": str(path), "oldText": None, "newText": "odd\n"}
        options = [
            {"optionId": "ja", "name": "Ja", "kind": "allow_once"},
            {"optionId": "no", "name": "No", "kind": "reject_once"},
        ]
        tool = {"toolCallId": "1", "content": [diff]}
        answer = self._ask(
            "session/request_permission", {"sessionId": self._session, "toolCall": tool, "options": options}
        )
        chosen = answer.get("result", {}).get("outcome", {})
        if chosen.get("optionId") != "ja":
            self._update({"sessionUpdate": "tool_call_update", "toolCallId": "1", "status": "failed"})
            return {"stopReason": "cancelled" if chosen.get("outcome") == "cancelled" else "end_turn"}
        path.write_text("odd\n")
        self._update({"sessionUpdate": "tool_call_update", "toolCallId": "1", "status": "completed"})
        self._say("Conjured.")
        return {"stopReason": "end_turn", "usage": "a lot"}

    def _wait(self) -> Json:
        self._say("Waiting… ")
        for message in self._lines:
            if message.get("method") == "session/cancel":
                break
        return {"stopReason": "cancelled", "_meta": {"mood": "hurt"}}

    # -- lines

    def _ask(self, method: str, params: Json) -> Json:
        self._asked += 1
        identity = f"odd-{self._asked}: {method}"
        self._send({"id": identity, "method": method, "params": params})
        return next(message for message in self._lines if message.get("id") == identity and "method" not in message)

    def _say(self, text: str, kind: str = "agent_message_chunk") -> None:
        self._update({"sessionUpdate": kind, "content": {"type": "text", "text": text, "font": "Comic Sans"}})

    def _update(self, update: Json) -> None:
        self._send({"method": "session/update", "params": {"sessionId": self._session, "update": update}})

    def _send(self, message: Json) -> None:
        print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)

    def _read(self) -> Iterator[Json]:
        for line in sys.stdin:
            yield json.loads(line)


if __name__ == "__main__":
    folder = Path(os.environ["ODD_HOME"])
    folder.mkdir(parents=True, exist_ok=True)
    Agent(folder).serve()

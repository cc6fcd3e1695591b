"""A scripted but real ACP agent on stdio: it keeps a session, edits files and runs commands, with no model behind it.

Started as a file by the demo kinds and by tests; standard library only, imports nothing of Quarterdeck. What it
does is data: a scene (``scenes/*.json``, or any file after ``script``) whose steps ``steps.py`` carries out.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import sys
import threading
import traceback
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from steps import Ended, Failed, Player, Stopped  # type: ignore[import-not-found]  # beside this file

Json: TypeAlias = dict[str, Any]

METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL = -32601, -32602, -32603

#: Where sessions are kept; without it nothing is kept and ``session/load`` is not offered.
STATE_VARIABLE = "QUARTERDECK_DEMO_STATE"
PACE_VARIABLE = "QUARTERDECK_DEMO_PACE"

#: Used by scenes that declare none.
DEFAULT_MODES = [
    {"id": "ask", "name": "Ask", "description": "Ask before every edit and command"},
    {"id": "edits", "name": "Accept edits", "description": "Edit without asking, ask before commands"},
    {"id": "plan", "name": "Plan", "description": "Think and read, change nothing"},
]


class Wire:
    """Lines to and from the client. Writing is safe from any thread; answers to our requests wake who waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_id = 0
        self._answers: dict[int, queue.SimpleQueue[Json | None]] = {}
        self.seen: list[str] = []  # methods and "response", in order: what the step ``await`` looks at
        self.heard = threading.Condition()

    def write(self, data: bytes) -> None:
        """Write raw bytes to the client, whole, also when the pipe takes them in pieces."""
        view = memoryview(data)
        with self._lock:
            while view:
                view = view[os.write(1, view) :]

    def send(self, message: Json) -> None:
        """Write one JSON-RPC message as a line."""
        body = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, separators=(",", ":"))
        self.write(body.encode() + b"\n")

    def request(self, method: str, params: Json) -> queue.SimpleQueue[Json | None]:
        """Ask the client; its answer, or ``None`` when it will not come, arrives in the queue."""
        self._next_id += 1
        box: queue.SimpleQueue[Json | None] = queue.SimpleQueue()
        self._answers[self._next_id] = box
        self.send({"id": self._next_id, "method": method, "params": params})
        return box

    def resolve(self, message: Json) -> None:
        """Hand the client's answer to whoever asked; a second answer to one request is dropped."""
        box = self._answers.pop(message.get("id", -1), None)
        if box is not None:
            box.put(message)

    def withdraw(self) -> None:
        """Wake everybody who waits for an answer: the turn was cancelled."""
        while self._answers:
            _, box = self._answers.popitem()
            box.put(None)

    def note(self, what: str) -> None:
        """Remember that the client said ``what``."""
        with self.heard:
            self.seen.append(what)
            self.heard.notify_all()


class Session:
    """One conversation; kept in a JSON file so that a later process can load it."""

    def __init__(self, cwd: str, folder: Path | None, identity: str | None = None) -> None:
        self.id = identity or f"demo-{uuid.uuid4().hex[:12]}"
        self.cwd = cwd
        self.turn = 0
        self.calls = 0
        self.mode = "ask"
        self.always: list[str] = []
        self.history: list[Json] = []
        self.tokens = {"input": 0, "output": 0}
        self.cost = 0.0
        self._folder = folder

    def save(self) -> None:
        """Write the file by rename; without a folder nothing is kept."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        facts = {k: v for k, v in vars(self).items() if not k.startswith("_")}
        draft = self._folder / f"{self.id}.json.new"
        draft.write_text(json.dumps(facts), encoding="utf-8")
        draft.replace(self._folder / f"{self.id}.json")

    @classmethod
    def load(cls, identity: str, cwd: str, folder: Path | None) -> Session:
        """Read a kept session back. Raises Failed when there is none of that id."""
        path = folder / f"{Path(identity).name}.json" if folder else None
        if path is None or not path.is_file():
            raise Failed(INVALID_PARAMS, f"no session {identity}", {"sessionId": identity})
        session = cls(cwd, folder, identity)
        for key, value in json.loads(path.read_text(encoding="utf-8")).items():
            if key not in ("id", "cwd"):
                setattr(session, key, value)
        return session


class Agent:
    """Owns the wire, the session and the one worker thread on which turns and scripted replies run."""

    def __init__(self, scene: Json, *, pace: float, folder: Path | None) -> None:
        self.scene = scene
        self.pace = pace
        self.wire = Wire()
        self.session: Session | None = None
        self.client: Json = {}
        self._folder = folder
        self._work: queue.SimpleQueue[tuple[Json, Player]] = queue.SimpleQueue()
        self._players: list[Player] = []  # of requests not yet answered, oldest first
        self._handlers = {
            "initialize": self._initialize,
            "authenticate": lambda params: {},
            "session/new": self._new,
            "session/load": self._load,
            "session/set_mode": self._set_mode,
        }

    def serve(self) -> int:
        """Read the client's lines until end of file; return the exit status."""
        threading.excepthook = _die
        threading.Thread(target=self._work_off, name="turns", daemon=True).start()
        for line in sys.stdin.buffer:
            self._take(line)
        if self.scene.get("stubborn"):
            threading.Event().wait()
        self._cancel()
        return 0

    # -- lines in

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError as problem:
            self.wire.send({"id": None, "error": {"code": -32700, "message": f"not JSON: {problem}"}})
            return
        method = message.get("method")
        self.wire.note(method or "response")
        if method is None:
            self.wire.resolve(message)
        elif method == "session/cancel":
            self._cancel()
        elif "id" not in message:
            pass  # notifications we know nothing about are ours to ignore
        elif method == "session/prompt" or method in self.scene.get("on", {}):
            player = Player(self, message["id"])
            self._players.append(player)
            self._work.put((message, player))
        else:
            self._answer(message, lambda: self._handle(method, message.get("params") or {}))

    def _cancel(self) -> None:
        for player in tuple(self._players):
            player.cancel()
        self.wire.withdraw()

    def _work_off(self) -> None:
        while True:
            message, player = self._work.get()
            self._answer(message, partial(self._scripted, message, player), player)
            self._players.remove(player)

    def _answer(self, message: Json, work: Callable[[], Json], player: Player | None = None) -> None:
        """Answer one request with what ``work`` returns or why it failed, unless a step has answered it."""
        try:
            body: Json = {"result": work()}
        except Failed as failure:
            body = {"error": {"code": failure.code, "message": str(failure), "data": failure.data}}
        except OSError as problem:
            body = {"error": {"code": INTERNAL, "message": f"{problem.strerror}: {problem.filename}"}}
        if player is None or not player.answered:
            self.wire.send({"id": message["id"], **body})
        if message["method"] in ("session/new", "session/load") and "result" in body:
            self._announce_commands()

    def _scripted(self, message: Json, player: Player) -> Json:
        """Play what the scene has ``on`` this method, then do what the method does."""
        method, params = message["method"], message.get("params") or {}
        player.play(self.scene.get("on", {}).get(method, []))
        if player.answered:
            return {}
        return self._prompt(params, player) if method == "session/prompt" else self._handle(method, params)

    def _handle(self, method: str, params: Json) -> Json:
        handler = self._handlers.get(method)
        if handler is None:
            raise Failed(METHOD_NOT_FOUND, f"this agent has no method {method}", {"method": method})
        return handler(params)

    # -- methods

    def _initialize(self, params: Json) -> Json:
        self.client = params.get("clientCapabilities") or {}
        return {
            "protocolVersion": 1,
            "agentCapabilities": {"loadSession": self._folder is not None, "promptCapabilities": {"image": False}},
            "authMethods": self.scene.get("auth", []),
            "agentInfo": {"name": "quarterdeck-demo", "title": self.scene.get("title", "Demo"), "version": "1.0.0"},
        }

    def _new(self, params: Json) -> Json:
        self.session = Session(params["cwd"], self._folder)
        self.session.mode = self.scene.get("mode", "ask")
        self.session.save()
        return {"sessionId": self.session.id, "modes": self._modes()}

    def _load(self, params: Json) -> Json:
        self.session = Session.load(params["sessionId"], params["cwd"], self._folder)
        for update in self.session.history:
            self.notify(update, keep=False)
        return {"modes": self._modes()}

    def _set_mode(self, params: Json) -> Json:
        session = self._session(params)
        wanted = str(params.get("modeId"))
        if wanted not in [mode["id"] for mode in self._modes()["availableModes"]]:
            raise Failed(INVALID_PARAMS, f"no mode {wanted}", {"modeId": wanted})
        session.mode = wanted
        session.save()
        self.notify({"sessionUpdate": "current_mode_update", "currentModeId": wanted}, keep=False)
        return {}

    def _prompt(self, params: Json, player: Player) -> Json:
        session = self._session(params)
        before = dict(session.tokens)
        text = "".join(part.get("text", "") for part in params.get("prompt", []))
        session.history.append({"sessionUpdate": "user_message_chunk", "content": {"type": "text", "text": text}})
        turns = self.scene.get("turns", [])
        steps = turns[session.turn] if session.turn < len(turns) else self.scene.get("later", [])
        session.turn += 1
        try:
            player.play(steps, prompt=text)
            reason = "end_turn"
        except Ended as end:
            reason = str(end)
        except Stopped:
            reason = "cancelled"
        finally:
            session.save()
        spent = {key: session.tokens[key] - before[key] for key in before}
        usage = {"totalTokens": sum(spent.values()), "inputTokens": spent["input"], "outputTokens": spent["output"]}
        return {"stopReason": reason, "usage": usage} if any(spent.values()) else {"stopReason": reason}

    # -- what steps need

    def notify(self, update: Json, *, keep: bool = True) -> None:
        """Send a ``session/update``; what is kept is told again when the session is loaded."""
        session = self._session({})
        if keep:
            session.history.append(update)
        self.wire.send({"method": "session/update", "params": {"sessionId": session.id, "update": update}})

    def _session(self, params: Json) -> Session:
        if self.session is None or params.get("sessionId", self.session.id) != self.session.id:
            raise Failed(INVALID_PARAMS, f"no session {params.get('sessionId')}")
        return self.session

    def _modes(self) -> Json:
        current = self.session.mode if self.session else "ask"
        return {"currentModeId": current, "availableModes": self.scene.get("modes", DEFAULT_MODES)}

    def _announce_commands(self) -> None:
        if "commands" in self.scene:
            update = {"sessionUpdate": "available_commands_update", "availableCommands": self.scene["commands"]}
            self.notify(update, keep=False)


def _die(fault: threading.ExceptHookArgs) -> None:
    """End the whole process on a fault in the worker: a scene that is wrong must not look like a silent agent."""
    traceback.print_exception(fault.exc_type, fault.exc_value, fault.exc_traceback)
    os._exit(70)


def read_scene(name: str, script: str | None) -> Json:
    """Return the scene called ``name``, or the one in the file ``script``. Raises SystemExit naming what is wrong."""
    folder = Path(__file__).resolve().parent / "scenes"
    path = Path(script) if script else folder / f"{name}.json"
    try:
        scene: Json = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        known = ", ".join(sorted(p.stem for p in folder.glob("*.json")))
        raise SystemExit(f"demo agent: cannot read {path}: {problem.strerror}. Scenes: {known}, script FILE") from None
    except ValueError as problem:
        raise SystemExit(f"demo agent: {path} is not JSON: {problem}") from None
    return scene


def main(argv: list[str]) -> int:
    """Run the agent named on the command line until its standard input ends."""
    parser = argparse.ArgumentParser(prog="demo agent", description="A scripted ACP agent on stdio.")
    parser.add_argument("scene", help="a file name in scenes/ without .json, or the word script")
    parser.add_argument("file", nargs="?", help="the scenario of the scene script")
    parser.add_argument("--pace", type=float, default=float(os.environ.get(PACE_VARIABLE, "1")))
    parser.add_argument("--state", default=os.environ.get(STATE_VARIABLE), help="folder that keeps sessions")
    given = parser.parse_args(argv)
    if (given.scene == "script") != (given.file is not None):
        parser.error("the scene script needs a file, the others take none")
    scene = read_scene(given.scene, given.file)
    signal.signal(signal.SIGINT, signal.SIG_IGN if scene.get("stubborn") else signal.SIG_DFL)
    if scene.get("stubborn"):  # only SIGKILL ends it: for tests of the stop ladder
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return Agent(scene, pace=given.pace, folder=Path(given.state) if given.state else None).serve()


if __name__ == "__main__":
    status = main(sys.argv[1:])
    # Not sys.exit: the worker may be blocked on a client that reads nothing, and nobody waits for it.
    os._exit(status)

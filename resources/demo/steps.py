"""The steps a scene is made of: each really does what it reports (writes the file, runs the command).

Imported by ``agent.py`` beside it; knows nothing of JSON-RPC framing. A step is an object whose ``do`` names a
method of ``Player``; all waits end at once when the turn is cancelled.
"""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeAlias

Json: TypeAlias = dict[str, Any]

#: Characters in one streamed piece of text, and seconds between two pieces at pace 1.
PIECE = 24
PIECE_S = 0.04

PERMISSIONS = [
    {"optionId": "yes", "name": "Allow", "kind": "allow_once"},
    {"optionId": "yes-always", "name": "Always allow", "kind": "allow_always"},
    {"optionId": "no", "name": "Deny", "kind": "reject_once"},
]


class Stopped(Exception):
    """The client cancelled the turn."""


class Ended(Exception):
    """A step ended the turn; the text is the stop reason."""


class Failed(Exception):
    """The request being answered fails with this JSON-RPC error."""

    def __init__(self, code: int, message: str, data: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data or {}


class Stage(Protocol):
    """What the steps need of the agent."""

    scene: Json
    pace: float
    session: Any
    client: Json
    wire: Any

    def notify(self, update: Json, *, keep: bool = True) -> None:
        """Send a session update."""


class Player:
    """Carries out the steps of one request on the agent's worker thread; ``cancel`` may come from another."""

    def __init__(self, stage: Stage, identity: Any) -> None:
        self.stage = stage
        self.answered = False
        self._identity = identity
        self._words = {"prompt": "", "answer": ""}
        self._cancelled = threading.Event()
        self._running: subprocess.Popen[bytes] | None = None

    def play(self, steps: list[Json], prompt: str | None = None) -> None:
        """Carry out steps in order. Raises Stopped, Ended or Failed as they say."""
        if prompt is not None:
            self._words["prompt"] = prompt
        for step in steps:
            action: Callable[[Json], None] | None = getattr(self, f"_do_{step['do']}", None)
            if action is None:
                raise Failed(-32603, f"the scene has a step that does not exist: {step['do']}")
            action(step)

    def cancel(self) -> None:
        """Stop as soon as possible and kill the command that runs; what was put in the background stays."""
        self._cancelled.set()
        running = self._running
        if running is not None:
            _kill(running)

    # -- telling

    def _do_think(self, step: Json) -> None:
        self._stream("agent_thought_chunk", step["text"])

    def _do_say(self, step: Json) -> None:
        self._stream("agent_message_chunk", self._filled(step["text"]))

    def _filled(self, text: str) -> str:
        for word, value in self._words.items():
            text = text.replace("{" + word + "}", value)
        return text

    def _do_plan(self, step: Json) -> None:
        entries = [{"content": text, "status": status, "priority": "medium"} for text, status in step["entries"]]
        self.stage.notify({"sessionUpdate": "plan", "entries": entries})

    def _do_usage(self, step: Json) -> None:
        session = self.stage.session
        session.tokens["input"] += step.get("input", 0)
        session.tokens["output"] += step.get("output", 0)
        session.cost = round(session.cost + step.get("cost", 0.0), 6)
        update: Json = {"sessionUpdate": "usage_update", "used": sum(session.tokens.values())}
        update |= {"size": step.get("size", 200_000), "cost": {"amount": session.cost, "currency": "USD"}}
        self.stage.notify(update, keep=False)

    def _do_update(self, step: Json) -> None:
        self.stage.notify(step["update"], keep=step.get("keep", True))

    def _do_stderr(self, step: Json) -> None:
        """Write ``lines`` numbered lines, in bursts, so that a reader sees a log that grows."""
        burst = step.get("burst", 500)
        for start in range(0, step["lines"], burst):
            numbers = range(start, min(start + burst, step["lines"]))
            text = "".join(step["text"].replace("{n}", str(n)) + "\n" for n in numbers)
            _write_all(2, text.encode())
            self._pause(0.05)

    # -- working

    def _do_pause(self, step: Json) -> None:
        self._pause(step["seconds"])

    def _do_read(self, step: Json) -> None:
        call = self._call(f"Read {step['path']}", "read", [step["path"]])
        self._pause(step.get("seconds", 0.4))
        text = (Path(self.stage.session.cwd) / step["path"]).read_text(encoding="utf-8")
        self._done(call, [_text(f"{len(text.splitlines())} lines")])

    def _do_edit(self, step: Json) -> None:
        """Replace ``old`` by ``new`` in a file (no ``old``: the whole file), asking first when ``ask``."""
        path = Path(self.stage.session.cwd) / step["path"]
        before = path.read_text(encoding="utf-8") if path.exists() else None
        old = step.get("old")
        if old is not None and old not in (before or ""):
            call = self._call(f"Edit {step['path']}", "edit", [step["path"]])
            self._done(call, [_text("The text to replace is no longer there.")], status="failed")
            return self.play(step.get("failed", []))
        after = step["new"] if old is None or before is None else before.replace(old, step["new"], 1)
        diff = {"type": "diff", "path": str(path), "oldText": before, "newText": after}
        call = self._call(f"Edit {step['path']}", "edit", [step["path"]], content=[diff], raw={"path": str(path)})
        if step.get("ask") and not self._allowed(call, "edit"):
            return self.play(step.get("denied", []))
        self._pause(step.get("seconds", 0.5))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(after, encoding="utf-8")
        self._done(call, [diff])
        return self.play(step.get("then", []))

    def _do_run(self, step: Json) -> None:
        """Run a shell command in the session's directory and stream what it prints, asking first when ``ask``."""
        command = step["command"]
        raw = {"command": command, "cwd": self.stage.session.cwd}
        call = self._call(command, "execute", [], raw=raw)
        if step.get("ask") and not self._allowed(call, "execute"):
            return self.play(step.get("denied", []))
        code, output = self._execute(call, command)
        status = "completed" if code == 0 else "failed"
        self._done(call, [_text(output)], status=status, raw={"exitCode": code})
        return self.play(step.get("then" if code == 0 else "failed", []))

    def _do_background(self, step: Json) -> None:
        """Start a command that goes on after the turn, and after us."""
        call = self._call(step["command"], "execute", [], raw={"command": step["command"], "background": True})
        child = self._spawn(step["command"], subprocess.DEVNULL)
        self._done(call, [_text(f"Running in the background (pid {child.pid}).")])

    def _do_tools(self, step: Json) -> None:
        """Report ``count`` short tool calls in a row."""
        for n in range(step["count"]):
            call = self._call(step["title"].replace("{n}", str(n + 1)), step.get("kind", "search"), [])
            self._pause(step.get("seconds", 0.02))
            self._done(call, [_text(step.get("result", "no match"))])

    # -- asking

    def _do_ask(self, step: Json) -> None:
        """Ask a question: a form where the client has them, else a permission with one option per choice."""
        form = (self.stage.client.get("elicitation") or {}).get("form")
        answer = self._ask_form(step) if form is not None else self._ask_options(step)
        if answer is None:
            return self.play(step.get("declined", []))
        self._words["answer"] = answer
        return self.play(step.get("answers", {}).get(answer, step.get("otherwise", [])))

    def _ask_form(self, step: Json) -> str | None:
        question = self._filled(step["question"])
        field: Json = {"type": "string", "title": question}
        if step.get("choices"):
            field["oneOf"] = [{"const": choice, "title": choice} for choice in step["choices"]]
        schema = {"type": "object", "properties": {"answer": field}, "required": ["answer"]}
        params = {"mode": "form", "message": question, "requestedSchema": schema}
        result = self._request("elicitation/create", params)
        if result.get("action") != "accept":
            return None
        return str((result.get("content") or {}).get("answer", ""))

    def _ask_options(self, step: Json) -> str | None:
        choices = step.get("choices") or ["Go on"]
        options = [{"optionId": f"choice-{n}", "name": c, "kind": "allow_once"} for n, c in enumerate(choices)]
        options.append({"optionId": "none", "name": "None of these", "kind": "reject_once"})
        call: Json = {"toolCallId": self._next_call(), "title": self._filled(step["question"]), "kind": "other"}
        outcome = self._request("session/request_permission", {"toolCall": call, "options": options})["outcome"]
        chosen = [c for n, c in enumerate(choices) if outcome.get("optionId") == f"choice-{n}"]
        return chosen[0] if chosen else None

    # -- the protocol itself, for tests

    def _do_end(self, step: Json) -> None:
        raise Ended(step.get("reason", "end_turn"))

    def _do_error(self, step: Json) -> None:
        raise Failed(step.get("code", -32603), step["message"], step.get("data"))

    def _do_respond(self, step: Json) -> None:
        """Answer the request being handled with exactly this; ``{"do":"respond"}`` alone never answers it."""
        self.answered = True
        body: Json = {key: step[key] for key in ("result", "error") if key in step}
        if body:
            self.stage.wire.send({"id": self._identity, **body})

    def _do_send(self, step: Json) -> None:
        self.stage.wire.send(step["message"])

    def _do_raw(self, step: Json) -> None:
        """Write bytes as they are: ``text`` or ``base64``, ``repeat`` times, with no newline of our own."""
        data = base64.b64decode(step["base64"]) if "base64" in step else step["text"].encode()
        for _ in range(step.get("repeat", 1)):
            self.stage.wire.write(data)

    def _do_await(self, step: Json) -> None:
        """Wait until the client has said ``message`` (a method, or "response") ``times`` times in all."""
        wire = self.stage.wire
        with wire.heard:
            wire.heard.wait_for(lambda: wire.seen.count(step["message"]) >= step.get("times", 1))

    def _do_gate(self, step: Json) -> None:
        """Wait until a file exists: how a test says "now"."""
        path = Path(step["path"].replace("{cwd}", self.stage.session.cwd if self.stage.session else ""))
        while not path.exists():
            if self._cancelled.wait(0.01) and not step.get("hold"):
                raise Stopped

    def _do_exit(self, step: Json) -> None:
        self.stage.session.save()
        os._exit(step["code"])

    # -- parts

    def _request(self, method: str, params: Json) -> Json:
        """Ask the client and wait. Raises Stopped when the turn is cancelled, Failed when it refuses."""
        session = self.stage.session
        session.save()
        box = self.stage.wire.request(method, {"sessionId": session.id, **params})
        answer = None if self._cancelled.is_set() else box.get()
        if answer is None or self._cancelled.is_set():
            raise Stopped
        if "error" in answer:
            raise Failed(-32603, f"the client refused {method}: {answer['error'].get('message')}")
        result: Json = answer.get("result") or {}
        return result

    def _stream(self, update: str, text: str) -> None:
        for start in range(0, len(text), PIECE):
            piece = {"type": "text", "text": text[start : start + PIECE]}
            self.stage.notify({"sessionUpdate": update, "content": piece})
            self._pause(PIECE_S)

    def _pause(self, seconds: float) -> None:
        if self._cancelled.wait(seconds * self.stage.pace):
            raise Stopped

    def _next_call(self) -> str:
        self.stage.session.calls += 1
        return f"call-{self.stage.session.calls}"

    def _call(self, title: str, kind: str, paths: list[str], *, content: Any = None, raw: Json | None = None) -> Json:
        """Report a tool call that begins, and return what a permission request says about it."""
        where = [{"path": str(Path(self.stage.session.cwd) / path)} for path in paths]
        call: Json = {"toolCallId": self._next_call(), "title": title, "kind": kind, "status": "pending"}
        call |= {"locations": where} if where else {}
        call |= {"content": content} if content else {}
        call |= {"rawInput": raw} if raw else {}
        self.stage.notify({"sessionUpdate": "tool_call", **call})
        return call

    def _change(self, call: Json, status: str, **more: Any) -> None:
        update: Json = {"sessionUpdate": "tool_call_update", "toolCallId": call["toolCallId"], "status": status}
        self.stage.notify(update | more)

    def _done(self, call: Json, content: list[Json], status: str = "completed", raw: Json | None = None) -> None:
        self._change(call, status, content=content, **({"rawOutput": raw} if raw else {}))

    def _allowed(self, call: Json, what: str) -> bool:
        session = self.stage.session
        if what in session.always or (what == "edit" and session.mode == "edits"):
            return True
        try:
            answer = self._request("session/request_permission", {"toolCall": call, "options": PERMISSIONS})
        except (Stopped, Failed):
            self._done(call, [_text("Not carried out.")], status="failed")
            raise
        chosen = answer["outcome"].get("optionId")
        if chosen == "yes-always":
            session.always.append(what)
        if chosen in ("yes", "yes-always"):
            self._change(call, "in_progress")
            return True
        self._done(call, [_text("Denied.")], status="failed")
        return False

    def _execute(self, call: Json, command: str) -> tuple[int, str]:
        output = ""
        self._change(call, "in_progress")
        self._running = self._spawn(command, subprocess.PIPE)
        if self._cancelled.is_set():  # between the check and the start: ``cancel`` saw nothing to kill
            _kill(self._running)
        for line in self._running.stdout or ():
            output += line.decode("utf-8", "replace")
            self._change(call, "in_progress", content=[_text(output)])
        code = self._running.wait()
        self._running = None
        if self._cancelled.is_set():
            self._done(call, [_text(output + "Interrupted.")], status="failed")
            raise Stopped
        return code, output

    def _spawn(self, command: str, out: int) -> subprocess.Popen[bytes]:
        env = dict(os.environ)
        # The scenes say python3: make that the interpreter we run on, wherever it lives.
        env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', '')}"
        return subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=self.stage.session.cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT if out == subprocess.PIPE else subprocess.DEVNULL,
            start_new_session=True,
        )


def _text(text: str) -> Json:
    return {"type": "content", "content": {"type": "text", "text": text}}


def _kill(child: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]

"""Messages of Codex as short as tests need them; the recorded ones are in ``tests/corpus/codex``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from agents.adapters.codex.adapter import CodexAdapter
from agents.adapters.contract import Fact, Noted, ToolCallChanged
from agents.model import ToolCall, Turn
from agents.spec import Spec
from tests.unit.agents.adapters.tape import Drive, kind, prompt, spec

Json = dict[str, Any]

KIND = kind(family="codex", mode="ask")

THREAD = "th-1"
WRITABLE: Json = {
    "type": "workspaceWrite", "writableRoots": [], "networkAccess": False,
    "excludeTmpdirEnvVar": False, "excludeSlashTmp": False,
}  # fmt: skip
READ_ONLY: Json = {"type": "readOnly", "networkAccess": False}


def opened_thread(thread: str = THREAD, **more: Any) -> Json:
    """Answer ``thread/start`` and its like."""
    told = {"thread": {"id": thread, "turns": []}, "model": "gpt", "approvalPolicy": "untrusted", "sandbox": WRITABLE}
    return {**told, **more}


def open_codex(drive: Drive, incarnation: int = 1, **more: Any) -> None:
    """Take an adapter from a fresh process to an open thread; the models are not listed yet."""
    drive.start(incarnation)
    drive.reply({"userAgent": "codex"})
    drive.reply({"account": None, "requiresOpenaiAuth": False})
    drive.reply(opened_thread(**more))


def notice(method: str, thread: str | None = THREAD, **params: Any) -> Json:
    return {"method": method, "params": {**({"threadId": thread} if thread else {}), **params}}


def answer(rpc_id: Any, result: Any = None, error: str | None = None) -> Json:
    if error is not None:
        return {"id": rpc_id, "error": {"code": -32600, "message": error}}
    return {"id": rpc_id, "result": {} if result is None else result}


def turn_started(turn: str = "tu-1") -> list[Json]:
    return [notice("thread/status/changed", status=active()), notice("turn/started", turn={"id": turn})]


def active(*flags: str) -> Json:
    return {"type": "active", "activeFlags": list(flags)}


def turn_completed(turn: str = "tu-1", status: str = "completed", error: Json | None = None) -> Json:
    return notice("turn/completed", turn={"id": turn, "status": status, "error": error})


def item(kind: str, item_id: str, *, done: bool = False, **fields: Any) -> Json:
    what = "item/completed" if done else "item/started"
    return notice(what, turnId="tu-1", item={"type": kind, "id": item_id, **fields})


def taken(client: str, text: str = "x") -> Json:
    return item("userMessage", "u1", clientId=client, content=[{"type": "text", "text": text}])


def delta(text: str, item_id: str = "m1", what: str = "item/agentMessage/delta", **more: Any) -> Json:
    return notice(what, turnId="tu-1", itemId=item_id, delta=text, **more)


def command(item_id: str, line: str, *, done: bool = False, **fields: Any) -> Json:
    actions = [{"type": "unknown", "command": line}]
    status = "completed" if done else "inProgress"
    given = {"command": f"/bin/bash -lc '{line}'", "cwd": "/repo", "status": status, "commandActions": actions}
    return item("commandExecution", item_id, done=done, **{**given, **fields})


def edit(item_id: str, *changes: Json, done: bool = False, status: str = "inProgress") -> Json:
    return item("fileChange", item_id, done=done, changes=list(changes), status="completed" if done else status)


def added(path: str = "/repo/a.txt", text: str = "one\n") -> Json:
    return {"path": path, "kind": {"type": "add"}, "diff": text}


def asks(rpc_id: Any, what: str, item_id: str = "c1", **params: Any) -> Json:
    """Ask for the user's approval of ``what``: commandExecution, fileChange or permissions."""
    given = {"threadId": THREAD, "turnId": "tu-1", "itemId": item_id, "startedAtMs": 1, **params}
    return {"id": rpc_id, "method": f"item/{what}/requestApproval", "params": given}


def request(rpc_id: Any, method: str, **params: Any) -> Json:
    return {"id": rpc_id, "method": method, "params": {"threadId": THREAD, "turnId": "tu-1", **params}}


def retry(info: Any, message: str = "Reconnecting... 1/5", details: str | None = None, *, again: bool = True) -> Json:
    error = {"message": message, "codexErrorInfo": info, "additionalDetails": details}
    return notice("error", turnId="tu-1", error=error, willRetry=again)


def tokens(total: int, last: int, thread: str = THREAD, **more: Any) -> Json:
    def count(number: int) -> Json:
        return {"totalTokens": number + 2, "inputTokens": number, "cachedInputTokens": 1, "outputTokens": 2}

    usage = {"total": count(total), "last": count(last), "modelContextWindow": 1000, **more}
    return notice("thread/tokenUsage/updated", thread, turnId="tu-1", tokenUsage=usage)


# ---------------------------------------------------------------- an agent, and what is seen of it


def fresh(own: Spec | None = None) -> Drive:
    drive = Drive(CodexAdapter(KIND, own or spec(family="codex")))
    drive.start()
    return drive


def greet(drive: Drive) -> None:
    drive.reply({"userAgent": "codex"})
    drive.reply({"account": None, "requiresOpenaiAuth": False})


def sent(data: bytes) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(data)
    return message


def opened(**more: Any) -> Drive:
    """Return an agent whose thread is open and whose models are listed."""
    drive = Drive(CodexAdapter(KIND, spec(family="codex")))
    open_codex(drive, **more)
    drive.reply({"data": [], "nextCursor": None})
    return drive


def running(turn: int = 1) -> Drive:
    """Return an agent in the middle of a turn."""
    drive = opened()
    prompt(drive, turn)
    drive.says(answer(f"t{turn}", {"turn": {"id": "tu-1"}}), *turn_started())
    return drive


def turn_now(drive: Drive) -> tuple[Turn, str]:
    (evidence,) = drive.adapter.evidence()
    return evidence.turn, evidence.detail


def tools(drive: Drive) -> list[ToolCall]:
    return [fact.call for fact in drive.facts if isinstance(fact, ToolCallChanged)]


def notes(facts: Sequence[Fact]) -> list[str]:
    return [fact.text for fact in facts if isinstance(fact, Noted)]

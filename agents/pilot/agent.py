"""Pilot as an ACP agent: answers the client's requests with sessions, settings and turns.

Owns the open sessions and the one provider. Knows no vendor's format and no descriptor.
"""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from agents.model import Cause
from agents.pilot import updates
from agents.pilot.content import prompt_text
from agents.pilot.conversation import CANCELLED, INTERRUPTED, Conversation, Said
from agents.pilot.instructions import gather
from agents.pilot.models import Models
from agents.pilot.permissions import SessionMode
from agents.pilot.providers.choice import Choice
from agents.pilot.providers.contract import Provider, ProviderFault
from agents.pilot.rpc import (
    AUTH_REQUIRED,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    Json,
    Peer,
    RpcError,
)
from agents.pilot.session import Secrets, Session
from agents.pilot.store import PAGE, SessionRefused, Store
from agents.pilot.tools.box import toolbox
from agents.pilot.turn import Setting, Turn

PROTOCOL_VERSION: Final = 1

_AUTH_METHODS: Final = [
    {
        "id": "anthropic-api-key",
        "name": "Anthropic API key",
        "description": "set ANTHROPIC_API_KEY where Pilot is started, then start it again",
        "type": "env_var",
        "vars": [{"name": "ANTHROPIC_API_KEY", "label": "API key", "secret": True}],
    },
    {
        "id": "openai-api-key",
        "name": "OpenAI API key",
        "description": "set OPENAI_API_KEY where Pilot is started, then start it again",
        "type": "env_var",
        "vars": [{"name": "OPENAI_API_KEY", "label": "API key", "secret": True}],
    },
    {
        "id": "local-endpoint",
        "name": "Local endpoint",
        "description": "set OPENAI_BASE_URL (like http://127.0.0.1:11434/v1) where Pilot is started; no key is needed",
        "type": "env_var",
        "vars": [{"name": "OPENAI_BASE_URL", "label": "Base URL", "secret": False}],
    },
]


class Parts(msgspec.Struct, frozen=True):
    """What Pilot is built of. ``env`` is what its commands inherit, less the keys."""

    choice: Choice
    provider: Provider
    store: Store
    env: Mapping[str, str]


class Pilot:
    """All sessions of one process; lives in the loop."""

    def __init__(self, peer: Peer, parts: Parts, tasks: asyncio.TaskGroup) -> None:
        self._peer, self._tasks = peer, tasks
        self._choice, self._provider, self._store = parts.choice, parts.provider, parts.store
        self._env = parts.env
        self._models = Models(parts.provider, parts.choice)
        self._secrets = Secrets(parts.env)
        self._loading: asyncio.Task[None] | None = None
        self._sessions: dict[str, Session] = {}
        self._methods: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "initialize": self._initialize,
            "authenticate": self._authenticate,
            "session/new": self._new,
            "session/load": self._load,
            "session/resume": self._resume,
            "session/fork": self._fork,
            "session/list": self._list,
            "session/close": self._close,
            "session/set_mode": self._set_mode,
            "session/set_model": self._set_model,
            "session/set_config_option": self._set_option,
            "session/prompt": self._prompt,
        }

    async def handle(self, method: str, params: Json) -> Json:
        """Answer a request. Raises RpcError."""
        known = self._methods.get(method)
        if known is None:
            raise RpcError(METHOD_NOT_FOUND, f"Pilot does not offer {method[:100]}")
        try:
            return await known(params)
        except SessionRefused as error:
            raise RpcError(INVALID_PARAMS, str(error)) from error
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            text = f"{method} failed: {error.strerror or error}{where}"
            raise RpcError(INTERNAL_ERROR, text, _data(Cause.UNKNOWN, text)) from error

    def hear(self, method: str, params: Json) -> None:
        """Take a notification."""
        session = self._sessions.get(str(params.get("sessionId")))
        if method == "session/cancel" and session is not None:
            _cancel(session)

    async def close(self) -> None:
        """Let everything go; the turns have ended."""
        if self._loading is not None:
            self._loading.cancel()
        for session in self._sessions.values():
            session.close()
        await self._provider.close()

    # -- the handshake

    async def _initialize(self, _params: Json) -> Json:
        if not self._choice.problem:
            self._loading = self._tasks.create_task(self._models.load())  # the SDK takes a second to import: begin now
        sessions: Json = {"list": {}, "resume": {}, "fork": {}, "close": {}}
        return {
            "protocolVersion": PROTOCOL_VERSION,
            "agentCapabilities": {
                "loadSession": True,
                "promptCapabilities": {"image": False, "audio": False, "embeddedContext": True},
                "mcpCapabilities": {"http": False, "sse": False},
                "sessionCapabilities": sessions,
            },
            "authMethods": _AUTH_METHODS,
            "agentInfo": {"name": "quarterdeck-pilot", "title": "Pilot", "version": "1"},
        }

    async def _authenticate(self, params: Json) -> Json:
        method = params.get("methodId")
        if method not in {known["id"] for known in _AUTH_METHODS}:
            raise RpcError(INVALID_PARAMS, f"there is no auth method “{str(method)[:60]}”")
        self._require_endpoint()
        return {}

    def _require_endpoint(self) -> None:
        problem = self._choice.problem
        if not problem:
            return
        code = AUTH_REQUIRED if self._choice.needs_key else INVALID_PARAMS
        raise RpcError(code, problem, _data(Cause.AUTH if self._choice.needs_key else Cause.UNKNOWN, problem))

    # -- sessions

    async def _new(self, params: Json) -> Json:
        self._require_endpoint()
        head, file = self._store.create(_directory(params), time.time())
        session = self._opened(Session(head, Conversation(), file, self._secrets))
        return {"sessionId": session.id, **await self._settings(session)}

    async def _load(self, params: Json) -> Json:
        session = self._open(params)
        for update in updates.history(session.conversation.entries):
            self._peer.tell("session/update", {"sessionId": session.id, "update": update})
            await self._peer.room()
        return await self._settings(session)

    async def _resume(self, params: Json) -> Json:
        return await self._settings(self._open(params))

    def _open(self, params: Json) -> Session:
        self._require_endpoint()
        wanted, cwd = str(params.get("sessionId")), _directory(params)
        already = self._sessions.get(wanted)
        if already is not None:
            return already
        head, conversation, file = self._store.open(wanted)
        if Path(head.cwd).resolve() != Path(cwd).resolve():
            file.close()
            raise SessionRefused(f"session {wanted} belongs to {head.cwd}, not to {cwd}: begin a new one")
        session = self._opened(Session(head, conversation, file, self._secrets))
        session.repair(INTERRUPTED)
        return session

    async def _fork(self, params: Json) -> Json:
        self._require_endpoint()
        wanted = str(params.get("sessionId"))
        cwd = _directory(params)
        running = self._sessions.get(wanted)
        entries = list(running.conversation.entries if running else self._store.read(wanted)[1].entries)
        head, file = self._store.create(cwd, time.time(), parent=wanted)
        session = self._opened(Session(head, Conversation(), file, self._secrets))
        session.begin_with(entries)
        return {"sessionId": session.id, **await self._settings(session)}

    def _opened(self, session: Session) -> Session:
        self._sessions[session.id] = session
        return session

    async def _list(self, params: Json) -> Json:
        cwd, cursor = params.get("cwd"), params.get("cursor")
        try:
            start = int(cursor) if cursor else 0
        except (TypeError, ValueError) as error:
            raise RpcError(INVALID_PARAMS, "this cursor is not one of Pilot's") from error
        listed = await asyncio.to_thread(self._store.listed, cwd if isinstance(cwd, str) else None)
        page = listed[start : start + PAGE]
        sessions = [{"sessionId": s.id, "cwd": s.cwd, "title": s.title, "updatedAt": _iso(s.at)} for s in page]
        more = {"nextCursor": str(start + PAGE)} if start + PAGE < len(listed) else {}
        return {"sessions": sessions, **more}

    async def _close(self, params: Json) -> Json:
        session = self._session(params)
        del self._sessions[session.id]
        if session.turn is not None:
            _cancel(session)
            await asyncio.wait({session.turn})
        session.close()
        return {}

    def _session(self, params: Json) -> Session:
        session = self._sessions.get(str(params.get("sessionId")))
        if session is None:
            raise RpcError(INVALID_PARAMS, f"session {str(params.get('sessionId'))[:60]} is not open: load it first")
        return session

    # -- settings

    async def _settings(self, session: Session) -> Json:
        await self._models.load()
        model = session.model or self._models.default()
        return {"modes": updates.modes(session.mode), "configOptions": updates.models(model, self._models.offered)}

    async def _set_mode(self, params: Json) -> Json:
        session, mode = self._session(params), str(params.get("modeId"))
        if mode not in set(SessionMode):
            raise RpcError(INVALID_PARAMS, f"there is no mode “{mode[:60]}”; modes: {', '.join(SessionMode)}")
        session.choose("mode", mode)
        self._tell(session, {"sessionUpdate": "current_mode_update", "currentModeId": session.mode.value})
        return {}

    async def _set_model(self, params: Json) -> Json:
        session = self._session(params)
        options = self._choose_model(session, params.get("modelId"))
        self._tell(session, {"sessionUpdate": "config_option_update", "configOptions": options})
        return {}

    async def _set_option(self, params: Json) -> Json:
        session, option = self._session(params), params.get("configId")
        if option != updates.MODEL_OPTION:
            raise RpcError(INVALID_PARAMS, f"there is no option “{str(option)[:60]}”; options: {updates.MODEL_OPTION}")
        return {"configOptions": self._choose_model(session, params.get("value"))}

    def _choose_model(self, session: Session, model: Any) -> list[Json]:
        if not isinstance(model, str) or not model.strip() or len(model) > 200:
            raise RpcError(INVALID_PARAMS, "the model must be a name")
        # Also one the list does not have: endpoints serve more than they list, and say so when not.
        session.choose("model", model)
        return updates.models(model, self._models.offered)

    def _tell(self, session: Session, update: Json) -> None:
        self._peer.tell("session/update", {"sessionId": session.id, "update": update})

    # -- turns

    async def _prompt(self, params: Json) -> Json:
        session = self._session(params)
        if session.turn is not None:
            raise RpcError(INVALID_REQUEST, "a turn is running in this session: cancel it, or wait for its end")
        text = prompt_text(params.get("prompt"))
        session.turn = asyncio.current_task()
        try:
            return await self._run(session, text)
        finally:
            session.turn = None

    async def _run(self, session: Session, text: str) -> Json:
        """Run one turn; what was said is on disk before the model is asked, so it is never lost."""
        session.repair()  # should the last turn have failed in a way nobody thought of
        session.record(Said(text, time.time()), sync=True)
        turn = None
        try:
            turn = Turn(await self._setting(session))
            reason = await turn.run()
        except asyncio.CancelledError:
            reason = "cancelled"
            if turn is not None:
                turn.end(CANCELLED)
        except RpcError:
            if turn is not None:
                turn.end(CANCELLED)
            raise
        except ProviderFault as fault:
            if turn is not None:
                turn.end(fault.message)
            raise _failure(fault, session, turn) from fault
        usage = {} if turn is None or turn.spent is None else {"usage": updates.usage(turn.spent)}
        return {"stopReason": reason, **usage}

    async def _setting(self, session: Session) -> Setting:
        await self._models.load()
        model = session.model or self._models.default()
        if model is None:
            raise self._models.missing()
        instructions = await asyncio.to_thread(gather, session.project, Path(self._env.get("HOME") or "/"))
        return Setting(
            session=session,
            peer=self._peer,
            provider=self._provider,
            models=self._models,
            instructions=instructions,
            tools=toolbox(self._env, instructions.skills),
            model=model,
            max_tokens=self._choice.max_tokens,
            thinking=self._choice.thinking,
        )


def _cancel(session: Session) -> None:
    """Cancel the running turn, once: a second time would cut short what the first one has to clean up."""
    if session.turn is not None and not session.turn.cancelling():
        session.turn.cancel()


def _failure(fault: ProviderFault, session: Session, turn: Turn | None) -> RpcError:
    code = AUTH_REQUIRED if fault.cause is Cause.AUTH else INTERNAL_ERROR
    message = session.hide(fault.message)
    data = _data(fault.cause, message, fault.status, fault.until)
    if turn is not None and turn.spent is not None:
        data["usage"] = updates.usage(turn.spent)
    return RpcError(code, message, data)


def _data(cause: Cause, message: str, status: int | None = None, until: float | None = None) -> Json:
    """Return the ``data`` of an error, as docs/guide/pilot.md describes it."""
    return {"cause": cause.value, "status": status, "until": until, "message": message}


def _directory(params: Json) -> str:
    cwd = params.get("cwd")
    if not isinstance(cwd, str) or not Path(cwd).is_absolute():
        raise RpcError(INVALID_PARAMS, "“cwd” must be an absolute path")
    if not Path(cwd).is_dir():
        raise RpcError(INVALID_PARAMS, f"{cwd} is no directory")
    return cwd


def _iso(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="seconds")

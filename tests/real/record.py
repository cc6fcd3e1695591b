"""Records what the real ACP agents say into tests/corpus/acp/: run by hand after a new pin, never by a test.

``python tests/real/record.py [AGENT [NAME]]``; afterwards read the diff: it is what changed in the program.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from agents.adapters.kinds import RESOURCES, load_kinds
from tests.fakes.acp_client import AcpClient, Json
from tests.fakes.model_api import ModelApi
from tests.real import claude_agent_acp, gemini, opencode
from tests.real.install import program

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "acp"
PERMISSION = "session/request_permission"

#: What our adapter offers in its handshake; some kinds add to it.
CAPABILITIES: Json = {
    "fs": {"readTextFile": False, "writeTextFile": False},
    "terminal": False,
    "elicitation": {"form": {}},
}


async def _allow(client: AcpClient, kind: str = "allow_once", nth: int = 1) -> None:
    """Allow what it asks; opencode then asks to write the file it has written, which is refused."""
    await client.choose(await client.request(PERMISSION, nth), kind)
    if "opencode" in client.argv[0] and kind == "allow_once":
        request = await client.request("fs/write_text_file")
        await client.send({"id": request["id"], "error": {"code": -32601, "message": "no such method"}})


async def _open(client: AcpClient, repo: Path) -> str:
    return await client.open(repo, **capabilities(client))


def capabilities(client: AcpClient) -> Json:
    """Return what we offer to this agent."""
    kinds = load_kinds([RESOURCES / "agents"]).kinds
    meta = kinds[Path(client.argv[0]).name].quirks.get("client_meta")
    return CAPABILITIES | ({"_meta": meta} if meta else {})


async def allow(client: AcpClient, repo: Path) -> None:
    """Allow an edit."""
    session = await _open(client, repo)
    turn = await client.prompt(session, "Write hello.txt")
    await _allow(client)
    await client.answer(turn)


async def deny(client: AcpClient, repo: Path) -> None:
    """Deny an edit."""
    session = await _open(client, repo)
    turn = await client.prompt(session, "Write hello.txt")
    await client.choose(await client.request(PERMISSION), "reject_once")
    await client.answer(turn)


async def cancel(client: AcpClient, repo: Path) -> None:
    """Interrupt a turn while a permission is open; the next one works."""
    session = await _open(client, repo)
    turn = await client.prompt(session, "Write hello.txt")
    request = await client.request(PERMISSION)
    await client.send({"method": "session/cancel", "params": {"sessionId": session}})
    await client.send({"id": request["id"], "result": {"outcome": {"outcome": "cancelled"}}})
    await client.answer(turn)
    turn = await client.prompt(session, "Write it after all")
    await _allow(client, nth=2)
    await client.answer(turn)


async def always(client: AcpClient, repo: Path) -> None:
    """Allow a command for good: the second turn does not ask."""
    session = await _open(client, repo)
    turn = await client.prompt(session, "Run it")
    await _allow(client, "allow_always")
    await client.answer(turn)
    await client.answer(await client.prompt(session, "Run it again"))


async def plain(client: AcpClient, repo: Path) -> None:
    """Take a turn without tools (or one that fails)."""
    session = await _open(client, repo)
    await client.answer(await client.prompt(session, "Say something"))
    (repo / "session").write_text(session)


async def killed(client: AcpClient, repo: Path) -> None:
    """Kill the process while a permission is open."""
    session = await _open(client, repo)
    await client.prompt(session, "Write hello.txt")
    await client.request(PERMISSION)
    client.process.kill()
    (repo / "session").write_text(session)


async def loaded(client: AcpClient, repo: Path) -> None:
    """Load the killed process's session in the next one."""
    await _continue(client, repo, "session/load")


async def resumed(client: AcpClient, repo: Path) -> None:
    """Resume the killed process's session in the next one."""
    await _continue(client, repo, "session/resume")


async def _continue(client: AcpClient, repo: Path, method: str) -> None:
    session = (repo / "session").read_text()
    if "gemini" in client.argv[0]:  # it overwrites a session that is loaded in the minute in which it began
        await asyncio.sleep(61 - time.time() % 60)
    await client.call("initialize", {"protocolVersion": 1, "clientCapabilities": capabilities(client)})
    await client.call(method, {"sessionId": session, "cwd": str(repo), "mcpServers": []})
    turn = await client.prompt(session, "Once more")
    await _allow(client)
    await client.answer(turn)


async def forked(client: AcpClient, repo: Path) -> None:
    """Begin with a copy of the session of the process before."""
    await client.call("initialize", {"protocolVersion": 1, "clientCapabilities": capabilities(client)})
    params = {"sessionId": (repo / "session").read_text(), "cwd": str(repo), "mcpServers": []}
    session = (await client.call("session/fork", params))["result"]["sessionId"]
    await client.answer(await client.prompt(session, "Once more"))


async def plan(client: AcpClient, repo: Path) -> None:
    """Switch the mode, which this agent announces as a configuration option."""
    session = await _open(client, repo)
    await client.call("session/set_config_option", {"sessionId": session, "configId": "mode", "value": "plan"})


async def settings(client: AcpClient, repo: Path) -> None:
    """Switch mode and model by the methods of their own."""
    session = await _open(client, repo)
    await client.call("session/set_mode", {"sessionId": session, "modeId": "plan"})
    await client.call("session/set_model", {"sessionId": session, "modelId": "gemini-3.8-flash"})
    await client.answer(await client.prompt(session, "Say something"))


async def options(client: AcpClient, repo: Path) -> None:
    """Switch mode and model, both configuration options."""
    session = await _open(client, repo)
    for config, value in (("mode", "plan"), ("model", "haiku")):
        await client.call("session/set_config_option", {"sessionId": session, "configId": config, "value": value})
    await client.answer(await client.prompt(session, "Say something"))


Play = Callable[[AcpClient, Path], Awaitable[None]]
Recordings = tuple[tuple[str, tuple[tuple[str, Play], ...]], ...]

_COMMON: Recordings = (
    ("write", (("allow", allow),)),
    ("write", (("deny", deny),)),
    ("write", (("cancel", cancel),)),
    ("text", (("text", plain),)),
)

#: By agent: a scenario of the scripted model API, and what is done with one process after the other.
RECORDINGS: dict[str, Recordings] = {
    "opencode": (
        *_COMMON,
        ("bash", (("always", always),)),
        ("401", (("unauthorized", plain),)),
        ("write", (("killed", killed), ("resumed", resumed))),
        ("write", (("", killed), ("loaded", loaded))),
        ("text", (("plan", plan),)),
    ),
    "gemini": (
        *_COMMON,
        ("bash", (("always", always),)),
        ("401", (("unauthorized", plain),)),
        ("429-after", (("limited", plain),)),
        ("cut", (("cut", plain),)),
        ("write", (("killed", killed), ("loaded", loaded))),
        ("text", (("settings", settings),)),
    ),
    "claude-agent-acp": (
        *_COMMON,
        ("529", (("overloaded", plain),)),
        ("429-soon", (("waited", plain),)),
        ("404", (("no-model", plain),)),
        ("write", (("killed", killed), ("resumed", resumed))),
        ("write", (("", killed), ("loaded", loaded))),
        ("text", (("", plain), ("forked", forked))),
        ("text", (("settings", options),)),
    ),
}


def _start(agent: str, home: Path, url: str) -> tuple[list[str], dict[str, str]]:
    """Return argv and environment of an agent."""
    if agent == "opencode":
        path = program("opencode")
        return [str(path), "acp"], opencode.environment(path, home, url)
    if agent == "gemini":
        env = gemini.environment(home, url)
        return [_found("gemini", env), "--acp"], env
    env = claude_agent_acp.environment(home, url)
    return [_found("claude-agent-acp", env)], env


def _found(name: str, env: dict[str, str]) -> str:
    found = shutil.which(name, path=env["PATH"])
    if found is None:
        raise SystemExit(f"{name} is not installed: run `make real`")
    return found


def _repository(path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(path)], check=True)
    return path


async def _record(agent: str, scenario: str, plays: tuple[tuple[str, Play], ...]) -> None:
    with tempfile.TemporaryDirectory(prefix="qd-", ignore_cleanup_errors=True) as folder, ModelApi() as api:
        home = Path(folder)
        repo = _repository(home / "repo")
        argv, env = _start(agent, home, api.url(scenario))
        for name, play in plays:
            async with asyncio.timeout(150), AcpClient(argv, repo, env) as client:
                await play(client, repo)
            if not name:  # only sets the stage for the next
                continue
            target = CORPUS / f"{agent}-{name}.jsonl"
            target.parent.mkdir(parents=True, exist_ok=True)
            lines = [json.dumps({"dir": d, "line": _trimmed(line, folder)}) for d, line in client.trace]
            target.write_text("\n".join(lines) + "\n")
            print(f"{target.relative_to(CORPUS.parents[2])}: {len(lines)} lines")


def _trimmed(line: str, folder: str) -> str:
    """Return a line without this machine's folder and without the long list of commands, of which two tell as much."""
    line = line.replace(folder, "/home/dev")
    if "availableCommands" not in line:
        return line
    message = json.loads(line)
    update = message["params"]["update"]
    commands = update["availableCommands"][:2]
    update["availableCommands"] = [{**one, "description": one["description"][:60]} for one in commands]
    return json.dumps(message)


async def main() -> None:
    """Record what was named, or everything anew."""
    agents, names = sys.argv[1:2] or list(RECORDINGS), sys.argv[2:]
    for agent in agents:
        for scenario, plays in RECORDINGS[agent]:
            if not names or any(name in names for name, _ in plays):
                await _record(agent, scenario, plays)


if __name__ == "__main__":
    asyncio.run(main())

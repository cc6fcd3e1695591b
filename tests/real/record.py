"""Records what the real opencode says into tests/corpus/acp/: run by hand after a new pin, never by a test.

``python tests/real/record.py``; afterwards read the diff: it is what changed in the program.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fakes.acp_client import AcpClient
from tests.fakes.model_api import ModelApi
from tests.real.install import program
from tests.real.opencode import environment

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "acp"
PERMISSION = "session/request_permission"

#: What our adapter offers in its handshake.
CAPABILITIES = {
    "fs": {"readTextFile": False, "writeTextFile": False},
    "terminal": False,
    "elicitation": {"form": {}},
}


async def _refuse_files(client: AcpClient, nth: int = 1) -> None:
    request = await client.request("fs/write_text_file", nth)
    await client.send({"id": request["id"], "error": {"code": -32601, "message": "no such method"}})


async def allow(client: AcpClient, repo: Path) -> None:
    """Allow an edit."""
    session = await client.open(repo, **CAPABILITIES)
    turn = await client.prompt(session, "Write hello.txt")
    await client.choose(await client.request(PERMISSION), "allow_once")
    await _refuse_files(client)
    await client.answer(turn)


async def deny(client: AcpClient, repo: Path) -> None:
    """Deny an edit."""
    session = await client.open(repo, **CAPABILITIES)
    turn = await client.prompt(session, "Write hello.txt")
    await client.choose(await client.request(PERMISSION), "reject_once")
    await client.answer(turn)


async def cancel(client: AcpClient, repo: Path) -> None:
    """Interrupt a turn while a permission is open; the next one works."""
    session = await client.open(repo, **CAPABILITIES)
    turn = await client.prompt(session, "Write hello.txt")
    request = await client.request(PERMISSION)
    await client.send({"method": "session/cancel", "params": {"sessionId": session}})
    await client.send({"id": request["id"], "result": {"outcome": {"outcome": "cancelled"}}})
    await client.answer(turn)
    turn = await client.prompt(session, "Write it after all")
    await client.choose(await client.request(PERMISSION, 2), "allow_once")
    await _refuse_files(client)
    await client.answer(turn)


async def always(client: AcpClient, repo: Path) -> None:
    """Allow a command for good: the second turn does not ask."""
    session = await client.open(repo, **CAPABILITIES)
    turn = await client.prompt(session, "Run it")
    await client.choose(await client.request(PERMISSION), "allow_always")
    await client.answer(turn)
    await client.answer(await client.prompt(session, "Run it again"))


async def plain(client: AcpClient, repo: Path) -> None:
    """Take a turn without tools (or one that fails)."""
    session = await client.open(repo, **CAPABILITIES)
    await client.answer(await client.prompt(session, "Say something"))


async def killed(client: AcpClient, repo: Path) -> None:
    """Kill the process while a permission is open."""
    session = await client.open(repo, **CAPABILITIES)
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
    await client.call("initialize", {"protocolVersion": 1, "clientCapabilities": CAPABILITIES})
    await client.call(method, {"sessionId": session, "cwd": str(repo), "mcpServers": []})
    turn = await client.prompt(session, "Once more")
    await client.choose(await client.request(PERMISSION), "allow_once")
    await _refuse_files(client)
    await client.answer(turn)


async def plan(client: AcpClient, repo: Path) -> None:
    """Switch the mode, which this agent announces as a configuration option."""
    session = await client.open(repo, **CAPABILITIES)
    params = {"sessionId": session, "configId": "mode", "value": "plan"}
    await client.call("session/set_config_option", params)


Play = Callable[[AcpClient, Path], Awaitable[None]]
RECORDINGS: tuple[tuple[str, tuple[tuple[str, Play], ...]], ...] = (
    ("write", (("allow", allow),)),
    ("write", (("deny", deny),)),
    ("write", (("cancel", cancel),)),
    ("bash", (("always", always),)),
    ("text", (("text", plain),)),
    ("401", (("unauthorized", plain),)),
    ("write", (("killed", killed), ("resumed", resumed))),
    ("write", (("", killed), ("loaded", loaded))),
    ("text", (("plan", plan),)),
)


def _repository(path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(path)], check=True)
    return path


async def _record(scenario: str, plays: tuple[tuple[str, Play], ...]) -> None:
    path = program("opencode")
    with tempfile.TemporaryDirectory(prefix="qd-") as folder, ModelApi() as api:
        home = Path(folder)
        repo = _repository(home / "repo")
        env = environment(path, home, api.url(scenario))
        for name, play in plays:
            async with asyncio.timeout(60), AcpClient([str(path), "acp"], repo, env) as client:
                await play(client, repo)
            if not name:  # only sets the stage for the next
                continue
            target = CORPUS / f"opencode-{name}.jsonl"
            target.parent.mkdir(parents=True, exist_ok=True)
            lines = [json.dumps({"dir": d, "line": line.replace(folder, "/home/dev")}) for d, line in client.trace]
            target.write_text("\n".join(lines) + "\n")
            print(f"{target.relative_to(CORPUS.parents[2])}: {len(lines)} lines")


async def main() -> None:
    """Record every scenario anew."""
    for scenario, plays in RECORDINGS:
        await _record(scenario, plays)


if __name__ == "__main__":
    asyncio.run(main())

"""Records what the real agents say over their protocols into tests/corpus/status/, with what is true of them over time.

``python tests/real/corpus_protocols.py [KIND [NAME...]]``: run by hand after a new pin, never by a test. Our own
adapter does the talking, so that a recording holds what a daemon writes; what is true is read off the raw lines.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from agents.adapters.acp.adapter import AcpAdapter
from agents.adapters.claude.adapter import ClaudeAdapter
from agents.adapters.codex.adapter import CodexAdapter
from agents.adapters.contract import Factory
from agents.adapters.kinds import RESOURCES, load_kinds
from agents.recording import labels, protocol
from agents.recording.capture import NotSeen, Program
from agents.recording.piped import Piped
from agents.spec import Kind, Spec
from tests.fakes.model_api import MODEL, ModelApi
from tests.fakes.replies import Text, Tool
from tests.real import claude, codex, gemini, opencode, pilot
from tests.real.install import path
from tests.real.talk import Talk
from tests.real.truth import check_by_api
from tests.unit.agents.adapters.tape import Drive

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "status"

ADAPTERS: dict[str, Factory] = {"acp": AcpAdapter, "claude": ClaudeAdapter, "codex": CodexAdapter}

#: Seconds a program that hangs is left alone before it is interrupted.
PATIENCE_S = 6.0

# ---------------------------------------------------------------- scenes


async def allow(it: Talk) -> None:
    """Allow an edit."""
    await it.say("Write hello.txt")
    await it.asked()
    await it.answer("allow")
    await it.ended()


async def deny(it: Talk) -> None:
    """Deny an edit."""
    await it.say("Write hello.txt")
    await it.asked()
    await it.answer("deny")
    await it.ended()
    assert not (it.repo / "hello.txt").exists()


async def steps(it: Talk) -> None:
    """Take three steps, two of which ask."""
    await it.say("Do both")
    for _ in range(2):
        await it.asked()
        await it.answer("allow")
    await it.ended()


async def interrupted(it: Talk) -> None:
    """Interrupt in mid-stream; the next turn works."""
    await it.say("Count")
    await it.streaming()
    await it.interrupt()
    await it.rest()
    await it.say("Count again")
    await it.rest()
    await it.interrupt()


async def failing(it: Talk) -> None:
    """Fail for good: the vendor refuses the key, which may also be told as waiting for a login."""
    await it.say("Say something")
    await it.ended("error", alt=("idle", "done", "blocked"), note="the vendor refused the key")


async def question(it: Talk) -> None:
    """Ask the user something."""
    await it.say("Ask me")
    await it.asked(blocked="question")
    await it.answer("answer", answers={"Which database?": "sqlite"})
    await it.ended()


async def hurried(it: Talk) -> None:
    """Take a second turn without a pause."""
    await it.say("First")
    await it.ended()
    await it.say("Second")
    await it.ended()


async def silent(it: Talk) -> None:
    """Run a command that says nothing for long."""
    await it.say("Wait for it")
    await it.asked()
    await it.answer("allow")
    await it.file("waited.txt")
    await it.ended()


async def stopped(it: Talk) -> None:
    """Interrupt a command that runs."""
    await it.say("Wait for it")
    await it.asked()
    await it.answer("allow")
    await it.file("begun.txt")
    await it.rest()
    await it.interrupt()


async def hanging(it: Talk) -> None:
    """Wait for a vendor that never answers; then the user has enough."""
    await it.say("Say something")
    await asyncio.sleep(PATIENCE_S)
    await it.interrupt()


_SILENT = "touch begun.txt; sleep 6; touch waited.txt"
_QUESTION = {
    "questions": [
        {
            "question": "Which database?",
            "header": "Database",
            "multiSelect": False,
            "options": [
                {"label": "sqlite", "description": "one file"},
                {"label": "postgres", "description": "a server"},
            ],
        }
    ]
}

Scene = tuple[Callable[[Talk], Awaitable[None]], str]

#: Scenes while whose recordings rules may be looked at, and those that only measure.
TUNED: dict[str, Scene] = {
    "allow": (allow, "write"),
    "deny": (deny, "write"),
    "steps": (steps, "steps"),
    "interrupted": (interrupted, "slow"),
}
UNTUNED: dict[str, Scene] = {
    "hurried": (hurried, "text"),
    "silent": (silent, "silent"),
}

#: What only some kinds can do, or do soon enough.
MORE: dict[str, dict[str, dict[str, Scene]]] = {
    "claude": {
        "tuned": {"question": (question, "ask"), "failing": (failing, "403")},
        "untuned": {"hanging": (hanging, "hang")},
    },
    "codex": {"tuned": {"failing": (failing, "401")}, "untuned": {"stopped": (stopped, "silent")}},
    "gemini": {"tuned": {"failing": (failing, "401")}, "untuned": {"hanging": (hanging, "hang")}},
    "opencode": {"tuned": {"failing": (failing, "401")}, "untuned": {"stopped": (stopped, "silent")}},
    "pilot": {"tuned": {"failing": (failing, "401")}, "untuned": {"hanging": (hanging, "hang")}},
}


def scenes(kind: str) -> dict[str, tuple[str, Scene]]:
    """Return what is recorded of a kind: name to (part of the corpus, scene)."""
    parts = {"tuned": TUNED, "untuned": UNTUNED}
    return {n: (part, s) for part, alike in parts.items() for n, s in (alike | MORE[kind].get(part, {})).items()}


# ---------------------------------------------------------------- recording


def _launch(kind: Kind, root: Path, api: ModelApi, scenario: str) -> tuple[list[str], dict[str, str]]:
    """Return the command and the whole environment of an agent."""
    argv, url = list(kind.command), api.url(scenario)
    known = {"PATH": path()}
    if kind.name == "codex":
        env = codex.environment(_found(argv[0]), root)
        return [*argv, *codex.provider(url, MODEL)], env | known
    if kind.name == "claude":
        return argv, claude.environment(_found(argv[0]), root / "home", url) | known
    if kind.name == "gemini":
        return argv, gemini.environment(root / "home", url)
    if kind.name == "opencode":
        return argv, opencode.environment(_found(argv[0]), root / "home", url) | known
    own = f"pilot-{scenario}" if scenario in {"write", "steps", "silent"} else scenario
    return argv, pilot.environment(root / "home", "anthropic", api.url(own)) | known


def _found(name: str) -> Path:
    found = shutil.which(name, path=path())
    if found is None:
        raise SystemExit(f"{name} is not installed: run `make real`")
    return Path(found)


@contextmanager
def _place(kind: str) -> Iterator[Path]:
    """Yield a folder with a repository and a home, removed again."""
    if kind == "codex":
        with codex.home() as root:
            subprocess.run(["git", "init", "-q", "-b", "main", str(root / "repo")], check=True)
            yield root
        return
    with tempfile.TemporaryDirectory(prefix="qd-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        (root / "home").mkdir()
        subprocess.run(["git", "init", "-q", "-b", "main", str(root / "repo")], check=True)
        yield root


def _version(kind: Kind, env: dict[str, str]) -> str:
    if not kind.version_probe:
        return ""
    done = subprocess.run(kind.version_probe, env=env, capture_output=True, text=True, check=False)
    words = (done.stdout.strip() or "0").split()
    return next((word for word in words if word[0].isdigit()), words[0])


async def record(kind: Kind, name: str, part: str, scene: Scene) -> None:
    """Record one scene in a place of its own."""
    act, scenario = scene
    with ModelApi() as api, _place(kind.name) as root:
        _script(api)
        argv, env = _launch(kind, root, api, scenario)
        spec = Spec(
            *("recording", name, kind.name, kind.family, tuple(argv), str(root / "repo"), str(root / "repo")),
            created_at=time.time(),
            mode=kind.mode,
        )
        drive = Drive(ADAPTERS[kind.family](kind, spec))
        written: list[str] = []
        program = Program((*argv, *drive.adapter.arguments()), root / "repo", {**kind.env, **env})
        async with asyncio.timeout(150), Piped.run(program, protocol.Writer(written.append), drive.feed) as piped:
            it = Talk(kind, spec, piped, drive, api)
            await it.open()
            await act(it)
            await it.rest()
            duration = piped.stop()
        found = it.truth.labels(kind.name, kind.family, _version(kind, env), answered=None, duration=duration)
        check_by_api(found, api, piped.began)
        _keep(part, kind.name, name, "".join(written), found, root)


def _keep(part: str, kind: str, name: str, text: str, found: labels.Labels, root: Path) -> None:
    # Claude Code names folders of its own by the project's path.
    slug = re.sub(r"[^A-Za-z0-9]", "-", str(root))
    for own, shown in ((str(root), "/home/dev"), (slug, "-home-dev")):
        text = text.replace(own, shown)
    text = re.sub(rf"\b{re.escape(socket.gethostname())}\b", "host", text)
    if root.name in text:
        at = text.index(root.name)
        raise ValueError(f"{kind} {name}: the recording holds a path of this machine: {text[at - 60 : at + 60]}")
    target = CORPUS / part / kind / f"{name}.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    labels.write(labels.beside(target), found)
    print(f"{target.relative_to(CORPUS)}: {len(text) // 1024} KiB, {found.duration:.1f} s", flush=True)


def _script(api: ModelApi) -> None:
    pilot.script(api)
    wait = {"command": _SILENT, "description": "Wait"}
    api.script("silent", Tool("bash", wait), Text("It waited."))
    api.script("pilot-silent", Tool("shell", {"command": _SILENT}), Text("It waited."))
    api.script("ask", Tool("AskUserQuestion", _QUESTION), Text("sqlite it is."))


def main() -> int:
    """Record what was named, or everything anew; return how many scenes failed."""
    found = load_kinds([RESOURCES / "agents"])
    failed = 0
    for kind in sys.argv[1:2] or MORE:
        for name, (part, scene) in scenes(kind).items():
            if sys.argv[2:] and name not in sys.argv[2:]:
                continue
            try:
                asyncio.run(record(found.kinds[kind], name, part, scene))
            except (NotSeen, TimeoutError, ValueError, AssertionError) as problem:
                failed += 1
                print(f"{kind} {name}: {type(problem).__name__}: {problem}", file=sys.stderr, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())

"""How tests start Claude Code, with its own home and the scripted model API, and how they read what it did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from agents.model import AgentId, BlockKind
from agents.wire import Send
from tests.fakes.deck import Deck, wait_until
from tests.fakes.model_api import ModelApi

Start = Callable[..., AgentId]


def environment(program: Path, home: Path, base_url: str) -> dict[str, str]:
    """Return the whole environment of a Claude Code that knows no user, no key, no network and no /tmp of others."""
    temporary = home / "tmp"
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "PATH": f"{program.parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / "claude"),
        "CLAUDE_CODE_TMPDIR": str(temporary),
        "XDG_RUNTIME_DIR": str(temporary),
        "ANTHROPIC_BASE_URL": base_url.removesuffix("/v1"),
        "ANTHROPIC_API_KEY": "none",
        # All of these would ask a host on the network.
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }


def transcript_written(deck: Deck, text: str) -> None:
    """Wait until Claude Code has its own transcript on disk: it writes late, and what it has not written is lost."""
    folder = deck.root / "agent-home" / "claude" / "projects"

    def is_written() -> bool:
        return any(text in path.read_text(errors="replace") for path in folder.glob("*/*.jsonl"))

    wait_until(is_written, f"“{text}” is in a transcript in {folder}")


def starter(deck: Deck, api: ModelApi, program: Path, repo: Path) -> Start:
    """Return what starts an agent in ``repo`` that is answered by a scenario."""

    def run(scenario: str, prompt: str | None = "Write hello.txt", **more: Any) -> AgentId:
        env = environment(program, deck.root / "agent-home", api.url(scenario)) | more.pop("env", {})
        return deck.run("claude", repo, prompt=prompt, env=env, **more)

    return run


def texts(deck: Deck, agent: AgentId, kind: BlockKind) -> list[str]:
    """Return the texts of one kind of blocks."""
    return [block.text for block in deck.blocks(agent) if block.kind is kind]


def steer(deck: Deck, agent: AgentId, text: str) -> int:
    """Put a message into the running turn and return its number."""
    turn: int = deck.call("agent.send", Send(agent, text, steer=True)).turn
    return turn


def outcomes(deck: Deck, agent: AgentId) -> list[str]:
    """Return how the agent's requests ended, in order."""
    blocks = deck.blocks(agent)
    return [b.decision.outcome for b in blocks if b.kind is BlockKind.PERMISSION and b.decision]

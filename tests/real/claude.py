"""How tests start Claude Code: its own home, and the scripted model API instead of the vendor."""

from __future__ import annotations

from pathlib import Path


def environment(program: Path, home: Path, base_url: str) -> dict[str, str]:
    """Return the whole environment of a Claude Code that knows no user, no key and no network."""
    return {
        "PATH": f"{program.parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / "claude"),
        "ANTHROPIC_BASE_URL": base_url.removesuffix("/v1"),
        "ANTHROPIC_API_KEY": "none",
        # All of these would ask a host on the network.
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }

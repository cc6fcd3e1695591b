"""How tests start Claude over ACP: its own home, and the scripted model API instead of the vendor."""

from __future__ import annotations

from pathlib import Path

from tests.real.install import path


def environment(home: Path, base_url: str) -> dict[str, str]:
    """Return the whole environment of a Claude over ACP that knows no user, no real key and no network."""
    return {
        "PATH": path(),
        "HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / "claude"),
        "ANTHROPIC_BASE_URL": base_url.removesuffix("/v1"),
        "ANTHROPIC_API_KEY": "none",
        # Some machines that run tests set it; as root the program then begins with an option that it refuses itself.
        "IS_SANDBOX": "",
        # All of these would ask a host on the network.
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }

"""How tests start Gemini CLI: its own home, and the scripted model API instead of the vendor."""

from __future__ import annotations

from pathlib import Path

from tests.real.install import path


def environment(home: Path, base_url: str) -> dict[str, str]:
    """Return the whole environment of a Gemini CLI that knows no user, no real key and no network."""
    return {
        "PATH": path(),
        "HOME": str(home),
        "GEMINI_CLI_HOME": str(home),
        "GOOGLE_GEMINI_BASE_URL": base_url.removesuffix("/v1"),
        "GEMINI_API_KEY": "none",
        # Its default asks a second model which one to use.
        "GEMINI_MODEL": "gemini-2.5-pro",
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
        # All of these would ask a host on the network.
        "GEMINI_TELEMETRY_ENABLED": "false",
        "NO_BROWSER": "1",
    }

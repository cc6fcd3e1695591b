"""How tests start opencode: its own home, and the scripted model API as its only provider."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fakes.model_api import MODEL


def environment(program: Path, home: Path, base_url: str) -> dict[str, str]:
    """Return the whole environment of an opencode that knows no user, no key and no network."""
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Scripted",
        "options": {"baseURL": base_url, "apiKey": "none"},
        "models": {MODEL: {"name": "Scripted", "limit": {"context": 100_000, "output": 8_000}}},
    }
    config = {
        "model": f"scripted/{MODEL}",
        "small_model": f"scripted/{MODEL}",
        "share": "disabled",
        "enabled_providers": ["scripted"],
        "provider": {"scripted": provider},
        "permission": {"edit": "ask", "bash": "ask"},
    }
    return {
        "PATH": f"{program.parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "OPENCODE_CONFIG_CONTENT": json.dumps(config),
        # All of these would ask a host on the network.
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
    }

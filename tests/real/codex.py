"""How tests start Codex: its own home, and the scripted model API as its only provider."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.model_api import MODEL
from tests.real.install import cache


@contextmanager
def home() -> Iterator[Path]:
    """Make a home that is removed again.

    Not below the temporary folder: Codex refuses to make the alias of its sandbox program there.
    """
    folder = cache()
    folder.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix=".codex-home-", dir=folder))
    try:
        (path / "codex").mkdir()
        yield path
    finally:
        shutil.rmtree(path)


def environment(program: Path, home: Path) -> dict[str, str]:
    """Return the whole environment of a Codex that knows no user, no login and no network."""
    return {
        "PATH": f"{program.parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "CODEX_HOME": str(home / "codex"),
        "FAKE_KEY": "none",
        # What it would ask of hosts on the network ends here; the scripted provider is no https.
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }


def provider(base_url: str, model: str = MODEL, **more: str) -> tuple[str, ...]:
    """Return the arguments that make the scripted API its provider; ``more`` are other settings, as TOML."""
    table = f'{{name="scripted",base_url="{base_url}",env_key="FAKE_KEY",wire_api="responses"}}'
    settings = {"model_provider": '"scripted"', "model_providers.scripted": table, "model": f'"{model}"'}
    return _settings({**settings, **more})


def _settings(values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(word for key, value in values.items() for word in ("-c", f"{key}={value}"))

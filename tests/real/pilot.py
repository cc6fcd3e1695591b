"""How tests start Pilot: a home of its own, and the scripted model API as its only provider, in either format."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text, Tool

VENDORS: Final = ("anthropic", "openai")


def environment(home: Path, vendor: str, base_url: str, **more: str) -> dict[str, str]:
    """Return what a Pilot needs that knows no user and no network; whatever keys the tester has are hidden."""
    home.mkdir(exist_ok=True)
    keys = dict.fromkeys(("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY"), "")
    urls = {"ANTHROPIC_BASE_URL": "", "OPENAI_BASE_URL": ""}
    own = {f"{vendor.upper()}_API_KEY": "sk-scripted-0123456789", f"{vendor.upper()}_BASE_URL": base_url}
    return keys | urls | own | {"HOME": str(home), "PILOT_TIMEOUT_S": "60"} | more


def script(api: ModelApi) -> None:
    """Add the scenarios that use Pilot's own tools."""
    write = Tool("write_file", {"path": "hello.txt", "content": "hello from the model\n"}, "I write the file.")
    run = Tool("shell", {"command": "echo ran > ran.txt"})
    api.script("pilot-write", write, Text("The file is written."))
    api.script("pilot-run", run, Text("The command ran."))
    api.script("pilot-steps", write, run, Text("Two steps are done."))
    wait = Tool("shell", {"command": "echo $$ > sleeper.pid; exec sleep 600"})
    api.script("pilot-wait", wait, Text("It slept."))

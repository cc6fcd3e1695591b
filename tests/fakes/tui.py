"""A vendor's own terminal program: takes a session by its arguments, and calls the hooks it was told of.

Each line that is typed is ``EVENT JSON``: it calls that hook with that payload. ``quit`` ends it.
"""

from __future__ import annotations

import json
import subprocess
import sys


def main(argv: list[str]) -> None:
    """Run until told to quit."""
    options = {word: argv[at + 1] for at, word in enumerate(argv[:-1]) if word.startswith("--")}
    settings = json.loads(options.get("--settings", "{}"))
    sys.stdin.reconfigure(errors="surrogateescape")  # type: ignore[union-attr]
    print("began", json.dumps({k: v for k, v in options.items() if k != "--settings"}), flush=True)
    for line in sys.stdin:
        event, _, payload = line.strip().partition(" ")
        if event == "quit":
            break
        for entry in settings.get("hooks", {}).get(event, []):
            for hook in entry["hooks"]:
                done = subprocess.run(
                    hook["command"],
                    shell=True,
                    input=payload.encode(errors="surrogateescape"),
                    capture_output=True,
                    check=False,
                )
                print("hook", event, done.returncode, len(done.stdout), len(done.stderr), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

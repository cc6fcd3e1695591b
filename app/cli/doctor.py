"""``doctor``: looks at everything an agent needs to run and says what to do about what is wrong."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from agents.jsonrpc import RpcError
from agents.spec import KindInfo
from agents.status.untrusted import one_line
from agents.vt import libvterm
from agents.wire import DoctorFacts, Kinds, NoParams
from app import libraries
from app.cli.columns import pad
from app.cli.context import Context
from app.cli.daemon import size
from app.cli.exits import CommandError, Exit
from app.cli.results import Check, Diagnosis
from app.cli.window import missing_display
from app.client.api import ConnectionLost
from app.client.launch import DaemonNotStarted
from app.paths import HomeRefused
from app.version import VERSION

#: Bytes of free disk below which a fleet soon stands still, and those worth a warning.
DISK_PROBLEM, DISK_WARNING = 500_000_000, 5_000_000_000

#: Bytes of raw logs that retention keeps (architecture.md).
LOGS_WARNING = 10_000_000_000

_MARKS = {"ok": ("✓", "success"), "note": ("·", "muted"), "warning": ("!", "warning"), "problem": ("✕", "danger")}

_PIN = re.compile(r"(pyside6[\w-]*)==([\d.]+)\s*;\s*python_version\s*([<>=]+)\s*[\"']([\d.]+)[\"']", re.IGNORECASE)


def doctor(context: Context, args: Namespace) -> int:
    """Check the installation."""
    del args
    checks = tuple(examine(context))
    diagnosis = Diagnosis(not any(check.state == "problem" for check in checks), checks)
    if context.output.is_json:
        context.output.json(diagnosis)
    else:
        _print(context, checks)
    return Exit.DONE if diagnosis.ok else Exit.FAILED


def examine(context: Context) -> Iterator[Check]:
    """Yield every check, in the order in which one depends on the other."""
    yield from check_program(sys.version_info[:2], _installed)
    yield from check_libraries(libraries.missing())
    yield check_terminal_core(libvterm.missing(), sys.platform)
    yield from _check_tools(context)
    yield from _check_home(context)
    yield from _check_daemon(context)


def _print(context: Context, checks: tuple[Check, ...]) -> None:
    width = max(len(check.name) for check in checks)
    area = ""
    for check in checks:
        if check.area != area:
            area = check.area
            context.output.line((area, "strong"))
        mark = _MARKS[check.state]
        context.output.line("  ", mark, " ", pad(check.name, width), "  ", one_line(check.detail, 2000))
        if check.next:
            context.output.line(" " * (width + 6), ("→ " + one_line(check.next, 2000), mark[1]))
    problems = sum(check.state == "problem" for check in checks)
    context.output.line()
    context.output.line(
        (f"{problems} problems" if problems != 1 else "1 problem", "danger") if problems else "No problems."
    )


# ---------------------------------------------------------------- this program


def check_program(python: tuple[int, int], installed: Callable[[str], str | None]) -> Iterator[Check]:
    """Check the interpreter and that Qt is the version this interpreter works with."""
    yield Check("program", "quarterdeck", "ok", f"{VERSION} in {Path(__file__).resolve().parents[2]}")
    yield Check("program", "python", "ok", f"{platform.python_version()} at {sys.executable}")
    for name, wanted in pins(python):
        found = installed(name)
        if found == wanted:
            yield Check("program", name, "ok", found)
            continue
        detail = f"{found}, but {wanted} is needed" if found else f"missing, {wanted} is needed"
        yield Check("program", name, "problem", detail, f"{sys.executable} -m pip install '{name}=={wanted}'")


def pins(python: tuple[int, int]) -> Iterator[tuple[str, str]]:
    """Yield the exact Qt packages this interpreter needs, as the installed package's metadata say."""
    for requirement in metadata.requires("quarterdeck") or ():
        found = _PIN.match(requirement)
        if found is None:
            continue
        border = tuple(int(part) for part in found[4].split("."))
        if (python < border) if found[3] == "<" else (python >= border):
            yield found[1].lower(), found[2]


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def check_libraries(missing: tuple[libraries.Library, ...]) -> Iterator[Check]:
    """Name each missing library with the package that has it."""
    install = "sudo apt-get install " + " ".join(library.package for library in missing)
    for library in missing:
        state = "warning" if library.window else "problem"
        needs = "windows need it" if library.window else "Qt needs it"
        yield Check("system", library.name, state, f"missing; {needs} (Debian: {library.package})", install)
    if not missing:
        yield Check("system", "libraries", "ok", "all that Qt needs")


def check_terminal_core(missing: str, platform: str) -> Check:
    """Say whether the screens of programs can be read, and how to make it so."""
    if not missing:
        return Check("system", "terminal core", "ok", "libvterm")
    install = "brew install libvterm" if platform == "darwin" else f"sudo apt-get install {libraries.TERMINAL.package}"
    return Check("system", "terminal core", "warning", f"the screens of programs are not read: {missing}", install)


def _check_tools(context: Context) -> Iterator[Check]:
    git = shutil.which("git", path=context.env.get("PATH"))
    if git:
        yield Check("system", "git", "ok", git)
    else:
        yield Check("system", "git", "problem", "not on PATH", "sudo apt-get install git")
    nothing = missing_display(context.env, sys.platform)
    if nothing:
        yield Check("system", "display", "note", "none; the command line works without", "quarterdeck demo --headless")
    else:
        yield Check(
            "system", "display", "ok", context.env.get("DISPLAY") or context.env.get("WAYLAND_DISPLAY") or "yes"
        )


# ---------------------------------------------------------------- home and daemon


def _check_home(context: Context) -> Iterator[Check]:
    try:
        home = context.home
        home.prepare()
    except HomeRefused as error:
        yield Check("home", "directory", "problem", str(error))
        return
    chosen = " (QUARTERDECK_HOME)" if home.root else ""
    yield Check("home", "state", "ok", f"{home.places.state}{chosen}")
    yield Check("home", "config", "ok", str(home.config))
    if home.has_short_sockets:
        yield Check("home", "sockets", "note", f"in {home.places.sockets}: a path in the home would be too long")
    free = shutil.disk_usage(home.places.state).free
    state = "problem" if free < DISK_PROBLEM else "warning" if free < DISK_WARNING else "ok"
    step = "" if state == "ok" else f"free some space on the disk of {home.places.state}"
    yield Check("home", "disk", state, f"{size(free)} free", step)


def _check_daemon(context: Context) -> Iterator[Check]:
    try:
        facts: DoctorFacts = context.call("daemon.doctor", NoParams())
        kinds: Kinds = context.call("kind.list", NoParams())
    except HomeRefused:
        return  # said above
    except (DaemonNotStarted, CommandError, ConnectionLost, RpcError) as error:
        log = f"read {context.home.log}"
        yield Check("daemon", "daemon", "problem", str(error), log)
        return
    yield from check_facts(facts)
    for problem in facts.problems:
        if problem not in kinds.problems:
            yield Check("daemon", "daemon", "problem", problem)
    yield from check_launcher(facts.status.launcher, _lingers())
    yield from check_kinds(kinds)


def check_facts(facts: DoctorFacts) -> Iterator[Check]:
    """Check what the daemon says about itself, the logs, and processes nobody owns."""
    status = facts.status
    memory = f", {size(status.rss)}" if status.rss is not None else ""
    about = f"pid {status.pid}, version {status.version}, {status.agents} agents{memory}"
    yield Check("daemon", "daemon", "ok", about)
    logs = "warning" if facts.log_bytes > LOGS_WARNING else "ok"
    step = "`quarterdeck rm ID` for agents you no longer need" if logs == "warning" else ""
    yield Check("daemon", "raw logs", logs, size(facts.log_bytes), step)
    for leftover in facts.leftovers:
        detail = f"pid {leftover.pid} of agent {leftover.agent}: {one_line(leftover.command)}"
        yield Check("daemon", "leftover", "warning", detail, f"kill {leftover.pid}")
    if not facts.leftovers:
        yield Check("daemon", "leftovers", "ok", "no process without its keeper")


def _lingers() -> bool | None:
    """Tell whether systemd keeps this user's processes after logout; ``None`` without systemd."""
    folder = Path("/var/lib/systemd/linger")
    if not folder.parent.is_dir():
        return None
    return (folder / (os.environ.get("LOGNAME") or os.environ.get("USER") or "")).is_file()


def check_launcher(launcher: str, lingers: bool | None) -> Iterator[Check]:
    """Say how the daemon was started, and whether agents outlive the last logout."""
    yield Check("daemon", "started by", "ok", launcher)
    if lingers is None:
        return
    if lingers:
        yield Check("daemon", "lingering", "ok", "on: agents outlive your last logout")
    else:
        detail = "off: systemd may end agents at your last logout"
        yield Check("daemon", "lingering", "note", detail, "loginctl enable-linger")


def check_kinds(kinds: Kinds) -> Iterator[Check]:
    """Name each kind's program, how to install a missing one, and every fault of a kind file by its line."""
    for kind in kinds.kinds:
        if not kind.hidden and not kind.demo:
            yield _check_kind(kind)
    demo = [kind for kind in kinds.kinds if kind.demo]
    if demo:
        broken = [kind.name for kind in demo if not kind.available]
        state = "problem" if broken else "ok"
        yield Check(
            "kinds", "demo", state, f"{', '.join(broken)} cannot run" if broken else f"{len(demo)} scripted kinds"
        )
    for problem in kinds.problems:
        yield _check_file(problem)


def _check_file(problem: str) -> Check:
    """Return the problem of a file, which its path begins, as what it is a file of."""
    if Path(problem.partition(":")[0]).parent.name == "status":
        mend = "mend it; all that is sound counts until then"
        return Check("kinds", "rule file", "problem", problem, mend)
    return Check("kinds", "kind file", "problem", problem, "mend the file, or remove it")


def _check_kind(kind: KindInfo) -> Check:
    if kind.available:
        return Check("kinds", kind.name, "ok", f"{kind.title or kind.family}: {kind.program or 'any program'}")
    # No fault: nobody has every agent installed.
    return Check("kinds", kind.name, "note", f"{kind.program or 'its program'} is not installed", kind.install)

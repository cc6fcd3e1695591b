"""``status replay``: what Quarterdeck would have said of a recorded agent. Loads what the daemon judges with.

Not a module of the command line: that stays light, and this one needs every adapter.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import msgspec

from agents.adapters.kinds import load_kinds
from agents.adapters.registry import families
from agents.recording import labels, tape
from agents.recording.lines import RecordingBroken
from agents.recording.replay import changes
from agents.recording.tape import Recording
from agents.spec import Kind
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.parser import hint


def status(context: Context, args: Namespace) -> int:
    """Print every change of verdict on a recording, a JSON line each."""
    try:
        recording, duration = _recording(Path(args.file))
    except RecordingBroken as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{error.filename or args.file} cannot be read: {error.strerror}") from None
    kind = _kind(context, args.kind, recording)
    for change in changes(recording, kind, families()[kind.family], duration):
        context.output.json(change)
    return Exit.DONE


def _recording(path: Path) -> tuple[Recording, float | None]:
    """Return a recording and how long it is; labels beside it say what it does not say itself."""
    recording = tape.load(path)
    beside = labels.beside(path)
    if not beside.exists():
        return recording, None
    known = labels.read(beside)
    kind, version = recording.kind or known.kind, recording.version or known.version
    return msgspec.structs.replace(recording, kind=kind, version=version), known.duration


def _kind(context: Context, asked: str | None, recording: Recording) -> Kind:
    name = asked or recording.kind
    if not name:
        raise CommandError(f"{recording.path} does not say what it is a recording of: give --kind KIND", Exit.USAGE)
    known = load_kinds(context.home.places.kinds).kinds
    if name not in known:
        raise CommandError(f"no kind {name!r}{hint(name, known)}; `quarterdeck kinds` lists them", Exit.USAGE)
    kind = known[name]
    if recording.pty != (kind.family == "terminal"):
        reads = "a program in a terminal" if kind.family == "terminal" else "a protocol on pipes"
        what = "a terminal" if recording.pty else "a protocol"
        raise CommandError(f"{recording.path} is a recording of {what}, and {name} is {reads}: give another --kind")
    return kind

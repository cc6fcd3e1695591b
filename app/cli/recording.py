"""``record``: runs a program in this terminal, or between two pipes, and writes down every byte with its time.

Nothing passes through a daemon, and no verdict is asked for: a recording is what a verdict can be checked by.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import subprocess
import time
from argparse import Namespace
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from agents.adapters.kinds import load_kinds
from agents.model import Stream
from agents.recording import cast, protocol
from agents.recording.answering import Answering
from agents.recording.capture import Capture, NotRecorded, Program
from agents.recording.piped import Piped
from agents.spec import Kind
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.parser import hint
from app.cli.sitting.seat import RESTORE, keyboard

_CHUNK = 64 * 1024

#: Seconds a program has to say its version.
_PROBE_S = 10.0

#: The size of a terminal that knows none: a serial line, a job that was given a pty and nothing more.
_ROWS, _COLS = 24, 80

#: What ends a recording from outside; the terminal must be put back first.
_ENDS = (signal.SIGTERM, signal.SIGHUP)


def record(context: Context, args: Namespace) -> int:
    """Record a program; return its exit status, as a shell does 128 + N for signal N."""
    kind = _kind(context, args.kind)
    program = _program(context, kind)
    is_piped = args.pipes or (kind is not None and kind.family != "terminal")
    if not is_piped and not (context.stdin.isatty() and context.output.is_terminal):
        raise CommandError("record needs a terminal on stdin and stdout; for a program that speaks a protocol: --pipes")
    path = Path(f"{args.name}.{'jsonl' if is_piped else 'cast'}")
    try:
        program.found()
        with _new(path) as file:
            code = _run(_piped(context, program, file) if is_piped else _seated(context, program, kind, file))
    except NotRecorded as error:
        raise CommandError(str(error)) from None
    context.output.error((f"recorded {path}", "muted"))
    return code if code >= 0 else 128 - code


def _kind(context: Context, name: str | None) -> Kind | None:
    if name is None:
        return None
    known = load_kinds(context.home.places.kinds).kinds
    if name not in known:
        raise CommandError(f"no kind {name!r}{hint(name, known)}; see quarterdeck kinds", Exit.USAGE)
    return known[name]


def _program(context: Context, kind: Kind | None) -> Program:
    argv = context.tail or (kind.command if kind else ())
    if not argv:
        raise CommandError("say what to record: -- ARGV…, or --kind KIND for the program of a kind", Exit.USAGE)
    return Program(tuple(argv), Path.cwd(), {**context.env, **(kind.env if kind else {})})


@contextmanager
def _new(path: Path) -> Iterator[TextIO]:
    """Open a file that was not there; its owner alone may read what was typed."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise CommandError(f"{path} is there already: give another name, or remove it") from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        yield file


def _run(at_work: Coroutine[None, None, int]) -> int:
    """Run it to its end; a signal from outside ends it early, and in good order."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        received: list[signal.Signals] = []

        def end(task: asyncio.Task[int], number: signal.Signals) -> None:
            received.append(number)
            task.cancel()

        async def guarded() -> int:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(at_work)
                for number in _ENDS:
                    loop.add_signal_handler(number, end, task, number)
            return -received[0] if task.cancelled() else task.result()

        return runner.run(guarded())


# -- in a terminal


def _size(descriptor: int) -> tuple[int, int]:
    """Return rows and columns of a terminal; one that knows none counts as the usual, as programs take it."""
    size = os.get_terminal_size(descriptor)
    return size.lines or _ROWS, size.columns or _COLS


async def _seated(context: Context, program: Program, kind: Kind | None, file: TextIO) -> int:
    descriptor = context.stdin.fileno()
    rows, cols = _size(descriptor)
    header = cast.Header(
        cols,
        rows,
        shlex.join(program.argv),
        kind.name if kind else "",
        _version(kind, program),
        timestamp=int(time.time()),
        term=program.env.get("TERM", ""),
    )
    tape = cast.Writer(file.write, header)
    screen = context.output.raw()

    def show(data: bytes) -> None:
        with contextlib.suppress(OSError):  # the terminal is gone: a hang-up follows, and ends this in good order
            screen.write(data)
            screen.flush()

    with keyboard(descriptor, is_raw=True):
        try:
            async with Capture.run(program, tape, Answering(rows, cols), show) as capture:
                with _hands(descriptor, capture):
                    code = await capture.wait()
                tape.exited(capture.now, None if code < 0 else code, -code if code < 0 else None)
                tape.close(capture.now)
        finally:
            show(RESTORE)
    return code


def _version(kind: Kind | None, program: Program) -> str:
    """Return what the program of a kind calls its version, empty where it does not say."""
    if kind is None or not kind.version_probe:
        return ""
    try:
        done = subprocess.run(
            kind.version_probe, env=dict(program.env), capture_output=True, text=True, timeout=_PROBE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return next((word for word in done.stdout.split() if word[0].isdigit()), "")


@contextmanager
def _hands(descriptor: int, capture: Capture) -> Iterator[None]:
    """Pass keys and sizes on, for as long as the block lasts."""
    loop = asyncio.get_running_loop()

    def on_keys() -> None:
        try:
            data = os.read(descriptor, _CHUNK)
        except OSError:  # the terminal is gone
            data = b""
        if data:
            capture.type(data)
        else:
            loop.remove_reader(descriptor)

    def on_resize() -> None:
        capture.resize(*_size(descriptor))

    loop.add_reader(descriptor, on_keys)
    loop.add_signal_handler(signal.SIGWINCH, on_resize)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        loop.remove_signal_handler(signal.SIGWINCH)


# -- on pipes


async def _piped(context: Context, program: Program, file: TextIO) -> int:
    outs = {Stream.OUT: context.output.raw(), Stream.ERR: context.output.raw(error=True)}

    def show(stream: Stream, data: bytes) -> None:
        outs[stream].write(data)
        outs[stream].flush()

    async with Piped.run(program, protocol.Writer(file.write), show) as piped, asyncio.TaskGroup() as group:
        words = group.create_task(_pass_on(context.stdin.fileno(), piped))
        code = await piped.wait()
        words.cancel()
    return code


async def _pass_on(descriptor: int, piped: Piped) -> None:
    """Pass on what comes in, and its end; a program that reads no more is not an error of ours."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while data := await _read(descriptor):
            await piped.write(data)
        piped.close_input()


async def _read(descriptor: int) -> bytes:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(descriptor, ready.set)
    except PermissionError:  # a file: it never keeps anybody waiting, and cannot be waited for
        return os.read(descriptor, _CHUNK)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, _CHUNK)

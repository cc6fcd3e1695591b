"""``log``: what an agent wrote, in the order in which it wrote it.

Reads the recorded sequence from the agent's directory; the daemon is asked where that is and whether more comes.
"""

from __future__ import annotations

import base64
import codecs
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from agents.events import AgentChanged, AgentRemoved, LogGrew, NumberedEvent
from agents.model import LIVE, Lifecycle, Mark, Stream
from agents.runtime.marks import MarkReader
from agents.runtime.rawlog import LogTrimmed, RawLog
from agents.wire import AgentRef, Shown, Watch
from app.cli.context import Context
from app.cli.exits import CommandError, Exit
from app.cli.output import Output
from app.cli.results import LogMark
from app.client.api import ConnectionLost
from app.client.blocking import BlockingClient

#: Bytes printed between two looks at the daemon.
BATCH = 1024 * 1024

#: A line longer than this is printed in pieces.
LONGEST_LINE = 64 * 1024

_GOES_ON = LIVE | {Lifecycle.QUEUED}


class Printer(Protocol):
    """Prints the recorded sequence in one of three shapes."""

    def mark(self, mark: Mark, data: bytes) -> None:
        """Print one stimulus."""

    def pause(self, *, at_end: bool) -> None:
        """Print what was held back: nothing more comes for now, or at all."""


def log(context: Context, args: Namespace) -> int:
    """Print an agent's log."""
    if args.raw and args.json:
        raise CommandError("--raw and --json exclude each other", Exit.USAGE)
    shown: Shown = context.call("agent.show", AgentRef(args.id))
    printer = _printer(context.output, is_raw=args.raw)
    tail = Tail(Path(shown.directory), printer)
    if args.follow:
        _follow(context, shown, tail)
    else:
        tail.drain()
    printer.pause(at_end=True)
    return Exit.DONE


def _printer(output: Output, *, is_raw: bool) -> Printer:
    if output.is_json:
        return MarkPrinter(output)
    return RawPrinter(output) if is_raw else TextPrinter(output)


class Tail:
    """Where printing stands in one agent's sequence."""

    def __init__(self, directory: Path, printer: Printer) -> None:
        self._directory = directory
        self._reader = MarkReader(directory)
        self._printer = printer
        self._seq = 0

    def drain(self) -> None:
        """Print all there is."""
        while batch := self._read():
            for mark, data in batch:
                self._printer.mark(mark, data)
            self._seq = batch[-1][0].seq + 1

    def pause(self) -> None:
        """Print what was held back for more to come."""
        self._printer.pause(at_end=False)

    def _read(self) -> list[tuple[Mark, bytes]]:
        while True:
            try:
                return self._reader.read(self._seq, BATCH)
            except LogTrimmed:
                self._skip_trimmed()

    def _skip_trimmed(self) -> None:
        """Go behind the last stimulus whose bytes are gone: old segments go when logs grow too large."""
        starts = {stream: RawLog(self._directory, stream).start for stream in Stream}
        seq = self._seq
        while marks := self._reader.scan(seq):
            gone = [mark.seq for mark in marks if mark.offset < starts[mark.stream]]
            self._seq = max([self._seq, *(number + 1 for number in gone)])
            seq = marks[-1].seq + 1


def _follow(context: Context, shown: Shown, tail: Tail) -> None:
    """Print as it grows until the agent ended; a daemon that dies meanwhile is replaced."""
    agent = shown.row.id
    while True:
        try:
            with context.session.events() as client:
                client.call("pane.watch", Watch((agent,)))
                goes_on = context.call("agent.show", AgentRef(agent)).row.lifecycle in _GOES_ON
                tail.drain()
                while goes_on:
                    goes_on = all(_tells_more(event, agent) for event in _events(context, client, tail))
                    tail.drain()
                return
        except ConnectionLost:
            context.session.close()


def _events(context: Context, client: BlockingClient, tail: Tail) -> Iterator[NumberedEvent]:
    """Yield at least one event, then those that came with it. What was held back is shown while nothing comes."""
    event = client.next_event(0)
    if event is None:
        tail.pause()
        context.output.flush()
        event = client.next_event(None)
    while event is not None:
        yield event
        event = client.next_event(0)


def _tells_more(numbered: NumberedEvent, agent: str) -> bool:
    """Tell whether more may come after this event."""
    match numbered.event:
        case AgentChanged(row=row) if row.id == agent:
            return row.lifecycle in _GOES_ON
        case AgentRemoved(id=removed) if removed == agent:
            return False
        case LogGrew() | _:
            return True


# ---------------------------------------------------------------- shapes


class RawPrinter:
    """The very bytes, output to stdout and errors to stderr."""

    def __init__(self, output: Output) -> None:
        self._to = {Stream.OUT: output.raw(), Stream.ERR: output.raw(error=True)}

    def mark(self, mark: Mark, data: bytes) -> None:
        """Write the bytes of the two output streams."""
        stream = self._to.get(mark.stream)
        if stream is not None:
            stream.write(data)

    def pause(self, *, at_end: bool) -> None:
        """Pass on what is buffered."""
        del at_end
        for stream in self._to.values():
            stream.flush()


class TextPrinter:
    """Text without control characters. Cut at line ends, so that no escape sequence is cut in two."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._held = {Stream.OUT: "", Stream.ERR: ""}
        self._decoders = {stream: codecs.getincrementaldecoder("utf-8")("replace") for stream in self._held}

    def mark(self, mark: Mark, data: bytes) -> None:
        """Print the whole lines there are now."""
        if mark.stream not in self._held:
            return
        text = self._held[mark.stream] + self._decoders[mark.stream].decode(data)
        end = text.rfind("\n") + 1
        if len(text) - end > LONGEST_LINE:
            end = len(text)
        self._print(mark.stream, text[:end])
        self._held[mark.stream] = text[end:]

    def pause(self, *, at_end: bool) -> None:
        """Print unfinished lines (prompts), unless they may end within an escape sequence or a line break."""
        for stream, held in self._held.items():
            text = held + self._decoders[stream].decode(b"", final=True) if at_end else held
            if not at_end and ("\x1b" in text[-128:] or text.endswith("\r")):
                continue
            self._print(stream, text + ("\n" if at_end and text and self._output.is_terminal else ""))
            self._held[stream] = ""

    def _print(self, stream: Stream, text: str) -> None:
        if text:
            self._output.text(text, error=stream is Stream.ERR)


class MarkPrinter:
    """One line of JSON for each stimulus, input and control records too."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def mark(self, mark: Mark, data: bytes) -> None:
        """Print one stimulus."""
        try:
            text, encoded = data.decode(), None
        except UnicodeDecodeError:
            text, encoded = None, base64.b64encode(data).decode("ascii")
        self._output.json(LogMark(mark.seq, mark.stream, mark.offset, mark.length, mark.wall, text, encoded))

    def pause(self, *, at_end: bool) -> None:
        """Hold nothing back."""

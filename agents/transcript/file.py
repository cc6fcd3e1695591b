"""The file an agent's transcript lies in: JSON lines of block revisions, the last revision of a block wins.

Derived data: redacted before it is written, rebuilt by replay when it is lost. Only the daemon writes it.
"""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from agents.model import Block

_HEAD = re.compile(rb'\{"n":(\d+),"rev":(\d+)[,}]')
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Block)


class TranscriptFile:
    """Owns one transcript file and the offsets of its blocks; lives in the daemon's loop.

    Blocks that are still open stay in memory and are written when they close: what a crash loses of them comes back
    with the replay. The file is read once, when it is first needed.
    """

    def __init__(self, path: Path, redact: Callable[[str], str]) -> None:
        self._path = path
        self._redact = redact
        self._pending: dict[int, Block] = {}
        self._offsets = array("q")
        self._revs = array("q")
        self._size = -1  # bytes of whole lines; -1 = not yet read
        self._fd = -1

    @property
    def total(self) -> int:
        """Return how many blocks the transcript has."""
        self._scan()
        return max(len(self._offsets), max(self._pending, default=-1) + 1)

    def store(self, blocks: Iterable[Block]) -> tuple[Block, ...]:
        """Keep these revisions; return the closed ones that were written now (redacted, for the index).

        Revisions already there are skipped, so a replay writes nothing twice. Raises OSError when writing fails;
        the blocks are then kept in memory and written with the next call.
        """
        self._scan()
        for block in blocks:
            known = self._pending.get(block.n)
            if block.rev > self._rev(block.n) and (known is None or block.rev >= known.rev):
                self._pending[block.n] = block
        return self._write([b for b in self._pending.values() if not b.open])

    def finish(self) -> tuple[Block, ...]:
        """Write also what is still open, as closed: nothing more will come of it. Raises OSError."""
        self._scan()
        for n, block in self._pending.items():
            if block.open:
                self._pending[n] = msgspec.structs.replace(block, open=False, rev=block.rev + 1)
        return self._write(list(self._pending.values()))

    def page(self, before: int | None, n: int) -> tuple[Block, ...]:
        """Return the ``n`` blocks before number ``before`` (``None`` = the newest), oldest first. Raises OSError."""
        self._scan()
        end = self.total if before is None else max(0, min(before, self.total))
        found: list[Block] = []
        number = end
        while number > 0 and len(found) < n:
            number -= 1
            block = self._read(number)
            if block is not None:
                found.append(block)
        return tuple(reversed(found))

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _rev(self, n: int) -> int:
        return self._revs[n] if n < len(self._revs) else 0

    def _note(self, n: int, rev: int, offset: int) -> None:
        missing = n + 1 - len(self._offsets)
        if missing > 0:
            self._offsets.extend([-1] * missing)
            self._revs.extend([0] * missing)
        self._offsets[n], self._revs[n] = offset, rev

    def _scan(self) -> None:
        """Read the heads of all lines once; a torn last line is cut off before anything is appended."""
        if self._size >= 0:
            return
        self._size = 0
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                head = _HEAD.match(line)
                if head is not None:
                    self._note(int(head[1]), int(head[2]), self._size)
                self._size += len(line)

    def _write(self, blocks: list[Block]) -> tuple[Block, ...]:
        if not blocks:
            return ()
        written = tuple(self._redacted(block) for block in blocks)
        offset = self._size
        lines = []
        for block in written:
            line = _encoder.encode(block) + b"\n"
            lines.append((block, offset, line))
            offset += len(line)
        self._append(b"".join(line for _, _, line in lines))
        for block, at, line in lines:
            self._note(block.n, block.rev, at)
            self._size = at + len(line)
            del self._pending[block.n]
        return written

    def _append(self, data: bytes) -> None:
        if self._fd < 0:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.ftruncate(self._fd, self._size)
        try:
            done = 0
            while done < len(data):
                done += os.pwrite(self._fd, data[done:], self._size + done)
        except OSError:
            # What was half written lies behind the known size: cut off when the file is opened next.
            self.close()
            raise

    def _read(self, n: int) -> Block | None:
        if n in self._pending:
            return self._redacted(self._pending[n])
        if n >= len(self._offsets) or self._offsets[n] < 0:
            return None
        with self._path.open("rb") as file:
            file.seek(self._offsets[n])
            return _decoder.decode(file.readline())

    def _redacted(self, block: Block) -> Block:
        return msgspec.convert(self._walk(msgspec.to_builtins(block)), Block)

    def _walk(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._redact(value)
        if isinstance(value, dict):
            return {key: self._walk(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._walk(item) for item in value]
        return value

"""Brings an agent's marks from the disk into its replica, its blocks into the transcript file, and keeps checkpoints.

The marks on the disk are the truth; a poke only says that there are more. Works in bounded slices, so that one
flooding agent takes no more of the loop than its turn.
"""

from __future__ import annotations

import contextlib
import logging
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from agents.model import Block, Mark
from agents.runtime.directory import AgentDirectory
from agents.runtime.marks import MarkReader
from agents.runtime.rawlog import LogTrimmed
from agents.supervisor.decisions import Beginning
from agents.supervisor.replica import Replica, Taken
from agents.transcript.file import TranscriptFile

log = logging.getLogger(__name__)

#: Bytes read at once, and seconds after which a slice ends early.
SLICE_BYTES = 128 * 1024
SLICE_S = 0.004

#: Output after which a checkpoint is due, bytes; and the time it took to take in, seconds: a model's stream is many
#: small messages, of which 4 MiB take a second to replay.
CHECKPOINT_BYTES = 4 * 1024 * 1024
CHECKPOINT_S = 0.03

#: Checkpoints take at most one part in this many of the time that taking in takes.
CHECKPOINT_SHARE = 10


class Covered(msgspec.Struct, frozen=True):
    """Everything before the mark ``seq`` and before these offsets of stdout and stderr."""

    seq: int = 0
    out: int = 0
    err: int = 0


class Intake:
    """Owned by one unit. ``on_taken`` gets what each mark meant, ``on_stored`` blocks that are final (redacted).

    ``on_gap`` hears once that bytes are needed which the log no longer holds.
    """

    def __init__(  # noqa: PLR0913, PLR0917 (where from, where to, and who is told)
        self,
        directory: AgentDirectory,
        replica: Replica,
        transcript: TranscriptFile,
        on_taken: Callable[[Taken], None],
        on_stored: Callable[[tuple[Block, ...]], None],
        on_gap: Callable[[LogTrimmed], None],
    ) -> None:
        self._directory = directory
        self._marks = MarkReader(directory.path)
        self._on_taken = on_taken
        self._on_stored = on_stored
        self._on_gap = on_gap
        self._has_gap = False
        self._saved_at = 0
        self._saved_seq = -1
        self._covered = Covered()
        self._spent = 0.0  # seconds of taking in since then: what a replay would take
        self._saving = 0.0  # seconds the last checkpoint took
        self._unstored: dict[int, Block] = {}
        self.replica = replica
        self.transcript = transcript
        self.is_broken = False  # the adapter failed: only process facts are still taken
        self.fresh: dict[int, Block] = {}  # changed since they were last told to watchers

    @property
    def next_seq(self) -> int:
        """Return the number the next mark on the disk will have."""
        return self._marks.next_seq

    @property
    def is_behind(self) -> bool:
        """Tell whether the disk holds marks that were not taken."""
        return self.replica.vitals.seq < self._marks.next_seq

    def restore(self) -> str:
        """Go to the newest checkpoint that fits; return why not, empty when it did or there is none."""
        useless = ""
        for path in (self._directory.checkpoint_file, self._directory.kept_checkpoint_file):
            with contextlib.suppress(FileNotFoundError):
                problem = self._restore(path.read_bytes())
                if not problem:
                    return ""
                useless = useless or problem
        return useless

    def _restore(self, data: bytes) -> str:
        body, checksum = data[:-4], data[-4:]
        try:
            if zlib.crc32(body).to_bytes(4, "big") != checksum:
                raise ValueError("damaged checkpoint")  # noqa: TRY301 (one exit for all that makes it useless)
            self.replica.restore(body, _size(self._directory.transcript_file))
        except ValueError as error:
            return str(error)
        self._note_saved()
        self._keep(self.replica.fold.take())
        return ""

    def begin_at(self, begin: Beginning, session_id: str | None, incarnation: int) -> None:
        """Begin at a mark without a checkpoint: what lies before it was deleted, or is not understood."""
        blocks = self.transcript.total if begin.blocks is None else begin.blocks
        self.replica.begin_at(begin.seq, session_id, blocks, begin.turns, incarnation)
        self._unstored.clear()
        self._has_gap = self.is_broken = False

    def end_here(self) -> Beginning:
        """Write the whole transcript and return where another beginning would be. Raises OSError."""
        self.store()
        written = self.transcript.finish()
        if written:
            self._on_stored(written)
        return Beginning(self.next_seq, self.transcript.total, self.replica.conversation.started)

    @property
    def covered(self) -> Covered:
        """Return what the newest checkpoint on the disk makes unnecessary for a replay."""
        return self._covered

    def _note_saved(self) -> None:
        vitals = self.replica.vitals
        self._saved_at, self._saved_seq = vitals.out_size, vitals.seq
        self._covered = Covered(vitals.seq, vitals.out_size, vitals.err_size)

    def slice(self) -> bool:
        """Take some marks; tell whether there may be more. Whatever is recorded later brings a poke of its own."""
        begun = time.perf_counter()
        end = self._marks.next_seq
        marks = self._next_marks()
        for mark, data in marks:
            if self.is_broken:
                wrote = self.replica.vitals.feed(mark, data)
                self._on_taken(Taken(wrote=wrote))
            else:
                self._took(self.replica.take(mark, data))
            if time.perf_counter() - begun > SLICE_S:
                break
        self._spent += time.perf_counter() - begun
        return bool(marks) and self.replica.vitals.seq < end

    def _next_marks(self) -> list[tuple[Mark, bytes]]:
        seq = self.replica.vitals.seq
        try:
            return self._marks.read(seq, SLICE_BYTES)
        except LogTrimmed as gap:
            if not self._has_gap:
                self._has_gap = True
                self._on_gap(gap)
            return self._marks.read(seq, SLICE_BYTES, held_only=True)

    def tick(self) -> None:
        """Reach the adapter's next deadline."""
        self._took(self.replica.tick())

    def store(self) -> None:
        """Write closed blocks to the transcript. Raises OSError while the disk is full; nothing is lost."""
        if self._unstored:
            blocks, self._unstored = self._unstored, {}
            try:
                written = self.transcript.store(blocks.values())
            except OSError:
                self._unstored = {**blocks, **self._unstored}
                raise
            if written:
                self._on_stored(written)

    @property
    def checkpoint_due(self) -> bool:
        """Tell whether enough output came since the last checkpoint."""
        grown = self.replica.vitals.out_size - self._saved_at
        return grown >= CHECKPOINT_BYTES or self._spent >= max(CHECKPOINT_S, CHECKPOINT_SHARE * self._saving)

    def checkpoint(self) -> None:
        """Save the state by rename. Raises OSError; the former checkpoint then stays."""
        if self.is_broken or self._saved_seq == self.replica.vitals.seq:
            return
        begun = time.perf_counter()
        self.store()
        body = self.replica.dump(_size(self._directory.transcript_file))
        path = self._directory.checkpoint_file
        temporary = path.with_name(f".{path.name}.new")
        try:
            # Not synced: after a power cut the checksum tells, and the marks are replayed.
            temporary.write_bytes(body + zlib.crc32(body).to_bytes(4, "big"))
            temporary.chmod(0o600)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        self._note_saved()
        self._spent, self._saving = 0.0, time.perf_counter() - begun

    def _took(self, taken: Taken) -> None:
        self._keep(taken.blocks)
        self._on_taken(taken)

    def _keep(self, blocks: tuple[Block, ...]) -> None:
        for block in blocks:
            self._unstored[block.n] = block
            self.fresh[block.n] = block


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0

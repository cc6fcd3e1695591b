"""Writes an agent's decisions: to ``events.jsonl`` (redacted), and to the outbox what redaction would change.

Two rules meet here: events.jsonl holds no secret, and what a user told an agent arrives unchanged even when the
daemon dies in between. So a record that redaction would change is also kept whole in ``outbox.jsonl``, a file of
the same class as the raw logs (0600, never exported, indexed or attached), until it has been written to the agent.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from agents.runtime.journal import Journal, JournalDamaged
from agents.runtime.redact import Redactor
from agents.supervisor.decisions import Decisions, Record
from agents.supervisor.syncing import Inline, Queue, Syncer, Then


class Outbox:
    """Whole records by key, on disk until dropped; the file is emptied when the last one is."""

    def __init__(self, path: Path) -> None:
        self._file = Journal(path, _Verbatim())
        self._path = path
        self._held: dict[str, Record] = {}
        for line in self._file.read():
            if "drop" in line:
                self._held.pop(str(line["drop"]), None)
            else:
                self._held[str(line["key"])] = line["record"]

    def put(self, key: str, record: Record) -> None:
        """Keep ``record`` under ``key``. Raises OSError."""
        self._file.append({"key": key, "record": record}, sync=False)
        self._held[key] = record

    def get(self, key: str) -> Record | None:
        """Return what is kept under ``key``."""
        return self._held.get(key)

    def drop(self, key: str) -> None:
        """Forget ``key``; nothing happens when it is not kept. Raises OSError."""
        if self._held.pop(key, None) is None:
            return
        if self._held:
            self._file.append({"drop": key}, sync=False)
        else:
            self._file.close()
            os.truncate(self._path, 0)

    def handles(self) -> tuple[int, ...]:
        """Return descriptors to sync and close, none when nothing is kept. Raises OSError."""
        return (self._file.handle(),) if self._held else ()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Recorder:
    """Owns an agent's journal and outbox; every decision passes through here and is folded at once.

    A record that need not be durable is kept in memory while the disk is full and written later, in order. One that
    must be is written and folded at once too, so that the order in memory is that of the file; what depends on it
    (``when_durable``) happens after the sync.
    """

    def __init__(  # noqa: PLR0913  two files, what is folded, and how to write and to tell
        self,
        path: Path,
        outbox: Outbox,
        redactor: Redactor,
        decisions: Decisions,
        on_disk: Callable[[str], None],
        *,
        syncer: Syncer | None = None,
    ) -> None:
        self._path = path
        self._journal = Journal(path, redactor)
        self._outbox = outbox
        self._redactor = redactor
        self._decisions = decisions
        self._on_disk = on_disk  # told the error, and "" when writing works again
        self._backlog: list[Record] = []
        self._syncs = Queue(syncer or Inline(), self._handles, on_disk)

    def load(self) -> list[str]:
        """Fold what the files hold; return what was wrong with records that had to be skipped."""
        try:
            records, problems = self._journal.read(), []
        except JournalDamaged as error:
            records, problems = _salvage(self._path), [str(error)]
        return problems + self._decisions.fold(self._whole(record) for record in records)

    def record(self, record: Record, *, sync: bool = False, hold: str | None = None) -> None:
        """Write and fold one record; one with ``sync`` is on the disk when ``durable`` returns.

        ``hold`` is the outbox key under which it is kept whole if redaction would change it. Raises OSError
        when it must be durable and cannot be written; then nothing happened.
        """
        if hold is not None and self._redactor.value(record) != record:
            self._outbox.put(hold, record)
            self._write({**record, "held": hold}, sync=sync)
        else:
            self._write(record, sync=sync)
        self._decisions.apply(record)
        if sync:
            self._syncs.written()

    def when_durable(self, then: Then) -> None:
        """Call ``then`` once all recorded so far is on the disk, in the order of these calls, or with the error."""
        self._syncs.after(then)

    async def durable(self) -> None:
        """Return once all recorded so far is on the disk. Raises OSError."""
        outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._syncs.after(lambda error: None if outcome.done() else outcome.set_result(error))
        error = await outcome
        if error:
            raise OSError(errno.EIO, error)

    def _handles(self) -> tuple[int, ...]:
        return (self._journal.handle(), *self._outbox.handles())

    def release(self, key: str) -> None:
        """Forget what was held under ``key``."""
        with contextlib.suppress(OSError):  # it stays until the next one is dropped: no loss, nothing to tell
            self._outbox.drop(key)

    def retry(self) -> None:
        """Write what a full disk held back. Raises OSError while it is still full."""
        while self._backlog:
            self._journal.append(self._backlog[0], sync=False)
            del self._backlog[0]
        self._on_disk("")

    @property
    def held_back(self) -> bool:
        """Tell whether records wait for the disk."""
        return bool(self._backlog)

    def close(self) -> None:
        """Close the files; what a full disk held back is tried once more."""
        with contextlib.suppress(OSError):
            self.retry()
        self._journal.close()
        self._outbox.close()

    def _write(self, record: Record, *, sync: bool) -> None:
        try:
            if self._backlog:
                self.retry()
            self._journal.append(record, sync=False)
        except OSError as error:
            self._on_disk(error.strerror or str(error))
            if sync:
                raise
            self._backlog.append(record)

    def _whole(self, record: Record) -> Record:
        held = record.get("held")
        return (self._outbox.get(held) if isinstance(held, str) else None) or record


def _salvage(path: Path) -> list[Record]:
    """Return every record that can still be read; a damaged line costs that line."""
    records = []
    for line in path.read_bytes().splitlines():
        with contextlib.suppress(msgspec.DecodeError):
            records.append(msgspec.json.decode(line, type=dict[str, Any]))
    return records


class _Verbatim(Redactor):
    """Changes nothing: the outbox exists to keep what redaction would change."""

    def value(self, value: Any) -> Any:
        return msgspec.to_builtins(value)

"""Bringing what was written onto the disk without keeping the event loop waiting for it.

A sync takes up to a tenth of a second while agents flood the disk; what depends on it waits, nobody else does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from typing import Protocol

#: Told the error, empty when everything is on the disk.
Then = Callable[[str], None]


class Syncer(Protocol):
    """Carries out a sync and tells the outcome, in the event loop."""

    def run(self, job: Callable[[], str], then: Then) -> None:
        """Run ``job`` (it blocks, and returns the error), then call ``then`` with what it returned."""


class Inline:
    """Runs it on the spot: for programs without an event loop, and tests."""

    def run(self, job: Callable[[], str], then: Then) -> None:
        """Run ``job`` and call ``then``."""
        then(job())


class Threaded:
    """Runs it in a thread of the loop's own pool."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def run(self, job: Callable[[], str], then: Then) -> None:
        """Run ``job`` in a thread, then call ``then`` in the loop."""

        def done(outcome: asyncio.Future[str]) -> None:
            if not outcome.cancelled():  # the loop ends: what was written is found by the next daemon
                then(outcome.result())

        self._loop.run_in_executor(None, job).add_done_callback(done)


class Queue:
    """Calls back in order once everything written before the call is on the disk; one sync at a time, for all who wait.

    ``handles`` opens descriptors of the files to be synced; they are closed here, so that the files may be
    closed meanwhile.
    """

    def __init__(self, syncer: Syncer, handles: Callable[[], Sequence[int]], on_disk: Then) -> None:
        self._syncer = syncer
        self._handles = handles
        self._on_disk = on_disk
        self._is_dirty = False
        self._is_busy = False
        self._waiting: list[Then] = []

    def written(self) -> None:
        """Note that there is something to be synced."""
        self._is_dirty = True

    def after(self, then: Then) -> None:
        """Call ``then`` once all of it is on the disk, or with the error; at once when it is already."""
        self._waiting.append(then)
        self._go_on()

    def _go_on(self) -> None:
        if self._is_busy or not self._waiting:
            return
        batch, self._waiting = self._waiting, []
        self._is_busy = True
        if not self._is_dirty:
            self._tell(batch, "")
            return
        self._is_dirty = False
        try:
            handles = self._handles()
        except OSError as error:
            self._synced(batch, error.strerror or str(error))
            return
        self._syncer.run(lambda: _sync(handles), lambda error: self._synced(batch, error))

    def _synced(self, batch: list[Then], error: str) -> None:
        if error:
            self._is_dirty = True
            self._on_disk(error)
        self._tell(batch, error)

    def _tell(self, batch: list[Then], error: str) -> None:
        """Call back; whoever fails does not keep the others waiting."""
        try:
            while batch:
                batch.pop(0)(error)
        finally:
            if batch:
                self._tell(batch, error)
            else:
                self._is_busy = False
                self._go_on()


def _sync(handles: Sequence[int]) -> str:
    """Sync and close; return the error."""
    problem = ""
    for fd in handles:
        try:
            os.fsync(fd)
        except OSError as error:
            problem = error.strerror or str(error)
        with contextlib.suppress(OSError):
            os.close(fd)
    return problem

"""The search index: full text over transcript blocks, in SQLite, deletable at any time.

Written by one thread in batches; never the truth, never waited for by an agent. Text is redacted before it comes here
(transcript files are), and a full disk stops the index, not the fleet.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path

import msgspec

from agents.model import AgentId, Block

log = logging.getLogger(__name__)

#: Raised whenever the tables change: an older or newer file is rebuilt.
VERSION = 1

#: Longest time a block waits before its batch is committed, seconds.
BATCH_S = 0.05

#: Characters of text that may wait; beyond that the index is behind, and is rebuilt later instead of holding
#: a flood in memory (measured: 100 agents writing their logs brought the daemon to 470 MB).
WAITING_LIMIT = 8_000_000

#: Orders in one batch, and blocks in one transaction of a rebuild.
BATCH = 2_000
REBUILD_BATCH = 200

#: Seconds after falling behind until the rebuild: a lasting flood must not cost one after the other.
REBUILD_AFTER_S = 30.0

#: How often the file is looked at: somebody may have deleted it, or the disk has room again. Seconds.
CHECK_S = 2.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS block(
  id INTEGER PRIMARY KEY, agent TEXT NOT NULL, n INTEGER NOT NULL, rev INTEGER NOT NULL,
  kind TEXT NOT NULL, turn INTEGER NOT NULL, at REAL NOT NULL, UNIQUE(agent, n));
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(text, tokenize="unicode61 tokenchars '_'");
"""


_SEARCH = """
SELECT agent, n, turn, at, snippet(words, 0, '', '', '…', 24) FROM words
JOIN block ON block.id = words.rowid WHERE words MATCH ? ORDER BY at DESC LIMIT ?
"""


class NotReady(Exception):
    """The index cannot be asked now; the text says what to do."""


class Hit(msgspec.Struct, frozen=True):
    """One block that matches a search."""

    agent: AgentId
    n: int
    turn: int
    at: float
    snippet: str


#: All transcripts there are, read from their files: for a rebuild, called in the index's own thread.
Source = Callable[[], Iterator[tuple[AgentId, Iterable[Block]]]]


class _Put(msgspec.Struct):
    agent: AgentId
    blocks: tuple[Block, ...]


class _Drop(msgspec.Struct):
    agent: AgentId


class _Rebuild(msgspec.Struct):
    done: Future[tuple[int, int]]


class _Stop(msgspec.Struct):
    pass


_Order = _Put | _Drop | _Rebuild | _Stop


class IndexStore:
    """Owns the file and its writer thread, from ``start`` to ``stop``. All methods may be called from any thread."""

    def __init__(self, path: Path, source: Source, on_problem: Callable[[str], None]) -> None:
        self._path = path
        self._source = source
        self._on_problem = on_problem
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._behind_since: float | None = None
        self._ending = threading.Event()
        # Each is changed by one thread only, so that their difference needs no lock.
        self._given = 0
        self._taken = 0
        self._problem = ""

    def start(self) -> None:
        """Start the writer; a missing, damaged or other-version file is rebuilt by it."""
        self._thread = threading.Thread(target=self._run, name="index", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Commit what waits and end the thread; a rebuild under way is left to the next daemon."""
        if self._thread is not None:
            self._ending.set()
            self._orders.put(_Stop())
            self._thread.join()
            self._thread = None

    def put(self, agent: AgentId, blocks: tuple[Block, ...]) -> None:
        """Index new or revised blocks soon."""
        size = sum(_size(block) for block in blocks)
        if self.waiting + size > WAITING_LIMIT:
            self._behind_since = self._behind_since or time.monotonic()
        else:
            self._given += size
            self._orders.put(_Put(agent, blocks))

    def drop(self, agent: AgentId) -> None:
        """Forget an agent."""
        self._orders.put(_Drop(agent))

    def rebuild(self) -> Future[tuple[int, int]]:
        """Build the index anew; the result is the number of agents and of blocks."""
        done: Future[tuple[int, int]] = Future()
        self._orders.put(_Rebuild(done))
        return done

    @property
    def waiting(self) -> int:
        """Return about how many characters wait to be written."""
        return self._given - self._taken

    @property
    def size(self) -> int | None:
        """Return the bytes of the file, ``None`` when there is none."""
        try:
            return self._path.stat().st_size
        except OSError:
            return None

    def search(self, text: str, limit: int = 50) -> list[Hit]:
        """Return the newest blocks that hold all words of ``text`` (the last one as a beginning). Raises NotReady."""
        words = [word.replace('"', '""') for word in text.split()]
        if not words:
            return []
        match = " ".join(f'"{word}"' for word in words) + "*"
        try:
            with contextlib.closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)) as connection:
                rows = connection.execute(_SEARCH, (match, limit)).fetchall()
        except sqlite3.Error as error:
            raise NotReady(f"the search index is being built; try again in a moment ({error})") from error
        return [Hit(*row) for row in rows]

    # -- the writer thread

    def _run(self) -> None:
        writer: _Writer | None = None
        while True:
            batch = self._gather()
            stopping = any(isinstance(order, _Stop) for order in batch)
            self._taken += sum(_size(b) for order in batch if isinstance(order, _Put) for b in order.blocks)
            try:
                writer = self._ready(writer)
                writer.take([order for order in batch if isinstance(order, _Put | _Drop)])
                self._rebuild_for(writer, [order for order in batch if isinstance(order, _Rebuild)])
                self._tell("")
            except (sqlite3.Error, OSError) as error:
                self._fail(error, batch)
                _close(writer)
                writer = None
            if stopping:
                _close(writer)
                return

    def _gather(self) -> list[_Order]:
        """Wait for orders and return those of one batch; empty after CHECK_S without any."""
        try:
            batch = [self._orders.get(timeout=CHECK_S)]
        except queue.Empty:
            return []
        deadline = time.monotonic() + BATCH_S
        while not isinstance(batch[-1], _Stop) and len(batch) < BATCH:
            try:
                batch.append(self._orders.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                break
        return batch

    def _ready(self, writer: _Writer | None) -> _Writer:
        """Return a writer of the file that lies there now, rebuilt when it is not ours or not whole."""
        behind = self._behind_since
        if writer is not None and writer.is_of(self._path):
            if behind is None:
                return writer
            writer.mark_partial()  # whatever happens to us, the next daemon knows
            if time.monotonic() - behind < REBUILD_AFTER_S:
                return writer
        _close(writer)
        fresh = _Writer.open(self._path)
        if behind is not None or not fresh.is_whole:
            self._behind_since = None
            fresh.rebuild(self._source, self._ending)
        return fresh

    def _rebuild_for(self, writer: _Writer, orders: list[_Rebuild]) -> None:
        if orders:
            counts = writer.rebuild(self._source, self._ending)
            for order in orders:
                order.done.set_result(counts)

    def _fail(self, error: Exception, batch: list[_Order]) -> None:
        self._behind_since = -REBUILD_AFTER_S  # as soon as it works again
        self._tell(f"the search index {self._path} cannot be written: {error}")
        for order in batch:
            if isinstance(order, _Rebuild) and not order.done.done():
                order.done.set_exception(error)
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            _discard(self._path)  # not a database, or damaged inside: only a new one helps

    def _tell(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            if problem:
                log.info("%s", problem)
                self._on_problem(problem)


class _Writer:
    """One open connection, in the writer thread."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self._path = path
        self._inode = _inode(path)

    @classmethod
    def open(cls, path: Path) -> _Writer:
        """Open the file; one of another version or one that is no database is replaced."""
        try:
            writer = cls._connect(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            _discard(path)
            writer = cls._connect(path)
        return writer

    @classmethod
    def _connect(cls, path: Path) -> _Writer:
        for last in (False, True):
            connection = sqlite3.connect(path, isolation_level=None)
            try:
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
                if tables and version not in (0, VERSION) and not last:
                    connection.close()
                    _discard(path)
                    continue
                path.chmod(0o600)
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.executescript(_SCHEMA)
            except BaseException:
                connection.close()
                raise
            break
        return cls(connection, path)

    @property
    def is_whole(self) -> bool:
        """Tell whether a rebuild of this version was ever finished."""
        return bool(self._db.execute("PRAGMA user_version").fetchone()[0] == VERSION)

    def is_of(self, path: Path) -> bool:
        """Tell whether the file at ``path`` is still the one that is open."""
        return self._inode is not None and _inode(path) == self._inode

    def take(self, orders: list[_Put | _Drop]) -> None:
        """Carry out a batch in one transaction."""
        if not orders:
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for order in orders:
                if isinstance(order, _Put):
                    for block in order.blocks:
                        self._put(order.agent, block)
                else:
                    self._drop(order.agent)
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def mark_partial(self) -> None:
        """Note in the file that it lacks something: whoever opens it next rebuilds it."""
        self._db.execute("PRAGMA user_version=0")

    def rebuild(self, source: Source, ending: threading.Event) -> tuple[int, int]:
        """Empty the tables and fill them from the transcripts; return how many agents and blocks.

        Once ``ending`` is set it stops, and the file stays marked as partial.
        """
        self._db.execute("PRAGMA user_version=0")
        self._db.executescript("DELETE FROM block; DELETE FROM words;")
        agents = 0
        for agent, blocks in source():
            agents += 1
            rest = iter(blocks)
            while batch := tuple(itertools.islice(rest, REBUILD_BATCH)):
                if ending.is_set():
                    return agents, 0
                self.take([_Put(agent, batch)])
        self._db.execute(f"PRAGMA user_version={VERSION}")
        return agents, self._db.execute("SELECT count(*) FROM block").fetchone()[0]

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def _put(self, agent: AgentId, block: Block) -> None:
        text = searchable(block)
        known = self._db.execute("SELECT id, rev FROM block WHERE agent=? AND n=?", (agent, block.n)).fetchone()
        if known is not None:
            if known[1] > block.rev:
                return
            self._db.execute("UPDATE block SET rev=? WHERE id=?", (block.rev, known[0]))
            self._db.execute("UPDATE words SET text=? WHERE rowid=?", (text, known[0]))
            return
        row = self._db.execute(
            "INSERT INTO block(agent, n, rev, kind, turn, at) VALUES(?,?,?,?,?,?)",
            (agent, block.n, block.rev, block.kind.value, block.turn, block.at),
        ).lastrowid
        self._db.execute("INSERT INTO words(rowid, text) VALUES(?,?)", (row, text))

    def _drop(self, agent: AgentId) -> None:
        self._db.execute("DELETE FROM words WHERE rowid IN (SELECT id FROM block WHERE agent=?)", (agent,))
        self._db.execute("DELETE FROM block WHERE agent=?", (agent,))


def _size(block: Block) -> int:
    """Return about how many characters of a block wait in memory."""
    return len(block.text) + (len(block.tool.output) if block.tool is not None else 0) + 200


def searchable(block: Block) -> str:
    """Return the text of a block that a search should find."""
    parts = [block.text]
    if block.tool is not None:
        parts += [block.tool.title, block.tool.command or "", block.tool.output, *block.tool.locations]
        parts += [diff.path for diff in block.tool.diffs]
    if block.decision is not None:
        parts += [block.decision.title, block.decision.reason]
    parts += [entry.text for entry in block.plan]
    return "\n".join(part for part in parts if part)


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_dev, stat.st_ino


def _discard(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _close(writer: _Writer | None) -> None:
    if writer is not None:
        writer.close()

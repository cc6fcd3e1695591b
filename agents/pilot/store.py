"""Sessions on disk: one append-only file of JSON lines each, 0600 in a directory of 0700.

A torn last line is cut off when a session is opened. One process at a time has a session open.
"""

from __future__ import annotations

import fcntl
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
import platformdirs

from agents.pilot.conversation import Chosen, Conversation, Entry, Head, Planned, Replied, Result, Said

#: Sessions in one answer to ``session/list``.
PAGE: Final = 50

#: Bytes read of a session to tell its title.
_PEEK: Final = 256 * 1024

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Head | Said | Replied | Result | Chosen | Planned)


class SessionRefused(Exception):
    """A session cannot be opened; the text says why and what to do."""


class Listed(msgspec.Struct, frozen=True):
    """One session as ``session/list`` tells it; ``at`` is epoch seconds of the last change."""

    id: str
    cwd: str
    title: str
    at: float


def folder(env: Mapping[str, str]) -> Path:
    """Return where sessions lie: under ``QUARTERDECK_HOME``, else in the user's data directory."""
    home = env.get("QUARTERDECK_HOME")
    data = Path(home).expanduser() / "data" if home else platformdirs.user_data_path("quarterdeck")
    return data / "pilot" / "sessions"


class File:
    """One open session; owns the descriptor and its lock until ``close``."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self.path = path

    def append(self, entry: Entry, *, sync: bool = False) -> None:
        """Write one line, whole or not at all; ``sync`` waits until it is on disk. Raises OSError."""
        before = os.fstat(self._descriptor).st_size
        data = memoryview(_encoder.encode(entry) + b"\n")
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            os.ftruncate(self._descriptor, before)  # half a line would spoil the next one too
            raise
        if sync:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Let the session go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Store:
    """The sessions of one user on one machine."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def create(self, cwd: str, at: float, parent: str | None = None) -> tuple[Head, File]:
        """Begin a session. Raises OSError."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory.chmod(0o700)
        head = Head(str(uuid.uuid4()), cwd, at, parent=parent)
        path = self._directory / f"{head.id}.jsonl"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        file = File(_locked(os.open(path, flags, 0o600), head.id), path)
        file.append(head, sync=True)
        return head, file

    def open(self, session: str) -> tuple[Head, Conversation, File]:
        """Open a session to go on with it. Raises SessionRefused."""
        path = self._path(session)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError as error:
            raise SessionRefused(f"there is no session {session[:60]}: begin a new one") from error
        except OSError as error:
            raise SessionRefused(f"session {session[:60]} cannot be opened: {error.strerror}") from error
        file = File(_locked(descriptor, session), path)
        whole = path.read_bytes()
        keep = whole.rfind(b"\n") + 1
        os.ftruncate(descriptor, keep)
        entries = list(_entries(whole[:keep]))
        if not entries or not isinstance(entries[0], Head):
            file.close()
            raise SessionRefused(f"session {session[:60]} is damaged ({path}): begin a new one")
        return entries[0], Conversation(entries[1:]), file

    def read(self, session: str) -> tuple[Head, Conversation]:
        """Read a session that another process may have open (to fork it). Raises SessionRefused."""
        path = self._path(session)
        try:
            entries = list(_entries(path.read_bytes()))
        except OSError as error:
            raise SessionRefused(f"session {session[:60]} cannot be read: {error.strerror}") from error
        if not entries or not isinstance(entries[0], Head):
            raise SessionRefused(f"session {session[:60]} is damaged ({path}): begin a new one")
        return entries[0], Conversation(entries[1:])

    def listed(self, cwd: str | None) -> list[Listed]:
        """Return the sessions in which something was said, newest first."""
        known = [found for path in self._files() if (found := _peek(path)) is not None]
        fitting = [one for one in known if cwd is None or one.cwd == cwd]
        return sorted(fitting, key=lambda one: one.at, reverse=True)

    def _files(self) -> list[Path]:
        if not self._directory.is_dir():
            return []
        return [path for path in self._directory.glob("*.jsonl") if _ID.fullmatch(path.stem)]

    def _path(self, session: str) -> Path:
        if not _ID.fullmatch(session):
            raise SessionRefused(f"“{session[:60]}” is no session of Pilot: begin a new one")
        return self._directory / f"{session}.jsonl"


def _locked(descriptor: int, session: str) -> int:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        text = f"session {session} is open in another process: fork it, or end the other one first"
        raise SessionRefused(text) from error
    return descriptor


def _entries(data: bytes) -> Iterator[Entry]:
    """Yield the entries that can be read; what a full disk or a crash tore is left out."""
    for line in data.splitlines():
        try:
            yield _decoder.decode(line)
        except msgspec.DecodeError:
            continue


def _peek(path: Path) -> Listed | None:
    try:
        with path.open("rb") as file:
            entries = list(_entries(file.read(_PEEK)))
            at = os.fstat(file.fileno()).st_mtime
    except OSError:
        return None  # it was removed meanwhile, or is not ours to read
    title = Conversation(entries).title()
    if not title or not isinstance(entries[0], Head):
        return None
    return Listed(entries[0].id, entries[0].cwd, title, at)

"""Leases: the same vendor session never runs twice, over all homes of this user.

Files only; knows nothing of agents beyond the names it is given.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from agents.runtime import tree


class Owner(msgspec.Struct, frozen=True):
    """Who holds a lease: an agent of a home, for as long as the process ``pid`` (begun at ``start``) lives."""

    home: str
    agent: str
    pid: int
    start: int

    @classmethod
    def of(cls, home: Path, agent: str, pid: int) -> Owner:
        """Return an owner that lives as long as ``pid``. Raises ProcessLookupError when it is gone."""
        start = tree.identity(pid)
        if start is None:
            raise ProcessLookupError(f"no process {pid}")
        return cls(str(home), agent, pid, start)


class _Lease(msgspec.Struct, frozen=True):
    kind: str
    session_id: str
    owner: Owner


class LeaseHeld(Exception):
    """Another agent runs this session; ``owner`` says which."""

    def __init__(self, kind: str, session_id: str, owner: Owner) -> None:
        super().__init__(
            f"{kind} session {session_id} is already run by agent {owner.agent} of {owner.home} "
            f"(process {owner.pid}); stop it first"
        )
        self.owner = owner


class Leases:
    """The leases in one directory. Calls are short and safe between processes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def acquire(self, kind: str, session_id: str, owner: Owner) -> None:
        """Take the lease, or hand it to another process of the same agent. Raises LeaseHeld.

        A lease whose process is gone is stale and taken over.
        """
        path = self._path(kind, session_id)
        with self._locked():
            holder = self._read(path)
            if holder is not None and not _same_agent(holder, owner) and tree.is_same(holder.pid, holder.start):
                raise LeaseHeld(kind, session_id, holder)
            if holder == owner:
                return  # adopted: the daemon is another, the process is the same
            temporary = path.with_suffix(".new")
            temporary.write_bytes(msgspec.json.encode(_Lease(kind, session_id, owner)))
            temporary.replace(path)

    def release(self, kind: str, session_id: str, owner: Owner) -> None:
        """Give the lease back; a lease that another agent holds meanwhile is left alone."""
        path = self._path(kind, session_id)
        with self._locked():
            holder = self._read(path)
            if holder is not None and _same_agent(holder, owner):
                path.unlink(missing_ok=True)

    def holder(self, kind: str, session_id: str) -> Owner | None:
        """Return who holds the lease now, ``None`` when it is free."""
        with self._locked():
            holder = self._read(self._path(kind, session_id))
        return holder if holder is not None and tree.is_same(holder.pid, holder.start) else None

    def _path(self, kind: str, session_id: str) -> Path:
        digest = hashlib.sha256(f"{kind}\0{session_id}".encode()).hexdigest()
        return self._directory / f"{digest[:32]}.json"

    @staticmethod
    def _read(path: Path) -> Owner | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=_Lease).owner
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError:
            return None  # torn by a crash of the machine: nobody of before the crash is alive

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(self._directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)


def _same_agent(one: Owner, other: Owner) -> bool:
    return (one.home, one.agent) == (other.home, other.agent)

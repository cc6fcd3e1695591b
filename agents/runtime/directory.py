"""One agent's directory in the state directory: what was asked for, what its keeper says, its secret.

Reads and writes files only; decides nothing.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec

from agents.runtime.journal import Journal
from agents.runtime.redact import Redactor
from agents.spec import Spec


class KeeperState(msgspec.Struct, frozen=True):
    """``keeper.json``: what a keeper last said about its process and its agent's.

    ``state`` is starting, running, exited or failed. ``start`` and ``child_start`` go with
    ``tree.is_same``. ``ended`` and ``swept`` (no descendant is left) are epoch seconds.
    """

    pid: int
    start: int
    incarnation: int
    state: str
    child: int | None = None
    child_start: int | None = None
    exit_code: int | None = None
    exit_signal: int | None = None
    error: str | None = None
    errno: int | None = None
    leftovers: tuple[int, ...] = ()
    ended: float | None = None
    swept: float | None = None
    v: int = 1

    @property
    def finished(self) -> bool:
        """Tell whether the agent's main process is known to have ended (or never began)."""
        return self.state in {"exited", "failed"}


class DirectoryDamaged(Exception):
    """A file of the agent cannot be understood; the text names it."""


class AgentDirectory:
    """Paths and small files of one agent. The daemon makes it; only the keeper writes the raw logs."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def spec_file(self) -> Path:
        """Return the file of what was asked for."""
        return self.path / "spec.json"

    @property
    def keeper_file(self) -> Path:
        """Return the file the keeper keeps its state in."""
        return self.path / "keeper.json"

    @property
    def key_file(self) -> Path:
        """Return the file of the secret that a keeper's client must know."""
        return self.path / "keeper.key"

    @property
    def keeper_errors(self) -> Path:
        """Return the file a keeper's stderr goes to; empty unless the keeper itself failed."""
        return self.path / "keeper.err"

    @property
    def events_file(self) -> Path:
        """Return the journal's file."""
        return self.path / "events.jsonl"

    @property
    def checkpoint_file(self) -> Path:
        """Return the file of the adapter's last checkpoint."""
        return self.path / "checkpoint"

    @property
    def kept_checkpoint_file(self) -> Path:
        """Return the checkpoint that was synced before what lies before it in the logs was deleted."""
        return self.path / "checkpoint.kept"

    @property
    def transcript_file(self) -> Path:
        """Return the file of the agent's transcript."""
        return self.path / "transcript.jsonl"

    def create(self) -> None:
        """Make the directory, private to this user."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def spec(self) -> Spec:
        """Return what was asked for. Raises FileNotFoundError, DirectoryDamaged."""
        try:
            return msgspec.json.decode(self.spec_file.read_bytes(), type=Spec)
        except msgspec.MsgspecError as error:
            raise DirectoryDamaged(f"{self.spec_file}: {error}") from error

    def write_spec(self, spec: Spec) -> None:
        """Replace the spec; it is on the disk when this returns."""
        self.create()
        write_durably(self.spec_file, msgspec.json.encode(spec))

    def keeper_state(self) -> KeeperState | None:
        """Return what the keeper last said, ``None`` before the first launch. Raises DirectoryDamaged."""
        try:
            return msgspec.json.decode(self.keeper_file.read_bytes(), type=KeeperState)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise DirectoryDamaged(f"{self.keeper_file}: {error}") from error

    def secret(self) -> str | None:
        """Return the secret of the present keeper."""
        try:
            return self.key_file.read_text("ascii").strip()
        except FileNotFoundError:
            return None

    def new_secret(self) -> str:
        """Make and store the secret of the next keeper."""
        secret = secrets.token_hex(32)
        write_durably(self.key_file, secret.encode("ascii"))
        return secret

    def journal(self, redactor: Redactor | None = None) -> Journal:
        """Return the agent's journal."""
        return Journal(self.events_file, redactor)


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file by rename; content and name are on the disk when this returns. Mode 0600."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_names(path.parent)


def link_durably(path: Path, other: Path) -> None:
    """Give the content of ``path`` the second name ``other``, replacing what had it; the name is on the disk then."""
    temporary = other.with_name(f".{other.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.hardlink_to(path)
    try:
        temporary.replace(other)
    finally:
        temporary.unlink(missing_ok=True)  # a rename between two names of one file leaves both
    _sync_names(path.parent)


def _sync_names(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)

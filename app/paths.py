"""The one place where directories come from: the platform's folders, or ``QUARTERDECK_HOME`` for everything.

Computes paths and, when asked by ``Home.prepare``, makes and checks the directories. Nothing is written before
the check: a home on a network file system, read-only or of another user is refused by name.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import platformdirs

from agents.runtime.places import Places

APP = "quarterdeck"

#: ``sun_path`` holds 104 bytes on macOS and 108 on Linux, with the closing NUL.
LONGEST_SOCKET = 100

#: Room for the longest socket name: an agent id and ``.sock``.
_SOCKET_NAME = 24

#: File systems without dependable locks, sockets or fsync; ids as in /proc/self/mountinfo.
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "afs", "afpfs", "webdav", "fuse.davfs", "fuse.s3fs"}
)

_RESOURCES = Path(__file__).resolve().parent.parent / "resources"


class HomeRefused(Exception):
    """A directory we would have to keep things in is not fit for it; the text names it and the next step."""


class Home(msgspec.Struct, frozen=True):
    """All directories of one home. ``root`` is set when ``QUARTERDECK_HOME`` chose them."""

    config: Path  # settings.toml, keymap.toml, agents/*.toml
    data: Path  # keepers/, layouts
    cache: Path  # deletable at any time
    places: Places
    root: Path | None = None

    @property
    def log(self) -> Path:
        """Return the daemon's log file."""
        return self.places.state / "daemon.log"

    @property
    def has_short_sockets(self) -> bool:
        """Tell whether the sockets had to move to a short directory outside the home."""
        return not self.places.sockets.is_relative_to(self.places.state)

    def prepare(self) -> None:
        """Make the directories (0700) and check that they are ours, local and writable. Raises HomeRefused."""
        mounts = _mounts()
        for directory in self._directories():
            _check_before(directory, mounts)
            _make(directory)
            _check_ours(directory)
        self.check_sockets()

    def check_sockets(self) -> None:
        """Refuse a short socket directory that somebody else planted. One lstat, so done at every connect."""
        if self.has_short_sockets:
            _check_planted(self.places.sockets)

    def _directories(self) -> Iterator[Path]:
        places = self.places
        yield from (self.config, self.data, self.cache, places.state, places.keepers, places.leases)
        if not self.has_short_sockets:
            yield places.sockets


def home_from(env: Mapping[str, str]) -> Home:
    """Return the home ``env`` asks for. Raises HomeRefused when ``QUARTERDECK_HOME`` is no absolute path."""
    chosen = env.get("QUARTERDECK_HOME")
    if chosen:
        root = _absolute(chosen, "QUARTERDECK_HOME")
        config, data, state, cache = root / "config", root / "data", root / "state", root / "cache"
    else:
        root = None
        config, data = platformdirs.user_config_path(APP), platformdirs.user_data_path(APP)
        state, cache = platformdirs.user_state_path(APP), platformdirs.user_cache_path(APP)
    leases = env.get("QUARTERDECK_LEASES")
    places = Places(
        state=state,
        sockets=_sockets(state),
        keepers=data / "keepers",
        # Not under the chosen home: the same vendor session must not run twice, whichever home started it. Not in
        # the runtime directory either: logout empties that while agents go on.
        leases=_absolute(leases, "QUARTERDECK_LEASES") if leases else platformdirs.user_cache_path(APP) / "leases",
        kinds=(_RESOURCES / "agents", config / "agents"),
    )
    return Home(config=config, data=data, cache=cache, places=places, root=root)


def _absolute(text: str, variable: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise HomeRefused(f"{variable} is {text!r}: give an absolute path")
    return path


def _sockets(state: Path) -> Path:
    """Return the socket directory: beside the state, or a short one named by a hash of it.

    Never in the runtime directory: logout empties that, and keepers would go on unreachable.
    """
    beside = state / "run"
    if len(os.fsencode(beside)) + 1 + _SOCKET_NAME <= LONGEST_SOCKET:
        return beside
    digest = hashlib.sha256(os.fsencode(state)).hexdigest()[:12]
    return Path("/tmp") / f"qd-{os.getuid()}-{digest}"  # noqa: S108 (checked by _check_planted)


# ---------------------------------------------------------------- checks


class Mount(msgspec.Struct, frozen=True):
    """A line of /proc/self/mountinfo, as far as it matters here."""

    point: str
    kind: str
    is_read_only: bool


def parse_mounts(text: str) -> tuple[Mount, ...]:
    """Parse /proc/self/mountinfo; later mounts lie over earlier ones."""
    return tuple(mount for line in text.splitlines() if (mount := _parse_mount(line)))


def _parse_mount(line: str) -> Mount | None:
    before, separator, after = line.partition(" - ")
    fields, rest = before.split(" "), after.split(" ")
    if not separator or len(fields) < 6 or len(rest) < 3:
        return None
    point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
    options = {*fields[5].split(","), *rest[2].split(",")}
    return Mount(point, rest[0], "ro" in options)


def mount_of(path: Path, mounts: tuple[Mount, ...]) -> Mount | None:
    """Return the mount that holds ``path`` (absolute, links resolved)."""
    best: Mount | None = None
    for mount in mounts:
        if path.is_relative_to(mount.point) and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def _mounts() -> tuple[Mount, ...]:
    table = Path("/proc/self/mountinfo")
    if table.exists():
        return parse_mounts(table.read_text(encoding="utf-8", errors="surrogateescape"))
    import psutil  # noqa: PLC0415  (only where /proc is missing: it costs 20 ms)

    return tuple(
        Mount(part.mountpoint, part.fstype, "ro" in part.opts.split(",")) for part in psutil.disk_partitions(all=True)
    )


def _check_before(directory: Path, mounts: tuple[Mount, ...]) -> None:
    """Refuse a bad place before anything is made in it."""
    existing = _nearest_existing(directory)
    mount = mount_of(existing.resolve(), mounts)
    if mount and mount.kind in NETWORK_FILE_SYSTEMS:
        raise HomeRefused(
            f"{directory} is on a network file system ({mount.kind} at {mount.point}), where locks and sockets are "
            "not dependable. Set QUARTERDECK_HOME to a directory on a local disk."
        )
    if mount and mount.is_read_only:
        raise HomeRefused(
            f"{directory} is on a read-only file system ({mount.point}). "
            "Set QUARTERDECK_HOME to a directory you can write to."
        )
    facts = existing.stat()
    if existing != directory and facts.st_uid not in (os.getuid(), 0) and not facts.st_mode & stat.S_ISVTX:
        raise HomeRefused(_foreign(directory, existing, facts.st_uid))


def _nearest_existing(directory: Path) -> Path:
    for candidate in (directory, *directory.parents):
        try:
            candidate.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise HomeRefused(_unusable(directory, error)) from error
        return candidate
    return Path("/")


def _make(directory: Path) -> None:
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise HomeRefused(_unusable(directory, error)) from error


def _check_ours(directory: Path) -> None:
    facts = directory.stat()
    if facts.st_uid != os.getuid():
        raise HomeRefused(_foreign(directory, directory, facts.st_uid))
    if stat.S_IMODE(facts.st_mode) & 0o077:
        directory.chmod(0o700)
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        raise HomeRefused(
            f"{directory} is not writable. Run: chmod u+rwx {directory}, or set QUARTERDECK_HOME to another directory."
        )


def _check_planted(directory: Path) -> None:
    """Make or check the short directory in /tmp, where anybody may have put something of that name first."""
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        facts = directory.lstat()
    except OSError as error:
        raise HomeRefused(_unusable(directory, error)) from error
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) & 0o077:
        raise HomeRefused(
            f"{directory} is not a private directory of yours: somebody else may have put it there. "
            "Remove it, or set QUARTERDECK_HOME to a shorter path."
        )


def _foreign(directory: Path, owned: Path, uid: int) -> str:
    return (
        f"{directory} would be kept in {owned}, which belongs to {_user(uid)}; you are {_user(os.getuid())}. "
        "Run quarterdeck as its owner, or set QUARTERDECK_HOME to a directory of your own."
    )


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _unusable(directory: Path, error: OSError) -> str:
    return (
        f"{directory} cannot be used: {error.strerror or error}. "
        "Set QUARTERDECK_HOME to a directory of your own on a local disk."
    )

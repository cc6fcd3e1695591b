"""Parts of the composition root that need no process: epochs, the lock and its socket."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agents.runtime.places import Places
from app import daemon


def test_epochs_count_up_and_outlive_a_damaged_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "epoch.json"
    numbers = [int(daemon._next_epoch(path).partition("-")[0], 16) for _ in range(3)]
    assert numbers[1:] == [numbers[0] + 1, numbers[0] + 2]
    path.write_text("torn")
    assert daemon._next_epoch(path) not in {f"{n:x}-{os.getpid():x}" for n in numbers}


def places(folder: Path) -> Places:
    return Places(folder / "state", folder / "run", folder / "keepers", folder / "leases", ())


def test_a_home_is_locked_once_and_its_socket_is_private(short: Path) -> None:
    door = daemon._Door.take(places(short))
    try:
        with pytest.raises(daemon.AlreadyRunning, match=str(os.getpid())):
            daemon._Door.take(places(short))
        assert places(short).daemon_socket.stat().st_mode & 0o777 == 0o600
    finally:
        door.listener.close()
        os.close(door.lock)
    again = daemon._Door.take(places(short))  # the stale socket is no hindrance
    again.listener.close()
    os.close(again.lock)


def test_what_is_lent_over_an_exec_is_taken_over_or_taken_back(short: Path) -> None:
    door = daemon._Door.take(places(short))
    text = door.lend()
    assert os.get_inheritable(door.lock)
    door.take_back()
    assert not os.get_inheritable(door.lock)
    listener, lock = (os.dup(int(part)) for part in text.split(","))
    heir = daemon._Door.inherit(f"{listener},{lock}")
    assert heir.listener.getsockname() == str(places(short).daemon_socket)
    assert not os.get_inheritable(heir.lock)
    for each in (door, heir):
        each.listener.close()
        os.close(each.lock)


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with a path short enough for a socket."""
    folder = tmp_path_factory.mktemp("d")
    assert len(str(folder)) < 90
    return folder

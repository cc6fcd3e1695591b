"""Where things lie, and which places are refused."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import paths
from app.paths import HomeRefused, Mount, home_from, mount_of, parse_mounts

MOUNTINFO = """\
27 1 0:24 / / rw,relatime - ext4 /dev/vda rw
30 27 0:26 / /home rw,relatime - nfs4 server:/export rw,vers=4.2
31 27 0:27 / /mnt/with\\040space ro,relatime shared:1 - ext4 /dev/vdb rw
32 27 0:28 / /srv rw,relatime - ext4 /dev/vdc ro
torn line
"""


@pytest.fixture
def short() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="qd-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


def test_chosen_home_holds_everything_but_the_leases(short: Path) -> None:
    home = home_from({"QUARTERDECK_HOME": str(short / "h")})
    inside = [home.config, home.data, home.cache, home.places.state, home.places.sockets, home.places.keepers]
    assert all(path.is_relative_to(short / "h") for path in inside)
    assert not home.places.leases.is_relative_to(short / "h")


def test_all_homes_share_one_lease_directory_unless_told_otherwise(short: Path) -> None:
    a = home_from({"QUARTERDECK_HOME": str(short / "a")})
    b = home_from({"QUARTERDECK_HOME": str(short / "b")})
    plain = home_from({})
    assert a.places.leases == b.places.leases == plain.places.leases
    told = home_from({"QUARTERDECK_HOME": str(short / "a"), "QUARTERDECK_LEASES": str(short / "l")})
    assert told.places.leases == short / "l"


def test_user_kinds_come_after_ours(short: Path) -> None:
    ours, theirs = home_from({"QUARTERDECK_HOME": str(short)}).places.kinds
    assert ours.parts[-2:] == ("resources", "agents")
    assert theirs == short / "config" / "agents"


@pytest.mark.parametrize("variable", ["QUARTERDECK_HOME", "QUARTERDECK_LEASES"])
def test_relative_directories_are_refused_by_variable(variable: str) -> None:
    with pytest.raises(HomeRefused, match=f"{variable} is 'some/where': give an absolute path"):
        home_from({variable: "some/where"})


def test_prepare_makes_private_directories_and_closes_open_ones(short: Path) -> None:
    home = home_from({"QUARTERDECK_HOME": str(short / "h"), "QUARTERDECK_LEASES": str(short / "leases")})
    home.places.state.mkdir(parents=True, mode=0o755)
    home.prepare()
    home.prepare()  # a second start finds them
    made = [home.config, home.data, home.cache, *(getattr(home.places, n) for n in ("state", "sockets", "keepers"))]
    assert {stat.S_IMODE(path.stat().st_mode) for path in [*made, home.places.leases]} == {0o700}


def test_long_homes_get_short_sockets_that_differ_by_home(short: Path) -> None:
    long = short / ("x" * 90)
    one = home_from({"QUARTERDECK_HOME": str(long), "QUARTERDECK_LEASES": str(short / "l")})
    two = home_from({"QUARTERDECK_HOME": str(long) + "y", "QUARTERDECK_LEASES": str(short / "l")})
    assert one.has_short_sockets
    assert one.places.sockets != two.places.sockets
    assert len(os.fsencode(one.places.keeper_socket("a" * 16))) <= paths.LONGEST_SOCKET
    try:
        one.prepare()
        assert stat.S_IMODE(one.places.sockets.lstat().st_mode) == 0o700
    finally:
        one.places.sockets.rmdir()


def test_homes_at_the_border_never_exceed_the_limit(short: Path) -> None:
    for length in range(30, 90):
        home = home_from({"QUARTERDECK_HOME": str(short) + "x" * length})
        assert len(os.fsencode(home.places.keeper_socket("a" * 16))) <= paths.LONGEST_SOCKET


@pytest.mark.parametrize("trick", ["link", "open", "file"])
def test_a_planted_short_directory_is_refused(short: Path, trick: str) -> None:
    home = home_from({"QUARTERDECK_HOME": str(short / ("x" * 90)), "QUARTERDECK_LEASES": str(short / "l")})
    sockets = home.places.sockets
    elsewhere = short / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    if trick == "link":
        sockets.symlink_to(elsewhere)
    elif trick == "open":
        sockets.mkdir()
        sockets.chmod(0o777)
    else:
        sockets.touch()
    try:
        with pytest.raises(HomeRefused, match=f"{sockets}"):
            home.check_sockets()
    finally:
        sockets.rmdir() if trick == "open" else sockets.unlink()


def test_mountinfo_is_parsed_with_escapes_and_both_kinds_of_read_only() -> None:
    assert parse_mounts(MOUNTINFO) == (
        Mount("/", "ext4", is_read_only=False),
        Mount("/home", "nfs4", is_read_only=False),
        Mount("/mnt/with space", "ext4", is_read_only=True),
        Mount("/srv", "ext4", is_read_only=True),
    )


def test_the_deepest_and_latest_mount_holds_a_path() -> None:
    mounts = (*parse_mounts(MOUNTINFO), Mount("/srv", "tmpfs", is_read_only=False))
    assert mount_of(Path("/home/me"), mounts) == mounts[1]
    assert mount_of(Path("/homework"), mounts) == mounts[0]
    assert mount_of(Path("/srv/x"), mounts) == mounts[-1]
    assert mount_of(Path("/x"), ()) is None


@pytest.mark.parametrize(
    ("kind", "is_read_only", "message"),
    [("nfs4", False, r"network file system \(nfs4 at"), ("ext4", True, "read-only file system")],
)
def test_unfit_file_systems_are_refused_by_name_and_next_step(
    short: Path, monkeypatch: pytest.MonkeyPatch, kind: str, is_read_only: bool, message: str
) -> None:
    mount = Mount(str(short.resolve()), kind, is_read_only)
    monkeypatch.setattr(paths, "_mounts", lambda: (mount,))
    home = home_from({"QUARTERDECK_HOME": str(short / "h")})
    with pytest.raises(HomeRefused, match=message) as refused:
        home.prepare()
    assert str(home.config) in str(refused.value)
    assert "QUARTERDECK_HOME" in str(refused.value)
    assert not (short / "h").exists()


def test_a_home_under_another_users_directory_is_refused(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = home_from({"QUARTERDECK_HOME": str(short / "h")})
    owner = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: owner)
    if short.stat().st_uid == 0:  # root's directories hold everybody's homes: make it somebody's
        os.chown(short, owner + 1, -1)
    with pytest.raises(HomeRefused, match="belongs to"):
        home.prepare()


def test_an_existing_home_of_another_user_is_refused(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = home_from({"QUARTERDECK_HOME": str(short / "h"), "QUARTERDECK_LEASES": str(short / "l")})
    home.prepare()
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(HomeRefused, match="belongs to"):
        home.prepare()


def test_a_file_in_the_way_is_named(short: Path) -> None:
    (short / "h").write_text("not a directory")
    home = home_from({"QUARTERDECK_HOME": str(short / "h")})
    with pytest.raises(HomeRefused, match=r"cannot be used: (Not a directory|File exists)"):
        home.prepare()

"""What is recorded: every byte once and in order, over segments, terminals, full disks and torn ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.model import Stream
from agents.runtime.marks import RECORD, MarkReader
from agents.runtime.rawlog import RawLog
from tests.integration.runtime.conftest import Ear, Kept

MIB = 1024 * 1024

#: Writes a numbered pattern, so that a byte lost, repeated or moved shows.
PATTERN = """
import sys
out = sys.stdout.buffer
for n in range({count}):
    out.write(b"%015d\\n" % n)
"""


def pattern(count: int) -> bytes:
    return b"".join(b"%015d\n" % n for n in range(count))


def assert_marks_cover(kept: Kept, stream: Stream) -> None:
    """Assert that the marks of a stream cover its log without gap or overlap."""
    offset = 0
    for mark, data in kept.marks():
        if mark.stream is stream:
            assert mark.offset == offset
            assert len(data) == mark.length
            offset += mark.length
    assert offset == len(kept.bytes(stream))


async def test_a_terminal_echoes_resizes_and_ends_at_its_end_of_file_character(kept: Kept) -> None:
    link, ear = await kept.run("bash", "-c", "stty size; cat; stty size; tty", pty=True, rows=31, cols=117)
    await ear.until(lambda: kept.out == b"31 117\r\n")
    link.write("w", b"typed\n")
    await ear.until(lambda: kept.out.endswith(b"typed\r\ntyped\r\n"))
    link.resize(50, 200)
    link.close_stdin()
    assert (await ear.exit()).exit_code == 0
    assert b"50 200\r\n/dev/pts/" in kept.out
    assert kept.bytes(Stream.ERR) == b""
    assert kept.bytes(Stream.IN) == b"typed\n\x04"
    (resize,) = kept.events("resize")
    assert (resize["rows"], resize["cols"]) == (50, 200)
    assert kept.events("start")[0]["rows"] == 31
    assert_marks_cover(kept, Stream.OUT)


async def test_a_resize_reaches_the_program(kept: Kept) -> None:
    code = """
import os, _signal
_signal.pthread_sigmask(_signal.SIG_BLOCK, [_signal.SIGWINCH])
print("ready", flush=True)
_signal.sigwait([_signal.SIGWINCH])
print(os.get_terminal_size(0), flush=True)
"""
    link, ear = await kept.python(code, pty=True)
    await ear.until(lambda: b"ready" in kept.out)
    link.resize(10, 20)
    await ear.exit()
    assert b"columns=20, lines=10" in kept.out


async def test_an_interrupt_character_reaches_the_foreground_job(kept: Kept) -> None:
    link, ear = await kept.run("bash", "-c", "trap 'echo trapped; exit 5' INT; echo ready; sleep 600", pty=True)
    await ear.until(lambda: b"ready" in kept.out)
    link.write("ctrl-c", b"\x03")
    assert (await ear.exit()).exit_code == 5


async def test_out_and_err_are_kept_apart_and_both_ends_are_recorded(kept: Kept) -> None:
    _, ear = await kept.python("import os\nfor n in range(500):\n os.write(1, b'o'*100)\n os.write(2, b'e'*50)")
    await ear.exit()
    assert kept.out == b"o" * 50_000
    assert kept.bytes(Stream.ERR) == b"e" * 25_000
    assert sorted(event["stream"] for event in kept.events("eof")) == ["err", "out"]
    assert_marks_cover(kept, Stream.OUT)
    assert_marks_cover(kept, Stream.ERR)


async def test_closed_outputs_are_no_exit(kept: Kept) -> None:
    link, ear = await kept.run("bash", "-c", "exec 1>&- 2>&-; read x; exit 4")
    await ear.until(lambda: len(kept.events("eof")) == 2)
    assert kept.state().state == "running"
    link.write("go", b"\n")
    assert (await ear.exit()).exit_code == 4


async def test_segments_hold_exactly_their_part_and_marks_may_span_them(kept: Kept) -> None:
    _, ear = await kept.python(PATTERN.format(count=20_000), segment=4099)
    await ear.exit()
    assert kept.out == pattern(20_000)
    sizes = [path.stat().st_size for path in _segments(kept, "out")]
    assert set(sizes[:-1]) == {4099}
    assert sum(sizes) == 320_000
    assert_marks_cover(kept, Stream.OUT)


def _segments(kept: Kept, stream: str) -> list[Path]:
    found = kept.directory.path.glob(f"{stream}.*.log")
    return sorted(found, key=lambda path: int(path.name.split(".")[1]))


async def test_the_oldest_segments_can_go_while_the_keeper_writes(kept: Kept) -> None:
    link, ear = await kept.run("cat", segment=1000)
    link.write("a", b"a" * 3500)
    await ear.until(lambda: len(kept.out) == 3500)
    log = RawLog(kept.directory.path, Stream.OUT, 1000)
    assert log.trim(2500) == 2000
    link.write("b", b"b" * 1000)
    link.close_stdin()
    await ear.exit()
    assert (log.start, log.size) == (2000, 4500)
    assert log.read(2000, 9999) == b"a" * 1500 + b"b" * 1000


async def test_a_line_of_50_mb_is_nothing_special(kept: Kept) -> None:
    _, ear = await kept.python("import sys\nsys.stdout.write('x' * 50_000_000 + '\\n')")
    assert (await ear.exit()).exit_code == 0
    log = RawLog(kept.directory.path, Stream.OUT)
    assert log.size == 50_000_001
    assert log.read(49_999_999, 10) == b"x\n"
    assert set(log.read(0, 1000)) == {ord("x")}


async def test_a_burst_of_lines_is_few_marks(kept: Kept) -> None:
    _, ear = await kept.python("import os\nfor n in range(2000): os.write(1, b'%d\\n' % n)")
    await ear.exit()
    marks = [mark for mark, _ in kept.marks() if mark.stream is Stream.OUT]
    assert len(marks) < 500
    assert kept.out == b"".join(b"%d\n" % n for n in range(2000))


async def test_a_later_incarnation_goes_on_in_the_same_sequence(kept: Kept) -> None:
    link, ear = await kept.run("bash", "-c", "echo first")
    first = await ear.exit()
    link.bye()
    await ear.until(lambda: not kept.socket.exists())
    _, ear = await kept.run("bash", "-c", "echo second", incarnation=2)
    state = await ear.exit()
    assert (state.incarnation, first.incarnation) == (2, 1)
    assert kept.out == b"first\nsecond\n"
    assert [event["incarnation"] for event in kept.events("start")] == [1, 2]
    assert_marks_cover(kept, Stream.OUT)


async def test_a_torn_mark_is_overwritten(kept: Kept) -> None:
    link, ear = await kept.run("bash", "-c", "echo first")
    await ear.exit()
    link.bye()
    await ear.until(lambda: not kept.socket.exists())
    whole = len(kept.marks())
    path = kept.directory.path / "marks"
    with path.open("ab") as file:
        file.write(b"\x99" * 17)
    assert MarkReader(kept.directory.path).next_seq == whole
    _, ear = await kept.run("bash", "-c", "echo second", incarnation=2)
    await ear.exit()
    assert path.stat().st_size % RECORD.size == 0
    assert [data for mark, data in kept.marks() if mark.stream is Stream.OUT] == [b"first\n", b"second\n"]


# ---------------------------------------------------------------- a full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "disk"
    path.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs here: {mounted.stderr.decode()}")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def grow(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)


@pytest.fixture
def cramped(kept: Kept, small_disk: Path) -> Iterator[Kept]:
    """Yield the agent with its directory on a disk of 1 MiB."""
    kept.directory = type(kept.directory)(small_disk / "a1")
    kept.directory.create()
    yield kept
    kept.end()  # while the disk is still there


async def test_a_full_disk_holds_the_agent_and_loses_no_byte(cramped: Kept, small_disk: Path) -> None:
    count = 4 * MIB // 16
    _, ear = await cramped.python(PATTERN.format(count=count) + "sys.stdout.flush(); print('end', file=sys.stderr)")
    await ear.until(lambda: ear.disk)
    assert ear.disk[0][0] is True
    assert "No space left" in ear.disk[0][1]
    assert ear.exits == []
    again, adopted = await cramped.attach(Ear())
    assert again.welcome.disk_full
    grow(small_disk)
    state = await adopted.exit()
    assert (False, "") in adopted.disk
    assert state.exit_code == 0
    assert cramped.out == pattern(count)
    assert cramped.bytes(Stream.ERR) == b"end\n"
    assert cramped.state().exit_code == 0
    assert_marks_cover(cramped, Stream.OUT)


async def test_on_a_full_disk_writes_wait_and_are_written_once(cramped: Kept, small_disk: Path) -> None:
    code = PATTERN.format(count=2 * MIB // 16) + "sys.stdout.flush(); print(sys.stdin.readline().strip())"
    link, ear = await cramped.python(code)
    await ear.until(lambda: ear.disk)
    link.write("while full", b"hello\n")
    await ear.until(lambda: ("while full", "accepted", "") in ear.acks)
    grow(small_disk)
    await ear.until(lambda: ("while full", "written", "") in ear.acks)
    assert (await ear.exit()).exit_code == 0
    assert cramped.out == pattern(2 * MIB // 16) + b"hello\n"
    assert cramped.bytes(Stream.IN) == b"hello\n"


async def test_on_a_full_disk_an_agent_can_still_be_killed(cramped: Kept, small_disk: Path) -> None:
    link, ear = await cramped.python(PATTERN.format(count=4 * MIB // 16))
    await ear.until(lambda: ear.disk)
    link.stop(("kill",))
    await ear.until(lambda: not cramped.processes())
    grow(small_disk)
    state = await ear.exit()
    assert state.exit_signal == 9
    assert pattern(4 * MIB // 16).startswith(cramped.out)
    await ear.until(lambda: cramped.state().state == "exited")
    assert_marks_cover(cramped, Stream.OUT)


async def test_a_disk_that_is_full_before_the_start_delays_the_agent_only(cramped: Kept, small_disk: Path) -> None:
    cramped.secret = cramped.directory.new_secret()
    filler = os.open(small_disk / "filler", os.O_WRONLY | os.O_CREAT)
    with pytest.raises(OSError, match="No space"):
        os.posix_fallocate(filler, 0, 2 * MIB)
    free = os.statvfs(small_disk).f_bavail
    os.posix_fallocate(filler, 0, free * os.statvfs(small_disk).f_bsize)
    assert os.statvfs(small_disk).f_bavail == 0
    await cramped.spawn(sys.executable, "-c", "print('x' * 50_000)")
    link, ear = await cramped.attach()
    assert link.welcome.disk_full
    os.ftruncate(filler, 0)
    os.close(filler)
    assert (await ear.exit()).exit_code == 0
    assert cramped.out == b"x" * 50_000 + b"\n"

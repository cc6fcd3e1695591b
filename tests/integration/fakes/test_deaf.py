"""The terminal that does not know OSC 7501, between a real program and a real pty."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys

from tests.real import deaf

LIMIT_S = 30.0

#: Asks alone and then prints nothing until it is typed to; asks once more in two pieces.
PROGRAM = r"""
import sys, time
out = sys.stdout
out.write("\x1b]7501;?\x1b\\"); out.flush()
heard = sys.stdin.readline()
out.write("heard " + heard + "\x1b]7501"); out.flush()
time.sleep(0.05)
out.write(";?\x07over"); out.flush()
sys.exit(7)
"""


def test_a_question_alone_is_taken_out_and_ends_nothing() -> None:
    master, slave = pty.openpty()
    argv = [sys.executable, deaf.__file__, sys.executable, "-c", PROGRAM]
    with subprocess.Popen(  # noqa: TID251  (reaped here)
        argv, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    ) as program:
        os.close(slave)
        shown = _until(master, deaf.NOTHING)
        os.write(master, b"me\n")
        shown += _until(master, b"over")
        assert program.wait(LIMIT_S) == 7
    os.close(master)
    assert b"heard me" in shown
    assert b"7501" not in shown


def _until(master: int, wanted: bytes) -> bytes:
    shown = b""
    while wanted not in shown:
        assert select.select([master], [], [], LIMIT_S)[0], f"{wanted!r} never came, only {shown!r}"
        shown += os.read(master, 65536)
    return shown

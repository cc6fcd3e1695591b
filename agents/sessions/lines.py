"""Reads the beginning and the end of a file of JSON lines, however large or damaged it is; knows no vendor's format."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

#: Bytes read from the beginning and from the end of a file.
HEAD: Final = 256 * 1024
TAIL: Final = 64 * 1024


class Glance(msgspec.Struct, frozen=True):
    """The objects of a file's first and last lines, when it was last written (epoch seconds) and its size."""

    head: tuple[dict[str, Any], ...]
    tail: tuple[dict[str, Any], ...]
    written: float
    size: int


def glance(path: Path) -> Glance:
    """Look at a file. Raises OSError, also for what is no plain file: a pipe would be waited for."""
    # O_NONBLOCK: opening a pipe that has no writer would block.
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(f"{path} is no plain file")
        is_small = facts.st_size <= HEAD + TAIL
        head = os.pread(fd, HEAD + TAIL if is_small else HEAD, 0)
        tail = b"" if is_small else os.pread(fd, TAIL, facts.st_size - TAIL)
    finally:
        os.close(fd)
    # A line that is cut is no line: the last one of the head, the first one of the tail.
    head = head if is_small else head[: head.rfind(b"\n") + 1]
    tail = tail[tail.find(b"\n") + 1 :]
    return Glance(tuple(_objects(head)), tuple(_objects(tail)), facts.st_mtime, facts.st_size)


def _objects(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data.split(b"\n"):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value

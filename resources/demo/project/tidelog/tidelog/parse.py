"""One access-log line to a record."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    path: str
    status: int
    millis: int


def parse(line):
    """Return the record of ``line``, or None when it is none."""
    pattern = re.compile(r'"[A-Z]+ (?P<path>\S+) [^"]+" (?P<status>\d{3}) (?P<millis>\d+)ms')
    found = pattern.search(line)
    if found is None:
        return None
    return Record(found["path"], int(found["status"]), int(found["millis"]))

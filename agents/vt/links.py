"""Hyperlinks of a terminal (OSC 8): their numbers, and which number the core's default background stands for; no core.

A link has no place in a cell of the native core. What has room is the default background: its red, green and blue mean
nothing, so they hold the number of an entry here, a background and a link. So a link moves with its text whatever
is done to it, and is gone where something is written over it.
"""

from __future__ import annotations

from collections import OrderedDict

from agents.vt.rows import DEFAULT

#: Bytes of one address and of one ``id``; longer ones are no link.
LONGEST, LONGEST_ID = 2048, 256

#: How many links and backgrounds are remembered, and bytes of addresses: the oldest are forgotten.
_MANY, _BYTES = 4096, 1024 * 1024

#: Numbers an entry can have: three bytes.
_NUMBERS = 1 << 24


class Links:
    """The links of one grid. The same address with the same ``id`` is one.

    Numbers are never given twice, so a forgotten link is none and never another one.
    """

    def __init__(self) -> None:
        self.current = 0
        self._count = self._size = 0
        self._addresses: OrderedDict[int, tuple[str, bytes]] = OrderedDict()
        self._numbers: dict[tuple[str, bytes], int] = {}
        self._entries: OrderedDict[int, tuple[int, int]] = OrderedDict()
        self._given: dict[tuple[int, int], int] = {}
        self._next = 1

    def address(self, link: int) -> str | None:
        """Return where a link leads, None when it is forgotten or was none."""
        found = self._addresses.get(link)
        return None if found is None else found[0]

    def take(self, body: bytes) -> None:
        """Take what stands behind ``8;``: parameters, then the address, empty to end the link."""
        parameters, _, address = body.partition(b";")
        self.current = self._number(address, _id(parameters)) if 0 < len(address) <= LONGEST else 0

    def _number(self, address: bytes, name: bytes) -> int:
        text = address.decode("utf-8", "replace")
        if not text.isprintable() or len(name) > LONGEST_ID:
            return 0
        key = (text, name)
        known = self._numbers.get(key)
        if known is not None:
            self._addresses.move_to_end(known)
            return known
        self._count += 1
        self._addresses[self._count] = key
        self._numbers[key] = self._count
        self._size += len(text)
        while len(self._addresses) > _MANY or self._size > _BYTES:
            _, gone = self._addresses.popitem(last=False)
            self._size -= len(gone[0])
            del self._numbers[gone]
        return self._count

    def entry(self, background: int, link: int) -> int:
        """Return the number that stands for a background with a link, 0 for neither."""
        key = (background, link)
        if key == (DEFAULT, 0):
            return 0
        known = self._given.get(key)
        if known is not None:
            self._entries.move_to_end(known)
            return known
        if self._next >= _NUMBERS:
            return 0
        number = self._next
        self._next += 1
        self._entries[number] = key
        self._given[key] = number
        if len(self._entries) > _MANY * 4:
            _, gone = self._entries.popitem(last=False)
            del self._given[gone]
        return number

    def resolve(self, number: int) -> tuple[int, int]:
        """Return the background and the link that ``number`` stands for."""
        return self._entries.get(number, (DEFAULT, 0))


def _id(parameters: bytes) -> bytes:
    for parameter in parameters.split(b":"):
        key, _, value = parameter.partition(b"=")
        if key == b"id":
            return value
    return b""

"""A display seen and typed at from outside: keys of the X server in, pixels out, the same for every terminal on it.

Loads libX11 and libXtst, which come with what needs a display; says by name what is missing.
"""

from __future__ import annotations

import contextlib
import ctypes
import time
from collections.abc import Iterator

import msgspec

from app.bench.scene import BenchFailed

_ALL_PLANES, _ZPIXMAP = 0xFFFFFFFF, 2

#: Seconds until what was typed must be seen.
_PATIENCE_S = 10.0

_LIBRARIES = ("libX11.so.6", "libXtst.so.6")


class Area(msgspec.Struct, frozen=True):
    """A part of the display in pixels."""

    x: int
    y: int
    width: int
    height: int


class _Image(ctypes.Structure):
    """The beginning of Xlib's XImage, as far as it is read."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("width", "height", "xoffset", "format")),
        ("data", ctypes.c_void_p),
        *((name, ctypes.c_int) for name in ("byte_order", "bitmap_unit", "bitmap_bit_order", "bitmap_pad")),
        *((name, ctypes.c_int) for name in ("depth", "bytes_per_line", "bits_per_pixel")),
    )


def missing() -> str:
    """Return which library is not there, empty when all are."""
    for name in _LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            return name
    return ""


class Screen:
    """A connection to one display; used by one thread."""

    def __init__(self, name: str) -> None:
        self._x, self._test = (ctypes.CDLL(library) for library in _LIBRARIES)
        for function in ("XOpenDisplay", "XDefaultRootWindow", "XGetImage"):
            getattr(self._x, function).restype = ctypes.c_void_p
        self._x.XGetImage.restype = ctypes.POINTER(_Image)
        display = self._x.XOpenDisplay(name.encode())
        if display is None:
            raise BenchFailed(f"the display {name} cannot be opened")
        self._display = ctypes.c_void_p(display)
        self._root = ctypes.c_void_p(self._x.XDefaultRootWindow(self._display))
        self._x.XKeysymToKeycode.argtypes = (ctypes.c_void_p, ctypes.c_ulong)
        self._x.XKeysymToKeycode.restype = ctypes.c_ubyte

    def close(self) -> None:
        """End the connection."""
        self._x.XCloseDisplay(self._display)

    def point(self, x: int, y: int) -> None:
        """Move the pointer: without a window manager the keyboard belongs to what is under it."""
        self._test.XTestFakeMotionEvent(self._display, -1, x, y, ctypes.c_ulong(0))
        self._x.XSync(self._display, 0)

    def press(self, character: str) -> None:
        """Press and let go the key of an unshifted character."""
        code = self._x.XKeysymToKeycode(self._display, ord(character))
        for is_down in (1, 0):
            self._test.XTestFakeKeyEvent(self._display, ctypes.c_uint(code), is_down, ctypes.c_ulong(0))
        self._x.XFlush(self._display)

    def pixels(self, area: Area) -> bytes:
        """Return what is seen in a part of the display."""
        sides = (ctypes.c_uint(area.width), ctypes.c_uint(area.height))
        image = self._x.XGetImage(
            self._display, self._root, area.x, area.y, *sides, ctypes.c_ulong(_ALL_PLANES), _ZPIXMAP
        )
        if not image:
            raise BenchFailed(f"no pixels at {area}")
        try:
            seen = image.contents
            return ctypes.string_at(seen.data, seen.bytes_per_line * seen.height)
        finally:
            self._x.XDestroyImage(image)

    def changed(self, area: Area, before: bytes, what: str) -> bytes:
        """Return what is seen in ``area`` once it differs from ``before``. Raises BenchFailed."""
        end = time.monotonic() + _PATIENCE_S
        while (now := self.pixels(area)) == before:
            if time.monotonic() > end:
                raise BenchFailed(f"after {_PATIENCE_S:g} s still not seen on the display: {what}")
        return now


@contextlib.contextmanager
def opened(name: str) -> Iterator[Screen]:
    """Connect to a display for as long as the block lasts."""
    screen = Screen(name)
    try:
        yield screen
    finally:
        screen.close()


def rows_that_differ(area: Area, before: bytes, after: bytes) -> Area:
    """Return the band of ``area``, as wide as it, in which two pictures of it differ."""
    stride = len(before) // area.height
    rows = [
        row
        for row in range(area.height)
        if before[row * stride : (row + 1) * stride] != after[row * stride : (row + 1) * stride]
    ]
    if not rows:
        raise BenchFailed("two pictures of the display are the same")
    return Area(area.x, area.y + rows[0], area.width, rows[-1] - rows[0] + 1)

"""The system libraries Qt and terminals need, with their packages; packaging/system-libraries.sh installs them."""

from __future__ import annotations

import ctypes
import sys

import msgspec


class Library(msgspec.Struct, frozen=True):
    """A shared library by the name the loader knows. Without ``window`` even offscreen drawing needs it."""

    name: str
    package: str
    window: bool = False


LIBRARIES = (
    Library("libglib-2.0.so.0", "libglib2.0-0"),
    Library("libGL.so.1", "libgl1"),
    Library("libEGL.so.1", "libegl1"),
    Library("libxkbcommon.so.0", "libxkbcommon0"),
    Library("libfontconfig.so.1", "libfontconfig1"),
    Library("libdbus-1.so.3", "libdbus-1-3"),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", window=True),
    Library("libxcb-cursor.so.0", "libxcb-cursor0", window=True),
    Library("libxcb-icccm.so.4", "libxcb-icccm4", window=True),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", window=True),
    Library("libxcb-shape.so.0", "libxcb-shape0", window=True),
)

#: What the daemon reads screens with (``agents.vt.libvterm``); everything else goes on without.
TERMINAL = Library("libvterm.so.0", "libvterm0")


def missing(platform: str = sys.platform) -> tuple[Library, ...]:
    """Return the libraries the loader does not find; on macOS Qt brings all it needs."""
    if platform != "linux":
        return ()
    return tuple(library for library in LIBRARIES if not _loads(library.name))


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True

"""Opens the daemon's socket and makes sure that its other end is ours."""

from __future__ import annotations

import os
import socket
import struct

from agents.runtime.places import Places

#: Seconds a connect may take; the kernel answers at once unless the daemon's backlog is full.
CONNECT_S = 5.0


def open_daemon(places: Places) -> socket.socket:
    """Return a connected blocking socket. Raises OSError (nobody listens, or it is somebody else's)."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_S)
        connection.connect(os.fspath(places.daemon_socket))
        _check_peer(connection)
        connection.settimeout(None)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_peer(connection: socket.socket) -> None:
    if not hasattr(socket, "SO_PEERCRED"):  # elsewhere the directory's mode is the guard
        return
    layout = struct.Struct("3i")
    _, uid, _ = layout.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, layout.size))
    if uid != os.getuid():
        raise PermissionError(f"the daemon's socket is held by uid {uid}, not by you")

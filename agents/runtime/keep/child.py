"""The agent's main process: fork, exec, pipes or terminal."""

from __future__ import annotations

import _ctypes
import _signal as signal  # type: ignore[import-not-found]
import errno
import fcntl
import os
import resource
import struct
import termios

from agents.runtime.keep.table import LINUX, start_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

CHUNK = 64 * 1024
SHORT = 1024
PIPE = 256 * 1024
F_SETPIPE_SZ = 1031
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process. Raises OSError."""
    address = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")  # type: ignore[arg-type]
    if _ctypes.call_function(address, (option, value, 0, 0, 0)) != 0:
        raise OSError(errno.EINVAL, f"prctl({option}) failed")


class Child:
    """The agent's main process and our ends of its pipes or terminal; closed ends are -1."""

    def __init__(self, launch: dict[str, Any], umask: int) -> None:
        """Fork and exec. Raises OSError when no process could be made; ``report`` tells how exec went."""
        self.pty = bool(launch.get("pty"))
        self.stdin, self.out, self.err, theirs = self._ends(launch)
        self.report, complaint = os.pipe()
        keeper = os.getpid()
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self.pid = os.fork()
            if self.pid == 0:
                self._become(launch, keeper, umask, theirs, complaint)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for fd in {*theirs, complaint}:
            os.close(fd)
        for fd in (self.stdin, self.out, self.err, self.report):
            if fd >= 0:
                os.set_blocking(fd, False)
        self.start = start_time(self.pid)

    def _ends(self, launch: dict[str, Any]) -> tuple[int, int, int, tuple[int, int, int]]:
        if self.pty:
            master, slave = os.openpty()
            resize(slave, launch.get("rows", 40), launch.get("cols", 120))
            return os.dup(master), master, -1, (slave, slave, slave)
        (in_r, in_w), (out_r, out_w), (err_r, err_w) = os.pipe(), os.pipe(), os.pipe()
        if LINUX:
            for fd in (out_r, err_r):
                try:
                    fcntl.fcntl(fd, F_SETPIPE_SZ, PIPE)  # the user's allowance may be used up
                except OSError:
                    break
        return in_w, out_r, err_r, (in_r, out_w, err_w)

    def _become(
        self, launch: dict[str, Any], keeper: int, umask: int, theirs: tuple[int, int, int], complaint: int
    ) -> NoReturn:
        program = launch["argv"][0]
        try:
            os.setsid()
            if LINUX:
                prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() != keeper:
                    os._exit(127)
            if self.pty:
                fcntl.ioctl(theirs[0], termios.TIOCSCTTY, 0)
            for target, fd in enumerate(theirs):
                os.dup2(fd, target)
            signal.set_wakeup_fd(-1)
            for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
                if signal.getsignal(number) != signal.SIG_DFL:  # what we ignore, an agent would ignore too
                    signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            limit(launch.get("nofile"))
            os.umask(umask)
            program = launch["cwd"]
            os.chdir(program)
            program = launch["argv"][0]
            os.execvpe(program, launch["argv"], launch["env"])  # noqa: S606
        except OSError as error:
            os.write(complaint, f"{error.errno} {program}".encode("utf-8", "surrogateescape"))
        except ValueError:  # a NUL byte in a string
            os.write(complaint, f"{errno.EINVAL} {program}".encode("utf-8", "surrogateescape"))
        finally:
            os._exit(127)

    def end_of_file(self) -> bytes:
        """Return the character that ends the input of the terminal as it is set now."""
        try:
            character = termios.tcgetattr(self.out)[6][termios.VEOF]
        except termios.error:
            character = b"\x04"
        return character if isinstance(character, bytes) else bytes([character])

    def read(self, fd: int) -> bytes | None:
        """Return what has arrived (a terminal gives 4 KiB at a time), ``None`` for not yet, empty for the end."""
        parts: list[bytes] = []
        total = 0
        while total < CHUNK:
            try:
                part = os.read(fd, CHUNK)
            except BlockingIOError:
                break
            except OSError:  # EIO: nobody has the terminal open any more
                part = b""
            if not part:
                return b"".join(parts)  # the end shows again at the next read
            parts.append(part)
            total += len(part)
            if len(part) < SHORT:
                break  # that was all: asking again would only cost a call
        return b"".join(parts) if parts else None


def resize(fd: int, rows: int, cols: int) -> None:
    """Set the size of a terminal. Raises OSError, struct.error."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


def limit(nofile: int | None) -> None:
    """Give the agent the soft limit of open files its user has, not the daemon's raised one."""
    if nofile:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (nofile, hard))

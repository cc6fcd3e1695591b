from __future__ import annotations

"""JSON as the keeper needs it: the C scanner, and an encoder that loads nothing.

The json package loads re and enum, which costs a keeper more than all else it imports.
"""



import _json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Scanner:
    """What the C scanner asks a JSON decoder for."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def decode(data: bytes) -> dict[str, Any]:
    """Return the JSON object in ``data``. Raises ValueError."""
    try:
        value: object = _json.make_scanner(Scanner)(data.decode("utf-8").strip(), 0)[0]  # type: ignore[arg-type]
    except StopIteration:
        raise ValueError("not JSON") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  bad input, not a bad call
    return value


def encode(value: object) -> str:
    """Return ``value`` (None, bool, int, float, str, list, tuple, dict) as JSON."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _json.encode_basestring_ascii(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{encode(key)}:{encode(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(encode, value)) + "]"
    return repr(value)


"""The process table: who lives below a keeper, without blocking on anything but the kernel."""



import os
import sys
import time

LINUX = sys.platform == "linux"


def stat(pid: int) -> list[bytes]:
    """Return the fields of ``/proc/<pid>/stat`` from the state on; empty when there is no such process."""
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except OSError:
        return []
    try:
        text = os.read(fd, 4096)
    except OSError:
        return []
    finally:
        os.close(fd)
    return text[text.rindex(b")") + 2 :].split()


def start_time(pid: int) -> int:
    """Return what tells this process from a later one with its pid."""
    fields = stat(pid) if LINUX else []
    return int(fields[19]) if fields else int(time.time())


def processes() -> list[tuple[int, int, int]]:
    """Return (pid, parent, group) of every process that is not dead."""
    if not LINUX:
        return processes_by_ps()
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat(int(name))
            if fields and fields[0] not in b"ZX":
                found.append((int(name), int(fields[1]), int(fields[2])))
    return found


def processes_by_ps() -> list[tuple[int, int, int]]:
    """Return the same where there is no ``/proc``."""
    reader, writer = os.pipe()
    ps = os.posix_spawn(
        "/bin/ps",
        ["ps", "-axo", "pid=,ppid=,pgid=,stat="],
        {"PATH": "/bin"},
        file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)],
    )
    os.close(writer)
    text = b""
    while chunk := os.read(reader, 65536):
        text += chunk
    os.close(reader)
    os.waitpid(ps, 0)
    rows = [line.split() for line in text.splitlines()]
    return [(int(r[0]), int(r[1]), int(r[2])) for r in rows if r[3][:1] != b"Z" and int(r[0]) != ps]


def descendants(group: int) -> dict[int, int]:
    """Return the group of every process below this one, and of every member of the agent's group."""
    rows = processes()
    children: dict[int, list[tuple[int, int]]] = {}
    for pid, parent, its in rows:
        children.setdefault(parent, []).append((pid, its))
    found = {pid: its for pid, _, its in rows if group and its == group}
    queue = [os.getpid(), *found]
    while queue:
        for pid, its in children.get(queue.pop(), ()):
            if pid not in found:
                found[pid] = its
                queue.append(pid)
    return found


def kill(pid: int, number: int) -> bool:
    """Send a signal (to a group when ``pid`` is negative); tell whether it was sent."""
    try:
        os.kill(pid, number)
    except OSError:
        return False
    return True


"""The raw logs, marks and keeper.json on the disk, which may be full at any time."""



import os
import struct
import time



TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

OUT, ERR, IN, CTL = range(4)
NAMES = ("out", "err", "in", "ctl")
MARK = struct.Struct("<QB3xIQdd")
SEGMENT = 64 * 1024 * 1024
RETRY_S = 0.5
NEVER = float("inf")


class Store:
    """What cannot be written waits in order until ``retry_at``; ``error`` says why. ``say`` tells the client."""

    def __init__(self, directory: str, segment: int, say: Callable[[str, dict[str, Any]], None]) -> None:
        self.directory = directory
        self.segment = segment
        self.say = say
        self.error = ""
        self.retry_at = NEVER
        self.pending: list[tuple[int, bytes, float, float]] = []
        self.state: dict[str, Any] = {}  # what keeper.json says
        self.stale = False  # the disk has not taken the state yet
        self.files: dict[int, tuple[int, int]] = {}
        self.sizes = [self._size_of(name) for name in NAMES]
        self.marks = os.open(directory + "/marks", os.O_RDWR | os.O_CREAT, 0o600)
        self.seq = os.fstat(self.marks).st_size // MARK.size

    def record(self, stream: int, data: bytes) -> None:
        """Write one stimulus, now or as soon as the disk takes it."""
        self.pending.append((stream, data, time.time(), time.monotonic()))
        if len(self.pending) == 1:
            self.flush()

    def note(self, **event: Any) -> None:
        """Write one ctl event."""
        self.record(CTL, encode(event).encode("ascii"))

    def set_state(self, **facts: Any) -> None:
        """Change what keeper.json says, now or as soon as the disk takes it."""
        self.state.update(facts)
        self.stale = True
        if not self.pending:
            self.flush()

    def flush(self) -> None:
        """Write what waits, until it is done or fails."""
        try:
            while self.pending:
                self._write(*self.pending[0])
                del self.pending[0]
            if self.stale:
                self._replace("keeper.json", encode(self.state).encode("ascii"))
                self.stale = False
        except OSError as error:
            self._set_error(error.strerror or str(error))
        else:
            self._set_error("")

    def _set_error(self, error: str) -> None:
        changed = bool(error) != bool(self.error)
        self.error = error
        self.retry_at = time.monotonic() + RETRY_S if error else NEVER
        if changed:
            self.say("d", {"full": bool(error), "error": error})

    def _replace(self, name: str, content: bytes) -> None:
        path = f"{self.directory}/{name}"
        with open(path + ".new", "wb") as file:
            file.write(content)
        os.rename(path + ".new", path)

    def _write(self, stream: int, data: bytes, wall: float, monotonic: float) -> None:
        # Every position is explicit and moves on only at the end: a retry writes the same bytes to the same place.
        offset, at, left = self.sizes[stream], 0, len(data)
        while left:
            index, inner = divmod(offset + at, self.segment)
            fd = self._file(stream, index)
            n = os.pwrite(fd, memoryview(data)[at : at + min(left, self.segment - inner)], inner)
            at, left = at + n, left - n
        record = MARK.pack(self.seq, stream, len(data), offset, wall, monotonic)
        done = 0
        while done < MARK.size:
            done += os.pwrite(self.marks, record[done:], self.seq * MARK.size + done)
        self.sizes[stream] += len(data)
        self.seq += 1

    def _file(self, stream: int, index: int) -> int:
        open_index, fd = self.files.get(stream, (-1, -1))
        if open_index != index:
            path = f"{self.directory}/{NAMES[stream]}.{index}.log"
            new = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
            if fd >= 0:
                os.close(fd)
            fd = new
            self.files[stream] = (index, fd)
        return fd

    def _size_of(self, name: str) -> int:
        indexes = [
            int(entry[len(name) + 1 : -4])
            for entry in os.listdir(self.directory)
            if entry.startswith(name + ".") and entry.endswith(".log") and entry[len(name) + 1 : -4].isdigit()
        ]
        if not indexes:
            return 0
        newest = max(indexes)
        return newest * self.segment + os.stat(f"{self.directory}/{name}.{newest}.log").st_size


"""A client's connection: framing with bounded queues."""



import os
import struct
import time



TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HEADER = struct.Struct("<IB")
MAX_FRAME = 16 * 1024 * 1024
MAX_OUTBOX = 1024 * 1024  # bytes a client may leave unread
RECEIVE = 256 * 1024


class Client:
    """One connection: frames in, frames out, nothing in it blocks. ``fd`` is -1 once closed."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.since = time.monotonic()
        self.inbox = bytearray()
        self.outbox = bytearray()
        self.poked = -1
        os.set_blocking(fd, False)

    def receive(self) -> list[tuple[str, bytes]]:
        """Return the whole frames that have arrived; closes itself at the end of the stream."""
        try:
            data = os.read(self.fd, RECEIVE)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.close()
            return []
        self.inbox += data
        frames = []
        while len(self.inbox) >= HEADER.size:
            length, kind = HEADER.unpack_from(self.inbox)
            if length > MAX_FRAME:
                self.close()
                break
            end = HEADER.size + length
            if len(self.inbox) < end:
                break
            frames.append((chr(kind), bytes(memoryview(self.inbox)[HEADER.size : end])))
            del self.inbox[:end]
        return frames

    def send(self, kind: str, payload: bytes | dict[str, Any]) -> None:
        """Queue a frame; a client that does not read is closed."""
        if self.fd < 0:
            return
        if isinstance(payload, dict):
            payload = encode(payload).encode("ascii")
        self.outbox += HEADER.pack(len(payload), ord(kind)) + payload
        self.flush()
        if len(self.outbox) > MAX_OUTBOX:
            self.close()

    def flush(self) -> None:
        """Write what the socket takes."""
        try:
            while self.outbox:
                del self.outbox[: os.write(self.fd, self.outbox)]
        except BlockingIOError:
            return
        except OSError:
            # It closed its end; what it said before that ("the exit was read") is still to be received.
            self.outbox.clear()

    def close(self) -> None:
        """Close the connection and forget what was queued."""
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1
        self.outbox.clear()
        self.inbox.clear()


"""Who may talk to a keeper: strangers until they say hello, then one client; the newest replaces the last."""



import _socket as socket
import errno
import os
import select
import struct





TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Interest = dict[int, tuple[int, Callable[[], None]]]

MAX_STRANGERS = 8
HELLO_S = 5.0
POKE_S = 0.01


class Door:
    """Owns the listening socket and all connections; frames of the client go to ``on_frame``."""

    def __init__(
        self,
        listener: socket.socket,
        secret: str,
        welcome: Callable[[], list[tuple[str, dict[str, Any]]]],
        on_frame: Callable[[str, bytes], None],
    ) -> None:
        self.listener = listener
        self.secret = secret
        self.welcome = welcome
        self.on_frame = on_frame
        self.client: Client | None = None
        self.strangers: list[Client] = []
        self.poke_at = 0.0

    def interest(self) -> Interest:
        """Return what to poll for."""
        wanted: Interest = {self.listener.fileno(): (select.POLLIN, self._accept)}
        for stranger in (s for s in self.strangers if s.fd >= 0):
            wanted[stranger.fd] = (select.POLLIN, lambda it=stranger: self._meet(it))  # type: ignore[misc]
        if self.client and self.client.fd >= 0:
            events = select.POLLIN | (select.POLLOUT if self.client.outbox else 0)
            wanted[self.client.fd] = (events, lambda it=self.client: self._serve(it))  # type: ignore[misc]
        return wanted

    def say(self, kind: str, payload: dict[str, Any]) -> None:
        """Send a frame to the client, if there is one."""
        if self.client:
            self.client.send(kind, payload)

    def drop(self) -> None:
        """Close the connection of the client."""
        if self.client:
            self.client.close()

    def tick(self, now: float, seq: int) -> float:
        """Forget closed and silent connections, poke the client; return when this is due again."""
        for stranger in [s for s in self.strangers if s.fd < 0 or now >= s.since + HELLO_S]:
            stranger.close()
            self.strangers.remove(stranger)
        if self.client and self.client.fd < 0:
            self.client = None
        hello = min((s.since + HELLO_S for s in self.strangers), default=NEVER)
        client = self.client
        if client is None or client.poked == seq or client.outbox:
            return hello
        if now < self.poke_at:
            return min(hello, self.poke_at)
        self.poke(seq)
        self.poke_at = now + POKE_S
        return hello

    def poke(self, seq: int) -> None:
        """Say that there are new marks. ``tick`` does: the first at once, then one each POKE_S, never two queued."""
        if self.client:
            self.client.send("p", struct.pack("<Q", seq))
            self.client.poked = seq

    def _accept(self) -> None:
        try:
            fd, _ = self.listener._accept()  # type: ignore[attr-defined]
        except OSError:  # the peer is gone already
            return
        self.strangers.append(Client(fd))
        if len(self.strangers) > MAX_STRANGERS:
            self.strangers.pop(0).close()

    def _meet(self, stranger: Client) -> None:
        frames = stranger.receive()
        if not frames:
            return
        (kind, payload), *rest = frames
        try:
            known = kind == "H" and decode(payload).get("secret") == self.secret
        except ValueError:
            known = False
        if not known or stranger.fd < 0:
            stranger.close()
            return
        self.strangers.remove(stranger)
        self.drop()
        self.client = stranger
        for answer in self.welcome():
            stranger.send(*answer)
        self._handle(stranger, rest)

    def _serve(self, client: Client) -> None:
        if client.outbox:
            client.flush()
        if client.fd >= 0:
            self._handle(client, client.receive())

    def _handle(self, client: Client, frames: list[tuple[str, bytes]]) -> None:
        for kind, payload in frames:
            if client.fd < 0:
                return
            try:
                self.on_frame(kind, payload)
            except (ValueError, LookupError, TypeError, struct.error, OverflowError):
                client.close()  # a client that speaks nonsense is dropped, the agent goes on


def listen(path: str) -> socket.socket:
    """Return a listening socket at ``path``; a dead keeper's socket is replaced. Raises OSError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(path)
    except OSError:
        probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            listener.bind(path)
        else:
            raise OSError(errno.EADDRINUSE, f"another keeper serves {path}") from None
        finally:
            probe.close()
    listener.listen(64)
    listener.setblocking(False)
    return listener


"""Writes on their way to the agent: each id is written exactly once and its fate is remembered."""



import os



TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_WAITING = 4 * 1024 * 1024  # bytes that may wait before a write is refused
MAX_QUEUE = 4096  # writes that may wait
MAX_IDS = 16_384  # write ids remembered besides those that wait
PIECE = 64 * 1024
MAX_PIECES = 16  # pieces written before anything else gets a turn


class Input:
    """The queue of writes. What the agent took is recorded in ``store``; ``say`` tells the client."""

    def __init__(self, store: Store, say: Callable[[str, dict[str, Any]], None]) -> None:
        self.store = store
        self.say = say
        self.queue: list[tuple[str | None, bytes]] = []  # an id of None is the end of the input
        self.sent = 0  # bytes of the first entry already written
        self.offset = store.sizes[IN]  # of the next byte in the ``in`` log
        self.waiting = 0
        self.closed = False
        self.status: dict[str, str] = {}

    def add(self, ident: str, data: bytes) -> dict[str, Any]:
        """Take a write; return its acknowledgement."""
        status = self.status.get(ident)
        if status is None and self.closed:
            status = "closed"
        elif status is None and (self.waiting >= MAX_WAITING or len(self.queue) >= MAX_QUEUE):
            status = "full"
        elif status is None:
            status = "accepted"
            self.queue.append((ident, data))
            self.waiting += len(data)
            self._note(ident, status)
        return acknowledge(ident, status)

    def end(self, character: bytes) -> None:
        """Queue the end of the input. On pipes (no character) nothing is taken after it."""
        if not self.closed:
            self.queue.append((None, character))
            self.waiting += len(character)
            self.closed = not character

    def feed(self, fd: int) -> bool:
        """Write what the agent takes now; tell whether its stdin is still of use."""
        for _ in range(MAX_PIECES):
            if not self.queue or self.store.error:
                return True
            ident, data = self.queue[0]
            if ident is None and not data:
                return False
            piece = data[self.sent : self.sent + PIECE]
            try:
                count = os.write(fd, piece) if piece else 0
            except BlockingIOError:
                return True
            except OSError:  # the agent closed its end
                return False
            self._took(piece[:count])
        return True

    def _took(self, piece: bytes) -> None:
        ident, data = self.queue[0]
        if piece:
            self.store.record(IN, piece)
        self.sent += len(piece)
        self.waiting -= len(piece)
        self.offset += len(piece)
        if self.sent < len(data):
            return
        del self.queue[0]
        self.sent = 0
        if ident is not None:
            self.store.note(ev="wrote", id=ident, offset=self.offset - len(data), length=len(data))
            self._note(ident, "written")
            self.say("a", acknowledge(ident, "written"))

    def close(self) -> None:
        """Take nothing more and refuse what was not wholly written."""
        self.closed = True
        refused = [ident for ident, _ in self.queue if ident is not None]
        self.queue.clear()
        self.sent = self.waiting = 0
        for ident in refused:
            self._note(ident, "closed")
            self.say("a", acknowledge(ident, "closed"))

    def _note(self, ident: str, status: str) -> None:
        self.status[ident] = status
        if len(self.status) > MAX_IDS + MAX_QUEUE:
            oldest = next(known for known, fate in self.status.items() if fate != "accepted")
            del self.status[oldest]


def acknowledge(ident: str, status: str) -> dict[str, Any]:
    """Return the body of an acknowledgement."""
    if status in {"accepted", "written"}:
        return {"id": ident, "status": status}
    return {"id": ident, "status": "refused", "reason": status}


"""The stop ladder: stdin EOF, SIGINT, SIGTERM, SIGKILL, to the group and every descendant, in bounded time."""



import _signal as signal  # type: ignore[import-not-found]
import time




TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEPS = ("eof", "int", "term", "kill")
GRACE = {"eof": 2.0, "int": 2.0, "term": 3.0}
SWEEP_S = 5.0  # sweep hard for so long, then every RESWEEP_S
RESWEEP_S = 1.0
ROUND_S = 0.02
FREEZES = 8


class Ladder:
    """Climbs one step whenever ``due`` has come; ``climb`` is called by the loop and never waits."""

    def __init__(self, group: int, grace: dict[str, float], close_stdin: Callable[[], None]) -> None:
        self.group = group
        self.grace = {**GRACE, **grace}
        self.close_stdin = close_stdin
        self.steps: list[str] = []
        self.active = False
        self.killing = 0.0
        self.due = NEVER

    def start(self, steps: Sequence[str]) -> None:
        """Begin at the first of ``steps``; while climbing, only a shorter way to the end counts."""
        wanted = [step for step in STEPS if step in steps]
        if not wanted or (self.active and len(wanted) >= len(self.steps)):
            return
        self.steps = wanted
        self.active = True
        self.due = time.monotonic()

    def rest(self) -> None:
        """Stop climbing: nothing is left to end."""
        self.active = False
        self.steps = []
        self.killing = 0.0
        self.due = NEVER

    def hopeless(self, now: float) -> bool:
        """Tell whether killing has gone on so long that what is left cannot be killed (stuck in the kernel)."""
        return bool(self.killing) and now - self.killing > SWEEP_S

    def climb(self, now: float) -> str:
        """Take the next step and return its name, empty for one more round of killing."""
        if not self.steps:
            self._sweep(now)
            return ""
        step = self.steps.pop(0)
        self.due = now + self.grace.get(step, 0.0)
        if step == "eof":
            self.close_stdin()
        elif step == "int":
            self._signal(signal.SIGINT)
        elif step == "term":
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)  # a stopped process would keep its SIGTERM for later
        else:
            self.killing = now
            self._sweep(now)
        return step

    def _signal(self, number: int) -> None:
        if self.group:
            kill(-self.group, number)
        for pid, group in descendants(self.group).items():
            if group != self.group:
                kill(pid, number)

    def _sweep(self, now: float) -> None:
        """Stop everything first, so that nothing forks its way out of the scan, then kill it."""
        frozen: set[int] = set()
        for _ in range(FREEZES):
            fresh = descendants(self.group).keys() - frozen
            if not fresh:
                break
            for pid in fresh:
                kill(pid, signal.SIGSTOP)
            frozen |= fresh
        for pid in frozen:
            kill(pid, signal.SIGKILL)
        self.due = time.monotonic() + (ROUND_S if now - self.killing < SWEEP_S else RESWEEP_S)


"""The agent's main process: fork, exec, pipes or terminal."""



import _ctypes
import _signal as signal  # type: ignore[import-not-found]
import errno
import fcntl
import os
import resource
import struct
import termios



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


"""The keeper of one agent: owns its process tree, records its bytes, outlives the daemon.

Run as a file (``python -I -S <bundle> <agent directory>``, see ``process.bundle``) with the launch on stdin;
the contract is docs/reference/keeper-protocol.md. Imports nothing of ours but its own parts, gives no meaning
to any byte, and drops a client rather than disturb the agent. One thread, one loop, nothing in it blocks.
"""



# The public signal and socket modules load enum, which costs a keeper more than all else it imports.
import _signal as signal  # type: ignore[import-not-found]
import _socket as socket
import os
import select
import struct
import sys
import time









TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_PENDING = 4096  # records that may wait for the disk before a client is dropped for making more
MAX_LEFTOVERS = 1000  # pids named in the exit record
MAX_REAPED = 1000  # dead children collected before anything else gets a turn
SMALL = 4096
BURST_S = 0.01  # small reads closer to one another than this are a burst:
SETTLE_S = 0.002  # then wait this long for more, so that its lines are one mark
DRAIN_S = 0.5
DRAIN_MAX_S = 5.0
LEFTOVER_GRACE = {"term": 1.0}
STAY_S = 48 * 3600.0
LONGEST_POLL_MS = 3_600_000


class Keeper:
    """The loop over the agent, the disk, the client and the clock."""

    def __init__(self, directory: str, launch: dict[str, Any], listener: socket.socket, umask: int) -> None:
        self.launch = launch
        self.umask = umask
        self.door = Door(listener, launch["secret"], self.welcome, self.on_frame)
        self.store = Store(directory, launch.get("segment") or SEGMENT, self.door.say)
        self.input = Input(self.store, self.door.say)
        self.child: Child | None = None
        self.ladder = Ladder(0, {}, self.end_input)
        self.wait_status: int | None = None  # of the agent's main process, once reaped
        self.childless = False
        self.quiet_at = self.drained_at = NEVER
        self.read_at = self.heard_at = 0.0
        self.leave_at = NEVER
        self.dismissed = self.terminated = False
        self.wake = self._catch_signals()
        me = os.getpid()
        self.store.state |= {"v": 1, "pid": me, "start": start_time(me), "child": None, "child_start": None}
        self.store.state |= {"incarnation": launch.get("incarnation", 1), "state": "starting", "exit_code": None}
        self.store.state |= {
            "exit_signal": None,
            "error": None,
            "errno": None,
            "leftovers": [],
            "ended": None,
            "swept": None,
        }

    def _catch_signals(self) -> int:
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_terminate)
        signal.signal(signal.SIGINT, self._on_terminate)
        for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_IGN)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        return reader

    def _on_terminate(self, *_: object) -> None:
        self.terminated = True

    # ------------------------------------------------------------ the loop

    def run(self) -> None:
        """Serve until the exit was read, or nobody will read it."""
        self.start()
        due = self.tick(time.monotonic())
        while not self.may_leave():
            for handler in self.poll(due):
                handler()
            due = self.tick(time.monotonic())
        self.door.drop()

    @property
    def ended(self) -> bool:
        """Tell whether the agent's main process has ended or could not begin."""
        return self.store.state["state"] in {"exited", "failed"}

    def may_leave(self) -> bool:
        """Tell whether nobody needs this process any more."""
        now = time.monotonic()
        wanted = self.dismissed or self.terminated or now >= self.leave_at
        return wanted and self.ended and not self.store.error and (not self.ladder.active or self.ladder.hopeless(now))

    def tick(self, now: float) -> float:
        """Do what is due; return when the next thing is."""
        if now >= self.store.retry_at:
            self.store.flush()
            self.quiet_at, self.drained_at = now + DRAIN_S, now + DRAIN_MAX_S
        if now >= self.ladder.due:
            self.climb(now)
        drained = self.drain(now)
        client = self.door.tick(now, self.store.seq)
        read = self.read_at if self.read_at > now else NEVER
        return min(self.store.retry_at, self.ladder.due, drained, client, read, self.leave_at)

    def poll(self, until: float) -> list[Callable[[], None]]:
        """Wait for whatever happens next and return what to do about it."""
        poller = select.poll()
        wanted = {self.wake: (select.POLLIN, self.on_wake), **self.door.interest(), **self.interest()}
        for fd, (events, _) in wanted.items():
            poller.register(fd, events)
        # Rounded up: waking a fraction too early would spin.
        milliseconds = min((until - time.monotonic()) * 1000 + 0.999, LONGEST_POLL_MS)
        return [wanted[fd][1] for fd, _ in poller.poll(max(0, int(milliseconds)))]

    def interest(self) -> dict[int, tuple[int, Callable[[], None]]]:
        """Return what to poll for on the agent's side: nothing while the disk takes nothing."""
        child = self.child
        if child is None or self.store.error or self.ended:
            return {}
        if child.report >= 0:
            return {child.report: (select.POLLIN, self.on_report)}
        wanted: dict[int, tuple[int, Callable[[], None]]] = {}
        if time.monotonic() >= self.read_at:
            if child.out >= 0:
                wanted[child.out] = (select.POLLIN, self.on_out)
            if child.err >= 0:
                wanted[child.err] = (select.POLLIN, self.on_err)
        if self.input.queue and child.stdin >= 0:
            wanted[child.stdin] = (select.POLLOUT, self.on_writable)
        return wanted

    # ------------------------------------------------------------ the agent's life

    def start(self) -> None:
        """Start the agent; a failure is a state."""
        try:
            self.child = Child(self.launch, self.umask)
        except OSError as error:
            self.reap()  # learns that there is no child to wait for
            self.fail(error.errno or 0, self.launch["argv"][0])
            return
        self.ladder = Ladder(self.child.pid, self.launch.get("grace") or {}, self.end_input)
        self.store.set_state(child=self.child.pid, child_start=self.child.start)

    def on_report(self) -> None:
        """Learn how exec went: silence is success."""
        child = self.agent()
        complaint = os.read(child.report, 2 * SMALL)
        child.report = close(child.report)
        if complaint:
            number, _, program = complaint.decode("utf-8", "replace").partition(" ")
            self.fail(int(number), program)
            return
        terminal = {"rows": self.launch.get("rows"), "cols": self.launch.get("cols")} if child.pty else {}
        facts = {"incarnation": self.store.state["incarnation"], "pid": child.pid, "argv": self.launch["argv"]}
        self.store.note(ev="start", **facts, cwd=self.launch["cwd"], pty=child.pty, **terminal)
        self.store.set_state(state="running")

    def fail(self, number: int, program: str) -> None:
        """Record that the agent could not be started, and by what."""
        error = os.strerror(number)
        self.store.note(ev="failed", errno=number, error=error, program=program)
        self.end("failed", error=f"{program}: {error}", errno=number)

    def agent(self) -> Child:
        """Return the child; only asked where there is one."""
        if self.child is None:
            raise LookupError("no agent was started")
        return self.child

    def on_wake(self) -> None:
        """Heed a signal: a child died, or this process shall go."""
        try:
            os.read(self.wake, SMALL)
        except BlockingIOError:
            return
        self.reap()
        if self.terminated and not self.ended:
            if not self.ladder.active:
                # A shutdown or a log-out, not the user: whoever reads this offers to go on.
                self.store.note(ev="signal", signal=int(signal.SIGTERM), by="keeper")
            self.ladder.start(STEPS)

    def reap(self) -> None:
        """Collect dead children; as subreaper that is every orphan of the agent."""
        self.childless = False
        for _ in range(MAX_REAPED):
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self.childless = True
                break
            if pid == 0:
                break
            if self.child and pid == self.child.pid:
                self.wait_status = status
                now = time.monotonic()
                self.quiet_at, self.drained_at = now + DRAIN_S, now + DRAIN_MAX_S
        else:
            os.kill(os.getpid(), signal.SIGCHLD)  # come back for the rest
        if self.ended and self.ladder.active and self.deserted():
            self.sweep_done()

    def deserted(self) -> bool:
        """Tell whether no descendant is left. As subreaper without a child there cannot be one."""
        return self.childless if LINUX else not descendants(self.ladder.group)

    def drain(self, now: float) -> float:
        """After the main process' end: finish when its streams ended or went quiet; return when to look again."""
        if self.wait_status is None or self.ended or self.store.error:
            return NEVER
        child = self.agent()
        if child.report >= 0:
            return NEVER
        due = min(self.quiet_at, self.drained_at)
        if (child.out >= 0 or child.err >= 0) and now < due:
            return due
        self.finish(self.wait_status)
        return NEVER

    def finish(self, status: int) -> None:
        """Record the exit and begin to end what is left of the tree."""
        self.reap()
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        spared = self.deserted() or self.ladder.killing
        left = [] if spared else list(descendants(self.ladder.group))[:MAX_LEFTOVERS]
        self.store.note(ev="exit", code=code, signal=number, leftovers=left)
        self.end("exited", exit_code=code, exit_signal=number, leftovers=left)

    def end(self, state: str, **facts: Any) -> None:
        """Enter a final state, tell the client, and leave no descendant behind."""
        self.close_input()
        if self.child:
            self.child.out = close(self.child.out)
            self.child.err = close(self.child.err)
        self.leave_at = time.monotonic() + STAY_S
        if not self.ladder.killing:
            self.ladder.rest()
            self.ladder.grace |= LEFTOVER_GRACE
            self.ladder.start(("term", "kill"))
        self.store.set_state(state=state, ended=time.time(), **facts)
        self.door.poke(self.store.seq)  # what the agent said last comes before its end
        self.door.say("x", self.store.state)
        if self.deserted():
            self.sweep_done()

    def sweep_done(self) -> None:
        """Nobody is left."""
        self.ladder.rest()
        self.store.set_state(swept=time.time())

    def climb(self, now: float) -> None:
        """Take the next step of the stop ladder."""
        step = self.ladder.climb(now)
        if step in {"int", "term", "kill"} and not self.ended:
            self.store.note(ev="signal", signal=int(getattr(signal, f"SIG{step.upper()}")), by="stop")
        if self.ended and self.deserted():
            self.sweep_done()

    # ------------------------------------------------------------ the agent's streams

    def on_out(self) -> None:
        """Record what came on stdout or the terminal."""
        child = self.agent()
        if not self._on_output(OUT, child.read(child.out)):
            child.out = close(child.out)

    def on_err(self) -> None:
        """Record what came on stderr."""
        child = self.agent()
        if not self._on_output(ERR, child.read(child.err)):
            child.err = close(child.err)

    def _on_output(self, stream: int, data: bytes | None) -> bool:
        if data is None:
            return True
        if not data:
            self.store.note(ev="eof", stream=NAMES[stream])
            return False
        self.store.record(stream, data)
        now = time.monotonic()
        # A line that comes alone needs no second look.
        if len(data) < SMALL and now - self.heard_at < BURST_S:
            self.read_at = now + SETTLE_S
        self.heard_at = now
        self.quiet_at = now + DRAIN_S
        return True

    def on_writable(self) -> None:
        """Write what waits."""
        if not self.input.feed(self.agent().stdin):
            self.store.note(ev="stdin_closed")
            self.close_input()

    def end_input(self) -> None:
        """Close stdin behind what is queued; on a terminal write the character that means it."""
        if self.child and not self.ended:
            self.input.end(self.child.end_of_file() if self.child.pty else b"")

    def close_input(self) -> None:
        """Close our end of stdin and refuse what is left."""
        self.input.close()
        if self.child:
            self.child.stdin = close(self.child.stdin)

    # ------------------------------------------------------------ the client

    def welcome(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the answers to a hello."""
        names = ("v", "pid", "child", "state", "incarnation")
        hello: dict[str, Any] = {name: self.store.state[name] for name in names}
        hello |= {"seq": self.store.seq, "disk_full": bool(self.store.error)}
        hello |= {"stopping": self.ladder.active and not self.ended}
        return [("h", hello), *([("x", self.store.state)] if self.ended else [])]

    def on_frame(self, kind: str, payload: bytes) -> None:
        """Do what a client asks; unknown kinds are ignored. Raises ValueError and the like for nonsense."""
        if kind == "W":
            (length,) = struct.unpack_from("<H", payload)
            self.door.say("a", self.input.add(payload[2 : 2 + length].decode("utf-8"), payload[2 + length :]))
        elif kind == "R":
            size = decode(payload)
            self.resize(int(size["rows"]), int(size["cols"]))
        elif kind == "S":
            self.signal(int(decode(payload)["signal"]))
        elif kind == "T" and (not self.ended or self.ladder.active):
            self.ladder.start([str(step) for step in decode(payload)["steps"]])
        elif kind == "E":
            self.end_input()
        elif kind == "B":
            self.dismissed = self.ended
        if len(self.store.pending) > MAX_PENDING:
            self.door.drop()

    def resize(self, rows: int, cols: int) -> None:
        """Set the size of the agent's terminal."""
        if self.child and self.child.pty and self.child.out >= 0:
            resize(self.child.out, rows, cols)
            self.store.note(ev="resize", rows=rows, cols=cols)

    def signal(self, number: int) -> None:
        """Send a signal to the agent's process group."""
        if self.child and self.wait_status is None and kill(-self.child.pid, number):
            self.store.note(ev="signal", signal=number, by="client")


def close(fd: int) -> int:
    """Close ``fd`` if it is open; return what stands for a closed one."""
    if fd >= 0:
        os.close(fd)
    return -1


def main(directory: str) -> None:
    """Read the launch, take the socket, leave the caller behind, and keep."""
    with open(0, "rb", closefd=False) as stdin:
        launch = decode(stdin.read())
    umask = os.umask(0o077)
    listener = listen(launch["socket"])
    if os.fork():
        os._exit(0)  # the keeper is nobody's child: whoever started it may die, and need not reap it
    os.chdir("/")
    if LINUX:
        prctl(PR_SET_CHILD_SUBREAPER, 1)
    keeper = Keeper(directory, launch, listener, umask)
    try:
        os.write(1, b"%d" % os.getpid())
    finally:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.close(null)
    keeper.run()
    os.unlink(launch["socket"])


if __name__ == "__main__":
    main(sys.argv[1])

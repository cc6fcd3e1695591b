"""The keeper of one agent: owns its process tree, records its bytes, outlives the daemon.

Run as a file (``python -I -S <bundle> <agent directory>``, see ``process.bundle``) with the launch on stdin;
the contract is docs/reference/keeper-protocol.md. Imports nothing of ours but its own parts, gives no meaning
to any byte, and drops a client rather than disturb the agent. One thread, one loop, nothing in it blocks.
"""

from __future__ import annotations

# The public signal and socket modules load enum, which costs a keeper more than all else it imports.
import _signal as signal  # type: ignore[import-not-found]
import _socket as socket
import os
import select
import struct
import sys
import time

from agents.runtime.keep.child import PR_SET_CHILD_SUBREAPER, Child, prctl, resize
from agents.runtime.keep.codec import decode
from agents.runtime.keep.door import Door, listen
from agents.runtime.keep.input import Input
from agents.runtime.keep.ladder import STEPS, Ladder
from agents.runtime.keep.store import ERR, NAMES, NEVER, OUT, SEGMENT, Store
from agents.runtime.keep.table import LINUX, descendants, kill, start_time

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

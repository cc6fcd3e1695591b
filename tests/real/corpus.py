"""Makes the status corpus: drives real programs in a recorded terminal and writes down what was true, and when.

``python tests/real/corpus.py`` makes all again; each ``corpus_KIND.py`` beside it makes its own, or the scenes that
are named. Labels come from what was typed here, from the scripted API's log of open requests and from files. Text on
the screen is only waited for, so that a key comes when there is something to press it for; never is a verdict of ours
asked.
"""

from __future__ import annotations

import asyncio
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from agents.recording import cast, labels
from agents.recording.answering import Answering
from agents.recording.capture import Capture, NotSeen, Program
from agents.vt.screen import Snapshot
from tests.fakes.model_api import Exchange, ModelApi

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "status"

#: A recording that is longer shows nothing more, and all of them lie in the repository.
LIMIT = 200_000

#: Seconds a state is held, so that a late verdict shows.
HOLD_S = 2.0

#: Seconds the children of a program that was ended have to leave its home alone.
LEAVE_S = 10.0

#: Seconds a request to the scripted API may take to come or to end.
REQUEST_S = 60.0


Fact = Callable[[Snapshot], bool]


class Border(msgspec.Struct, frozen=True):
    """What is true from ``at`` on."""

    at: float
    turn: str
    blocked: str | None = None
    alt: tuple[str, ...] = ()
    note: str = ""


class Take:
    """One recording being made: the program's terminal, the requests it made, and what is true so far."""

    def __init__(self, capture: Capture, api: ModelApi, mark: str, repo: Path) -> None:
        self.capture = capture
        self.repo = repo
        self._api = api
        self._mark = mark
        self._seen = 0
        self._borders = [Border(0.0, "starting", alt=("idle",))]

    # -- what is true

    def now(self, turn: str, at: float, *, blocked: str | None = None, alt: Sequence[str] = (), note: str = "") -> None:
        """Note what is true from ``at`` on."""
        at = max(at, self._borders[-1].at + 0.001)
        self._borders.append(Border(at, turn, blocked, tuple(alt), note))

    def spans(self, duration: float) -> tuple[labels.Span, ...]:
        """Return the labels."""
        ends = [border.at for border in self._borders[1:]] + [duration]
        return tuple(
            labels.Span(round(b.at, 3), round(end, 3), b.turn, b.blocked, b.alt, b.note)
            for b, end in zip(self._borders, ends, strict=True)
        )

    # -- what the scripted API saw

    def requests(self) -> list[Exchange]:
        """Return the requests of this program's conversation."""
        return [one for one in self._api.exchanges if self._mark in one.seen.path and not one.seen.side]

    async def request(self, number: int | None = None) -> float:
        """Wait for the next request (or that number, from 1) to come in; return when."""
        number = self._seen + 1 if number is None else number
        await self._fact(lambda: len(self.requests()) >= number, f"request {number} comes in")
        at = self.requests()[number - 1].began - self.capture.began
        self.works(at, "it asks the model")
        return at

    def works(self, at: float, note: str) -> None:
        """Note the proof that it reacted to a key: from then on it works, and nothing else will do."""
        if self._borders[-1].turn == "working" and self._borders[-1].alt:
            self.now("working", at, note=note)

    async def reply(self) -> float:
        """Wait until the next request has been answered to its end, or was given up; return when."""
        self._seen += 1
        await self.request(self._seen)
        one = self.requests()[self._seen - 1]
        await self._fact(lambda: one.ended is not None, f"request {self._seen} is answered")
        assert one.ended is not None
        return one.ended - self.capture.began

    async def last_reply(self, quiet: float) -> float:
        """Wait until no request follows on the last for ``quiet`` seconds; return when that one ended."""
        at = await self.reply()
        while await asyncio.to_thread(self._api.wait_for, lambda: len(self.requests()) > self._seen, quiet):
            at = await self.reply()
        return at

    async def _fact(self, fact: Callable[[], bool], what: str) -> None:
        if not await asyncio.to_thread(self._api.wait_for, fact, REQUEST_S):
            raise NotSeen(f"not within {REQUEST_S:g} s: {what}\n{self.screen()}")

    # -- what is done

    def screen(self) -> str:
        """Return the screen as text."""
        seen = self.capture.snapshot()
        return "(unknown)" if seen is None else "\n".join(seen.lines)

    async def shows(self, *wanted: str | Fact, within: float = 30.0) -> float:
        """Wait until one of the texts is on the screen, or one of the facts holds of it; return when."""
        facts = [showing(one) if isinstance(one, str) else one for one in wanted]
        return await self.capture.until(lambda seen: any(fact(seen) for fact in facts), within)

    async def ready(self, *texts: str | Fact, quiet: float = 0.0) -> None:
        """Wait until it can be spoken to, and (where it says so too early) has drawn nothing for a while; hold that."""
        at = await self.shows(*texts)
        if quiet:
            await self.capture.until_quiet(quiet, 10.0)
            at = self.capture.now
        self.now("idle", at, note="the input box is there")
        await self.hold()

    async def hold(self, seconds: float = HOLD_S) -> None:
        """Let time go by in which nothing changes."""
        await asyncio.sleep(seconds)

    async def say(self, text: str, note: str = "") -> float:
        """Type a message and press Enter; it works from then on, and surely once it asks the model."""
        self.capture.paste(text) if "\n" in text else self.capture.type(text)
        await self.capture.until_quiet(0.3, 3.0)
        at = self.capture.type("\r")
        self.now("working", at, alt=("idle", "done", "error"), note=note or "Enter")
        return at

    async def blocked(self, kind: str, *texts: str | Fact) -> float:
        """Wait until it asks: the call of the tool is answered by the API, and then the dialog is there."""
        self.now("working", await self.reply(), alt=("blocked",), note="the model has called the tool")
        at = await self.shows(*texts)
        self.now("blocked", at, blocked=kind, note="the dialog is there")
        await self.hold()
        return at

    def press(self, key: str, turn: str = "working", *, alt: Sequence[str] = ("blocked",), note: str = "") -> float:
        """Press a key that lets it go on; surely it does once it asks the model, or a file tells."""
        at = self.capture.type(key)
        self.now(turn, at, alt=alt, note=note or f"{key!r} pressed")
        return at

    async def stop(self, key: str, *texts: str | Fact, note: str) -> None:
        """Press a key that ends the turn; the program has taken note once it shows one of the texts."""
        at = self.capture.type(key)
        rest = ("done", "error")
        self.now("idle", at, alt=(*rest, "working", "blocked"), note=note)
        self.now("idle", await self.shows(*texts), alt=rest, note="the program has taken note of it")
        await self.hold(4.0)

    async def made(self, name: str) -> None:
        """Wait until a tool has made a file: it runs."""
        for _ in range(300):
            if (self.repo / name).exists():
                self.works(self.capture.now, f"{name} is there")
                return
            await asyncio.sleep(0.1)
        raise NotSeen(f"{name} was never made\n{self.screen()}")

    async def done(self, *texts: str | Fact) -> None:
        """Wait until the model has said its last: the turn is done, and the program knows it by what it then shows."""
        alt = ("idle", "working") if texts else ("idle",)
        self.now("done", await self.reply(), alt=alt, note="the last request is answered")
        if texts:
            self.now("done", await self.shows(*texts), alt=("idle",), note="the program has taken note of it")
        await self.hold(3.0)


Act = Callable[[Take], Awaitable[None]]


class Scene(msgspec.Struct, frozen=True):
    """One recording. ``is_tuned`` tells that rules may be made by looking at it."""

    name: str
    act: Act
    scenario: str
    is_tuned: bool = True
    more: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    rows: int = 40
    cols: int = 120


class Stage(msgspec.Struct, frozen=True):
    """What a program needs: its kind, its version, and how it is started for a scene in a home of its own."""

    kind: str
    version: str
    program: Callable[[Scene, Path, Path, str], Program]


def lacking(text: str) -> Fact:
    """Return the fact that a text is not on the screen."""
    is_there = showing(text)
    return lambda seen: not is_there(seen)


def showing(*texts: str) -> Fact:
    """Return the fact that one of the texts is on the screen, whatever is between its words."""
    wanted = [text.split() for text in texts]

    def is_there(seen: Snapshot) -> bool:
        words = " ".join(seen.lines).split()
        return any(words[at : at + len(text)] == text for text in wanted for at in range(len(words)))

    return is_there


@contextmanager
def home() -> Iterator[tuple[Path, Path]]:
    """Make a home and a repository in it; not below /tmp, where Codex refuses to have its own."""
    root = Path(tempfile.mkdtemp(prefix="agent-", dir="/var/tmp"))
    try:
        repo = root / "repo"
        subprocess.run(["git", "init", "-q", "-b", "main", str(repo)], check=True)
        (repo / "README.md").write_text("old\n")
        yield root, repo
    finally:
        _remove(root)


def _remove(root: Path) -> None:
    """Remove a home, again while a program that is just ending still writes its last into it."""
    deadline = time.monotonic() + LEAVE_S
    shutil.rmtree(root, ignore_errors=True)
    while root.exists():
        if time.monotonic() > deadline:
            print(f"{root} is still written to, and stays: remove it by hand", file=sys.stderr)
            return
        time.sleep(0.1)  # no fact tells that its last file is written
        shutil.rmtree(root, ignore_errors=True)


async def record(stage: Stage, scene: Scene, api: ModelApi) -> Path:
    """Make one recording and its labels. Raises NotSeen where the program does not what the scene expects."""
    folder = CORPUS / ("tuned" if scene.is_tuned else "untuned") / stage.kind
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{scene.name}.cast"
    told: list[str] = []
    with home() as (root, repo):
        mark = f"/{scene.scenario}/{scene.name}/"
        program = stage.program(scene, root, repo, api.url(scene.scenario, scene.name))
        header = cast.Header(
            scene.cols, scene.rows, Path(program.argv[0]).name, stage.kind, stage.version, term="xterm-256color"
        )
        tape = cast.Writer(told.append, header)
        terminal = Answering(scene.rows, scene.cols, scene.unanswered)
        async with Capture.run(program, tape, terminal) as capture:
            take = Take(capture, api, mark, repo)
            await scene.act(take)
            duration = capture.stop()
            tape.close(duration)
            spans = take.spans(duration)
    text = "".join(told)
    check(text, target.name)
    target.write_text(text, encoding="utf-8")
    truth = labels.Labels(
        stage.kind, "terminal", stage.version, "osc7501" not in scene.unanswered, round(duration, 3), spans
    )
    labels.write(labels.beside(target), truth)
    return target


def check(text: str, name: str) -> None:
    """Refuse a recording that is too long or tells of this machine. Raises SystemExit."""
    if len(text) > LIMIT:
        raise SystemExit(f"{name} is {len(text)} bytes long, more than {LIMIT}: make the scene shorter")
    for word in (str(Path.home()), os.uname().nodename, "registry"):
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text):
            raise SystemExit(f"{name} holds {word!r}: a recording must tell nothing of the machine")


def make(stage: Stage, scenes: Sequence[Scene], api: ModelApi, names: Sequence[str]) -> int:
    """Make the named scenes, or all; return how many failed."""
    failed = 0
    unknown = set(names) - {scene.name for scene in scenes}
    if unknown:
        raise SystemExit(f"no scene is called {', '.join(sorted(unknown))}")
    for scene in scenes:
        if names and scene.name not in names:
            continue
        try:
            made = asyncio.run(record(stage, scene, api))
        except (NotSeen, SystemExit) as problem:
            failed += 1
            print(f"{scene.name}: {problem}", file=sys.stderr, flush=True)
        else:
            print(f"{made.relative_to(CORPUS)}: {made.stat().st_size} bytes", flush=True)
    return failed


def version(argv: Sequence[str], env: Mapping[str, str]) -> str:
    """Return what a program calls its version; a home of its own takes what it leaves behind even then."""
    with tempfile.TemporaryDirectory(prefix="qd-") as home:
        own = {**env, "HOME": home}
        done = subprocess.run([*argv, "--version"], env=own, text=True, capture_output=True, check=True)
    return next(word for word in done.stdout.split() if word[0].isdigit())


def main() -> int:
    """Make everything again; return how many programs have scenes that failed."""
    failed = 0
    for module in sorted(Path(__file__).parent.glob("corpus_*.py")):
        sys.argv = [str(module)]
        try:
            runpy.run_path(str(module), run_name="__main__")
        except SystemExit as end:
            failed += bool(end.code)
    return failed


if __name__ == "__main__":
    sys.exit(main())

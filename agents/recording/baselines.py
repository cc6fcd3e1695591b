"""What tools say that know nothing of a program but its pane: beside it stands what Quarterdeck says.

Pure. None of them can say that an agent needs its user.
"""

from __future__ import annotations

from collections.abc import Iterator

from agents.model import Stream
from agents.recording.answering import Answering
from agents.recording.scoring import Class, Said
from agents.recording.tape import Recording, Stimulus, control

#: Seconds between two looks at a pane, as tools on top of tmux do.
POLL_S = 0.5

#: Seconds without output after which a program is taken to be idle.
SILENT_S = 2.0


def pane_changed(recording: Recording, duration: float) -> Iterator[Said]:
    """Yield what follows from looking whether the pane differs from the last look: then it works, else it rests.

    Says nothing where the terminal core is missing, which draws the pane.
    """
    terminal = Answering(recording.rows, recording.cols)
    waiting = iter(recording.stimuli)
    following = next(waiting, None)
    before: tuple[str, ...] | None = None
    for poll in range(1, int(duration / POLL_S) + 1):
        at = poll * POLL_S
        while following is not None and following.t <= at:
            _draw(terminal, following)
            following = next(waiting, None)
        seen = terminal.snapshot()
        if seen is None:
            yield Said(at, Class.UNKNOWN)
            continue
        if before is not None:
            yield Said(at, Class.REST if seen.lines == before else Class.WORKING)
        before = seen.lines


def _draw(terminal: Answering, stimulus: Stimulus) -> None:
    if stimulus.stream is Stream.OUT:
        terminal.feed(stimulus.data, stimulus.t)
    elif stimulus.stream is Stream.CTL:
        record = control(stimulus.data)
        if record.get("ev") == "resize":
            terminal.resize(record["rows"], record["cols"])


def silence(recording: Recording, duration: float) -> Iterator[Said]:
    """Yield what follows from output alone: whoever writes works, who has been silent for two seconds rests."""
    last: float | None = None
    for stimulus in recording.stimuli:
        if stimulus.stream not in (Stream.OUT, Stream.ERR):
            continue
        if last is None or stimulus.t > last + SILENT_S:
            if last is not None:
                yield Said(last + SILENT_S, Class.REST)
            yield Said(stimulus.t, Class.WORKING)
        last = stimulus.t
    if last is not None and last + SILENT_S < duration:
        yield Said(last + SILENT_S, Class.REST)

"""Prints the screen of recordings in the middle of every labelled span, to look at: ``borders.py FILE.cast…``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from agents.recording import cast, labels
from agents.recording.answering import Answering
from agents.vt.screen import Snapshot


def screens(path: Path) -> Iterator[tuple[labels.Span, Snapshot | None]]:
    """Yield every span of a recording with the screen in its middle."""
    recorded = cast.read(path)
    terminal = Answering(recorded.header.height, recorded.header.width)
    events = iter(recorded.events)
    event = next(events, None)
    for span in labels.read(labels.beside(path)).spans:
        middle = (span.begin + span.end) / 2
        while event is not None and event.t <= middle:
            if event.code == cast.RESIZE:
                terminal.resize(*cast.size_of(event.data))
            elif event.code == cast.OUTPUT:
                terminal.feed(event.data, event.t)
            event = next(events, None)
        yield span, terminal.snapshot()


def main() -> None:
    """Print them."""
    for name in sys.argv[1:]:
        for span, seen in screens(Path(name)):
            state = f"{span.turn}{f'({span.blocked})' if span.blocked else ''}"
            print(f"== {name} {span.begin:.2f}-{span.end:.2f} {state} alt={','.join(span.alt)}: {span.note}")
            lines = () if seen is None else [line for line in seen.lines if line.strip()]
            print("\n".join(f"   {line}" for line in lines[-14:]) or "   (unknown)")


if __name__ == "__main__":
    main()

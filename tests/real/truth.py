"""What is true of a program while it is recorded, as its driver knows it: what was typed, asked, served and written.

Never asks Quarterdeck: these are the labels it is measured by.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agents.recording.labels import Labels, Span
from tests.fakes.model_api import ModelApi

#: What else may be said of a program at rest, by how it came to rest.
REST = {"done": ("idle",), "idle": ("done",), "error": ("idle", "done")}


class Truth:
    """The spans of one recording; owned by its driver. Times are the recording's seconds, never falling."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._since = 0.0
        self._state: tuple[str, str | None, tuple[str, ...], str] = ("starting", None, (), "")

    @property
    def turn(self) -> str:
        """Return what is true now."""
        return self._state[0]

    def at(self, t: float, turn: str, blocked: str | None = None, *, alt: Sequence[str] = (), note: str = "") -> None:
        """Say what is true from ``t`` on."""
        self._close(t)
        self._state = (turn, blocked, (*alt,) or REST.get(turn, ()), note)

    def labels(self, kind: str, family: str, version: str, *, answered: bool | None, duration: float) -> Labels:
        """Return the labels of a recording that ends now."""
        self._close(duration)
        spans = [msgspec.structs.replace(span, end=round(span.end, 6)) for span in self._spans]
        return Labels(kind, family, version, answered, round(duration, 6), tuple(spans))

    def _close(self, t: float) -> None:
        t = round(max(t, self._since), 6)
        turn, blocked, alt, note = self._state
        if t > self._since:
            self._spans.append(Span(self._since, t, turn, blocked, alt, note))
        self._since = t


def check_by_api(labels: Labels, api: ModelApi, began: float) -> None:
    """Hold labels against the scripted API's own log: while it serves the conversation, the program works.

    ``began`` is the recording's zero on the monotonic clock. Raises ValueError naming the span that cannot be.
    """
    for exchange in api.exchanges:
        if exchange.seen.side or exchange.ended is None:
            continue
        middle = (exchange.began + exchange.ended) / 2 - began
        for span in labels.spans:
            if span.begin <= middle < span.end and "working" not in {span.turn, *span.alt}:
                raise ValueError(f"a request was served at {middle:.3f} s, but labelled {span.turn} ({span.note})")

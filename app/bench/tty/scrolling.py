"""Scrolling through ten thousand lines of a terminal's past, most of which must be read again from the log."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from app.bench.scene import await_fact, say, scene
from app.bench.tty.inside import measured, quantile
from app.bench.tty.texts import coloured
from app.bench.tty.window.orders import Order
from app.cli.results import Figure

#: A frame at 60 a second, ms.
FRAME_MS = 1000 / 60


def figures(lines: int) -> Iterator[Figure]:
    """Scroll through ``lines`` lines."""
    say(f"scroll: {lines} lines")
    with scene() as stage:
        file = stage.root / "lines"
        text = coloured((lines + 1000) * 130).split(b"\r\n")[: lines + 1000]
        file.write_bytes(b"\n".join(text) + b"\n")
        with stage.client() as client:
            shown = stage.shell(client, f"cat {shlex.quote(str(file))}; read forever", pty=True).id
            size = file.stat().st_size
            await_fact(lambda: stage.rows(client)[0].out_size >= size, "the lines in the log", every=0.05)
        seen = measured(stage, Order("scroll", (shown,), times=lines))
    frames, between = seen["frames"], seen["between"]
    detail = (
        f"{len(frames)} frames of 5 lines, offscreen; p50 {quantile(frames, 0.5):.1f} ms, longest {max(frames):.1f}; "
        f"from one to the next p50 {quantile(between, 0.5):.1f} ms, p99 {quantile(between, 0.99):.1f}; "
        f"{seen['waits'][0]:.0f} of them waited for lines"
    )
    name = f"{lines} lines of scroll at 60 frames/s: frame p99"
    yield Figure(name, round(quantile(frames, 0.99), 1), "ms", round(FRAME_MS, 1), detail=detail)

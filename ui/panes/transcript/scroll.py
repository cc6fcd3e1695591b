"""Lays out the visible blocks of a transcript of any length, scrolls them and follows the end.

The truth of the scroll position is an anchor (a block and where its top stands), so that heights that were only
estimated may be corrected above it without anything moving. Hidden views do nothing.
"""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QPushButton, QWidget
from shiboken6 import isValid

from agents.model import AgentId, BlockKind
from app.client.api import Caller, Spawner
from app.extents import Extents
from app.transcript import Transcript
from ui.panes.transcript.parts import Fold, Placed
from ui.panes.transcript.setter import Setter
from ui.panes.transcript.sheet import GAP, TIGHT, Sheet
from ui.theme import Theme

#: Laid-out blocks kept beyond those in sight.
PLACED_KEPT = 160

#: Room above the first and below the last block.
MARGIN = 12

#: Kinds that stand close to one another.
_DENSE = frozenset({BlockKind.TOOL, BlockKind.PERMISSION, BlockKind.THOUGHT, BlockKind.NOTE})


class TranscriptScroll(QAbstractScrollArea):
    """One agent's blocks, those in sight laid out; lives in the GUI thread. What it looks like comes on top of it."""

    follow_changed = Signal(bool)
    opened = Signal()

    def __init__(
        self, agent: AgentId, caller: Caller, spawner: Spawner, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.transcript = Transcript(agent, caller, self._on_changed)
        self.follow = True
        self.current = -1  # the block j and k walk from; -1 = the last
        self._agent = agent
        self._caller = caller
        self._spawner = spawner
        self._theme = theme
        self._zoom = 0
        sheet = Sheet(theme)
        self._setter = Setter(sheet)
        self._extents = Extents()
        self._placed: OrderedDict[int, Placed] = OrderedDict()
        self._folds: dict[int, Fold] = {}
        self._anchor = (0, 0)  # block, y of its top in the viewport
        self._sight: list[tuple[int, int]] = []  # visible blocks and their tops
        self._seen = 0
        self._guarded = False
        self._badge = QPushButton(self.viewport())
        self._badge.setProperty("role", "primary")
        self._badge.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._badge.clicked.connect(self.to_end)
        self._badge.hide()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.verticalScrollBar().valueChanged.connect(self._on_bar)
        self.verticalScrollBar().setSingleStep(40)
        self.setAccessibleName("transcript")

    # -- blocks

    def open(self) -> None:
        """Fetch the newest blocks: at first, and again after a reconnect."""

        async def work() -> None:
            await self.transcript.open()
            if isValid(self):
                self.opened.emit()

        self._spawner.spawn(work(), "reading the transcript")

    def _on_changed(self, numbers: frozenset[int]) -> None:
        if not isValid(self):
            return  # a page that was on its way when the pane went
        self._anchor_in_sight()
        width = self.viewport().width()
        while len(self._extents) < self.transcript.total:
            n = len(self._extents)
            self._extents.append(self._setter.estimate(self.transcript.block(n), width))
        for n in numbers:
            if self.transcript.is_absent(n):
                self._extents.set(n, 0)
            elif n not in self._placed:
                self._extents.set(n, self._setter.estimate(self.transcript.block(n), width))
        self.refresh()

    def _anchor_in_sight(self) -> None:
        """Hold on to what is being read: a page that comes in above or below it may be higher than estimated."""
        held = next(((n, y) for n, y in self._sight if n in self._placed), None)
        if held is not None:
            self._anchor = held

    def refresh(self) -> None:
        """Make layout, bars and picture agree with the blocks; costs nothing while hidden."""
        if not self.isVisible():
            return
        self._arrange()
        self._settle_badge()
        self.viewport().update()

    def place(self, n: int) -> Placed | None:
        """Return the setting of a block in memory, made now if need be."""
        block = self.transcript.block(n)
        if block is None:
            return None
        width = self.viewport().width()
        known = self._placed.get(n)
        fold = self._folds.get(n, Fold.AUTO)
        if known is not None and (known.rev, known.fold, known.width) == (block.rev, fold, width):
            self._placed.move_to_end(n)
            return known
        made = self._setter.set(block, fold, width, known)
        self._placed[n] = made
        self._placed.move_to_end(n)
        while len(self._placed) > PLACED_KEPT:
            self._placed.popitem(last=False)
        self._extents.set(n, made.height + self._gap(n))
        return made

    def _height(self, n: int) -> int:
        self.place(n)
        return self._extents[n]

    def _gap(self, n: int) -> int:
        """Return the room below a block: little between neighbours of a kind, none where a line divides."""
        block, following = self.transcript.block(n), self.transcript.block(n + 1)
        if block is None:
            return GAP
        if following is not None and block.kind in _DENSE and following.kind in _DENSE:
            return TIGHT
        return GAP

    # -- arranging

    def _arrange(self) -> None:
        """Lay out what is in sight, from the anchor or from the end, and set the scroll bar."""
        self._sight = []
        if not self.transcript.total:
            self._set_bar(0, 0)
            return
        height = self.viewport().height()
        if self.follow:
            self._anchor_at_end(height)
        n, y = self._settled(*self._anchor, height)
        self._anchor = (n, y)
        missing = -1
        while n < self.transcript.total and y < height:
            if self.transcript.block(n) is None and not self.transcript.is_absent(n):
                missing = n
            block_height = self._height(n)
            self._sight.append((n, y))
            y += block_height
            n += 1
        if missing >= 0:
            self._spawner.spawn(self.transcript.need(missing), "reading the transcript")
        first, top = self._anchor
        self._set_bar(self._extents.top(first) - top + MARGIN, self._extents.total + 2 * MARGIN - height)
        if self.follow:
            self._seen = self.transcript.total

    def _anchor_at_end(self, height: int) -> None:
        n = self.transcript.total
        y = height - MARGIN
        while n > 0 and y > MARGIN:
            n -= 1
            y -= self._height(n)
        self._anchor = (n, min(y, MARGIN) if n == 0 else y)

    def _settled(self, n: int, y: int, height: int) -> tuple[int, int]:
        """Return the anchor moved to the first visible block, with no gap above the first or below the last."""
        n = min(n, self.transcript.total - 1)
        while n > 0 and y > 0:
            n -= 1
            y -= self._height(n)
        if n == 0:
            y = min(y, MARGIN)
        while n < self.transcript.total - 1 and y + self._height(n) <= 0:
            y += self._extents[n]
            n += 1
        below, at = y, n
        while at < self.transcript.total and below < height:
            below += self._height(at)
            at += 1
        short = height - MARGIN - below
        if at < self.transcript.total or short <= 0:
            return n, y
        while short > 0 and (n > 0 or y < MARGIN):
            if y >= 0 and n > 0:
                n -= 1
                y -= self._height(n)
            step = min(short, -y if n > 0 else MARGIN - y)
            if step <= 0 and n == 0:
                break
            y += max(step, 0)
            short -= max(step, 0)
        return n, y

    def _set_bar(self, value: int, maximum: int) -> None:
        bar = self.verticalScrollBar()
        self._guarded = True
        bar.setPageStep(max(1, self.viewport().height() - 40))
        bar.setRange(0, max(0, maximum))
        bar.setValue(bar.maximum() if self.follow else value)
        self._guarded = False

    # -- scrolling

    def _on_bar(self, value: int) -> None:
        if self._guarded or not self.transcript.total:
            return
        bar = self.verticalScrollBar()
        n = max(0, self._extents.at(value - MARGIN))
        self._anchor = (n, self._extents.top(n) - value + MARGIN)
        self._set_follow(on=value >= bar.maximum())
        self.refresh()

    def scroll_by(self, pixels: int) -> None:
        """Move the view down by ``pixels`` (up when negative), by real heights; the end follows again."""
        n, y = self._anchor
        if pixels < 0:
            self._set_follow(on=False)
        self._anchor = (n, y - pixels)
        self._arrange()
        if pixels > 0 and self.at_end():
            self._set_follow(on=True)
        self.refresh()

    def at_end(self) -> bool:
        """Tell whether the end of the last block is in sight."""
        if not self._sight:
            return True
        n, y = self._sight[-1]
        return n == self.transcript.total - 1 and y + self._extents[n] <= self.viewport().height()

    def to_end(self) -> None:
        """Show the end and follow it."""
        self.current = -1
        self._set_follow(on=True)
        self.refresh()

    def to_begin(self) -> None:
        """Show the first block."""
        self._set_follow(on=False)
        self.current = 0
        self._anchor = (0, MARGIN)
        self.refresh()

    def show_block(self, n: int, inner: int = 0) -> None:
        """Bring the place ``inner`` pixels into block ``n`` into sight, moving as little as will do."""
        self._set_follow(on=False)
        height = self.viewport().height()
        block_height = self._height(n)
        tops = dict(self._sight)
        place = tops[n] + inner if n in tops else None
        fits = min(block_height - inner, height // 2)
        if place is None or place < 0:
            self._anchor = (n, MARGIN - inner if place is not None or inner == 0 else height // 3 - inner)
        elif place + fits > height:
            self._anchor = (n, max(MARGIN, height - MARGIN - block_height + inner) - inner)
        self.refresh()

    def _set_follow(self, *, on: bool) -> None:
        if on == self.follow:
            return
        self.follow = on
        self._seen = self.transcript.total
        self.follow_changed.emit(on)

    def _settle_badge(self) -> None:
        if self._sight:
            self._seen = max(self._seen, self._sight[-1][0] + 1 if self.follow or self.at_end() else 0)
        new = self.transcript.total - self._seen
        if self.follow or new <= 0:
            self._badge.hide()
            return
        self._badge.setText(f"{new:,} new below")
        self._badge.setIcon(self._theme.icon("arrow-down", "on_fill"))
        self._badge.setToolTip("Go to the end and follow")
        self._badge.adjustSize()
        area = self.viewport().rect()
        self._badge.move(area.center().x() - self._badge.width() // 2, area.bottom() - self._badge.height() - 10)
        self._badge.show()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll by real heights."""
        fine = event.pixelDelta().y()
        self.scroll_by(-fine if fine else -event.angleDelta().y() * 60 // 120)
        event.accept()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """Nothing: ``_on_bar`` arranges anew."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out for the new width; the anchor keeps its place."""
        super().resizeEvent(event)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while hidden."""
        super().showEvent(event)
        self.refresh()

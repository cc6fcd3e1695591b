"""Heights of many blocks, most of them estimated: where one begins, and which one lies at a place.

Pure; a Fenwick tree, so that each question and each correction costs ~17 steps at 100,000 blocks.
"""

from __future__ import annotations


class Extents:
    """Heights in pixels, indexed from 0."""

    def __init__(self) -> None:
        self._heights: list[int] = []
        self._tree: list[int] = [0]

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, index: int) -> int:
        return self._heights[index]

    @property
    def total(self) -> int:
        """Return the sum of all heights."""
        return self.top(len(self._heights))

    def append(self, height: int) -> None:
        """Add one at the end."""
        self._heights.append(height)
        at = len(self._heights)
        whole = height
        step = 1
        while step < at & -at:
            whole += self._tree[at - step]
            step *= 2
        self._tree.append(whole)

    def set(self, index: int, height: int) -> None:
        """Correct one height."""
        change = height - self._heights[index]
        if not change:
            return
        self._heights[index] = height
        at = index + 1
        while at < len(self._tree):
            self._tree[at] += change
            at += at & -at

    def clear(self) -> None:
        """Forget all."""
        self._heights.clear()
        self._tree = [0]

    def top(self, index: int) -> int:
        """Return the sum of the heights before ``index``."""
        total = 0
        while index > 0:
            total += self._tree[index]
            index -= index & -index
        return total

    def at(self, y: int) -> int:
        """Return the block at height ``y``: the last one for places behind the end, -1 when there is none."""
        if y < 0:
            return 0 if self._heights else -1
        index = 0
        step = 1 << len(self._tree).bit_length()
        while step:
            nearer = index + step
            if nearer < len(self._tree) and self._tree[nearer] <= y:
                index = nearer
                y -= self._tree[nearer]
            step //= 2
        return min(index, len(self._heights) - 1)

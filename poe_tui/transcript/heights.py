"""HeightIndex: how high consecutive things are, so that a row finds its thing and a thing its first row.

A thread of thousands of turns is never laid out as a whole: most heights are estimates, corrected one by one when a
turn is first drawn. A Fenwick tree makes every correction and every look-up O(log n), building it O(n) additions.
"""

from __future__ import annotations

from collections.abc import Iterable


class HeightIndex:
    """Heights in rows, at least 0 each, by position."""

    __slots__ = ("_heights", "_tree", "total")

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._heights = list(heights)
        self._tree = [0, *self._heights]
        self.total = sum(self._heights)
        size = len(self._tree)
        for node in range(1, size):
            parent = node + (node & -node)
            if parent < size:
                self._tree[parent] += self._tree[node]

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, position: int) -> int:
        return self._heights[position]

    def append(self, height: int) -> None:
        """Add one thing at the end."""
        self._heights.append(height)
        node = len(self._heights)
        value, step = height, 1
        # The nodes that cover the range ending here, joined with the new height.
        while step < (node & -node):
            value += self._tree[node - step]
            step <<= 1
        self._tree.append(value)
        self.total += height

    def truncate(self, length: int) -> None:
        """Keep only the first ``length`` things."""
        removed = self._heights[length:]
        if removed:
            del self._heights[length:]
            del self._tree[length + 1 :]
            self.total -= sum(removed)

    def set(self, position: int, height: int) -> int:
        """Correct one height; returns by how much it grew (negative: shrank)."""
        growth = height - self._heights[position]
        if growth:
            self._heights[position] = height
            self.total += growth
            node, size = position + 1, len(self._tree)
            while node < size:
                self._tree[node] += growth
                node += node & -node
        return growth

    def before(self, position: int) -> int:
        """The rows above that thing: the sum of all heights before it."""
        rows, node = 0, position
        while node:
            rows += self._tree[node]
            node &= node - 1
        return rows

    def locate(self, row: int) -> tuple[int, int]:
        """``(position, row within it)`` for a row counted from the start; clamped to the ends. (0, 0) when empty."""
        if row < 0 or not self._heights:
            return 0, 0
        if row >= self.total:
            last = len(self._heights) - 1
            return last, max(0, self._heights[last] - 1)
        node, step, size = 0, 1 << len(self._heights).bit_length(), len(self._tree)
        while step:
            further = node + step
            if further < size and self._tree[further] <= row:
                node = further
                row -= self._tree[further]
            step >>= 1
        return node, row

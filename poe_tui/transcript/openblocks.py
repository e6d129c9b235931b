"""The blocks found so far and the containers and leaf that are open: what the splitter reads lines into."""

from __future__ import annotations

from typing import NamedTuple

from poe_tui.transcript.blocks import Container, Item, Leaf, LeafKind, OpenLeaf, gap_between
from poe_tui.transcript.cursor import Cursor


class Mark(NamedTuple):
    """A state to come back to."""

    stack: list[Container]
    items: list[tuple[Item, bool, bool, str, int]]
    leaves: int
    open: OpenLeaf | None
    leaf: LeafMark | None
    counters: tuple[int, int, int, bool, int]


class LeafMark(NamedTuple):
    """The open leaf of a state to come back to."""

    leaf: Leaf
    kind: LeafKind
    level: int
    end: int
    lines: list[tuple[str, int]]
    size: int
    last: tuple[str, int] | None
    open_state: tuple[tuple[tuple[str, int], ...], bool, bool, tuple[tuple[str, int, int], ...]]


class OpenBlocks:
    """Blocks in the making."""

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        """All blocks so far in order; the open one is the last."""
        self.open: OpenLeaf | None = None
        self.references: dict[str, str] = {}
        """Targets by normalised label; the first definition counts."""
        self._stack: list[Container] = []
        self._blank = False
        """Whether a blank line came since the last line of a leaf or marker of an item."""
        self._cursor = Cursor()
        self._line = 0
        self._codes = 0
        self._tables = 0

    def mark(self) -> Mark:
        """Remember this state; valid until the next complete line."""
        current = self.open
        kept = None
        if current:
            leaf = current.leaf
            last = leaf.lines[-1] if leaf.lines else None
            state = (current.blanks, current.head, current.reference, current.raw)
            kept = LeafMark(leaf, leaf.kind, leaf.level, leaf.end, leaf.lines, len(leaf.lines), last, state)
        items = [
            (item, item.begun, item.dead, item.task, item.list.count) for item in self._stack if isinstance(item, Item)
        ]
        counters = (self._line, self._codes, self._tables, self._blank, len(self.references))
        return Mark(list(self._stack), items, len(self.leaves), current, kept, counters)

    def back(self, mark: Mark) -> None:
        """Return to a remembered state."""
        self._stack = list(mark.stack)
        for item, begun, dead, task, count in mark.items:
            item.begun, item.dead, item.task = begun, dead, task
            item.list.count = count
        current = self.open = mark.open
        kept = mark.leaf
        if current and kept:
            leaf, lines = kept.leaf, kept.lines
            leaf.kind, leaf.level, leaf.end, leaf.lines = kept.kind, kept.level, kept.end, lines
            del lines[kept.size :]
            if kept.last is not None:
                lines[kept.size - 1 :] = [kept.last]
            current.blanks, current.head, current.reference, current.raw = kept.open_state
            self.leaves[mark.leaves - 1 :] = [leaf]
        del self.leaves[mark.leaves :]
        self._line, self._codes, self._tables, self._blank, known = mark.counters
        while len(self.references) > known:
            self.references.popitem()

    def _block(self) -> int:
        """The column blocks in the innermost container begin at, within its frame."""
        innermost = self._stack[-1] if self._stack else None
        return innermost.indent if isinstance(innermost, Item) else 0

    def _begin(self, kind: LeafKind, path: tuple[Container, ...] | None = None) -> Leaf:
        """Append a leaf inside the open containers; it begins at the cursor."""
        if path is None:
            path = tuple(self._stack)
        heads = tuple(item for item in path if isinstance(item, Item) and not item.begun)
        blank = self._blank or any(item.blank for item in heads)
        for item in heads:
            item.begun = True
        gap = bars = 0
        if self.leaves:
            gap, bars = gap_between(self.leaves[-1], path, kind, blank=blank)
        leaf = Leaf(kind, path, heads, blank, gap, bars, self._cursor.offset, self._cursor.end)
        self.leaves.append(leaf)
        self._blank = False
        return leaf

    def _show_empty(self) -> None:
        """Give an item without words a leaf that carries its marker."""
        depth = max(index for index, container in enumerate(self._stack) if isinstance(container, Item))
        item = self._stack[depth]
        blank, self._blank = self._blank, False
        leaf = self._begin("paragraph", tuple(self._stack[: depth + 1]))
        if isinstance(item, Item):
            leaf.start, leaf.end = item.at, item.at + 1
        self._blank = blank

    def _discard(self, leaf: Leaf) -> None:
        """Take the open leaf out again, as if it had not begun."""
        self.leaves.pop()
        self.open, self._blank = None, leaf.blank
        for item in leaf.heads:
            item.begun = False

"""Code that is wider than the page: clipped with ``…``, and scrolled sideways block by block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from poe_tui.transcript.rows import Frame, Row

if TYPE_CHECKING:
    from textual import events

    from poe_tui.transcript.viewport import Visible

SIDEWAYS = 8
"""Cells a step of the wheel scrolls code sideways."""


class Sideways:
    """The part of the transcript that scrolls code. What a block is scrolled by is forgotten with its thread."""

    if TYPE_CHECKING:
        _visible: Sequence[Visible]
        _frame: Frame
        _shifts: dict[tuple[int, int], int]
        _draw: Callable[[], None]

    def _shift(self, row: Row) -> int:
        """Cells the block of code of a row is scrolled sideways."""
        return self._shifts.get((id(row.origin), row.line.block), 0) if row.line.kind == "code" else 0

    def scroll_code(self, y: int, cells: int) -> bool:
        """Scroll the block of code in that row of the window sideways; False where there is none or it fits."""
        row = self._visible[y].row if 0 <= y < len(self._visible) else None
        if row is None or row.line.kind != "code":
            return False
        block = (id(row.origin), row.line.block)
        rows = (other.row for other in self._visible if (id(other.row.origin), other.row.line.block) == block)
        widest = max(cell_len(other.line.text) for other in rows) - self._frame.pane
        before = self._shifts.get(block, 0)
        self._shifts[block] = max(0, min(before + cells, widest))
        self._draw()
        return self._shifts[block] != before

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Sideways over code."""
        if self.scroll_code(event.y, SIDEWAYS):
            event.stop()

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Sideways over code."""
        if self.scroll_code(event.y, -SIDEWAYS):
            event.stop()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Shift and the wheel: sideways over code."""
        if event.shift and self.scroll_code(event.y, SIDEWAYS):
            event.stop()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Shift and the wheel: sideways over code."""
        if event.shift and self.scroll_code(event.y, -SIDEWAYS):
            event.stop()

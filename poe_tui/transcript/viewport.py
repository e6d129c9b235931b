"""Viewport: which rows are on screen. The truth is a turn and a row in it; everything else is derived.

So the text on screen stands still while answers grow below, while estimates above are corrected, and when the width
changes. To follow the end is a flag that scrolling sets; it is never inferred from offsets.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from poe_tui.model import Turn
from poe_tui.transcript.document import Document
from poe_tui.transcript.marks import Mark, find, mark
from poe_tui.transcript.rows import END, Frame, Row

NEAR = 3
"""Screens within which a scroll is walked row by row; farther ones go by the estimated heights."""


class Visible(NamedTuple):
    """A row on screen and where in the document it is."""

    turn: int
    at: int
    row: Row


class Viewport:
    """A window of ``height`` rows on a document."""

    def __init__(self, document: Document, height: int = 0) -> None:
        self.document = document
        self.height = height
        self.tail = 1
        """Blank rows kept under the last row."""
        self.follow = True
        self.new_lines = 0
        self.top = 0
        self.row = 0

    # --- where --------------------------------------------------------------------------------------------------------
    @property
    def y(self) -> int:
        """Rows above the window."""
        return self.document.turns.index.before(self.top) + self.row

    @property
    def total(self) -> int:
        """Rows of the whole document, the tail included."""
        return self.document.turns.height + self.tail if len(self.document) else 0

    @property
    def _room(self) -> int:
        return max(1, self.height - self.tail)

    def rows(self) -> list[Visible]:
        """The rows on screen, laid out; fewer than ``height`` at the end."""
        turns = self.document.turns
        if not len(self.document) or self.height <= 0:
            return []
        turns.walk(self.y, self.height)
        shown: list[Visible] = []
        turn, at = self.top, self.row
        while turn < len(self.document) and len(shown) < self.height:
            view = self.document.view(turn)
            last = min(view.height, at + self.height - len(shown))
            shown.extend(Visible(turn, number, view.row(number)) for number in range(at, last))
            turn, at = turn + 1, 0
        self.document.seen({visible.turn for visible in shown})
        return shown

    # --- moving -------------------------------------------------------------------------------------------------------
    def scroll(self, delta: int) -> None:
        """Move by rows. Reaching the end follows; leaving it ceases to."""
        reached, rest = self.document.turns.walk(self.y, delta)
        self._stand(0 if rest < 0 else reached)
        self._settle()

    def jump(self, y: int) -> None:
        """Go to a row counted from the start, as far as heights are known."""
        self._stand(max(0, y))
        if y >= self.total - self.height:
            self.to_end()
        else:
            self._settle()

    def to_turn(self, turn: int, row: int = 0) -> None:
        """Put a row of a turn on top."""
        self.top, self.row = turn, row
        self._settle()

    def to_end(self) -> None:
        """Show the last rows and follow."""
        if not self.follow or self.new_lines:
            self.follow, self.new_lines = True, 0
        self._show_end()

    def _show_end(self) -> None:
        reached, _ = self.document.turns.walk(END, -self._room)
        self._stand(reached)

    def _stand(self, y: int) -> None:
        self.top, self.row = self.document.turns.index.locate(y)

    def _settle(self) -> None:
        """After a move: never show more than the tail below the end, and set the flag."""
        if not len(self.document):
            self.top = self.row = 0
            return
        reached, rest = self.document.turns.walk(self.y, self._room)
        at_end = rest > 0 or reached >= self.document.turns.height
        if rest > 0:
            self._show_end()
        self.follow = at_end
        if at_end:
            self.new_lines = 0

    # --- changes ------------------------------------------------------------------------------------------------------
    def refresh(self) -> None:
        """Lay out the turns that changed; what is on screen stays where it is, or the end stays in view."""
        document = self.document
        for place in sorted(document.changed):
            view = document.view(place)
            if not (view.built or view.live or self.follow):
                document.changed.discard(place)
                document.turns.index.set(place, view.height)
                continue
            before = mark(view, self.row) if place == self.top and view.built and not self.follow else None
            growth = document.sync(place)
            if before is not None:
                self.row = find(view, before)
            if not self.follow and place >= self.top:
                self.new_lines += max(0, growth)
        if self.follow:
            self._show_end()
        elif len(document):
            self._keep_inside()

    def _keep_inside(self) -> None:
        """Something above may have shrunk so much that the window hangs over the end."""
        self.top = min(self.top, len(self.document) - 1)
        self.row = min(self.row, max(0, self.document.view(self.top).height - 1))
        _, rest = self.document.turns.walk(self.y, self._room)
        if rest > 0:
            self._show_end()

    def supply(self, turns: Iterable[Turn]) -> None:
        """Contents of outlines have come; the rows on screen stay, unless they were the blank ones."""
        for turn in turns:
            place = self.document.place(turn.id)
            before = self.document.view(place).height if place is not None else 0
            if self.document.supply(turn) is not None and place == self.top and before:
                self.row = self.row * self.document.view(place).height // before
        if self.follow:
            self._show_end()
        elif len(self.document):
            self._keep_inside()

    def resize(self, frame: Frame, height: int) -> None:
        """Another size or layout. The row on top keeps its text."""
        self.height = height
        if frame is not self.document.around.frame:
            before = None
            if len(self.document) and not self.follow:
                before = mark(self.document.view(self.top), self.row)
            self.document.reframe(frame)
            if before is not None:
                self.row = find(self.document.view(self.top), before, by_offset=True)
        if height <= 0:
            return
        if self.follow:
            self._show_end()
        elif len(self.document):
            self._keep_inside()

    # --- remembering --------------------------------------------------------------------------------------------------
    def position(self) -> dict[str, Any]:
        """Where the reader is; empty at the end."""
        if self.follow or not len(self.document):
            return {}
        view = self.document.view(self.top)
        return {"turn": view.turn.id, "mark": list(mark(view, self.row))}

    def restore(self, position: dict[str, Any] | None) -> None:
        """Go back to a :meth:`position`; to the end where it is unknown."""
        place = self.document.place(str(position.get("turn"))) if position else None
        if place is None or position is None:
            self.to_end()
            return
        self.top, self.row = place, find(self.document.view(place), Mark.read(position.get("mark")), by_offset=True)
        self._settle()

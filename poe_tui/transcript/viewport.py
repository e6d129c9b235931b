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


class Anchor(NamedTuple):
    """What stands still: a place in a turn's text, and how far below the top of the window it is."""

    turn: str
    mark: Mark
    below: int = 0


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
        self._anchor: Anchor | None = None
        """Where the person left the window; taken when it is first needed and kept until they move it again."""

    def reset(self) -> None:
        """Another path: at its start, with nothing kept of the one before."""
        self.top = self.row = 0
        self._anchor = None

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

    def reveal(self, turn: int) -> None:
        """Scroll as little as brings a turn's prompt into view, and as much of its answer as fits.

        The prompt then stays in that row of the window, however wrong the heights of turns not read yet were.
        """
        rows = self.rows()
        first = next((index for index, visible in enumerate(rows) if visible.turn == turn), None)
        if first is None or rows[first].at > 1:
            self.to_turn(turn)
        elif first:
            below = self.document.view(turn).height - sum(visible.turn == turn for visible in rows)
            if below > 0:
                self.scroll(min(first, below))
        if not self.follow:
            above = self.document.turns.index.before(turn) - self.y
            self._anchor = Anchor(self.document.view(turn).turn.id, Mark(), max(0, above))

    def to_end(self) -> None:
        """Show the last rows and follow."""
        self._anchor = None
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
        self._anchor = None
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
            self._hold()
            self._show_end()

    def supply(self, turns: Iterable[Turn]) -> None:
        """Contents of outlines have come; the rows on screen stay, unless they were the blank ones."""
        steady = self._steady() if not self.follow and len(self.document) else None
        for turn in turns:
            place = self.document.place(turn.id)
            before = self.document.view(place).height if place is not None else 0
            if self.document.supply(turn) is not None and place == self.top and before:
                self.row = self.row * self.document.view(place).height // before
        if self.follow:
            self._show_end()
        elif len(self.document):
            if steady is not None:
                self._return(steady)
            self._keep_inside()

    def resize(self, frame: Frame, height: int) -> None:
        """Another size or layout. The text where the person left the window stays on top, however often it changes."""
        self.height = height
        document = self.document
        still = bool(len(document)) and not self.follow
        anchor = self._hold() if still else None
        if frame is not document.around.frame:
            before = document.view(self.top).height if still else 0
            document.reframe(frame)
            if before:
                self.row = self.row * document.view(self.top).height // before
        if height <= 0:
            return
        if self.follow:
            self._show_end()
        elif still:
            if anchor is not None:
                self._return(anchor)
            self._keep_inside()

    # --- standing still -----------------------------------------------------------------------------------------------
    def _hold(self) -> Anchor | None:
        """Where the person left the window; ``None`` among turns whose text is not here."""
        view = self.document.view(self.top)
        if self._anchor is None and view.loaded:
            self._anchor = Anchor(view.turn.id, mark(view, self.row))
        return self._anchor

    def _steady(self) -> Anchor | None:
        """What must not move when texts come in: where the person is, else the first row whose text is here."""
        if self._anchor is not None:
            return self._anchor
        for below, visible in enumerate(self.rows()):
            view = self.document.view(visible.turn)
            if view.loaded:
                return Anchor(view.turn.id, mark(view, visible.at), below)
        return None

    def _return(self, anchor: Anchor) -> None:
        """Put what an anchor names where it was in the window."""
        turns, place = self.document.turns, self.document.place(anchor.turn)
        if place is None:
            self._anchor = None
            return
        row = find(self.document.view(place), anchor.mark, by_offset=True)
        turns.measure(place)
        reached, _ = turns.walk(turns.index.before(place) + row, -min(anchor.below, max(0, self._room - 1)))
        self._stand(reached)

    # --- remembering --------------------------------------------------------------------------------------------------
    def position(self) -> dict[str, Any]:
        """Where the reader is; empty at the end."""
        if self.follow or not len(self.document):
            return {}
        anchor = self._hold()
        if anchor is not None and not anchor.below:
            return {"turn": anchor.turn, "mark": list(anchor.mark)}
        view = self.document.view(self.top)
        return {"turn": view.turn.id, "mark": list(mark(view, self.row))}

    def restore(self, position: dict[str, Any] | None) -> None:
        """Go back to a :meth:`position`; to the end where it is unknown."""
        place = self.document.place(str(position.get("turn"))) if position else None
        if place is None or position is None:
            self.to_end()
            return
        anchor = Anchor(self.document.view(place).turn.id, Mark.read(position.get("mark")))
        self.top, self.row = place, 0
        self._return(anchor)
        self._settle()
        if not self.follow:
            self._anchor = anchor

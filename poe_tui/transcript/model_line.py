"""The model line over an answer: who speaks, and at the right end siblings, state and numbers.

When space runs out the name is cut first, then the numbers leave from the right; under 60 columns siblings and state
are all that stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from poe_tui.transcript.lines import Line, Span
from poe_tui.transcript.rows import Frame, Row
from poe_tui.transcript.words import Clause
from poe_tui.transcript.wrapping import cells, cut

NARROW = 60
SHORTEST_NAME = 8


@dataclass(slots=True, frozen=True)
class ModelLine:
    """What the line says."""

    name: str
    siblings: tuple[int, int] = (1, 1)
    """Which of how many; drawn from two on."""
    mark: Clause | None = None
    """``●`` while something happens, ``○`` while it waits."""
    state: Clause | None = None
    numbers: tuple[str, ...] = ()
    time: str = ""
    """When it was asked, if the person wants to see times."""

    def row(self, frame: Frame) -> Row:
        """Lay out for one width."""
        numbers = list(self.numbers) if frame.width >= NARROW else []
        name = self.name + (frame.own(f" · {self.time}") if self.time and frame.width >= NARROW else "")
        while True:
            right = [span._replace(text=frame.own(span.text)) for span in self._right(numbers)]
            room = frame.pane - cells(right) - 2
            if room >= min(SHORTEST_NAME, cell_len(name)) or not numbers:
                break
            numbers.pop()
        return Row(Line((Span(cut(name, max(0, room), frame.ellipsis), "dim"),)), tuple(right))

    def _right(self, numbers: list[str]) -> list[Span]:
        spans: list[Span] = []
        if self.mark is not None:
            spans.append(Span(*self.mark))
        if self.state is not None:
            if spans:
                spans.append(Span(" ", "dim"))
            spans.append(Span(*self.state))
        if numbers:
            before = " · " if self.state is not None else " " if spans else ""
            spans.append(Span(before + " · ".join(numbers), "dim"))
        index, count = self.siblings
        if count > 1:
            spans[:0] = [Span(f"‹{index}/{count}›", "key"), *([Span("   ", "dim")] if spans else [])]
        return spans

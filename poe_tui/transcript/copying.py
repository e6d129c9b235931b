"""What a selection over the transcript copies: the source text where rows have one, else what is drawn.

Rows of one text that follow each other are copied as one stretch of its source, from the first selected character to
the last; so wrapped lines come out whole, and code without its margin.
"""

from __future__ import annotations

from textual.geometry import Offset
from textual.selection import Selection

from poe_tui.transcript.document import Document
from poe_tui.transcript.render import place, place_of
from poe_tui.transcript.rows import HasSource, Row

ROW_LIMIT = 200_000
"""Rows that are walked for one copy."""


def selected_text(document: Document, selection: Selection) -> str:
    """The text under a selection whose offsets are those of ``render.place``."""
    if not len(document):
        return ""
    start = selection.start or Offset(0, 0)
    end = selection.end
    turn, at = place_of(max(0, start.y))
    last_turn, last_at = place_of(end.y) if end is not None else (len(document) - 1, 1 << 31)
    pieces: list[str] = []
    stretch: _Stretch | None = None
    left = ROW_LIMIT
    while turn <= last_turn and turn < len(document) and left > 0:
        view = document.view(turn)
        view.walk(0, 1 << 31)
        last = min(view.height - 1, last_at) if turn == last_turn else view.height - 1
        for number in range(at, last + 1):
            row = view.row(number)
            y = place(turn, number)
            first = max(0, start.x) if selection.start is not None and y == start.y else 0
            until = max(0, end.x) if end is not None and y == end.y else None
            if stretch is not None and stretch.takes(row):
                stretch.add(row, first, until)
                continue
            if stretch is not None:
                pieces.append(stretch.text)
                stretch = None
            if row.origin is not None:
                stretch = _Stretch(row.origin)
                stretch.add(row, first, until)
            else:
                pieces.append(_drawn(row)[first:until].rstrip())
        left -= last + 1 - at
        turn, at = turn + 1, 0
    if stretch is not None:
        pieces.append(stretch.text)
    return "\n".join(pieces).strip("\n")


def _drawn(row: Row) -> str:
    """A row without source as it is read: marks and margins left out."""
    right = "".join(span.text for span in row.right)
    text = row.line.text
    return f"{text}  {right}" if right else text


class _Stretch:
    """A growing stretch of one source."""

    def __init__(self, origin: HasSource) -> None:
        self._origin = origin
        self._start = -1
        self._end = -1

    def takes(self, row: Row) -> bool:
        """Whether a row goes on with this source (blank rows inside a text belong to it)."""
        return row.origin is self._origin

    def add(self, row: Row, first: int, until: int | None) -> None:
        """Take the characters ``first`` to ``until`` of a row in."""
        start, end = _offsets(row, first, until)
        if start >= 0:
            self._start = start if self._start < 0 else min(self._start, start)
            self._end = max(self._end, end)

    @property
    def text(self) -> str:
        """The source of the stretch."""
        return self._origin.source[self._start : self._end] if self._start >= 0 else ""


def _offsets(row: Row, first: int, until: int | None) -> tuple[int, int]:
    """Source offsets of the characters ``first`` to ``until`` of a row; -1, -1 where none of them has a source."""
    start = end = -1
    at = 0
    for span in row.line.spans:
        length = len(span.text)
        begin = max(0, first - at)
        stop = length if until is None else min(length, until - at)
        if span.at >= 0 and begin < stop:
            if start < 0:
                start = span.at + begin
            end = span.at + stop
        at += length
    if until is None and start >= 0 and first == 0 and row.line.start >= 0:
        # Whole rows take their marks along: a heading's #, a list's bullet, a fence.
        start, end = min(start, row.line.start), max(end, row.line.end)
    return start, end

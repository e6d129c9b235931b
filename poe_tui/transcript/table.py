"""Tables: column widths, alignment, rows of wrapped cells; key and value where columns have no room."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from poe_tui.transcript.lines import Span
from poe_tui.transcript.wrap import Row, cells, wrap

GAP = 3
"""Cells between two columns."""
_COMFORT = 14
"""A column whose longest word is longer may break it, if room is short."""
_LEAST = 6
"""Narrower columns than this (for what is longer) make a table of records."""
_KEY_SHARE = 3
"""The keys of records take at most this part of the width."""

_NUMBER = re.compile(
    r"[+\-−~≈<>≤≥±]? ?[$€£¥₹]? ?[+\-−]?\d(?:[\d.,'’\u00a0\u2009\u202f ]*\d)?"
    r" ?(?:%|‰|[A-Za-zµ°$€£¥₹]{1,4}(?:/[A-Za-z]{1,4})?)?$"
)
_NOTHING = frozenset(("", "-", "–", "—", "?", "n/a", "N/A"))
_WORD = re.compile(r"[^ ]+")


@dataclass(slots=True)
class Cell:
    """The content of a cell, laid out on one row per hard break."""

    spans: list[Span]
    cells: int
    """Width on one row (the widest, where the text has hard breaks)."""
    word: int
    """Width of its longest word."""
    text: str
    """Its plain text."""

    @classmethod
    def of(cls, spans: list[Span]) -> Cell:
        """Measure spans."""
        text = "".join([span.text for span in spans])
        if "\n" not in text and text.isascii():
            size = len(text)
        else:
            size, row = 0, 0
            for span in spans:
                row = 0 if span.text == "\n" else row + cells(span.text)
                size = max(size, row)
        word = max(map(len, _WORD.findall(text)), default=0) if text.isascii() else _longest_word(text)
        return cls(spans, size, min(size, word), text.strip())


def _longest_word(text: str) -> int:
    return max((cells(word) for word in text.replace("\n", " ").split(" ")), default=0)


@dataclass(slots=True)
class TableRow:
    """A row and its stretch of the source."""

    cells: list[Cell]
    start: int
    end: int


class Columns:
    """What is known of the columns; grows row by row."""

    def __init__(self, aligns: Sequence[str], head: TableRow) -> None:
        count = len(aligns)
        self.head = head
        self._aligns = list(aligns)
        self._natural = [0] * count
        self._word = [0] * count
        self._numbers = [0] * count
        """Cells that are numbers; -1 as soon as one is not."""
        self._measure(head)

    def add(self, row: TableRow) -> None:
        """Take a complete row of the body into account."""
        self._measure(row)
        for index, cell in enumerate(row.cells):
            if self._numbers[index] >= 0 and cell.text not in _NOTHING:
                self._numbers[index] = self._numbers[index] + 1 if _NUMBER.match(cell.text) else -1

    def _measure(self, row: TableRow) -> None:
        natural, word = self._natural, self._word
        for index, cell in enumerate(row.cells):
            natural[index] = max(natural[index], cell.cells)
            word[index] = max(word[index], cell.word)

    def aligns(self) -> list[str]:
        """``left right center`` for each column: as marked, else numbers to the right."""
        return [
            align or ("right" if numbers > 0 else "left")
            for align, numbers in zip(self._aligns, self._numbers, strict=True)
        ]

    def widths(self, room: int, extra: TableRow | None = None) -> list[int] | None:
        """Cells for each column, or ``None`` if the table must become records.

        Args:
            room: cells there are.
            extra: a row that is not complete yet.
        """
        natural, word = list(self._natural), list(self._word)
        if extra is not None:
            for index, cell in enumerate(extra.cells):
                natural[index] = max(natural[index], cell.cells)
                word[index] = max(word[index], cell.word)
        room -= GAP * (len(natural) - 1)
        if sum(natural) <= room:
            return natural
        for least in (_COMFORT, _LEAST):
            floor = [min(size, max(_LEAST, min(longest, least))) for size, longest in zip(natural, word, strict=True)]
            if sum(floor) <= room:
                return _share(natural, floor, room)
        return [max(1, room)] if len(natural) == 1 else None


def _share(natural: list[int], floor: list[int], room: int) -> list[int]:
    """Give what is left beyond the floor to all columns alike, until each has what it wants."""
    widths = list(floor)
    rest = room - sum(floor)
    wanting = sorted(range(len(natural)), key=lambda index: natural[index] - floor[index])
    for position, index in enumerate(wanting):
        given = min(natural[index] - floor[index], rest // (len(wanting) - position))
        widths[index] += given
        rest -= given
    return widths


def rule(widths: Sequence[int]) -> Row:
    """The line under the heads."""
    return (Span("─" * (sum(widths) + GAP * (len(widths) - 1)), "rule"),)


def columns(row: TableRow, widths: Sequence[int], aligns: Sequence[str]) -> list[Row]:
    """A row in columns: as many rows of cells as its longest cell needs."""
    wrapped: list[list[Row]] = []
    height = 1
    for cell, width in zip(row.cells, widths, strict=False):
        rows = wrap(cell.spans, width) if cell.cells > width or "\n" in cell.text else [tuple(cell.spans)]
        height = max(height, len(rows))
        wrapped.append(rows)
    lines: list[Row] = []
    for number in range(height):
        line: list[Span] = []
        pending = 0
        for index, rows in enumerate(wrapped):
            content: Row = rows[number] if number < len(rows) else ()
            size = row.cells[index].cells if height == 1 else sum(cells(span.text) for span in content)
            blank = max(0, widths[index] - size)
            before = {"right": blank, "center": blank // 2}.get(aligns[index], 0)
            if content:
                if pending + before:
                    line.append(Span(" " * (pending + before)))
                line += content
                pending = blank - before
            else:
                pending += widths[index]
            pending += GAP
        lines.append(tuple(line))
    return lines


def record(head: TableRow, row: TableRow, room: int) -> list[Row]:
    """A row as a title (its first cell) and, indented, a key and a value for each further cell."""
    first = [_strong(span) for span in row.cells[0].spans] if row.cells else []
    found = wrap(first or [Span("–", "dim")], room)
    longest = max((cell.cells for cell in head.cells[1:]), default=0)
    key = max(1, min(longest, room // _KEY_SHARE))
    left = room - 2 - key - GAP
    for index, cell in enumerate(row.cells[1:], 1):
        if not cell.text:
            continue
        name = head.cells[index].spans if index < len(head.cells) else []
        if left < _LEAST:
            indent = (Span("  "),) if room > 2 * _LEAST else ()
            width = room - 2 * len(indent)
            found += [(*indent, *line) for line in (*wrap(name, width), *wrap(cell.spans, width)) if line]
            continue
        found += _pair(name, cell.spans, key, left)
    return found


def _pair(name: list[Span], value: list[Span], key: int, left: int) -> list[Row]:
    """A key and its value beside each other."""
    keys, values = wrap(name, key), wrap(value, left)
    found: list[Row] = []
    for number in range(max(len(keys), len(values))):
        before = keys[number] if number < len(keys) else ()
        after = values[number] if number < len(values) else ()
        blank = key - sum(cells(span.text) for span in before) + GAP
        found.append((Span("  "), *before, Span(" " * blank), *after) if after else (Span("  "), *before))
    return found


def _strong(span: Span) -> Span:
    return span._replace(role="strong") if span.role == "text" else span

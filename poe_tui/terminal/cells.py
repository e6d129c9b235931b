"""Rows of cells: what a terminal line shows, cluster by cluster.

A wide cluster is a cell with its text and a second one with the empty string. Zero-width characters belong to the cell
before them, so a row has exactly as many cells as the screen has columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.cells import cell_len, split_graphemes

from poe_tui.terminal.pens import Pen, PenBox

if TYPE_CHECKING:
    from rich.segment import Segment

_PLAIN = re.compile(
    "[ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2248\u2500-\u25fc"
    "\u25ca-\u25cf\u2800-\u28ff]*"
)
"""Text in which every character is one cell wide in every terminal of a western locale, with nothing to combine."""


def plain(text: str) -> bool:
    """Whether every character of ``text`` is a cell of its own whose width no terminal disputes."""
    return text.isascii() or _PLAIN.fullmatch(text) is not None


_LONGEST = 32
"""Code points of one cluster; what is stacked on it beyond that is left out."""


class Row:
    """The cells of one line: texts and pens, side by side."""

    __slots__ = ("pens", "texts")

    def __init__(self, texts: list[str], pens: list[Pen]) -> None:
        self.texts = texts
        self.pens = pens

    def same(self, other: Row) -> bool:
        """Whether both show the same."""
        return self.texts == other.texts and self.pens == other.pens

    def copy(self) -> Row:
        """Return a row of its own with the same cells."""
        return Row(self.texts.copy(), self.pens.copy())


UNKNOWN = "\x00"
"""The text of a cell of which nobody knows what the terminal shows; equal to no cell that is ever drawn."""


def unknown_row(width: int, pen: Pen) -> Row:
    """Return a row that differs from every row that can be drawn."""
    return Row([UNKNOWN] * width, [pen] * width)


def cells(segments: Iterable[Segment], box: PenBox) -> Row:
    """Return the cells of segments as Textual's compositor makes them: clean text, controls left out."""
    texts: list[str] = []
    pens: list[Pen] = []
    for text, style, control in segments:
        if control:
            continue
        pen = box.pen(style)
        if plain(text):
            texts.extend(text)
            pens.extend([pen] * len(text))
        else:
            _add_clusters(text, pen, texts, pens)
    return Row(texts, pens)


def _add_clusters(text: str, pen: Pen, texts: list[str], pens: list[Pen]) -> None:
    spans, _ = split_graphemes(text)
    flag = False  # Whether the cell before is the first half of a flag: Rich counts the halves one by one.
    for start, end, width in spans:
        cluster = text[start:end]
        if width == 0:
            _combine(cluster, texts)
            continue
        half = "\U0001f1e6" <= cluster[0] <= "\U0001f1ff"
        if half and flag:
            texts[-1] += cluster
            cluster = ""
        flag = half and not flag
        texts.append(cluster)
        pens.append(pen)
        if width == 2:
            texts.append("")
            pens.append(pen)


def _combine(mark: str, texts: list[str]) -> None:
    """Put a mark on the cell before it, unless that would change the cell's width: then it cannot be drawn."""
    if texts:
        at = len(texts) - 1 if texts[-1] else len(texts) - 2
        combined = texts[at] + mark
        if cell_len(combined) == len(texts) - at and len(combined) <= _LONGEST:
            texts[at] = combined


def fitted(row: Row, width: int, pen: Pen) -> Row:
    """Return ``row`` with exactly ``width`` cells: missing ones are blank, and so is a wide cluster cut in half."""
    missing = width - len(row.texts)
    if missing > 0:
        row.texts.extend(" " * missing)
        row.pens.extend([pen] * missing)
    elif missing < 0:
        cut = row.texts[width] == ""
        del row.texts[width:], row.pens[width:]
        if cut:
            row.texts[-1] = " "
    return row

"""Text in cells: cut to a width with ``…``, and one row with something at each end."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from textual.content import Content

MARK = 1
"""The mark column of every page."""
TEXT = 3
"""The text column."""
EDGE = 3
"""Cells right of R; values end there, the last column is the scrollbar's alone."""


def cut(text: str, width: int) -> str:
    """Return ``text`` in at most ``width`` cells, with ``…`` at the end where something had to go."""
    if cell_len(text) <= width:
        return text
    if width <= 1:
        return "…"[: max(0, width)]
    return set_cell_size(text, width - 1).rstrip() + "…"


def cut_words(text: str, width: int) -> str:
    """The same at the end of a word, where one ends in the second half."""
    short = cut(text, width)
    if short == text or len(short) < 2:
        return short
    whole = short[:-1] if text[len(short) - 1 : len(short)].isspace() else short[:-1].rpartition(" ")[0]
    return f"{whole.rstrip(' ,;:')}…" if len(whole) > width // 2 else short


def cut_middle(text: str, width: int) -> str:
    """Return a path in at most ``width`` cells: both of its ends, with ``…`` between them where something had to go."""
    if cell_len(text) <= width:
        return text
    end = text[-max(1, width * 2 // 3) :]
    while end and cell_len(end) > width * 2 // 3:
        end = end[1:]
    return cut(text, width - cell_len(end)) + end


def row(width: int, left: Sequence[Content], right: Sequence[Content], *, start: int = TEXT, gap: int = 3) -> Content:
    """Return one row: parts from ``start`` on, parts that end at R, ``gap`` cells between parts of a side.

    Nothing is cut here: the caller hands in what fits.
    """
    space = Content(" " * gap)
    at_left = Content.assemble(" " * start, space.join(left))
    at_right = space.join(right)
    between = width - EDGE - at_left.cell_length - at_right.cell_length
    return Content.assemble(at_left, " " * max(1, between), at_right)

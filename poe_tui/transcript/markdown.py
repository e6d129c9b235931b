"""Incremental Markdown (signature agreed with render.py; the body follows)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poe_tui.transcript.lines import Citation, CodeBlock, Line, LinkData, TableData


class MarkdownRenderer:
    """Markdown of one answer, arriving in pieces, as lines for one width."""

    width: int
    stable: int
    """Lines below this index never change again, except for the column widths of an open table."""
    first_changed: int
    """Index of the first line the last feed, finish, cite or relayout changed (``len(lines)`` when none)."""

    def __init__(self, width: int, citations: Iterable[Citation] = ()) -> None:
        raise NotImplementedError

    def feed(self, delta: str) -> int:
        """Add text; return ``first_changed``."""
        raise NotImplementedError

    def finish(self) -> int:
        """The text is complete: resolve what waited for its end; return ``first_changed``. Further feeds raise."""
        raise NotImplementedError

    def cite(self, citations: Iterable[Citation]) -> int:
        """Add numbered source marks, during or after the stream; return ``first_changed``."""
        raise NotImplementedError

    def relayout(self, width: int) -> None:
        """Change the width. Nothing is parsed again; blocks are laid out when their lines are asked for."""
        raise NotImplementedError

    @property
    def lines(self) -> Sequence[Line]:
        """All lines; lays out what is not laid out yet."""
        raise NotImplementedError

    @property
    def height(self) -> int:
        """``len(lines)`` if everything is laid out, else an estimate that costs nothing."""
        raise NotImplementedError

    @property
    def pieces(self) -> Sequence[Piece]:
        """The blocks in order, for views that lay out only what is visible."""
        raise NotImplementedError

    @property
    def source(self) -> str:
        """The text so far, CRLF as LF: what all offsets count in."""
        raise NotImplementedError

    @property
    def code_blocks(self) -> list[CodeBlock]:
        """Blocks of code in order; an open one with what it holds so far."""
        raise NotImplementedError

    @property
    def tables(self) -> list[TableData]:
        """Tables in order."""
        raise NotImplementedError

    @property
    def links(self) -> list[LinkData]:
        """Links in order."""
        raise NotImplementedError


class Piece:
    """One block of an answer with the blank row before it: the unit a view lays out lazily."""

    @property
    def height(self) -> int:
        """Rows: exact once laid out at the current width, else an estimate."""
        raise NotImplementedError

    @property
    def exact(self) -> bool:
        """Whether ``height`` is exact."""
        raise NotImplementedError

    @property
    def lines(self) -> Sequence[Line]:
        """The rows, laid out now if need be."""
        raise NotImplementedError


def render(text: str, width: int, citations: Iterable[Citation] = ()) -> list[Line]:
    """Render a whole text."""
    renderer = MarkdownRenderer(width, citations)
    renderer.feed(text)
    renderer.finish()
    return list(renderer.lines)

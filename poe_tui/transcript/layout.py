"""Pieces: a leaf and its rows at one width. What pieces share, and the two simplest kinds of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from poe_tui.transcript.blocks import Container, Item, Leaf
from poe_tui.transcript.lines import BLANK, Citation, Line, LineKind, LinkData, Span
from poe_tui.transcript.spans import TAB
from poe_tui.transcript.wrap import Row, wrap

LEAST_TEXT = 20
"""Cells that are left for words, however deep quotes and lists go; half the width where that is less."""
BAR = "│ "
_DELTAS = 512


@dataclass(slots=True)
class Context:
    """What all pieces of an answer share."""

    width: int
    references: dict[str, str]
    citations: list[Citation] = field(default_factory=list)
    """Sorted by end."""
    parsed: int = 0
    """Characters read by any parser or lexer: what the tests count."""
    _parts: list[str] = field(default_factory=list)
    _deltas: list[str] = field(default_factory=list)
    """The text so far: parts, and behind them the deltas that are not joined yet."""

    def add(self, delta: str) -> None:
        """Note more of the text."""
        self._deltas.append(delta)
        if len(self._deltas) >= _DELTAS:
            self._parts.append("".join(self._deltas))
            self._deltas = []

    def text(self) -> str:
        """The text so far."""
        if self._deltas or len(self._parts) > 1:
            self._parts = ["".join([*self._parts, *self._deltas])]
            self._deltas = []
        return self._parts[0] if self._parts else ""

    def citations_in(self, leaf: Leaf) -> list[Citation]:
        """The marks that stand in a leaf."""
        citations = self.citations
        if not citations:
            return []
        first = bisect_left(citations, leaf.start + 1, key=_end_of)
        last = bisect_left(citations, leaf.end + 1, key=_end_of)
        return sorted(citations[first:last])


def _end_of(citation: Citation) -> int:
    return citation.end


@dataclass(slots=True, frozen=True)
class Prefix:
    """What stands before a block's rows because of the quotes and items around it."""

    first: Row = ()
    rest: Row = ()
    cells: int = 0


_NO_PREFIX = Prefix()


def prefix_of(leaf: Leaf, width: int) -> Prefix:
    """Bars, indentation and markers before a leaf; outer ones give way where there is no room."""
    if not leaf.path:
        return _NO_PREFIX
    steps = [_step(container, leaf) for container in leaf.path]
    room = width - min(LEAST_TEXT, (width + 1) // 2)
    cells = sum(len(blank) for _, blank in steps)
    while steps and cells > room and (len(steps) > 1 or cells >= width):
        cells -= len(steps.pop(0)[1])
    first: list[Span] = []
    rest: list[Span] = []
    for head, blank in steps:
        if head.role == "text":
            _pad(first, len(blank))
        else:
            first.append(head)
            _pad(first, len(blank) - len(head.text))
        if blank == BAR:
            rest.append(head)
        else:
            _pad(rest, len(blank))
    return Prefix(tuple(first), tuple(rest), cells)


def _step(container: Container, leaf: Leaf) -> tuple[Span, str]:
    if not isinstance(container, Item):
        return Span(BAR, "quote-bar"), BAR
    marker = container.marker
    blank = " " * (len(marker) + 1)
    return (Span(marker, "list-marker") if container in leaf.heads else Span(blank)), blank


def _pad(row: list[Span], size: int) -> None:
    if not size:
        return
    if row and row[-1].role == "text":
        size += len(row.pop().text)
    row.append(Span(" " * size))


def bare(row: Row) -> Row:
    """A row without spaces at its end."""
    while row and row[-1].text.endswith(" "):
        text = row[-1].text.rstrip(" ")
        row = (*row[:-1], row[-1]._replace(text=text)) if text else row[:-1]
    return row


class Piece:
    """One block of an answer with the blank row before it: the unit a view lays out lazily."""

    __slots__ = ("_context", "_prefix", "_rows", "_width", "is_open", "leaf", "settled")

    def __init__(self, leaf: Leaf, context: Context) -> None:
        self.leaf = leaf
        self._context = context
        self._rows: list[Line] = []
        self._width = 0
        """The width ``_rows`` are laid out for; 0 for none yet."""
        self._prefix = _NO_PREFIX
        self.settled = len(leaf.lines)
        """Lines of the leaf that are complete; behind them at most one is still arriving."""
        self.is_open = False
        """Whether the leaf may go on."""

    # --- what a view asks for ----------------------------------------------------------------------------------
    @property
    def exact(self) -> bool:
        """Whether ``height`` is exact."""
        return self._width == self._context.width

    @property
    def height(self) -> int:
        """Rows: exact once laid out at the current width, else an estimate."""
        if self._width == self._context.width:
            return len(self._rows)
        return self._estimate()

    @property
    def lines(self) -> Sequence[Line]:
        """The rows, laid out now if need be."""
        if self._width != self._context.width:
            self.layout()
        return self._rows

    @property
    def links(self) -> list[LinkData]:
        """The links in it."""
        return []

    # --- what the renderer asks for ----------------------------------------------------------------------------
    def layout(self) -> None:
        """Lay out everything for the current width, without reading the text again where that was done."""
        self.update()

    def update(self) -> int:
        """Bring the rows up to the leaf; return the index of the first that may have changed."""
        raise NotImplementedError

    def stable_rows(self) -> int:
        """How many rows can never change again though the leaf is open."""
        return 0

    def forget(self) -> None:
        """References or citations changed: read the text again at the next layout."""
        self._width = 0

    @property
    def missing(self) -> Set[str]:
        """Labels that would be links if they were defined."""
        return frozenset()

    # --- for the kinds of pieces -------------------------------------------------------------------------------
    def _estimate(self) -> int:
        width = max(1, self._context.width - 2 * len(self.leaf.path))
        rows = sum(1 + len(text) // width for text, _ in self.leaf.lines)
        return self.leaf.gap + max(1, rows)

    def _begin_rows(self) -> int:
        """Start over: prefix, blank row. Returns the width left for words."""
        context, leaf = self._context, self.leaf
        self._width = context.width
        self._prefix = prefix_of(leaf, context.width)
        self._rows = [self._blank_row()] if leaf.gap else []
        return max(1, context.width - self._prefix.cells)

    def _blank_row(self) -> Line:
        shared = self.leaf.path[: self.leaf.gap_bars]
        last = max((index + 1 for index, container in enumerate(shared) if not isinstance(container, Item)), default=0)
        if not last:
            return BLANK
        row: list[Span] = []
        for container in shared[:last]:
            if isinstance(container, Item):
                _pad(row, len(container.marker) + 1)
            else:
                row.append(Span(BAR, "quote-bar"))
        dropped = sum(len(span.text) for span in row) - self._prefix.cells
        return Line(bare(tuple(row)) if dropped <= 0 else (Span("│", "quote-bar"),), "blank")

    def _line(self, row: Row, kind: LineKind, start: int, end: int, block: int = 0) -> Line:
        """A line behind the prefix; the first one of the piece carries the markers."""
        prefix = self._prefix
        is_first = len(self._rows) == self.leaf.gap
        before = prefix.first if is_first else prefix.rest
        if is_first and self.leaf.heads and start >= 0:
            start = min(start, self.leaf.heads[0].at)
        return Line(bare((*before, *row)), kind, start, end, block, prefix.cells)


class RulePiece(Piece):
    """A horizontal rule."""

    __slots__ = ()

    def update(self) -> int:
        width = self._begin_rows()
        self._rows.append(self._line((Span("─" * width, "rule"),), "rule", self.leaf.start, self.leaf.end))
        return 0


class HtmlPiece(Piece):
    """HTML, shown as it is written."""

    __slots__ = ("_blanks", "_done", "_done_rows")

    def __init__(self, leaf: Leaf, context: Context) -> None:
        super().__init__(leaf, context)
        self._done = 0
        self._done_rows = 0
        self._blanks = 0
        """Empty lines done but not shown: they are, once another line follows."""

    def update(self) -> int:
        width = self._context.width
        if self._width != width:
            self._begin_rows()
            self._done, self._done_rows, self._blanks = 0, len(self._rows), 0
        width = max(1, width - self._prefix.cells)
        first = self._done_rows
        del self._rows[first:]
        blanks = self._blanks
        for index in range(self._done, len(self.leaf.lines)):
            text, at = self.leaf.lines[index]
            self._context.parsed += len(text)
            if text.strip():
                self._rows += [self._line((), "html", at, at)] * blanks
                blanks = 0
                self._add(text, at, width)
            else:
                blanks += 1
            if index < self.settled:
                self._done, self._done_rows, self._blanks = index + 1, len(self._rows), blanks
        return first

    def _add(self, text: str, at: int, width: int) -> None:
        words = text.lstrip(" ")
        spans = [Span(text.replace("\t", TAB), "html", None, at - (len(text) - len(words)))]
        for row in wrap(spans, width):
            end = row[-1].at + len(row[-1].text) if row else at
            self._rows.append(self._line(row, "html", row[0].at if row else at, end))

    def stable_rows(self) -> int:
        return self._done_rows

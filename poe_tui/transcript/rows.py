"""Rows, and the tree of stacks they stand in: turn, block, piece of an answer.

A :class:`Row` is one line at one width, still without colours. A :class:`Leaf` is some rows laid out together; a
:class:`Stack` is leaves and stacks one below the other. What was never on screen has an *estimated* height. Walking
by rows lays out what it crosses, so that one row up is one row up even where the estimate was wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from poe_tui.transcript.heights import HeightIndex
from poe_tui.transcript.lines import BLANK, Line, Span
from poe_tui.transcript.words import DEFAULT_KEYS, KeyNames

Glyphs = Literal["unicode", "plain"]
Density = Literal["comfortable", "compact"]
ReasoningMode = Literal["show", "fold", "off"]

MARK_COLUMN = 1
TEXT_COLUMN = 3
RIGHT_MARGIN = 3
"""R = width − 3; the last column is the scrollbar's alone."""
TEXT_LIMIT = 100

PLAIN = str.maketrans({
    "▌": "|", "►": "+", "▼": "-", "●": "*", "○": "o", "•": "*", "▲": "^", "─": "-", "│": "|", "·": "-", "≈": "~",
    "‹": "<", "›": ">", "–": "-", "▐": "|", "▄": "#", "█": "#",
})  # fmt: skip
"""The plain set, cell for cell; ``…`` alone grows, see :attr:`Frame.ellipsis`."""

END = -1
"""As a row to walk from: below the last row."""


@dataclass(slots=True, frozen=True)
class Frame:
    """All that line breaks depend on. Colours are not among it."""

    width: int
    """Of the whole widget, the scrollbar's column included."""
    glyphs: Glyphs = "unicode"
    density: Density = "comfortable"
    reasoning: ReasoningMode = "fold"
    timestamps: bool = False
    keys: KeyNames = DEFAULT_KEYS

    @property
    def right(self) -> int:
        """R: the first column right of everything."""
        return max(TEXT_COLUMN + 1, self.width - RIGHT_MARGIN)

    @property
    def pane(self) -> int:
        """Cells from the text column to R: code, tables and model lines."""
        return self.right - TEXT_COLUMN

    @property
    def text(self) -> int:
        """Cells a line of text may have."""
        return min(TEXT_LIMIT, self.pane)

    @property
    def ellipsis(self) -> str:
        """What stands where something was cut."""
        return "…" if self.glyphs == "unicode" else "..."

    def own(self, words: str) -> str:
        """Words of ours in the set of characters that is used."""
        return words if self.glyphs == "unicode" else words.replace("…", "...").translate(PLAIN)


class HasSource(Protocol):
    """A block that was written by somebody, so that copying takes its source."""

    @property
    def source(self) -> str:
        """The text that offsets count in."""


class Row(NamedTuple):
    """One line, drawn from the text column on."""

    line: Line = BLANK
    right: tuple[Span, ...] = ()
    """Ends at R."""
    mark: str = ""
    """Role of the bar in the mark column; empty for none."""
    tone: str = ""
    """A role word added to every span (``thought``)."""
    origin: HasSource | None = None
    """Whose source the line's offsets count in; ``None``: the characters that are drawn are what is copied."""


BLANK_ROW = Row()


class Rows(Protocol):
    """Something rows high."""

    @property
    def height(self) -> int:
        """Rows; an estimate until laid out."""

    def walk(self, row: int, delta: int) -> tuple[int, int]:
        """Move ``delta`` rows from ``row`` (or END), laying out what is crossed.

        Returns the row reached and what is left of ``delta``; where something is left, an edge was reached: row 0
        with a negative rest, or ``height`` with the rest counted from the first row below.
        """

    def row(self, at: int) -> Row:
        """One row; lays out what it takes."""


class Leaf:
    """Rows that are laid out all at once, when first asked for."""

    __slots__ = ("_lay_out", "_rows", "height")

    def __init__(self, lay_out: Callable[[], Sequence[Row]], estimate: int = 1) -> None:
        self._lay_out: Callable[[], Sequence[Row]] = lay_out
        self._rows: Sequence[Row] | None = None
        self.height = max(0, estimate)

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Leaf:
        """Rows that are at hand already."""
        leaf = cls(lambda: rows, len(rows))
        leaf._rows = rows
        return leaf

    @property
    def exact(self) -> bool:
        """Whether the height is not an estimate any more."""
        return self._rows is not None

    @property
    def rows(self) -> Sequence[Row]:
        """The rows."""
        if self._rows is None:
            self._rows = self._lay_out()
            self.height = len(self._rows)
        return self._rows

    def walk(self, row: int, delta: int) -> tuple[int, int]:
        """See :class:`Rows`."""
        height = len(self.rows)
        target = (height if row == END else row) + delta
        if target < 0:
            return 0, target
        return (target, 0) if target < height else (height, target - height)

    def row(self, at: int) -> Row:
        """See :class:`Rows`."""
        return self.rows[at]


GAP = Leaf.of((BLANK_ROW,))
"""The one blank row between two blocks."""


class Stack:
    """Things one below the other."""

    __slots__ = ("index", "members")

    def __init__(self, members: Iterable[Rows] = ()) -> None:
        self.members: list[Rows] = []
        self.index = HeightIndex()
        self.replace(members)

    def replace(self, members: Iterable[Rows]) -> None:
        """Put other things in place of all."""
        self.members = list(members)
        self.index = HeightIndex(member.height for member in self.members)

    def append(self, member: Rows) -> None:
        """Put one more below."""
        self.members.append(member)
        self.index.append(member.height)

    def truncate(self, length: int) -> None:
        """Keep only the first ``length`` members."""
        del self.members[length:]
        self.index.truncate(length)

    @property
    def height(self) -> int:
        """Rows; the unseen ones estimated."""
        return self.index.total

    def measure(self, position: int) -> None:
        """Take over the height of a member that may have been laid out since."""
        self.index.set(position, self.members[position].height)

    def walk(self, row: int, delta: int) -> tuple[int, int]:
        """See :class:`Rows`."""
        if not self.members:
            return 0, delta
        position, line = (len(self.members) - 1, END) if row == END else self.index.locate(row)
        rest = delta
        while True:
            line, rest = self.members[position].walk(line, rest)
            self.measure(position)
            inside = line < self.index[position]
            if inside and rest >= 0:
                return self.index.before(position) + line, 0
            if rest < 0:
                if position == 0:
                    return 0, rest
                position, line = position - 1, END
            else:
                if position == len(self.members) - 1:
                    return self.index.total, rest
                position, line = position + 1, 0

    def row(self, at: int) -> Row:
        """See :class:`Rows`."""
        position, line = self.index.locate(at)
        return self.members[position].row(line)

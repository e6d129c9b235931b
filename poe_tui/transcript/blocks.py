"""What the splitter makes of a text: containers (quotes, list items) and leaves (paragraphs, code, tables …)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

LeafKind = Literal["paragraph", "heading", "code", "html", "table", "rule"]


class Quote:
    """A block quote; only its identity counts."""

    __slots__ = ()


@dataclass(slots=True, eq=False)
class ItemList:
    """The list an item belongs to."""

    char: str
    """The marker's character: a list goes on while this is the same."""
    start: int
    """The first number; -1 for bullets."""
    count: int = 0
    """Items so far."""


@dataclass(slots=True, eq=False)
class Item:
    """A list item."""

    list: ItemList
    index: int
    """0 for the list's first item."""
    indent: int
    """Column, within its frame (the text, or the quote around), where its content begins."""
    outer: int
    """The same of the item around the list, or 0."""
    at: int
    """Source offset of its marker."""
    blank: bool = False
    """Whether a blank line stands before it."""
    task: str = ""
    """``" "`` or ``"x"`` for a task; empty for other items."""
    begun: bool = False
    """Whether a leaf carries its marker already."""
    line: int = -1
    """The line of its marker, as long as nothing stands in it."""
    dead: bool = False
    """An item without words that a blank line followed: nothing can belong to it any more."""

    @property
    def marker(self) -> str:
        """What is drawn before its first row."""
        if self.task:
            return f"[{self.task}]"
        if self.list.start < 0:
            return "•"
        return f"{self.list.start + self.index}{self.list.char}"


Container = Quote | Item


@dataclass(slots=True, eq=False)
class Leaf:
    """A block without blocks in it. While it is the splitter's open leaf, lines may still be added to it."""

    kind: LeafKind
    path: tuple[Container, ...]
    """The quotes and items around it, outermost first."""
    heads: tuple[Item, ...]
    """Those items of the path whose marker stands on its first row."""
    blank: bool
    """Whether a blank line stands before it (and after the leaf before it)."""
    gap: int
    """Blank rows drawn before it: 0 or 1."""
    gap_bars: int
    """How many containers of the path go on through that blank row (their quote bars are drawn)."""
    start: int
    """Source offset of its first line, markers of containers excluded."""
    end: int
    """Source offset behind its last line."""
    lines: list[tuple[str, int]] = field(default_factory=list)
    """Text and source offset of each line: paragraphs and tables without indentation, code without the block's own.
    For a table: heads, then rows (the line of dashes is left out)."""
    level: int = 0
    """Of a heading."""
    info: str = ""
    """Of a fence: all behind the backticks."""
    number: int = 0
    """Code blocks and tables are numbered, each kind on its own, from 1."""
    aligns: list[str] = field(default_factory=list)
    """Of a table, one a column: ``left right center`` or empty."""


@dataclass(slots=True, eq=False)
class OpenLeaf:
    """What the splitter must remember of its open leaf, apart from the leaf."""

    leaf: Leaf
    mark: str = ""
    """Fences: the opening backticks or tildes; empty for indented code."""
    indent: int = 0
    """Columns taken away from each line of code, counted from the frame's edge."""
    blanks: tuple[tuple[str, int], ...] = ()
    """Indented code: blank lines that belong to it if another line of code follows."""
    html_end: re.Pattern[str] | None = None
    """HTML: what the last line holds; ``None`` when a blank line ends it."""
    head: bool = False
    """Paragraphs: whether the last line may be the heads of a table."""
    reference: bool = False
    """Paragraphs: whether the text may turn out to begin with a link reference definition."""
    raw: tuple[tuple[str, int, int], ...] = ()
    """While ``reference``: text, offset and indentation of each line, to read lines again that waited for a title."""


def gap_between(before: Leaf, path: tuple[Container, ...], kind: LeafKind, *, blank: bool) -> tuple[int, int]:
    """Blank rows between two leaves, and how many containers they share.

    Any two blocks are one row apart. Only inside a list the source decides: without a blank line there, words follow
    words directly. CommonMark makes a *whole* list loose by one blank line anywhere in it; followed to the letter, a
    blank line at the end of a long list would push apart everything a reader has read already.
    """
    shared = 0
    for ours, theirs in zip(path, before.path, strict=False):
        if ours is not theirs:
            break
        shared += 1
    if blank or kind not in _WORDS or before.kind not in _WORDS:
        return 1, shared
    rest, other = path[shared:], before.path[shared:]
    listed = any(isinstance(container, Item) for container in path[:shared])
    if not listed and rest and other:
        ours, theirs = rest[0], other[0]
        listed = isinstance(ours, Item) and isinstance(theirs, Item) and ours.list is theirs.list
    quoted = any(isinstance(container, Quote) for container in (*rest, *other))
    return (0 if listed and not quoted else 1), shared


_WORDS = ("paragraph", "heading")

"""The values Markdown becomes: lines of spans, with roles instead of colours (standard library only).

A :class:`Line` is one row of the transcript at one width. It knows nothing of Textual, of themes or of where on the
screen it stands: :mod:`poe_tui.transcript.render` maps the roles to styles and the kinds to backgrounds.

**Roles** are words separated by single spaces, in the order of :data:`ROLES`, the base first: ``"text"``, ``"strong"``,
``"heading h2"``, ``"heading h2 code"``, ``"strong link"``, ``"table-head emphasis"``. A renderer adds up the styles of
the words and may cache by the whole string; a word it does not know adds nothing. Inside code the single role is
``"code.keyword"`` and its like.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

LineKind = Literal[
    "blank", "text", "heading", "html", "rule", "code-head", "code", "table-head", "table-rule", "table", "record"
]
"""What a row is. ``blank`` rows stand between blocks (inside a quote they still carry its bar). ``code-head`` is the
row ``1 · python`` over a block of code. ``record`` rows are a table that is too narrow for columns."""

ROLES: tuple[str, ...] = (
    "text", "heading", "h1", "h2", "h3", "h4", "h5", "h6", "table-head", "strong", "emphasis", "strike", "link",
    "code", "html", "math", "citation", "dim", "rule", "quote-bar", "list-marker", "code-number", "code-label",
    "code.text", "code.keyword", "code.name", "code.string", "code.number", "code.comment", "code.punctuation",
    "code.inserted", "code.deleted",
)  # fmt: skip
"""Every word a role can hold. ``code`` is inline code; ``code-number`` and ``code-label`` are the digit and the words
of a code head; ``code.name`` is the name of a function or a tag; ``html`` and ``math`` are source shown as it is."""


class Span(NamedTuple):
    """A run of characters of one role."""

    text: str
    role: str = "text"
    link: str | None = None
    """The target as the author wrote it (entities and escapes resolved). Not checked: ``sanitize.clean_url`` decides
    whether it may be opened."""
    at: int = -1
    """Offset in the source of the first character; -1 for what the source does not hold (markers, padding, bars)."""


class Line(NamedTuple):
    """
    One row, never wider than the width it was laid out for; only ``code`` and ``code-head`` rows may be.

    Code rows are complete and the view clips or scrolls them. No row ends in spaces (code keeps its own).
    """

    spans: tuple[Span, ...] = ()
    kind: LineKind = "text"
    start: int = -1
    """Source offset where this row's text begins; -1 for rows without source (blank rows, rules of tables)."""
    end: int = -1
    """Source offset behind this row's text. A selection of rows copies ``source[first.start:last.end]``."""
    block: int = 0
    """Number, within the answer and from 1, of the code block or table this row belongs to; 0 for other rows."""
    indent: int = 0
    """Cells of quote bars and list indentation before the block itself: the code background begins after them, and
    they stand still when code scrolls sideways."""

    @property
    def text(self) -> str:
        """The characters of the row."""
        return "".join([span.text for span in self.spans])


BLANK = Line((), "blank")
"""The row between two blocks."""


class CodeBlock(NamedTuple):
    """A block of code of an answer, for the copy sheet."""

    number: int
    language: str
    """The first word of the info string, as written; empty for none."""
    source: str
    """The code alone: no fence, no quote marks, no list indentation; ends with a newline unless empty."""
    start: int
    """Source offset of the block, fence included."""
    end: int


class TableData(NamedTuple):
    """A table of an answer as plain text, heads first, for TSV."""

    number: int
    rows: tuple[tuple[str, ...], ...]
    start: int
    end: int

    def tsv(self) -> str:
        """Tab-separated values; tabs and newlines inside cells become spaces."""
        return "".join("\t".join(" ".join(cell.split()) for cell in row) + "\n" for row in self.rows)


class LinkData(NamedTuple):
    """A link of an answer."""

    text: str
    target: str
    start: int
    """Source offset of its text."""


class Citation(NamedTuple):
    """A numbered source mark on a stretch of the source text (the API's ``url_citation`` annotation)."""

    start: int
    end: int
    number: int
    link: str | None = None

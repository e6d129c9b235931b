"""Paragraphs and headings: read for their marks, wrapped, and while they are open kept cheap however long they get."""

from __future__ import annotations

from collections.abc import Sequence, Set

from poe_tui.transcript.blocks import Leaf
from poe_tui.transcript.inline import LONGEST
from poe_tui.transcript.layout import Context, Piece
from poe_tui.transcript.lines import LineKind, LinkData, Span
from poe_tui.transcript.spans import NOTHING, TAB, Origins, cite, read
from poe_tui.transcript.wrap import Row, wrap_on

OFTEN = 3_000
"""An open paragraph of up to so many characters is read again with each change. A longer one only when it has grown
by an eighth; what arrives in between is shown plain. That keeps its total cost linear."""


class ProsePiece(Piece):
    """A paragraph or heading."""

    __slots__ = (
        "_closed", "_extra", "_has_plain", "_missing", "_next", "_plain", "_plain_size", "_read", "_seen", "_spans",
        "_tail", "hidden", "size",
    )  # fmt: skip

    def __init__(self, leaf: Leaf, context: Context) -> None:
        super().__init__(leaf, context)
        self._spans: list[Span] = []
        self._tail: list[Span] = []
        self._read = (0, 0)
        """Lines taken, and characters taken of the last of them."""
        self.size = 0
        self._next = 0
        """Size at which the open text is read again."""
        self._extra: list[str] = []
        """Text behind the leaf's last line that is not in it yet: joining it each time would cost its square."""
        self._plain: list[Span] = []
        """Text that was added without reading, and is not in the rows yet."""
        self._plain_size = 0
        self._has_plain = False
        """Whether rows show text that was not read for its marks."""
        self._closed = False
        self._seen = (0, 0, 0, 0)
        """What :meth:`_sight` was when the text was read."""
        self._missing: Set[str] = NOTHING
        self.hidden = False
        """Whether the open text looks like something that will not be shown as words."""

    @property
    def missing(self) -> Set[str]:
        return self._missing

    @property
    def links(self) -> list[LinkData]:
        if not self._closed and not self._spans:
            self._parse(is_open=False)
        return links_of(self._spans)

    def forget(self) -> None:
        super().forget()
        self._closed, self._spans = False, []
        self._read = (0, 0)

    def layout(self) -> None:
        if (self._spans or self._closed) and not self._has_plain:
            self._wrap()
        else:
            self._settle_extra()
            super().layout()

    def update(self) -> int:
        is_open = self.is_open
        if self.hidden:
            self._rows, self._width = [], self._context.width
            self._read, self._seen = (0, 0), (0, 0, 0, 0)
            return 0
        if self._closed != is_open and self._width == self._context.width and self._seen == self._sight():
            return len(self._rows)
        if is_open and self.size >= OFTEN and self._width == self._context.width:
            added = self._new_text()
            if added is not None and self.size + len(added) < self._next:
                return self._append(added)
        if is_open or not self._closed or self._seen != self._sight():
            self._parse(is_open=is_open)
        self._wrap()
        return 0

    def _sight(self) -> tuple[int, int, int, int]:
        """Changes when the leaf does: lines are only added to, or taken back to add others."""
        leaf = self.leaf
        return len(leaf.lines), len(leaf.lines[-1][0]) if leaf.lines else 0, leaf.level, leaf.end

    def extend(self, delta: str) -> int:
        """Add text that is certainly more of the open paragraph's last line; return the first changed row."""
        self._extra.append(delta)
        self.leaf.end += len(delta)
        if self.size + len(delta) < self._next and self._width == self._context.width and not self.hidden:
            return self._append(delta)
        self._settle_extra()
        return self.update()

    def _settle_extra(self) -> None:
        if self._extra:
            text, at = self.leaf.lines[-1]
            self.leaf.lines[-1] = ("".join((text, *self._extra)), at)
            self._extra = []

    # --- reading -----------------------------------------------------------------------------------------------
    def _new_text(self) -> str | None:
        """What came since the last time, or ``None`` if the text is not just longer."""
        lines = self.leaf.lines
        count, taken = self._read
        if not count or len(lines) < count or len(lines[count - 1][0]) < taken:
            return None
        return "\n".join([lines[count - 1][0][taken:], *(text for text, _ in lines[count:])])

    def _parse(self, *, is_open: bool) -> None:
        leaf = self.leaf
        text, origins = joined(leaf.lines)
        self._read = (len(leaf.lines), len(leaf.lines[-1][0])) if leaf.lines else (0, 0)
        self._plain, self._plain_size, self._has_plain = [], 0, False
        self.size = sum([len(line) + 1 for line, _ in leaf.lines])
        self._next = 0 if self.size < OFTEN else self.size + self.size // 8 if self.size <= LONGEST else 1 << 62
        self._context.parsed += len(text)
        base = f"heading h{leaf.level}" if leaf.kind == "heading" else ""
        self._spans, self._missing = read(text, self._context.references, base, origins, open_end=is_open)
        citations = self._context.citations_in(leaf)
        if citations:
            source = self._context.text()[leaf.start : leaf.end]
            self._spans = cite(self._spans, citations, source, leaf.start)
        self._closed = not is_open
        self._seen = self._sight()

    def _append(self, added: str) -> int:
        """Show more text plain, behind what is read already; return the first changed row."""
        if not added:
            return len(self._rows)
        lines, (count, taken) = self.leaf.lines, self._read
        at = lines[count - 1][1] + taken
        self._read = (count, taken + len(added)) if self._extra else (len(lines), len(lines[-1][0]))
        self.size += len(added)
        self._context.parsed += len(added)
        self._plain.append(Span(added.replace("\n", " ").replace("\t", TAB), "text", None, at))
        self._plain_size += len(added)
        self._has_plain = True
        shown = sum([len(span.text) for span in self._tail])
        if self._plain_size < shown and shown > OFTEN:
            # A row of so much text is made of characters without width, or of spaces.
            return len(self._rows)
        rows, self._tail = wrap_on([*self._tail, *self._plain], self._width - self._prefix.cells)
        self._plain, self._plain_size = [], 0
        first = max(self.leaf.gap, len(self._rows) - 1)
        del self._rows[first:]
        self._add_rows(rows)
        return first

    # --- rows --------------------------------------------------------------------------------------------------
    def _wrap(self) -> None:
        width = self._begin_rows()
        rows, self._tail = wrap_on(self._spans, width)
        self._add_rows(rows)

    def _add_rows(self, rows: Sequence[Row]) -> None:
        leaf = self.leaf
        kind: LineKind = "heading" if leaf.kind == "heading" else "text"
        lines = self._rows
        last = lines[-1].end if len(lines) > leaf.gap else -1
        for row in rows:
            begin, end = extent(row)
            if len(lines) == leaf.gap:
                begin = leaf.start
            elif last >= 0:
                # The space a row was broken at belongs to neither; marks between the two belong to the second.
                begin = last + 1 if begin > last else last
            end = max(begin, end)
            lines.append(self._line(row, kind, begin, end))
            last = end
        if lines and self._closed:
            lines[-1] = lines[-1]._replace(end=max(leaf.end, lines[-1].start))


def extent(row: Row) -> tuple[int, int]:
    """Source offsets of the first and behind the last character of a row; -1 if it has none."""
    begin = next((span.at for span in row if span.at >= 0), -1)
    end = next((span.at + len(span.text) for span in reversed(row) if span.at >= 0), -1)
    return begin, end


def joined(lines: Sequence[tuple[str, int]]) -> tuple[str, Origins]:
    """Lines of a leaf as one text, with their origins."""
    if len(lines) == 1:
        text, at = lines[0]
        stripped = text.rstrip(" \t")
        return stripped, Origins(((0, at),))
    text = "\n".join([line for line, _ in lines])
    stretches: list[tuple[int, int]] = []
    position = 0
    for line, at in lines:
        stretches.append((position, at))
        position += len(line) + 1
    return text.rstrip(" \t"), Origins(stretches or ((0, 0),))


def links_of(spans: Sequence[Span]) -> list[LinkData]:
    """The links among spans; a link of several spans is one."""
    found: list[LinkData] = []
    previous: str | None = None
    for span in spans:
        if span.link is not None and span.role != "citation":
            if previous == span.link and found:
                found[-1] = found[-1]._replace(text=found[-1].text + span.text)
            else:
                found.append(LinkData(span.text, span.link, span.at))
        previous = span.link
    return found

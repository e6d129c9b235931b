"""Tables of an answer: rows read one by one; when a column grows, the open table is laid out again."""

from __future__ import annotations

from collections.abc import Set

from poe_tui.transcript.blocks import Leaf
from poe_tui.transcript.layout import Context, Piece
from poe_tui.transcript.lines import LineKind, LinkData, TableData
from poe_tui.transcript.linkparts import TRIM
from poe_tui.transcript.prose import links_of
from poe_tui.transcript.spans import NOTHING, Origins, cite, read
from poe_tui.transcript.starts import split_row
from poe_tui.transcript.table import Cell, Columns, TableRow, columns, record, rule
from poe_tui.transcript.wrap import Row, wrap

AT_ONCE = 200
"""An open table of up to so many rows is laid out again whenever a column grows; a longer one when it has grown by an
eighth (its new rows use the old widths until then), so that its total cost is linear."""


class TablePiece(Piece):
    """A table."""

    __slots__ = (
        "_aligns", "_body", "_columns", "_laid", "_laid_end", "_missing", "_next", "_only_heads", "_widths",
    )  # fmt: skip

    def __init__(self, leaf: Leaf, context: Context) -> None:
        super().__init__(leaf, context)
        self._missing: Set[str] = NOTHING
        self._columns: Columns | None = None
        self._body: list[TableRow] = []
        self._widths: list[int] | None = None
        self._aligns: list[str] = []
        self._laid = 0
        """Rows of the body that are laid out, and the index of the line behind them."""
        self._laid_end = 0
        self._next = 0
        self._only_heads = False
        """Whether the heads stand below each other because records have not begun."""

    @property
    def missing(self) -> Set[str]:
        return self._missing

    @property
    def links(self) -> list[LinkData]:
        self._read(self.settled)
        rows = [self._columns.head, *self._body] if self._columns else []
        return [link for row in rows for cell in row.cells for link in links_of(cell.spans)]

    def data(self) -> TableData:
        """The table for TSV."""
        self._read(self.settled)
        rows = [self._columns.head, *self._body] if self._columns else []
        return TableData(
            self.leaf.number,
            tuple(tuple(cell.text for cell in row.cells) for row in rows),
            self.leaf.start,
            self.leaf.end,
        )

    def forget(self) -> None:
        super().forget()
        self._columns, self._body, self._missing = None, [], NOTHING

    def update(self) -> int:
        self._read(self.settled)
        lines = self.leaf.lines
        partial = self._row(*lines[-1], open_end=True) if len(lines) > max(self.settled, 1) else None
        if self._columns is None:
            return 0
        width = self._context.width
        room = max(1, width - self._prefix.cells)
        if self._width != width:
            room = self._begin_rows()
            self._laid = -1
        widths, aligns = self._columns.widths(room, partial), self._columns.aligns()
        if widths is None and self._only_heads and (self._body or partial):
            self._laid = -1
        first = self._laid_end
        is_due = len(self._body) <= AT_ONCE or len(self._body) >= self._next or not self.is_open
        if self._laid < 0 or ((widths != self._widths or aligns != self._aligns) and is_due):
            self._next = len(self._body) + len(self._body) // 8
            self._widths, self._aligns = widths, aligns
            self._only_heads = widths is None and not self._body and partial is None
            self._lay_out_all(room)
            first = self.leaf.gap
        elif self._laid_end < len(self._rows):
            del self._rows[self._laid_end :]
        for row in self._body[self._laid :]:
            self._lay_out(row, room)
        self._laid, self._laid_end = len(self._body), len(self._rows)
        if partial is not None:
            self._lay_out(partial, room)
        return first

    def stable_rows(self) -> int:
        return self._laid_end

    # --- reading -----------------------------------------------------------------------------------------------
    def _read(self, settled: int) -> None:
        lines = self.leaf.lines
        if self._columns is None:
            self._columns = Columns(self.leaf.aligns, self._row(*lines[0], base="table-head"))
        for index in range(len(self._body) + 1, min(settled, len(lines))):
            row = self._row(*lines[index])
            self._body.append(row)
            self._columns.add(row)

    def _row(self, text: str, at: int, base: str = "", *, open_end: bool = False) -> TableRow:
        self._context.parsed += len(text)
        text = text.rstrip(TRIM)
        found: list[Cell] = []
        count = len(self.leaf.aligns)
        stretches = split_row(text)
        if len(stretches) > count:
            # Readers drop what has no column; a model's stray pipe must not cost words.
            stretches[count - 1 :] = [(stretches[count - 1][0], stretches[-1][1])]
        for begin, end in stretches:
            found.append(self._cell(text[begin:end], at + begin, base, open_end=open_end and end == len(text)))
        return TableRow(found, at, at + len(text))

    def _cell(self, text: str, at: int, base: str, *, open_end: bool) -> Cell:
        words = text.strip(TRIM)
        if not words:
            return Cell([], 0, 0, "")
        at += len(text) - len(text.lstrip(TRIM))
        origins = Origins(((0, at),))
        if "\\|" in words:
            words, origins = _unescaped(words, at)
        spans, missing = read(words, self._context.references, base, origins, open_end=open_end)
        self._missing = self._missing | missing
        if self._context.citations:
            inside = [mark for mark in self._context.citations if at < mark.end <= at + len(text)]
            if inside:
                spans = cite(spans, inside, words, at)
        return Cell.of(spans)

    # --- rows --------------------------------------------------------------------------------------------------
    def _lay_out_all(self, room: int) -> None:
        table = self._columns
        del self._rows[self.leaf.gap :]
        self._laid = 0
        if table is None:
            return
        if self._widths is None:
            if self._only_heads:
                for cell in table.head.cells:
                    for row in wrap(cell.spans, room):
                        self._add(row, "table-head", table.head)
            return
        for row in columns(table.head, self._widths, self._aligns):
            self._add(row, "table-head", table.head)
        self._rows.append(self._line(rule(self._widths), "table-rule", -1, -1, self.leaf.number))

    def _lay_out(self, row: TableRow, room: int) -> None:
        if self._columns is None:
            return
        if self._widths is None:
            for line in record(self._columns.head, row, room):
                self._add(line, "record", row)
            return
        for line in columns(row, self._widths, self._aligns):
            self._add(line, "table", row)

    def _add(self, row: Row, kind: LineKind, of: TableRow) -> None:
        self._rows.append(self._line(row, kind, of.start, of.end, self.leaf.number))


def _unescaped(words: str, at: int) -> tuple[str, Origins]:
    """A cell without the backslashes before its pipes."""
    parts = words.split("\\|")
    stretches = [(0, at)]
    position = 0
    for number, part in enumerate(parts[:-1], 1):
        position += len(part)
        stretches.append((position, at + position + number))
        position += 1
    return "|".join(parts), Origins(stretches)

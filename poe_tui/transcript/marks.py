"""Marks: a row of a turn in terms that survive a change of width and of the blocks around it."""

from __future__ import annotations

from typing import Any, NamedTuple

from poe_tui.transcript.rows import Rows, Stack
from poe_tui.transcript.text import Text, TextRows
from poe_tui.transcript.turn_blocks import Block, Raw
from poe_tui.transcript.turn_view import TurnView


class Mark(NamedTuple):
    """Which block, by kind and number; and where in its text."""

    block: str = ""
    nth: int = 0
    piece: int = 0
    line: int = 0
    """The row at the width it was marked at. -1 is the blank row above the block."""
    offset: int = -1
    """Source offset of the row, or of the one that ``rank`` counts from; -1 in a block without a source."""
    rank: int = 0
    """Rows from the first one that begins at ``offset``: 1 is the second row of a table's row, -1 the blank one above.
    Without an offset: characters other than spaces in the rows before."""

    @classmethod
    def read(cls, value: Any) -> Mark:
        """A mark from a stored row; the turn's first row for anything else."""
        if isinstance(value, list | tuple) and len(value) in (5, 6) and isinstance(value[0], str):
            numbers = [number if isinstance(number, int) else 0 for number in value[1:]]
            return cls(value[0], *numbers)
        return cls()


def mark(view: TurnView, row: int) -> Mark:
    """What stands in that row."""
    stack = view.stack
    position, line = stack.index.locate(row)
    if position < len(view.blocks) and view.blocks[position] is None:
        position, line = position + 1, -1
    if position >= len(view.blocks):
        return Mark()
    kind = _kind(view.blocks[position])
    nth = sum(_kind(other) == kind for other in view.blocks[:position])
    if line < 0:
        return Mark(kind, nth, line=-1)
    member, piece = stack.members[position], 0
    # Nothing is laid out here that was not: a height corrected above would give the row another text.
    if isinstance(member, Stack):
        if not member.members:
            return Mark(kind, nth)
        piece, line = member.index.locate(line)
        member = member.members[piece]
    return Mark(kind, nth, piece, line, *_begin(member, line))


def find(view: TurnView, wanted: Mark, *, by_offset: bool = False) -> int:
    """The row a mark stands in now; the nearest one where what it marked is gone.

    ``by_offset`` after a change of width: the number of the row at the other width means nothing then.
    """
    stack = view.stack
    same = [at for at, block in enumerate(view.blocks) if _kind(block) == wanted.block] if wanted.block else []
    if not same:
        return 0
    position = same[min(wanted.nth, len(same) - 1)]
    member = stack.members[position]
    if wanted.line < 0:
        return max(0, stack.index.before(position) - 1)
    line = 0
    if isinstance(member, TextRows):
        member.open()
        if member.members:
            piece = min(wanted.piece, len(member.members) - 1)
            if wanted.offset >= 0:
                piece = member.piece_at(wanted.offset)
            within = _line(member.members[piece], wanted, by_offset)
            member.measure(piece)
            line = member.index.before(piece) + within
    else:
        line = _line(member, wanted, by_offset)
    stack.measure(position)
    return stack.index.before(position) + min(line, max(0, member.height - 1))


def _kind(block: Block | None) -> str:
    """What blocks are told apart by: the raw view of an answer stands for its text, a thought does not."""
    if isinstance(block, Text):
        return block.tone or "Text"
    return "Text" if isinstance(block, Raw) else type(block).__name__


def _begin(rows: Rows, line: int) -> tuple[int, int]:
    """Offset and rank of a row; see :class:`Mark`."""
    rows.walk(0, 0)  # lays it out
    line = min(line, max(0, rows.height - 1))
    start = _start(rows, line)
    if start >= 0:
        first = line
        while first and _start(rows, first - 1) == start:
            first -= 1
        return start, line - first
    for other in (*range(line + 1, rows.height), *range(line - 1, -1, -1)):
        start = _start(rows, other)
        if start >= 0:
            return start, line - other
    return -1, sum(_ink(rows, above) for above in range(line))


def _line(rows: Rows, wanted: Mark, by_offset: bool) -> int:
    rows.walk(0, 0)  # lays it out
    line = max(0, min(wanted.line, rows.height - 1))
    if not rows.height or (not by_offset and _begin(rows, line) == (wanted.offset, wanted.rank)):
        return line
    if wanted.offset < 0:
        return _by_ink(rows, wanted.rank) if by_offset else line
    best, begun, last = 0, -1, 0
    for at in range(rows.height):
        start = _start(rows, at)
        if start > wanted.offset:
            break
        if start >= 0 and start != begun:
            best, begun = at, start
        if start == begun:
            last = at
    if begun != wanted.offset:
        return best
    # Rows without a source around it are counted with it.
    while last + 1 < rows.height and _start(rows, last + 1) < 0:
        last += 1
    first = best
    while first and _start(rows, first - 1) < 0:
        first -= 1
    return max(first, min(best + wanted.rank, last))


def _by_ink(rows: Rows, characters: int) -> int:
    for at in range(rows.height):
        characters -= _ink(rows, at)
        if characters < 0:
            return at
    return max(0, rows.height - 1)


def _start(rows: Rows, at: int) -> int:
    return rows.row(at).line.start


def _ink(rows: Rows, at: int) -> int:
    return sum(not character.isspace() for character in rows.row(at).line.text)

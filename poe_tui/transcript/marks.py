"""Marks: a row of a turn in terms that survive a change of width and of the blocks around it."""

from __future__ import annotations

from typing import Any, NamedTuple

from poe_tui.transcript.rows import Rows, Stack
from poe_tui.transcript.turn_view import TurnView


class Mark(NamedTuple):
    """Which block, by kind and number; which piece of a text; which row, and which source offset began it."""

    block: str = ""
    nth: int = 0
    piece: int = 0
    line: int = 0
    """-1 is the blank row above the block."""
    offset: int = -1

    @classmethod
    def read(cls, value: Any) -> Mark:
        """A mark from a stored row; the turn's first row for anything else."""
        if isinstance(value, list | tuple) and len(value) == 5 and isinstance(value[0], str):
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
    block = view.blocks[position]
    kind = type(block).__name__
    nth = sum(type(other).__name__ == kind for other in view.blocks[:position])
    member = stack.members[position]
    offset = member.row(line).line.start if line >= 0 else -1
    piece = 0
    if line >= 0 and isinstance(member, Stack) and member.members:
        piece, line = member.index.locate(line)
    return Mark(kind, nth, piece, line, offset)


def find(view: TurnView, wanted: Mark, *, by_offset: bool = False) -> int:
    """The row a mark stands in now; the nearest one where what it marked is gone.

    ``by_offset`` after a change of width: the row that holds the source offset, instead of the row of that number.
    """
    stack = view.stack
    same = [at for at, block in enumerate(view.blocks) if type(block).__name__ == wanted.block]
    if not same:
        return 0
    position = same[min(wanted.nth, len(same) - 1)]
    member, above = stack.members[position], stack.index.before(position)
    if wanted.line < 0:
        return max(0, above - 1)
    line = wanted.line
    if isinstance(member, Stack):
        member.walk(0, 0)
        if member.members:
            piece = min(wanted.piece, len(member.members) - 1)
            within = _line(member.members[piece], wanted, by_offset)
            member.measure(piece)
            line = member.index.before(piece) + within
    else:
        line = _line(member, wanted, by_offset)
    stack.measure(position)
    return stack.index.before(position) + min(line, max(0, member.height - 1))


def _line(rows: Rows, wanted: Mark, by_offset: bool) -> int:
    rows.walk(0, 0)
    if by_offset and wanted.offset >= 0:
        for at in range(rows.height):
            line = rows.row(at).line
            if line.start >= 0 and line.end > wanted.offset:
                return at
    return max(0, min(wanted.line, rows.height - 1))

"""What goes to stdout and stderr: lists as tables, tab-separated lines or JSON; every text cleaned, one line each."""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from poe_tui.sanitize import clean, join_surrogates

_GAP = "   "
_NARROWEST = 12
"""Cells; a column that gives way is never cut below this."""
_ROOMY = 26
"""Cells that the columns which give way should keep while there are others that can be left out."""


@dataclass(slots=True, frozen=True)
class Column:
    """A column of a table."""

    head: str
    right: bool = False
    """Numbers stand at the right."""
    gives_way: bool = False
    """A title or name may be cut when the terminal is narrow; values never are."""
    leaves: int = 0
    """A column that a narrow terminal can do without: the highest number goes first, 0 stays always."""


def say(text: str) -> None:
    """Print a diagnostic to stderr. stdout belongs to the output alone."""
    print(f"poe-tui: {line(text)}", file=sys.stderr)


def line(text: object) -> str:
    """Return any value as one harmless line."""
    return clean(str(text), single_line=True)


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a person looks at ``stream``; a closed one has nobody."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def print_json(value: Any) -> None:
    """Print one JSON value, indented for a person, on one line for a pipe. Control characters stay escaped."""
    indent = 2 if is_terminal(sys.stdout) else None
    text = json.dumps(_whole(value), ensure_ascii=False, indent=indent, default=str)
    # JSON escapes C0 itself; C1, bidi and the rest become \\u escapes, so the text means the same and harms nothing.
    print("".join(c if c == "\n" or clean(c) == c else _escaped(c) for c in text) if clean(text) != text else text)


def print_list(
    columns: Sequence[Column], rows: Iterable[Sequence[object]], *, pipe: Iterable[Sequence[object]]
) -> None:
    """Print a table to a terminal, else the lines of ``pipe`` with tabs between their values.

    Args:
        columns: of the table.
        rows: the table's cells, in the words a person reads.
        pipe: the same list for programs: plain numbers, whole ids first, no heads.
    """
    if is_terminal(sys.stdout):
        for text in table(columns, [[line(cell) for cell in row] for row in rows], _width()):
            print(text)
        return
    for row in pipe:
        print("\t".join(line("" if cell is None else cell) for cell in row))


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return the lines of a table: heads, a rule under them, rows, within ``width`` cells where that can be done.

    Columns that may leave go first, then names and titles are cut; values never are.
    """
    widths = [max([cells(column.head), *(cells(row[index]) for row in rows)]) for index, column in enumerate(columns)]
    kept = _kept(columns, widths, width)
    columns = [columns[index] for index in kept]
    widths = [widths[index] for index in kept]
    over = _total(widths) - width
    for index, column in sorted(enumerate(columns), key=lambda pair: -widths[pair[0]]):
        if over > 0 and column.gives_way:
            less = min(over, max(0, widths[index] - max(_NARROWEST, cells(column.head))))
            widths[index] -= less
            over -= less
    lines = [_row(columns, [column.head for column in columns], widths), "─" * _total(widths)]
    return lines + [_row(columns, [row[index] for index in kept], widths) for row in rows]


def _kept(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """Return the indices of the columns that stay: none that is empty, and as many as leave the names room."""
    kept = [index for index, column in enumerate(columns) if widths[index] or column.head]
    for index in sorted(kept, key=lambda index: -columns[index].leaves):
        roomy = [min(widths[i], _ROOMY) if columns[i].gives_way else widths[i] for i in kept]
        if _total(roomy) <= width or not columns[index].leaves:
            break
        kept.remove(index)
    return kept


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def cells(text: str) -> int:
    """Return how many terminal cells ``text`` takes: good enough for a list, without a library to load."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(c) or c in "\u200d\ufe0e\ufe0f"
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )


def cut(text: str, width: int) -> str:
    """Return ``text`` in at most ``width`` cells, with ``…`` where something is missing."""
    if cells(text) <= width:
        return text
    kept, used = "", 1
    for character in text:
        used += cells(character)
        if used > width:
            break
        kept += character
    return f"{kept}…"


def _row(columns: Sequence[Column], row: Sequence[str], widths: Sequence[int]) -> str:
    parts = []
    for column, text, width in zip(columns, row, widths, strict=True):
        shown = cut(text, width)
        space = " " * (width - cells(shown))
        parts.append(space + shown if column.right else shown + space)
    return _GAP.join(parts).rstrip()


def _width() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def _whole(value: Any) -> Any:
    """Return ``value`` with half surrogates joined or replaced in every text, so that it can be encoded."""
    if isinstance(value, str):
        return join_surrogates(value)
    if isinstance(value, dict):
        return {join_surrogates(str(name)): _whole(held) for name, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [_whole(held) for held in value]
    return value


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]

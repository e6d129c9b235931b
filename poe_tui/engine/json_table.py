"""Structured answers as rows: a list of objects is a table, and a table is CSV. Pure."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

from poe_tui.sanitize import clean


@dataclass(slots=True, frozen=True)
class Table:
    """Rows of cells as text. Untrusted: clean before showing."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table(value: Any) -> Table | None:
    """Return the table that a value is: a list of objects, or an object with nothing but one; else ``None``.

    The columns are the names of all objects in the order of their first mention; what an object lacks is empty.
    """
    rows = _objects(value)
    if rows is None:
        return None
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    return Table(columns, tuple(tuple(cell(row[name]) if name in row else "" for name in columns) for row in rows))


def to_csv(value: Any) -> str:
    """Return a value as CSV (RFC 4180 but for its line ends, which are ours), with heads.

    A table is itself, a list of other things is a column ``value``, an object is one row, anything else one cell.
    Control characters are cleaned: the text goes to a file or a clipboard.
    """
    found = table(value)
    if found is None:
        items = value if isinstance(value, list) else [value]
        if isinstance(value, dict):
            found = Table(tuple(value), (tuple(cell(held) for held in value.values()),))
        else:
            found = Table(("value",), tuple((cell(item),) for item in items))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([clean(name) for name in found.columns])
    writer.writerows([clean(text) for text in row] for row in found.rows)
    return out.getvalue()


def cell(value: Any) -> str:
    """Return one value as a cell: text as it is, nothing for null, the rest as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _objects(value: Any) -> list[dict[str, Any]] | None:
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return value
    return None

"""Half surrogates and numbers that no JSON holds: what must never reach a row, a file or a cell.

JSON text may escape one half of a UTF-16 pair (``"\\ud83d"``); Python keeps it, and every UTF-8 encoder, SQLite and the
terminal then fail on it. An emoji split over two deltas is the ordinary case, so halves are joined first; what is left
alone becomes U+FFFD. ``NaN`` and ``Infinity`` are read by Python's and pydantic's parsers but are not JSON: they become
``None``.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

_HALF = re.compile("[\ud800-\udfff]")
DEPTH_LIMIT = 200
"""Levels of nesting; pydantic's parser refuses more than this too."""


class TooDeep(ValueError):
    """A value nests deeper than :data:`DEPTH_LIMIT`; nobody sends that in good faith."""


def has_half(text: str) -> bool:
    """Tell whether ``text`` holds any surrogate code point."""
    return not text.isascii() and _HALF.search(text) is not None


def join(text: str) -> str:
    """Join surrogate pairs and turn every half that stays alone into U+FFFD. Idempotent."""
    if not has_half(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def deep(value: Any, depth: int = 0) -> Any:
    """
    Return ``value`` with every string joined and every non-finite number ``None``; unchanged branches are shared.

    Raises :class:`TooDeep` beyond :data:`DEPTH_LIMIT` levels.
    """
    if isinstance(value, str):
        return join(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if not isinstance(value, dict | list):
        return value
    if depth >= DEPTH_LIMIT:
        raise TooDeep
    if isinstance(value, list):
        items = [deep(item, depth + 1) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    changed = False
    result: dict[Any, Any] = {}
    for key, old in value.items():
        new_key = join(key) if isinstance(key, str) else key
        new = deep(old, depth + 1)
        changed = changed or new is not old or new_key is not key
        result[new_key] = new
    return result if changed else value

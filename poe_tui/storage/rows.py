"""Rows to values and back. Reading never fails: whatever a damaged row holds becomes a value, if an empty one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

from poe_tui.model import Item, Thread, Turn
from poe_tui.sanitize import join_surrogates
from poe_tui.storage.files import Files, StoredFile, holds_reference, needs_look

Row = Sequence[Any]


class TurnOutline(NamedTuple):
    """A turn of a path without its contents; lengths are in characters, lines count newlines plus one."""

    id: str
    thread_id: str
    parent_id: str | None
    status: str
    model: str
    created_at: float
    depth: int
    """1 for a root."""
    input_length: int
    input_lines: int
    output_length: int
    output_lines: int
    sibling_index: int
    sibling_count: int


OUTLINE_COLUMNS: Final = (
    "t.id, t.thread_id, t.parent_id, t.status, t.model, t.created_at, t.depth,"
    " t.input_length, t.input_lines, t.output_length, t.output_lines"
)
THREAD_COLUMNS: Final = (
    "id, title, tip_id, model, instructions, options_json, draft, scroll_json, unread, pinned, archived,"
    " deleted_at, created_at, updated_at"
)
TURN_COLUMNS: Final = (
    "t.id, t.thread_id, t.parent_id, t.chosen_child_id, t.group_id, t.server, t.response_id, t.model,"
    " t.upstream_model, t.status, t.chain, t.input_json, t.output_json, t.usage_json, t.options_json, t.error_json,"
    " t.timing_json, t.created_at, t.completed_at, t.output_text"
)
# The place among the siblings: counted in the index alone. A path may go through another thread (a fork), so the
# siblings are those of the turn's own thread; IS makes roots, whose parent is NULL, siblings of each other.
SIBLING_COLUMNS: Final = (
    "(SELECT count(*) FROM turns s WHERE s.parent_id IS t.parent_id AND s.thread_id = t.thread_id AND s.seq <= t.seq),"
    " (SELECT count(*) FROM turns s WHERE s.parent_id IS t.parent_id AND s.thread_id = t.thread_id)"
)


_OUTLINE_TYPES: Final = (str, str, str | None, str, str, float, int, int, int, int, int, int, int)


def text_in(value: Any) -> str:
    """``value`` as a text that SQLite takes: no half surrogate, and no NUL, at which its functions would stop."""
    text = value if isinstance(value, str) else str(value)
    return join_surrogates(text).replace("\0", " ")


def maybe_in(value: Any) -> str | None:
    """The same for what may be missing."""
    return None if value is None else text_in(value)


def json_in(value: Any) -> str:
    """``value`` as JSON that SQLite takes. What is not JSON is stored by its text: a turn must never be lost for it."""
    return join_surrogates(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))


def items_in(items: list[Item], files: Files, found: list[StoredFile]) -> str:
    """Wire items as JSON, their large payloads moved to files."""
    text = json_in(items)
    return json_in(files.extract(items, found)) if needs_look(text) else text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _maybe(value: Any) -> str | None:
    return None if value is None else _text(value)


def _time(value: Any) -> float | None:
    # The year 10000: beyond it (a flipped bit) no date can be made of a number. NaN fails the comparison as well.
    return float(value) if isinstance(value, int | float) and 0 <= value < 253_402_300_800 else None


def seconds(value: Any) -> float:
    """A time out of a row, 0 where there is none or none that makes sense."""
    return _time(value) or 0.0


def _integer(value: Any, least: int = 0) -> int:
    return max(value, least) if isinstance(value, int) else least


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _object(value: Any) -> dict[str, Any]:
    read = {} if value == "{}" else _json(value)
    return read if isinstance(read, dict) else {}


def _maybe_object(value: Any) -> dict[str, Any] | None:
    read = None if value is None else _json(value)
    return read if isinstance(read, dict) else None


def _items(value: Any, files: Files | None) -> list[Item] | None:
    read = _json(value)
    if not isinstance(read, list):
        return None
    if files is not None and holds_reference(value):
        read = files.restore(read)
    return [item for item in read if isinstance(item, dict)]


def thread_from_row(row: Row) -> Thread:
    """Read ``THREAD_COLUMNS``."""
    return Thread(
        id=_text(row[0]),
        title=_text(row[1]),
        tip_id=_maybe(row[2]),
        model=_maybe(row[3]),
        instructions=_maybe(row[4]),
        options=_object(row[5]),
        draft=_text(row[6]),
        scroll=_object(row[7]),
        unread=bool(row[8]),
        pinned=bool(row[9]),
        archived=bool(row[10]),
        deleted_at=_time(row[11]),
        created_at=seconds(row[12]),
        updated_at=seconds(row[13]),
    )


def turn_from_row(row: Row, files: Files | None) -> Turn:
    """Read ``TURN_COLUMNS`` and ``SIBLING_COLUMNS``; ``files`` puts payloads back, ``None`` leaves references.

    An answer whose JSON is damaged comes back as the text that was derived from it.
    """
    output = _items(row[12], files)
    if output is None:
        output = [message_item(_text(row[19]))] if row[19] else []
    # Unknown words are kept: a status of a later version is shown as it is, never refused.
    status, chain = cast(Any, _text(row[9])), cast(Any, _text(row[10]))
    return Turn(
        id=_text(row[0]),
        thread_id=_text(row[1]),
        parent_id=_maybe(row[2]),
        chosen_child_id=_maybe(row[3]),
        group_id=_maybe(row[4]),
        server=_text(row[5]),
        response_id=_maybe(row[6]),
        model=_text(row[7]),
        upstream_model=_maybe(row[8]),
        status=status,
        chain=chain,
        input=_items(row[11], files) or [],
        output=output,
        usage=_maybe_object(row[13]),
        options=_object(row[14]),
        error=_maybe_object(row[15]),
        timing=_object(row[16]),
        created_at=seconds(row[17]),
        completed_at=_time(row[18]),
        sibling_index=_integer(row[20], 1),
        sibling_count=_integer(row[21], 1),
    )


def outline_from_row(row: Row) -> TurnOutline:
    """Read ``OUTLINE_COLUMNS`` and ``SIBLING_COLUMNS``."""
    if all(map(isinstance, row, _OUTLINE_TYPES)):  # Nearly always; long threads are opened with thousands of these.
        return TurnOutline._make(row)
    return TurnOutline(
        _text(row[0]),
        _text(row[1]),
        _maybe(row[2]),
        _text(row[3]),
        _text(row[4]),
        seconds(row[5]),
        _integer(row[6], 1),
        _integer(row[7]),
        _integer(row[8]),
        _integer(row[9]),
        _integer(row[10]),
        _integer(row[11], 1),
        _integer(row[12], 1),
    )


def message_item(text: str, status: str = "incomplete") -> Item:
    """An assistant's message in wire shape."""
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "role": "assistant", "status": status, "content": [part]}


def reasoning_item(text: str, status: str = "incomplete") -> Item:
    """A reasoning summary in wire shape."""
    return {"type": "reasoning", "status": status, "summary": [{"type": "summary_text", "text": text}]}


def lines(text: str) -> int:
    """How many lines a text has; an empty one has none."""
    return text.count("\n") + 1 if text else 0

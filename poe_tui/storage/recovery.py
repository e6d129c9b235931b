"""What a killed process left: its turns in flight end as ``interrupted``, with what had arrived."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from poe_tui.model import Item
from poe_tui.storage.rows import json_in, lines, message_item, reasoning_item

MESSAGE = "poe-tui ended before the answer was complete."


def leftovers(db: sqlite3.Connection, alive: Callable[[str], bool]) -> list[str]:
    """The ids of the turns in flight whose owner is not alive; those of a running instance are not among them."""
    rows = db.execute("SELECT id, owner FROM turns WHERE status = 'in_progress' ORDER BY seq").fetchall()
    living = {owner: isinstance(owner, str) and alive(owner) for owner in {row[1] for row in rows}}
    return [turn_id for turn_id, owner in rows if not living[owner]]


def recover(db: sqlite3.Connection, alive: Callable[[str], bool]) -> int:
    """End them; returns how many."""
    left = leftovers(db, alive)
    for turn_id in left:
        _interrupt(db, turn_id)
    return len(left)


def checkpoints(db: sqlite3.Connection, turn_id: str) -> tuple[str, str]:
    """The text and the reasoning that were checkpointed so far."""
    rows = db.execute("SELECT kind, text FROM partials WHERE turn_id = ? ORDER BY n", (turn_id,)).fetchall()
    text = "".join(str(row[1]) for row in rows if row[0] != "reasoning")
    return text, "".join(str(row[1]) for row in rows if row[0] == "reasoning")


def _interrupt(db: sqlite3.Connection, turn_id: str) -> None:
    text, reasoning = checkpoints(db, turn_id)
    output: list[Item] = []
    if reasoning:
        output.append(reasoning_item(reasoning))
    if text:
        output.append(message_item(text))
    error = {"type": "interrupted", "message": MESSAGE, "reason": "process_ended"}
    db.execute(
        "UPDATE turns SET status = 'interrupted', owner = NULL, output_json = ?, output_text = ?, output_length = ?,"
        " output_lines = ?, error_json = ?,"
        " completed_at = coalesce((SELECT max(created_at) FROM partials WHERE turn_id = turns.id), created_at)"
        " WHERE id = ?",
        (json_in(output), text, len(text), lines(text), json_in(error), turn_id),
    )
    db.execute("DELETE FROM partials WHERE turn_id = ?", (turn_id,))

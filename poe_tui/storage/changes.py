"""Every change, as functions of a connection that is inside a transaction.

Each may run twice with the same arguments: after an error at COMMIT nobody knows whether it happened, and the writer
then tries again. So rows are inserted unless they are there, and a checkpoint carries its number.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from poe_tui.model import DraftPart, Thread, Turn
from poe_tui.storage.errors import StoreError
from poe_tui.storage.files import Files, StoredFile
from poe_tui.storage.rows import items_in, json_in, lines, maybe_in, text_in


@dataclass(slots=True, frozen=True)
class Place:
    """Where turns are written from and to."""

    owner: str
    """The writing store's id: whose turns in flight these are."""
    files: Files
    replaced: bool = False
    """The database was replaced while the program ran: that a turn's thread or parent is not in it is no reason to lose
    the turn."""


THREAD_FIELDS: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "title": ("title", text_in),
    "tip_id": ("tip_id", maybe_in),
    "model": ("model", maybe_in),
    "instructions": ("instructions", maybe_in),
    "options": ("options_json", json_in),
    "draft": ("draft", text_in),
    "scroll": ("scroll_json", json_in),
    "unread": ("unread", bool),
    "pinned": ("pinned", bool),
    "archived": ("archived", bool),
    "deleted_at": ("deleted_at", lambda value: value),
    "created_at": ("created_at", float),
    "updated_at": ("updated_at", float),
}
"""Fields of ``Thread`` that ``update_thread`` takes: column and conversion."""


def add_thread(db: sqlite3.Connection, thread: Thread) -> None:
    """Insert a thread, unless one of that id is there."""
    values = {column: convert(getattr(thread, name)) for name, (column, convert) in THREAD_FIELDS.items()}
    _insert(db, "threads", {"id": text_in(thread.id), **values, "shown_at": thread.updated_at})


def update_thread(db: sqlite3.Connection, thread_id: str, fields: Mapping[str, Any]) -> None:
    """Set some fields of a thread."""
    columns = {column: convert(fields[name]) for name, (column, convert) in THREAD_FIELDS.items() if name in fields}
    if not columns:
        return
    assignments = ", ".join(f"{column} = ?" for column in columns)
    changed = db.execute(f"UPDATE threads SET {assignments} WHERE id = ?", (*columns.values(), thread_id)).rowcount
    if not changed:
        raise StoreError("no such thread")


def show_thread(db: sqlite3.Connection, thread_id: str, at: float) -> None:
    """Remember that a thread was on screen."""
    db.execute("UPDATE threads SET shown_at = max(shown_at, ?) WHERE id = ?", (at, thread_id))


def keep_parts(db: sqlite3.Connection, thread_id: str, parts: Sequence[DraftPart]) -> None:
    """Put these in the place of what was attached to a thread's draft."""
    db.execute("DELETE FROM draft_parts WHERE thread_id = ?", (thread_id,))
    db.executemany(
        "INSERT INTO draft_parts (thread_id, n, kind, name, path, data) SELECT id, ?, ?, ?, ?, ? FROM threads"
        " WHERE id = ?",
        [(n, part.kind, text_in(part.name), text_in(part.path), part.data, thread_id) for n, part in enumerate(parts)],
    )


def begin_turn(db: sqlite3.Connection, turn: Turn, place: Place, *, tip: bool) -> None:
    """Insert a turn and let the path lead to it."""
    if place.replaced:
        _insert(db, "threads", {"id": text_in(turn.thread_id), "created_at": turn.created_at})
    parent = db.execute("SELECT seq, depth FROM turns WHERE id = ?", (turn.parent_id,)).fetchone()
    if turn.parent_id is not None and parent is None and not place.replaced:
        raise StoreError("no such parent turn")
    if db.execute("SELECT 1 FROM threads WHERE id = ?", (turn.thread_id,)).fetchone() is None:
        raise StoreError("no such thread")
    found: list[StoredFile] = []
    inserted = _insert(
        db,
        "turns",
        {
            "id": text_in(turn.id),
            "thread_id": text_in(turn.thread_id),
            "parent_id": maybe_in(turn.parent_id) if parent else None,
            "depth": parent[1] + 1 if parent else 1,
            "chosen_child_id": maybe_in(turn.chosen_child_id),
            "group_id": maybe_in(turn.group_id),
            "created_at": turn.created_at or time.time(),
            **_contents(turn, place, found),
        },
    )
    if not inserted:
        return
    _add_files(db, turn.id, found)
    if parent:
        db.execute("UPDATE turns SET chosen_child_id = ? WHERE seq = ?", (turn.id, parent[0]))
    moved = "tip_id = ?, " if tip else ""
    values = (turn.id,) if tip else ()
    at = turn.created_at or time.time()
    db.execute(
        f"UPDATE threads SET {moved}updated_at = max(updated_at, ?), shown_at = max(shown_at, ?) WHERE id = ?",
        (*values, at, at, turn.thread_id),
    )


def end_turn(db: sqlite3.Connection, turn: Turn, place: Place) -> None:
    """Write everything a turn came to, and drop its checkpoints. Where it hangs in the tree stays as it is."""
    found: list[StoredFile] = []
    contents = _contents(turn, place, found)
    assignments = ", ".join(f"{column} = ?" for column in contents)
    if not db.execute(f"UPDATE turns SET {assignments} WHERE id = ?", (*contents.values(), turn.id)).rowcount:
        begin_turn(db, turn, place, tip=True)
    _add_files(db, turn.id, found)
    db.execute("DELETE FROM partials WHERE turn_id = ?", (turn.id,))
    db.execute(
        "UPDATE threads SET updated_at = max(updated_at, ?) WHERE id = ?",
        (turn.completed_at or turn.created_at, turn.thread_id),
    )


def append_partial(db: sqlite3.Connection, turn_id: str, n: int, kind: str, text: str, at: float) -> None:
    """Append one checkpoint. For a turn that has ended or is unknown there is nothing to do."""
    db.execute(
        "INSERT OR IGNORE INTO partials (turn_id, n, kind, created_at, text)"
        " SELECT id, ?, ?, ?, ? FROM turns WHERE id = ? AND status = 'in_progress'",
        (n, kind, at, text_in(text), turn_id),
    )


def select_turn(db: sqlite3.Connection, turn_id: str) -> str:
    """Make the path of the turn's thread go through that turn and on along its own continuation."""
    row = db.execute("SELECT thread_id FROM turns WHERE id = ?", (turn_id,)).fetchone()
    if row is None:
        raise StoreError("no such turn")
    steps = db.execute(
        "WITH RECURSIVE up (seq, id, parent_id) AS ("
        " SELECT seq, id, parent_id FROM turns WHERE id = ?"
        " UNION ALL SELECT p.seq, p.id, p.parent_id FROM up JOIN turns p ON p.id = up.parent_id AND p.seq < up.seq)"
        " SELECT id, parent_id FROM up WHERE parent_id IS NOT NULL",
        (turn_id,),
    ).fetchall()
    db.executemany(
        "UPDATE turns SET chosen_child_id = ? WHERE id = ? AND chosen_child_id IS NOT ?",
        [(child, parent, child) for child, parent in steps],
    )
    tip = _continuation(db, turn_id, str(row[0]))
    db.execute("UPDATE threads SET tip_id = ? WHERE id = ?", (tip, row[0]))
    return tip


def _continuation(db: sqlite3.Connection, turn_id: str, thread_id: str) -> str:
    """Follow the chosen child, or the latest where none is, to the end; children have larger numbers, so it ends."""
    tip = turn_id
    while True:
        row = db.execute(
            "SELECT c.id FROM turns t JOIN turns c ON c.parent_id = t.id AND c.thread_id = ? AND c.seq > t.seq"
            " WHERE t.id = ? ORDER BY c.id IS t.chosen_child_id DESC, c.seq DESC LIMIT 1",
            (thread_id, tip),
        ).fetchone()
        if row is None:
            return tip
        tip = str(row[0])


def purge(db: sqlite3.Connection, deleted_before: float) -> int:
    """Remove threads for good, but none that another thread goes on from; ``sweep`` then removes the files."""
    gone = [
        row[0]
        for row in db.execute(
            "SELECT id FROM threads d WHERE deleted_at < ? AND NOT EXISTS ("
            " SELECT 1 FROM turns t JOIN turns c ON c.parent_id = t.id AND c.thread_id <> d.id"
            " WHERE t.thread_id = d.id)"
            " AND NOT EXISTS ("
            " SELECT 1 FROM threads o JOIN turns t ON t.id = o.tip_id WHERE o.id <> d.id AND t.thread_id = d.id)",
            (deleted_before,),
        ).fetchall()
    ]
    for thread_id in gone:
        # Leaves first: a parent may not go before its children.
        db.execute("UPDATE turns SET parent_id = NULL WHERE thread_id = ?", (thread_id,))
        db.execute("DELETE FROM threads WHERE id = ?", (thread_id,))
    db.execute("DELETE FROM files WHERE sha256 NOT IN (SELECT sha256 FROM turn_files)")
    return len(gone)


def sweep(db: sqlite3.Connection, files: Files) -> None:
    """Remove payloads that no committed turn refers to.

    In a transaction of its own: the removal of the rows has to be certain, and no other instance may be writing a turn
    that finds the payload there.
    """
    known = {str(row[0]) for row in db.execute("SELECT sha256 FROM files").fetchall()}
    files.keep_only(known)


def set_listed(db: sqlite3.Connection, table: Literal["favourites", "hidden"], model: str, on: bool) -> None:
    """Put a model on a list, or take it off."""
    if on:
        _insert(db, table, {"model": text_in(model)})
    else:
        db.execute(f"DELETE FROM {table} WHERE model = ?", (text_in(model),))


def add_refusal(db: sqlite3.Connection, server: str, model: str, feature: str, until: float) -> None:
    """Remember a refusal; a later date replaces an earlier one."""
    db.execute(
        "INSERT INTO refusals (server, model, feature, until) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (server, model, feature) DO UPDATE SET until = excluded.until",
        (text_in(server), text_in(model), text_in(feature), until),
    )


def clear_refusal(db: sqlite3.Connection, server: str, model: str, feature: str) -> None:
    """Forget a refusal."""
    db.execute(
        "DELETE FROM refusals WHERE server = ? AND model = ? AND feature = ?",
        (text_in(server), text_in(model), text_in(feature)),
    )


def _contents(turn: Turn, place: Place, found: list[StoredFile]) -> dict[str, Any]:
    """The columns that ``end_turn`` writes too."""
    input_text, output_text = text_in(turn.input_text), text_in(turn.output_text)
    return {
        "status": text_in(turn.status),
        "chain": text_in(turn.chain),
        "owner": place.owner if turn.status == "in_progress" else None,
        "model": text_in(turn.model),
        "upstream_model": maybe_in(turn.upstream_model),
        "server": text_in(turn.server),
        "response_id": maybe_in(turn.response_id),
        "completed_at": turn.completed_at,
        "input_length": len(input_text),
        "input_lines": lines(input_text),
        "output_length": len(output_text),
        "output_lines": lines(output_text),
        "usage_json": None if turn.usage is None else json_in(turn.usage),
        "timing_json": json_in(turn.timing),
        "error_json": None if turn.error is None else json_in(turn.error),
        "options_json": json_in(turn.options),
        "input_text": input_text,
        "output_text": output_text,
        "input_json": items_in(turn.input, place.files, found),
        "output_json": items_in(turn.output, place.files, found),
    }


def _add_files(db: sqlite3.Connection, turn_id: str, found: Iterable[StoredFile]) -> None:
    for file in found:
        db.execute(
            "INSERT OR IGNORE INTO files (sha256, media_type, name, size) VALUES (?, ?, ?, ?)",
            (file.sha256, text_in(file.media_type), text_in(file.name), file.size),
        )
        db.execute("INSERT OR IGNORE INTO turn_files (turn_id, sha256) VALUES (?, ?)", (turn_id, file.sha256))


def _insert(db: sqlite3.Connection, table: str, values: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is there; whether it was inserted. Names are ours, only values come from outside."""
    marks = ", ".join("?" * len(values))
    statement = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks}) ON CONFLICT DO NOTHING"
    return db.execute(statement, tuple(values.values())).rowcount > 0

"""Every read, as functions of a connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Final, Literal

from poe_tui.model import DraftPart, Thread, Turn
from poe_tui.storage.files import Files
from poe_tui.storage.rows import (
    OUTLINE_COLUMNS,
    SIBLING_COLUMNS,
    THREAD_COLUMNS,
    TURN_COLUMNS,
    TurnOutline,
    outline_from_row,
    thread_from_row,
    turn_from_row,
)

_UP: Final = (
    "WITH RECURSIVE up (seq, parent_id, n) AS ("
    " SELECT seq, parent_id, 1 FROM turns WHERE id = ?"
    " UNION ALL SELECT p.seq, p.parent_id, up.n + 1 FROM up JOIN turns p ON p.id = up.parent_id AND p.seq < up.seq"
    " WHERE up.n < ?) "
)
"""The way up from a turn. Parents have smaller numbers, so it ends even where a damaged row makes a circle."""
_EVERYTHING: Final = 1 << 40
_MANY: Final = 500


def threads(db: sqlite3.Connection, limit: int, include_archived: bool) -> list[Thread]:
    """Pinned first, then the latest."""
    rows = db.execute(
        f"SELECT {THREAD_COLUMNS} FROM threads WHERE deleted_at IS NULL AND (? OR NOT archived)"
        " ORDER BY pinned DESC, updated_at DESC, seq DESC LIMIT ?",
        (include_archived, limit),
    ).fetchall()
    return [thread_from_row(row) for row in rows]


def thread(db: sqlite3.Connection, thread_id: str) -> Thread | None:
    """One thread."""
    row = db.execute(f"SELECT {THREAD_COLUMNS} FROM threads WHERE id = ?", (thread_id,)).fetchone()
    return None if row is None else thread_from_row(row)


def last_thread(db: sqlite3.Connection) -> Thread | None:
    """The thread that was on screen or got a turn last, of those that hold a turn or a draft."""
    row = db.execute(
        f"SELECT {THREAD_COLUMNS} FROM threads WHERE deleted_at IS NULL AND NOT archived"
        " AND (tip_id IS NOT NULL OR draft <> ''"
        " OR EXISTS (SELECT 1 FROM draft_parts p WHERE p.thread_id = threads.id))"
        " ORDER BY shown_at DESC, updated_at DESC, seq DESC LIMIT 1"
    ).fetchone()
    return None if row is None else thread_from_row(row)


def parts(db: sqlite3.Connection, thread_id: str) -> list[DraftPart]:
    """What is attached to a thread's draft."""
    rows = db.execute(
        "SELECT kind, data, name, path FROM draft_parts WHERE thread_id = ? ORDER BY n", (thread_id,)
    ).fetchall()
    return [DraftPart(str(row[0]), row[1], str(row[2]), str(row[3])) for row in rows if isinstance(row[1], bytes)]


def find_thread(db: sqlite3.Connection, words: str) -> Thread | None:
    """By id, beginning of an id, title, words of a title; the latest of those that are equally good."""
    wanted = words.strip().casefold()
    if not wanted:
        return None
    candidates = [
        thread_from_row(row)
        for row in db.execute(
            f"SELECT {THREAD_COLUMNS} FROM threads WHERE deleted_at IS NULL ORDER BY updated_at DESC, seq DESC"
        ).fetchall()
    ]
    parts = wanted.split()
    tests = (
        lambda found: found.id == wanted,
        lambda found: len(wanted) >= 4 and found.id.startswith(wanted),
        lambda found: found.title.casefold() == wanted,
        lambda found: all(part in found.title.casefold() for part in parts),
    )
    for test in tests:
        for candidate in candidates:
            if test(candidate):
                return candidate
    return None


def turns(db: sqlite3.Connection, ids: Iterable[str], files: Files | None) -> list[Turn]:
    """Those turns, in the order asked for."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, Turn] = {}
    for start in range(0, len(wanted), _MANY):
        some = wanted[start : start + _MANY]
        marks = ", ".join("?" * len(some))
        for row in db.execute(
            f"SELECT {TURN_COLUMNS}, {SIBLING_COLUMNS} FROM turns t WHERE t.id IN ({marks})", some
        ).fetchall():
            turn = turn_from_row(row, files)
            found[turn.id] = turn
    return [found[turn_id] for turn_id in wanted if turn_id in found]


def path(db: sqlite3.Connection, tip_id: str, limit: int | None, files: Files | None) -> list[Turn]:
    """From the root, or ``limit`` turns up, down to the tip."""
    rows = db.execute(
        f"{_UP} SELECT {TURN_COLUMNS}, {SIBLING_COLUMNS} FROM up JOIN turns t ON t.seq = up.seq ORDER BY up.n DESC",
        (tip_id, _EVERYTHING if limit is None else limit),
    ).fetchall()
    return [turn_from_row(row, files) for row in rows]


def outline(db: sqlite3.Connection, tip_id: str) -> list[TurnOutline]:
    """The same path by its light columns."""
    rows = db.execute(
        f"{_UP} SELECT {OUTLINE_COLUMNS}, {SIBLING_COLUMNS} FROM up JOIN turns t ON t.seq = up.seq ORDER BY up.n DESC",
        (tip_id, _EVERYTHING),
    )
    # Row by row, and equal texts once: thousands of rows are a tenth of what the app holds at rest.
    once: dict[str, str] = {}
    return [outline_from_row([_shared(value, once) for value in row]) for row in rows]


def _shared(value: Any, once: dict[str, str]) -> Any:
    return once.setdefault(value, value) if isinstance(value, str) else value


def depth(db: sqlite3.Connection, tip_id: str) -> int:
    """How long the path is."""
    row = db.execute("SELECT depth FROM turns WHERE id = ?", (tip_id,)).fetchone()
    return int(row[0]) if row is not None and isinstance(row[0], int) else 0


def siblings(db: sqlite3.Connection, turn_id: str) -> list[str]:
    """The ids of the turns of the same thread with the same parent, oldest first."""
    rows = db.execute(
        "SELECT t.id FROM turns o JOIN turns t ON t.parent_id IS o.parent_id AND t.thread_id = o.thread_id"
        " WHERE o.id = ? ORDER BY t.seq",
        (turn_id,),
    ).fetchall()
    return [str(row[0]) for row in rows]


def tree(db: sqlite3.Connection, thread_id: str, files: Files | None) -> list[Turn]:
    """Every turn of a thread, oldest first."""
    rows = db.execute(
        f"SELECT {TURN_COLUMNS}, {SIBLING_COLUMNS} FROM turns t WHERE t.thread_id = ? ORDER BY t.seq", (thread_id,)
    ).fetchall()
    return [turn_from_row(row, files) for row in rows]


def listed(db: sqlite3.Connection, table: Literal["favourites", "hidden"]) -> list[str]:
    """The models in ``favourites`` (in the order they were added) or ``hidden``."""
    order = " ORDER BY seq" if table == "favourites" else ""
    return [str(row[0]) for row in db.execute(f"SELECT model FROM {table}{order}").fetchall()]


def refusals(db: sqlite3.Connection, server: str) -> dict[tuple[str, str], float]:
    """What a server was seen to refuse: (model, feature) -> until."""
    rows = db.execute("SELECT model, feature, until FROM refusals WHERE server = ?", (server,)).fetchall()
    return {(str(row[0]), str(row[1])): float(row[2]) if isinstance(row[2], int | float) else 0.0 for row in rows}


def recent_models(db: sqlite3.Connection, limit: int) -> list[str]:
    """The models of the latest turns."""
    rows = db.execute(
        "SELECT model FROM turns WHERE model <> '' GROUP BY model ORDER BY max(seq) DESC LIMIT ?", (limit,)
    ).fetchall()
    return [str(row[0]) for row in rows]

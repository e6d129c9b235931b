"""The schema, as numbered migrations that are only ever appended to.

One transaction each, with ``PRAGMA user_version`` set inside it: a process killed at any statement leaves the old or
the new schema, never one between. The full-text index is derived data and belongs to ``search.py``, because whether
it can exist depends on the linked SQLite and not on the schema's number.

Columns are ordered by size: the large ones last, so that walking a path never reads the overflow pages of an answer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Migration:
    """Brings a database from schema ``number - 1`` to ``number``."""

    number: int
    name: str
    statements: tuple[str, ...]


_THREADS = """
CREATE TABLE threads (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL DEFAULT '',
    tip_id TEXT,
    model TEXT,
    unread INTEGER NOT NULL DEFAULT 0,
    pinned INTEGER NOT NULL DEFAULT 0,
    archived INTEGER NOT NULL DEFAULT 0,
    deleted_at REAL,
    created_at REAL NOT NULL DEFAULT 0,
    updated_at REAL NOT NULL DEFAULT 0,
    scroll_json TEXT NOT NULL DEFAULT '{}',
    options_json TEXT NOT NULL DEFAULT '{}',
    instructions TEXT,
    draft TEXT NOT NULL DEFAULT ''
)"""

# seq is an alias of the rowid and so the same after VACUUM: the full-text index refers to it. A parent's seq is always
# smaller than its child's, which makes every walk up a path end, whatever is in the file.
_TURNS = """
CREATE TABLE turns (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    parent_id TEXT REFERENCES turns (id),
    depth INTEGER NOT NULL DEFAULT 1,
    chosen_child_id TEXT,
    group_id TEXT,
    status TEXT NOT NULL,
    chain TEXT NOT NULL DEFAULT 'none',
    owner TEXT,
    model TEXT NOT NULL DEFAULT '',
    upstream_model TEXT,
    server TEXT NOT NULL DEFAULT '',
    response_id TEXT,
    created_at REAL NOT NULL DEFAULT 0,
    completed_at REAL,
    input_length INTEGER NOT NULL DEFAULT 0,
    input_lines INTEGER NOT NULL DEFAULT 0,
    output_length INTEGER NOT NULL DEFAULT 0,
    output_lines INTEGER NOT NULL DEFAULT 0,
    usage_json TEXT,
    timing_json TEXT NOT NULL DEFAULT '{}',
    error_json TEXT,
    options_json TEXT NOT NULL DEFAULT '{}',
    input_text TEXT NOT NULL DEFAULT '',
    output_text TEXT NOT NULL DEFAULT '',
    input_json TEXT NOT NULL DEFAULT '[]',
    output_json TEXT NOT NULL DEFAULT '[]'
)"""

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        1,
        "threads, turns, checkpoints, files and what is remembered",
        (
            _THREADS,
            _TURNS,
            "CREATE INDEX threads_by_use ON threads (pinned DESC, updated_at DESC)",
            "CREATE INDEX turns_by_thread ON turns (thread_id)",
            "CREATE INDEX turns_by_parent ON turns (parent_id, thread_id)",
            "CREATE INDEX turns_by_model ON turns (model)",
            "CREATE INDEX turns_in_flight ON turns (owner) WHERE status = 'in_progress'",
            """
            CREATE TABLE partials (
                turn_id TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
                n INTEGER NOT NULL,
                kind TEXT NOT NULL,
                created_at REAL NOT NULL,
                text TEXT NOT NULL,
                PRIMARY KEY (turn_id, n)
            ) WITHOUT ROWID""",
            """
            CREATE TABLE files (
                sha256 TEXT PRIMARY KEY,
                media_type TEXT NOT NULL DEFAULT '',
                name TEXT NOT NULL DEFAULT '',
                size INTEGER NOT NULL
            ) WITHOUT ROWID""",
            """
            CREATE TABLE turn_files (
                turn_id TEXT NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
                sha256 TEXT NOT NULL REFERENCES files (sha256),
                PRIMARY KEY (turn_id, sha256)
            ) WITHOUT ROWID""",
            "CREATE INDEX turn_files_by_file ON turn_files (sha256)",
            """
            CREATE TABLE refusals (
                server TEXT NOT NULL,
                model TEXT NOT NULL,
                feature TEXT NOT NULL,
                until REAL NOT NULL,
                PRIMARY KEY (server, model, feature)
            ) WITHOUT ROWID""",
            "CREATE TABLE favourites (seq INTEGER PRIMARY KEY, model TEXT NOT NULL UNIQUE)",
            "CREATE TABLE hidden (model TEXT PRIMARY KEY) WITHOUT ROWID",
        ),
    ),
    Migration(
        2,
        "what is attached to a draft, and when a thread was on screen",
        (
            "ALTER TABLE threads ADD COLUMN shown_at REAL NOT NULL DEFAULT 0",
            "UPDATE threads SET shown_at = updated_at",
            # A table of its own: the list of threads is read often, and a paste may have megabytes.
            """
            CREATE TABLE draft_parts (
                thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
                n INTEGER NOT NULL,
                kind TEXT NOT NULL,
                name TEXT NOT NULL DEFAULT '',
                path TEXT NOT NULL DEFAULT '',
                data BLOB NOT NULL,
                PRIMARY KEY (thread_id, n)
            )""",
        ),
    ),
)

LATEST = MIGRATIONS[-1].number


def schema_version(connection: sqlite3.Connection) -> int:
    """The number of the last migration that was applied; 0 for an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Apply what is missing. The connection must be in autocommit mode; another process may do the same meanwhile.

    Raises:
        sqlite3.Error: the migration that failed is rolled back, those before it stay.
    """
    # Rebuilding a table needs foreign keys off, and the pragma does nothing inside a transaction.
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        for migration in migrations:
            _apply(connection, migration)
    finally:
        connection.execute("PRAGMA foreign_keys = ON")


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again inside the transaction: a second process may have been quicker.
        if schema_version(connection) < migration.number:
            for statement in migration.statements:
                connection.execute(statement)
            if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise sqlite3.IntegrityError(f"migration {migration.number} breaks a reference")
            connection.execute(f"PRAGMA user_version = {migration.number:d}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise

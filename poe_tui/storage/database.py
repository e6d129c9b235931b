"""One database file: opened, checked, mended, brought up to date; and replaced when it turns out to be damaged.

Nothing here deletes what a person wrote. A damaged database is moved aside under a name with the date (together with
its ``-wal``, ``-shm`` and ``-journal``), one with an older schema is copied before it is changed, one with a newer
schema is not touched at all.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from poe_tui.paths import PathRefused, ensure_private_dir
from poe_tui.storage import search
from poe_tui.storage.connection import (
    SUFFIXES,
    Journal,
    check_private,
    choose_journal,
    connect,
    connect_memory,
    create_private,
    set_journal,
)
from poe_tui.storage.errors import WORDS, Refused, Trouble, trouble
from poe_tui.storage.leases import Lease, exclusive
from poe_tui.storage.migrations import LATEST, MIGRATIONS, migrate, schema_version

_CHECK_SECONDS = 0.03
_CHECK_STEPS = 20_000
_OPEN_BUSY_MS = 10_000
_LOCK_SECONDS = 15.0
_LARGEST_COPY = 256 * 1024 * 1024
_RESTLESS = 5
_NOT_OURS = 1000
"""No schema will ever have that number: a flipped bit or another program wrote it."""

_COLUMNS = {
    "threads": "seq, id, title, tip_id, model, unread, pinned, archived, deleted_at, created_at, updated_at,"
    " scroll_json, options_json, instructions, draft, shown_at",
    "draft_parts": "thread_id, n, kind, name, path, data",
    "turns": "seq, id, thread_id, parent_id, depth, chosen_child_id, group_id, status, chain, owner, model,"
    " upstream_model, server, response_id, created_at, completed_at, input_length, input_lines, output_length,"
    " output_lines, usage_json, timing_json, error_json, options_json, input_text, output_text, input_json,"
    " output_json",
    "partials": "turn_id, n, kind, created_at, text",
    "files": "sha256, media_type, name, size",
    "turn_files": "turn_id, sha256",
    "refusals": "server, model, feature, until",
    "favourites": "seq, model",
    "hidden": "model",
}


class Damaged(Exception):
    """The file is not a sound database of ours."""


class Database:
    """A file and what has to be true of it. Shared by the threads that hold connections to it."""

    def __init__(self, path: Path, lease: Lease, journal: Journal | None = None) -> None:
        self.path = path
        self.notices: list[str] = []
        self.generation = 0
        """Counts the files that stood at ``path``: a connection of an earlier one must be opened anew."""
        self.indexed = False
        """Whether there is a full-text index."""
        self.journal_mode = "delete"
        self._lease = lease
        self._wanted = journal
        self._identity: tuple[int, int] | None = None
        self._lock = threading.RLock()

    @property
    def replaced(self) -> bool:
        """Whether the file was replaced since the start: rows that others refer to may be missing."""
        return self.generation > 0

    def prepare(self) -> None:
        """Make sure that a sound, current database stands at ``path``.

        Raises:
            Refused: it cannot be, and why.
        """
        try:
            ensure_private_dir(self.path.parent)
            with self._exclusively():
                self._lease.hold()
                self._prepare()
        except PathRefused as error:
            raise Refused(f"{error.path} {error.reason}") from error
        except OSError as error:
            raise Refused(_os_words(error), readable=True) from error

    def connect(self) -> sqlite3.Connection:
        """A connection for one thread."""
        return connect(self.path)

    def check(self) -> None:
        """Notice that another instance moved the file aside, or somebody removed or restored it."""
        if self._identity is not None and self._identify() != self._identity:
            self.renew(self.generation)

    def renew(self, generation: int, *, damaged: bool = False) -> None:
        """Put a sound database in place of a damaged or vanished one.

        Args:
            generation: what the caller's connection belongs to; when another thread was quicker, nothing is done.
            damaged: the caller met damage in it.

        Raises:
            Refused: that is not possible.
        """
        with self._lock:
            if generation != self.generation:
                return
            if damaged:
                self._retire()
            self.prepare()
            self.generation += 1
            if self.generation >= _RESTLESS and not damaged:
                self._identity = None  # A file system whose inode numbers change: comparing them means nothing.

    def _retire(self) -> None:
        try:
            with self._exclusively():
                # Another instance may have moved the same file and started a fresh one: that one is innocent.
                if self._identify() == self._identity:
                    self._move_aside("was damaged")
        except OSError as error:
            raise Refused(_os_words(error)) from error

    @contextlib.contextmanager
    def _exclusively(self) -> Iterator[None]:
        with exclusive(self.path.with_name(f".{self.path.name}.lock"), _LOCK_SECONDS) as held:
            if not held:
                raise Refused("another poe-tui is working on the database")
            yield

    def _identify(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _prepare(self) -> None:
        for _ in range(3):
            created = create_private(self.path)
            check_private(self.path)
            try:
                if not created and self.path.stat().st_size == 0:
                    raise Damaged("was empty")
                with contextlib.closing(connect(self.path, busy_ms=_OPEN_BUSY_MS)) as db:
                    self._inspect(db)
            except (Damaged, sqlite3.Error) as error:
                self._judge(error, created)
                continue
            self._identity = self._identify()
            return
        raise Refused("the database could not be started anew")

    def _judge(self, error: Exception, created: bool) -> None:
        """Move a damaged database aside, or raise ``Refused`` for what is not damage."""
        kind = Trouble.DAMAGED if isinstance(error, Damaged) else trouble(error)
        if created:  # Nothing in it yet, so nothing is lost with it.
            for suffix in SUFFIXES:
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        if kind in (Trouble.DAMAGED, Trouble.INDEX_DAMAGED, Trouble.INVALID) and not created:
            self._move_aside(str(error) if isinstance(error, Damaged) else "was damaged")
            return
        raise Refused(WORDS[kind], readable=kind is not Trouble.BUSY) from error

    def _inspect(self, db: sqlite3.Connection) -> None:
        version = schema_version(db)
        tables = {str(row[0]) for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()}
        if version > LATEST:
            if version >= _NOT_OURS:
                raise Damaged("was damaged")
            raise Refused(
                f"{self.path} was written by a newer poe-tui (its schema is {version}, this one knows {LATEST})",
                readable=True,
            )
        if version == 0 and tables:
            if not tables & _COLUMNS.keys():
                raise Refused(f"{self.path} is the database of another program")
            raise Damaged("was damaged")
        if not _writable(self.path) or _refuses_writes(db):
            raise Refused(f"{self.path} cannot be written to", readable=True)
        _check(db)
        self.journal_mode = self._set_journal(db)
        if version < LATEST:
            self._bring_up_to_date(db, version)
        _probe(db)
        self.indexed = search.ensure_index(db)

    def _set_journal(self, db: sqlite3.Connection) -> str:
        wanted = self._wanted or choose_journal(self.path.parent)
        current = str(db.execute("PRAGMA journal_mode").fetchone()[0])
        # While others have it open the mode is theirs to keep: they may be linked against another SQLite.
        if current == wanted or (self._wanted is None and self._lease.others()):
            return current
        return set_journal(db, wanted)

    def _bring_up_to_date(self, db: sqlite3.Connection, version: int) -> None:
        if version:
            try:
                self._back_up(db, version)
            except (OSError, sqlite3.Error) as error:
                words = WORDS[trouble(error)]
                raise Refused(f"{self.path} could not be copied before bringing it up to date: {words}") from error
        try:
            migrate(db, MIGRATIONS)
        except sqlite3.Error as error:
            if version == 0:
                raise
            # Rolled back. Whatever is wrong, it is not a reason to put a sound database away.
            words = WORDS[trouble(error)]
            raise Refused(f"{self.path} could not be brought up to date: {words}", readable=True) from error

    def _back_up(self, db: sqlite3.Connection, version: int) -> None:
        target = self._free_name(f"schema-{version}")
        create_private(target)
        try:
            with contextlib.closing(connect(target)) as copy:
                db.backup(copy)
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def _move_aside(self, what: str) -> None:
        target = self._free_name("damaged")
        moved = False
        for suffix in SUFFIXES:
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(self.path.name + suffix).rename(target.with_name(target.name + suffix))
                moved = True
        if moved:
            self.notices.append(
                f"The database {what}. It was moved to {target} and a new one was started; nothing was deleted."
            )

    def _free_name(self, word: str) -> Path:
        """``poe-tui.db.damaged-2026-11-23-142530``; a second one of that second gets a number."""
        stem = f"{self.path.name}.{word}-{datetime.now():%Y-%m-%d-%H%M%S}"
        number = 1
        target = self.path.with_name(stem)
        while any(target.with_name(target.name + suffix).exists() for suffix in SUFFIXES):
            number += 1
            target = self.path.with_name(f"{stem}-{number}")
        return target


def memory_database() -> sqlite3.Connection:
    """A fresh database in memory."""
    db = connect_memory()
    migrate(db)
    search.ensure_index(db)
    return db


def memory_copy(path: Path) -> sqlite3.Connection | None:
    """What can be read of a file that must not be written to, as a database in memory; ``None`` if that is nothing.

    The threads of a read-only disk or of a newer poe-tui can so be read and gone on with; nothing of it is kept.
    """
    db = connect_memory()
    try:
        if not 0 < path.stat().st_size <= _LARGEST_COPY:
            raise Damaged("cannot be copied")
        # immutable: a read-only directory has no room for the files that a lock or a WAL would need.
        with contextlib.closing(connect(path, mode="ro", immutable=not _writable(path))) as source:
            source.backup(db)
        _check(db)
        if not 0 < schema_version(db) < _NOT_OURS:
            raise Damaged("cannot be read")
        migrate(db)
        _probe(db)
        _try_writing(db)
        search.ensure_index(db)
    except (OSError, sqlite3.Error, Damaged):
        db.close()
        return None
    return db


def _check(db: sqlite3.Connection) -> None:
    """Look through the file for damage, for some 30 ms: what a large one hides is found when it is read."""
    deadline = time.monotonic() + _CHECK_SECONDS
    db.set_progress_handler(lambda: time.monotonic() > deadline, _CHECK_STEPS)
    try:
        found = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return
    finally:
        db.set_progress_handler(None, 0)
    if found[0] != "ok":
        # Newer versions of SQLite look into the full-text index as well; that is no reason to put everything away.
        _mend_or_raise(db)


def _mend_or_raise(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        mend_index(db)
        if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise Damaged("was damaged")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def mend_index(db: sqlite3.Connection) -> None:
    """Build the full-text index again, if it alone can be at fault; inside the caller's transaction.

    Raises:
        Damaged: the tables themselves are not sound.
    """
    for table in _COLUMNS:
        if db.execute(f"PRAGMA quick_check({table})").fetchone()[0] != "ok":
            raise Damaged("was damaged")
    search.rebuild(db)


def _probe(db: sqlite3.Connection) -> None:
    """Ask for every column once: a flipped bit in the schema's own text passes every other check."""
    for table, columns in _COLUMNS.items():
        db.execute(f"SELECT {columns} FROM {table} LIMIT 0").fetchall()


def _try_writing(db: sqlite3.Connection) -> None:
    """Whether a newer schema takes rows that know nothing of it; in memory, and rolled back."""
    db.execute("BEGIN")
    try:
        db.execute("INSERT INTO threads (id) VALUES ('probe')")
        db.execute("INSERT INTO turns (id, thread_id, status) VALUES ('probe', 'probe', 'in_progress')")
        db.execute("UPDATE turns SET status = 'completed' WHERE id = 'probe'")
    finally:
        db.execute("ROLLBACK")


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _refuses_writes(db: sqlite3.Connection) -> bool:
    """Whether SQLite itself takes the file for read-only: a sandbox, or a file format from the future."""
    db.execute("PRAGMA busy_timeout = 0")
    try:
        db.execute("BEGIN IMMEDIATE")  # which by itself is content with a file that it can only read
        db.execute(f"PRAGMA user_version = {schema_version(db):d}")
    except sqlite3.Error as error:
        return trouble(error) is Trouble.READONLY
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
        db.execute(f"PRAGMA busy_timeout = {_OPEN_BUSY_MS}")
    return False


def _os_words(error: OSError) -> str:
    if trouble(error) is Trouble.FULL:
        return WORDS[Trouble.FULL]
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{(error.strerror or str(error)).lower()}"

"""From a path to something that can be read and written, whatever the disk is like."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from poe_tui.storage.connection import Journal
from poe_tui.storage.database import Database, memory_copy, memory_database
from poe_tui.storage.errors import Refused
from poe_tui.storage.files import Files
from poe_tui.storage.leases import Lease
from poe_tui.storage.search import has_fts5


@dataclass(slots=True)
class Opened:
    """Either a database on disk or one in memory, and what a person has to know about it."""

    database: Database | None = None
    memory: sqlite3.Connection | None = None
    lease: Lease | None = None
    files: Files = field(default_factory=lambda: Files(None))
    notices: list[str] = field(default_factory=list)
    read_only_reason: str | None = None

    @property
    def journal_mode(self) -> str:
        """``wal``, ``delete`` or ``memory``."""
        return "memory" if self.database is None else self.database.journal_mode

    def indexed(self) -> bool:
        """Whether searches can use the full-text index."""
        if self.database is not None:
            return self.database.indexed
        return self.memory is not None and has_fts5(self.memory)


def open_path(path: Path | None, journal: Journal | None) -> Opened:
    """Open ``path``; in memory where that is asked for or nothing else is possible."""
    if path is None:
        return Opened(memory=memory_database())
    lease = Lease(path.parent / "live")
    database = Database(path, lease, journal)
    files = Files(path.parent / "files")
    try:
        database.prepare()
    except Refused as error:
        lease.release()
        return _in_memory(path, lease, error, database.notices)
    return Opened(database, None, lease, files, database.notices)


def _in_memory(path: Path, lease: Lease, error: Refused, notices: list[str]) -> Opened:
    """A session that keeps nothing, with the earlier threads where they can be read."""
    copy = memory_copy(path) if error.readable else None
    shown = " Earlier threads can be read." if copy is not None else ""
    notices.append(f"Nothing of this session will be saved: {error.reason}.{shown}")
    files = Files(path.parent / "files" if copy is not None else None, writable=False)
    return Opened(None, copy or memory_database(), lease, files, notices, error.reason)

"""What can go wrong in the store, in words a person can be shown."""

from __future__ import annotations

import errno
import sqlite3
from dataclasses import dataclass
from enum import Enum
from typing import Literal


class StoreError(Exception):
    """A read or a write that did not happen. ``str()`` is the reason in plain words, never SQLite's.

    ``kind`` is one of ``full`` (no space), ``readonly``, ``io``, ``busy``, ``damaged``, ``invalid`` (the call made no
    sense), ``closed``. Writes that failed as ``full``, ``readonly`` or ``io`` are kept in memory and tried again.
    """

    def __init__(self, reason: str, kind: str = "invalid") -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind


@dataclass(slots=True, frozen=True)
class StoreState:
    """How the writer is doing: what ``Store.on_state`` is called with, from the writer's thread."""

    kind: Literal["ok", "busy", "unsaved", "damaged"] = "ok"
    """``busy``: another program holds the database, the writer keeps trying. ``unsaved``: writes wait in memory.
    ``damaged``: the database was moved aside while running; the words are also in ``Store.notices``."""
    reason: str = ""
    unsaved: int = 0
    """How many writes wait in memory for another try."""


class Refused(Exception):
    """This file cannot be used for writing; ``str()`` is the reason in words. It was not changed."""

    def __init__(self, reason: str, *, readable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.readable = readable
        """Whether what is in it may still be shown, from a copy in memory."""


class IndexSuspected(sqlite3.DatabaseError):
    """A write failed in a way in which only a damaged full-text index fails."""


class Trouble(Enum):
    """What an exception of SQLite or of the file system means for a write."""

    BUSY = "busy"
    FULL = "full"
    READONLY = "readonly"
    IO = "io"
    DAMAGED = "damaged"
    INDEX_DAMAGED = "index"
    """Only the full-text index: it can be built again."""
    INVALID = "invalid"


WORDS = {
    Trouble.BUSY: "another program is holding the database",
    Trouble.FULL: "disk full",
    Trouble.READONLY: "read-only",
    Trouble.IO: "the disk reports an error",
    Trouble.DAMAGED: "the database is damaged",
    Trouble.INDEX_DAMAGED: "the search index is damaged",
    Trouble.INVALID: "the database refused it",
}

_PRIMARY = {
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_PROTOCOL: Trouble.BUSY,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_READONLY: Trouble.READONLY,
    sqlite3.SQLITE_PERM: Trouble.READONLY,
    sqlite3.SQLITE_IOERR: Trouble.IO,
    sqlite3.SQLITE_CANTOPEN: Trouble.IO,
    sqlite3.SQLITE_NOLFS: Trouble.FULL,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
}
_FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READONLY_ERRNOS = {errno.EROFS, errno.EACCES, errno.EPERM}


def trouble(error: Exception) -> Trouble:
    """Classify an exception of ``sqlite3`` or of the file system by its code, never by its text."""
    if isinstance(error, OSError):
        if error.errno in _FULL_ERRNOS:
            return Trouble.FULL
        return Trouble.READONLY if error.errno in _READONLY_ERRNOS else Trouble.IO
    if isinstance(error, IndexSuspected):
        return Trouble.INDEX_DAMAGED
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return Trouble.INVALID
    if code == sqlite3.SQLITE_CORRUPT_VTAB:
        return Trouble.INDEX_DAMAGED
    return _PRIMARY.get(code & 0xFF, Trouble.INVALID)


def store_error(error: Exception) -> StoreError:
    """The ``StoreError`` that tells ``error`` to a person."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, Refused):
        return StoreError(error.reason, "io")
    kind = trouble(error)
    words = WORDS[kind]
    if kind is Trouble.INVALID:
        words = f"{words} ({type(error).__name__}: {error})"
    return StoreError(words, "damaged" if kind is Trouble.INDEX_DAMAGED else kind.value)

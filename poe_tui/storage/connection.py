"""Connections: which journal is safe, which PRAGMAs hold, and files that only their owner can read."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from poe_tui.paths import PathRefused

Journal = Literal["wal", "delete"]

SUFFIXES = ("", "-wal", "-shm", "-journal")
"""A database is up to four files."""

BUSY_MS = 400
"""One wait inside SQLite. The writer's and the reader's threads wait again; short, so that closing is quick."""

_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "fuse.sshfs", "drvfs", "vboxsf"}


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Whether that SQLite is free of the WAL-reset bug: 3.51.3, or 3.50.7 and 3.44.6 of their branches.

    From 3.7.0 on, two connections that write and checkpoint at once could lose committed transactions
    (sqlite.org/wal.html#the_wal_reset_bug); two instances of this program are exactly that.
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def on_network(directory: Path, mounts: Path = Path("/proc/self/mounts")) -> bool:
    """Whether ``directory`` is on a file system whose shared memory other machines do not see (WAL needs it)."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
        resolved = str(directory.resolve())
    except OSError:
        return False
    best, kind = "", ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = resolved == point or resolved.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind in _NETWORK


def choose_journal(directory: Path, version: tuple[int, int, int] | None = None) -> Journal:
    """WAL where it is safe, else DELETE."""
    linked = sqlite3.sqlite_version_info[:3] if version is None else version
    return "wal" if wal_is_safe(linked) and not on_network(directory) else "delete"


def connect(path: Path, *, busy_ms: int = BUSY_MS, mode: str = "rw", immutable: bool = False) -> sqlite3.Connection:
    """Open an existing database file in autocommit mode, with every PRAGMA that belongs to a connection."""
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}{'&immutable=1' if immutable else ''}"
    connection = sqlite3.connect(uri, uri=True, timeout=busy_ms / 1000, isolation_level=None, check_same_thread=False)
    try:
        configure(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_memory() -> sqlite3.Connection:
    """Open an empty database in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    configure(connection)
    return connection


def configure(connection: sqlite3.Connection) -> None:
    """Set the PRAGMAs of one connection. None of them reads or writes the file."""
    for pragma in (
        "foreign_keys = ON",
        "synchronous = FULL",  # a power cut must not lose a prompt that was answered for money
        "fullfsync = ON",  # macOS: fsync alone leaves the words in the drive's cache
        "secure_delete = ON",  # what was deleted is overwritten, not left readable in free pages
        "temp_store = MEMORY",  # no conversation in temporary files
        "cell_size_check = ON",
        "cache_size = -2048",  # KiB: the system caches the file anyway, once for both connections
        "journal_size_limit = 4194304",
    ):
        connection.execute(f"PRAGMA {pragma}")


def set_journal(connection: sqlite3.Connection, wanted: Journal) -> str:
    """Ask for a journal mode and return the one that holds: others may be at work, a sandbox may refuse WAL."""
    try:
        return str(connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()[0])
    except sqlite3.OperationalError:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def create_private(path: Path) -> bool:
    """Create an empty file that only its owner can read, whatever the umask; False when there is one already."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
    return True


def check_private(path: Path) -> None:
    """Make sure that a database's files are ours, regular, and closed to others.

    By ``lstat`` only: opening and closing the file here would drop the POSIX locks that SQLite holds on it elsewhere
    in this process (sqlite.org/howtocorrupt.html §2.2). The directory is ours and private, so nobody can swap it.

    Raises:
        PathRefused: a symbolic link, another kind of file, or somebody else's.
    """
    for suffix in SUFFIXES:
        file = path.with_name(path.name + suffix)
        try:
            found = file.lstat()
        except FileNotFoundError:
            continue
        if stat.S_ISLNK(found.st_mode):
            raise PathRefused(file, "is a symbolic link")
        if not stat.S_ISREG(found.st_mode):
            raise PathRefused(file, "is not a regular file")
        if found.st_uid != os.geteuid():
            raise PathRefused(file, "belongs to another user")
        if stat.S_IMODE(found.st_mode) & 0o077:
            file.chmod(0o600)

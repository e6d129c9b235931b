"""Small files that matter: read with a limit, written whole or not at all, readable by their owner alone.

A save is a new file beside the old one, synced, then put in its place: a crash at any point leaves the old content or
the new one, never half of it (measured).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path

LOCK_WAIT = 1.0
"""Seconds to wait for another instance's save; after that the save goes ahead, since both are atomic."""

STALE = 60.0
"""Seconds after which a temporary file is nobody's any more."""


class FileRefused(OSError):
    """A file that must not be read: its kind, size or owner is wrong. ``reason`` says so in words."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def read_regular(path: Path, limit: int) -> bytes:
    """Return the content of a regular file. A FIFO or a device never blocks and is never read.

    Raises:
        FileRefused: it is not a regular file, or longer than ``limit`` bytes.
        OSError: it cannot be opened or read; ``FileNotFoundError`` when there is none.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise FileRefused(path, "is not a regular file")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise FileRefused(path, f"is larger than {limit // 1000} kB")
    return data


def write_private(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` atomically with mode 0600. A symbolic link stays; what it points to is replaced.

    Raises:
        OSError: nothing was changed.
    """
    target = Path(os.path.realpath(path))
    _sweep(target)
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_directory(target.parent)


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keep other instances from saving in ``directory`` meanwhile, so that neither undoes the other's change.

    Where locks do not work (some network file systems) or another process sits on one, the save goes ahead without.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    deadline = time.monotonic() + LOCK_WAIT
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return
            time.sleep(0.01)
        except OSError:
            return


def _sweep(target: Path) -> None:
    """Take away what a save that was killed left behind; a save that is running now is seconds old at most."""
    long_ago = time.time() - STALE
    with contextlib.suppress(OSError):
        for left in target.parent.iterdir():
            named = left.name.startswith(f".{target.name[:100]}.") and left.name.endswith(".tmp")
            if named and left.lstat().st_mtime < long_ago:
                left.unlink()


def _sync_directory(directory: Path) -> None:
    """Make the new name durable as well; a file system that cannot do that has done its best already."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""Who is alive: locks that the kernel drops when a process dies, however it dies.

Every open store holds ``flock`` on a file of its own, named by its owner id, in ``live/`` beside the database. A turn
in flight carries that id. Whether its owner lives is asked of the lock, not of a process id: ids come round again and
mean nothing in another container, a lock is gone with the process, by ``kill -9`` and by a power cut alike.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from poe_tui.model import new_id
from poe_tui.paths import ensure_private_dir

_FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
_STALE = 86_400.0


class Lease:
    """This store's sign of life."""

    def __init__(self, directory: Path) -> None:
        self.owner = new_id()
        self._directory = directory
        self._descriptor: int | None = None

    @property
    def _file(self) -> Path:
        return self._directory / self.owner

    def hold(self) -> bool:
        """Take the lock if it is not held, or if its file was removed; False where that is not possible."""
        if self._descriptor is not None and self._file.exists():
            return True
        self.release()
        try:
            ensure_private_dir(self._directory)
            waiting = self._directory / f".{self.owner}"
            descriptor = os.open(waiting, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                # Renamed only when locked: under its own name the file is never seen without its lock.
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                waiting.rename(self._file)
            except BaseException:
                os.close(descriptor)
                waiting.unlink(missing_ok=True)
                raise
        except OSError:
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give the lock back and remove its file."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                self._file.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None

    def alive(self, owner: str) -> bool:
        """Whether the store with that owner id is open, in this process or another."""
        # The id comes out of a row; one that is no id names no file.
        return owner == self.owner or (_is_id(owner) and is_locked(self._directory / owner))

    def others(self) -> bool:
        """Whether any other store is open on the same directory."""
        return any(is_locked(file) for file in self._files() if file.name != self.owner)

    def tidy(self) -> None:
        """Remove the files of the dead."""
        for file in self._files():
            if file.name != self.owner and not is_locked(file):
                with contextlib.suppress(OSError):
                    file.unlink()
        with contextlib.suppress(OSError):
            for file in self._directory.glob(".*"):
                if file.stat().st_mtime < time.time() - _STALE:
                    file.unlink()

    def _files(self) -> list[Path]:
        try:
            return [file for file in self._directory.iterdir() if not file.name.startswith(".")]
        except OSError:
            return []


def is_locked(file: Path) -> bool:
    """Whether somebody holds the lock of ``file``. A missing file is not locked; one that cannot be asked counts as."""
    try:
        descriptor = os.open(file, _FLAGS)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        # Shared: two stores that ask at once must not take each other for the owner.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_id(text: str) -> bool:
    return len(text) == 32 and all(character in "0123456789abcdef" for character in text)


@contextlib.contextmanager
def exclusive(file: Path, timeout: float) -> Iterator[bool]:
    """Hold ``file``'s lock while a database is created, mended or brought up to date; yields whether it is held."""
    descriptor = os.open(file, _FLAGS | os.O_CREAT, 0o600)
    try:
        yield _wait(descriptor, time.monotonic() + timeout)
    finally:
        os.close(descriptor)


def _wait(descriptor: int, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        except OSError:
            return True  # A file system without flock: SQLite's own locks have to do.
        else:
            return True

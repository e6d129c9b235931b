"""Reading a file that a person named: regular files alone, bounded, and every refusal in words that name the file.

A FIFO would wait for ever, a device never end, ``/proc`` hold secrets of other programs; a link is what it leads to.
Nothing is opened before it is known to be a plain file, since opening alone rewinds a tape; and what was opened is
checked to be what was looked at.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from poe_tui.sanitize import clean

_SYSTEM: Final = ("/proc", "/sys", "/dev")
_SHOWN: Final = 120
"""Characters of a path that a sentence quotes."""
_KINDS: Final = (
    (stat.S_ISDIR, "is a directory"),
    (stat.S_ISFIFO, "is a pipe, which may never end"),
    (stat.S_ISSOCK, "is a socket"),
    (stat.S_ISCHR, "is a device"),
    (stat.S_ISBLK, "is a device"),
)


class NotTaken(Exception):
    """A file that is not taken. The text is a sentence that names it, fit to be shown."""

    def __init__(self, name: str, reason: str, *, is_file: bool = True) -> None:
        super().__init__(f"{name} {reason}.")
        self.name = name
        self.reason = reason
        self.is_file = is_file
        """Whether there is a plain file of that name at all."""


def shown(path: str) -> str:
    """Return a path on one line, cleaned and of a length that a sentence bears; cut in the middle."""
    text = clean(path[:8_192], single_line=True).strip() or "That"
    if len(text) <= _SHOWN:
        return text
    half = _SHOWN // 2 - 1
    return f"{text[:half]}…{text[-half:]}"


def read(path: str, limit: int) -> bytes:
    """Return the content of a plain file; blocks, but never on anything that is no file.

    Args:
        path: absolute, relative to the current directory, or beginning with ``~``.
        limit: the most bytes it may have.

    Raises:
        NotTaken: there is no such file, it is no plain one, it is empty, too large, or not readable.
    """
    name = shown(path)
    try:
        place = str(Path(path).expanduser())
        found = Path(place).stat()
        _check_kind(name, place, found)
        _check_size(name, found.st_size, limit)
        return _read(name, place, found, limit)
    except (OSError, ValueError, RuntimeError) as error:
        raise NotTaken(name, _reason(error), is_file=isinstance(error, PermissionError)) from None


def _check_kind(name: str, place: str, found: os.stat_result) -> None:
    for is_kind, words in _KINDS:
        if is_kind(found.st_mode):
            raise NotTaken(name, words, is_file=False)
    real = os.path.realpath(place)
    for root in _SYSTEM:
        # The same file system mounted elsewhere is the same file system; /dev often is a plain temporary one.
        if real == root or real.startswith(f"{root}/") or (root != "/dev" and _device(root) == found.st_dev):
            raise NotTaken(name, f"belongs to the system ({root})", is_file=False)


def _device(directory: str) -> int:
    try:
        here, parent = Path(directory).stat(), Path(directory).parent.stat()
    except OSError:
        return -1
    return here.st_dev if here.st_dev != parent.st_dev else -1


def _check_size(name: str, size: int, limit: int) -> None:
    if size > limit:
        raise NotTaken(name, f"is larger than the {limit / 1_000_000:g} MB that may be attached ({_size(size)})")


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _read(name: str, place: str, found: os.stat_result, limit: int) -> bytes:
    descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        opened = os.fstat(descriptor)
        if not stat.S_ISREG(opened.st_mode) or (opened.st_dev, opened.st_ino) != (found.st_dev, found.st_ino):
            raise NotTaken(name, "was replaced while it was read")
        data = file.read(limit + 1)
    _check_size(name, len(data), limit)
    if not data:
        raise NotTaken(name, "is empty")
    return data


def _reason(error: Exception) -> str:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return "is not there"
        case PermissionError():
            return "may not be read: permission denied"
        case OSError() if error.strerror:
            return f"cannot be read: {error.strerror[:1].lower()}{error.strerror[1:]}"
    return "is no path"

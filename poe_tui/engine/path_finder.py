"""The files that an ``@path`` may mean: one directory, or the tree below the current one, and no more than a glance.

Blocks, for ``engine.aside``. Bounded in entries, depth and time, so that a home directory or a disk on the other side
of the world gives what it can.
"""

from __future__ import annotations

import os
import stat
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from poe_tui.path_words import PathEntry, is_rooted, rank, split, wants_hidden

MOST_ENTRIES: Final = 4_000
DEEPEST: Final = 8
SECONDS: Final = 0.3
FRESH: Final = 5.0
"""Seconds for which what was found in the tree is taken to be there still."""

_SKIPPED: Final = frozenset({"node_modules", "__pycache__", "venv", "site-packages", "target", "dist", "build"})
"""Directories whose contents nobody attaches: gone into only when they are named."""


class PathFinder:
    """Finds files below a directory. Used from one thread at a time."""

    def __init__(self, root: str | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare.

        Args:
            root: where relative paths begin; the current directory unless it is named.
            clock: seconds, for tests.
        """
        self._root = root
        self._clock = clock
        self._tree: tuple[float, list[PathEntry]] | None = None

    def find(self, fragment: str, limit: int = 50) -> list[PathEntry]:
        """Return what a fragment may mean, the likeliest first. Never raises for what is on the disk."""
        if "\x00" in fragment:
            return []
        directory, name = split(fragment)
        hidden = wants_hidden(fragment)
        entries = list(self._listed(directory, hidden=hidden))
        found = rank(fragment, entries, limit)
        if name and not is_rooted(fragment) and not hidden and len(found) < limit:
            known = {entry.path for entry in found}
            more = rank(fragment, (entry for entry in self._below() if entry.path not in known), limit)
            # What stands in the directory itself comes first, unless the tree has a name that begins as typed.
            found = rank(fragment, [*found, *more], limit)
        return found

    def _place(self, directory: str) -> Path:
        start = Path(self._root) if self._root is not None else Path()
        return start / Path(directory).expanduser() if directory else start

    def _listed(self, directory: str, *, hidden: bool) -> Iterator[PathEntry]:
        """The entries of one directory, directories last, by name."""
        try:
            with os.scandir(self._place(directory)) as scan:
                found = [entry for _, entry in zip(range(MOST_ENTRIES), scan, strict=False)]
        except (OSError, RuntimeError, ValueError):
            return
        seen = [made for entry in found if (made := _entry(entry, directory, hidden=hidden)) is not None]
        yield from sorted(seen, key=lambda entry: (entry.is_directory, entry.name.casefold()))

    def _below(self) -> list[PathEntry]:
        """The tree below the root, the shallow before the deep."""
        now = self._clock()
        if self._tree is None or now - self._tree[0] > FRESH:
            self._tree = now, list(self._walk(now + SECONDS))
        return self._tree[1]

    def _walk(self, deadline: float) -> Iterator[PathEntry]:
        waiting = deque([("", 0)])
        count = 0
        while waiting and count < MOST_ENTRIES and self._clock() < deadline:
            directory, depth = waiting.popleft()
            for entry in self._listed(directory, hidden=False):
                yield entry
                count += 1
                if entry.is_directory and not entry.is_link and depth < DEEPEST and entry.name not in _SKIPPED:
                    waiting.append((f"{entry.path}/", depth + 1))


def _entry(found: os.DirEntry[str], directory: str, *, hidden: bool) -> PathEntry | None:
    """A file or a directory, or a link to one; nothing else can be attached."""
    if found.name.startswith(".") and not hidden:
        return None
    try:
        about, is_link = found.stat(), found.is_symlink()
    except OSError:
        return None
    path = f"{directory}{found.name}"
    if stat.S_ISDIR(about.st_mode):
        # A link to a directory may lead back up: it is shown, and gone into when it is named.
        return PathEntry(path, True, is_link=is_link)
    return PathEntry(path, False, about.st_size, is_link) if stat.S_ISREG(about.st_mode) else None

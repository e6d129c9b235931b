"""Store: threads, turns and what is remembered, in one SQLite file. The only door to ``storage/``.

**Writes** are enqueued and return a ``concurrent.futures.Future`` at once; one thread does them in order. They cannot
be cancelled: cancelling a task that awaits ``asyncio.wrap_future(...)`` of one leaves the write alone. A Future resolves
after the commit, or with a ``StoreError`` whose text is for people (``disk full``). A write that failed for want of
space, by a read-only disk or an I/O error is kept in memory and tried again (before every later write and every two
seconds), in order, up to 64 MB; only then are checkpoints of partial answers dropped, then the oldest writes.

**Reads** are coroutines; they run on a connection and a thread of their own and never block the event loop. ``turn`` and
``path`` see every turn handed to ``begin_turn``/``end_turn`` even before it is on disk; the other reads wait half a
second at most for the writes enqueued before them.

Values handed in are the store's afterwards: do not change the items of a Turn after giving it away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from poe_tui.model import Thread, Turn
from poe_tui.storage.errors import StoreError, StoreState
from poe_tui.storage.rows import TurnOutline
from poe_tui.storage.search import SearchHit

__all__ = ["SearchHit", "Store", "StoreError", "StoreState", "TurnOutline"]


class Store:
    """One database. Open it with ``Store.open``; close it with ``close`` (or use it as a context manager)."""

    notices: list[str]
    """Sentences to show a person: a damaged database was moved aside (with its path), nothing can be saved …"""
    file: Path | None
    """The database file; ``None`` when the store lives in memory."""
    read_only_reason: str | None
    """Why nothing of this session is kept on disk although a path was given; ``None`` when all is well."""
    journal_mode: str
    """``wal``, ``delete`` or ``memory``."""
    on_state: Callable[[StoreState], None] | None
    """Called from the writer's thread when ``state`` changes; must not block (``loop.call_soon_threadsafe``)."""

    @classmethod
    def open(
        cls,
        path: Path | None,
        *,
        journal: Literal["wal", "delete"] | None = None,
        on_state: Callable[[StoreState], None] | None = None,
    ) -> Store:
        """Open or create the database; never raises for the state of the disk.

        Blocks (a few milliseconds; seconds when an old database is brought up to date): call it through
        ``asyncio.to_thread``.

        Args:
            path: the file; ``None`` keeps everything in memory (temporary threads, ``--no-save``).
            journal: overrides the choice between WAL and DELETE, which goes by the linked SQLite's version.
            on_state: see ``Store.on_state``.
        """
        raise NotImplementedError

    @property
    def state(self) -> StoreState:
        """How the writer is doing right now."""
        raise NotImplementedError

    def close(self, timeout: float = 2.0) -> bool:
        """Write what is queued, close, and return whether everything is on disk. Blocks up to ``timeout`` seconds."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def flush(self) -> bool:
        """Wait until everything enqueued so far was tried; False when some of it waits for another try."""
        raise NotImplementedError

    # --- writes: threads ------------------------------------------------------------------------------------------

    def add_thread(self, thread: Thread) -> Future[None]:
        """Insert a thread. Zero times become now."""
        raise NotImplementedError

    def update_thread(self, thread_id: str, **fields: Any) -> Future[None]:
        """Set fields of ``Thread`` by name (not ``id``). ``updated_at`` moves only if given. TypeError: no such field."""
        raise NotImplementedError

    def delete_thread(self, thread_id: str) -> Future[None]:
        """Hide a thread everywhere; ``restore_thread`` undoes it."""
        raise NotImplementedError

    def restore_thread(self, thread_id: str) -> Future[None]:
        """Undo ``delete_thread``."""
        raise NotImplementedError

    def purge(self, deleted_before: float) -> Future[int]:
        """Really remove threads deleted before that time, and files nobody refers to; how many threads went."""
        raise NotImplementedError

    # --- writes: turns --------------------------------------------------------------------------------------------

    def begin_turn(self, turn: Turn, *, tip: bool = True) -> Future[None]:
        """Insert a turn, make it the thread's tip and its parent's chosen child, in one transaction.

        Await it before the request leaves. ``tip=False`` leaves the thread's tip where it is.
        """
        raise NotImplementedError

    def append_partial(
        self, turn_id: str, text: str, kind: Literal["text", "reasoning"] = "text"
    ) -> Future[None]:
        """Append the *new* part of an answer in flight as a checkpoint."""
        raise NotImplementedError

    def end_turn(self, turn: Turn) -> Future[None]:
        """Write the whole finished turn and drop its checkpoints, in one transaction. Inserts it if it is missing."""
        raise NotImplementedError

    def select_turn(self, turn_id: str) -> Future[str]:
        """Walk to a turn: its ancestors choose it, the thread's tip becomes the end of *its* continuation; that id."""
        raise NotImplementedError

    # --- writes: what is remembered -------------------------------------------------------------------------------

    def set_favourite(self, model: str, on: bool) -> Future[None]:
        """Add or remove a favourite."""
        raise NotImplementedError

    def set_hidden(self, model: str, on: bool) -> Future[None]:
        """Hide or show a model."""
        raise NotImplementedError

    def add_refusal(self, server: str, model: str, feature: str, until: float) -> Future[None]:
        """Remember that a server refuses ``feature`` for ``model`` until that time."""
        raise NotImplementedError

    def clear_refusal(self, server: str, model: str, feature: str) -> Future[None]:
        """Forget a refusal."""
        raise NotImplementedError

    # --- reads ----------------------------------------------------------------------------------------------------

    async def threads(self, limit: int = 500, include_archived: bool = False) -> list[Thread]:
        """Pinned first, then the latest; without deleted ones."""
        raise NotImplementedError

    async def thread(self, thread_id: str) -> Thread | None:
        """One thread, also a deleted one."""
        raise NotImplementedError

    async def last_thread(self) -> Thread | None:
        """The thread that was used last."""
        raise NotImplementedError

    async def find_thread(self, words: str) -> Thread | None:
        """By id, by the beginning of an id (4 characters or more), by title, by words of the title; the latest wins."""
        raise NotImplementedError

    async def turn(self, turn_id: str, *, with_files: bool = True) -> Turn | None:
        """One turn with its place among its siblings."""
        raise NotImplementedError

    async def turns(self, ids: Iterable[str], *, with_files: bool = False) -> list[Turn]:
        """Those turns, in the order asked for; unknown ids are left out."""
        raise NotImplementedError

    async def path(self, tip_id: str | None, *, limit: int | None = None, with_files: bool = True) -> list[Turn]:
        """The turns from the root to ``tip_id``, or the last ``limit`` of them; [] for ``None`` or an unknown id.

        ``with_files=False`` leaves large base64 payloads as ``{"$poe_file": sha256, …}`` references.
        """
        raise NotImplementedError

    async def outline(self, tip_id: str | None) -> list[TurnOutline]:
        """The same path without contents: ids, status and lengths, for opening a long thread lazily."""
        raise NotImplementedError

    async def depth(self, tip_id: str | None) -> int:
        """How many turns ``path(tip_id)`` has; one look-up."""
        raise NotImplementedError

    async def siblings(self, turn_id: str) -> list[Turn]:
        """The turns with the same parent in the same thread, oldest first, itself included."""
        raise NotImplementedError

    async def tree(self, thread_id: str, *, with_files: bool = True) -> list[Turn]:
        """Every turn of a thread, oldest first: for a lossless export."""
        raise NotImplementedError

    async def partial(self, turn_id: str) -> tuple[str, str]:
        """The checkpoints of a turn in flight so far: (text, reasoning)."""
        raise NotImplementedError

    async def search(self, query: str, limit: int = 50) -> list[SearchHit]:
        """Threads by title, then turns by full text; the last word may be unfinished. Any text is a valid query."""
        raise NotImplementedError

    async def favourites(self) -> list[str]:
        """In the order they were added."""
        raise NotImplementedError

    async def hidden(self) -> set[str]:
        """The models hidden from the picker."""
        raise NotImplementedError

    async def refusals(self, server: str) -> dict[tuple[str, str], float]:
        """(model, feature) -> until."""
        raise NotImplementedError

    async def recent_models(self, limit: int = 10) -> list[str]:
        """The models of the latest turns, latest first, each once."""
        raise NotImplementedError

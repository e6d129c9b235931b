"""Store: threads, turns and what is remembered, in one SQLite file. The only door to ``storage/``.

**Writes** are enqueued and return a ``concurrent.futures.Future`` at once; one thread does them in order. They cannot
be cancelled: cancelling a task that awaits ``asyncio.wrap_future(...)`` of one leaves the write alone. A Future
resolves after the commit, or with a ``StoreError`` whose text is for people (``disk full``). A write that failed for
want of space, by a read-only disk or an I/O error is kept in memory and tried again (before every later write and
every two seconds), in order, up to 64 MB; only then are checkpoints of partial answers dropped, then the oldest
writes.

**Reads** are coroutines; they run on a connection and a thread of their own and never block the event loop. The turns
that ``turn``, ``turns``, ``path`` and ``siblings`` give are as they were handed to ``begin_turn`` and ``end_turn``,
on disk yet or not; the other reads wait half a second at most for the writes enqueued before them.

Values handed in are the store's afterwards: do not change the items of a Turn after giving it away.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from poe_tui.model import DraftPart, Thread, Turn
from poe_tui.storage import changes, queries, recovery
from poe_tui.storage.connection import Journal
from poe_tui.storage.errors import StoreError, StoreState
from poe_tui.storage.files import Files
from poe_tui.storage.opening import Opened, open_path
from poe_tui.storage.pending import Pending
from poe_tui.storage.reader import Reader
from poe_tui.storage.rows import TurnOutline
from poe_tui.storage.search import SearchHit, search
from poe_tui.storage.writer import Job, Work, Writer

__all__ = ["SearchHit", "Store", "StoreError", "StoreState", "TurnOutline"]

_RECOVERY_SECONDS = 2.0

T = TypeVar("T")


class Store:
    """One database. Open it with ``Store.open``; close it with ``close`` (or use it as a context manager)."""

    def __init__(self, opened: Opened, path: Path | None, on_state: Callable[[StoreState], None] | None) -> None:
        self.file = path if opened.database is not None else None
        """The database file; ``None`` when the store lives in memory."""
        self.read_only_reason = opened.read_only_reason
        """Why nothing of this session is kept on disk although a path was given; ``None`` when all is well."""
        self.notices = opened.notices
        """Sentences to show a person: a damaged database was moved aside (with its path), nothing can be saved …

        It may grow while the store is open; ``on_state`` is called then."""
        self.on_state = on_state
        """Called from a thread of the store when ``state`` changes; must not block (``loop.call_soon_threadsafe``)."""
        self._opened = opened
        self._owner = opened.lease.owner if opened.lease is not None else ""
        self._pending = Pending()
        self._numbers = itertools.count(1)
        self._last: Future[Any] | None = None
        self._writer = Writer(opened.database, opened.memory, self._changed)
        self._reader = Reader(opened.database, self._writer, self._changed)

    @classmethod
    def open(
        cls,
        path: Path | None,
        *,
        journal: Journal | None = None,
        on_state: Callable[[StoreState], None] | None = None,
    ) -> Store:
        """Open or create the database; never raises for the state of the disk.

        Where it cannot be written to, or was written by a newer version, the store lives in memory, with what could be
        read of the file, and says so in ``notices`` and ``read_only_reason``. Turns that a killed process left are
        ``interrupted`` afterwards.

        Blocks (a few milliseconds; seconds when an old database is brought up to date): call it through
        ``asyncio.to_thread``.

        Args:
            path: the file; ``None`` keeps everything in memory (temporary threads, ``--no-save``).
            journal: overrides the choice between WAL and DELETE, which goes by the linked SQLite's version.
            on_state: see ``Store.on_state``.
        """
        store = cls(open_path(path, journal), path, on_state)
        store._recover()
        return store

    @property
    def journal_mode(self) -> str:
        """``wal``, ``delete`` or ``memory``."""
        return self._opened.journal_mode

    @property
    def state(self) -> StoreState:
        """How the writer is doing right now."""
        return self._writer.state

    def close(self, timeout: float = 2.0) -> bool:
        """Write what is queued, close, and return whether everything is on disk. Blocks up to ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        written = self._writer.close(timeout)
        self._reader.close(max(deadline - time.monotonic(), 0.1))
        if self._opened.lease is not None:
            self._opened.lease.release()
        return written

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def flush(self) -> bool:
        """Wait until everything enqueued so far was tried; False when some of it waits for another try."""
        await asyncio.wrap_future(self._writer.submit(Job(lambda db: None, kind="mark")))
        return self._writer.state.kind != "unsaved"

    # --- writes: threads ------------------------------------------------------------------------------------------

    def add_thread(self, thread: Thread) -> Future[None]:
        """Insert a thread. Zero times become now."""
        now = time.time()
        thread = replace(
            thread, created_at=thread.created_at or now, updated_at=thread.updated_at or thread.created_at or now
        )
        done = self._pending.add_thread(thread)
        return self._write(lambda db: changes.add_thread(db, thread), after=done)

    def update_thread(self, thread_id: str, **fields: Any) -> Future[None]:
        """Set fields of ``Thread`` by name (not ``id``). ``updated_at`` moves only if it is given.

        Raises:
            TypeError: there is no such field.
        """
        unknown = fields.keys() - changes.THREAD_FIELDS.keys()
        if unknown:
            raise TypeError(f"a thread has no field {', '.join(sorted(unknown))}")
        size = sum(len(value) for value in fields.values() if isinstance(value, str))
        return self._write(lambda db: changes.update_thread(db, thread_id, fields), size=size)

    def show_thread(self, thread_id: str) -> Future[None]:
        """Remember that a thread is on screen now: the next start can go on there."""
        now = time.time()
        return self._write(lambda db: changes.show_thread(db, thread_id, now))

    def keep_parts(self, thread_id: str, parts: Sequence[DraftPart]) -> Future[None]:
        """Save what is attached to a thread's draft, in the place of what was."""
        size = sum(len(part.data) for part in parts)
        return self._write(lambda db: changes.keep_parts(db, thread_id, parts), size=size)

    def delete_thread(self, thread_id: str) -> Future[None]:
        """Hide a thread everywhere; ``restore_thread`` undoes it."""
        return self.update_thread(thread_id, deleted_at=time.time())

    def restore_thread(self, thread_id: str) -> Future[None]:
        """Undo ``delete_thread``."""
        return self.update_thread(thread_id, deleted_at=None)

    def purge(self, deleted_before: float) -> Future[int]:
        """Really remove threads deleted before that time, and files nobody refers to; how many threads went."""
        purging = self._write(lambda db: changes.purge(db, deleted_before))
        # Only once that is committed, and so from the writer's thread.
        purging.add_done_callback(lambda _: self._write(lambda db: changes.sweep(db, self._opened.files)))
        return purging

    # --- writes: turns --------------------------------------------------------------------------------------------

    def begin_turn(self, turn: Turn, *, tip: bool = True) -> Future[None]:
        """Insert a turn, make it the thread's tip and its parent's chosen child, in one transaction.

        Await it before the request leaves. ``tip=False`` leaves the thread's tip where it is.
        """
        turn = _own(turn)
        done = self._pending.add_turn(turn)
        if tip:
            self._pending.lead(turn.thread_id, turn.id)
        return self._write(
            lambda db: changes.begin_turn(db, turn, self._place(), tip=tip), size=_size(turn), after=done
        )

    def append_partial(self, turn_id: str, text: str, kind: Literal["text", "reasoning"] = "text") -> Future[None]:
        """Append the *new* part of an answer in flight as a checkpoint."""
        number, now = next(self._numbers), time.time()
        job = Job(
            lambda db: changes.append_partial(db, turn_id, number, kind, text, now),
            size=256 + len(text),
            kind="partial",
            turn_id=turn_id,
        )
        return self._submit(job)

    def end_turn(self, turn: Turn) -> Future[None]:
        """Write the whole finished turn and drop its checkpoints, in one transaction. Inserts it if it is missing."""
        turn = _own(turn)
        job = Job(
            lambda db: changes.end_turn(db, turn, self._place()),
            size=_size(turn),
            kind="end",
            turn_id=turn.id,
            after=self._pending.add_turn(turn),
        )
        return self._submit(job)

    def select_turn(self, turn_id: str) -> Future[str]:
        """Walk to a turn: its ancestors choose it, and the thread's tip becomes the end of the turn's own continuation.

        The result is that tip's id.
        """
        return self._write(lambda db: changes.select_turn(db, turn_id))

    # --- writes: what is remembered -------------------------------------------------------------------------------

    def set_favourite(self, model: str, on: bool) -> Future[None]:
        """Add or remove a favourite."""
        return self._write(lambda db: changes.set_listed(db, "favourites", model, on))

    def set_hidden(self, model: str, on: bool) -> Future[None]:
        """Hide or show a model."""
        return self._write(lambda db: changes.set_listed(db, "hidden", model, on))

    def add_refusal(self, server: str, model: str, feature: str, until: float) -> Future[None]:
        """Remember that a server refuses ``feature`` for ``model`` until that time."""
        return self._write(lambda db: changes.add_refusal(db, server, model, feature, until))

    def clear_refusal(self, server: str, model: str, feature: str) -> Future[None]:
        """Forget a refusal."""
        return self._write(lambda db: changes.clear_refusal(db, server, model, feature))

    # --- reads ----------------------------------------------------------------------------------------------------

    async def threads(self, limit: int = 500, include_archived: bool = False) -> list[Thread]:
        """Pinned first, then the latest; without deleted ones."""
        found = await self._read(lambda db: queries.threads(db, limit, include_archived))
        known = {thread.id for thread in found}
        return [thread for thread in self._pending.threads() if thread.id not in known] + found

    async def thread(self, thread_id: str) -> Thread | None:
        """One thread, also a deleted one."""
        found = await self._read(lambda db: queries.thread(db, thread_id))
        return self._pending.thread(thread_id) if found is None else found

    async def last_thread(self) -> Thread | None:
        """The thread that was on screen or got a turn last."""
        return await self._read(queries.last_thread)

    async def parts(self, thread_id: str) -> list[DraftPart]:
        """What is attached to a thread's draft."""
        return await self._read(lambda db: queries.parts(db, thread_id))

    async def find_thread(self, words: str) -> Thread | None:
        """By id, by the beginning of an id (4 characters or more), by title, by words of the title; the latest wins."""
        return await self._read(lambda db: queries.find_thread(db, words))

    async def turn(self, turn_id: str, *, with_files: bool = True) -> Turn | None:
        """One turn with its place among its siblings."""
        found = await self.turns([turn_id], with_files=with_files)
        return found[0] if found else None

    async def turns(self, ids: Iterable[str], *, with_files: bool = False) -> list[Turn]:
        """Those turns, in the order asked for; unknown ids are left out."""
        wanted = list(dict.fromkeys(ids))
        files = self._payloads(with_files)
        rows = {turn.id: turn for turn in await self._read(lambda db: queries.turns(db, wanted, files))}
        found = [self._pending.over(turn_id, rows.get(turn_id)) for turn_id in wanted]
        return [turn for turn in found if turn is not None]

    async def path(self, tip_id: str | None, *, limit: int | None = None, with_files: bool = True) -> list[Turn]:
        """The turns from the root to ``tip_id``, or the last ``limit`` of them; [] for ``None`` or an unknown id.

        ``with_files=False`` leaves large base64 payloads as ``{"$poe_file": sha256, …}`` references.
        """
        if tip_id is None or limit == 0:
            return []
        files = self._payloads(with_files)
        # The newest may not be on disk yet; below them everything is, because writes keep their order.
        above = self._pending.above(tip_id)
        start = above[-1].parent_id if above else tip_id
        rows = await self._read(lambda db: queries.path(db, start, limit, files)) if start else []
        new = await self.turns([turn.id for turn in reversed(above)], with_files=with_files)
        path = rows + new
        return path if limit is None else path[-limit:]

    async def outline(self, tip_id: str | None) -> list[TurnOutline]:
        """The same path without contents: ids, status and lengths, for opening a long thread lazily."""
        return await self._read(lambda db: queries.outline(db, tip_id)) if tip_id else []

    async def depth(self, tip_id: str | None) -> int:
        """How many turns ``path(tip_id)`` has; one look-up."""
        return await self._read(lambda db: queries.depth(db, tip_id)) if tip_id else 0

    async def siblings(self, turn_id: str) -> list[Turn]:
        """The turns with the same parent in the same thread, oldest first, itself included."""
        rows = await self._read(lambda db: queries.siblings(db, turn_id))
        return await self.turns(rows or [turn_id])

    async def tree(self, thread_id: str, *, with_files: bool = True) -> list[Turn]:
        """Every turn of a thread, oldest first: for a lossless export."""
        files = self._payloads(with_files)
        return await self._read(lambda db: queries.tree(db, thread_id, files))

    async def partial(self, turn_id: str) -> tuple[str, str]:
        """The checkpoints of a turn in flight so far: (text, reasoning)."""
        return await self._read(lambda db: recovery.checkpoints(db, turn_id))

    async def search(self, query: str, limit: int = 50) -> list[SearchHit]:
        """Threads by title, then turns by full text; the last word may be unfinished. Any text is a valid query."""
        return await self._read(lambda db: search(db, query, limit, index=self._opened.indexed()))

    async def favourites(self) -> list[str]:
        """In the order they were added."""
        return await self._read(lambda db: queries.listed(db, "favourites"))

    async def hidden(self) -> set[str]:
        """The models hidden from the picker."""
        return set(await self._read(lambda db: queries.listed(db, "hidden")))

    async def refusals(self, server: str) -> dict[tuple[str, str], float]:
        """(model, feature) -> until, also those whose time has passed."""
        return await self._read(lambda db: queries.refusals(db, server))

    async def recent_models(self, limit: int = 10) -> list[str]:
        """The models of the latest turns, latest first, each once."""
        return await self._read(lambda db: queries.recent_models(db, limit))

    # --- within ---------------------------------------------------------------------------------------------------

    def _recover(self) -> None:
        """End what killed processes left, before anybody reads it; while the database is locked, a little later."""
        lease = self._opened.lease
        if lease is None:
            return
        # Looked at without a lock: usually there is nothing, and others are writing.
        look = self._writer.submit(Job(lambda db: recovery.leftovers(db, lease.alive), kind="read"))
        wait_for([look], timeout=_RECOVERY_SECONDS)
        if not look.done() or look.exception() or look.result():
            self._last = self._writer.run(lambda db: recovery.recover(db, lease.alive))
            wait_for([self._last], timeout=_RECOVERY_SECONDS)
        lease.tidy()

    def _place(self) -> changes.Place:
        database, lease = self._opened.database, self._opened.lease
        if database is not None and lease is not None:
            lease.hold()
        return changes.Place(self._owner, self._opened.files, database is not None and database.replaced)

    def _payloads(self, wanted: bool) -> Files | None:
        return self._opened.files if wanted else None

    def _write(self, work: Work, *, size: int = 0, after: Callable[[], None] | None = None) -> Future[Any]:
        return self._submit(Job(work, size=256 + size, after=after))

    def _submit(self, job: Job) -> Future[Any]:
        self._last = self._writer.submit(job)
        return self._last

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self._reader.run(work, self._last)

    def _changed(self, state: StoreState) -> None:
        if self.on_state is not None:
            self.on_state(state)


def _own(turn: Turn) -> Turn:
    """A copy that the caller's later changes to its Turn do not reach; the items themselves are not copied."""
    return replace(turn, input=list(turn.input), output=list(turn.output), created_at=turn.created_at or time.time())


def _size(turn: Turn) -> int:
    """About how much memory a turn holds: its texts count, the rest is small."""
    return 4096 + len(turn.input_text) + len(turn.output_text)

"""The writer: one thread, one queue, writes in order, whole or not at all.

Writes that wait together are committed together, each in a savepoint of its own, so that one that makes no sense
cannot take others with it. What goes wrong with the disk is told by the Future at once, and the write stays in the
backlog: later ones line up behind it, and all are tried again with every new write and every two seconds.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar, cast

from poe_tui.storage.connection import BUSY_MS
from poe_tui.storage.database import Database, mend_index
from poe_tui.storage.errors import WORDS, IndexSuspected, Refused, StoreError, StoreState, Trouble, store_error, trouble

_BATCH: Final = 256
_RETRY_SECONDS: Final = 2.0
_BUSY_NOTICE: Final = 5.0
_PAUSE: Final = 0.02
_MOST_KEPT: Final = 64 * 1024 * 1024

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]


@dataclass(slots=True, eq=False)
class Job:
    """One write (or, in memory, read) and the Future of its result."""

    run: Work
    future: Future[Any] = field(default_factory=Future)
    size: int = 256
    """About how much memory it holds on to, in bytes; 0 for the writer's own, which need no second try."""
    kind: Literal["write", "partial", "end", "read", "mark"] = "write"
    """``read`` needs no transaction, ``mark`` only its turn."""
    turn_id: str = ""
    told: bool = False
    """Its Future was resolved already, with the error."""
    after: Callable[[], None] | None = None
    """Called when it is done with for good: committed, senseless, or given up."""


class Writer:
    """Owns the writing connection. Every method may be called from any thread."""

    def __init__(
        self,
        database: Database | None,
        memory: sqlite3.Connection | None,
        on_state: Callable[[StoreState], None],
        *,
        most_kept: int = _MOST_KEPT,
    ) -> None:
        self.state = StoreState()
        self._database = database
        self._connection = memory
        self._generation = 0
        self._on_state = on_state
        self._most_kept = most_kept
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._backlog: list[Job] = []
        self._committed: list[tuple[Job, Any, StoreError | None]] = []
        self._closed = False
        self._lock = threading.Lock()
        self._deadline = float("inf")
        self._thread = threading.Thread(target=self._work, name="poe-tui-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> Future[Any]:
        """Enqueue. The Future cannot be cancelled: a task that dies while it waits does not take the write with it."""
        job.future.set_running_or_notify_cancel()
        with self._lock:
            if self._closed:
                job.future.set_exception(StoreError("the store is closed", "closed"))
            else:
                self._queue.put(job)
        return job.future

    def run(self, work: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Enqueue a plain write."""
        return cast("Future[T]", self.submit(Job(work)))

    def close(self, timeout: float) -> bool:
        """Do what is queued, within ``timeout`` seconds, and end; whether everything was written."""
        with self._lock:
            if not self._closed:
                self._closed = True
                # The last wait inside SQLite ends after the deadline.
                self._deadline = time.monotonic() + max(timeout - 2 * BUSY_MS / 1000, 0.0)
                self._queue.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive() and not self._backlog

    # --- the thread -----------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            going = True
            while going:
                jobs, going = self._next()
                try:
                    self._process(jobs)
                except Exception as error:  # A bug must not leave anybody waiting for a Future for ever.
                    for job in jobs:
                        _resolve(job, None, store_error(error))
        finally:
            self._disconnect(final=True)

    def _next(self) -> tuple[list[Job], bool]:
        """Wait for work; what is there by then, and False when it is the last. A pause tries the backlog again."""
        try:
            job = self._queue.get(timeout=_RETRY_SECONDS if self._backlog else None)
        except queue.Empty:
            return [], True
        jobs: list[Job] = []
        while job is not None:
            jobs.append(job)
            if len(jobs) >= _BATCH:
                return jobs, True
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return jobs, True
        return jobs, False

    def _process(self, jobs: Sequence[Job]) -> None:
        writes: list[Job] = []
        for job in jobs:
            if job.kind in ("read", "mark"):
                self._write(writes)
                writes = []
                self._aside(job)
            else:
                writes.append(job)
        self._write(writes)

    def _write(self, new: list[Job]) -> None:
        """Commit the backlog and the new jobs; what the disk refuses becomes the backlog."""
        jobs = [*self._backlog, *new]
        if not jobs:
            return
        try:
            error = self._attempt(jobs)
            if error is not None and error.kind in ("full", "invalid"):
                # There may be room for some of it, or one of them spoils it: one by one and in order.
                jobs, error = self._singly(jobs)
            self._keep(jobs if error else [], error)
        finally:
            for committed in self._committed:
                _resolve(*committed)
            self._committed.clear()

    def _singly(self, jobs: list[Job]) -> tuple[list[Job], StoreError | None]:
        for index, job in enumerate(jobs):
            error = self._attempt([job])
            if error is not None and error.kind == "invalid":
                _resolve(job, None, error)
            elif error is not None:
                return jobs[index:], error
        return [], None

    def _keep(self, jobs: list[Job], error: StoreError | None) -> None:
        """What failed becomes the backlog. The state is told first: whoever a Future wakes finds it as it is."""
        self._backlog = self._bounded(jobs)
        if self._backlog and error is not None:
            self._tell(StoreState("unsaved", error.reason, len(self._backlog)))
        elif self.state.kind != "ok":
            self._tell(StoreState())
        for job in jobs:
            if not job.told and error is not None:
                job.told = True
                job.future.set_exception(error)

    def _bounded(self, jobs: list[Job]) -> list[Job]:
        """Checkpoints of an answer whose end waits too are not needed; then the oldest checkpoints go, then all."""
        ended = {job.turn_id for job in jobs if job.kind == "end"}
        kept = [job for job in jobs if not (job.kind == "partial" and job.turn_id in ended) and job.size]
        excess = sum(job.size for job in kept) - self._most_kept
        for kinds in (("partial",), ("write", "end")):
            for job in [job for job in kept if job.kind in kinds]:
                if excess <= 0:
                    break
                kept.remove(job)
                excess -= job.size
                if job.after:
                    job.after()
        return kept

    def _attempt(self, jobs: Sequence[Job]) -> StoreError | None:
        """Commit all of ``jobs``, however long another program holds the database; or say why that is impossible."""
        since = time.monotonic()
        mended = 0
        if since > self._deadline:
            return StoreError("there was no time left to save it", "busy")
        while True:
            try:
                self._transaction(jobs)
            except Refused as error:
                return StoreError(error.reason, "io")
            except (sqlite3.Error, OSError) as error:
                kind = trouble(error)
                if kind is Trouble.BUSY and time.monotonic() < self._deadline:
                    self._wait_for_others(since, len(jobs))
                    continue
                if kind in (Trouble.DAMAGED, Trouble.INDEX_DAMAGED) and mended < 3 and self._mend(kind, mended):
                    mended += 1
                    continue
                if kind in (Trouble.READONLY, Trouble.IO):
                    self._disconnect()  # A new connection sees a disk that was mounted anew.
                return store_error(error)
            else:
                return None

    def _wait_for_others(self, since: float, waiting: int) -> None:
        if time.monotonic() - since > _BUSY_NOTICE and self.state.kind != "busy":
            self._tell(StoreState("busy", WORDS[Trouble.BUSY], waiting))
        time.sleep(_PAUSE)

    def _mend(self, kind: Trouble, tries: int) -> bool:
        """Build the full-text index again; if that was not it, put a fresh database in the damaged one's place."""
        if tries == 0:  # SQLite does not always tell an index's damage from a table's.
            with contextlib.suppress(sqlite3.Error, OSError, Refused):
                self._transaction([Job(mend_index, size=0)])
            return True
        if self._database is None:
            return False
        self._disconnect()
        try:
            self._database.renew(self._generation, damaged=True)
        except Refused:
            return False
        self._tell(StoreState("damaged", self._database.notices[-1] if self._database.notices else ""))
        return True

    def _transaction(self, jobs: Sequence[Job]) -> None:
        db = self._connected()
        results: list[tuple[Job, Any, StoreError | None]] = []
        db.execute("BEGIN IMMEDIATE")
        try:
            for job in jobs:
                results.append((job, *_in_savepoint(db, job.run)))
            db.execute("COMMIT")
        except BaseException:
            # SQLite has rolled back by itself for some errors; a rollback that fails leaves nothing to do either.
            with contextlib.suppress(sqlite3.Error):
                if db.in_transaction:
                    db.execute("ROLLBACK")
            raise
        self._committed += results

    def _aside(self, job: Job) -> None:
        """A read of a store in memory, or a mark, in its place among the writes."""
        try:
            result = job.run(self._connected()) if job.kind == "read" else None
        except Exception as error:
            _resolve(job, None, store_error(error))
        else:
            _resolve(job, result, None)

    def _connected(self) -> sqlite3.Connection:
        if self._database is not None:
            self._database.check()
            if self._connection is None or self._generation != self._database.generation:
                self._disconnect()
                self._generation = self._database.generation
                self._connection = self._database.connect()
        if self._connection is None:
            raise StoreError("the store is closed", "closed")
        return self._connection

    def _disconnect(self, *, final: bool = False) -> None:
        # A database in memory is its connection: it goes last.
        if self._connection is not None and (self._database is not None or final):
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _tell(self, state: StoreState) -> None:
        self.state = state
        # The listener is the app's: its failure must not stop the writer.
        with contextlib.suppress(Exception):
            self._on_state(state)


def _in_savepoint(db: sqlite3.Connection, run: Work) -> tuple[Any, StoreError | None]:
    """Run one job; what is the job's own fault is returned, what is the disk's is raised."""
    db.execute("SAVEPOINT job")
    try:
        result = run(db)
    except Exception as error:
        if isinstance(error, sqlite3.Error | OSError) and trouble(error) is not Trouble.INVALID:
            raise
        if not db.in_transaction:
            # None of our own statements ends the transaction by failing; FTS5 does, on damage it did not recognise.
            raise IndexSuspected(str(error)) from error
        db.execute("ROLLBACK TO job")
        db.execute("RELEASE job")
        return None, store_error(error)
    db.execute("RELEASE job")
    return result, None


def _resolve(job: Job, result: Any, error: StoreError | None) -> None:
    if job.after:
        job.after()
    if job.told or job.future.done():
        return
    job.told = True
    if error is None:
        job.future.set_result(result)
    else:
        job.future.set_exception(error)

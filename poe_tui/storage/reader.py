"""The reader: one thread and one connection for reads, so that a long one blocks neither the event loop nor a write."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from poe_tui.storage.database import Database, mend_index
from poe_tui.storage.errors import WORDS, StoreError, StoreState, Trouble, store_error, trouble
from poe_tui.storage.writer import Job, Writer

_PATIENCE: Final = 30.0
_SETTLE: Final = 0.5
_PAUSE: Final = 0.02

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Read:
    run: Callable[[sqlite3.Connection], Any]
    after: Future[Any] | None
    future: Future[Any] = field(default_factory=Future)


class Reader:
    """Runs reads in order. In memory there is only one connection, so there they queue with the writes."""

    def __init__(self, database: Database | None, writer: Writer, on_state: Callable[[StoreState], None]) -> None:
        self._database = database
        self._writer = writer
        self._on_state = on_state
        self._connection: sqlite3.Connection | None = None
        self._generation = -1
        self._closed = False
        self._queue: queue.SimpleQueue[_Read | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        if database is not None:
            self._thread = threading.Thread(target=self._work, name="poe-tui-reader", daemon=True)
            self._thread.start()

    async def run(self, work: Callable[[sqlite3.Connection], T], after: Future[Any] | None) -> T:
        """Read, after a write that was enqueued earlier if that takes no longer than half a second.

        Raises:
            StoreError: what is wrong, in words.
        """
        if self._closed:
            raise StoreError("the store is closed", "closed")
        if self._thread is None:
            return cast(T, await asyncio.wrap_future(self._writer.submit(Job(work, kind="read"))))
        read = _Read(work, after)
        self._queue.put(read)
        return cast(T, await asyncio.wrap_future(read.future))

    def close(self, timeout: float) -> None:
        """Answer what was asked, within ``timeout`` seconds, and end."""
        self._closed = True
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout)

    def _work(self) -> None:
        try:
            while (read := self._queue.get()) is not None:
                if not read.future.set_running_or_notify_cancel():
                    continue  # Nobody waits for it any more.
                if read.after is not None and not self._closed:
                    wait([read.after], timeout=_SETTLE)
                try:
                    result = self._answer(read.run)
                except Exception as error:
                    read.future.set_exception(store_error(error))
                else:
                    read.future.set_result(result)
        finally:
            self._disconnect()

    def _answer(self, run: Callable[[sqlite3.Connection], Any]) -> Any:
        deadline = time.monotonic() + _PATIENCE
        mended = 0
        while True:
            try:
                return run(self._connected())
            except (sqlite3.Error, OSError) as error:
                kind = trouble(error)
                if kind is Trouble.BUSY and time.monotonic() < deadline and not self._closed:
                    time.sleep(_PAUSE)
                    continue
                if mended >= 3 or not self._mend(kind, error, mended):
                    raise
                mended += 1

    def _mend(self, kind: Trouble, error: Exception, tries: int) -> bool:
        """Do something about damage; whether it is worth asking again."""
        database = self._database
        if kind is Trouble.INVALID and getattr(error, "sqlite_errorcode", None) is None and self._connection:
            # Text that is not UTF-8: a flipped bit. The default is kept for speed until it is needed.
            self._connection.text_factory = _lenient
            return tries == 0
        if kind not in (Trouble.DAMAGED, Trouble.INDEX_DAMAGED) or database is None:
            return False
        if tries == 0:  # SQLite does not always tell an index's damage from a table's.
            with contextlib.suppress(StoreError, TimeoutError):
                self._writer.run(mend_index).result(timeout=_PATIENCE)
            return True
        generation = self._generation
        self._disconnect()
        database.renew(generation, damaged=True)
        words = database.notices[-1] if database.notices else WORDS[Trouble.DAMAGED]
        with contextlib.suppress(Exception):
            self._on_state(StoreState("damaged", words))
        return True

    def _connected(self) -> sqlite3.Connection:
        database = self._database
        if database is None:
            raise StoreError("the store is closed", "closed")
        database.check()
        if self._connection is None or self._generation != database.generation:
            self._disconnect()
            self._generation = database.generation
            self._connection = database.connect()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _lenient(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")

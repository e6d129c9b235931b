"""Blocking work on files in a daemon thread: a disk that hangs holds up neither the loop nor the end of the program.

asyncio's own executor is joined at exit. A dead network file system would keep the app from quitting for minutes; here
its thread is simply left behind.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T], *, seconds: float | None = None) -> T:
    """Return what ``work`` returns, or raise what it raises.

    Raises:
        TimeoutError: it took longer than ``seconds``; it goes on for nobody.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            tell = partial(_give, future, work())
        except Exception as error:
            tell = partial(_fail, future, error)
        with suppress(RuntimeError):  # The loop is closed: nobody waits any more.
            loop.call_soon_threadsafe(tell)

    threading.Thread(target=run, name="aside", daemon=True).start()
    async with asyncio.timeout(seconds):
        return await future


def _give(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[T], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)

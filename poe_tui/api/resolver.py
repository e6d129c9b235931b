"""
Host names looked up in daemon threads, so that a resolver that hangs holds nothing and nobody up.

asyncio looks names up in its default executor, whose threads Python joins at exit: with a dead DNS server the app would
not quit for half a minute. Here a lookup is a daemon thread that is simply left behind.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

Addresses = list[str]
Lookup = Callable[[str, int], Any]

LOOPBACK_NAMES = ("127.0.0.1", "::1")
"""``localhost`` is this machine whatever a resolver says (RFC 6761 §6.3)."""


def getaddrinfo(host: str, port: int) -> Any:
    """Look ``host`` up with the system's resolver; blocks."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class Resolver:
    """Looks names up. Calls for the same name share one thread; abandoning a lookup costs nothing."""

    def __init__(self, lookup: Lookup = getaddrinfo) -> None:
        self._lookup = lookup
        self._running: dict[tuple[str, int], asyncio.Future[Any]] = {}

    async def addresses(self, host: str, port: int) -> Addresses:
        """Return the numeric addresses of ``host``, families in turn. Raises ``OSError`` (``gaierror``)."""
        if host.lower().rstrip(".") == "localhost":
            return list(LOOPBACK_NAMES)
        if _numeric(host):
            return [host]
        key = (host, port)
        future = self._running.get(key)
        if future is None:
            future = self._running[key] = self._start(host, port)
            future.add_done_callback(lambda done: self._finished(key, done))
        found = await asyncio.shield(future)
        return _interleave(found)

    def _start(self, host: str, port: int) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def run() -> None:
            result: Any = None
            failure: BaseException | None = None
            try:
                result = self._lookup(host, port)
            except UnicodeError:
                failure = socket.gaierror(socket.EAI_NONAME, "not a valid host name")
            except Exception as error:
                failure = error
            with suppress(RuntimeError):  # The loop is closed: nobody waits any more.
                loop.call_soon_threadsafe(_settle, future, result, failure)

        threading.Thread(target=run, name=f"resolve {host}", daemon=True).start()
        return future

    def _finished(self, key: tuple[str, int], done: asyncio.Future[Any]) -> None:
        self._running.pop(key, None)
        if not done.cancelled():
            done.exception()  # Seen: an abandoned lookup that fails is no news to anybody.


def _settle(future: asyncio.Future[Any], result: Any, failure: BaseException | None) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)


def _numeric(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.split("%")[0])
        except OSError:
            continue
        return True
    return False


def _interleave(found: Any) -> Addresses:
    """Order the addresses so that the families take turns, the resolver's first choice first; each once."""
    families: dict[int, Addresses] = {}
    for family, _, _, _, address in found:
        if family in (socket.AF_INET, socket.AF_INET6):
            families.setdefault(family, []).append(str(address[0]))
    queues = [list(dict.fromkeys(queue)) for queue in families.values()]
    result: Addresses = []
    while any(queues):
        result.extend(queue.pop(0) for queue in queues if queue)
    if not result:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    return result

"""The demo server: the Poe API on loopback, for ``--demo``, for ``poe-tui demo-server`` and for every test.

In an event loop of one's own::

    async with DemoServer(speed=0) as server:
        client = PoeClient(server.base_url, key)

in a thread, for an app whose loop must stay free, or for code that has none::

    with DemoServer.in_thread(speed=0) as server:
        subprocess.run([...], env={"POE_BASE_URL": server.base_url, "POE_API_KEY": "demo"})

What a test scripts and asks for may be called from any thread. ``models.py`` lists the models and what each shows,
``faults.py`` what can go wrong.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from poe_tui.demo.endpoints import Endpoints
from poe_tui.demo.faults import Fault, FaultFields, FaultKind, Gate
from poe_tui.demo.http import Connection, HTTPError
from poe_tui.demo.record import RecordedRequest

if TYPE_CHECKING:
    from poe_tui.demo.answer import Scripted

HOST = "127.0.0.1"


class DemoServer:
    """A Poe-format API server on 127.0.0.1.

    :param port: the port, or 0 for one that is free; ``.port`` tells which.
    :param speed: factor on every pause: 1.0 is the pace of a real model, 0 has no pauses at all.
    :param memory: what happens to ``previous_response_id``: ``keep`` honours it, ``refuse`` answers it by the 400 about
        data retention, ``forget`` takes it and knows nothing.
    """

    def __init__(
        self,
        port: int = 0,
        speed: float = 1.0,
        memory: Literal["keep", "refuse", "forget"] = "keep",
    ) -> None:
        self.port = port
        self._endpoints = Endpoints(speed=speed, memory=memory, changed=self._changed)
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None
        self._lock = threading.Lock()
        self._waiting: list[tuple[Callable[[DemoServer], bool], concurrent.futures.Future[None]]] = []

    # What a client and a test see

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:PORT/v1``."""
        return f"{self.origin}/v1"

    @property
    def origin(self) -> str:
        """``http://127.0.0.1:PORT``: the usage endpoints and the images live here."""
        return f"http://{HOST}:{self.port}"

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every request so far, oldest first; the key itself is not kept."""
        return self._endpoints.requests

    @property
    def turns(self) -> list[RecordedRequest]:
        """The requests to ``/v1/responses`` alone."""
        return [request for request in self.requests if request.path.endswith("/responses")]

    @property
    def chats(self) -> list[RecordedRequest]:
        """The requests to ``/v1/chat/completions`` alone."""
        return [request for request in self.requests if request.path.endswith("/chat/completions")]

    @property
    def responses(self) -> dict[str, dict[str, Any]]:
        """The responses that can be continued, by id, as they were given out."""
        return self._endpoints.memory.responses()

    @property
    def balance(self) -> int:
        """The points that are left."""
        return self._endpoints.account.balance

    @property
    def speed(self) -> float:
        """The factor on every pause; may be set at any time."""
        return self._endpoints.speed

    @speed.setter
    def speed(self, value: float) -> None:
        self._endpoints.speed = value

    def script(self, *answers: Scripted, model: str | None = None) -> None:
        """Let the next turns (of ``model``, any case, or of all) be answered by these, one each.

        An answer is a text, a list of output items, an ``Answer``, or a function from ``Ask`` to one of those.
        While one is left for it, a model need not be in the list.
        """
        self._endpoints.scripts.add(answers, model)

    def fault(self, kind: FaultKind, **fields: Unpack[FaultFields]) -> Fault:
        """Let something go wrong: see ``faults.py`` for the kinds and ``Fault`` for the fields."""
        return self._endpoints.faults.add(kind, **fields)

    def hold(self, after: int = 6, model: str | None = None) -> Gate:
        """Let streams stand still ``after`` that many events until the gate opens."""
        return self.fault("hold", after=after, model=model).gate

    def clear(self) -> None:
        """Forget requests, faults, scripts and stored responses; the account starts again."""
        self._endpoints.clear()
        self._changed()

    async def until(self, predicate: Callable[[DemoServer], bool], timeout: float = 5.0) -> None:
        """Wait until ``predicate(server)`` holds; it is asked after every change of any request's state.

        :raises TimeoutError: it did not hold within ``timeout`` seconds.
        """
        async with asyncio.timeout(timeout):
            await asyncio.shield(asyncio.wrap_future(self._when(predicate)))

    def wait_until(self, predicate: Callable[[DemoServer], bool], timeout: float = 5.0) -> None:
        """Block until ``predicate(server)`` holds; not for the loop that the server runs in."""
        self._when(predicate).result(timeout)

    def _when(self, predicate: Callable[[DemoServer], bool]) -> concurrent.futures.Future[None]:
        future: concurrent.futures.Future[None] = concurrent.futures.Future()
        with self._lock:
            if predicate(self):
                future.set_result(None)
            else:
                self._waiting.append((predicate, future))
        return future

    def _changed(self) -> None:
        if not self._waiting:
            return
        with self._lock:
            ready = [future for predicate, future in self._waiting if predicate(self)]
            self._waiting = [(predicate, future) for predicate, future in self._waiting if future not in ready]
        for future in ready:
            future.set_result(None)

    # Life in the running loop

    async def start(self) -> None:
        """Listen.

        :raises OSError: the port is taken.
        """
        self._loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._accept, HOST, self.port, limit=64 * 1024)
        self.port = self._server.sockets[0].getsockname()[1]
        self._endpoints.origin = self.origin

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        self._endpoints.faults.clear()
        if self._server is not None:
            self._server.close()
            for task in self._connections:
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(Connection(reader, writer)))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, connection: Connection) -> None:
        try:
            await self._converse(connection)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or the server stops: either way the connection is over
        finally:
            await connection.closed()

    async def _converse(self, connection: Connection) -> None:
        try:
            while (request := await connection.read()) is not None:
                if not await self._endpoints.handle(request, connection) or not request.keep_alive:
                    return
        except HTTPError as error:
            await connection.send(error.status, str(error), {"Connection": "close"})

    # Life in a thread of its own

    @classmethod
    def in_thread(cls, port: int = 0, speed: float = 1.0, memory: Literal["keep", "refuse", "forget"] = "keep") -> Self:
        """Start a server with its own event loop in a daemon thread; it listens when this returns.

        Use it in a ``with`` statement, or ``close()`` it.

        :raises OSError: the port is taken.
        """
        server = cls(port, speed, memory)
        listening: concurrent.futures.Future[None] = concurrent.futures.Future()
        server._thread = threading.Thread(
            target=lambda: asyncio.run(server._live(listening)), name="poe-tui demo server", daemon=True
        )
        server._thread.start()
        listening.result()
        return server

    async def _live(self, listening: concurrent.futures.Future[None]) -> None:
        self._stopping = asyncio.Event()
        try:
            await self.start()
        except OSError as error:
            listening.set_exception(error)
            return
        listening.set_result(None)
        await self._stopping.wait()
        await self.stop()

    def close(self, timeout: float = 2.0) -> None:
        """End the thread; at most ``timeout`` seconds are waited for it. Calling it twice does no harm."""
        if self._thread is None or self._loop is None or self._stopping is None:
            return
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout)
        self._thread = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

"""
A raw HTTP/1.1 server on loopback that does exactly what a test tells it, byte by byte: resets, stalls, half answers.

A *step* is a coroutine function that gets a :class:`Peer`; each request takes the next step, the last one repeats::

    async with FaultServer(reply(503), sse(*events)) as server:
        client = PoeClient(server.url, key)
        ...
        assert len(server.requests) == 2

Nothing here waits by the clock: a stall lasts until the client goes away.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

Step = Callable[["Peer"], Awaitable[None]]


@dataclass
class Request:
    """A request as it came; ``gone`` is set when the client has closed its side."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    connection: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Peer:
    """The connection a step plays with."""

    def __init__(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.request = request
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Send raw bytes."""
        self._writer.write(data)
        await self._writer.drain()

    async def head(self, status: int = 200, **headers: str) -> None:
        """Send a status line and headers (``content_type="…"``); no length unless told."""
        lines = [f"HTTP/1.1 {status} Status"] + [
            f"{name.replace('_', '-')}: {value}" for name, value in headers.items()
        ]
        await self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    async def stream(self, content_type: str = "text/event-stream", **headers: str) -> None:
        """Send the head of a chunked answer."""
        await self.head(200, content_type=content_type, transfer_encoding="chunked", **headers)

    async def chunk(self, data: bytes) -> None:
        """Send one chunk."""
        if data:
            await self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def end(self) -> None:
        """Send the last chunk."""
        await self.send(b"0\r\n\r\n")

    def reset(self) -> None:
        """Break the connection with a TCP reset."""
        sock: socket.socket = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def pause(self, seconds: float) -> None:
        """Send nothing for a while; end the step when the client has gone."""
        try:
            async with asyncio.timeout(seconds):
                await self.until_gone()
        except TimeoutError:
            return
        raise ConnectionResetError

    async def until_gone(self) -> None:
        """Wait until the client closes the connection."""
        try:
            while await self._reader.read(4096):
                pass
        except ConnectionError:
            pass
        self.request.gone.set()


class FaultServer:
    """
    See the module. ``url`` is the base URL, ``requests`` what came.

    ``tls`` makes it an https server; ``sock`` is a bound socket to use.
    """

    def __init__(self, *steps: Step, tls: ssl.SSLContext | None = None, sock: socket.socket | None = None) -> None:
        self.steps = list(steps)
        self.requests: list[Request] = []
        self.connections = 0
        self.problems: list[BaseException] = []
        self._tls = tls
        self._sock = sock
        self._arrived = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """The base URL, with ``/v1``."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v1"

    async def __aenter__(self) -> Self:
        """Listen."""
        sock = self._sock or socket.create_server(("127.0.0.1", 0))
        self._server = await asyncio.start_server(self._accept, sock=sock, ssl=self._tls, limit=2**24)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop; raise what a step raised."""
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        if error is None and self.problems:
            raise self.problems[0]

    async def request(self, count: int = 1) -> Request:
        """Wait until ``count`` requests have come in all; return the last of them."""
        while len(self.requests) < count:
            self._arrived.clear()
            await self._arrived.wait()
        return self.requests[count - 1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await self._serve(self.connections, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        except Exception as error:
            self.problems.append(error)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
            method, target, _ = first.split(" ", 2)
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            request = Request(method, target, headers, body, number)
            self.requests.append(request)
            self._arrived.set()
            step = self.steps[min(len(self.requests), len(self.steps)) - 1]
            await step(Peer(request, reader, writer))
            if writer.is_closing() or step not in _KEEPING:
                return


_KEEPING: set[Step] = set()
"""Steps whose answer has a length, after which the connection stays open as HTTP/1.1 has it."""


def event(type: str, **fields: Any) -> dict[str, Any]:
    """Return a stream event."""
    return {"type": type, **fields}


def frame(value: Any) -> bytes:
    """Return one event in the wire's frame; bytes pass as they are."""
    return value if isinstance(value, bytes) else f"data: {json.dumps(value)}\n\n".encode()


def answer(text: str = "Hello", response_id: str = "resp_1") -> list[dict[str, Any]]:
    """Return the events of a short complete answer, a delta a word."""
    item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
    words = [word if not place else f" {word}" for place, word in enumerate(text.split(" "))]
    where = {"output_index": 0, "content_index": 0, "item_id": "msg_1"}
    done = {**item, "content": [{"type": "output_text", "text": text, "annotations": []}]}
    usage = {"input_tokens": 3, "output_tokens": len(words), "total_tokens": 3 + len(words)}
    response = {"id": response_id, "object": "response", "status": "completed", "model": "upstream-1"}
    return [
        event("response.created", response={**response, "status": "in_progress", "output": []}),
        event("response.output_item.added", output_index=0, item={**item, "status": "in_progress", "content": []}),
        *(event("response.output_text.delta", delta=word, **where) for word in words),
        event("response.output_text.done", text=text, **where),
        event("response.output_item.done", output_index=0, item=done),
        event("response.completed", response={**response, "output": [done], "usage": usage}),
    ]


def sse(*events: Any, content_type: str = "text/event-stream", **headers: str) -> Step:
    """Answer with a chunked stream of these events (dicts, or raw bytes), ended properly."""

    async def step(peer: Peer) -> None:
        await peer.stream(content_type, **headers)
        for one in events:
            await peer.chunk(frame(one))
        await peer.end()

    return step


def reply(status: int = 200, body: Any = None, content_type: str = "application/json", **headers: str) -> Step:
    """Answer with a whole body: a dict or list as JSON, text, or bytes; ``None`` is empty."""

    async def step(peer: Peer) -> None:
        data = body if isinstance(body, bytes) else b"" if body is None else _encode(body)
        await peer.head(status, content_type=content_type, content_length=str(len(data)), **headers)
        await peer.send(data)

    _KEEPING.add(step)
    return step


def _encode(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def poe_error(status: int, type: str, message: str = "no", code: Any = None) -> dict[str, Any]:
    """Return an error body in the vendor's shape."""
    return {"error": {"code": status if code is None else code, "type": type, "message": message, "metadata": {}}}


def then(events: Iterable[Any], *, reset: bool = False, stall: bool = False, length: int | None = None) -> Step:
    """Begin a stream, send these events and then break: by a FIN, a TCP reset, or silence until the client goes."""

    async def step(peer: Peer) -> None:
        if length is None:
            await peer.stream()
        else:
            await peer.head(200, content_type="text/event-stream", content_length=str(length))
        for one in events:
            await (peer.chunk(frame(one)) if length is None else peer.send(frame(one)))
        if stall:
            await peer.until_gone()
        if reset:
            peer.reset()

    return step


async def drop(peer: Peer) -> None:
    """Read the request and close without a word."""


async def reset(peer: Peer) -> None:
    """Read the request and reset the connection."""
    peer.reset()


async def hang(peer: Peer) -> None:
    """Read the request and say nothing until the client goes."""
    await peer.until_gone()

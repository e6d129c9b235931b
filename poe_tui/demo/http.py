"""Just enough of an HTTP/1.1 server: requests with keep-alive in, whole or chunked answers out.

Everything a client can meet on a real connection can be done on purpose as well: an answer that ends in the middle,
a connection that is reset, bytes that arrive one by one.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

MAX_HEAD = 64 * 1024
"""Bytes of the request line and headers together."""
MAX_BODY = 64 * 1024 * 1024
"""Bytes of a request's body; a longer one is answered by 413."""

_REASONS = {status.value: status.phrase for status in HTTPStatus} | {529: "Overloaded"}


class HTTPError(Exception):
    """A request that cannot be read; the connection closes after the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(slots=True, frozen=True)
class Request:
    """One request as it arrived. Header names are lower case."""

    method: str
    target: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    keep_alive: bool


class Connection:
    """One client: reads its requests in turn and writes the answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._chunked = False
        plug: socket.socket | None = writer.get_extra_info("socket")
        if plug is not None:
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def read(self) -> Request | None:
        """Return the next request, or None when the client has closed the connection.

        :raises HTTPError: the bytes are no request, or too many.
        """
        line = await self._line()
        if not line.strip():
            return None
        try:
            method, target, version = line.decode("latin-1").split()
        except ValueError:
            raise HTTPError(400, "Malformed request line") from None
        headers: dict[str, str] = {}
        size = len(line)
        while (line := await self._line()) not in (b"\r\n", b"\n", b""):
            size += len(line)
            if size > MAX_HEAD:
                raise HTTPError(431, "Request header fields too large")
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await self._body(headers)
        parts = urlsplit(target)
        return Request(
            method=method,
            target=target,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            headers=headers,
            body=body,
            keep_alive=version == "HTTP/1.1" and headers.get("connection", "").lower() != "close",
        )

    async def _line(self) -> bytes:
        try:
            return await self._reader.readline()
        except ValueError:  # longer than the reader's limit
            raise HTTPError(431, "Request header fields too large") from None

    async def _body(self, headers: Mapping[str, str]) -> bytes:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            pieces = bytearray()
            while size := _chunk_size(await self._line()):
                if len(pieces) + size > MAX_BODY:
                    raise HTTPError(413, "Request body too large")
                pieces += await self._reader.readexactly(size)
                await self._line()
            await self._line()
            return bytes(pieces)
        length = headers.get("content-length", "0")
        if not length.isdigit():
            raise HTTPError(400, "Malformed Content-Length")
        if int(length) > MAX_BODY:
            raise HTTPError(413, "Request body too large")
        return await self._reader.readexactly(int(length))

    async def send(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        """Write one whole answer. A ``body`` that is neither bytes nor text is written as JSON."""
        content_type = "application/json"
        if isinstance(body, bytes | str):
            content_type = "text/html; charset=utf-8" if body[:1] in ("<", b"<") else "text/plain; charset=utf-8"
        else:
            body = json.dumps(body, ensure_ascii=False)
        data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        fields = {"Content-Type": content_type, "Content-Length": str(len(data)), **(headers or {})}
        self._writer.write(_head(status, fields) + data)
        await self._writer.drain()

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Start an answer whose length is not known: ``write`` its pieces, then ``end`` it."""
        self._chunked = True
        self._writer.write(_head(status, {**headers, "Transfer-Encoding": "chunked"}))
        await self._writer.drain()

    async def write(self, data: bytes) -> None:
        """Write one piece as one chunk."""
        if data:
            self._writer.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
            await self._writer.drain()

    async def end(self) -> None:
        """Finish what ``begin`` started."""
        self._chunked = False
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    async def gone(self) -> None:
        """Return when the client has closed the connection; never when it has sent its next request already."""
        early = await self._reader.read(MAX_HEAD)
        if early:
            self._reader.feed_data(early)
            await asyncio.Event().wait()

    def close(self) -> None:
        """Close in the orderly way (FIN), whatever is still missing from the answer."""
        self._writer.close()

    def reset(self) -> None:
        """Close rudely (RST): the client's next read fails."""
        plug: socket.socket | None = self._writer.get_extra_info("socket")
        if plug is not None:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def closed(self) -> None:
        """Wait until the connection is gone, so that nothing of it outlives the server."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except (ConnectionError, OSError):
            return


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.split(b";")[0], 16)
    except ValueError:
        raise HTTPError(400, "Malformed chunk") from None


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

"""
The way to the server: an httpx transport over httpcore's pool, with our own resolver under it.

Connections are never kept for a second request. A pooled connection that died while nobody looked (a laptop that slept,
a NAT that forgot) fails only after the request was written into it, and a request that may have been accepted is not
ours to send again; one handshake a turn buys that no turn ever fails this way.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any

import httpcore
import httpx

from poe_tui.api.proxies import Proxy
from poe_tui.api.resolver import Addresses, Resolver

STAGGER = 0.25
"""Seconds before the next address of a host is tried beside the one that does not answer (RFC 8305)."""
MOST_ADDRESSES = 8
GATHER = 0.01
"""Seconds in which small pieces are gathered: a fifth of a frame."""
SMALL = 4096
"""Bytes from which a piece is read without waiting for more."""
AT_ONCE = 8
"""Reads of a connection that never wait: the head of an answer and its first words."""


class Backend(httpcore.AsyncNetworkBackend):
    """httpcore's own backend, given addresses instead of names."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """
        Connect to the first address of ``host`` that answers.

        Looking the name up is not within ``timeout``, which is one try's share: a slow resolver is asked once, and the
        caller's deadline for the whole connecting phase ends that too.
        """
        try:
            addresses = await self._resolver.addresses(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        try:
            async with asyncio.timeout(timeout):
                return await self._first(addresses[:MOST_ADDRESSES], port)
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"{host}:{port}") from None

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _first(self, addresses: Addresses, port: int) -> httpcore.AsyncNetworkStream:
        """Return a connection to the first address that answers, read at a measured pace."""
        return Paced(await self._reached(addresses, port))

    async def _reached(self, addresses: Addresses, port: int) -> httpcore.AsyncNetworkStream:
        if len(addresses) == 1:
            return await self._plain.connect_tcp(addresses[0], port)
        tries: set[asyncio.Task[httpcore.AsyncNetworkStream]] = set()
        queue, failure = list(addresses), httpcore.ConnectError("no address")
        try:
            while queue or tries:
                if queue:
                    tries.add(_task(self._plain.connect_tcp(queue.pop(0), port)))
                wait = STAGGER if queue else None
                done, tries = await asyncio.wait(tries, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
                won = [task for task in done if task.exception() is None]
                if won:
                    tries.update(won[1:])
                    return won[0].result()
                failure = next((_failure(task) for task in done), failure)
            raise failure
        finally:
            await _abandon(tries)


class Paced(httpcore.AsyncNetworkStream):
    """A connection whose small pieces are gathered for some milliseconds before they are read.

    A model's tokens come one by one, and reading each costs the same as reading ten together: at 500 tokens a second a
    third of all CPU. Nobody sees a word sooner than the next frame. Large pieces are read as they come.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._reads = 0
        self._read_at = 0.0
        self._small = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what there is, at most every ``GATHER`` seconds while it is little."""
        if self._small and self._reads > AT_ONCE:
            wait = self._read_at + GATHER - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
        data = await self._stream.read(max_bytes, timeout)
        self._reads += 1
        self._read_at = time.monotonic()
        self._small = len(data) < SMALL
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write everything."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Go on encrypted, at the same pace."""
        return Paced(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """What the connection itself says."""
        return self._stream.get_extra_info(info)


def _task(work: Coroutine[Any, Any, httpcore.AsyncNetworkStream]) -> asyncio.Task[httpcore.AsyncNetworkStream]:
    return asyncio.create_task(work)


def _failure(task: asyncio.Task[httpcore.AsyncNetworkStream]) -> httpcore.ConnectError:
    error = task.exception()
    return error if isinstance(error, httpcore.ConnectError) else httpcore.ConnectError(str(error))


async def _abandon(tasks: set[asyncio.Task[httpcore.AsyncNetworkStream]]) -> None:
    """End the tries that lost, and close a connection that one of them made meanwhile."""
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, httpcore.AsyncNetworkStream):
            await outcome.aclose()


class _Body(httpx.AsyncByteStream):
    """The raw bytes of an answer."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._response.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()


class Transport(httpx.AsyncBaseTransport):
    """One server's connections, made anew for each request, through ``proxy`` if there is one."""

    def __init__(self, resolver: Resolver, context: ssl.SSLContext | None, proxy: Proxy | None) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            proxy=None if proxy is None else _proxy(proxy, context),
            max_connections=None,
            max_keepalive_connections=0,
            network_backend=Backend(resolver),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises httpcore's exceptions as they are."""
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


def _proxy(proxy: Proxy, context: ssl.SSLContext | None) -> httpcore.Proxy:
    secure = proxy.scheme == "https"
    return httpcore.Proxy(
        url=httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target="/"),
        auth=proxy.auth,
        ssl_context=context if secure else None,
    )

"""
The way to the server: an httpx transport over httpcore's pool, with our own resolver under it.

Connections are never kept for a second request. A pooled connection that died while nobody looked (a laptop that slept,
a NAT that forgot) fails only after the request was written into it, and a request that may have been accepted is not
ours to send again; one handshake a turn buys that no turn ever fails this way.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any

import httpcore
import httpx

from poe_tui.api.proxies import Proxy
from poe_tui.api.resolver import Addresses, Resolver

STAGGER = 0.25
"""Seconds before the next address of a host is tried beside the one that does not answer (RFC 8305)."""
MOST_ADDRESSES = 8


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

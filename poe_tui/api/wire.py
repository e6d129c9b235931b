"""
One HTTP exchange: the request out, the answer's head and its decoded bytes in, every failure one of ours.

The only module that drives httpx, and imported by the first request only (some 100 ms). Redirects are not followed, no
cookie or ``.netrc`` is read from the environment, and the key is put into the request at the last moment, so that no
local variable and no exception ever holds it.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from poe_tui.api import encoding, proxies
from poe_tui.api.errors import (
    APIError,
    ConnectionFailed,
    KeyUnusable,
    LineTooLong,
    ServerRefused,
)
from poe_tui.api.explain import CAUGHT, Route, explain, too_slow
from poe_tui.api.headers import request_headers
from poe_tui.api.key import Key
from poe_tui.api.resolver import Resolver
from poe_tui.api.retry import Attempts
from poe_tui.api.statuses import redirected, status_error
from poe_tui.api.transport import Transport

PIECE = 64 * 1024
"""Bytes of a request body per write, so that a large attachment over a slow line is not one endless write."""
ERROR_BODY = 64 * 1024
ERROR_SECONDS = 10.0
"""How much of an error's body is read, and for how long: no error has more to say."""

_HEADER_VALUE = re.compile(r"[\x21-\x7e]+")


class Wire:
    """The connections to one server. ``idle`` in seconds, ``None`` for no limit."""

    def __init__(
        self, server: str, key: Key | None, *, idle: float | None, proxy: str | None, resolver: Resolver
    ) -> None:
        parts = urlsplit(server)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        try:
            chosen = proxies.choose(host, port, proxy, os.environ)
        except proxies.BadProxy as refusal:
            problem: str | None = str(refusal)
            chosen = None
        else:
            problem = None
        if problem is not None:
            raise ConnectionFailed(problem, host="the proxy", cause=problem)
        self._key = key
        self._idle = idle
        self.route = Route(parts.netloc, None if chosen is None else chosen.label)
        context = _context() if parts.scheme == "https" else None
        self._http = httpx.AsyncClient(
            transport=Transport(resolver, context, chosen), trust_env=False, follow_redirects=False, timeout=None
        )

    async def aclose(self) -> None:
        """Close every connection at once."""
        await self._http.aclose()

    async def open(
        self, method: str, url: str, body: bytes | None, attempts: Attempts, *, patience: float = 1.0
    ) -> Answer:
        """
        Send one request and return the answer as soon as its head is there.

        ``patience`` is by how much longer than usual the server may be silent. Time spent connecting is taken off
        ``attempts``; each of its tries gets an equal share for reaching an address.
        """
        share = attempts.connect_left / (attempts.left + 1)
        idle = None if self._idle is None else self._idle * patience
        request = self._request(method, url, body, share, idle)
        started = time.monotonic()
        connected: float | None = None
        failure: APIError | None = None
        answer: Answer | None = None

        async def trace(name: str, info: dict[str, Any]) -> None:
            """From the moment the request itself begins to leave, the connecting phase is over."""
            nonlocal connected
            if name.endswith(".send_request_headers.started") and info["request"].method != b"CONNECT":
                connected = time.monotonic()
                limit.reschedule(None)

        request.extensions["trace"] = trace
        try:
            async with asyncio.timeout(max(0.0, attempts.connect_left)) as limit:
                answer = Answer(await self._http.send(request, stream=True), self.route, idle)
        except CAUGHT as error:
            if limit.expired():
                failure = too_slow(self.route, attempts.connect_budget)
            else:
                failure = explain(error, self.route, sent=connected is not None, idle=idle)
        finally:
            attempts.connect_left -= (connected or time.monotonic()) - started
        if failure is not None or answer is None:
            raise failure or APIError("The request failed.")
        return answer

    def _request(self, method: str, url: str, body: bytes | None, connect: float, idle: float | None) -> httpx.Request:
        headers = request_headers(None if body is None else len(body))
        timeouts = {"connect": connect, "read": idle, "write": self._idle, "pool": None}
        try:
            request = httpx.Request(
                method,
                url,
                headers=headers,
                content=None if body is None else _pieces(body),
                extensions={"timeout": timeouts},
            )
        except (httpx.InvalidURL, UnicodeError):
            raise ServerRefused("The base URL is not a URL that can be used.") from None
        self._authorise(request)
        return request

    def _authorise(self, request: httpx.Request) -> None:
        if self._key is None:
            return
        if _HEADER_VALUE.fullmatch(self._key.reveal()) is None:
            raise KeyUnusable("The key holds characters that cannot be sent. Enter it again.")
        request.headers["authorization"] = f"Bearer {self._key.reveal()}"


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), PIECE):
        yield body[start : start + PIECE]


def _context() -> ssl.SSLContext:
    """Return the TLS settings: certifi's authorities, or those of ``SSL_CERT_FILE`` or ``SSL_CERT_DIR``."""
    try:
        return httpx.create_ssl_context(trust_env=True)
    except (OSError, ValueError):
        name = "SSL_CERT_FILE" if os.environ.get("SSL_CERT_FILE") else "SSL_CERT_DIR"
    raise ConnectionFailed(
        f"{name} names something that holds no certificates: {os.environ.get(name, '')}", host=name, cause=name
    )


class Answer:
    """The head of an answer, and its body when asked for."""

    def __init__(self, response: httpx.Response, route: Route, idle: float | None) -> None:
        self._response = response
        self._raw = response.aiter_raw()
        self._idle = idle
        self.route = route
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, lower case."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the decoded body as it comes, in bounded pieces. Raises our errors only."""
        unpack = encoding.decoder(self.headers.get("content-encoding", ""))
        while True:
            failure: APIError | None = None
            data = b""
            try:
                data = await anext(self._raw)
            except StopAsyncIteration:
                return
            except CAUGHT as error:
                failure = explain(error, self.route, sent=True, idle=self._idle)
            if failure is not None:
                raise failure
            if unpack is None:
                yield data
                continue
            for piece in unpack.feed(data):
                yield piece

    async def read(self, limit: int) -> bytes:
        """Return the whole body. Raises ``LineTooLong`` beyond ``limit`` bytes."""
        parts: list[bytes] = []
        size = 0
        async for chunk in self.chunks():
            parts.append(chunk)
            size += len(chunk)
            if size > limit:
                raise LineTooLong(f"The answer is larger than {limit // (1024 * 1024)} MB.", limit=limit)
        return b"".join(parts)

    async def error(self) -> APIError:
        """Return what the answer's status and body say went wrong, read as far as is worth while."""
        if 300 <= self.status < 400:
            return redirected(self.status, self.headers.get("location", ""), self.media_type)
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(ERROR_SECONDS):
                async for chunk in self.chunks():
                    parts.append(chunk[: ERROR_BODY - size])
                    size += len(parts[-1])
                    if size >= ERROR_BODY:
                        break
        except (APIError, TimeoutError):
            pass  # The status says enough.
        return status_error(self.status, self.headers, b"".join(parts))

    async def aclose(self) -> None:
        """Close the connection, whatever still comes."""
        await self._response.aclose()

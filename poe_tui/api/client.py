"""
The client: one server, one key, three requests a turn at most.

A turn's request is written once. Whatever fails before it left is tried again by the table of
:mod:`poe_tui.api.retry`; whatever fails afterwards is told and left to the person, for it may have been billed.

Two clocks watch an answer. *Idle*: no byte for ``idle_timeout`` seconds. *Content*: bytes come, but only comments and
pings, for five times that; so a proxy's keep-alive carries a model that thinks for minutes, yet not for ever. There is
no limit on the whole. An answer that comes in one piece is silent until it is made, so that both are ten times as
patient with it: a film takes minutes.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from poe_tui import servers
from poe_tui.api import retry, surrogates
from poe_tui.api.chat import PATHS, Endpoint
from poe_tui.api.errors import (
    APIError,
    APIStatusError,
    ConnectionFailed,
    NotAnAPIAnswer,
    ServerRefused,
    WaitTooLong,
)
from poe_tui.api.events import RetryScheduled, StreamEvent
from poe_tui.api.key import Key
from poe_tui.api.resolver import Lookup, Resolver, getaddrinfo
from poe_tui.api.types import Balance

if TYPE_CHECKING:
    from poe_tui.api.wire import Wire

QUERY_SECONDS = 30.0
"""How long a list or a balance may take, all in all."""
QUERY_BYTES = 32 * 1024 * 1024
CONTENT_FACTOR = 5
WHOLE_FACTOR = 10.0
"""By how much longer the server may be silent before an answer that is not streamed."""
_ABSENT = frozenset({404, 405, 410, 501})
"""Statuses by which a server says that it has no such endpoint."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a test replaces: the dice, the wait, the resolver, the grace after the end of a stream (seconds)."""

    jitter: Callable[[float], float] = retry.jitter
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    lookup: Lookup = getaddrinfo
    grace: float = 2.0


class PoeClient:
    """
    Talks to one Responses-format server; opens nothing and imports no HTTP library before the first request.

    ``idle_timeout`` in seconds, ``None`` for none. ``connect_budget``: seconds that a turn may spend connecting.
    ``max_requests``: 1 turns retries off. ``proxy``: ``None`` for the environment's, ``"none"``, or a URL.
    """

    def __init__(
        self,
        base_url: str,
        key: Key | None,
        *,
        idle_timeout: float | None = 120.0,
        connect_budget: float = retry.CONNECT_BUDGET,
        max_requests: int = retry.MAX_REQUESTS,
        proxy: str | None = None,
        hooks: Hooks | None = None,
    ) -> None:
        self._problem: str | None = None
        try:
            self._server = servers.normalise(base_url)
        except servers.BadServer as refusal:
            self._server, self._problem = base_url.strip(), str(refusal)
        self._key = key
        self._idle = idle_timeout if idle_timeout and idle_timeout > 0 else None
        self._connect_budget = connect_budget
        self._max_requests = max(1, max_requests)
        self._proxy = proxy
        self._hooks = hooks or Hooks()
        self._resolver = Resolver(self._hooks.lookup)
        self._wire: Wire | None = None

    @property
    def server(self) -> str:
        """The normalised base URL; the name under which responses are remembered."""
        return self._server

    @property
    def has_key(self) -> bool:
        """Whether requests carry a key."""
        return self._key is not None

    def attempts(self) -> retry.Attempts:
        """Return the budget of one turn, to be passed to every ``stream`` of that turn."""
        budget = self._connect_budget
        return retry.Attempts(limit=self._max_requests, connect_budget=budget, connect_left=budget)

    async def stream(
        self, body: dict[str, Any], attempts: retry.Attempts | None = None, *, endpoint: Endpoint = "responses"
    ) -> AsyncGenerator[StreamEvent | RetryScheduled, None]:
        """
        POST ``body`` to ``/responses`` and yield the events of the answer; a JSON answer is one terminal event.

        With ``endpoint`` ``chat`` the body, one of ``api.chat``, goes to ``/chat/completions``; the events are alike.

        A :class:`RetryScheduled` precedes each wait. Raises :class:`APIError`; a body that ends without a terminal
        event just ends. Closing the generator or cancelling the task closes the socket at once.
        """
        attempts = attempts or self.attempts()
        data = encode(body)
        chained = bool(body.get("previous_response_id"))
        patience = WHOLE_FACTOR if body.get("stream") is False else 1.0
        while True:
            begun = False
            failure: APIError
            try:
                async with aclosing(self._once(data, attempts, endpoint, str(body.get("model")), patience)) as events:
                    async for event in events:
                        begun = True
                        yield event
                return
            except APIError as error:
                failure = error
            scheduled = None if begun else self._schedule(failure, attempts, chained=chained)
            if scheduled is None:
                raise failure
            yield scheduled
            await self._hooks.sleep(scheduled.delay)

    async def _once(
        self, data: bytes, attempts: retry.Attempts, endpoint: Endpoint, model: str, patience: float
    ) -> AsyncGenerator[StreamEvent, None]:
        """Make one request."""
        from poe_tui.api.answer import read_events
        from poe_tui.api.chat_answer import Chat

        if attempts.left < 1:
            raise APIError(f"This turn has made its {attempts.limit} requests.")
        wire = self._open_wire()
        attempts.sent += 1
        answer = await wire.open("POST", f"{self._server}/{PATHS[endpoint]}", data, attempts, patience=patience)
        try:
            if not 200 <= answer.status < 300:
                raise await answer.error()
            content = None if self._idle is None else self._idle * CONTENT_FACTOR * patience
            grace = self._hooks.grace
            dialect = Chat(model, grace) if endpoint == "chat" else None
            reading = read_events(answer, content_seconds=content, grace=grace, dialect=dialect)
            async with aclosing(reading) as events:
                async for event in events:
                    yield event
        finally:
            await answer.aclose()

    def _schedule(self, error: APIError, attempts: retry.Attempts, *, chained: bool) -> RetryScheduled | None:
        """Decide about another request; raises ``WaitTooLong`` when the server names a wait that we do not make."""
        named = error.retry_after if isinstance(error, APIStatusError) else None
        if not retry.wants_retry(error, attempts, chained=chained):
            return None
        if isinstance(error, APIStatusError) and named is not None and named > retry.LONGEST_WAIT:
            raise WaitTooLong(error, named)
        status = error.http_status
        if status in retry.AGAIN_ONCE:
            attempts.server_error_retried = True
        delay = self._hooks.jitter(retry.backoff(attempts.sent - 1)) if named is None else named
        if isinstance(error, ConnectionFailed):
            attempts.connect_left -= delay
        return RetryScheduled(attempts.sent, attempts.limit, delay, retry.reason(error), status, time.monotonic())

    async def models(self) -> list[dict[str, Any]]:
        """Return the entries of ``GET /models`` as they came; sent without Authorization when there is no key."""
        value = await self._query(f"{self._server}/models")
        entries = value.get("data", value.get("models")) if isinstance(value, dict) else value
        if not isinstance(entries, list):
            raise NotAnAPIAnswer(f"{self._server}/models is not a list of models.")
        return [entry for entry in entries if isinstance(entry, dict)]

    async def balance(self) -> int | None:
        """Return the points left; ``None`` when the server has no such endpoint or does not say. Checks the key."""
        return Balance.read(await self._usage("current_balance")).points

    async def usage_history(self, limit: int = 20, starting_after: str | None = None) -> dict[str, Any] | None:
        """
        Return one page ``{"data", "has_more", …}``, newest first; ``None`` when the server has no such endpoint.

        ``limit`` is 1 to 100; ``starting_after`` is the ``query_id`` of the last entry seen.
        """
        fields: dict[str, Any] = {"limit": max(1, min(100, limit))}
        if starting_after is not None:
            fields["starting_after"] = starting_after
        page = await self._usage(f"points_history?{urlencode(fields)}")
        if not isinstance(page, dict):
            return None
        data = page.get("data")
        entries = [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
        return {**page, "data": entries, "has_more": bool(page.get("has_more") or page.get("next_cursor"))}

    async def _usage(self, path: str) -> Any:
        """The usage endpoints stand at the base URL without its trailing ``/v1``."""
        try:
            return await self._query(f"{self._server.removesuffix('/v1')}/usage/{path}")
        except NotAnAPIAnswer:
            return None  # A web page in its place.
        except APIStatusError as error:
            if error.status in _ABSENT:
                return None
            raise

    async def _query(self, url: str) -> Any:
        """GET a JSON value, once."""
        wire = self._open_wire()
        attempts = self.attempts()
        attempts.sent = attempts.limit
        try:
            async with asyncio.timeout(QUERY_SECONDS):
                answer = await wire.open("GET", url, None, attempts)
                try:
                    if not 200 <= answer.status < 300:
                        raise await answer.error()
                    body = await answer.read(QUERY_BYTES)
                finally:
                    await answer.aclose()
        except TimeoutError:
            body = None
        if body is None:
            from poe_tui.api.explain import silent

            raise silent(wire.route, QUERY_SECONDS)
        try:
            return surrogates.deep(json.loads(body.decode("utf-8", "replace").removeprefix("\ufeff")))
        except (ValueError, RecursionError):
            pass
        raise NotAnAPIAnswer(
            f"{wire.route.server} answered with something that is not JSON ({answer.media_type or 'no content type'}).",
            content_type=answer.media_type,
            http_status=answer.status,
        )

    def _open_wire(self) -> Wire:
        if self._problem is not None:
            raise ServerRefused(f"The base URL cannot be used. {self._problem}")
        if self._wire is None:
            from poe_tui.api.wire import Wire

            self._wire = Wire(self._server, self._key, idle=self._idle, proxy=self._proxy, resolver=self._resolver)
        return self._wire

    async def aclose(self) -> None:
        """Close every connection at once. The client may be used again."""
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.aclose()


def encode(body: dict[str, Any]) -> bytes:
    """Return the bytes of a request's body."""
    return json.dumps(surrogates.deep(body), ensure_ascii=False, separators=(",", ":")).encode()


def warm_up() -> None:
    """Import and build what the first request needs; for a thread, once the first frame is on the screen."""
    for name in ("chat_answer", "wire"):
        import_module(f"poe_tui.api.{name}")
    from poe_tui.api import parse

    parse.warm_up()

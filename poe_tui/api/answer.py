"""
A 200 answer read into events: a stream, a whole response as JSON, or something that is not the API at all.

The Content-Type is looked at, and so are the first bytes, for servers are wrong about it: JSON although a stream was
asked for, a stream although it was not or under ``text/plain``, a login page under 200. What the bytes mean is for the
dialect of the endpoint to say: :class:`Responses` here, ``chat_answer`` for chat/completions.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Literal, Protocol

from poe_tui.api import faults, parse, surrogates
from poe_tui.api.errors import APIError, ConnectionLost, LineTooLong, NotAnAPIAnswer
from poe_tui.api.events import TERMINAL_TYPES, ErrorEvent, KeepAlive, StreamEvent
from poe_tui.api.explain import silent
from poe_tui.api.sse import ServerSentEvent, SSEDecoder
from poe_tui.api.statuses import error_in_success

if TYPE_CHECKING:
    from poe_tui.api.wire import Answer

GRACE = 2.0
"""Seconds to wait for a usage that follows the terminal event, or for a terminal event that follows ``[DONE]``."""
MAX_BODY = 64 * 1024 * 1024
"""Bytes of a JSON answer, decoded: several images as base64."""
HEAD = 64 * 1024
"""Bytes of white space or of a page that are looked at before the answer is given up."""

_FIELDS = (b"data", b"event", b"id", b"retry", b":")
_BOM = b"\xef\xbb\xbf"

Kind = Literal["sse", "json", "html", "empty", "other"]


class Dialect(Protocol):
    """What one endpoint's answers mean. One object reads one answer."""

    complete: bool
    """Nothing more is of interest."""
    deadline: float | None
    """Set (``time.monotonic()``) once the answer is over in all but name: when to stop waiting for what may follow."""

    def select(self, found: list[ServerSentEvent]) -> list[StreamEvent]:
        """Return the events that the next server-sent events mean."""
        ...

    def end(self) -> list[StreamEvent]:
        """The body is over, or its reading: return what is still to be told."""
        ...

    def whole(self, value: dict[str, Any], headers: Mapping[str, str]) -> StreamEvent | None:
        """Return the one event that a JSON answer is, ``None`` when it is no answer. Raises :class:`APIError`."""
        ...


async def read_events(
    answer: Answer, *, content_seconds: float | None, grace: float = GRACE, dialect: Dialect | None = None
) -> AsyncGenerator[StreamEvent, None]:
    """
    Yield the events of a successful answer; a whole response is its one terminal event.

    Ends after the terminal event, after ``[DONE]`` or at the end of the body, whether a terminal event came or not.
    Raises :class:`APIError`. ``content_seconds`` is how long mere signs of life are enough; ``grace`` how long to wait
    for what follows the end. ``dialect`` is that of ``/responses`` unless another is given.
    """
    dialect = dialect or Responses(grace)
    async with aclosing(answer.chunks()) as chunks:
        head, kind = await _begin(chunks, answer, content_seconds)
        if kind == "sse":
            reader = _Stream(answer, content_seconds, dialect)
            async with aclosing(reader.events(head, chunks)) as events:
                async for event in events:
                    yield event
            return
        if kind != "json":
            raise _no_answer(kind, head, answer)
        size, parts = len(head), [head]
        async for chunk in chunks:
            parts.append(chunk)
            size += len(chunk)
            if size > MAX_BODY:
                raise LineTooLong(f"The answer is larger than {MAX_BODY // (1024 * 1024)} MB.", limit=MAX_BODY)
        yield _whole(b"".join(parts), answer, dialect)


async def _begin(
    chunks: AsyncGenerator[bytes, None], answer: Answer, content_seconds: float | None
) -> tuple[bytes, Kind]:
    """Read until it is clear what comes; return what was read and the verdict."""
    head, media_type, begun = b"", answer.media_type, time.monotonic()
    async for chunk in chunks:
        head += chunk
        kind = sniff(head, media_type)
        silence = time.monotonic() - begun
        if kind is None and content_seconds is not None and silence > content_seconds:
            raise silent(answer.route, silence, alive=True)
        if kind is not None:
            return head, kind
        if len(head) > HEAD:
            return head, "other"
    return head, sniff(head + b"\n", media_type) or ("sse" if media_type == "text/event-stream" else "empty")


def sniff(head: bytes, media_type: str) -> Kind | None:
    """Tell what an answer is from its first bytes and its Content-Type; ``None`` while it may be either."""
    text = head.removeprefix(_BOM).lstrip()
    if not text or _BOM.startswith(head):
        return None
    if text[:1] in (b"{", b"["):
        return "json"
    if text[:1] == b"<":
        return "html"
    if media_type == "text/event-stream":
        return "sse"
    for field in _FIELDS:
        if text.startswith(field) and (field == b":" or text[len(field) : len(field) + 1] == b":"):
            return "sse"
        if len(text) <= len(field) and field.startswith(text) and not head.endswith(b"\n"):
            return None
    return "html" if "html" in media_type else "other"


def _no_answer(kind: Kind, head: bytes, answer: Answer) -> NotAnAPIAnswer:
    media_type = answer.media_type
    where = answer.route.server
    if kind == "empty":
        message = f"{where} answered with nothing at all."
    elif kind == "html":
        title = faults.html_words(head.decode("utf-8", "replace"))
        message = f"{where} answered with a web page, not with the API"
        message += f": “{title}”." if title else "."
    else:
        message = f"{where} answered with something that is not the API ({media_type or 'no content type'})."
    return NotAnAPIAnswer(message, content_type=media_type, http_status=answer.status)


def _whole(body: bytes, answer: Answer, dialect: Dialect) -> StreamEvent:
    """Make the one event that a JSON answer is."""
    try:
        value = surrogates.deep(json.loads(body.decode("utf-8", "replace").removeprefix("\ufeff"), strict=False))
    except (ValueError, RecursionError):
        value = None
    if value is None:
        raise ConnectionLost(f"The answer of {answer.route.server} is cut off or is not JSON.")
    if isinstance(value, list):
        value = value[0] if value and isinstance(value[0], dict) else {}
    event = dialect.whole(value if isinstance(value, dict) else {}, answer.headers)
    if event is None:
        raise NotAnAPIAnswer(
            f"{answer.route.server} answered with JSON that is not a response.",
            content_type=answer.media_type,
            http_status=answer.status,
        )
    return event


def _event_type(status: Any) -> str:
    """The event type that stands for a whole response of this status; without a status it is complete."""
    return f"response.{status}" if isinstance(status, str) and status else "response.completed"


class _Stream:
    """The events of one stream, with its two clocks and its end."""

    def __init__(self, answer: Answer, content_seconds: float | None, dialect: Dialect) -> None:
        self._answer = answer
        self._content_seconds = content_seconds
        self._decoder = SSEDecoder()
        self._dialect = dialect

    async def events(self, head: bytes, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[StreamEvent, None]:
        content_at = time.monotonic()
        dialect = self._dialect
        data: bytes | None = head
        while data is not None:
            for event in dialect.select(self._decoder.feed(data)):
                yield event
                if not isinstance(event, KeepAlive):
                    content_at = time.monotonic()
            if dialect.complete:
                return
            silence = time.monotonic() - content_at
            if self._content_seconds is not None and silence > self._content_seconds and dialect.deadline is None:
                raise silent(self._answer.route, silence, alive=True)
            failure: APIError | None = None
            try:
                data = await self._next(chunks)
            except APIError as error:
                failure, data = error, None
        for event in dialect.select(self._decoder.flush()):
            yield event
        for event in dialect.end():
            yield event
        if failure is not None and dialect.deadline is None:
            raise failure

    async def _next(self, chunks: AsyncGenerator[bytes, None]) -> bytes | None:
        if self._dialect.deadline is None:
            return await anext(chunks, None)
        try:
            async with asyncio.timeout(self._dialect.deadline - time.monotonic()):
                return await anext(chunks, None)
        except TimeoutError:
            return None


class Responses:
    """The dialect of ``/responses``."""

    def __init__(self, grace: float = GRACE) -> None:
        self.complete = False
        self.deadline: float | None = None
        self._grace = grace
        self._joiner = parse.SplitJoiner()
        self._closed = False
        """A terminal event came."""

    def select(self, found: list[ServerSentEvent]) -> list[StreamEvent]:
        """Parse; leave out what follows the end unless it brings a usage or the end itself."""
        events: list[StreamEvent] = []
        for one in found:
            if self.complete:
                break
            if one.data.strip() == b"[DONE]":
                self._over()
                continue
            event = parse.parse(one.data, one.event)
            if event is None or (self.deadline is not None and not self._matters(event)):
                continue
            events.append(self._joiner.pass_on(event))
            if event.type in TERMINAL_TYPES:
                self._closed = True
                self._over()
            elif isinstance(event, ErrorEvent):
                self._over()
            self.complete = self.complete or (self._closed and _has_usage(event))
        return events

    def end(self) -> list[StreamEvent]:
        """Everything was told when it came."""
        return []

    def whole(self, value: dict[str, Any], headers: Mapping[str, str]) -> StreamEvent | None:
        """Make the terminal event that a Response object is. Raises the error that a body holds in its place."""
        if isinstance(value.get("output"), list):
            return parse.build({"type": _event_type(value.get("status")), "response": value})
        if value.get("error") or value.get("detail"):
            raise error_in_success(headers, value)
        return parse.build(value) if isinstance(value.get("type"), str) and "response" in value else None

    def _over(self) -> None:
        if self.deadline is None:
            self.deadline = time.monotonic() + self._grace

    def _matters(self, event: StreamEvent) -> bool:
        if event.type in TERMINAL_TYPES or _has_usage(event):
            return True
        return isinstance(event, ErrorEvent) and not self._closed


def _has_usage(event: StreamEvent) -> bool:
    response = getattr(event, "response", None)
    usage = response.get("usage") if isinstance(response, dict) else (event.model_extra or {}).get("usage")
    return isinstance(usage, dict) and bool(usage)

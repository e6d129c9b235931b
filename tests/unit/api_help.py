"""What the tests of the client share: a key, a client without real waits, and one call that runs a turn."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from poe_tui.api.accumulate import ResponseBuilder
from poe_tui.api.client import Hooks, PoeClient
from poe_tui.api.errors import APIError
from poe_tui.api.events import RetryScheduled, StreamEvent
from poe_tui.api.retry import Attempts

CANARY = "sk-canary-7f3a9b"


class Key:
    """A secret as the client knows it."""

    def __init__(self, text: str = CANARY) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the key."""
        return self._text

    def __repr__(self) -> str:
        return "***"


@dataclass
class Waits:
    """Records every wait instead of making it; ``jitter`` gives the ceiling itself."""

    made: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        """Wait for nothing."""
        self.made.append(seconds)


@dataclass
class Turn:
    """What a turn came to."""

    events: list[StreamEvent] = field(default_factory=list)
    waits: list[RetryScheduled] = field(default_factory=list)
    builder: ResponseBuilder = field(default_factory=ResponseBuilder)
    error: APIError | None = None


def hooks(waits: Waits | None = None, **fields: Any) -> Hooks:
    """Return hooks that never sleep and wait the whole ceiling."""
    return Hooks(jitter=lambda ceiling: ceiling, sleep=(waits or Waits()).sleep, **{"grace": 0.2, **fields})


@asynccontextmanager
async def client(url: str, key: Key | None = None, **options: Any) -> AsyncIterator[PoeClient]:
    """Yield a client for ``url`` and close it."""
    made = PoeClient(url, key or Key(), **{"hooks": hooks(), **options})
    try:
        yield made
    finally:
        await made.aclose()


async def run(made: PoeClient, attempts: Attempts | None = None, **body: Any) -> Turn:
    """Run one turn to its end; an APIError is part of the result."""
    turn = Turn()
    request = {"model": "m", "input": "hi", "stream": True, **body}
    try:
        async with aclosing(made.stream(request, attempts)) as events:
            async for event in events:
                if isinstance(event, RetryScheduled):
                    turn.waits.append(event)
                    continue
                turn.events.append(event)
                turn.builder.apply(event)
    except APIError as error:
        turn.error = error
    return turn


async def ask(url: str, key: Key | None = None, **options: Any) -> Turn:
    """Run one turn with a client of its own."""
    async with client(url, key, **options) as made:
        return await run(made)


async def turn_to(url: str, **options: Any) -> tuple[Turn, list[float]]:
    """Run one turn; return it and the waits made."""
    waits = Waits()
    async with client(url, **{"hooks": hooks(waits), **options}) as made:
        return await run(made), waits.made


@contextmanager
def unused_port() -> Iterator[int]:
    """Yield a port of this machine where nobody listens, and nobody else can."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])

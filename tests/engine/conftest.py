"""The engine on a real store, talking to the real demo server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from poe_tui.config import Settings, with_value
from poe_tui.credentials import Secret
from poe_tui.demo.server import DemoServer
from poe_tui.engine.runtime import Runtime
from poe_tui.engine.turn import Event, TurnEnded
from poe_tui.model import Item, Thread, Turn, new_id

ECHO = "Demo-Echo"


@dataclass(slots=True)
class Bench:
    """A runtime, its server, and a few words to drive them by."""

    runtime: Runtime
    server: DemoServer
    database: Path
    cache: Path

    def set(self, **values: Any) -> None:
        """Change settings, named ``section__name``."""
        for name, value in values.items():
            self.runtime.settings = with_value(self.runtime.settings, name.replace("__", "."), value)

    def thread(self, model: str = ECHO, **fields: Any) -> Thread:
        """Return a new thread that nobody has stored."""
        return Thread(id=new_id(), model=model, **fields)

    async def say(self, thread: Thread, prompt: str | Sequence[Item], **more: Any) -> list[Event]:
        """Send one prompt and return everything that came of it."""
        return [event async for event in self.runtime.session(thread).send(prompt, **more)]

    async def ask(self, thread: Thread, prompt: str | Sequence[Item], **more: Any) -> Turn:
        """Send one prompt and return the turn that it became."""
        return ended(await self.say(thread, prompt, **more)).turn

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of the turns that the server was asked for."""
        return [request.body for request in self.server.turns]


class Watcher:
    """Keeps every event of the live threads and lets a test wait for them."""

    def __init__(self, bench: Bench) -> None:
        self.events: dict[str, list[Event]] = {}
        self.ends: asyncio.Queue[TurnEnded] = asyncio.Queue()
        self._changed = asyncio.Event()
        self.leave = bench.runtime.live.subscribe(self.see)

    def see(self, thread_id: str, event: Event) -> None:
        """Take one event."""
        self.events.setdefault(thread_id, []).append(event)
        self._changed.set()
        if isinstance(event, TurnEnded):
            self.ends.put_nowait(event)

    async def end(self) -> TurnEnded:
        """Wait for the next end."""
        return await asyncio.wait_for(self.ends.get(), 5)

    async def until(self, kind: str, thread: Thread, count: int = 1) -> None:
        """Wait until so many events of a type (or of any, for ``""``) have come."""
        async with asyncio.timeout(5):
            while sum(event.type.startswith(kind) for event in self.events.get(thread.id, ())) < count:
                self._changed.clear()
                await self._changed.wait()


def ended(events: Sequence[Event]) -> TurnEnded:
    """Return the last event, which must be the turn's end."""
    last = events[-1]
    assert isinstance(last, TurnEnded)
    assert sum(isinstance(event, TurnEnded) for event in events) == 1
    return last


def types(events: Sequence[Event], prefix: str = "turn.") -> list[str]:
    """Return the types of the engine's own events."""
    return [event.type for event in events if event.type.startswith(prefix)]


def texts(body: dict[str, Any]) -> list[str]:
    """Return the texts of a request's input."""
    return [part["text"] for item in body["input"] for part in item.get("content", ()) if "text" in part]


@pytest.fixture
async def bench(demo_server: DemoServer, tmp_path: Path) -> AsyncIterator[Bench]:
    """Yield an engine on a fresh database."""
    database, cache = tmp_path / "data" / "poe-tui.db", tmp_path / "cache" / "models.json"
    runtime = await Runtime.open(
        Settings(), Secret("demo"), store_path=database, base_url=demo_server.base_url, cache_path=cache
    )
    yield Bench(runtime, demo_server, database, cache)
    assert await runtime.aclose()

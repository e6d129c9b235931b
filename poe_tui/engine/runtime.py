"""Runtime: the engine put together, for the command line and the app."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from poe_tui import paths
from poe_tui.api.client import PoeClient
from poe_tui.engine.approval import Approver
from poe_tui.engine.catalog import Catalog
from poe_tui.engine.demo_tools import DEMO_TOOLS
from poe_tui.engine.live import LiveThreads
from poe_tui.engine.session import Session
from poe_tui.engine.steps import Steps
from poe_tui.engine.tool_runs import Workplace
from poe_tui.engine.tools import Tool, Toolbox
from poe_tui.model import Thread
from poe_tui.storage.store import Store

if TYPE_CHECKING:
    from poe_tui.config import Settings
    from poe_tui.credentials import Secret


@dataclass(slots=True)
class Runtime:
    """Client, store, catalogue and live threads, wired. ``settings`` may be replaced: every send reads it anew."""

    client: PoeClient
    store: Store
    catalog: Catalog
    live: LiveThreads
    settings: Settings
    workplace: Workplace = field(default_factory=Workplace)
    """Where tools run. Set ``workplace.keep_always`` to save what is allowed for good."""
    own_origin: str = ""
    """Where the built-in demo server's pictures are: the one place on this machine that media are fetched from."""

    @classmethod
    async def open(
        cls,
        settings: Settings,
        key: Secret | None,
        *,
        store_path: Path | None,
        base_url: str | None = None,
        cache_path: Path | None = None,
        extra_tools: Sequence[Tool] = (),
    ) -> Runtime:
        """Open the store and put everything together; the cached model list is read, nothing is fetched.

        Args:
            settings: the values to start with.
            key: the key for the server; without one, only the model list works.
            store_path: the database; ``None`` keeps nothing (``--no-save``).
            base_url: the server, instead of the settings'.
            cache_path: where the model list is cached, instead of the usual place for that server.
            extra_tools: tools besides the declared and the shipped ones.
        """
        advanced = settings.advanced
        client = PoeClient(
            base_url or settings.account.base_url,
            key,
            idle_timeout=advanced.idle_timeout,
            connect_budget=advanced.connect_timeout,
            max_requests=advanced.max_requests,
            proxy=advanced.proxy,
        )
        store = await asyncio.to_thread(Store.open, store_path)
        catalog = Catalog(client, cache_path or paths.catalog_file(client.server), store)
        await catalog.load_cached()
        return cls._wire(client, store, catalog, settings, Workplace.here(key, extra_tools))

    @classmethod
    async def open_demo(cls, settings: Settings, key: Secret, base_url: str, *, save: bool = True) -> Runtime:
        """Open against an embedded demo server: its threads and its model list live in places of their own."""
        runtime = await cls.open(
            settings,
            key,
            store_path=paths.database_file(demo=True) if save else None,
            base_url=base_url,
            cache_path=paths.catalog_file("demo"),
            extra_tools=DEMO_TOOLS,
        )
        runtime.own_origin = runtime.client.server.removesuffix("/v1")
        return runtime

    @classmethod
    def _wire(
        cls, client: PoeClient, store: Store, catalog: Catalog, settings: Settings, workplace: Workplace
    ) -> Runtime:
        # The sessions ask the runtime, not the value it was opened with.
        live = LiveThreads(
            lambda thread: runtime.session(thread),
            lambda session, approver: runtime.steps(session, approver),
        )
        runtime = cls(client, store, catalog, live, settings, workplace)
        return runtime

    def session(self, thread: Thread) -> Session:
        """A session for one thread; it reads ``settings`` at every send."""
        return Session(
            self.client,
            self.store,
            self.catalog,
            lambda: self.settings,
            thread,
            extra_tools=self.workplace.extra,
        )

    def steps(self, session: Session, approver: Approver, *, leaves_foreign: bool = False) -> Steps:
        """What follows from the function calls of a session's turns; the arguments are those of ``Steps``."""
        return Steps(
            session,
            self.store,
            lambda: self.settings,
            self.workplace,
            approver,
            leaves_foreign=leaves_foreign,
        )

    @property
    def toolbox(self) -> Toolbox:
        """Every tool that can be named, under the present settings."""
        return Toolbox(self.settings, self.workplace.extra)

    async def aclose(self, timeout: float = 2.0) -> bool:
        """Stop the streams, write what is queued, close the connections, all within about ``timeout`` seconds.

        Returns whether everything is on disk.
        """
        deadline = time.monotonic() + timeout
        await self.live.close(timeout / 2)
        saved = await asyncio.to_thread(self.store.close, max(0.1, deadline - time.monotonic()))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.1, deadline - time.monotonic())):
                await self.client.aclose()
        return saved

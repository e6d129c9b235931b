"""Runtime: the engine put together, for the command line and the app."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from poe_tui.engine.catalog import Catalog
from poe_tui.engine.live import LiveThreads
from poe_tui.engine.session import Session
from poe_tui.model import Thread

if TYPE_CHECKING:
    from poe_tui.api.client import PoeClient
    from poe_tui.config import Settings
    from poe_tui.credentials import Secret
    from poe_tui.storage.store import Store


@dataclass(slots=True)
class Runtime:
    """Client, store, catalogue and live threads, wired. ``settings`` may be replaced: every send reads it anew."""

    client: PoeClient
    store: Store
    catalog: Catalog
    live: LiveThreads
    settings: Settings

    @classmethod
    async def open(
        cls,
        settings: Settings,
        key: Secret | None,
        *,
        store_path: Path | None,
        base_url: str | None = None,
        cache_path: Path | None = None,
    ) -> Runtime:
        """Open everything. ``store_path`` None keeps nothing; ``base_url`` overrides the settings' server."""
        raise NotImplementedError

    def session(self, thread: Thread) -> Session:
        """A session for one thread."""
        raise NotImplementedError

    async def aclose(self, timeout: float = 2.0) -> None:
        """Stop the streams, flush the store and close the connections, within about ``timeout`` seconds."""

"""What is opened after the first frame: settings, key, demo server, store, client, model list.

Imported by the app in a thread once its first frame stands (pydantic, httpx and sqlite3 come with it).
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from poe_tui import config, credentials, paths
from poe_tui.api.client import PoeClient
from poe_tui.api.errors import APIError, AuthenticationError
from poe_tui.engine.runtime import Runtime
from poe_tui.launch import Launch

if TYPE_CHECKING:
    from poe_tui.demo.server import DemoServer

DEMO_MODEL = "Claude-Sonnet-4.5"
"""The model of a demo thread whose own default the demo server does not know."""
MINUTES_FRESH = 60
"""A model list of that age is fetched anew in the background."""


@dataclass(slots=True)
class Opened:
    """Everything the app holds while it runs."""

    runtime: Runtime
    loaded: config.Loaded
    secret: credentials.Secret | None
    demo: bool = False
    server: DemoServer | None = None
    key_source: str = ""
    key_problem: str = ""
    """Why the key there is cannot be used; empty when there is simply none."""
    notices: list[str] = field(default_factory=list)
    """Sentences for toasts: what is wrong with the settings, the key file or the database."""

    @property
    def has_key(self) -> bool:
        """Whether anything can be sent."""
        return self.secret is not None

    @property
    def list_is_stale(self) -> bool:
        """Whether the model list should be fetched."""
        age = self.runtime.catalog.age
        return age is None or age > MINUTES_FRESH * 60

    def use(self, loaded: config.Loaded) -> None:
        """Settings were changed; the next turn is sent by them."""
        self.loaded = loaded
        self.runtime.settings = _for_demo(self.runtime, loaded.settings) if self.demo else loaded.settings

    async def aclose(self) -> None:
        """Stop the streams, save, close."""
        await self.runtime.aclose()
        if self.server is not None:
            await asyncio.to_thread(self.server.close)


async def open_all(launch: Launch) -> Opened:
    """Open everything. Problems of files become notices; only a programming error is raised."""
    loaded = await asyncio.to_thread(config.load, paths.config_file(), os.environ)
    notices = [str(problem) for problem in loaded.problems]
    if launch.demo:
        opened = await _open_demo(loaded)
    else:
        opened = await _open_real(loaded)
    opened.notices = [*notices, *opened.notices, *opened.runtime.store.notices]
    return opened


async def _open_real(loaded: config.Loaded) -> Opened:
    settings = loaded.settings
    found, problem = None, loaded.refusal
    try:
        found = credentials.find_key(os.environ, paths.credentials_file(), settings.account.base_url)
    except (credentials.BadKey, credentials.CredentialsError) as refused:
        problem = problem or str(refused)
    store_path = paths.database_file() if settings.storage.save_threads else None
    runtime = await Runtime.open(settings, found.secret if found else None, store_path=store_path)
    return Opened(
        runtime, loaded, found.secret if found and not loaded.refusal else None,
        key_source=found.source if found else "", key_problem=problem, notices=list(found.notices if found else ()),
    )  # fmt: skip


async def _open_demo(loaded: config.Loaded) -> Opened:
    from poe_tui.demo.server import DemoServer

    server = await asyncio.to_thread(DemoServer.in_thread)
    secret = credentials.Secret("demo")
    runtime = await Runtime.open_demo(loaded.settings, secret, server.base_url)
    await runtime.catalog.refresh()
    runtime.settings = _for_demo(runtime, loaded.settings)
    return Opened(runtime, loaded, secret, demo=True, server=server, key_source="demo")


def _for_demo(runtime: Runtime, settings: config.Settings) -> config.Settings:
    """Return settings whose model the demo server knows."""
    if runtime.catalog.get(settings.general.model) is not None:
        return settings
    general = settings.general.model_copy(update={"model": DEMO_MODEL})
    return settings.model_copy(update={"general": general})


async def check_and_store(text: str, settings: config.Settings) -> None:
    """Check a key against the balance and store it.

    Raises:
        KeyRefused: it was not stored; the words hold no part of it.
    """
    from poe_tui.screens.first_run import KeyRefused

    try:
        secret = credentials.Secret(text)
    except credentials.BadKey as refused:
        raise KeyRefused(str(refused)) from None
    base_url = settings.account.base_url
    client = PoeClient(base_url, secret, proxy=settings.advanced.proxy)
    try:
        await client.balance()
    except AuthenticationError:
        raise KeyRefused("The server refused this key. Nothing was stored.") from None
    except APIError as error:
        raise KeyRefused(f"The key could not be checked: {error} Nothing was stored.") from None
    finally:
        await client.aclose()
    try:
        await asyncio.to_thread(credentials.store_key, paths.credentials_file(), secret, base_url)
    except credentials.CredentialsError as refused:
        raise KeyRefused(str(refused)) from None

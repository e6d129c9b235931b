"""What most commands start with: the settings, the key, the store, each with its own words when it is not there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from poe_tui import config, credentials, paths
from poe_tui.cli.exits import NO_KEY, USAGE, Failure
from poe_tui.cli.output import line, say

if TYPE_CHECKING:
    from poe_tui.api.client import PoeClient
    from poe_tui.engine.runtime import Runtime
    from poe_tui.model import Thread
    from poe_tui.storage.store import Store

T = TypeVar("T")


def load_settings(*, quiet: bool = False) -> config.Loaded:
    """Return the settings; what is wrong with them is said on stderr.

    Args:
        quiet: leave the problems to the caller, who has the result's ``problems``.

    Raises:
        Failure: ``POE_BASE_URL`` is set and cannot be used (exit code 2).
    """
    loaded = config.load(paths.config_file(), os.environ)
    if loaded.refusal:
        raise Failure(line(loaded.refusal), USAGE)
    for problem in () if quiet else loaded.problems:
        say(str(problem))
    return loaded


def find_key(settings: config.Settings) -> credentials.Credential | None:
    """Return the key for the settings' server, or ``None``. A notice about the file is said on stderr.

    Raises:
        Failure: there is a key and it cannot be used (exit code 3).
    """
    try:
        found = credentials.find_key(os.environ, paths.credentials_file(), settings.account.base_url)
    except (credentials.BadKey, credentials.CredentialsError) as refused:
        raise Failure(line(refused), NO_KEY) from None
    for notice in found.notices if found else ():
        say(notice)
    return found


def need_key(settings: config.Settings) -> credentials.Credential:
    """Return the key, or end the command with the words that say where one goes (exit code 3)."""
    found = find_key(settings)
    if found is None:
        raise Failure(
            f"there is no key for {line(settings.account.base_url)}. Set POE_API_KEY or run poe-tui login; "
            "poe-tui --demo needs none.",
            NO_KEY,
        )
    return found


def store_path(settings: config.Settings, *, save: bool = True) -> Path | None:
    """Return the database's path; ``None`` where nothing is to be saved."""
    return paths.database_file() if save and settings.storage.save_threads else None


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine. Ctrl+C cancels it and lets it clean up before ``KeyboardInterrupt`` rises here."""
    return asyncio.run(work)


@asynccontextmanager
async def open_client(settings: config.Settings, key: credentials.Secret) -> AsyncIterator[PoeClient]:
    """Open a bare client, for commands that need neither database nor catalogue."""
    from poe_tui.api.client import PoeClient

    advanced = settings.advanced
    client = PoeClient(
        settings.account.base_url,
        key,
        idle_timeout=advanced.idle_timeout,
        connect_budget=advanced.connect_timeout,
        max_requests=advanced.max_requests,
        proxy=advanced.proxy,
    )
    try:
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def open_store(settings: config.Settings) -> AsyncIterator[Store]:
    """Open the database for a command; its notices are said on stderr."""
    from poe_tui.storage.store import Store

    store = await asyncio.to_thread(Store.open, store_path(settings))
    try:
        for notice in store.notices:
            say(notice)
        yield store
    finally:
        await asyncio.to_thread(store.close)


@asynccontextmanager
async def open_runtime(settings: config.Settings, key: credentials.Secret | None) -> AsyncIterator[Runtime]:
    """Open the whole engine for a command; the store's notices are said on stderr."""
    from poe_tui.engine.runtime import Runtime

    runtime = await Runtime.open(settings, key, store_path=store_path(settings))
    try:
        for notice in runtime.store.notices:
            say(notice)
        yield runtime
    finally:
        await runtime.aclose()


async def find_thread(store: Store, words: str) -> Thread:
    """Return the thread that ``words`` name: the beginning of its id, or its title.

    Raises:
        Failure: there is none (exit code 2).
    """
    thread = await store.find_thread(words)
    if thread is None:
        raise Failure(f"there is no thread {line(words)[:60]!r}. poe-tui threads lists them.", USAGE)
    return thread

"""Catalog: the model list, cached on disk, and what the servers were seen to refuse.

The cache file is the wire's list with its date, written atomically (0600) and read leniently: a damaged one is as good
as none. It is usable offline at any age; whoever shows it shows its age.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from poe_tui.api.errors import APIError
from poe_tui.api.types import model_info
from poe_tui.engine.chain import REMEMBER_DAYS
from poe_tui.model import ModelInfo
from poe_tui.paths import ensure_private_dir
from poe_tui.private_files import read_regular, write_private

if TYPE_CHECKING:
    from poe_tui.api.client import PoeClient
    from poe_tui.storage.store import Store

FRESH_SECONDS: Final = 3600.0
"""A younger list need not be fetched again (observed on Poe)."""
LONGEST_CACHE: Final = 32_000_000
_DAY: Final = 86_400.0


class Catalog:
    """The models a server offers. A name that is not listed is as good as any other: servers have unlisted ones."""

    def __init__(self, client: PoeClient, cache_path: Path, store: Store) -> None:
        self.models: list[ModelInfo] = []
        self.error: str | None = None
        """Why the last refresh failed, in words; ``None`` when it did not."""
        self.cache_error: str | None = None
        """Why the list could not be kept on disk."""
        self._client = client
        self._path = cache_path
        self._store = store
        self._fetched_at: float | None = None
        self._by_name: dict[str, ModelInfo] = {}
        self._refusals: dict[tuple[str, str], float] = {}

    @property
    def age(self) -> float | None:
        """Seconds since the list was fetched; ``None`` when there is no list."""
        return None if self._fetched_at is None else max(0.0, time.time() - self._fetched_at)

    @property
    def stale(self) -> bool:
        """Whether the list is missing or older than an hour."""
        return self.age is None or self.age > FRESH_SECONDS

    async def load_cached(self) -> bool:
        """Read the cache file and the remembered refusals. Returns whether there was a list; never fails."""
        entries, fetched_at = await asyncio.to_thread(_read, self._path)
        if entries and self._fetched_at is None:
            self._take(entries, fetched_at)
        await self.load_refusals()
        return bool(entries)

    async def load_refusals(self) -> None:
        """Read what is remembered of the server from the store."""
        known = await self._store.refusals(self._client.server)
        for (model, feature), until in known.items():
            key = (model.casefold(), feature)
            self._refusals[key] = max(until, self._refusals.get(key, 0.0))

    async def refresh(self) -> bool:
        """Fetch the list and cache it. A failure keeps what there is and says why in ``error``."""
        try:
            entries = await self._client.models()
        except APIError as error:
            self.error = error.message
            return False
        infos = _infos(entries)
        if not infos:
            self.error = "The server sent an empty model list."
            return False
        self.error = None
        self._fetched_at = time.time()
        self._index(infos)
        self.cache_error = await asyncio.to_thread(_write, self._path, entries, self._fetched_at)
        return True

    def get(self, name: str) -> ModelInfo | None:
        """The entry of that id or display name, whatever its case."""
        return self._by_name.get(name.strip().casefold())

    def near(self, name: str, n: int = 3) -> list[str]:
        """Display names that ``name`` may have been meant for, nearest first; never ``name`` itself."""
        # Imported here: needed for a mistake only.
        from difflib import SequenceMatcher

        wanted = _bare(name)
        if not wanted:
            return []
        scored: dict[str, float] = {}
        matcher = SequenceMatcher(autojunk=False)
        matcher.set_seq2(wanted)
        for info in self.models:
            bare = _bare(info.name)
            matcher.set_seq1(bare)
            score = matcher.ratio() if matcher.quick_ratio() >= 0.5 else 0.0
            if bare.startswith(wanted) or wanted.startswith(bare):
                score += 0.3
            if score >= 0.6 and info.name.casefold() != name.strip().casefold():
                scored[info.name] = score
        return sorted(scored, key=lambda found: -scored[found])[:n]

    def efforts(self, name: str) -> tuple[str, ...]:
        """The reasoning efforts that the model declares; () when unknown or none."""
        info = self.get(name)
        return info.efforts if info is not None else ()

    def remember(self, model: str, feature: str) -> None:
        """Remember for some days that the server refuses ``feature`` for ``model``; then it is tried again."""
        until = time.time() + REMEMBER_DAYS.get(feature, 7.0) * _DAY
        self._refusals[model.casefold(), feature] = until
        self._store.add_refusal(self._client.server, model, feature, until)

    def refuses(self, model: str, feature: str) -> bool:
        """Whether that is remembered and its date has not passed."""
        return self._refusals.get((model.casefold(), feature), 0.0) > time.time()

    def refused(self, model: str) -> frozenset[str]:
        """Every feature of which that is so."""
        now, wanted = time.time(), model.casefold()
        return frozenset(feature for (name, feature), until in self._refusals.items() if name == wanted and until > now)

    def _take(self, entries: list[dict[str, Any]], fetched_at: float) -> None:
        self._fetched_at = fetched_at
        self._index(_infos(entries))

    def _index(self, infos: list[ModelInfo]) -> None:
        self.models = infos
        self._by_name = {info.name.casefold(): info for info in reversed(infos)}
        self._by_name |= {info.id.casefold(): info for info in reversed(infos)}


def _infos(entries: Iterable[Any]) -> list[ModelInfo]:
    """Convert, leaving out what has no id and ids that come twice (observed on Poe)."""
    found: dict[str, ModelInfo] = {}
    for entry in entries:
        info = model_info(entry)
        if info is not None:
            found.setdefault(info.id.casefold(), info)
    return list(found.values())


def _bare(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _read(path: Path) -> tuple[list[dict[str, Any]], float]:
    try:
        document = json.loads(read_regular(path, LONGEST_CACHE))
        fetched_at = float(document["fetched_at"])
        return [entry for entry in document["data"] if isinstance(entry, dict)], fetched_at
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return [], 0.0


def _write(path: Path, entries: list[dict[str, Any]], fetched_at: float) -> str | None:
    document = {"fetched_at": fetched_at, "data": entries}
    try:
        ensure_private_dir(path.parent)
        write_private(path, json.dumps(document, separators=(",", ":")).encode())
    except (OSError, ValueError) as error:
        return f"{path}: {error.strerror or error}" if isinstance(error, OSError) else str(error)
    return None

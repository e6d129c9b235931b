"""Catalog: the model list, cached on disk, and what the servers were seen to refuse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from poe_tui.model import ModelInfo

if TYPE_CHECKING:
    from poe_tui.api.client import PoeClient
    from poe_tui.storage.store import Store


class Catalog:
    """The models a server offers. Usable offline; a name that is not listed is as good as any other."""

    def __init__(self, client: PoeClient, cache_path: Path, store: Store) -> None:
        self.models: list[ModelInfo] = []
        self.error: str | None = None
        """Why the last refresh failed, in words; ``None`` when it did not."""

    @property
    def age(self) -> float | None:
        """Seconds since the list was fetched; ``None`` when there is no list."""
        raise NotImplementedError

    async def load_cached(self) -> bool:
        """Read the cache file and the remembered refusals; whether there was a list."""
        raise NotImplementedError

    async def refresh(self) -> bool:
        """Fetch the list. A failure keeps what there is and says why in ``error``. Whether it succeeded."""
        raise NotImplementedError

    def get(self, name: str) -> ModelInfo | None:
        """The entry of that id or display name, whatever its case."""
        raise NotImplementedError

    def near(self, name: str, n: int = 3) -> list[str]:
        """Display names that ``name`` may have been meant for, nearest first."""
        raise NotImplementedError

    def efforts(self, name: str) -> tuple[str, ...]:
        """The reasoning efforts that the model declares; () when unknown or none."""
        raise NotImplementedError

    def remember(self, model: str, feature: str, *, server: str | None = None) -> None:
        """Remember for some days that the server refuses ``feature`` for ``model``."""
        raise NotImplementedError

    def refuses(self, model: str, feature: str, *, server: str | None = None) -> bool:
        """Whether that is remembered and its date not passed."""
        raise NotImplementedError

"""The client: one server, one key, three requests a turn at most."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from poe_tui.api.events import RetryScheduled, StreamEvent
from poe_tui.api.retry import CONNECT_BUDGET, MAX_REQUESTS, Attempts


class Key(Protocol):
    """What the client needs of a :class:`poe_tui.credentials.Secret`."""

    def reveal(self) -> str:
        """Return the key itself."""


class PoeClient:
    """Talks to one Responses-format server. See the method docstrings; opens nothing before the first request."""

    def __init__(
        self,
        base_url: str,
        key: Key | None,
        *,
        idle_timeout: float | None = 120.0,
        connect_budget: float = CONNECT_BUDGET,
        max_requests: int = MAX_REQUESTS,
        proxy: str | None = None,
    ) -> None:
        raise NotImplementedError

    @property
    def server(self) -> str:
        """The normalised base URL; the name under which responses are remembered."""
        raise NotImplementedError

    def attempts(self) -> Attempts:
        """Return the budget of one turn, to be passed to every ``stream`` of that turn."""
        raise NotImplementedError

    def stream(
        self, body: dict[str, Any], attempts: Attempts | None = None
    ) -> AsyncGenerator[StreamEvent | RetryScheduled, None]:
        """POST ``body`` to ``/responses`` and yield its events; raises ``APIError``."""
        raise NotImplementedError

    async def models(self) -> list[dict[str, Any]]:
        """Return the entries of ``GET /models`` as they came."""
        raise NotImplementedError

    async def balance(self) -> int | None:
        """Return the points left; ``None`` when the server has no such endpoint."""
        raise NotImplementedError

    async def usage_history(self, limit: int = 20, starting_after: str | None = None) -> dict[str, Any] | None:
        """Return one page ``{"data", "has_more", …}``; ``None`` when the server has no such endpoint."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close every connection at once."""
        raise NotImplementedError

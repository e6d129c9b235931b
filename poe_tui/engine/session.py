"""Session: one thread and what can be sent in it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from poe_tui.engine.turn import Event
from poe_tui.model import Item, Thread

if TYPE_CHECKING:
    from poe_tui.api.client import PoeClient
    from poe_tui.config import Settings
    from poe_tui.engine.catalog import Catalog
    from poe_tui.storage.store import Store


class Tip:
    """The type of :data:`TIP`."""


TIP: Final = Tip()
"""The parent of a new turn is whatever the thread's tip is; ``None`` would be a new root."""


class NothingToSend(ValueError):
    """The prompt is empty or only white space: nothing is stored and nothing is sent."""


class Session:
    """Streams turns of one thread. One turn at a time; ``LiveThreads`` sees to that."""

    def __init__(
        self, client: PoeClient, store: Store, catalog: Catalog, settings: Callable[[], Settings], thread: Thread
    ) -> None: ...

    def send(
        self,
        items: Sequence[Item] | str,
        *,
        model: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        parent_id: str | None | Tip = TIP,
        group_id: str | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Send ``items`` after ``parent_id``; TurnStarted … TurnEnded. API errors are never raised."""
        raise NotImplementedError

    def regenerate(self, turn_id: str, *, model: str | None = None) -> AsyncGenerator[Event, None]:
        """Ask again: a sibling with the same parent and the same input. Raises KeyError for an unknown turn."""
        raise NotImplementedError

    def edit(
        self, turn_id: str, items: Sequence[Item] | str, *, model: str | None = None
    ) -> AsyncGenerator[Event, None]:
        """Ask something else in the same place: a sibling with the same parent and new input."""
        raise NotImplementedError

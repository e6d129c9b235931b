"""LiveThreads: the streams that run, on screen or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from poe_tui.engine.session import TIP, Session, Tip
from poe_tui.engine.turn import Event
from poe_tui.model import Item, Thread


class ThreadBusy(RuntimeError):
    """A turn of this thread is still running."""


class LiveThreads:
    """Owns a task per running turn: one at a time for a thread, any number of threads. Lives in one event loop."""

    def __init__(self, make_session: Callable[[Thread], Session]) -> None: ...

    def start(
        self,
        thread: Thread,
        items: Sequence[Item] | str,
        *,
        model: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        parent_id: str | None | Tip = TIP,
    ) -> None:
        """Start a turn. Raises ThreadBusy, or NothingToSend for an empty prompt."""

    def regenerate(self, thread: Thread, turn_id: str, *, model: str | None = None) -> None:
        """Start a sibling of ``turn_id`` with the same input."""

    def edit(
        self, thread: Thread, turn_id: str, items: Sequence[Item] | str, *, model: str | None = None
    ) -> None:
        """Start a sibling of ``turn_id`` with new input."""

    def stop(self, thread_id: str) -> bool:
        """Cancel the turn in flight (it ends as ``stopped``, with its partial); False when none runs."""
        raise NotImplementedError

    def is_running(self, thread_id: str) -> bool:
        """Whether a turn of this thread is in flight."""
        raise NotImplementedError

    def running(self) -> set[str]:
        """The ids of the threads with a turn in flight."""
        raise NotImplementedError

    def events(self, thread_id: str) -> list[Event]:
        """The log of the turn in flight so far, for a screen that opens in mid-stream; empty when none runs."""
        raise NotImplementedError

    def subscribe(self, callback: Callable[[str, Event], None]) -> Callable[[], None]:
        """Call ``callback(thread_id, event)`` for every event of every thread; returns the way out."""
        raise NotImplementedError

    async def close(self, timeout: float = 2.0) -> None:
        """Cancel everything and wait for the ends, ``timeout`` seconds at most."""

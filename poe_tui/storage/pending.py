"""What was given to the writer and is not on disk yet: reads lay it over the rows.

While a disk is full or another program holds the database, a thread still has to go on: the next request is built
from the path, and the path must hold the turn that just ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from poe_tui.model import Thread, Turn


class Pending:
    """Turns and threads by id. The event loop adds and looks, the writer's thread takes away."""

    def __init__(self) -> None:
        self._turns: dict[str, Turn] = {}
        self._threads: dict[str, Thread] = {}
        self._lock = threading.Lock()

    def add_turn(self, turn: Turn) -> Callable[[], None]:
        """Lay ``turn`` over its row; returns what ends that, unless a later state of the turn took its place."""
        with self._lock:
            self._turns[turn.id] = turn

        def done() -> None:
            with self._lock:
                if self._turns.get(turn.id) is turn:
                    del self._turns[turn.id]

        return done

    def add_thread(self, thread: Thread) -> Callable[[], None]:
        """Show ``thread`` while it has no row."""
        with self._lock:
            self._threads[thread.id] = thread

        def done() -> None:
            with self._lock:
                self._threads.pop(thread.id, None)

        return done

    def lead(self, thread_id: str, tip_id: str) -> None:
        """Let a thread that has no row yet lead to a turn."""
        with self._lock:
            if thread_id in self._threads:
                self._threads[thread_id].tip_id = tip_id

    def thread(self, thread_id: str) -> Thread | None:
        """The thread, if it has no row yet."""
        with self._lock:
            found = self._threads.get(thread_id)
            return None if found is None else replace(found)

    def threads(self) -> list[Thread]:
        """All of them, latest first."""
        with self._lock:
            return [replace(thread) for thread in reversed(self._threads.values())]

    def above(self, tip_id: str) -> list[Turn]:
        """From ``tip_id`` up to the first turn that is on disk as it should be; tip first."""
        with self._lock:
            turns: list[Turn] = []
            at: str | None = tip_id
            while at is not None and at in self._turns and len(turns) < len(self._turns):
                turns.append(self._turns[at])
                at = self._turns[at].parent_id
            return turns

    def over(self, turn_id: str, row: Turn | None) -> Turn | None:
        """The turn as it will be; its place in the tree is the row's, where there is one."""
        with self._lock:
            found = self._turns.get(turn_id)
        if found is None or row is None:
            return row if found is None else replace(found)
        return replace(
            found,
            chosen_child_id=row.chosen_child_id,
            sibling_index=row.sibling_index,
            sibling_count=row.sibling_count,
        )

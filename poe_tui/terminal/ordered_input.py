"""OrderedInput: keys act in the order they were typed, also across a change of the focus.

A key that opens a screen takes a few messages until that screen has its focus; Textual sends what is typed meanwhile
to the widget that had it before. There letters become a prompt and Enter sends it. So behind every key that may move
the focus the next ones wait, until its messages have gone round and the screen that is on top has its focus.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import ScreenStackError
from textual.driver import Driver
from textual.message import Message
from textual.widgets import Input, TextArea

from poe_tui.terminal.display import DiffDisplay

if TYPE_CHECKING:
    from textual.screen import Screen

PATIENCE = 2.0
"""Seconds that keys wait at most."""
ROUND = 0.5
"""Seconds that one round may take; a message is lost where its widget goes away."""
ROUNDS = 5
"""Rounds from the focus to the app: a key becomes a message of the prompt, the composer, the screen, an action."""
CARET = frozenset({"left", "right", "up", "down", "home", "end", "backspace", "delete", "ctrl+h", "ctrl+w", "ctrl+u"})
"""Keys that only edit where text is edited, besides the printable ones."""


class _Round(Message):
    """Goes from the focus up to the app, behind everything that stands in those queues."""

    def __init__(self, done: asyncio.Future[None]) -> None:
        super().__init__()
        self.done = done


class OrderedInput(DiffDisplay, inherit_bindings=False):
    """Holds keys and pastes where something else may be meant to take them."""

    HOLDING: ClassVar[frozenset[str]] = frozenset()
    """Groups of workers that lead to another screen or thread: keys wait for them, too."""

    def __init__(self, *, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self._held: list[events.Event] | None = []
        """What was typed before anything could take it; ``None`` while everything goes where the focus is."""
        self._settling: asyncio.Task[None] | None = None

    async def on_event(self, event: events.Event) -> None:
        """Handle an event; keys wait, in their order, until the first screen has its focus, and behind certain keys."""
        if not isinstance(event, (events.Key, events.Paste)) or event.is_forwarded:
            await super().on_event(event)
        elif self._held is not None:
            self._held.append(event)
        else:
            await self._take(event)

    async def release_input(self) -> None:
        """Let everything typed so far go where the focus is now. Call it from a handler of the app's own."""
        held, self._held = self._held or [], None
        while held:
            await self._take(held.pop(0))
            if self._held is not None:
                self._held = held
                return

    async def _take(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and self._may_move_focus(event):
            self._held = []
            await super().on_event(event)
            self._settling = asyncio.create_task(self._settle())
        else:
            await super().on_event(event)

    def _may_move_focus(self, event: events.Key) -> bool:
        edits = isinstance(self.focused, (Input, TextArea))
        return not (edits and (event.is_printable or event.key in CARET))

    async def _settle(self) -> None:
        """Wait until the last key has done what it does, then let the next ones go."""
        end = time.monotonic() + PATIENCE
        with contextlib.suppress(ScreenStackError):
            while time.monotonic() < end:
                screen = self.screen
                for _ in range(ROUNDS):
                    await self._round()
                if screen is self.screen and _has_its_focus(screen) and not self._leads_on():
                    break
                await asyncio.sleep(0.005)
        self.call_later(self.release_held)

    async def release_held(self) -> None:
        """The key before has done what it does."""
        if self._held is not None:
            await OrderedInput.release_input(self)

    async def _round(self) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if (self.focused or self.screen).post_message(_Round(done)):
            await asyncio.wait({done}, timeout=ROUND)
        else:
            await asyncio.sleep(0.005)

    @on(_Round)
    def _round_is_over(self, message: _Round) -> None:
        if not message.done.done():
            message.done.set_result(None)

    def _leads_on(self) -> bool:
        return any(worker.group in self.HOLDING and not worker.is_finished for worker in self.workers)

    async def _shutdown(self) -> None:
        if self._settling is not None:
            self._settling.cancel()
        await super()._shutdown()


def _has_its_focus(screen: Screen[Any]) -> bool:
    return screen.is_mounted and (screen.focused is not None or not screen.focus_chain)

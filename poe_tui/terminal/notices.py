"""Notices: short sentences about what just happened, one at a time, gone with a key. They are never parsed.

Textual piles its toasts up, as wide as their words, for as long as their time runs. Here the next one waits until the
one on screen is gone; the same words again take the place of their twin; lines are broken between words, so that a
notice is never wider than the page.
"""

from __future__ import annotations

import textwrap
import time
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from textual import events
from textual.driver import Driver
from textual.notifications import Notification, Notify

from poe_tui.sanitize import clean
from poe_tui.terminal.ordered_input import OrderedInput

Severity = Literal["information", "warning", "error"]

SEEN = 1.0
"""Seconds after which a key takes a notice away; a person who is typing sees it that long."""
WAITING = 5
"""Notices that wait at most; the oldest give way."""
WIDEST = 60
"""Cells of a notice, with its bar and its padding."""
AROUND = 3
"""Cells of bar and padding."""
EDGES = 6
"""Cells left of the text column and right of R."""


@dataclass(slots=True, frozen=True)
class _Notice:
    words: str
    title: str
    severity: Severity
    timeout: float | None


class Notices(OrderedInput, inherit_bindings=False):
    """Shows one notice at a time."""

    def __init__(self, *, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self._shown: _Notice | None = None
        self._shown_at = 0.0
        self._shown_words = ""
        self._next: list[_Notice] = []

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Severity = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a notice, behind those that wait. The words are cleaned and never parsed."""
        notice = _Notice(clean(message), clean(title, single_line=True), severity, timeout)
        self._next = [waiting for waiting in self._next if waiting.words != notice.words]
        if self._shown is not None and self._shown.words != notice.words:
            self._next = [*self._next, notice][-WAITING:]
        elif self._shown is None or time.monotonic() - self._shown_at >= SEEN:
            self._show_notice(notice)

    def notice_width(self) -> int:
        """The cells between the page's text column and R."""
        return self.size.width - EDGES

    def dismiss_notices(self, seen: float = 0.0, *, waiting: bool = False) -> None:
        """Take the notice away if it has been seen for that many seconds; ``waiting``: and those behind it."""
        if self._shown is not None and time.monotonic() - self._shown_at >= seen:
            if waiting:
                self._next = []
            self._go_on()

    async def on_event(self, event: events.Event) -> None:
        """A key is an answer to a notice as well."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self.dismiss_notices(SEEN)
        await super().on_event(event)

    def _show_notice(self, notice: _Notice) -> None:
        self.clear_notifications()
        self._shown, self._shown_at = notice, time.monotonic()
        self._shown_words = wrapped(notice.words, min(WIDEST, self.notice_width()) - AROUND)
        super().notify(
            self._shown_words, title=notice.title, severity=notice.severity, timeout=notice.timeout, markup=False
        )

    def _go_on(self) -> None:
        self.clear_notifications()
        self._shown = None
        if self._next:
            self._show_notice(self._next.pop(0))

    def _on_notify(self, event: Notify) -> None:
        """Before Textual's own: what was shown till now goes, and what was replaced meanwhile never comes."""
        self._notifications.clear()
        if self._shown is None or event.notification.message != self._shown_words:
            event.prevent_default()

    def _unnotify(self, notification: Notification, refresh: bool = True) -> None:
        super()._unnotify(notification, refresh)
        if self._shown is not None and notification.message == self._shown_words:
            self._go_on()


def wrapped(text: str, width: int) -> str:
    """Return ``text`` in lines of at most ``width`` cells, broken between words."""
    width = max(8, width)
    if cell_len(text) > len(text):  # Wide characters: half as many fit, and nothing here counts them one by one.
        width = max(4, width // 2)
    lines = [textwrap.wrap(line, width, break_on_hyphens=False) or [""] for line in text.splitlines()]
    return "\n".join(part for line in lines for part in line)

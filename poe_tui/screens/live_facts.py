"""LiveFacts: what the status line says of the answer that is coming in. Fed with every event, read twice a second."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from poe_tui.numbers import grouped

CHARACTERS_PER_TOKEN = 4
WINDOW = 6
"""Readings over which the speed is an average: three seconds."""
SILENT = 1.0
"""Seconds without anything to show before the wait itself is shown."""


class LiveFacts:
    """The state of one thread's turn in flight."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._readings: deque[tuple[float, int]] = deque(maxlen=WINDOW + 1)
        self.end()

    def begin(self) -> None:
        """A turn starts."""
        self._state = "waiting"
        self._since = self._clock()
        self._characters = 0
        self._again_at = 0.0
        self._readings.clear()

    def end(self) -> None:
        """Nothing is coming in."""
        self._state = ""
        self._since = 0.0
        self._characters = 0
        self._again_at = 0.0
        self._readings.clear()

    @property
    def active(self) -> bool:
        """Whether a turn is in flight."""
        return bool(self._state)

    def see(self, event: Any) -> bool:
        """Take an event; costs next to nothing. Whether it began something else, such as thinking."""
        before = self._state
        self._take(event)
        return self._state != before

    def _take(self, event: Any) -> None:
        kind: str = event.type
        if kind == "response.output_text.delta":
            self._state = "answering"
            self._characters += len(event.delta or "")
        elif kind.startswith("response.reasoning"):
            self._state = "thinking"
            self._characters += len(getattr(event, "delta", None) or "")
        elif kind.startswith("response.web_search_call."):
            self._state = "searching" if not kind.endswith("completed") else "waiting"
        elif kind == "request.retry_scheduled":
            self._state = "retrying"
            self._again_at = event.at + event.delay
        elif kind == "turn.started":
            self.begin()
        elif kind == "turn.ended":
            self.end()
        elif self._state == "retrying":
            self._state = "waiting"

    def words(self) -> tuple[str, bool]:
        """Return the live value and whether it is a wait that the server imposed."""
        now = self._clock()
        if self._state in ("answering", "thinking"):
            self._readings.append((now, self._characters))
        if self._state == "answering":
            return self._speed(), False
        if self._state == "retrying":
            left = max(0, round(self._again_at - now))
            return (f"again in {left} s" if left else "trying again"), True
        if self._state == "waiting":
            waited = now - self._since
            return (f"waiting {waited:.0f} s" if waited >= SILENT else "sent"), False
        return self._state, False

    def _speed(self) -> str:
        (first, before), (last, characters) = self._readings[0], self._readings[-1]
        seconds = last - first if len(self._readings) > 1 else last - self._since
        made = characters - before if len(self._readings) > 1 else characters
        if seconds <= 0:
            return "answering"
        return f"{grouped(made / CHARACTERS_PER_TOKEN / seconds)} tok/s"

"""EventLog: what a running turn has brought so far, for a screen that opens in the middle of it.

A delta is four characters in an object of a kilobyte, so the log of a long answer would hold more memory than all
that is drawn of it. Deltas of the same text that follow each other are kept as one event.
"""

from __future__ import annotations

from typing import Any

from poe_tui.engine.turn import Event

PIECE = 2000
"""Characters from which another event is begun: adding to a text copies it."""
_PLACE = ("item_id", "output_index", "content_index", "summary_index")


class EventLog:
    """Events in their order. What it hands out does not change afterwards."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._growing: Any = None
        """The last event, where it is a copy of ours that may still grow."""

    def append(self, event: Event) -> None:
        """Add an event; a delta may be added to the one before."""
        if not event.type.endswith(".delta") or not self._events:
            self._growing = None
            self._events.append(event)
            return
        last: Any = self._events[-1]
        piece: Any = event
        if not _continues(last, piece):
            self._growing = None
            self._events.append(event)
        elif self._growing is last:
            last.__dict__["delta"] += piece.delta
        else:
            self._growing = self._events[-1] = last.model_copy(update={"delta": last.delta + piece.delta})

    def clear(self) -> None:
        """Forget everything."""
        self._events = []
        self._growing = None

    def events(self) -> list[Event]:
        """Return the events so far."""
        self._growing = None
        return list(self._events)


def _continues(last: Any, piece: Any) -> bool:
    """Whether ``piece`` goes on with the text of ``last``."""
    return (
        last.type == piece.type
        and isinstance(last.delta, str)
        and isinstance(piece.delta, str)
        and len(last.delta) < PIECE
        and all(getattr(last, name, None) == getattr(piece, name, None) for name in _PLACE)
    )

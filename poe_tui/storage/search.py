"""Search over titles and turns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class SearchHit:
    """A place in a thread that a query was found in. All text is raw: clean it before it is shown."""

    thread_id: str
    turn_id: str | None
    """``None`` when the title was found and the thread holds no turn yet; the tip for other titles."""
    title: str
    snippet: str
    created_at: float
    spans: tuple[tuple[int, int], ...] = ()
    """Where in ``snippet`` the words stand: [start, end) in characters."""

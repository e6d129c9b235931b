"""Text that is no answer: models bridged from other APIs send their reasoning as ``output_text`` (observed on Poe)."""

from __future__ import annotations

from typing import Any


class Thinking:
    """Knows which items of a stream are reasoning, so that their text is not taken for the answer's."""

    def __init__(self) -> None:
        self._places: set[int] = set()
        self._ids: set[str] = set()

    def note(self, event: Any) -> None:
        """Take in an event; only ``response.output_item.added`` matters."""
        if event.type != "response.output_item.added" or not isinstance(event.item, dict):
            return
        reasons = event.item.get("type") == "reasoning"
        name, place = event.item.get("id"), event.output_index
        if isinstance(place, int):
            (self._places.add if reasons else self._places.discard)(place)
        if isinstance(name, str):
            (self._ids.add if reasons else self._ids.discard)(name)

    def owns(self, event: Any) -> bool:
        """Whether a text event belongs to a reasoning item."""
        if not self._places and not self._ids:
            return False
        name = event.item_id
        return name in self._ids if isinstance(name, str) and self._ids else event.output_index in self._places

    def clear(self) -> None:
        """Another response begins."""
        self._places.clear()
        self._ids.clear()
